"""Colors: after Okabe and Ito, so that streams stay apart for all eyes, darkened where lines are thin."""

STREAMS = ("#0072B2", "#E08A00", "#009E73", "#C0569A", "#48A9E6", "#A6761D", "#6F6FCF", "#5B6770")

INK, SOFT, FAINT, LINE = "#1B2430", "#586474", "#8D98A7", "#C9D1DB"
PAPER, FRAME, FRAME_LINE = "#FFFFFF", "#F7F9FB", "#E1E6EC"
BOXES = {  # fill and outline of every kind of box
    "stream": ("#FFFFFF", "#C9D1DB"),
    "view": ("#FBF7EE", "#DCCDA8"),
    "net": ("#E9EEF8", "#8FA3CC"),
    "head": ("#EFE9F7", "#A897CB"),
    "target": ("#EDF4EF", "#9DBDA6"),
    "memory": ("#FDF3E7", "#D9A566"),
    "loss": ("#FFFFFF", "#3A4657"),
    "total": ("#243042", "#243042"),
    "eval": ("#F7F9FB", "#C9D1DB"),
}
AVERAGE, LINK = "#7A4FB0", "#7C8797"
MARKS = {"added": "#0072B2", "removed": "#C2410C", "changed": "#B7791F"}


def stream_color(stream: str, streams: tuple[str, ...]) -> str:
    """The color of a stream: its place among the streams says which."""
    return STREAMS[streams.index(stream) % len(STREAMS)] if stream in streams else SOFT
