"""How Sphinx makes a site of the Markdown pages and the docstrings: `make docs`.

The pages stay plain Markdown that reads well where there is no Sphinx: nothing in them is for it alone. The site's
order is that of the links in `docs/index.md`, and what its headings say.
"""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY))

project = "order_staging"
author = copyright = "the authors of order_staging"  # noqa: A001 - Sphinx's name for it
extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = project

# The pages link to each other, to README.md above them and to the code, as files: the source is the repository.
root_doc = "docs/index"
include_patterns = ["README.md", "CHANGELOG.md", "docs/**", "examples/README.md"]
exclude_patterns = ["**/__pycache__", ".*", "build", "dist", "**/*.py"]

nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(?!order_staging\b).*"),
    ("py:.*", r"order_staging\..*\.(T|Model|Staged)"),
]
"""What is ours must be found; others have their documentation elsewhere, and type variables have none."""
suppress_warnings = ["ref.python"]
"""Names in annotations are short, and a few of them are those of two classes."""

myst_heading_anchors = 4
myst_links_external_new_tab = True

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": True}
autoclass_content = "both"
toc_object_entries = False
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 100

LINK = re.compile(r"^- \[(?P<title>[^\]]+)\]\((?P<page>[^)]+)\)", re.MULTILINE)


def setup(app: Sphinx) -> None:
    """Connect what is below to Sphinx's events."""
    app.connect("source-read", _order_the_site)
    app.connect("autodoc-process-docstring", _read_as_prose)
    app.connect("build-finished", _lead_to_the_index)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _order_the_site(_: Sphinx, docname: str, source: list[str]) -> None:
    """Make Sphinx's table of contents of the links in the index; on GitHub they are a list."""
    if docname != root_doc:
        return
    for section in re.split(r"^## ", source[0], flags=re.MULTILINE)[1:]:
        caption = section.splitlines()[0]
        pages = "\n".join(f"/{_document(link['page'])}" for link in LINK.finditer(section))
        source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{pages}\n```\n"


def _document(page: str) -> str:
    return (REPOSITORY / "docs" / page).resolve().relative_to(REPOSITORY).with_suffix("").as_posix()


def _read_as_prose(
    _: Sphinx, _what: str, _name: str, _thing: object, _options: object, lines: list[str]
) -> None:
    """Take single backquotes for code, as our docstrings mean them."""
    lines[:] = re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``", "\n".join(lines)).split("\n")


def _lead_to_the_index(app: Sphinx, error: Exception | None) -> None:
    """Have the site's first page be the index, though that is a folder below."""
    if error is None and app.builder.format == "html":
        page = f'<!doctype html><meta http-equiv="refresh" content="0; url={root_doc}.html">\n'
        (Path(app.outdir) / "index.html").write_text(page, encoding="utf-8")
