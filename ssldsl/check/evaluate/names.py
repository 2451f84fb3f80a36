"""Names and members: what `x` stands for, and what `x.y` gives."""

from typing import Any

from attrs import evolve

from ssldsl.check.apply import data, further, network_types, networks, words
from ssldsl.check.evaluate import declarations, held, rounds
from ssldsl.check.messages import names as messages
from ssldsl.check.messages import rounds as round_messages
from ssldsl.check.messages import stages
from ssldsl.check.state.context import Context
from ssldsl.check.state.scope import Scope
from ssldsl.check.state.values import (
    UNKNOWN,
    Batch,
    DataValue,
    ListValue,
    NetList,
    Network,
    OpValue,
    RoundsRef,
    RunningAverage,
    StageRef,
    StreamRef,
    TrainedNet,
    WordValue,
    describe,
)
from ssldsl.check.typing import index_field, position_field
from ssldsl.check.typing.edges import no_label
from ssldsl.ir.nodes import Node
from ssldsl.ir.primitives import PRIMITIVES
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.types import DataType, SplitsType

MISSING = object()  # the meaning of a name that nothing has; `none` is a value like others


WORD_NAMES = (*words.WORDS, "draw", "best")  # the last two read their arguments themselves


def read_ref(ctx: Context, ref: tree.Ref, scope: Scope) -> Any:
    """What a name stands for: nearest declaration, then words of the language, then the library."""
    found = lookup(ctx, ref.id, scope)
    if found is MISSING:
        _unknown_name(ctx, ref, scope)
        return UNKNOWN
    if isinstance(found, OpValue) and ref.id in PRIMITIVES:  # only an installed library can have brought it
        ctx.report(messages.reserved_ops(found.signature.module.partition(".")[0], [ref.id], ref.span))
        return UNKNOWN
    return found


def lookup(ctx: Context, id: str, scope: Scope) -> Any:
    """The meaning of a name, or `MISSING` where nothing has that name."""
    binding = scope.find(id)
    if binding is None and id == "average" and _is_measuring(ctx):
        return RunningAverage()
    if binding is not None:
        binding.uses += 1
        return declarations.meaning(ctx, binding, scope)
    if id in WORD_NAMES:
        return WordValue(id)
    function = ctx.method(id)
    if function is not None:
        return function
    signature = ctx.signature(id)
    return OpValue(signature) if signature is not None else MISSING


def _is_measuring(ctx: Context) -> bool:
    """Whether an `eval` is being read."""
    return ctx.stage is not None and ctx.stage.full_dataset and not ctx.stage.derives


def in_library(ctx: Context, id: str) -> bool:
    """Whether a name is a word of the language, an op, or a definition of the library; nothing is read for it."""
    return id in WORD_NAMES or id in ctx.library.names() or id in ctx.library.methods()


def _unknown_name(ctx: Context, ref: tree.Ref, scope: Scope) -> None:
    if ctx.is_incomplete:
        return
    if ref.id in rounds.WORDS:
        rounds.report_outside(ctx, ref, scope)
        return
    known = {*scope.visible(), *WORD_NAMES, *ctx.library.names(), *ctx.library.methods()}
    ctx.report(messages.unknown_name(ref.id, known, ref.span))


def member(ctx: Context, value: Any, name: tree.Name, at: Span | None = None) -> Any:
    """The attribute `name` of a value; its absence is reported. `at`: where the value is written."""
    if value is UNKNOWN:
        return UNKNOWN
    if isinstance(value, ListValue) and (name.id.isdigit() or name.id in ("first", "last")):
        ctx.report(messages.no_item(describe(value), name.id, name.span))
        return UNKNOWN
    if isinstance(value, ListValue):
        values = tuple(member(ctx, v, name, at) for v in value.values)
        return UNKNOWN if any(v is UNKNOWN for v in values) else ListValue(values)
    names = members(ctx, value)
    if name.id not in names and isinstance(value, DataValue | StreamRef) and _adds_fields(ctx, value):
        return member(ctx, data.read(ctx, value, at or name.span), name, at)
    if isinstance(value, StageRef) and _is_let(ctx, name.id) and ctx.stages.get(value.stage, MISSING) is None:
        return UNKNOWN  # that stage is wrong itself
    if name.id in names or (isinstance(value, Network) and network_types.part_of(value)):
        return _get(ctx, value, name, at or name.span)
    _no_member(ctx, value, name, names, at or name.span)
    return UNKNOWN


def _adds_fields(ctx: Context, value: DataValue | StreamRef) -> bool:
    """Whether views of the data may have added fields, which only a batch of them has."""
    found = value if isinstance(value, DataValue) else ctx.streams[value.name].data
    read_here = ctx.stage is not None and (ctx.stage.full_dataset or isinstance(value, StreamRef))
    return read_here and found is not None and bool(found.views)


def members(ctx: Context, value: Any) -> tuple[str, ...]:
    """The attributes a value has."""
    match value:
        case DataValue():
            if isinstance(value.node.type, SplitsType):
                return (*(n for n, _ in value.node.type.splits), "classes")
            return (*value.type.names, "classes", "size")
        case StreamRef():
            return (*data.field_names(ctx, value), index_field.NAME, position_field.NAME, "classes", "size")
        case Batch():
            return (*(n for n, _ in value.fields), *_numbers(value))
        case Network():
            return network_types.members(ctx, value)
        case Node():
            return further.outputs(ctx, value)
        case NetList():
            return (*map(str, range(len(value.nets))), "dim")
        case TrainedNet(net=NetList(nets=nets)):
            return tuple(map(str, range(len(nets))))
        case RunningAverage():
            return tuple(_net_names(ctx))
        case RoundsRef():
            return (*map(str, value.numbers), *members(ctx, value.last))
        case StageRef():
            return ("average",) if value.run else _left_by(ctx, value) if value.stage else ()
        case _:
            return ()


def _numbers(batch: Batch) -> list[str]:
    """The fields that say which samples the rows of a draw are."""
    has = {index_field.NAME: index_field.has_index(batch), position_field.NAME: position_field.has_positions(batch)}
    return [name for name, is_there in has.items() if is_there]


def _mixing(ctx: Context, batch: Batch) -> str:
    """The op below some views that made each row of a batch of several samples; nothing where none did."""
    node = batch.input
    while (signature := ctx.signatures.get(node.op)) is None or signature.role == "views":
        if node.op not in ("field", "output") and signature is None:
            return ""
        node = node.inputs[0]
    return signature.name if signature.traits.across == "gather" else ""


def _get(ctx: Context, value: Any, name: tree.Name, at: Span) -> Any:
    match value:
        case DataValue() if isinstance(value.node.type, SplitsType) and name.id != "classes":
            return data.split(ctx, value, name)
        case DataValue() | StreamRef() if name.id in ("classes", "size"):
            return data.fact(ctx, value, name)
        case DataValue() | StreamRef():
            return member(ctx, data.read(ctx, value, at), name)
        case Batch() if name.id in _numbers(value) and (mixed := _mixing(ctx, value)):
            ctx.report(messages.numbers_of_mixed(name.id, mixed, name.span))
            return UNKNOWN
        case Batch() if name.id == index_field.NAME and index_field.has_index(value):
            return index_field.index(ctx, value, name.span)
        case Batch() if name.id == position_field.NAME and position_field.has_positions(value):
            return position_field.position(ctx, value, name.span)
        case Batch():
            return value.get(name.id)
        case Node():
            return further.output(ctx, value, name.id, name.span)
        case Network():
            is_width = name.id == "dim" and not network_types.part_of(value)
            return network_types.width(ctx, value, name) if is_width else network_types.select(value, name.id)
        case NetList() if name.id == "dim":
            return network_types.width(ctx, value.nets[0], name)
        case NetList():
            return value.nets[int(name.id)]
        case TrainedNet(net=NetList(nets=nets)):
            return evolve(value, net=nets[int(name.id)], span=at.to(name.span))
        case RunningAverage():
            return _averaged(ctx, name, at)
        case RoundsRef() if name.id.isdigit():
            return value.round(int(name.id))
        case RoundsRef():
            return _get(ctx, value.last, name, at)
        case StageRef() if name.id != "average":
            place = Span(at.source, at.start, name.span.end) if at.source == name.span.source else name.span
            if name.id in ctx.held.get(value.stage, ()) and not value.average:
                return held.read(ctx, value, name.id, place)
            net = lookup(ctx, name.id, ctx.file_scope)
            return TrainedNet(value.stage, net, value.average, place) if isinstance(net, Network | NetList) else UNKNOWN
        case _:
            return evolve(value, average=True)


def _averaged(ctx: Context, name: tree.Name, at: Span) -> Any:
    """A network with the weights that the stage averages."""
    net = lookup(ctx, name.id, ctx.file_scope)
    if not isinstance(net, Network | NetList) or ctx.stage is None:
        return UNKNOWN
    if not ctx.stage.averages and ctx.is_first_report(ctx.stage.name, "average"):
        ctx.report(stages.keeps_no_average(ctx.stage.name, at, "average."))
    return networks.with_mode(net, "average") if ctx.stage.averages else UNKNOWN


def _left_by(ctx: Context, stage: StageRef) -> tuple[str, ...]:
    """What an earlier stage left: networks, also with their averaged weights, and memories."""
    return ("average", *_net_names(ctx), *(() if stage.average else ctx.held.get(stage.stage, ())))


def _net_names(ctx: Context) -> list[str]:
    """The networks that the file declares: a stage hands each of them on as it left it."""
    return [
        b.name
        for b in ctx.file_scope.bindings.values()
        if isinstance(b.declaration, tree.Declaration) and b.declaration.kind in ("net", "head")
    ]


def _fields_advice(ctx: Context, value: Any, name: str, names: tuple[str, ...]) -> str:
    if isinstance(value, Node) and value.op == "stop" and name in further.outputs(ctx, value.inputs[0]):
        return f"ask for it before it is stopped: `stop(z.{name})`"
    if isinstance(value, StageRef | RoundsRef) and _is_let(ctx, name):
        return "the memories of a stage are read by streams inside the stages after it"
    if isinstance(value, Node) and not names:
        return "this is a tensor: pass the batch that it comes from, such as `labeled`"
    return f"it has: {', '.join(names)}" if names else ""


def _is_let(ctx: Context, name: str) -> bool:
    binding = ctx.file_scope.find(name)
    declaration = binding.declaration if binding is not None else None
    return isinstance(declaration, tree.Declaration) and declaration.kind == "let"


def _no_member(ctx: Context, value: Any, name: tree.Name, names: tuple[str, ...], at: Span) -> None:
    if name.id == "label":
        batch = data.read(ctx, value, at) if isinstance(value, DataValue | StreamRef) else value
        if isinstance(batch, Batch):
            no_label(ctx, batch, name.span)
            return
        if batch is UNKNOWN:
            return
    is_number = name.id in (index_field.NAME, position_field.NAME) and isinstance(value, Batch | StreamRef)
    if is_number and _is_measuring(ctx):
        assert ctx.stage is not None
        ctx.report(messages.no_numbers_in_an_eval(name.id, name.span, ctx.stage.evaluation))
    elif isinstance(value, RoundsRef) and name.id[:1].isdigit():
        known = [f"{value.name}.{number}" for number in value.numbers]
        ctx.report(round_messages.no_round(f"{value.name}.{name.id}", known, at.to(name.span)))
    elif not ctx.is_incomplete:
        advice = _fields_advice(ctx, value, name.id, names)
        ctx.report(messages.no_member(describe(value), _kind_of_member(value), name.id, name.span, names, advice))


def _kind_of_member(value: Any) -> str:
    """What the names behind the dot of a value are called."""
    if isinstance(value, DataValue) and not isinstance(value.node.type, DataType):
        return "split or attribute"
    return "field" if isinstance(value, Batch | DataValue) else "attribute"


def written_at(ctx: Context, expr: tree.Expr, scope: Scope) -> Span:
    """Where a person wrote an argument: inside a shipped definition, the argument that its parameter stands for."""
    if isinstance(expr, tree.Ref) and expr.span.source not in ctx.reporter.own:
        binding = scope.find(expr.id)
        if binding is not None and binding.span.source in ctx.reporter.own:
            return binding.span
    return expr.span
