"""The meaning of an experiment without its accidents: names, the order of terms, how a product is written.

Two experiments of equal `identity` minimize the same losses over the same data in the same way. Names are replaced by
colors: every module, stream and random draw gets one, made of what it is and of where it occurs, refined a few times.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from attrs import define, evolve, field, frozen

from ssldsl.ir.modules import couples_batch, owner
from ssldsl.ir.nodes import Combined, Constant, Curve, Node, Scalar, Setting
from ssldsl.ir.primitives import COMMUTATIVE, PRIMITIVES
from ssldsl.ir.program import Configured, InitFrom, Module, Program, Stage, StepUpdate, Stream
from ssldsl.ir.walk import walk

PLACES = frozenset({"root"})  # settings that say where files lie, not what is in them
ROUNDS = 3

Naming = Callable[[str, str], str]  # (kind, name) -> what stands for it


def digest(value: object) -> str:
    """A short hash of plain nested data."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def scalar_form(value: Scalar) -> Any:
    """A scalar with constants folded, and sums and products in a fixed order."""
    match value:
        case Constant():
            return float(value.value)
        case Curve():
            return (value.op, settings_form(value.settings))
        case Combined(op="then"):
            return ("then", scalar_form(value.left), scalar_form(value.right), str(value.length))
        case Combined():
            return _arithmetic(value)


def _arithmetic(value: Combined) -> Any:
    left, right = scalar_form(value.left), scalar_form(value.right)
    if isinstance(left, float) and isinstance(right, float):
        operations = {
            "+": left + right,
            "-": left - right,
            "*": left * right,
            "/": left / right if right else float("nan"),
        }
        return operations[value.op]
    if value.op in "-/":
        return (value.op, left, right)
    parts = [
        p for side in (left, right) for p in (side[1] if isinstance(side, tuple) and side[0] == value.op else (side,))
    ]
    numbers = [p for p in parts if isinstance(p, float)]
    others = sorted((p for p in parts if not isinstance(p, float)), key=repr)
    unit = 1.0 if value.op == "*" else 0.0
    total = unit
    for number in numbers:
        total = total * number if value.op == "*" else total + number
    kept = ([total] if total != unit else []) + others
    return kept[0] if len(kept) == 1 else (value.op, tuple(kept))


def setting_form(value: Setting) -> Any:
    """A setting as plain data: `1` and `1.0` stay apart, a schedule that is constant is its number."""
    if isinstance(value, Constant | Curve | Combined):
        return scalar_form(value)
    if isinstance(value, tuple | list):
        return tuple(setting_form(v) for v in value)
    return repr(value)


def settings_form(settings: Iterable[tuple[str, Setting]]) -> Any:
    return tuple(sorted((k, setting_form(v)) for k, v in settings if k not in PLACES))


def configured_form(value: Configured | None) -> Any:
    return None if value is None else (value.op, settings_form(value.settings))


@define
class Forms:
    """The forms of the nodes of one program: what they are without any name, and with names as a naming gives them."""

    _bare: dict[int, str] = field(factory=dict)

    def bare(self, node: Node) -> str:
        """What a node is, with every module, stream and draw alike."""
        for each in walk([node], lambda n: () if n.id in self._bare else n.inputs):
            if each.id not in self._bare:
                arranged = self._arranged(each)
                inputs = [self._bare[i.id] for i in arranged.inputs]
                kept = [(k, v) for k, v in arranged.settings if not is_name(each, k)]
                self._bare[each.id] = digest((each.op, settings_form(kept), each.params, bool(each.draw), inputs))
        return self._bare[node.id]

    def walk(self, root: Node) -> list[Node]:
        """The node and all it depends on, inputs before users; those of a mean or a sum in an order of their own."""
        return walk([root], lambda node: self._arranged(node).inputs)

    def _arranged(self, node: Node) -> Node:
        """The inputs of sums and products in an order of their own, with the factors that go with them."""
        if node.op not in COMMUTATIVE:
            return node
        paired = PRIMITIVES[node.op].paired
        parts = sorted(zip(node.setting(paired) or (1,) * len(node.inputs), node.inputs, strict=True), key=self._part)
        settings = tuple((k, tuple(f for f, _ in parts) if k == paired else v) for k, v in node.settings)
        return evolve(node, inputs=tuple(n for _, n in parts), settings=settings)

    def _part(self, part: tuple[Setting, Node]) -> tuple[str, str]:
        return repr(setting_form(part[0])), self.bare(part[1])

    def form(self, root: Node, naming: Naming) -> tuple[Any, ...]:
        """The node as a list of lines, inputs before users, names as `naming` says, numbered where it says the same."""
        labels, nodes = NodeLabels(naming), [self._arranged(node) for node in self.walk(root)]
        index = {node.id: i for i, node in enumerate(nodes)}
        return tuple(
            (n.op, labels.settings(n), n.params, labels.draw(n), [index[i.id] for i in n.inputs]) for n in nodes
        )

    def names(self, root: Node, naming: Naming) -> list[tuple[str, str, str]]:
        """Every module, stream and draw of a root, with its label inside it."""
        labels = NodeLabels(naming)
        for node in self.walk(root):
            labels.settings(node)
            labels.draw(node)
        return [(kind, name, label) for (kind, name), label in labels.seen.items()]


def is_name(node: Node, setting: str) -> bool:
    """Whether a setting of a node is the name of a module, a stage or a stream."""
    return setting in _kinds(node)


def _kinds(node: Node) -> dict[str, str]:
    """The settings of a node that are names, and what they name."""
    primitive = PRIMITIVES.get(node.op)
    return dict(primitive.names) if primitive is not None else {}


@define
class NodeLabels:
    """Names inside one root: what the naming says, and a number for each further one of which it says the same."""

    naming: Naming
    seen: dict[tuple[str, str], str] = field(factory=dict)
    counts: dict[str, int] = field(factory=dict)

    def of(self, kind: str, name: str) -> str:
        if (kind, name) not in self.seen:
            said = f"{kind}:{self.naming(kind, name)}"
            self.counts[said] = self.counts.get(said, 0) + 1
            self.seen[kind, name] = f"{said}#{self.counts[said]}"
        return self.seen[kind, name]

    def settings(self, node: Node) -> Any:
        plain = settings_form((k, v) for k, v in node.settings if not is_name(node, k))
        kinds = _kinds(node)
        return (plain, [self.of(kinds[k], str(v)) for k, v in node.settings if k in kinds])

    def draw(self, node: Node) -> str:
        return self.of("draw", node.draw) if node.draw else ""


@frozen
class Root:
    """A node that means something by itself: a term of a stage with its weight, a watch, or an evaluation."""

    stage: int
    role: Any
    node: Node


def roots(program: Program) -> list[Root]:
    found = []
    for i, stage in enumerate(program.stages):
        found += [Root(i, ("term", scalar_form(t.weight)), t.node) for t in stage.terms]
        found += [Root(i, ("watch",), w.node) for w in stage.watches if not w.of_term]
        found += [Root(i, ("eval",), e.node) for e in stage.evaluations]
    return found


@define
class Colors:
    """A color for every module, stream and draw, that does not depend on its name."""

    program: Program
    forms: Forms = field(factory=Forms)
    color: dict[tuple[str, str], str] = field(factory=dict)

    @property
    def paths(self) -> list[str]:
        """The modules of the program."""
        return [module.path for module in self.program.modules]

    def refine(self) -> "Colors":
        """Start from what a thing is; then look, again and again, at where it is used."""
        for module in self.program.modules:
            self.color["module", module.path] = digest(_module_form(module))
        for i, stage in enumerate(self.program.stages):
            self.color["stage", stage.name] = digest(i)
        for stream in self.program.streams:
            self.color["stream", stream.name] = digest(self._stream_form(stream))
        for _ in range(ROUNDS):
            uses = self._uses()
            keys = {*self.color, *uses}
            self.color = {key: digest((self.color.get(key, ""), sorted(uses.get(key, ())))) for key in keys}
        return self

    def naming(self, stage: int) -> Naming:
        def name(kind: str, name: str) -> str:
            return self.color.get((kind, f"{stage}/{name}" if kind == "draw" else name), "")

        return name

    def _stream_form(self, stream: Stream) -> Any:
        return self.forms.bare(stream.data) if stream.data is not None else "join"

    def _uses(self) -> dict[tuple[str, str], list[str]]:
        """In which roots, and where in them, everything with a name occurs; and in which settings of stages."""
        uses: dict[tuple[str, str], list[str]] = {}

        def note(path: str, use: str) -> None:
            module, part = owner(self.paths, path)
            uses.setdefault(("module", module), []).append(f"{use} {part}")

        for root in roots(self.program):
            naming = self.naming(root.stage)
            here = digest((root.stage, root.role, self.forms.form(root.node, naming)))
            for kind, name, label in self.forms.names(root.node, naming):
                key = (kind, f"{root.stage}/{name}" if kind == "draw" else name)
                uses.setdefault(key, []).append(f"{here} {label}")
        for i, stage in enumerate(self.program.stages):
            for path in stage.train:
                note(path, f"train {i}")
            for k, init in enumerate(stage.init):
                for path in init.modules:
                    note(path, f"init {i} {k}")
            for name, rows in stage.batch:
                uses.setdefault(("stream", name), []).append(f"batch {i} {rows} {stage.clock == name}")
        for module in (m for m in self.program.modules if m.average_of):
            uses.setdefault(("module", module.path), []).append("follows " + self.color["module", module.average_of])
        return uses


def _module_form(module: Module) -> Any:
    sizes = [(k, d.value) for k, d in module.sizes]
    momentum = None if module.momentum is None else scalar_form(module.momentum)
    return (
        module.kind,
        module.op,
        sizes,
        settings_form(module.settings),
        bool(module.average_of),
        momentum,
        str(module.half_life),
    )


def identity(program: Program) -> str:
    """A hash of what the experiment means.

    Equal for two specs that differ only in names, format, the order of terms, or in how they are executed.
    """
    colors = Colors(program).refine()
    stages = [_stage_form(colors, i, stage) for i, stage in enumerate(program.stages)]
    return hashlib.sha256(repr((program.seed, stages)).encode()).hexdigest()


def _stage_form(colors: Colors, number: int, stage: Stage) -> Any:
    index = {s.name: i for i, s in enumerate(colors.program.stages)}
    naming = colors.naming(number)
    terms = sorted(
        repr((scalar_form(t.weight), colors.forms.form(t.node, naming), *([t.update] if t.update else [])))
        for t in stage.terms
    )
    evaluations = sorted(repr(colors.forms.form(e.node, naming)) for e in stage.evaluations)
    evaluations += sorted(repr(("watch", colors.forms.form(w.node, naming))) for w in stage.watches if not w.of_term)
    modules = {
        colors.color["module", name]
        for root in roots(colors.program)
        if root.stage == number
        for kind, name, _ in colors.forms.names(root.node, naming)
        if kind == "module"
    }
    groups = _groups_form(colors, stage)
    updates = [
        (sorted(_color_of(colors, path) for path in update.train), configured_form(update.optimizer),
         _groups_form(colors, update), update.clip)
        for update in stage.updates
    ]  # fmt: skip
    batch = sorted((colors.color.get(("stream", name), name), rows) for name, rows in stage.batch)
    coupled = (stage.forward, stage.statistics, stage.accumulate) if couples_batch(stage) else None
    return (
        sorted(index.get(a, -1) for a in stage.after), terms, evaluations, sorted(modules),
        sorted(_color_of(colors, path) for path in stage.train), [_init_form(colors, i, index) for i in stage.init],
        configured_form(stage.optimizer), groups, batch, colors.color.get(("stream", stage.clock), stage.clock),
        repr(stage.run), coupled, configured_form(stage.average), stage.clip, *([stage.keep] if stage.keep else []),
        *([updates, repr(stage.turns)] if updates else []),
    )  # fmt: skip


def _groups_form(colors: Colors, of: Stage | StepUpdate) -> list[Any]:
    return sorted((_color_of(colors, path), settings_form(settings)) for path, settings in of.groups)


def _init_form(colors: Colors, init: InitFrom, index: dict[str, int]) -> Any:
    return (
        sorted(_color_of(colors, p) for p in init.modules),
        init.stage if init.run else index.get(init.stage, init.stage),
        init.average,
        init.file,
        init.run,
        init.key,
        init.prefix,
        init.memories,
    )


def _color_of(colors: Colors, path: str) -> str:
    module, part = owner(colors.paths, path)
    return f"{colors.color.get(('module', module), module)} {part}"
