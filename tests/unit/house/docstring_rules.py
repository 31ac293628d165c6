"""Two rules about docstrings that no linter has: what is raised is named, and attributes are explained. Pure.

Presence is ruff's matter (its rules D1, for everything public).
"""

from __future__ import annotations

import ast
import builtins
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Definition = ast.FunctionDef | ast.AsyncFunctionDef
SPEAKING = re.compile(r"[A-Za-z_]\w*")
OF_BUGS = {"NotImplementedError", "AssertionError", "RuntimeError", "AttributeError"}
"""Errors that say that the program itself is wrong: nobody handles them."""


def unnamed_errors(tree: ast.Module, families: Mapping[str, set[str]]) -> Iterator[str]:
    """List what public functions raise, and neither their docstring nor their class's names.

    `families` has for each of our errors its own name and those of its bases: any of them will do.
    """
    for owner, function in _public_functions(tree):
        words = _words(function) | (_words(owner) if owner else set())
        for name in sorted(_raised(function)):
            known = families.get(name, {name} if _is_builtin_error(name) else set())
            if known and not known & words:
                place = f"{owner.name}.{function.name}" if owner else function.name
                yield f"{place} (line {function.lineno}) raises {name}, and does not say so"


def unexplained_attributes(tree: ast.Module, classes: set[str], obvious: set[str]) -> Iterator[str]:
    """List the attributes of these classes that have no docstring of their own, and that their class does not name.

    It names `minutes_least` if it speaks of minutes, and of least. `obvious` attributes need no words.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in classes:
            words = {_stem(part) for word in _words(node) for part in (word, *word.split("_"))}
            for name in _undocumented(node):
                parts = {_stem(part) for part in name.split("_")}
                if not name.startswith("_") and name.lower() not in obvious and not parts <= words:
                    yield f"{node.name}.{name} (line {node.lineno}) is explained nowhere"


def _stem(word: str) -> str:
    return word.lower().removesuffix("s")


def _public_functions(tree: ast.Module) -> Iterator[tuple[ast.ClassDef | None, Definition]]:
    for node in tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield None, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for inner in node.body:
                if isinstance(inner, Definition) and (
                    not inner.name.startswith("_") or inner.name == "__init__"
                ):
                    yield node, inner


def _words(node: ast.ClassDef | Definition) -> set[str]:
    return set(SPEAKING.findall(ast.get_docstring(node) or ""))


def _raised(function: Definition) -> set[str]:
    """Find what a function raises itself, unless it catches it, or raises it in a function within."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Definition | ast.Lambda | ast.ClassDef):
            continue
        if isinstance(node, ast.Raise) and node.exc is not None:
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            found.add(raised.attr if isinstance(raised, ast.Attribute) else getattr(raised, "id", ""))
        waiting += ast.iter_child_nodes(node)
    return found


def _is_builtin_error(name: str) -> bool:
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, Exception) and name not in OF_BUGS


def _undocumented(node: ast.ClassDef) -> Iterator[str]:
    for member, following in zip(node.body, [*node.body[1:], None], strict=True):
        target: ast.expr | None = member.target if isinstance(member, ast.AnnAssign) else None
        if isinstance(member, ast.Assign):
            target = member.targets[0]
        is_explained = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
        if isinstance(target, ast.Name) and not is_explained:
            yield target.id
