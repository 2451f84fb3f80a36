"""`rows`: which samples a step draws from a stream: their numbers, pass and copy. Setting `stream`."""

from ssldsl.ir.primitive import ONE, Primitive

PARTS = ("index", "epoch", "copy")

PRIMITIVE = Primitive(
    "rows",
    ONE,
    drawn="nothing",
    python=lambda printed: f"Rows({', '.join(printed.inputs)})",
    tools=("Rows",),
    reads=lambda settings: tuple(f"{settings['stream']}.{part}" for part in PARTS),
    called=lambda settings: "rows",
    words=lambda node, say: str(node.setting("stream")),
    names=(("stream", "stream"),),
)
