"""From a checked program to its plan: passes over the graph of every stage, then plain data."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from ssldsl.check.messages.stages import endless_run
from ssldsl.check.rules.ends import MOST_STEPS
from ssldsl.errors import InternalError, SpecError
from ssldsl.graph.graph import Graph, stage_graph
from ssldsl.graph.plan import (
    EvaluationPlan,
    InitPlan,
    KeepPlan,
    ModulePlan,
    NodePlan,
    OpPlan,
    Plan,
    StagePlan,
    StreamPlan,
    TermPlan,
    UpdatePlan,
    WatchPlan,
)
from ssldsl.graph.plan_types import planned
from ssldsl.ir.modules import is_trained
from ssldsl.ir.nodes import Duration, Node
from ssldsl.ir.program import Configured, Evaluation, InitFrom, Module, Program, Stage, StepUpdate, Term, WatchedNumber
from ssldsl.ir.shapes import with_sizes
from ssldsl.ops.signature import Signature
from ssldsl.passes import Clock, PassContext, run_passes
from ssldsl.passes.plain_values import PlainValues, number_of, place_of
from ssldsl.types import ROWS, TensorType, is_data


def make_plan(
    program: Program,
    *,
    sizes: Mapping[str, int],
    resident: Collection[str] | None = None,
    level: int = 1,
    dump: Callable[[str, Graph], None] | None = None,
    timings: dict[str, float] | None = None,
) -> Plan:
    """Everything the runtime needs.

    sizes: what the symbols of the program stand for, as the data say.
    resident: the data ops whose samples lie in memory (all, if not said).
    level: 0 runs the graph as the spec says it. dump, timings: see `run_passes`.
    """
    clocks = {stage.name: stage_clock(program, stage, sizes) for stage in program.stages}
    stages = []
    for stage in program.stages:
        context = context_of(program, resident, clocks[stage.name])
        graph = run_passes(stage_graph(program, stage), context, level=level, dump=dump, timings=timings)
        stages.append(_stage(program, stage, graph, clocks[stage.name], sizes))
    return Plan(
        name=program.name,
        seed=program.seed,
        modules=tuple(_module(program, module, clocks, sizes) for module in program.modules),
        stages=tuple(stages),
        ops={name: signature.digest for name, signature in sorted(program.signatures.items())},
        edits=program.edits,
    )


def context_of(program: Program, resident: Collection[str] | None = None, clock: Clock | None = None) -> PassContext:
    """What the passes may know of a program."""
    modules = {module.path: module for module in program.modules}
    return PassContext(program.signatures, modules, None if resident is None else frozenset(resident), clock)


def stage_clock(program: Program, stage: Stage, sizes: Mapping[str, int]) -> Clock:
    """Steps of a pass over the stage's clock stream, and of its run."""
    rows = dict(stage.batch).get(stage.clock)
    if not rows:
        raise InternalError(f"stage `{stage.name}` draws nothing from its clock `{stage.clock}`")
    clock = Clock.of(stage.run, _stream_size(program, stage.clock, sizes), rows)
    if clock.steps >= MOST_STEPS:  # what `check` cannot know of data that are not there yet
        place = stage.place("run") or stage.span
        raise SpecError(endless_run(f"stage `{stage.name}`", str(stage.run), clock.steps, MOST_STEPS, place))
    return clock


def _stream_size(program: Program, name: str, sizes: Mapping[str, int]) -> int:
    stream = next(s for s in program.streams if s.name == name)
    return number_of(stream.size, sizes, f"the size of stream `{name}`")


# A stage


def _stage(program: Program, stage: Stage, graph: Graph, clock: Clock, sizes: Mapping[str, int]) -> StagePlan:
    known = {**sizes, **{f"{ROWS}{name}": rows for name, rows in stage.batch}}
    values = PlainValues(known, clock)
    names = {node: f"n{i}" for i, node in enumerate(graph.nodes)}
    nodes = tuple(_node(graph, node, names, values, program.signatures) for node in graph.nodes)
    in_words_of_the_plan: dict[str, Any] = {
        "nodes": nodes,
        "streams": _streams(program, stage, graph, names, sizes),
        "terms": tuple(_term(program, term, names, values) for term in graph.terms),
        "watches": tuple(_watch(w, names) for w in graph.watches),
        "evaluations": tuple(_evaluation(program, evaluation, names) for evaluation in graph.evaluations),
        "init": tuple(_init(origin) for origin in stage.init),
        "place": place_of(stage.span),
        "places": {name: place for name, span in stage.places if (place := place_of(span)) is not None},
        "notes": graph.notes,
        **_settings(stage, values, clock),
    }
    as_they_are = {
        name: getattr(stage, name)
        for name in StagePlan.model_fields
        if name not in in_words_of_the_plan and hasattr(stage, name)
    }
    return StagePlan(**as_they_are, **in_words_of_the_plan)


def _settings(stage: Stage, values: PlainValues, clock: Clock) -> dict[str, Any]:
    """The settings that a plan says otherwise than a spec: ops with numbers, times in steps."""
    said = {
        **_of_update(stage, values),
        "updates": tuple(
            UpdatePlan(name=update.name, train=update.train, place=place_of(update.span), **_of_update(update, values))
            for update in stage.updates
        ),
        "turns": None if stage.turns is None else max(1, round(clock.steps_of(stage.turns))),
        "steps": clock.steps,
        "steps_per_epoch": clock.steps_per_epoch,
        "average": None if stage.average is None else _configured(stage.average, values),
        "evaluate_every": max(1, round(clock.steps_of(stage.evaluate))),
        "keep": None if stage.keep is None else KeepPlan(name=stage.keep.name, is_lowest=stage.keep.is_lowest),
    }
    return {**said, "schedules": tuple(values.schedules)}  # once all that can hold one has been read


def _of_update(update: Stage | StepUpdate, values: PlainValues) -> dict[str, Any]:
    """How weights are changed: by the only update of a step, or by one of several."""
    return {
        "optimizer": _configured(update.optimizer, values),
        "groups": {path: values.settings(settings) for path, settings in update.groups},
        "clip": None if update.clip is None else update.clip.norm,
        "clip_per_tensor": update.clip is not None and update.clip.is_per_tensor,
    }


def _term(program: Program, term: Term, names: Mapping[Node, str], values: PlainValues) -> TermPlan:
    return TermPlan(
        name=term.name,
        node=names[term.node],
        weight=values.scalar(term.weight),
        classes=classes_of(term.node, program.signatures, values.sizes),
        update=term.update,
        place=place_of(term.span),
    )


def _watch(watch: WatchedNumber, names: Mapping[Node, str]) -> WatchPlan:
    return WatchPlan(
        name=watch.name,
        node=names[watch.node],
        of_term=watch.of_term,
        update=watch.update,
        place=place_of(watch.span),
    )


def _evaluation(program: Program, evaluation: Evaluation, names: Mapping[Node, str]) -> EvaluationPlan:
    signature = program.signatures.get(evaluation.node.op)
    return EvaluationPlan(
        name=evaluation.name,
        node=names[evaluation.node],
        picture=signature.traits.picture if signature else "",
        place=place_of(evaluation.span),
    )


def classes_of(node: Node, signatures: Mapping[str, Signature], sizes: Mapping[str, int]) -> int | None:
    """Over how many classes a loss is a cross-entropy, or the mean of several; nothing if it is none, or of several."""
    if node.op in ("mean", "row_mean"):
        found = {classes_of(part, signatures, sizes) for part in node.inputs}
        return found.pop() if len(found) == 1 else None
    signature = signatures.get(node.op)
    if signature is None or not signature.traits.uniform:
        return None
    scores = signature.edges[0]
    at = scores.dims.index(signature.traits.uniform)
    at -= len(scores.dims) if "..." in scores.dims[:at] else 0  # counted from the end
    widths = {
        type_.dims[at].substitute(sizes).value
        for type_ in (part.type for part in node.inputs)
        if isinstance(type_, TensorType) and type_.kind == scores.kind and len(type_.dims) > at
    }
    return widths.pop() if len(widths) == 1 else None


def _batch_rows(signature: Signature | None, node: Node, sizes: Mapping[str, int]) -> dict[str, int]:
    """The setting that is the number of rows of the whole batch, where the spec leaves it out."""
    name = signature.traits.batch_rows if signature is not None else ""
    if not name or node.setting(name) is not None:
        return {}
    batches = (n.type for n in node.inputs if isinstance(n.type, TensorType) and n.type.is_of_batch)
    batch = next(batches, None)
    return {} if batch is None else {name: number_of(batch.dims[0], sizes, f"`{name}`")}


EVERY = "every"  # of a data op that is run again and again; its other times are shares of data, and no durations


def _node(
    graph: Graph, node: Node, names: Mapping[Node, str], values: PlainValues, signatures: Mapping[str, Signature]
) -> NodePlan:
    own = PlainValues(values.sizes, None) if is_data(node.type) else values
    pace = {name: value for name, value in node.settings if name == EVERY and is_data(node.type)}
    signature = signatures.get(node.op)
    places = (place_of(span) for span in node.spans)
    return NodePlan(
        id=names[node],
        op=node.op,
        inputs=tuple(names[n] for n in node.inputs),
        params=node.params,
        settings={
            **own.settings(tuple((n, v) for n, v in node.settings if n not in pace)),
            **{name: max(1, round(steps)) for name, steps in values.settings(tuple(pace.items())).items()},
            **_batch_rows(signature, node, values.sizes),
        },
        type=planned(with_sizes(node.type, values.sizes)),
        grad_modules=tuple(sorted(node.grad_modules)),
        draw=node.draw,
        rows=None if node.rows is None else names[node.rows],
        alias=node.alias,
        places=tuple(place for place in places if place is not None),
        placement=graph.places[node],
        update=graph.computed_in.get(node, 0),
        grad=node not in graph.no_grad,
    )


def _init(origin: InitFrom) -> InitPlan:
    return InitPlan(
        modules=origin.modules,
        stage=origin.stage,
        average=origin.average,
        file=origin.file,
        run=origin.run,
        key=origin.key,
        prefix=origin.prefix,
        memories=origin.memories,
        place=place_of(origin.span),
    )


def _streams(
    program: Program, stage: Stage, graph: Graph, names: Mapping[Node, str], sizes: Mapping[str, int]
) -> tuple[StreamPlan, ...]:
    """The streams that the graph draws from, in the order of the spec."""
    drawn = {str(node.setting("stream")): names[node.inputs[0]] for node in graph.nodes if node.op in ("draw", "rows")}
    batch = dict(stage.batch)
    return tuple(
        StreamPlan(name=s.name, data=drawn[s.name], rows=batch[s.name], size=_stream_size(program, s.name, sizes))
        for s in program.streams
        if s.name in drawn
    )


def _configured(op: Configured, values: PlainValues) -> OpPlan:
    return OpPlan(op=op.op, settings=values.settings(op.settings), place=place_of(op.span))


# Modules


def _module(program: Program, module: Module, clocks: Mapping[str, Clock], sizes: Mapping[str, int]) -> ModulePlan:
    clock = _clock_of(program, module, clocks)
    values = PlainValues(sizes, clock)
    known = ((name, size.substitute(sizes).value) for name, size in module.sizes)
    half_life: Duration | None = module.half_life
    return ModulePlan(
        path=module.path,
        op=module.op,
        kind="head" if module.kind == "head" else "net",
        sizes={name: size for name, size in known if size is not None},
        settings=PlainValues(sizes, None).settings(module.settings),
        average_of=module.average_of,
        momentum=None if module.momentum is None else values.timed(module.momentum),
        half_life=None if half_life is None or clock is None else clock.steps_of(half_life),
        place=place_of(module.span),
    )


def _clock_of(program: Program, module: Module, clocks: Mapping[str, Clock]) -> Clock | None:
    """The clock an average keeps time by: that of the first stage that trains what it averages."""
    sources = {other.path: other.average_of for other in program.modules}
    followed = module.average_of
    while sources.get(followed):  # an average may follow another
        followed = sources[followed]
    for stage in program.stages:
        if followed and is_trained(followed, stage.train):
            return clocks[stage.name]
    return next(iter(clocks.values()), None)
