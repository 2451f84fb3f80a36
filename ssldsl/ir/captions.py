"""Settings, weights, data, sizes and stages in a few words, for drawings and differences."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ssldsl.ir.modules import couples_batch, owner
from ssldsl.ir.nodes import Combined, Constant, Curve, Duration, Node, Scalar, Setting, step_inputs
from ssldsl.ir.program import Configured, InitFrom, Module, Program, Stage, StepUpdate, Stream
from ssldsl.ir.walk import networks, origins, walk
from ssldsl.ops.signature import REQUIRED, Signature
from ssldsl.types import Dim, TensorType, Type, is_data

MINUS, TIMES, DOT = "−", "×", " · "
Settings = tuple[tuple[str, Setting], ...]
Signatures = Mapping[str, Signature]
SHORT = 24  # letters of an op with its settings that still stand in one title
OF_DATA = re.compile(r"\b(?!B_)(\w+)_[0-9a-f]{6}\b")
UNITS = {"ep": "epoch", "it": "step", "%": "%"}


def number(value: float) -> str:
    """At most four digits behind the point, thousands set apart where there are many, no needless zeros."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if float(value).is_integer() and abs(value) < 1e12:
        return f"{int(value):,}" if abs(value) >= 100_000 else str(int(value))
    return f"{value:.4g}".replace("e-0", "e-")


def setting(value: Setting, signatures: Signatures) -> str:
    """A setting as the language writes it."""
    match value:
        case None:
            return "none"
        case bool() | int() | float():
            return number(value)
        case Constant():
            return number(value.value)
        case Curve() | Combined():
            return scalar(value, signatures)
        case tuple() | list():
            return "[" + ", ".join(setting(v, signatures) for v in value) + "]"
        case _:
            return str(value)


def arguments(op: str, settings: Settings, signatures: Signatures, *, limit: int = 3, bare: bool = False) -> str:
    """The settings that differ from their defaults. `bare`: the first, if it is the only one, goes without its name."""
    signature = signatures.get(op)
    specs = {s.name: s for s in signature.settings} if signature else {}
    said = [(k, v) for k, v in settings if k not in specs or repr(specs[k].default) != repr(v)]
    if bare and not said and len(settings) == 1:
        said = list(settings)
    if bare and said and said == list(settings[:1]) and said[0][0] == next(iter(specs), said[0][0]):
        return setting(said[0][1], signatures)
    shown = [f"{k}={setting(v, signatures)}" for k, v in said[:limit]]
    return ", ".join(shown + (["…"] if len(said) > limit else []))


def view(op: str, settings: Settings, signatures: Signatures) -> str:
    """`random_resized_crop(224, scale=[0.14, 1])`: what is written first goes without its name."""
    inside = arguments(op, settings, signatures, limit=8, bare=True)
    first = next((s.name for s in signatures[op].settings), "") if op in signatures else ""
    return f"{op}({inside.removeprefix(f'{first}=')})" if inside else op


def titled(op: str, inside: str) -> tuple[str, tuple[str, ...]]:
    """An op and its settings as a title and lines under it; where they are short, as a title alone."""
    whole = f"{op}({inside})" if inside else op
    return (whole, ()) if len(whole) <= SHORT else (op, (inside,))


def call(op: str, settings: Settings, signatures: Signatures, *, limit: int = 3, bare: bool = False) -> str:
    """`convnet(width=64)`; without brackets where every setting is the default."""
    inside = arguments(op, settings, signatures, limit=limit, bare=bare)
    return f"{op}({inside})" if inside else op


def scalar(value: Scalar, signatures: Signatures) -> str:
    """A weight or a schedule as text: `0.3 · sigmoid_ramp(100ep)`."""
    match value:
        case Constant():
            return number(value.value)
        case Curve():
            said = [(k, v) for k, v in value.settings if v is not None]
            defaults = {s.name: s.default for s in signatures[value.op].settings} if value.op in signatures else {}
            said = [(k, v) for k, v in said if repr(defaults.get(k, ...)) != repr(v)]
            needed = [setting(v, signatures) for k, v in said if defaults.get(k) is REQUIRED]
            if len(needed) < 2:
                return call(value.op, tuple(said), {}, bare=True)
            others = arguments("", tuple(s for s in said if defaults.get(s[0]) is not REQUIRED), {})
            return f"{value.op}({', '.join([*needed, *([others] if others else [])])})"
        case Combined():
            left, right = (_grouped(side, value, signatures) for side in (value.left, value.right))
            sign = {"*": DOT, "-": f" {MINUS} "}.get(value.op, f" {value.op} ")
            return left + sign + right


def _grouped(side: Scalar, parent: Combined, signatures: Signatures) -> str:
    text = scalar(side, signatures)
    tight = parent.op in "*/" and isinstance(side, Combined) and side.op not in "*/"
    return f"({text})" if tight else text


def duration(value: Duration) -> str:
    """`30 epochs`."""
    if value.unit == "%":
        return f"{number(value.value)} %"
    plural = "" if value.value == 1 else "s"
    return f"{number(value.value)} {UNITS[value.unit]}{plural}"


def size(dim: Dim) -> str:
    """A size; what only the data know by its name, `height`, without the mark that tells two data sets apart."""
    return number(dim.value) if dim.value is not None else OF_DATA.sub(r"\1", str(dim))


def data(node: Node, signatures: Signatures) -> str:
    """Where samples come from: `digits.train.subset(count=100)`."""
    if node.op == "source":
        settings = tuple((k, v) for k, v in node.settings if k != "op")
        return call(str(node.setting("op")), settings, signatures, bare=True)
    signature = signatures.get(node.op)
    if signature is not None and signature.derives:
        by = [f"the average of {stage}" if average else stage for stage, average in origins(node.inputs)]
        by += _present(node, signatures)
        said = [" and ".join(by), arguments(node.op, node.settings, signatures)]
        return f"{data(node.inputs[0], signatures)}.{node.op}({', '.join(s for s in said if s)})"
    first, *others = (data(i, signatures) for i in node.inputs)
    if node.op == "split":
        return f"{first}.{node.setting('name') or node.setting('split')}"
    if signature is not None and signature.joins:
        return f"{node.op}({', '.join([first, *others])})"
    settings = tuple((k, v) for k, v in node.settings if k != "seed" and v is not None)
    said = [*others, *([inside] if (inside := arguments(node.op, settings, signatures, bare=True)) else [])]
    return f"{first}.{node.op}({', '.join(said)})" if said else f"{first}.{node.op}"


def _present(node: Node, signatures: Signatures) -> list[str]:
    """The memories, and the networks, that data are computed by as they stand; not what a memory was fed with."""

    def remembers(value: Node) -> bool:
        return value.op in signatures and signatures[value.op].role == "memory"

    read = walk([n for n in node.inputs if not is_data(n.type)], lambda n: () if remembers(n) else n.inputs)
    return [*dict.fromkeys(n.op for n in read if remembers(n)), *sorted(networks(read))]


def transductive(program: Program) -> tuple[str, ...]:
    """The held-out data that a stage trains on, on purpose and without their labels: `digits.test`."""
    drawn = [s.data for s in program.streams if s.data and any(s.name in dict(stage.batch) for stage in program.stages)]
    nodes = walk(drawn, step_inputs)
    signatures = program.signatures
    lifting = [n for n in nodes if n.op in signatures and signatures[n.op].traits.held_out is False]
    return tuple(dict.fromkeys(data(node.inputs[0], signatures) for node in lifting))


def samples(stream: Stream, rows: int | None) -> str:
    """`100 images · 50 a step`."""
    fields = getattr(stream.data.type, "fields", ()) if stream.data is not None else ()
    kind = "vectors" if any(name == "vector" for name, _ in fields) else "images"
    text = f"{size(stream.size)} {kind}" if stream.size.value is not None else kind
    return text + (f"{DOT}{number(rows)} a step" if rows else "")


def module(value: Module, signatures: Signatures) -> str:
    """`convnet(width=32)`, `linear(128, 10)`."""
    sizes = [size(d) for _, d in value.sizes] if value.kind == "head" else []
    inside = arguments(value.op, value.settings, signatures)
    parts = [*sizes, *([inside] if inside else [])]
    return f"{value.op}({', '.join(parts)})" if parts else value.op


def shape(type_: Type, rows: Mapping[str, int]) -> str:
    """`200×1×8×8`, with the sizes of a step put in for the symbols; empty for a single number."""
    if not isinstance(type_, TensorType):
        return ""
    known: dict[str, Any] = {f"B_{stream}": count for stream, count in rows.items()}
    return TIMES.join(size(d.substitute(known)).replace(",", "") for d in type_.dims)


def local(stage: str, stream: str) -> str:
    """What a stage calls a stream: a round has streams of its own, `refine.2.pseudo`, and writes `pseudo`."""
    return stream.removeprefix(f"{stage}.")


def stage_lines(stage: Stage, program: Program) -> tuple[str, ...]:
    """What the caption of a stage says: length and clock, batch, optimizer, and what differs from the defaults."""
    batch = " + ".join(f"{number(n)} {local(stage.name, name)}" for name, n in stage.batch)
    modules = [module.path for module in program.modules]
    clock = local(stage.name, stage.clock)
    lines = [f"{duration(stage.run)} of {clock}", f"batch {batch}", *_update_lines(stage, program)]
    if couples_batch(stage) or f"{stage.name}.forward" in program.explicit:
        lines.append(f"forward {stage.forward}")
    if stage.average is not None:
        lines.append(f"average {configured(stage.average, program)}")
    lines += [f"keep {stage.keep}"] if stage.keep is not None else []
    lines += [f"{o}: only {p} learns" for o, p in (owner(modules, path) for path in stage.train) if p]
    lines += [f"{', '.join(i.names)} from {origin(i)}" for i in stage.init if i.file or i.run]
    lines += [f"{', '.join(i.modules)} afresh" for i in stage.init if not origin(i)]
    extras = {
        "clip": "none" if stage.updates else clip(stage),
        "accumulate": stage.accumulate,
        "precision": stage.precision,
    }
    usual = {"clip": "none", "accumulate": 1, "precision": "fp32"}
    return tuple(lines + [f"{name} {setting(value, {})}" for name, value in extras.items() if value != usual[name]])


def _update_lines(stage: Stage, program: Program) -> Iterator[str]:
    """How weights are changed: the optimizer, or each update of a step in order."""
    if not stage.updates:
        yield configured(stage.optimizer, program)
        return
    yield f"updates in turn, each for {duration(stage.turns)}" if stage.turns is not None else "updates in order"
    for number, update in enumerate(stage.updates, 1):
        limit = f", clip {clip(update)}" if update.clip is not None else ""
        yield f"{number} {update.name}: {configured(update.optimizer, program)}{limit}"


def clip(stage: Stage | StepUpdate) -> str:
    """The largest norm of the gradient, as the language writes it."""
    if stage.clip is None:
        return "none"
    norm = setting(stage.clip.norm, {})
    return f"per_tensor({norm})" if stage.clip.is_per_tensor else norm


def configured(value: Configured, program: Program) -> str:
    return call(value.op, value.settings, program.signatures, limit=4)


def origin(value: InitFrom) -> str:
    """`joint`, `joint.average`, `teacher of dino.pth`, `joint of runs/moam-s0-1`; nothing for fresh weights."""
    part = ".".join(text.removesuffix(".") for text in (value.key, value.prefix) if text)
    file = f"{part} of {value.file}" if part else value.file
    where = f"{value.stage or 'the end'} of {value.run}" if value.run else value.stage or file
    average = f"the average of {where}" if value.run else f"{where}.average"
    return average if value.average else where


def init(value: InitFrom) -> str:
    """`encoder, classes start from the average of joint`."""
    verb = "starts" if len(value.names) == 1 else "start"
    origin = f"the average of {value.stage}" if value.average else value.stage
    return f"{', '.join(value.names)} {verb} from {origin}"
