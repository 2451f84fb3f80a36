"""What differs between two experiments by meaning."""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, evolve, field

from ssldsl.check import Checked
from ssldsl.check.stages.settings import SETTINGS
from ssldsl.comparing.canonical import configured_form, identity, scalar_form, setting_form
from ssldsl.comparing.differences import KINDS, Diff, Entry, Kind
from ssldsl.comparing.matching import Matching, last_views, matched, matched_terms
from ssldsl.comparing.nodediff import NodeDiff, text, written
from ssldsl.ir import captions
from ssldsl.ir.modules import couples_batch, owner
from ssldsl.ir.nodes import Combined, Curve, Node, Scalar
from ssldsl.ir.program import (
    Configured,
    Evaluation,
    InitFrom,
    Module,
    Program,
    Stage,
    StepUpdate,
    Stream,
    Term,
    WatchedNumber,
)
from ssldsl.source import Span


def diff(first: Program, second: Program) -> Diff:
    """The differences by meaning; empty for an experiment and itself."""
    return Diff(_Comparison(matched(first, second)).run())


def diff_checked(first: Checked, second: Checked) -> Diff:
    """Of two checked specs. Where nothing else differs, whether they are written differently."""
    found = diff(first.unwrap(), second.unwrap())
    if found.entries:
        return found
    return Diff(_text_entries(first, second))


def _text_entries(first: Checked, second: Checked) -> tuple[Entry, ...]:
    if first.file != second.file:
        return (Entry("cosmetic", "text", "written in one way", "in another that means the same"),)
    texts = [c.file.span.source.text for c in (first, second)]
    return (Entry("cosmetic", "text", "one format or set of comments", "another"),) if texts[0] != texts[1] else ()


@define
class _Comparison:
    """One run over two matched experiments."""

    matching: Matching
    entries: list[Entry] = field(factory=list)
    nodes: NodeDiff = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.nodes = NodeDiff(self.matching)

    def run(self) -> tuple[Entry, ...]:
        a, b = self.matching.first, self.matching.second
        self._value("semantic", "seed", a.seed, b.seed)
        self._streams()
        self._modules()
        self._stages()
        self._views()
        self._rest()
        unique = dict.fromkeys(self.entries)
        return tuple(sorted(unique, key=lambda e: KINDS.index(e.kind)))

    def _add(
        self, kind: Kind, path: str, before: str, after: str, first: Span | None = None, second: Span | None = None
    ) -> None:
        self.entries.append(Entry(kind, path, before, after, first, second))

    def _value(
        self, kind: Kind, path: str, before: Any, after: Any, first: Span | None = None, second: Span | None = None
    ) -> None:
        if setting_form(before) != setting_form(after):
            self._add(kind, path, self._written(before), self._written(after), first, second)

    def _written(self, value: Any) -> str:
        signatures = self.matching.second.signatures
        return captions.scalar(value, signatures) if isinstance(value, Curve | Combined) else written(value)

    def _node(self, before: Node, after: Node, path: str, head: bool = True) -> None:
        """The differences of two nodes, whatever is in them."""
        self.nodes.compare(before, after, path, head)
        for d in self.nodes.found:
            self._add("execution" if d.is_place else "semantic", d.path, d.before, d.after, d.first, d.second)
        self.nodes.found.clear()

    # --- what stages share --------------------------------------------------------------------------------------

    def _streams(self) -> None:
        pairs, used = self.matching.streams, _used_streams(self.matching)
        first = {s.name: s for s in self.matching.first.streams}
        second = {s.name: s for s in self.matching.second.streams}
        for name, other in pairs.items():
            a, b = first[name], second[other]
            if name != other:
                self._add("cosmetic", f"stream.{name}", name, other, a.span, b.span)
            if a.data is not None and b.data is not None:
                self._node(a.data, b.data, f"stream.{name}", False)
        for s in (s for s in first.values() if s.name not in pairs):
            self._add("semantic" if s.name in used else "cosmetic", f"stream.{s.name}", _origin(s), "", s.span)
        for s in (s for s in second.values() if s.name not in pairs.values()):
            self._add("semantic" if s.name in used else "cosmetic", f"stream.{s.name}", "", _origin(s), None, s.span)

    def _views(self) -> None:
        """Views of streams, also of those that no term of both experiments reads."""
        views = [last_views(program) for program in (self.matching.first, self.matching.second)]
        for name, other in self.matching.streams.items():
            if name in views[0] and other in views[1]:
                self._node(views[0][name], views[1][other], f"stream.{name}", False)

    def _modules(self) -> None:
        pairs = self.matching.modules
        first = {m.path: m for m in self.matching.first.modules}
        second = {m.path: m for m in self.matching.second.modules}
        for path, other in pairs.items():
            self._module(first[path], second[other])
        for m in (m for m in first.values() if m.path not in pairs):
            self._add("semantic", m.path, f"{m.kind} {_made(m)}", "", m.span)
        for m in (m for m in second.values() if m.path not in pairs.values()):
            self._add("semantic", m.path, "", f"{m.kind} {_made(m)}", None, m.span)

    def _module(self, a: Module, b: Module) -> None:
        spans = (a.span, b.span)
        if a.path != b.path:
            self._add("cosmetic", f"{a.kind}.{a.path}", a.path, b.path, *spans)
        if (a.op, a.kind) != (b.op, b.kind):
            self._add("semantic", a.path, f"{a.kind} {_made(a)}", f"{b.kind} {_made(b)}", *spans)
            return
        self._settings(a.path, dict(a.settings), dict(b.settings), spans)
        before, after = dict(a.sizes), dict(b.sizes)
        for name in (n for n in dict.fromkeys((*before, *after)) if n not in self._inferred(b)):
            sizes = [d.value if d is not None else None for d in (before.get(name), after.get(name))]
            if sizes[0] != sizes[1] and None not in sizes:
                self._add("semantic", f"{a.path}.{name}", str(sizes[0]), str(sizes[1]), *spans)
        if self.matching.modules.get(a.average_of, "") != b.average_of:
            self._add("semantic", f"{a.path}.average_of", a.average_of, b.average_of, *spans)
        self._scalar(f"{a.path}.momentum", a.momentum, b.momentum, *spans)
        self._value("semantic", f"{a.path}.half_life", a.half_life, b.half_life, *spans)

    def _inferred(self, module: Module) -> set[str]:
        """Sizes that the input has: they follow from what differs elsewhere."""
        signature = self.matching.second.signatures.get(module.op)
        return {d for edge in signature.edges for d in edge.dims} if signature else set()

    def _settings(
        self, path: str, before: Mapping[str, Any], after: Mapping[str, Any], spans: tuple[Span | None, Span | None]
    ) -> None:
        for name in dict.fromkeys((*before, *after)):
            self._value("semantic", f"{path}.{name}", before.get(name), after.get(name), *spans)

    def _scalar(
        self,
        path: str,
        before: Scalar | None,
        after: Scalar | None,
        first: Span | None = None,
        second: Span | None = None,
    ) -> None:
        forms = [None if s is None else scalar_form(s) for s in (before, after)]
        if forms[0] != forms[1]:
            one, two = ("" if s is None else self._written(s) for s in (before, after))
            self._add("semantic", path, one, two, first, second)

    # --- stages -------------------------------------------------------------------------------------------------

    def _stages(self) -> None:
        pairs = self.matching.stages
        first = {s.name: s for s in self.matching.first.stages}
        second = {s.name: s for s in self.matching.second.stages}
        for name, other in pairs.items():
            if name != other:
                self._add("cosmetic", f"stage.{name}", name, other, first[name].span, second[other].span)
            self._stage(first[name], second[other])
        for s in (s for s in first.values() if s.name not in pairs):
            self._add("semantic", f"stage.{s.name}", _stage_text(s), "", s.span)
        for s in (s for s in second.values() if s.name not in pairs.values()):
            self._add("semantic", f"stage.{s.name}", "", _stage_text(s), None, s.span)

    def _stage(self, a: Stage, b: Stage) -> None:
        told = set(self.nodes.seen)  # of the streams; what stages share is told for each
        self.nodes.stages = (a, b)
        self._terms(a, b)
        self._value("semantic", f"{a.name}.run", a.run, b.run, a.place("run"), b.place("run"))
        if self.matching.streams.get(a.clock, a.clock) != b.clock:
            self._add("semantic", f"{a.name}.clock", a.clock, b.clock, a.place("clock"), b.place("clock"))
        self._batch(a, b)
        self._networks(a, b)
        self._updates(a, b)
        if a.keep != b.keep:
            one, two = (str(stage.keep or "none") for stage in (a, b))
            self._add("semantic", f"{a.name}.keep", one, two, a.place("keep"), b.place("keep"))
        said = [[watch for watch in stage.watches if not watch.of_term] for stage in (a, b)]
        self._reported(f"{a.name}.watch", *said)
        self._reported(f"{a.name}.eval", a.evaluations, b.evaluations)
        self._execution(a, b)
        self.nodes.seen, self.nodes.stages = told, (None, None)

    def _networks(self, a: Stage, b: Stage) -> None:
        """What a stage begins from, and which networks of both experiments it trains."""
        spans = (a.span, b.span)
        self._names(f"{a.name}.after", [self.matching.stages.get(s, s) for s in a.after], list(b.after), spans)
        known = set(self.matching.modules), set(self.matching.modules.values())
        modules = [[m.path for m in program.modules] for program in (self.matching.first, self.matching.second)]
        before = [self._renamed(p) for p in a.train if owner(modules[0], p)[0] in known[0]]
        after = [p for p in b.train if owner(modules[1], p)[0] in known[1]]
        self._names(f"{a.name}.train", before, after, spans)
        before, after = [self._init(i, True) for i in a.init], [self._init(i, False) for i in b.init]
        self._names(f"{a.name}.init", before, after, spans)

    def _updates(self, a: Stage, b: Stage) -> None:
        """How weights are changed by gradients, and averaged."""
        self._configured(f"{a.name}.average", a.average, b.average)
        self._value("semantic", f"{a.name}.turns", a.turns, b.turns, a.place("turns"), b.place("turns"))
        said = [", ".join(update.name for update in stage.updates) or "one" for stage in (a, b)]
        if said[0] != said[1]:
            kind: Kind = "cosmetic" if len(a.updates) == len(b.updates) else "semantic"
            self._add(kind, f"{a.name}.updates", said[0], said[1])
        for one, two in zip(a.each_update, b.each_update, strict=False):
            self._update(".".join([a.name, *([one.name] if one.name else [])]), one, two)

    def _update(self, path: str, a: StepUpdate, b: StepUpdate) -> None:
        self._configured(f"{path}.optimizer", a.optimizer, b.optimizer)
        places = [dict(update.places) for update in (a, b)]
        groups = {self._renamed(path): dict(s) for path, s in a.groups}, {path: dict(s) for path, s in b.groups}
        for part in dict.fromkeys((*groups[0], *groups[1])):
            where = places[0].get("groups"), places[1].get("groups")
            self._settings(f"{path}.optimizer.{part}", groups[0].get(part, {}), groups[1].get(part, {}), where)
        one, two = (captions.clip(update) for update in (a, b))
        if one != two:
            self._add("semantic", f"{path}.clip", one, two, places[0].get("clip"), places[1].get("clip"))
        if a.name:
            self._names(f"{path}.train", [self._renamed(p) for p in a.train], list(b.train), (a.span, b.span))

    def _execution(self, a: Stage, b: Stage) -> None:
        """How it is run. Merging or splitting batches changes the result only where rows depend on one another."""
        coupled: Kind = "semantic" if couples_batch(a) or couples_batch(b) else "execution"
        for row in (row for row in SETTINGS if row.change != "semantic"):
            kind: Kind = coupled if row.change == "coupled" else "execution"
            before, after, name = getattr(a, row.name), getattr(b, row.name), row.name
            if before != after:
                self._add(kind, f"{a.name}.{name}", _plain(before), _plain(after), a.place(name), b.place(name))

    def _terms(self, a: Stage, b: Stage) -> None:
        first, second = {t.name: t for t in a.terms}, {t.name: t for t in b.terms}
        pairs = matched_terms(self.matching, a, b)
        for name, other in pairs.items():
            one, two, path = first[name], second[other], f"{a.name}.loss.{name}"
            if name != other:
                self._add("cosmetic", path, name, other, one.span, two.span)
            self._scalar(f"{path}.weight", one.weight, two.weight, one.span, two.span)
            self._node(one.node, two.node, path)
        for t in (t for t in a.terms if t.name not in pairs):
            self._add("semantic", f"{a.name}.loss.{t.name}", _term(t), "", t.span)
        for t in (t for t in b.terms if t.name not in pairs.values()):
            self._add("semantic", f"{a.name}.loss.{t.name}", "", _term(t), None, t.span)
        order = [
            [pairs[t.name] for t in a.terms if t.name in pairs],
            [t.name for t in b.terms if t.name in pairs.values()],
        ]
        if order[0] != order[1]:
            before, after = (", ".join(t.name for t in s.terms) for s in (a, b))
            self._add("cosmetic", f"{a.name}.loss", before, after)

    def _batch(self, a: Stage, b: Stage) -> None:
        before = {self.matching.streams.get(name, name): (name, rows) for name, rows in a.batch}
        after = dict(b.batch)
        for name in dict.fromkeys((*before, *after)):
            shown, rows = before.get(name, (name, None))
            if rows != after.get(name):
                one, two = ("" if r is None else str(r) for r in (rows, after.get(name)))
                self._add("semantic", f"{a.name}.batch.{shown}", one, two, a.place("batch"), b.place("batch"))

    def _reported(
        self, place: str, before: Sequence[Evaluation | WatchedNumber], after: Sequence[Evaluation | WatchedNumber]
    ) -> None:
        """What is reported belongs to the meaning; under which name does not."""
        first, second = {e.name: e for e in before}, {e.name: e for e in after}
        for name in dict.fromkeys((*first, *second)):
            one, two = first.get(name), second.get(name)
            path = f"{place}.{name}"
            if one and two:
                self._node(one.node, two.node, path)
            elif one:
                self._add("semantic", path, _said(one.span, one.node), "", one.span)
            elif two:
                self._add("semantic", path, "", _said(two.span, two.node), None, two.span)

    def _configured(self, path: str, a: Configured | None, b: Configured | None) -> None:
        if configured_form(a) == configured_form(b):
            return
        spans = (a.span if a else None, b.span if b else None)
        if a is None or b is None or a.op != b.op:
            self._add("semantic", path, a.op if a else "", b.op if b else "", *spans)
            return
        self._settings(path, dict(a.settings), dict(b.settings), spans)

    def _names(self, path: str, before: list[str], after: list[str], spans: tuple[Span | None, Span | None]) -> None:
        if sorted(before) != sorted(after):
            self._add("semantic", path, ", ".join(before), ", ".join(after), *spans)

    def _renamed(self, path: str) -> str:
        """A module of the first as the second calls it."""
        module, part = owner((m.path for m in self.matching.first.modules), path)
        name = self.matching.modules.get(module, module)
        return f"{name}.{part}" if part else name

    def _init(self, init: InitFrom, is_first: bool) -> str:
        modules = [self._renamed(m) for m in init.names] if is_first else list(init.names)
        stage = self.matching.stages.get(init.stage, init.stage) if is_first and not init.run else init.stage
        origin = captions.origin(evolve(init, stage=stage))
        return f"{' '.join(sorted(modules))} {f'from {origin}' if origin else 'afresh'}"

    # --- what is left -------------------------------------------------------------------------------------------

    def _rest(self) -> None:
        """What no part shows alone: draws that terms share differently; parameters that change nothing."""
        a, b = self.matching.first, self.matching.second
        differs = identity(a) != identity(b)
        if differs and not any(e.kind == "semantic" for e in self.entries):
            self._add("semantic", "draws", "terms share their random draws in one way", "in another")
        if not any(e.kind != "cosmetic" for e in self.entries):
            before, after = dict(a.params), dict(b.params)
            for name in dict.fromkeys((*before, *after)):
                self._value("cosmetic", f"param.{name}", before.get(name), after.get(name))


def _used_streams(matching: Matching) -> set[str]:
    return {name for p in (matching.first, matching.second) for s in p.stages for name, _ in s.batch}


def _origin(stream: Stream) -> str:
    return text(stream.data) if stream.data is not None else " | ".join(stream.parts)


def _made(module: Module) -> str:
    parts = [str(d) for _, d in module.sizes] + [f"{k}={written(v)}" for k, v in module.settings]
    return f"{module.op}({', '.join(parts)})"


def _stage_text(stage: Stage) -> str:
    return f"{' + '.join(t.name for t in stage.terms)}, {stage.run}"


def _term(term: Term) -> str:
    return f"{term.weight} * {_said(term.span, term.node)}"


def _said(span: Span, node: Node) -> str:
    """What the person wrote, if that is short; else what it computes, and from what, unless that is long."""
    if "\n" not in span.text and 0 < len(span.text) <= 60:
        return span.text
    return said if len(said := text(node, 1)) <= 200 else text(node, 0)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else written(value)


__all__ = ["Diff", "Entry", "diff", "diff_checked", "identity"]
