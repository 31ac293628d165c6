"""The API's versions as the sandbox has them."""

CURRENT_VERSION = "2026-10"
OLDEST_VERSION = "2025-04"
VERSIONS = frozenset(
    {"2025-04", "2025-07", "2025-10", "2026-01", "2026-04", "2026-07", "2026-10", "2027-01", "dev"}
)
DEPRECATED_VERSIONS = frozenset({"2024-10", "2025-01"})
_KINDS = {CURRENT_VERSION: "current", "2027-01": "release_candidate", "dev": "dev"}


def kind(version: str) -> str:
    """What a version is at this time: current, before it in maintenance, or after it."""
    return _KINDS.get(version, "maintenance")
