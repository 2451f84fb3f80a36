"""Which part of one experiment answers which part of another: by the name a person gave it, then by what it is."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import define, field

from ssldsl.comparing.canonical import Colors, Forms, Naming, identity
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Module, Program, Stage, Term
from ssldsl.ir.walk import ancestors


def paired(first: Sequence[str], second: Sequence[str], *likeness: Callable[[str, str], bool]) -> dict[str, str]:
    """Names of the second by names of the first: equal ones, then the first that is alike, strictest test first."""
    pairs = {name: name for name in first if name in second}
    for alike in likeness:
        for name in first:
            if name in pairs:
                continue
            free = [n for n in second if n not in pairs.values() and alike(name, n)]
            if free:
                pairs[name] = free[0]
    return pairs


@define
class Matching:
    """The pairs of two experiments: modules, streams and stages, first to second."""

    first: Program
    second: Program
    modules: dict[str, str] = field(factory=dict)
    streams: dict[str, str] = field(factory=dict)
    stages: dict[str, str] = field(factory=dict)
    forms: tuple[Forms, Forms] = field(factory=lambda: (Forms(), Forms()))

    def naming(self, side: int) -> Naming:
        """Names as the first experiment has them; draws all alike, to be told apart by where they first occur."""
        back = {
            kind: {v: k for k, v in pairs.items()}
            for kind, pairs in (("module", self.modules), ("stream", self.streams), ("stage", self.stages))
        }

        def name(kind: str, name: str) -> str:
            if kind == "draw":
                return ""
            return name if side == 0 else back[kind].get(name, f"+{name}")

        return name


def matched(first: Program, second: Program) -> Matching:
    """Match two experiments. Where they mean the same, names that were exchanged follow their meaning."""
    matching = Matching(first, second)
    a, b = Colors(first).refine().color, Colors(second).refine().color
    same = identity(first) == identity(second)
    for kind, pairs, names in (
        ("module", matching.modules, ([m.path for m in first.modules], [m.path for m in second.modules])),
        ("stream", matching.streams, ([s.name for s in first.streams], [s.name for s in second.streams])),
    ):
        color = _same_color(kind, a, b)
        if same:
            left = list(names[1])
            for name in names[0]:
                free = sorted((n for n in left if color(name, n)), key=lambda n: n != name)
                if free:
                    pairs[name] = free[0]
                    left.remove(free[0])
        else:
            pairs.update(paired(*names, color, _same_sort(kind, first, second)))
    matching.stages.update(_stages(first.stages, second.stages))
    return matching


def _same_color(
    kind: str, a: Mapping[tuple[str, str], str], b: Mapping[tuple[str, str], str]
) -> Callable[[str, str], bool]:
    return lambda one, other: a[kind, one] == b[kind, other]


def _same_sort(kind: str, first: Program, second: Program) -> Callable[[str, str], bool]:
    """The mildest likeness: the same op, or, of streams, data of the same origin."""
    if kind == "module":
        modules = [{m.path: m for m in p.modules} for p in (first, second)]
        return lambda one, other: _alike(modules[0][one], modules[1][other])
    forms = Forms(), Forms()
    data = [
        {s.name: form.bare(s.data) if s.data is not None else s.parts for s in p.streams}
        for form, p in zip(forms, (first, second), strict=True)
    ]
    return lambda one, other: data[0][one] == data[1][other]


def _alike(a: Module, b: Module) -> bool:
    """Whether two modules of different names may be one: of the same op, and not declared side by side in one text."""
    if a.span and b.span and a.span.source.text == b.span.source.text and a.span.start != b.span.start:
        return False
    return (a.kind, a.op, bool(a.average_of)) == (b.kind, b.op, bool(b.average_of))


def _stages(first: Iterable[Stage], second: Iterable[Stage]) -> dict[str, str]:
    """Stages by name; those left over by the names of their terms, then in order."""
    terms = [{s.name: {t.name for t in s.terms} for s in stages} for stages in (first, second)]
    return paired(
        list(terms[0]),
        list(terms[1]),
        lambda one, other: terms[0][one] == terms[1][other],
        lambda one, other: len(terms[0]) == len(terms[1]),
    )


def last_views(program: Program) -> dict[str, Node]:
    """The last random view of every stream, or what is drawn if there is none."""
    found: dict[str, Node] = {}
    for node in ancestors(node for stage in program.stages for node in stage.step_roots):
        name = node.draw.split("/")[0] if "/" in node.draw else str(node.setting("stream")) if node.op == "draw" else ""
        if name and (name not in found or found[name] in ancestors([node])):
            found[name] = node
    return found


def matched_terms(matching: Matching, first: Stage, second: Stage) -> dict[str, str]:
    """Terms by name, then by what they compute."""
    return paired(
        [t.name for t in first.terms], [t.name for t in second.terms], _same_form(matching, first.terms, second.terms)
    )


def _same_form(matching: Matching, first: Iterable[Term], second: Iterable[Term]) -> Callable[[str, str], bool]:
    forms = [
        {t.name: matching.forms[side].form(t.node, matching.naming(side)) for t in terms}
        for side, terms in enumerate((first, second))
    ]
    return lambda one, other: forms[0][one] == forms[1][other]
