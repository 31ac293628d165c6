"""The pages become a site without a warning: their links lead to pages and headings that are there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"


def build(source: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Do what `make docs` does but for writing HTML: every page is read, and every link resolved."""
    (command,) = re.findall(r"^\t\$\(BIN\)/python (-m sphinx .*) \. build/docs$", MAKEFILE, re.MULTILINE)
    words = command.replace("-c docs", f"-c {DOCS}").replace("-b html", "-b dummy").split()
    return subprocess.run(
        [sys.executable, *words, str(source), str(site)],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )


MAKEFILE = (REPOSITORY / "Makefile").read_text()


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    done = build(REPOSITORY, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_broken_link_and_an_unknown_reference_fail_it(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "docs").mkdir(parents=True)
    (source / "docs" / "index.md").write_text(
        "# Index\n\n[a page](gone.md), [a heading](#gone), [a heading of another page](other.md#lost)\n"
        "\n## Pages\n\n- [Other](other.md)\n"
    )
    (source / "docs" / "other.md").write_text("# Other\n\n```{py:function} f() -> order_staging.Gone\n```\n")
    done = build(source, tmp_path / "site")
    assert done.returncode == 1
    warnings = done.stderr.splitlines()
    assert len(warnings) == 4
    for warning, words in zip(warnings, ("'gone.md'", "'gone'", "'lost'", "order_staging.Gone"), strict=True):
        assert words in warning


def test_links_to_the_outside_are_addresses() -> None:
    """They are not followed, as tests have no network."""
    pages = [*REPOSITORY.glob("*.md"), *DOCS.glob("*.md"), *REPOSITORY.glob("*/README.md")]
    links = {link for page in pages for link in re.findall(r"\]\((\w+:[^)]*)\)", page.read_text())}
    assert links
    for link in links:
        parts = urlsplit(link)
        assert parts.scheme == "https", link
        assert re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", parts.netloc), link
