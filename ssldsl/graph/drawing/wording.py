"""The words of a drawing: settings, weights, data, sizes and stages, short enough for a box."""

from collections.abc import Mapping
from typing import Any

from ssldsl.check.nodes import Combined, Constant, Curve, Duration, Node, Scalar, Setting
from ssldsl.check.program import Configured, InitFrom, Module, Program, Stage, Stream
from ssldsl.ops.signature import Signature
from ssldsl.types import Dim, TensorType, Type

MINUS, TIMES, DOT = "−", "×", " · "
UNITS = {"ep": "epoch", "it": "step", "%": "%"}


def number(value: float) -> str:
    """At most four digits behind the point, thousands set apart where there are many, no needless zeros."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if float(value).is_integer() and abs(value) < 1e12:
        return f"{int(value):,}" if abs(value) >= 100_000 else str(int(value))
    return f"{value:.4g}".replace("e-0", "e-")


def setting(value: Setting) -> str:
    """A setting as the language writes it."""
    match value:
        case None:
            return "none"
        case bool() | int() | float():
            return number(value)
        case Constant():
            return number(value.value)
        case Curve() | Combined():
            return scalar(value)
        case tuple() | list():
            return "[" + ", ".join(setting(v) for v in value) + "]"
        case _:
            return str(value)


def arguments(
    settings: tuple[tuple[str, Setting], ...], signature: Signature | None, *, limit: int = 3, whole: bool = False
) -> str:
    """The settings that differ from their defaults; `whole` shows the only setting of an op in any case, without its name."""
    if whole and len(settings) == 1:
        return setting(settings[0][1])
    specs = {s.name: s for s in signature.settings} if signature else {}
    said = [(k, v) for k, v in settings if k not in specs or repr(specs[k].default) != repr(v)]
    shown = [f"{k}={setting(v)}" for k, v in said[:limit]]
    return ", ".join(shown + (["…"] if len(said) > limit else []))


def call(
    op: str, settings: tuple[tuple[str, Setting], ...], signature: Signature | None, *, whole: bool = False
) -> str:
    """`convnet(width=64)`; without brackets where every setting is the default."""
    inside = arguments(settings, signature, whole=whole)
    return f"{op}({inside})" if inside else op


def scalar(value: Scalar) -> str:
    """A weight or a schedule as text: `0.3 · sigmoid_ramp(100ep)`."""
    match value:
        case Constant():
            return number(value.value)
        case Curve():
            inside = [setting(v) if len(value.settings) == 1 else f"{k}={setting(v)}" for k, v in value.settings]
            return f"{value.op}({', '.join(inside)})" if inside and not _is_default_cosine(value) else value.op
        case Combined():
            left, right = (_grouped(side, value) for side in (value.left, value.right))
            sign = {"*": " · ", "-": f" {MINUS} "}.get(value.op, f" {value.op} ")
            return left + sign + right


def _is_default_cosine(value: Curve) -> bool:
    return value.settings == (("to", 0.0),)


def _grouped(side: Scalar, parent: Combined) -> str:
    text = scalar(side)
    tight = parent.op in "*/" and isinstance(side, Combined) and side.op not in "*/"
    return f"({text})" if tight else text


def duration(value: Duration) -> str:
    """`30 epochs`."""
    if value.unit == "%":
        return f"{number(value.value)} %"
    plural = "" if value.value == 1 else "s"
    return f"{number(value.value)} {UNITS[value.unit]}{plural}"


def size(dim: Dim) -> str:
    return number(dim.value) if dim.value is not None else str(dim)


def data(node: Node, signatures: Mapping[str, Signature]) -> str:
    """Where samples come from: `digits.train.subset(count=100)`."""
    if node.op == "source":
        settings = tuple((k, v) for k, v in node.settings if k != "op")
        return call(str(node.setting("op")), settings, signatures.get(str(node.setting("op"))))
    inner = ", ".join(data(i, signatures) for i in node.inputs)
    if node.op == "split":
        return f"{inner}.{node.setting('name') or node.setting('split')}"
    settings = tuple((k, v) for k, v in node.settings if k != "seed" and v is not None)
    inside = arguments(settings, signatures.get(node.op), whole=True)
    return f"{inner}.{node.op}({inside})" if inside else f"{inner}.{node.op}"


def samples(stream: Stream, rows: int | None) -> str:
    """`100 images · 50 a step`."""
    fields = getattr(stream.data.type, "fields", ()) if stream.data is not None else ()
    kind = "vectors" if any(name == "vector" for name, _ in fields) else "images"
    text = f"{size(stream.size)} {kind}" if stream.size.value is not None else kind
    return text + (f"{DOT}{number(rows)} a step" if rows else "")


def module(value: Module, signatures: Mapping[str, Signature]) -> str:
    """`convnet(width=32)`, `linear(128, 10)`."""
    sizes = [size(d) for _, d in value.sizes] if value.kind == "head" else []
    inside = arguments(value.settings, signatures.get(value.op))
    parts = [*sizes, *([inside] if inside else [])]
    return f"{value.op}({', '.join(parts)})" if parts else value.op


def shape(type_: Type, rows: Mapping[str, int]) -> str:
    """`200×1×8×8`, with the sizes of a step put in for the symbols; empty for a single number."""
    if not isinstance(type_, TensorType):
        return ""
    known: dict[str, Any] = {f"B_{stream}": count for stream, count in rows.items()}
    return TIMES.join(size(d.substitute(known)).replace(",", "") for d in type_.dims)


def captions(stage: Stage, program: Program) -> tuple[str, ...]:
    """What the caption of a stage says: length and clock, batch, optimizer, and what differs from the defaults."""
    batch = " + ".join(f"{number(n)} {name}" for name, n in stage.batch)
    lines = [f"{duration(stage.run)} of {stage.clock}", f"batch {batch}", configured(stage.optimizer, program)]
    if len(stage.terms) > 1:
        lines.append(f"forward {stage.forward}")
    if stage.average is not None:
        lines.append(f"average {configured(stage.average, program)}")
    lines += [f"{part} learns alone" for part in stage.train if part not in {m.path for m in program.modules}]
    lines += [f"{', '.join(i.modules)} from {i.file}" for i in stage.init if i.file]
    lines += [f"{', '.join(i.modules)} afresh" for i in stage.init if not (i.file or i.stage)]
    extras = {"clip": stage.clip, "accumulate": stage.accumulate, "precision": stage.precision}
    usual = {"clip": None, "accumulate": 1, "precision": "fp32"}
    return tuple(lines + [f"{name} {setting(value)}" for name, value in extras.items() if value != usual[name]])


def configured(value: Configured, program: Program) -> str:
    inside = arguments(value.settings, program.signatures.get(value.op), limit=4)
    return f"{value.op}({inside})" if inside else value.op


def init(value: InitFrom) -> str:
    """`weights of encoder, classes, averaged`."""
    return (
        f"{', '.join(value.modules)} start" + (" from the average of" if value.average else " from") + f" {value.stage}"
    )
