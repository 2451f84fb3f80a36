"""How wide a text is, without a font at hand: the advance widths that Helvetica, Arial and Liberation Sans share."""

FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
_GROUPS = {
    222: "ijl", 191: "'", 260: "|", 278: " !,./:;I[]\\ft·", 333: "()-`r", 334: "{}", 355: '"', 389: "*", 469: "^",
    500: "Jckvsxyz", 556: "#$0123456789?L_abdeghnopqu−", 584: "+<=>~×", 611: "FTZ", 667: "&ABEKPSVXY", 722: "CDHNRUw",
    778: "GOQ", 833: "Mm", 889: "%", 944: "W", 1000: "…→—", 1015: "@",
}  # fmt: skip
_WIDTHS = {letter: width for width, letters in _GROUPS.items() for letter in letters}
_BOLD = 1.075  # bold letters are about this much wider


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width in pixels at a font size in pixels."""
    units = sum(_WIDTHS.get(letter, 600) for letter in text)
    return units * size / 1000 * (_BOLD if bold else 1.0)


def wrapped(text: str, size: float, width: float) -> list[str]:
    """The text in lines no wider than `width`, broken at spaces; a single long word stays whole."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and text_width(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
