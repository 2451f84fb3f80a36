"""How large a box is, and where inside it its title, its lines, its chips and its lanes stand."""

import re
from collections.abc import Mapping

from attrs import frozen

from ssldsl.drawing.metrics import text_width, wrapped
from ssldsl.drawing.picture import Box, Cluster, DrawnEdge, Picture

TITLE, LINE, CHIP, CAPTION, PILL, SHAPE = 14.0, 11.0, 10.5, 11.5, 12.0, 10.0  # font sizes
LEADING, CHIP_HEIGHT, PADDING, LANE = 15.0, 18.0, 11.0, 10.0
LID = 3.0  # half the height of the ellipse that closes a cylinder
MAX_LINE, MAX_CHIP = 164.0, 240.0  # wider lines are wrapped, wider chips shortened

SETTINGS = re.compile(r", (?![^\[(]*[\])])")  # between two settings, and not inside the brackets of one
LIST = re.compile(r"\[[^\],]*,[^\],]*,[^\]]*\]")  # of more than two values

# what lanes pass through keeps a free field for them under its text
THROUGH = frozenset({"view", "net", "head", "target", "memory"})


@frozen
class Size:
    width: float
    height: float
    header: float  # height of the text above the field of the lanes; 0 where lanes may end anywhere


def lines_of(box: Box) -> list[str]:
    """The lines under a title, wrapped."""
    return [part for line in box.lines for part in wrapped(line, LINE, MAX_LINE)]


def chip_width(text: str) -> float:
    return text_width(text, CHIP) + 12


def chip_text(text: str) -> str:
    """A view with as many of its settings as there is room for, and no list of more than two values."""
    op, bracket, inside = text.removesuffix(")").partition("(")
    settings = [LIST.sub("[…]", s) for s in SETTINGS.split(inside)] if bracket else []
    text = f"{op}({', '.join(settings)})" if bracket else text
    for kept in range(len(settings) - 1, -1, -1):
        if chip_width(text) <= MAX_CHIP:
            break
        text = f"{op}({', '.join([*settings[:kept], '…'])})"
    return text


def chip_rows(box: Box) -> list[list[str]]:
    """The chips of a box, side by side as far as they fit."""
    rows: list[list[str]] = []
    for chip in map(chip_text, box.chips):
        if rows and sum(chip_width(c) + 5 for c in (*rows[-1], chip)) <= MAX_CHIP:
            rows[-1].append(chip)
        else:
            rows.append([chip])
    return rows


def box_size(box: Box, incoming: int, outgoing: int, lane: float) -> Size:
    """Room for the text and for every lane."""
    if box.kind == "total":
        return Size(58, max(58, incoming * lane + 20), 0)
    if box.kind == "eval":
        return Size(round(eval_width(box)), 21, 0)
    title = text_width(box.title, TITLE, bold=True) + (36 if box.frozen else 0)
    texts = [text_width(line, LINE) for line in lines_of(box)]
    chips = [sum(chip_width(c) + 5 for c in row) - 5 for row in chip_rows(box)]
    width = max([title, *texts, *chips, 40.0]) + 2 * PADDING
    text = text_height(box) + (2 * LID if box.kind == "memory" else 0)
    lanes = max(incoming, outgoing) * lane
    if box.kind in THROUGH:
        return Size(round(width), round(text + lanes + 13), round(text + 7))
    return Size(round(width), round(max(text + 12, lanes + 12)), 0)


def eval_width(box: Box) -> float:
    """An evaluation stands in one line."""
    return text_width(box.title, LINE, bold=True) + text_width(" ".join(box.lines), LINE) + 6 + 2 * PADDING


def text_height(box: Box) -> float:
    """Of title, lines and chips together."""
    chips = chip_rows(box)
    return (
        (17.0 if box.title else 0) + LEADING * len(lines_of(box)) + (CHIP_HEIGHT + 4) * len(chips) + (2 if chips else 0)
    )


def box_sizes(picture: Picture, lane: float = LANE) -> dict[str, Size]:
    """The size of every box. Boxes of one kind that stand for the same thing need not be equal."""
    incoming, outgoing = counts(picture.edges, "target"), counts(picture.edges, "source")
    return {b.id: box_size(b, incoming.get(b.id, 0), outgoing.get(b.id, 0), lane) for b in picture.boxes}


def counts(edges: tuple[DrawnEdge, ...], end: str) -> Mapping[str, int]:
    """How many lanes arrive at, or leave, each box."""
    found: dict[str, int] = {}
    for edge in edges:
        if edge.kind not in ("ema", "eval"):
            box = getattr(edge, end)
            found[box] = found.get(box, 0) + 1
    return found


def caption_lines(cluster: Cluster, width: float) -> list[str]:
    """The caption of a stage in lines that fit its frame."""
    lines = [""]
    for part in cluster.captions:
        longer = f"{lines[-1]}   {part}" if lines[-1] else part
        if lines[-1] and text_width(longer, CAPTION) > width:
            lines.append(part)
        else:
            lines[-1] = longer
    return lines


def pill_width(text: str) -> float:
    return max(text_width(line, PILL, bold=True) for line in pill_lines(text)) + 14


def pill_lines(text: str) -> list[str]:
    return wrapped(text, PILL, 150)
