"""Drawings of a method: what it draws from, what it passes through, what it minimizes; stage by stage."""

from collections.abc import Sequence
from typing import Literal

from ssldsl.drawing.comparing import arrange_both, compare_pictures
from ssldsl.drawing.composing import picture_of
from ssldsl.drawing.dot import dot
from ssldsl.drawing.folding import alike, folded
from ssldsl.drawing.layout import Layout, arrange
from ssldsl.drawing.mermaid import mermaid
from ssldsl.drawing.picture import Picture
from ssldsl.drawing.svg import sheet, svg
from ssldsl.ir.program import Program

Style = Literal["svg", "html", "mmd", "dot"]
STYLES: tuple[Style, ...] = ("svg", "html", "mmd", "dot")


def draw(program: Program, style: str = "svg", *, shapes: bool = False, other: Program | None = None) -> str:
    """The method as text of one of `STYLES`; with `other`, both, and what differs is marked."""
    picture = picture_of(program)
    if other is not None:
        second = picture_of(other)
        both = alike(picture) if alike(picture) == alike(second) else {}
        return _draw_both(folded(picture, both), folded(second, both), style, shapes)
    picture = folded(picture, alike(picture))
    match style:
        case "svg":
            return svg(arrange(picture, shapes=shapes))
        case "html":
            return _page([arrange(picture, shapes=shapes)])
        case "mmd":
            return mermaid(picture, shapes=shapes)
        case "dot":
            return dot(picture, shapes=shapes)
    raise ValueError(f"no drawing is called {style!r}; there are {', '.join(STYLES)}")


def _draw_both(before: Picture, after: Picture, style: str, shapes: bool) -> str:
    names = (before.name, after.name)
    if names[0] == names[1]:
        names = (f"{names[0]}, before", f"{names[1]}, after")
    if style in ("svg", "html"):
        layouts = arrange_both(before, after, shapes=shapes)
        return sheet(layouts, names) if style == "svg" else _page(layouts, names, title=" / ".join(names))
    first, second = compare_pictures(before, after)
    write = {"mmd": mermaid, "dot": dot}.get(style)
    if write is None:
        raise ValueError(f"no drawing is called {style!r}; there are {', '.join(STYLES)}")
    comment = "%%" if style == "mmd" else "//"
    return "".join(f"{comment} {n}\n{write(p, shapes=shapes)}" for n, p in zip(names, (first, second), strict=True))


def _page(layouts: Sequence[Layout], names: Sequence[str] = (), title: str = "") -> str:
    from ssldsl.drawing.html import html  # here, not above: only pages need the templates

    return html(layouts, names, title=title)


__all__ = ["STYLES", "Layout", "Picture", "Style", "arrange", "compare_pictures", "draw", "picture_of"]
