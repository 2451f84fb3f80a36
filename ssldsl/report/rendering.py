"""Pages from templates: one file each, with style, script and numbers in it, that asks nothing of a network."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import define, field, frozen
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ssldsl.drawing.html import style
from ssldsl.report.svg.chart import Chart, readout, svg
from ssldsl.report.svg.series import whole

TEMPLATES = Path(__file__).with_name("templates")


@frozen
class Figure:
    """A chart as it stands in the page."""

    title: str
    note: str
    drawing: Markup


@define
class Figures:
    """The charts of a page, numbered, and what a pointer over them tells."""

    readouts: list[Mapping[str, object]] = field(factory=list)

    def add(self, chart: Chart) -> Figure:
        drawing = svg(chart, len(self.readouts))
        self.readouts.append(readout(chart))
        return Figure(chart.title, chart.note, drawing)


def page(template: str, **values: Any) -> str:
    """A page of this report from its template, with style and script in it."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"whole": whole}
    css = Markup((TEMPLATES / "page.css").read_text(encoding="utf-8") + style())
    script = Markup((TEMPLATES / "page.js").read_text(encoding="utf-8"))
    return environment.get_template(template).render(css=css, script=script, **values)


def embedded(data: object) -> Markup:
    """JSON that cannot end the script element it stands in."""
    return Markup(json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"))
