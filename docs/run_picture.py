"""Makes docs/run.svg: the picture of a run, taken of a real one against the sandbox: `make picture`.

What is shown is what the commands wrote to a terminal of 100 columns; logs, on standard error, are left out.
"""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

REPOSITORY = Path(__file__).parents[1]
PICTURE = REPOSITORY / "docs" / "run.svg"
COLUMNS = 100
SHOWN = (
    "customers",
    "run --customer greyson --po 4755",
    "run --customer greyson --po 4755",
    "status",
)


def main() -> None:
    """Run the commands in a folder of their own, and write the picture."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    with tempfile.TemporaryDirectory() as folder:
        variables = {
            **os.environ,
            "COLUMNS": str(COLUMNS),
            "TERM": "xterm-256color",
            "PYTHONPATH": str(REPOSITORY),
        }
        subprocess.run(_command("db upgrade"), cwd=folder, env=variables, check=True, capture_output=True)
        serve = _command("sandbox --sample-orders --port 0 --output json")
        with subprocess.Popen(serve, cwd=folder, env=variables, stdout=subprocess.PIPE, text=True) as board:
            if board.stdout is not None:
                variables |= json.loads(board.stdout.readline())["settings"]
            for words in SHOWN:
                console.print(Text(f"$ order-staging {words}", style="bold green"))
                console.print(Text.from_ansi(_on_a_terminal(words, folder, variables)), end="\n\n")
            board.terminate()
    picture = console.export_svg(title="order-staging", unique_id="run")
    # No font is fetched from elsewhere: the reader's own monospaced one will do.
    PICTURE.write_text(re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL), encoding="utf-8")


def _command(words: str) -> list[str]:
    return [sys.executable, str(REPOSITORY / "runner.py"), *words.split()]


def _on_a_terminal(words: str, folder: str, variables: dict[str, str]) -> str:
    """Run a command on a terminal, and give what it wrote there, with its colours."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        _command(words), cwd=folder, env=variables, stdout=theirs, stderr=subprocess.DEVNULL
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            read = os.read(ours, 65536)
        except OSError:  # Linux says so where the other end is closed
            break
        if not read:
            break
        written += read
    process.wait()
    os.close(ours)
    return written.decode().replace("\r\n", "\n").rstrip()


if __name__ == "__main__":
    main()
