"""From a checked experiment to its picture: every stage traced, terms weighted and added up, stages linked."""

from collections.abc import Iterable, Sequence

from attrs import evolve

from ssldsl.drawing.picture import Box, Cluster, DrawnEdge, Link, Picture
from ssldsl.drawing.tracing import Tracer, module_of
from ssldsl.ir import captions
from ssldsl.ir.modules import paths_of
from ssldsl.ir.nodes import Constant, Node
from ssldsl.ir.primitives import NETWORKS, PRIMITIVES
from ssldsl.ir.program import Evaluation, Program, Stage, Term, WatchedNumber
from ssldsl.ir.walk import ancestors, origins
from ssldsl.source import Source, Span

KINDS = ("stream", "view", "net", "head", "target", "memory", "loss", "total", "eval")


def picture_of(program: Program) -> Picture:
    """The picture of a method: every stage has its boxes, each box stands once in its stage."""
    tracers = [_traced(program, stage) for stage in program.stages]
    chained = [_chained(tracer) for tracer in tracers]
    boxes = [b for found, _ in chained for b in sorted(found, key=lambda b: KINDS.index(b.kind))]
    edges = [e for _, found in chained for e in found]
    used = {s for e in edges for s in e.streams}
    return Picture(
        program.name,
        tuple(_cluster(stage, program) for stage in program.stages),
        tuple(boxes),
        tuple(edges),
        tuple(_links(program)),
        tuple(s.name for s in program.streams if s.name in used),
        tuple(_sources(program, boxes, edges)),
    )


def _traced(program: Program, stage: Stage) -> Tracer:
    tracer = Tracer(program, stage)
    for term in stage.terms:
        _trace_term(tracer, term)
    if len(stage.terms) > 1 or any(t.weight != Constant(1) for t in stage.terms):
        for number, update in enumerate(stage.each_update):
            _add_total(tracer, stage, update.name or "loss", stage.terms_of(number))
    _add_averages(tracer, program)
    for watch in (watch for watch in stage.watches if not watch.of_term):
        _trace_watch(tracer, watch)
    for evaluation in stage.evaluations:
        _trace_evaluation(tracer, evaluation)
    return tracer


def _trace_term(tracer: Tracer, term: Term) -> None:
    """A term is one box with the losses it averages, and reads what they are multiplied by."""
    losses, factors = list(_losses(term.node)), list(_factors(term.node))
    title = term.name
    ops = dict.fromkeys(captions.call(n.op, n.settings, tracer.program.signatures) for n in losses)
    lines = [f"mean of {' and '.join(ops)}"] if len(ops) > 1 else list(ops)
    spans = [term.span, *(s for n in losses for s in tracer.stage.spans_of(n))]
    id = tracer.box(f"loss:{term.name}", "loss", title, spans=spans, lines=lines)
    tracer.boxes[id] = evolve(
        tracer.boxes[id], type=str(term.node.type), reach=tuple(sorted(tracer.learning(term.node.grad_modules)))
    )
    for value in (v for n in losses for v in tracer.into(n)):
        tracer.lane(value, id)
    for value in (v for n in factors for v in tracer.values(n)):
        tracer.lane(value, id)


def _losses(node: Node) -> Iterable[Node]:
    """The ops that a term is made of."""
    inner = _inner(node)
    if inner:
        for value in inner:
            yield from _losses(value)
    else:
        yield node


def _factors(node: Node) -> Iterable[Node]:
    """The masks, weights and numbers that losses are multiplied by."""
    yield from (n for n in node.inputs if _inner(node) and n not in _inner(node))
    for value in _inner(node):
        yield from _factors(value)


def _inner(node: Node) -> Sequence[Node]:
    """What a loss is a mean, a sum or a multiple of; nothing for what an op gives."""
    primitive = PRIMITIVES.get(node.op)
    return primitive.of_losses(node) if primitive is not None and primitive.of_losses is not None else ()


def _add_total(tracer: Tracer, stage: Stage, name: str, terms: Sequence[Term]) -> None:
    total = tracer.box(f"total:{name}", "total", name, spans=[t.span for t in terms])
    for term in terms:
        source = f"{stage.name}/loss:{term.name}"
        origins = tuple(e.id for e in tracer.edges.values() if e.target == source)
        id = f"{source}>total"
        text = f"{captions.TIMES} {captions.scalar(term.weight, tracer.program.signatures)}"
        reach = tuple(sorted(tracer.learning(term.node.grad_modules)))
        tracer.edges[id] = DrawnEdge(
            id,
            source,
            total,
            "weight",
            text=text,
            type=str(term.node.type),
            reach=reach,
            origins=origins,
            spans=(term.span,),
        )


def _add_averages(tracer: Tracer, program: Program) -> None:
    """An arrow from a net to the one that follows it by moving average, where both are drawn."""
    stage = tracer.stage.name
    for module in (m for m in program.modules if m.average_of):
        source, target = (_module_id(tracer, program, p) for p in (module.average_of, module.path))
        if source and target:
            text = (
                captions.scalar(module.momentum, program.signatures) if module.momentum else str(module.half_life or "")
            )
            spans = (module.span,) if module.span else ()
            id = f"{stage}/ema:{module.path}"
            tracer.edges[id] = DrawnEdge(id, source, target, "ema", text=f"average {text}".strip(), spans=spans)


def _module_id(tracer: Tracer, program: Program, path: str) -> str | None:
    module = module_of(program, path)
    title = module.title if module else path
    id = f"{tracer.stage.name}/{module.kind if module else 'net'}:{title}"
    return id if id in tracer.boxes else None


def _trace_evaluation(tracer: Tracer, evaluation: Evaluation) -> None:
    """A quiet box, joined to the last module of the net it measures."""
    whole, nets = list(_upstream(evaluation.node, "full_dataset")), list(_upstream(evaluation.node, *NETWORKS))
    texts = dict.fromkeys(captions.data(n.inputs[0], tracer.program.signatures) for n in whole)
    spans = [evaluation.span, *tracer.stage.spans_of(evaluation.node)]
    id = tracer.box(
        f"eval:{evaluation.name}", "eval", evaluation.name, spans=spans, lines=[f"on {t}" for t in texts][:1]
    )
    tracer.boxes[id] = evolve(tracer.boxes[id], type=str(evaluation.node.type))
    for net in nets[:1]:
        source = _module_id(tracer, tracer.program, paths_of(net)[-1])
        if source is not None:
            edge = f"{source}>eval:{evaluation.name}"
            tracer.edges[edge] = DrawnEdge(edge, source, id, "eval", spans=(evaluation.span,))


def _trace_watch(tracer: Tracer, watch: WatchedNumber) -> None:
    """A quiet box, joined to what it looks at."""
    spans = [watch.span, *tracer.stage.spans_of(watch.node)]
    id = tracer.box(f"eval:watch {watch.name}", "eval", watch.name, spans=spans, lines=["watched"])
    tracer.boxes[id] = evolve(tracer.boxes[id], type=str(watch.node.type))
    for source in dict.fromkeys(value.box for node in _losses(watch.node) for value in tracer.into(node)):
        edge = f"{source}>eval:watch {watch.name}"
        tracer.edges[edge] = DrawnEdge(edge, source, id, "eval", spans=(watch.span,))


def _upstream(node: Node, *ops: str) -> Iterable[Node]:
    """The nearest nodes of these ops, in the order they are read; nothing beyond a net."""
    if node.op in ops:
        yield node
    elif node.op not in NETWORKS:
        yield from dict.fromkeys(n for i in node.inputs for n in _upstream(i, *ops))


def _chained(tracer: Tracer) -> tuple[list[Box], list[DrawnEdge]]:
    """One box for a chain of views that everything passes from end to end."""
    boxes, edges = dict(tracer.boxes), dict(tracer.edges)
    for id in list(boxes):
        incoming = [e for e in edges.values() if e.target == id]
        sources = {e.source for e in incoming}
        if boxes[id].kind != "view" or len(sources) != 1:
            continue
        first = boxes[sources.pop()]
        is_chain = first.kind == "view" and {e.target for e in edges.values() if e.source == first.id} == {id}
        if is_chain and boxes[id].title in ("", first.title):
            _join(boxes, edges, first, boxes[id])
    return [_titled(b) if b.kind == "view" else b for b in boxes.values()], list(edges.values())


def _join(boxes: dict[str, Box], edges: dict[str, DrawnEdge], first: Box, second: Box) -> None:
    spans = tuple(dict.fromkeys(first.spans + second.spans))
    boxes[second.id] = evolve(second, chips=first.chips + second.chips, spans=spans)
    del boxes[first.id]
    inner = {e.id: e for e in edges.values() if e.target == second.id}
    for id in inner:
        del edges[id]
    for edge in list(edges.values()):
        if edge.target == first.id:
            edges[edge.id] = evolve(edge, target=second.id)
        elif edge.source == second.id:
            origins = tuple(dict.fromkeys(o for i in edge.origins for o in (inner[i].origins if i in inner else (i,))))
            edges[edge.id] = evolve(edge, origins=origins)


def _titled(view: Box) -> Box:
    """A view without a name that does one thing is called after it; one that is drawn several times says how often."""
    title, lines, chips = view.title, view.lines, view.chips
    if not title and len(chips) == 1:
        op, _, inside = chips[0].removesuffix(")").partition("(")
        (title, lines), chips = captions.titled(op, inside), ()
    if view.count > 1:
        title = f"{view.count} {captions.TIMES} {title}" if title else f"{view.count} draws"
    return evolve(view, title=title, lines=lines, chips=chips)


def _cluster(stage: Stage, program: Program) -> Cluster:
    spans = (stage.span,) if stage.span else ()
    return Cluster(stage.name, stage.name, captions.stage_lines(stage, program), spans)


def _links(program: Program) -> Iterable[Link]:
    for stage in program.stages:
        for init in (i for i in stage.init if i.stage and not i.run):
            yield Link(init.stage, stage.name, captions.init(init))
        linked = {i.stage for i in stage.init if not i.run}
        for earlier, text in _labels(stage):
            linked.add(earlier)
            yield Link(earlier, stage.name, text)
        for earlier in (a for a in stage.after if a not in linked):
            yield Link(earlier, stage.name, "")


def _labels(stage: Stage) -> Iterable[tuple[str, str]]:
    """The stages whose networks make data of this one, and what is said of it."""
    streams: dict[tuple[str, bool], dict[str, None]] = {}
    for node in ancestors(stage.roots):
        if node.op in ("draw", "full_dataset"):
            for origin in origins(node.inputs):
                name = str(node.setting("stream") or "")
                streams.setdefault(origin, {}).update({name: None} if name else {})
    for (earlier, average), names in streams.items():
        weights = f"the average of {earlier}" if average else earlier
        yield earlier, f"{', '.join(captions.local(stage.name, n) for n in names) or 'data'} labeled by {weights}"


def _sources(program: Program, boxes: Iterable[Box], edges: Iterable[DrawnEdge]) -> Iterable[Source]:
    """The texts that anything drawn was written in, the experiment's own first."""
    spans: list[Span] = [s.span for s in program.streams if s.span] + [t.span for s in program.stages for t in s.terms]
    spans += [s for box in boxes for s in box.spans] + [s for edge in edges for s in edge.spans]
    return dict.fromkeys(s.source for s in spans)
