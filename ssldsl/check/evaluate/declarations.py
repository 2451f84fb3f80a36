"""Declarations: what a name is bound to, read when it is first needed."""

from collections.abc import Iterable
from typing import Any

from attrs import evolve

from ssldsl.check.apply import declared_networks, updates
from ssldsl.check.messages import names, types, values
from ssldsl.check.state.context import Context, StreamDraft
from ssldsl.check.state.scope import PENDING, Binding, Scope
from ssldsl.check.state.values import (
    UNKNOWN,
    Average,
    Constructor,
    DataValue,
    Function,
    ListValue,
    NetList,
    Network,
    StageRef,
    StreamRef,
    View,
    describe,
)
from ssldsl.check.typing.edges import is_held
from ssldsl.ir.nodes import Duration
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.types import Dim, SplitsType
from ssldsl.values import is_number, is_scalar

MOST_NETWORKS = 100  # in one list


def declare(ctx: Context, statements: Iterable[tree.Statement], scope: Scope) -> None:
    """Bind the names that these statements declare; a name is declared once."""
    for statement in statements:
        if isinstance(statement, tree.Declaration | tree.Param | tree.Def | tree.StageDecl):
            known = scope.own(statement.name.id)
            if known is not None:
                ctx.report(names.declared_twice(statement.name.id, statement.name.span, known.span))
                continue
            scope.declare(statement.name, statement)


def read_all(ctx: Context, scope: Scope) -> None:
    """Read every declaration of a scope, used or not, so that everything wrong with them is said.

    A `let` is read inside a stage, where streams have draws.
    """
    for binding in list(scope.bindings.values()):
        declaration = binding.declaration
        is_let = isinstance(declaration, tree.Declaration) and declaration.kind == "let"
        if declaration is not None and not (is_let and ctx.stage is None):
            meaning(ctx, binding, scope)


def meaning(ctx: Context, binding: Binding, scope: Scope) -> Any:
    """What a name stands for. A `let` is read anew in every stage, since its draws belong to the stage."""
    if binding.known:
        return binding.value
    if isinstance(binding.declaration, tree.Declaration) and binding.declaration.kind == "let":
        return _let(ctx, binding, binding.declaration)
    if binding.value is PENDING:
        return _cycle(ctx, binding)
    binding.value = PENDING
    assert binding.scope is not None
    ctx.reading.append(binding)
    stage, ctx.stage = ctx.stage, None  # a declaration means the same wherever it is first needed
    value = _read(ctx, binding, binding.scope)
    ctx.stage = stage
    ctx.reading.pop()
    binding.value, binding.known = value, True
    return value


def _cycle(ctx: Context, binding: Binding) -> Any:
    circle = ctx.reading[ctx.reading.index(binding) :] if binding in ctx.reading else [binding]
    first = min(circle, key=lambda b: b.span.start)
    others = [b.span for b in circle if b is not first]
    hides_op = ctx.library.get(first.name) is not None
    remembers = any(_calls_memory(ctx, binding) for binding in circle)
    ctx.report(names.defined_by_itself(first.name, first.span, others, hides_op=hides_op, remembers=remembers))
    return UNKNOWN


def _calls_memory(ctx: Context, binding: Binding) -> bool:
    """Whether a name is that of a memory."""
    value = binding.declaration.value if isinstance(binding.declaration, tree.Declaration) else None
    called = value.function if isinstance(value, tree.Call) else None
    signature = ctx.library.get(called.id) if isinstance(called, tree.Ref) else None
    return signature is not None and signature.role == "memory"


def _let(ctx: Context, binding: Binding, declaration: tree.Declaration) -> Any:
    assert binding.scope is not None
    if ctx.stage is None:
        return _guarded_let(ctx, binding, declaration, binding.scope)
    key = (binding, ctx.stage.full_dataset)
    in_steps = ctx.stage.meanings.get((binding, False)) if ctx.stage.full_dataset else None
    if in_steps is UNKNOWN or is_held(ctx, in_steps):  # what is wrong in a step was said there
        return in_steps
    if ctx.stage.recurs and (held := _held(ctx, binding, declaration)) is not None:
        return held
    if key not in ctx.stage.meanings:
        ctx.stage.meanings[key] = PENDING
        path, ctx.stage.path = ctx.stage.path, [*_outside(binding.scope), binding.name]
        ctx.reading.append(binding)
        with ctx.stage.at_update(binding.scope.update or 0):
            value = ctx.evaluate(declaration.value, binding.scope)
        ctx.reading.pop()
        ctx.stage.path = path
        ctx.stage.meanings[key] = value
    value = ctx.stage.meanings[key]
    return _cycle(ctx, binding) if value is PENDING else updates.seen_now(ctx, value, binding)


def _held(ctx: Context, binding: Binding, declaration: tree.Declaration) -> Any:
    """The memory that a `let` names, which a data op that recurs reads as it stands; nothing where it names none."""
    assert ctx.stage is not None
    called = declaration.value.function if isinstance(declaration.value, tree.Call) else None
    name = called.id if isinstance(called, tree.Ref) else called.name.id if isinstance(called, tree.Attribute) else ""
    signature = ctx.library.get(name)
    if not ctx.stage.full_dataset or signature is None or not signature.reads_state:
        return None
    ctx.stage.full_dataset = False  # its rows are written by steps
    value = _let(ctx, binding, declaration)
    ctx.stage.full_dataset = True
    return value if is_held(ctx, value) else UNKNOWN


def _guarded_let(ctx: Context, binding: Binding, declaration: tree.Declaration, scope: Scope) -> Any:
    if binding.value is PENDING:
        return _cycle(ctx, binding)
    binding.value = PENDING
    ctx.reading.append(binding)
    value = ctx.evaluate(declaration.value, scope)
    ctx.reading.pop()
    binding.value = None
    return value


def _outside(scope: Scope) -> list[str]:
    return [scope.owner] if scope.owner else []


def _read(ctx: Context, binding: Binding, scope: Scope) -> Any:
    match binding.declaration:
        case tree.Def() as definition:
            return Function(definition, scope)
        case tree.StageDecl() as stage:
            return StageRef(stage.name.id)
        case tree.Param() as param:
            return _param(ctx, param, scope)
        case tree.Declaration() as declaration:
            value = ctx.evaluate(declaration.value, scope)
            return _of_kind(ctx, declaration, value, scope)
    raise AssertionError(binding)


def _of_kind(ctx: Context, declaration: tree.Declaration, value: Any, scope: Scope) -> Any:
    if value is UNKNOWN:
        return UNKNOWN
    if declaration.count is not None and declaration.kind not in ("net", "head"):
        ctx.report(types.list_of_no_networks(declaration.kind, declaration.count.span))
        return UNKNOWN
    match declaration.kind:
        case "data":
            if isinstance(value, DataValue):
                return value
            example = f"image_folder({declaration.value.span.text})" if isinstance(value, str) else "digits()"
            return _wrong(ctx, declaration, value, "a data set", f"for example `{example}`")
        case "stream":
            return _stream(ctx, declaration, value, scope)
        case "view":
            if isinstance(value, View):
                return evolve(value, name=declaration.name.id)
            return _wrong(ctx, declaration, value, "a view", "for example `random_shift(1) >> flip()`")
        case _:
            if declaration.count is not None:
                return _list(ctx, declaration, value, scope)
            if isinstance(value, NetList):
                return value
            if isinstance(value, Network | Constructor | Average):
                return declared_networks.declare(
                    ctx, declaration.name.id, scope.owner, value, declaration.kind, declaration.value.span
                )
            return _wrong(ctx, declaration, value, "a network", "for example `convnet(width=32)`")


def _list(ctx: Context, declaration: tree.Declaration, value: Any, scope: Scope) -> Any:
    """`head heads[5] = ...`: so many networks, each with parameters of its own."""
    assert declaration.count is not None
    count = ctx.evaluate(declaration.count, scope)
    if count is UNKNOWN:
        return UNKNOWN
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_NETWORKS:
        ctx.report(values.no_count_of_networks(MOST_NETWORKS, describe(count), declaration.count.span))
        return UNKNOWN
    if not isinstance(value, Constructor | Network) or not all(isinstance(p, Constructor) for p in value.parts):
        help = "for example `linear(encoder.dim, 10)`: each of the list has parameters of its own"
        return _wrong(ctx, declaration, value, "a new network", help)
    ctx.spend(count * 10, declaration.span)
    return declared_networks.declare_list(ctx, declaration.name.id, scope.owner, count, value, declaration)


def _wrong(ctx: Context, declaration: tree.Declaration, value: Any, wanted: str, help: str) -> Any:
    found, place = describe(value), declaration.value.span
    ctx.report(types.wrong_declaration(declaration.kind, declaration.name.id, wanted, found, place, help))
    return UNKNOWN


def _stream(ctx: Context, declaration: tree.Declaration, value: Any, scope: Scope) -> Any:
    name = scope.stream_name(declaration.name.id)
    draft = StreamDraft(name, declaration.name.span)
    items = value.values if isinstance(value, ListValue) else (value,)
    whole = [i for i, v in enumerate(items) if isinstance(v, DataValue) and isinstance(v.node.type, SplitsType)]
    if whole:
        return _several_splits(ctx, items[whole[0]], _operand(declaration.value, whole[0]))
    if isinstance(value, ListValue) and items and all(isinstance(v, StreamRef | DataValue) for v in items):
        draft.parts = tuple(p for i, v in enumerate(items) for p in _parts(ctx, draft, i, v))
    elif isinstance(value, DataValue):
        draft.data, draft.base = value, value.of_stream
    elif isinstance(value, StreamRef):
        return value
    else:
        return _wrong(
            ctx, declaration, value, "data or a join of streams", "for example `images.train >> random_shift(1)`"
        )
    if name in ctx.streams:
        ctx.report(names.stream_of_another_stage(name, declaration.name.span, ctx.streams[name].span))
        return UNKNOWN
    ctx.streams[name] = draft
    return StreamRef(name)


def _parts(ctx: Context, join: StreamDraft, i: int, value: StreamRef | DataValue) -> tuple[str, ...]:
    """The streams behind one part of a join; data written in place get a name of their own."""
    if isinstance(value, StreamRef):
        parts = ctx.streams[value.name].parts or (value.name,)
        ctx.spend(len(parts), join.span)
        return parts
    name = f"{join.name}.{i}"
    ctx.streams[name] = StreamDraft(name, join.span, value, base=value.of_stream)
    return (name,)


def _operand(expr: tree.Expr, i: int) -> tree.Expr:
    """The i-th operand of a join, without its views."""
    while isinstance(expr, tree.Binary) and expr.op == ">>":
        expr = expr.left
    operands: list[tree.Expr] = []
    while isinstance(expr, tree.Binary) and expr.op == "|":
        operands.append(expr.right)
        expr = expr.left
    operands = [expr, *reversed(operands)]
    return _operand(operands[i], 0) if len(operands) > i and len(operands) > 1 else expr


def _several_splits(ctx: Context, value: DataValue, place: tree.Expr) -> Any:
    assert isinstance(value.node.type, SplitsType)
    ctx.report(types.stream_of_splits([name for name, _ in value.node.type.splits], place.span))
    return UNKNOWN


# --- params -----------------------------------------------------------------------------------------------------

TYPES = {
    "float": "a number",
    "int": "a whole number",
    "count": "a whole number above 0",
    "prob": "a number from 0 to 1",
    "weight": "a number not below 0",
    "bool": "true or false",
    "str": "a text",
    "duration": "a duration such as 5ep",
    "schedule": "a number or a schedule",
}
CHECKS: dict[str, Any] = {
    "float": is_number,
    "int": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "count": lambda v: isinstance(v, Dim) or (isinstance(v, int) and not isinstance(v, bool) and v > 0),
    "prob": lambda v: is_number(v) and 0 <= v <= 1,
    "weight": lambda v: (is_number(v) and v >= 0) or (is_scalar(v) and not is_number(v)),
    "bool": lambda v: isinstance(v, bool),
    "str": lambda v: isinstance(v, str),
    "duration": lambda v: isinstance(v, Duration),
    "schedule": is_scalar,
}
DECLARED_AS: dict[str, Any] = {
    "data": DataValue,
    "stream": StreamRef,
    "view": View,
    "net": Network | Constructor | Average | NetList,
}
OPAQUE = frozenset({"Loss", "List", "Image", "Images", "Batch", "Net", "Labels", "Logits", "Probs", "Features"})


def fits_type(ctx: Context, type_: tree.TypeName | None, value: Any, span: Span, name: str) -> bool:
    """Whether a value is of the written type; of tensors it is a remark: shapes are inferred."""
    if type_ is None or value is UNKNOWN or type_.name.id in OPAQUE:
        return True
    if type_.name.id not in TYPES:
        ctx.report(values.no_type(type_.name.id, TYPES, type_.span))
        return False
    if CHECKS[type_.name.id](value):
        return True
    ctx.report(values.of_another_type(name, TYPES[type_.name.id], describe(value), span))
    return False


def _param(ctx: Context, param: tree.Param, scope: Scope) -> Any:
    name = param.name.id
    value = ctx.evaluate(param.value, scope)
    if value is UNKNOWN or not fits_type(ctx, param.type, value, param.value.span, name):
        return UNKNOWN
    if not (is_scalar(value) or isinstance(value, bool | str | Duration | ListValue) or value is None):
        kind = next((k for k, classes in DECLARED_AS.items() if isinstance(value, classes)), "let")
        ctx.report(values.no_plain_value(name, kind, describe(value), param.value.span))
        return UNKNOWN
    ctx.params[name] = value
    if param.where is not None and not _holds(ctx, param, value, scope):
        return UNKNOWN
    return value


def _holds(ctx: Context, param: tree.Param, value: Any, scope: Scope) -> bool:
    assert param.where is not None
    inner = Scope(parent=scope)
    inner.bind(param.name.id, value, param.name.span)
    result = ctx.evaluate(param.where, inner)
    if isinstance(result, bool) and not result:
        ctx.report(values.broken_condition(param.name.id, param.value.span, param.where.span))
        return False
    if not isinstance(result, bool) and result is not UNKNOWN:
        ctx.report(values.no_condition(param.name.id, describe(result), param.where.span))
    return result is True
