"""The house's rules about code, checked on its syntax trees; and the check itself, on small sources."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import order_staging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOUSE = Path(order_staging.__file__).parent
LONGEST = 350

BUILD_QUERIES = (
    "adoption/",
    "repositories/",
    "models/",
    "postgres.py",
    "database.py",
    "schema.py",
    "sqlserver.py",
    "unit_of_work.py",
)
"""Where SQLAlchemy may be used for more than looking at tables and holding an engine or a session factory."""
MAY_BE_IMPORTED = {"Engine", "Session", "String", "URL", "inspect", "make_url", "sessionmaker"}
MAY_BE_IMPORTED_FROM = {
    "sqlalchemy",
    "sqlalchemy.orm",
    "sqlalchemy.types",
    "sqlalchemy.exc",
    "sqlalchemy.pool",
}
RUNS_QUERIES = {"execute", "scalar", "scalars", "exec_driver_sql", "begin_nested", "add_all", "merge"}
BEGINNERS = ("engine", "connection", "session", "conn")


def offences(source: str, path: str) -> list[str]:
    """List what a module does against the rules; `path` is relative to the package."""
    tree = ast.parse(source)
    rules: list[Callable[[ast.AST, str], Iterator[str]]] = [_queries, _transactions, _printing]
    found = [
        f"{path}:{getattr(node, 'lineno', 0)}: {offence}"
        for node in ast.walk(tree)
        for rule in rules
        for offence in rule(node, path)
    ]
    return found + [f"{path}: {offence}" for offence in _text(source)]


def _queries(node: ast.AST, path: str) -> Iterator[str]:
    if path.startswith(BUILD_QUERIES):
        return
    for module, name in _imported(node):
        if not (module == "sqlalchemy" or module.startswith("sqlalchemy.")):
            continue
        if path.startswith("monday/"):
            yield "monday/ knows no database"
        elif module not in MAY_BE_IMPORTED_FROM or name not in MAY_BE_IMPORTED | {"TypeEngine"}:
            yield f"queries are built in repositories/ alone, not with {module}.{name}"
    # monday/ executes GraphQL, and the rule above keeps SQL away from it.
    if not path.startswith("monday/") and _method(node) in RUNS_QUERIES:
        yield f"queries are executed in repositories/ alone, not with .{_method(node)}()"


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.ImportFrom):
        yield from ((node.module or "", alias.name) for alias in node.names)
    elif isinstance(node, ast.Import):
        yield from ((alias.name, "*") for alias in node.names)


def _transactions(node: ast.AST, path: str) -> Iterator[str]:
    if path != "unit_of_work.py" and _method(node) == "commit" and _receiver(node) != "uow":
        yield "nobody but the unit of work commits"
    if _method(node) in {"begin", "connect"} and _receiver(node).endswith(BEGINNERS) and path != "schema.py":
        yield f"transactions begin in the unit of work, not with {_receiver(node)}.{_method(node)}()"
    if isinstance(node, ast.keyword) and node.arg in {"autocommit", "isolation_level"}:
        yield f"no {node.arg}: the unit of work decides when something is committed"
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value == "AUTOCOMMIT":
        yield "no AUTOCOMMIT: the unit of work decides when something is committed"


def _printing(node: ast.AST, path: str) -> Iterator[str]:
    is_print = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    if is_print and not path.startswith(("cli/", "cli.py")):
        yield "only the command line prints"


def _method(node: ast.AST) -> str:
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return node.func.attr if called else ""  # type: ignore[attr-defined] # checked on the line above


def _receiver(node: ast.AST) -> str:
    """Name what a method is called on: `engine` of `engine.begin()` and of `self._engine.begin()`."""
    value = node.func.value  # type: ignore[attr-defined] # the node is a method's call
    if isinstance(value, ast.Attribute):
        return value.attr.lower()
    return value.id.lower() if isinstance(value, ast.Name) else ""


def _text(source: str) -> Iterator[str]:
    if (length := len(source.splitlines())) > LONGEST:
        yield f"{length} lines; a module has at most {LONGEST}"
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and re.search(r"\b(TODO|FIXME|XXX|HACK)\b", token.string):
            yield f"line {token.start[0]}: do it, or write an issue: {token.string}"


MODULES = sorted(path for path in HOUSE.rglob("*.py") if "__pycache__" not in path.parts)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_every_module_keeps_the_rules_of_the_house(module: Path) -> None:
    assert offences(module.read_text(encoding="utf-8"), module.relative_to(HOUSE).as_posix()) == []


def test_the_whole_house_is_looked_at() -> None:
    rooms = {path.relative_to(HOUSE).parts[0] for path in MODULES}
    assert {"repositories", "models", "batch", "monday", "transform", "unit_of_work.py"} <= rooms


BROKEN = {
    "from sqlalchemy import select": "batch/loading.py",
    "from sqlalchemy import text, inspect": "batch/rows.py",
    "import sqlalchemy": "reporting/status.py",
    "import sqlalchemy as sa": "batch/run.py",
    "from sqlalchemy.dialects import mssql": "batch/run.py",
    "from sqlalchemy.sql import func": "cli/app.py",
    "if True:\n    from sqlalchemy import update": "batch/run.py",
    "from sqlalchemy import inspect": "monday/client.py",
    "def f(uow):\n    uow.source.session.execute('DELETE')": "batch/run.py",
    "rows = session.scalars(query)": "reporting/status.py",
    "connection.exec_driver_sql('x')": "cli/app.py",
    "session.commit()": "batch/run.py",
    "uow.session.commit()": "batch/run.py",
    "self.session.commit()": "repositories/staging.py",
    "connection.commit()": "models/base.py",
    "with engine.begin() as connection:\n    pass": "batch/run.py",
    "with self.engine.begin():\n    pass": "repositories/source.py",
    "self._session.begin()": "reporting/status.py",
    "engine.connect()": "cli/app.py",
    "create_engine(url, isolation_level=level)": "database.py",
    "sessionmaker(engine, autocommit=True)": "batch/assembly.py",
    "options = {'isolation_level': 'AUTOCOMMIT'}": "database.py",
    "print('done')": "batch/run.py",
    "x = 1  # TODO: later": "batch/run.py",
    "# FIXME": "cli/app.py",
    "\n" * (LONGEST + 1): "cli/app.py",
}
ALLOWED = {
    "from sqlalchemy import select, update": "repositories/staging.py",
    "session.execute(select(1))": "repositories/staging.py",
    "with self.session.begin_nested():\n    pass": "repositories/batches.py",
    "session.commit()": "unit_of_work.py",
    "uow.commit()": "batch/context.py",
    "self._record.begin(uow)": "batch/run.py",
    "from sqlalchemy import inspect": "batch/rows.py",
    "from sqlalchemy import String": "batch/limits.py",
    "from sqlalchemy.orm import Session, sessionmaker": "batch/assembly.py",
    "await session.execute(document)": "monday/transport.py",
    "from sqlalchemyish import select": "batch/run.py",
    "print('done')": "cli/output.py",
    "title = 'TODO list'": "batch/run.py",
    "\n" * LONGEST: "cli/app.py",
}


@pytest.mark.parametrize(("source", "path"), BROKEN.items(), ids=lambda text: text.strip()[:40])
def test_the_check_catches_what_breaks_a_rule(source: str, path: str) -> None:
    assert len(offences(source, path)) == 1


@pytest.mark.parametrize(("source", "path"), ALLOWED.items(), ids=lambda text: text.strip()[:40])
def test_the_check_lets_through_what_keeps_the_rules(source: str, path: str) -> None:
    wrapped = f"async def f():\n    {source}" if source.startswith("await") else source
    assert offences(wrapped, path) == []
