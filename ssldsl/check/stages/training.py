"""What a stage trains, from which weights, and how."""

from collections.abc import Iterable
from typing import Any

from attrs import asdict

from ssldsl.check.messages import dataflow, stages, types
from ssldsl.check.state.context import Context
from ssldsl.check.state.reader import Reader
from ssldsl.check.state.values import (
    UNKNOWN,
    MapValue,
    NetList,
    Network,
    RoundsRef,
    Settings,
    StageRef,
    TrainedNet,
    describe,
)
from ssldsl.check.typing.advice import network_of_stage
from ssldsl.check.typing.edges import memories_of
from ssldsl.ir.nodes import Duration, Setting
from ssldsl.ir.program import Configured, InitFrom, Term
from ssldsl.ops.arguments import check_settings
from ssldsl.source import Span
from ssldsl.syntax import tree
from ssldsl.syntax.walk import dotted

Groups = tuple[tuple[str, tuple[tuple[str, Any], ...]], ...]  # settings of single modules or parts of them
Paths = list[tuple[str, Span]]  # modules or parts of them, and where they are named


def _paths(reader: Reader, exprs: Iterable[tree.Expr], statement: str) -> Paths | None:
    """The networks that a statement names, or nothing once it is reported that one of the names is wrong."""
    ctx = reader.ctx
    found: Paths = []
    good = True
    for expr in exprs:
        known = _def_heads(ctx, expr)
        if known:
            found += [(path, expr.span) for path in known]
            continue
        value = ctx.evaluate(expr, reader.scope)
        if isinstance(value, Network | NetList) and not value.mode:
            nets = value.nets if isinstance(value, NetList) else (value,)
            for part in (part for net in nets for part in net.declared):
                path = f"{part.path}.{part.part}" if part.part else part.path
                good &= _may_train(reader, part.path, expr.span, statement)
                found.append((path, expr.span))
            continue
        good = False
        if value is not UNKNOWN:
            help = network_of_stage(value)
            ctx.report(dataflow.names_no_networks(statement, describe(value), expr.span, help))
    return found if good else None


def _def_heads(ctx: Context, expr: tree.Expr) -> list[str]:
    """A head that a definition declares, `rotation.angles`; of a chain all parts, or one of them."""
    path = dotted(expr)
    if "." not in path:
        return []
    return [known for known in ctx.modules if known == path or known.startswith(f"{path}.")]


def _may_train(reader: Reader, path: str, span: Span, statement: str) -> bool:
    draft = reader.ctx.modules[path]
    if draft.average_of and statement == "train":
        reader.report(dataflow.trains_an_average(path, draft.average_of, span))
        return False
    return True


def read_train(reader: Reader) -> tuple[str, ...] | None:
    """What is trained: what the spec names, else all that a term reaches. Nothing where names or terms are wrong."""
    if "train" not in reader.found:
        reader.found["train"] = _train(reader, reader.found["loss"])
    found: tuple[str, ...] | None = reader.found["train"]
    return found


def _train(reader: Reader, terms: list[Term] | None) -> tuple[str, ...] | None:
    written = [s for s in reader.body if isinstance(s, tree.Train)]
    if written:
        paths = _paths(reader, [n for s in written for n in s.nets], "train")
        reader.places.update({f"train.{path}": span for path, span in paths or ()})
        return None if paths is None else tuple(path for path, _ in paths)
    if terms is None:
        return None
    grad_modules = frozenset[str]().union(*(t.node.grad_modules for t in terms))
    return tuple(p for p in reader.ctx.modules if p in grad_modules)


def read_init(reader: Reader) -> list[InitFrom]:
    """Where weights come from, as the `init` statements say."""
    found = []
    for statement in reader.body:
        if not isinstance(statement, tree.Init):
            continue
        nets, memories = _with_memories(reader, statement.nets)
        paths = tuple(p for p, _ in _paths(reader, nets, "init") or ())
        if _is_lost(reader, statement.origin):
            continue
        origin = reader.ctx.evaluate(statement.origin, reader.scope)
        origin = origin.last if isinstance(origin, RoundsRef) else origin
        if origin is UNKNOWN:
            continue
        if not isinstance(origin, StageRef):
            stage = origin.stage if isinstance(origin, TrainedNet) else ""
            reader.report(stages.no_origin(origin, describe(origin), statement.origin.span, stage))
            continue
        if origin.stage and not origin.run and not _before(reader, origin, statement):
            continue
        found.append(InitFrom(paths, **asdict(origin), memories=memories, span=statement.span))
    return found


def _with_memories(reader: Reader, exprs: Iterable[tree.Expr]) -> tuple[list[tree.Expr], tuple[str, ...]]:
    """What an `init` names: networks as they are written, and the names of the calls of memories."""
    nets: list[tree.Expr] = []
    memories: list[str] = []
    for expr in exprs:
        held = memories_of(reader.ctx, reader.ctx.evaluate(expr, reader.scope)) if isinstance(expr, tree.Ref) else []
        memories += [node.draw for node in held]
        nets += [] if held else [expr]
    return nets, tuple(dict.fromkeys(memories))


def _is_lost(reader: Reader, origin: tree.Expr) -> bool:
    """Whether the weights come from a stage that is not there; it is reported where `after` names it."""
    stage = dotted(origin).split(".")[0]
    return stage in reader.after and reader.scope.find(stage) is None


def begin_afresh(reader: Reader, init: list[InitFrom], used: Iterable[str]) -> list[InitFrom]:
    """Where the weights of a stage come from: what an earlier stage trained and `init` does not name starts afresh."""
    ctx = reader.ctx
    moved = ctx.trained & set(used) - {path for origin in init for path in origin.modules}
    fresh = [path for path in ctx.modules if path in moved] if moved else []
    return [InitFrom(tuple(fresh), span=reader.span), *init] if fresh else init


def _before(reader: Reader, origin: StageRef, statement: tree.Init) -> bool:
    ctx = reader.ctx
    if origin.stage not in ctx.stages_before(reader.after):
        if any(reader.scope.find(name) is None for name in reader.after):
            return False
        ctx.report(stages.comes_not_after(reader.name, origin.stage, statement.origin.span))
        return False
    stage = ctx.stages.get(origin.stage)
    if stage is None:
        return False
    if origin.average and stage.average is None:
        ctx.report(stages.keeps_no_average(origin.stage, statement.origin.span))
        return False
    return True


def read_optimizer(reader: Reader, name: str) -> Configured:
    """The optimizer with its settings; one without a name once it is reported to be wrong."""
    value = reader.value(name)
    if isinstance(value, Settings) and value.op not in ("polyak", "swa", "per_tensor"):
        return Configured(value.op, value.values, value.span if name in reader.settings else None)
    if value is not UNKNOWN:
        help = "for example `sgd(lr=0.1 * cosine(), momentum=0.9)`"
        reader.report(types.wrong_kind_for_word(name, "an optimizer", describe(value), reader.place(name), help))
    return Configured("")


def read_groups(reader: Reader, name: str) -> Groups:
    """`groups = {classes: {lr: 0.5}}`: optimizer settings of single modules, or of parts of them."""
    value, trained = reader.value(name), read_train(reader)
    if value is None or value is UNKNOWN:
        return ()
    if not isinstance(value, MapValue):
        reader.report(stages.no_groups(describe(value), reader.place(name)))
        return ()
    found = []
    for (path, given), (key, place) in zip(value.values, value.spans, strict=True):
        if not isinstance(given, MapValue):
            reader.report(stages.no_settings_of_group(path, describe(given), place))
        elif trained is not None and not _is_trained(reader, path, trained):
            if reader.part and reader.settings[name] not in reader.body:
                continue  # the stage says it of all of its updates
            reader.report(stages.untrained_group(reader.subject, path, trained, key))
        elif (settings := _group(reader, given, place)) is not None:
            found.append((path, settings))
    return tuple(found)


def _group(reader: Reader, given: MapValue, place: Span) -> tuple[tuple[str, Setting], ...] | None:
    """What a group sets otherwise than the optimizer; nothing where either is wrong."""
    optimizer = reader.found["optimizer"]
    if not optimizer.op:
        return None
    signature = reader.ctx.signature(optimizer.op)
    assert signature is not None
    known = {s.name for s in signature.settings}
    own = {k: (v, spans[k in known]) for (k, v), spans in zip(given.values, given.spans, strict=True)}
    freeze = _freeze(reader, given, own)
    base = {k: (v, place) for k, v in optimizer.settings if k not in own}
    settings, problems = check_settings(signature, base | own, place)
    for problem in problems:
        reader.ctx.reporter.report(problem)
    return None if problems else (*freeze, *((k, settings[k]) for k in own))


def _freeze(reader: Reader, given: MapValue, own: dict[str, tuple[Any, Span]]) -> tuple[tuple[str, Duration], ...]:
    """How long a group waits before it learns, taken out of its settings: no optimizer knows of it."""
    if own.pop("freeze", None) is None:
        return ()
    value, (_, place) = next((v, s) for (k, v), s in zip(given.values, given.spans, strict=True) if k == "freeze")
    if isinstance(value, Duration):
        return (("freeze", value),)
    reader.report(stages.no_duration("freeze", value, describe(value), place))
    return ()


def _is_trained(reader: Reader, name: str, trained: tuple[str, ...]) -> bool:
    """Whether a group holds something that is trained: a path of `train`, what lies in one, or what holds one."""
    return name in trained or any(path.startswith(f"{name}.") for path in trained) or _is_part(reader, name, trained)


def _is_part(reader: Reader, name: str, trained: tuple[str, ...]) -> bool:
    """Whether a name is that of a part of what is trained. What lies deeper is known when the network is built."""
    module = reader.ctx.owner(name)
    draft = reader.ctx.modules.get(module)
    part = name.removeprefix(f"{module}.").partition(".")[0]
    is_inside = any(name.startswith(f"{path}.") for path in trained)
    return is_inside and draft is not None and part in draft.signature.parts


def read_average(reader: Reader, name: str) -> Configured | None:
    """An average of the weights, if one is wanted."""
    written = reader.expression(name)
    if isinstance(written, tree.Call) and isinstance(written.function, tree.Ref) and written.function.id == "ema":
        reader.report(types.average_of_a_network(written.span))
        return None
    value = reader.value(name)
    if value is None or value is UNKNOWN:
        return None
    if isinstance(value, Settings) and value.op in ("polyak", "swa"):
        return Configured(value.op, value.values, value.span)
    help = "for example `polyak(half_life=1ep)` or `swa(start=75%)`"
    reader.report(
        types.wrong_kind_for_word(name, "an average of the weights", describe(value), reader.place(name), help)
    )
    return None
