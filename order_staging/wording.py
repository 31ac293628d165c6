"""Words that go with numbers. Pure."""


def counted(count: int, one: str, several: str | None = None) -> str:
    """Write a number with the word that goes with it: 1 size, 1,000 sizes."""
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"
