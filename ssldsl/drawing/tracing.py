"""Following values through one stage: what leaves which box, along which lane.

Plumbing (rows, repeats, fields, joins, means) has no box: a value passes through it. Applying a net leads through the
boxes of its modules, one box a module. Values that differ in nothing but their draw share a lane.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from attrs import define, evolve, field, frozen

from ssldsl.drawing.picture import Box, BoxKind, DrawnEdge, EdgeKind
from ssldsl.ir import captions
from ssldsl.ir.modules import owner, parts, paths_of
from ssldsl.ir.nodes import Node
from ssldsl.ir.primitives import NETWORKS, PRIMITIVES, WITH_BATCH
from ssldsl.ir.program import Module, Program, Stage
from ssldsl.source import Span
from ssldsl.types import NetType, TensorType, Type

BOXES: Mapping[str, BoxKind] = {"views": "view", "memory": "memory"}  # of the roles that are drawn in their own way


@frozen
class Value:
    """What leaves a box. `path`: the boxes it came through; `lanes`: the lanes into its box that it continues."""

    box: str
    path: tuple[str, ...]
    streams: tuple[str, ...]
    kind: EdgeKind
    node: Node = field(eq=False)
    type: Type = field(eq=False)
    reach: frozenset[str] = field(default=frozenset(), eq=False)
    detached: bool = False
    name: str = ""
    lanes: tuple[str, ...] = field(default=(), eq=False)


@define
class Tracer:
    """Collects the boxes and lanes of one stage."""

    program: Program
    stage: Stage
    boxes: dict[str, Box] = field(factory=dict)
    edges: dict[str, DrawnEdge] = field(factory=dict)
    _values: dict[int, tuple[Value, ...]] = field(factory=dict)
    _seen: dict[str, set[int]] = field(factory=dict)
    _structures: dict[str, list[tuple[str, ...]]] = field(factory=dict)
    _drawn_views: dict[str, Counter[str]] = field(factory=dict)

    # --- boxes and lanes ---------------------------------------------------------------------------------------

    def box(self, key: str, kind: BoxKind, title: str, *, spans: Sequence[Span] = (), lines: Sequence[str] = ()) -> str:
        """The box with this key, made when first met; later meetings add their spans."""
        id = f"{self.stage.name}/{key}"
        if id not in self.boxes:
            self.boxes[id] = Box(id, kind, title, tuple(lines))
        self._note(id, spans=spans)
        return id

    def _note(self, id: str, *, spans: Sequence[Span] = (), type: str = "", reach: Iterable[str] = ()) -> None:
        box = self.boxes[id]
        types = box.type.split("\n") if box.type else []
        self.boxes[id] = evolve(
            box,
            spans=tuple(dict.fromkeys([*box.spans, *spans])),
            type="\n".join(dict.fromkeys([*types, *([type] if type else [])])),
            reach=tuple(sorted({*box.reach, *reach})),
        )

    def lane(self, value: Value, target: str, kind: EdgeKind | None = None) -> str:
        """The lane that brings a value to a box; one more value on it where there is one already."""
        path = ">".join(p.split("/", 1)[1] for p in value.path)
        marks = ("~" if value.detached else "") + value.name
        id = f"{self.stage.name}/{path}>{target.split('/', 1)[1]}|{'+'.join(value.streams)}|{kind or value.kind}{marks}"
        seen = self._seen.setdefault(id, set())
        if value.node.id >= 0:
            seen.add(value.node.id)
        if id not in self.edges:
            self.edges[id] = DrawnEdge(
                id,
                value.box,
                target,
                kind or value.kind,
                value.streams,
                value.detached,
                text=value.name,
                shape=captions.shape(value.type, dict(self.stage.batch)),
                type=str(value.type),
                reach=tuple(sorted(value.reach)),
                origins=value.lanes,
                spans=self.stage.spans_of(value.node),
            )
        self.edges[id] = evolve(self.edges[id], count=max(1, len(seen)))
        return id

    # --- values ------------------------------------------------------------------------------------------------

    def values(self, node: Node) -> tuple[Value, ...]:
        """What the drawing shows of a node: one value, several for a join, none for what has no tensor of a stream."""
        if node.id not in self._values:
            self._values[node.id] = tuple(dict.fromkeys(self._trace(node)))
        return self._values[node.id]

    def _trace(self, node: Node) -> Iterable[Value]:
        primitive = PRIMITIVES.get(node.op)
        if primitive is None:
            in_stream = self._in_stream(node)
            return [self._chip(node, v) for v in self._inputs(node)] if in_stream else self._applied(node)
        match primitive.drawn:
            case "stream":
                return [self._drawn(node)]
            case "numbers":
                return [self._numbers(rows, node) for rows in _rows(node)]
            case "through":
                return self._passed(node)
            case "modules":
                return self._forward(node)
            case "nothing":
                return []

    def _inputs(self, node: Node) -> list[Value]:
        return list(dict.fromkeys(v for i in node.inputs for v in self.values(i)))

    def _drawn(self, node: Node) -> Value:
        name = str(node.setting("stream"))
        id = self.box(f"stream:{name}", "stream", captions.local(self.stage.name, name))
        if not self.boxes[id].lines:
            stream = next((s for s in self.program.streams if s.name == name), None)
            lines = [captions.samples(stream, dict(self.stage.batch).get(name))] if stream else []
            lines += [captions.data(i, self.program.signatures) for i in node.inputs]
            spans = (stream.span,) if stream and stream.span else ()
            self.boxes[id] = evolve(self.boxes[id], lines=tuple(lines), spans=spans)
        if PRIMITIVES[node.op].drawn == "nothing":
            return Value(id, (id,), (name,), "label", node, node.type)
        is_label = isinstance(node.type, TensorType) and node.type.kind == "Labels"
        self._note(id, type=str(node.type))
        field_name = str(node.setting("field") or "")
        return Value(
            id, (id,), (name,), "label" if is_label else "data", node, node.type, name=field_name if is_label else ""
        )

    def _numbers(self, rows: Node, node: Node) -> Value:
        """The numbers of a stream's samples, which come with it."""
        return evolve(self._drawn(rows), name="index", node=node, type=node.type)

    def _in_stream(self, node: Node) -> bool:
        """Whether a view is part of a stream's declaration, and so of its draw."""
        if self._role(node) != "views":
            return False
        return node.within in {v.box.split("/stream:", 1)[1] for v in self._inputs(node) if "/stream:" in v.box}

    def _chip(self, node: Node, value: Value) -> Value:
        box = self.boxes[value.box]
        chip = captions.view(node.op, node.settings, self.program.signatures)
        self.boxes[box.id] = evolve(box, chips=tuple(dict.fromkeys([*box.chips, chip])))
        return evolve(value, node=node, type=node.type) if value.kind == "data" else value

    def _passed(self, node: Node) -> Iterable[Value]:
        for value in self._inputs(node):
            if node.op == "field" and isinstance(node.type, TensorType):
                is_label = node.type.kind == "Labels"
                name = str(node.setting("name")) if is_label else ""
                value = evolve(value, kind="label" if is_label else "data", name=name, node=node, type=node.type)
            if node.op == "stop" and any(_is_module(p) for p in value.path):
                value = evolve(value, detached=True, reach=frozenset())
            asked = PRIMITIVES[node.op].asked
            if asked is not None:
                value = evolve(value, detached=True, reach=frozenset(), name=asked(node), type=node.type)
            yield value

    def _forward(self, node: Node) -> list[Value]:
        """What a net gives. Further inputs, which one network alone takes, go into its box beside the batch."""
        net, batch, *further = node.inputs
        found = self._through(net, self.values(batch), node)
        for box in dict.fromkeys(value.box for value in found):
            for value in (value for each in further for value in self.values(each)):
                self.lane(value, box)
        return found

    def _through(self, net: Node, values: Sequence[Value], node: Node) -> list[Value]:
        """The values behind a net: each passes the boxes of its modules in order."""
        later = set(paths_of(net))
        for part in parts(net):
            path = str(part.setting("name"))
            later.discard(path)
            reach = self.learning(node.grad_modules - later)
            values = [self._module(path, v, node, _behind(part, v, node, not later), reach) for v in values]
        return list(values)

    def learning(self, grad_modules: frozenset[str]) -> frozenset[str]:
        """Of the modules that a gradient would reach, those that this stage trains."""
        return frozenset(m for m in grad_modules if any(_within(t, m) or _within(m, t) for t in self.stage.train))

    def _module(self, path: str, value: Value, node: Node, type: Type, reach: frozenset[str]) -> Value:
        module = module_of(self.program, path)
        id = self._module_box(path, module)
        lane = self.lane(value, id)
        self._note(id, type=str(type), reach=reach)
        detached = (module is not None and bool(module.average_of)) or not reach
        return Value(id, (*value.path, id), value.streams, "data", node, type, reach, detached, "", (lane,))

    def _module_box(self, path: str, module: Module | None) -> str:
        if module is None:
            return self.box(f"net:{path}", "net", path)
        kind: BoxKind = "head" if module.kind == "head" else "net"
        spans = (module.span,) if module.span else ()
        alike = sum(m.of_list == module.of_list and m.title == module.title for m in self.program.modules)
        count = f"{alike} {captions.TIMES} " if module.of_list else ""
        lines = (f"{count}{captions.module(module, self.program.signatures)}",)
        title = module.title  # a list of networks is one box, and so is each part of them
        id = self.box(f"{kind}:{title}", kind, title, spans=spans, lines=lines)
        frozen = not self.learning(frozenset({path})) and not module.average_of
        self.boxes[id] = evolve(self.boxes[id], frozen=frozen, average=bool(module.average_of))
        return id

    def _applied(self, node: Node) -> list[Value]:
        """An op of the library that has a box of its own."""
        kind = BOXES.get(self._role(node), "target")
        inputs = self.into(node)
        before = sorted({v.box for v in inputs if "stream:" not in v.box})
        if kind == "view":
            id = self._view(node, before, {s for v in inputs for s in v.streams})
        else:
            text = captions.arguments(node.op, node.settings, self.program.signatures)
            title, lines = captions.titled(node.op, text)
            id = self.box(
                self._short(kind, node.op, (text, *before)), kind, title, spans=self.stage.spans_of(node), lines=lines
            )
        lanes = {v: self.lane(v, id) for v in inputs}
        grad_modules = self.learning(node.grad_modules)
        self._note(id, type=str(node.type), reach=grad_modules)
        detached = not grad_modules and any(v.detached or any(map(_is_module, v.path)) for v in inputs)
        main = [v for v in inputs if v.kind == "data"]
        if sum(any(v.kind == "data" for v in self.values(i)) for i in node.inputs) == 1:
            return [
                Value(id, (*v.path, id), v.streams, "data", node, node.type, grad_modules, detached, "", (lanes[v],))
                for v in main
            ]
        streams = tuple(dict.fromkeys(s for v in main for s in v.streams))
        return [Value(id, (id,), streams, "data", node, node.type, grad_modules, detached, "", tuple(lanes.values()))]

    def _view(self, node: Node, before: list[str], streams: set[str]) -> str:
        """A view under the name that it is declared by, if any; it counts how often it is drawn of one stream."""
        text = captions.view(node.op, node.settings, self.program.signatures)
        path = f"{node.within}.{node.op}" if node.within else node.op
        id = self.box(self._short("view", path, (text, *before)), "view", node.within, spans=self.stage.spans_of(node))
        drawn = self._drawn_views.setdefault(id, Counter())
        drawn.update(streams)
        self.boxes[id] = evolve(self.boxes[id], chips=(text,), count=max(drawn.values(), default=1))
        return id

    def _short(self, kind: str, op: str, structure: tuple[str, ...]) -> str:
        """A key that is the same in every stage and every variant where the op has the same place among its like."""
        known = self._structures.setdefault(f"{kind}:{op}", [])
        if structure not in known:
            known.append(structure)
        number = known.index(structure) + 1
        return f"{kind}:{op}" + (f"#{number}" if number > 1 else "")

    def into(self, node: Node) -> list[Value]:
        """The values an op reads. Where it takes a net and runs it itself, they pass the net's boxes on their way."""
        inputs = self._inputs(node)
        for net in (i for i in node.inputs if i.op in NETWORKS):
            raw = [v for v in inputs if v.kind == "data" and not any(_is_module(p) for p in v.path)]
            passed = self._through(net, raw, _inside(node, net))
            known = {(v.box, v.streams) for v in inputs}
            inputs = [v for v in inputs if v not in raw] + [v for v in passed if (v.box, v.streams) not in known]
        return inputs

    def _role(self, node: Node) -> str:
        signature = self.program.signatures.get(node.op)
        return signature.role if signature else ""


def _rows(node: Node) -> list[Node]:
    """The draws whose samples the rows of a value are."""
    return [node] if node.op in WITH_BATCH else [rows for i in node.inputs for rows in _rows(i)]


def _behind(part: Node, value: Value, node: Node, is_last: bool) -> Type:
    """The type of a value behind one part of a net."""
    if (is_last and node.id >= 0) or not isinstance(part.type, NetType) or not isinstance(value.type, TensorType):
        return node.type
    target = part.type.target
    return evolve(target, dims=tuple(d.substitute({"batch": value.type.dims[0]}) for d in target.dims))


def _inside(node: Node, net: Node) -> Node:
    """What a net gives inside an op that runs it: no node of the program, so one that looks like it."""
    target = net.type.target if isinstance(net.type, NetType) else net.type
    grad_modules = node.grad_modules | {*paths_of(net)}
    return Node(-node.id - 1, "apply", (), (), (), target, grad_modules, spans=node.spans)


def module_of(program: Program, path: str) -> Module | None:
    """The module a path names, itself or by one of its parts."""
    modules = {module.path: module for module in program.modules}
    return modules.get(owner(modules, path)[0])


def _within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(outer + ".")


def _is_module(box: str) -> bool:
    return box.split("/", 1)[1].startswith(("net:", "head:"))
