"""A drawing that shows itself in a notebook, and can be saved in every form that `ssldsl graph` knows."""

from pathlib import Path

from attrs import frozen

from ssldsl.drawing import STYLES, draw
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.ir.program import Program


@frozen(repr=False)
class Drawing:
    """The method of an experiment as a graph; with `other`, both, with what differs marked."""

    program: Program
    other: Program | None = None
    shapes: bool = False

    def text(self, style: str = "svg") -> str:
        """The drawing as `svg`, `html` (a page), `mmd` (Mermaid) or `dot` (Graphviz)."""
        return draw(self.program, style, shapes=self.shapes, other=self.other)

    def save(self, path: str | Path) -> Path:
        """Write it to a file; the ending says how. Raises R304 for another ending, R302 if it cannot be written."""
        file = Path(path)
        style = file.suffix.lstrip(".")
        if style not in STYLES:
            endings = ", ".join(f".{name}" for name in STYLES)
            raise SpecError(Diagnostic("R304", f"`{file}`: the ending says what to draw: {endings}"))
        try:
            file.write_text(self.text(style), encoding="utf-8")
        except OSError as error:
            raise SpecError(Diagnostic("R302", f"`{file}` cannot be written: {error.strerror}")) from None
        return file

    def __repr__(self) -> str:
        return self.text("mmd")

    def _repr_svg_(self) -> str:
        return self.text("svg")

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x: auto">{self.text("svg")}</div>'
