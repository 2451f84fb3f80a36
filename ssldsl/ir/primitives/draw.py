"""`draw`: one field of the samples that a step draws from a stream. Settings: `stream`, `field`."""

from ssldsl.ir.primitive import ONE, Primitive

PRIMITIVE = Primitive(
    "draw",
    ONE,
    drawn="stream",
    python=lambda printed: printed.inputs[0],
    reads=lambda settings: (f"{settings['stream']}.{settings['field']}",),
    called=lambda settings: str(settings["field"]),
    words=lambda node, say: f"{node.setting('stream')}.{node.setting('field')}",
    names=(("stream", "stream"),),
    is_origin=True,
)
