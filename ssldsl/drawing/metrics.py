"""How wide a text is, without a font at hand: the advance widths that Helvetica, Arial and Liberation Sans share."""

import re

FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
_GROUPS = {
    222: "ijl", 191: "'", 260: "|", 278: " !,./:;I[]\\ft·", 333: "()-`r", 334: "{}", 355: '"', 389: "*", 469: "^",
    500: "Jckvsxyz", 556: "#$0123456789?L_abdeghnopqu−", 584: "+<=>~×", 611: "FTZ", 667: "&ABEKPSVXY", 722: "CDHNRUw",
    778: "GOQ", 833: "Mm", 889: "%", 944: "W", 1000: "…→—", 1015: "@",
}  # fmt: skip
_WIDTHS = {letter: width for width, letters in _GROUPS.items() for letter in letters}
_CALLS = re.compile(r"(?=\.\w+\()|(?<=[(,])(?=\w+\.)")  # where a chain of data ops may go on in the next line
_BOLD = 1.075  # bold letters are about this much wider


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width in pixels at a font size in pixels."""
    units = sum(_WIDTHS.get(letter, 600) for letter in text)
    return units * size / 1000 * (_BOLD if bold else 1.0)


def wrapped(text: str, size: float, width: float) -> list[str]:
    """The text in lines no wider than `width`, broken at spaces; a word that is too long, before its points."""
    lines = [""]
    for word in text.split(" "):
        joint = " "
        for part in _CALLS.split(word) if text_width(word, size) > width else [word]:
            longer = f"{lines[-1]}{joint}{part}".strip()
            if lines[-1] and text_width(longer, size) > width:
                lines.append(part)
            else:
                lines[-1] = longer
            joint = ""
    return lines
