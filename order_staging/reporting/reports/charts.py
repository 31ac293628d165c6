"""Charts as inline SVG, drawn by pygal; the page's own style gives them their colours.

pygal lays the shapes out. What it adds (a script, a style sheet of fixed colours, comments with addresses) is taken
out again, so that the page needs no script and follows its reader's colour scheme.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pygal
from markupsafe import Markup
from pygal.etree import etree
from pygal.style import Style

from order_staging.reporting import words
from order_staging.reporting.reports import ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from xml.etree import ElementTree as ET

# Importing pygal leaves a finder of the kind that Python 3.12 has dropped, and 3.11 warns of it at every import
# of a module that is not there. It serves pygal's maps alone, which no chart here is.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

WIDTH, HEIGHT = 880, 280
"""Units of the drawing; a page makes it as wide as there is room."""
ROW_HEIGHT = 34
"""Units for each bar of a chart of horizontal bars."""
LAST_LABEL = 40
"""Units beside a horizontal axis: half of its last label."""
LABELS = 8
"""Labels of an axis of time that stand beside each other."""
LONGEST_LABEL = 32
"""Characters of a label; the table beside the chart has all of them."""
FONT = Style(label_font_size=13, major_label_font_size=13)
"""The size of labels, which the page's style has too: pygal leaves room for them."""


@dataclass(frozen=True)
class Measure:
    """What a chart measures: how a value is written, and which values its axis shows up to the largest."""

    write: Callable[[float], str]
    ticks: Callable[[float], list[float]]


COUNTS = Measure(lambda value: words.number(round(value)), ticks.of_counts)
SECONDS = Measure(words.duration, ticks.of_durations)


@dataclass(frozen=True)
class Chart:
    """A drawing, the names of its series in the order of their colours, and the classes that choose these."""

    svg: Markup
    legend: tuple[str, ...]
    kinds: str


def over_time(
    labels: Sequence[str],
    series: Mapping[str, Sequence[float]],
    measure: Measure,
    kinds: str = "",
) -> Chart:
    """Draw stacked bars, one a step of time; `kinds` are classes that choose the colours."""
    chart = _chart(pygal.StackedBar, HEIGHT, measure, kinds)
    chart.x_labels = labels
    step = -(-len(labels) // LABELS) or 1
    chart.x_labels_major = labels[::step]
    chart.show_minor_x_labels = False
    return Chart(_drawn(chart, series, measure), tuple(series), kinds)


def ranked(
    labels: Sequence[str],
    series: Mapping[str, Sequence[float]],
    measure: Measure,
    kinds: str = "",
) -> Chart:
    """Draw stacked horizontal bars, one a label, the first on top."""
    height = ROW_HEIGHT * len(labels) + 50
    chart = _chart(pygal.HorizontalStackedBar, height, measure, kinds)
    chart.margin_right = LAST_LABEL
    # pygal draws from the bottom up.
    chart.x_labels = [_label(text) for text in reversed(labels)]
    reversed_series = {name: list(reversed(values)) for name, values in series.items()}
    return Chart(_drawn(chart, reversed_series, measure), tuple(series), kinds)


def _label(text: str) -> str:
    """Cut a text to what there is room for, without characters that XML has no form for."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return printable if len(printable) <= LONGEST_LABEL else f"{printable[: LONGEST_LABEL - 1]}…"


def _chart(kind: Any, height: int, measure: Measure, kinds: str) -> Any:  # noqa: ANN401 - pygal is not typed
    return kind(
        js=(),
        width=WIDTH,
        height=height,
        margin=8,
        disable_xml_declaration=True,
        no_prefix=True,
        style=FONT,
        show_legend=False,
        truncate_label=-1,
        value_formatter=measure.write,
        classes=("chart", *kinds.split()),
        print_values=False,
    )


def _drawn(
    chart: Any,  # noqa: ANN401 - as above
    series: Mapping[str, Sequence[float]],
    measure: Measure,
) -> Markup:
    stacked = [sum(values) for values in zip(*series.values(), strict=True)]
    chart.y_labels = measure.ticks(max(stacked, default=0))
    for name, values in series.items():
        # A bar of nothing is left out.
        chart.add(_label(name), [value or None for value in values])
    chart.add_xml_filter(_plain)
    return Markup(chart.render(is_unicode=True))  # noqa: S704 - pygal writes texts by an XML library


def _plain(root: ET.Element) -> ET.Element:
    """Leave shapes and texts alone, with a title at each shape that says its value."""
    for parent in list(root.iter()):
        told = [child for child in parent if child.tag == "desc"]
        for child in list(parent):
            if not isinstance(child.tag, str) or child.tag in {"defs", "script", "style", "desc", "title"}:
                parent.remove(child)
        said = [
            child.text for wanted in ("x_label", "value") for child in told if child.get("class") == wanted
        ]
        if said:
            title = etree.Element("title")
            title.text = ": ".join(filter(None, said))
            parent.insert(0, title)
    for name in ("id", "xmlns:xlink"):
        root.attrib.pop(name, None)
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    return root
