"""Pages that a command writes into a file."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from order_staging.errors import ConfigurationError


def write_page(path: Path, page: str) -> int:
    """Write a file whole or not at all, and tell its bytes: what was there is kept until then.

    Raises `ConfigurationError` where it cannot be written.
    """
    content = page.encode("utf-8", "replace")
    unfinished = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            unfinished = Path(file.name)
            file.write(content)
        umask = os.umask(0)
        os.umask(umask)
        unfinished.chmod(0o666 & ~umask)
        unfinished.replace(path)
    except OSError as error:
        if unfinished is not None:
            with suppress(OSError):
                unfinished.unlink()
        raise ConfigurationError(
            f"{path} cannot be written ({error.strerror}); give --out another place"
        ) from error
    return len(content)
