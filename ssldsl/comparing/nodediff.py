"""Where two values differ, at the smallest subterm: one setting, one op put in between, one net for another."""

from collections.abc import Iterator, Sequence
from typing import Any

from attrs import define, field, frozen

from ssldsl.comparing.canonical import PLACES, is_name, setting_form
from ssldsl.comparing.matching import Matching
from ssldsl.ir import captions
from ssldsl.ir.nodes import Duration, Node, Setting
from ssldsl.ir.primitives import COMMUTATIVE, NETWORKS, PRIMITIVES
from ssldsl.ir.program import Stage
from ssldsl.source import Span
from ssldsl.types import TensorType

PLUMBING = frozenset(name for name, primitive in PRIMITIVES.items() if not primitive.is_origin)
TOLD = frozenset(name for name, primitive in PRIMITIVES.items() if primitive.short is not None)
IMPLIED = frozenset(name for name, primitive in PRIMITIVES.items() if primitive.is_implied)
DEPTH = 8  # how many ops put in between are still seen as put in between


@frozen
class Difference:
    """One difference: where, what it was and what it became (empty: it was not there), and where both are written."""

    path: str
    before: str
    after: str
    first: Span | None = None
    second: Span | None = None
    is_place: bool = False


@define
class NodeDiff:
    """Compares nodes of two matched experiments; a pair that a stage meets again is not described again.

    stages: those whose nodes are compared, for the places where they write them; none of what stages share.
    """

    matching: Matching
    stages: tuple[Stage | None, Stage | None] = (None, None)
    found: list[Difference] = field(factory=list)
    seen: set[tuple[int, int]] = field(factory=set)
    _same: dict[tuple[int, int], bool] = field(factory=dict)
    _forms: tuple[dict[int, Any], dict[int, Any]] = field(factory=lambda: ({}, {}))

    def compare(self, a: Node, b: Node, path: str, head: bool = True, above: tuple[Node, Node] | None = None) -> None:
        """Describe every difference between two nodes.

        head: no op of the library has given the path its name yet. above: what the nodes were reached from.
        """
        if (a.id, b.id) in self.seen or self.same(a, b):
            return
        self.seen.add((a.id, b.id))
        if a.op != b.op or (len(a.inputs) != len(b.inputs) and a.op not in COMMUTATIVE):
            self._other(a, b, path)
            return
        if a.op == "net":
            self._net(a, b, path, above or (a, b))
            return
        here = self._path(a, path)
        if a.op not in IMPLIED:
            self._settings(a, b, here if head or a.op in PLUMBING else f"{here}.{a.op}")
        below = head and a.op in PLUMBING
        around = (above or (a, b)) if a.op in NETWORKS else (a, b)
        for x, y in self._inputs(a, b, path):
            self.compare(x, y, path, below, around)

    def same(self, a: Node, b: Node) -> bool:
        """Whether two nodes mean the same, names matched and draws told apart by where they occur."""
        key = (a.id, b.id)
        if key not in self._same:
            self._same[key] = self._form(0, a) == self._form(1, b)
        return self._same[key]

    def _form(self, side: int, node: Node) -> Any:
        known = self._forms[side]
        if node.id not in known:
            known[node.id] = self.matching.forms[side].form(node, self.matching.naming(side))
        return known[node.id]

    def _path(self, node: Node, path: str) -> str:
        """A view that a stream declares is found under the stream, wherever it was met."""
        if "/" in node.draw and node.draw.split("/")[0] in self.matching.streams:
            return f"stream.{node.draw.split('/')[0]}"
        return path

    def _inputs(self, a: Node, b: Node, path: str) -> Iterator[tuple[Node, Node]]:
        if a.op not in COMMUTATIVE:
            yield from zip(a.inputs, b.inputs, strict=True)
            return
        left, right = list(a.inputs), list(b.inputs)
        for x in list(left):
            twin = next((y for y in right if self.same(x, y)), None)
            if twin is not None:
                left.remove(x)
                right.remove(twin)
        yield from zip(left, right, strict=False)
        for x in left[len(right) :]:
            self._add(path, text(x), "", x, None)
        for y in right[len(left) :]:
            self._add(path, "", text(y), None, y)

    def _settings(self, a: Node, b: Node, path: str) -> None:
        if a.op == "source" and a.setting("op") != b.setting("op"):
            self._add(f"{path.removesuffix('.source')}.data", text(a), text(b), a, b)
            return
        before, after = dict(a.settings), dict(b.settings)
        for name in dict.fromkeys((*before, *after)):
            if is_name(a, name):
                one, two = str(before.get(name)), str(after.get(name))
                if self.matching.streams.get(one) != two:
                    self._add(f"{path}.stream", one, two, a, b)
            elif setting_form(before.get(name)) != setting_form(after.get(name)):
                self._add(f"{path}.{name}", written(before.get(name)), written(after.get(name)), a, b, name in PLACES)

    def _net(self, a: Node, b: Node, path: str, above: tuple[Node, Node]) -> None:
        renamed = self.matching.modules.get(str(a.setting("name"))), self.matching.stages.get(str(a.setting("stage")))
        there = str(b.setting("name")), b.setting("stage")
        if renamed != there or any(a.setting(name) != b.setting(name) for name in ("average", "mode", "by")):
            self._add(f"{path}.net", text(a), text(b), *above)

    def _other(self, a: Node, b: Node, path: str) -> None:
        """Different ops: one may be the other with ops put after it, which then are named; else both are."""
        inner = self._inside(a, b)
        if inner is None:
            self._add(path, text(a), text(b), a, b)
            return
        is_added, base = inner
        more = b if is_added else a
        passed = [more, *self._chain(more)]
        put = passed[: passed.index(base)]
        shown = [n for n in put if n.op not in PLUMBING or n.op in TOLD] or put
        words = " >> ".join(self._short(n) for n in reversed(shown))
        here = self._path(shown[0], path)
        if is_added:
            self._add(here, "", words, None, shown[0])
            self.compare(a, base, path, False)
        else:
            self._add(here, words, "", shown[0], None)
            self.compare(base, b, path, False)

    def _inside(self, a: Node, b: Node) -> tuple[bool, Node] | None:
        """What in `b` is `a` (true), or in `a` is `b` (false): the same one, else the nearest of the same op."""
        found = [(True, n) for n in self._chain(b)] + [(False, n) for n in self._chain(a)]
        same = [(added, n) for added, n in found if (self.same(a, n) if added else self.same(n, b))]
        like = [(added, n) for added, n in found if n.op == (a if added else b).op and n.op not in PLUMBING]
        return next(iter(same + like), None)

    def _chain(self, node: Node) -> list[Node]:
        """What a node is made from, along its main input."""
        found: list[Node] = []
        here = main_input(node)
        while here is not None and len(found) < DEPTH:
            found.append(here)
            here = main_input(here)
        return found

    def _short(self, node: Node) -> str:
        """An op with its settings, without what it is applied to."""
        primitive = PRIMITIVES.get(node.op)
        if primitive is not None and primitive.short is not None:
            return primitive.short(node, text)
        return captions.call(node.op, node.settings, self.matching.second.signatures, bare=True)

    def _add(self, path: str, before: str, after: str, a: Node | None, b: Node | None, is_place: bool = False) -> None:
        in_stream = path.startswith("stream.")
        first, second = (place(n, s, in_stream) for n, s in zip((a, b), self.stages, strict=True))
        entry = Difference(path, before, after, first, second, is_place)
        if not any((d.path, d.before, d.after) == (path, before, after) for d in self.found):
            self.found.append(entry)


def main_input(node: Node) -> Node | None:
    """The input that a value comes from: what a net is applied to, else the first input that is no net."""
    return next((i for i in node.inputs if i.op not in NETWORKS and not is_of_rows(i)), None)


def is_of_rows(node: Node) -> bool:
    """Whether a value says which samples rows are."""
    return isinstance(node.type, TensorType) and node.type.kind == "Rows"


def place(node: Node | None, stage: Stage | None, innermost: bool = False) -> Span | None:
    """Where a reader finds it: in the spec, the outermost span; of what a stream declares, the innermost."""
    spans = () if node is None else node.spans if stage is None else stage.spans_of(node)
    return spans[0 if innermost else -1] if spans else None


def written(value: Setting) -> str:
    """A setting in words."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return "[" + ", ".join(written(v) for v in value) + "]"
    return (
        str(value)
        if isinstance(value, int | float | Duration)
        else f'"{value}"'
        if isinstance(value, str)
        else str(value)
    )


def text(node: Node, depth: int = 2) -> str:
    """A node in one line, its inputs two levels down."""
    primitive = PRIMITIVES.get(node.op)
    if primitive is not None and primitive.words is not None:
        return primitive.words(node, lambda part: text(part, depth))
    inputs = [text(i, depth - 1) for i in node.inputs] if depth else ["…"] * bool(node.inputs)
    return f"{node.op}({', '.join((*inputs, *_shown(node)))})"


def _shown(node: Node) -> Sequence[str]:
    return [f"{k}={written(v)}" for k, v in node.settings if v is not None][:3]
