"""YAML documents read into models, every problem with the line on which it stands.

YAML is read safely (no tag makes an object), without aliases, and with each key once: PyYAML would let the
last of two equal keys win and say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeVar, cast

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from order_staging.errors import DataFileError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Place = tuple[str | int, ...]


class Document(BaseModel):
    """A model that is read from a document: frozen, and without keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


DocumentT = TypeVar("DocumentT", bound=Document)


def problem_at(problem: str, *place: str | int) -> PydanticCustomError:
    """Make an error for a validator to raise that points to `place`: keys and indexes below its own model."""
    return PydanticCustomError("document", "{problem}", {"problem": problem, "place": place})


def read(path: Path | None, packaged: str) -> tuple[str, str]:
    """Read a UTF-8 file, or the one named `packaged` that comes with us when `path` is None.

    Returns its text and its name. Raises `DataFileError` where it cannot be read.
    """
    source = path if path is not None else files("order_staging.config").joinpath(packaged)
    try:
        content = source.read_bytes()
    except OSError as error:
        raise DataFileError(
            str(source), None, f"cannot be read: {error.strerror or error}; check {_setting(packaged)}"
        ) from error
    try:
        return content.decode("utf-8-sig"), str(source)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataFileError(str(source), line, "is not UTF-8 text") from error


def _setting(packaged: str) -> str:
    """Name the setting that a file of ours can be replaced by."""
    return f"ORDER_STAGING_{packaged.partition('.')[0].upper()}"


def parse(text: str, path: str, model: type[DocumentT]) -> DocumentT:
    """Read YAML text into `model`; `path` is only named.

    Raises `DataFileError` with the line of what is wrong.
    """
    return cast("DocumentT", _parsed(text, path, model))


@lru_cache(maxsize=8)
def _parsed(text: str, path: str, model: type[Document]) -> Document:
    # A library makes a service for every batch, of the same files; documents are frozen, and may be shared.
    places = _Places()
    data = _data(text, path, places)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _first_problem(error, path, places) from error


@dataclass(slots=True)
class _Places:
    """On which line (from 1) each value and each key of a document starts."""

    values: dict[Place, int] = field(default_factory=dict)
    keys: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int | None:
        """Find the line of a value, or of the nearest one around it where the document lacks it."""
        while place and place not in self.values:
            place = place[:-1]
        return self.values.get(place)


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader without aliases and tags.

    Aliases hide what is where, and can make a document endless; tags ask for types that no document here needs.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # its stub is bare
        if isinstance(event, yaml.AliasEvent):
            raise _unsupported("aliases are", event)
        if getattr(event, "tag", None) is not None:
            raise _unsupported("tags are", event)
        return super().compose_node(parent, index)


def _unsupported(what: str, event: yaml.Event) -> yaml.MarkedYAMLError:
    problem = f"{what} not supported here; write it out"
    # The stub of Event knows of the C loader's marks too, that of the error does not.
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)  # type: ignore[arg-type]


def _data(text: str, path: str, places: _Places) -> object:
    """Turn YAML text into dicts, lists and scalars, and fill `places`."""
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is not None:
            return _Builder(loader, path, places).build(root, ())
    except yaml.MarkedYAMLError as error:
        raise DataFileError(path, _marked_line(error, text), _marked_problem(error)) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise DataFileError(path, line, "holds a character that YAML does not allow") from error
    except RecursionError as error:
        raise DataFileError(path, None, "is nested too deeply") from error
    raise DataFileError(path, None, "is empty")


@dataclass(frozen=True, slots=True)
class _Builder:
    """Builds plain data from YAML nodes."""

    loader: _Loader
    path: str
    places: _Places

    def build(self, node: yaml.Node, place: Place) -> object:
        self.places.values[place] = _line(node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, (*place, index)) for index, child in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key in result:
                first = self.places.keys[*place, key]
                raise DataFileError(self.path, _line(key_node), f"{key!r} is there already, in line {first}")
            self.places.keys[*place, key] = _line(key_node)
            result[key] = self.build(value_node, (*place, key))
        return result

    def _key(self, node: yaml.Node) -> str:
        key = self._scalar(node) if isinstance(node, yaml.ScalarNode) else None
        if not isinstance(key, str):
            raise DataFileError(self.path, _line(node), "a key must be text; put it in quotes")
        return key

    def _scalar(self, node: yaml.Node) -> object:
        try:
            value: object = self.loader.construct_object(node)
        except ValueError as error:
            # Such as 2025-13-45, which YAML takes for a date.
            raise DataFileError(self.path, _line(node), f"{node.value!r} cannot be read: {error}") from error
        return value


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1


def _marked_line(error: yaml.MarkedYAMLError, text: str) -> int | None:
    """Take the line of a syntax error; what is missing at the very end counts for the last line there is."""
    mark = error.problem_mark or error.context_mark
    return min(mark.line + 1, max(len(text.splitlines()), 1)) if mark else None


def _marked_problem(error: yaml.MarkedYAMLError) -> str:
    if error.context is None or error.context_mark is None:
        return f"{error.problem}"
    return f"{error.context} that starts in line {error.context_mark.line + 1}: {error.problem}"


def _first_problem(error: ValidationError, path: str, places: _Places) -> DataFileError:
    """Report what stands first in the document, and how much more there is."""
    problems = sorted(
        (_located(detail, places) for detail in error.errors()), key=lambda found: found[0] or 0
    )
    (line, problem), more = problems[0], len(problems) - 1
    return DataFileError(path, line, f"{problem} (and {more} more below)" if more else problem)


def _located(detail: Mapping[str, Any], places: _Places) -> tuple[int | None, str]:
    place: Place = (*detail["loc"], *detail.get("ctx", {}).get("place", ()))
    name = str(place[-1]) if place else "the document"
    match detail["type"]:
        case "extra_forbidden":
            return places.keys[place], f"unknown key {name!r}"
        case "missing":
            return places.line(place[:-1]), f"the key {name!r} is missing"
        case "document":
            return places.line(place), str(detail["msg"])
        case _:
            return places.line(place), f"{_path(place)}: {detail['msg']}"


def _path(place: Place) -> str:
    """Write a place as people do: `fields[3].type`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).removeprefix(".") or "the document"
