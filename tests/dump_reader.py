"""Reads the text of a graph back: what a test, a report of a fault, or a golden file holds."""

import json
import re
from typing import Literal, cast

from attrs import Factory, define

from ssldsl.errors import InternalError
from ssldsl.graph.graph import Graph, Placement
from ssldsl.ir.nodes import Combined, Constant, Curve, Duration, Node, Scalar, Setting
from ssldsl.ir.program import Evaluation, Term, WatchedNumber
from ssldsl.source import Source, Span
from ssldsl.types import DataType, Dim, NetType, SplitsType, TensorType, TupleType, Type

_STRING = r'"(?:[^"\\]|\\.)*"'
_NUMBER = r"-?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|inf|nan)(?![A-DF-Za-df-z_])"
_AMOUNT = r"(-?\d+\.?\d*(?:e[-+]?\d+)?)(ep|it|%)"
_NAME = r"[A-Za-z_][\w.]*"
_DIM = r"-?[A-Za-z0-9_](?:[\w.*]|\+-?)*"
_PLACE = re.compile(r"(.+?):(\d+):(\d+)(?:, |$)")


def parse_dump(text: str) -> Graph:
    """The graph that a text of `dump` describes: `dump(parse_dump(text)) == text`. Others are an `InternalError`."""
    reader = _Reader(_sources(text))
    for number, line in enumerate(text.splitlines(), start=1):
        scanner = _Scanner(line, number)
        reader.line(scanner)
        scanner.end()
    return reader.graph()


@define
class _Scanner:
    """One line, read from left to right."""

    text: str
    number: int
    at: int = 0

    def take(self, pattern: str) -> re.Match[str] | None:
        """The next piece if it has this form; space before it is skipped."""
        found = re.compile(rf"\s*(?:{pattern})").match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def has(self, word: str) -> bool:
        return self.take(re.escape(word)) is not None

    def must(self, pattern: str, what: str) -> str:
        found = self.take(pattern)
        if found is None:
            raise InternalError(f"line {self.number} of a dump: {what} expected at {self.text[self.at :]!r}")
        return found.group().strip()

    def expect(self, word: str) -> None:
        self.must(re.escape(word), f"`{word}`")

    def name(self) -> str:
        return self.must(_NAME, "a name")

    def string(self) -> str:
        return str(json.loads(self.must(_STRING, "a text")))

    def end(self) -> None:
        self.must("$", "the end of the line")


@define
class _Reader:
    """What the lines so far have said."""

    sources: dict[str, Source]
    header: tuple[str, str, tuple[str, ...]] = ("", "", ())
    nodes: list[Node] = Factory(list)
    terms: list[Term] = Factory(list)
    watches: list[WatchedNumber] = Factory(list)
    evaluations: list[Evaluation] = Factory(list)
    effects: list[tuple[Node, ...]] = Factory(list)
    no_grad: set[Node] = Factory(set)
    places: dict[Node, Placement] = Factory(dict)
    notes: list[str] = Factory(list)

    def graph(self) -> Graph:
        return Graph(
            *self.header,
            tuple(self.nodes),
            tuple(self.terms),
            tuple(self.watches),
            tuple(self.evaluations),
            tuple(self.effects),
            frozenset(self.no_grad),
            self.places,
            tuple(self.notes),
        )

    def line(self, s: _Scanner) -> None:
        if s.has("%"):
            self._node(s)
        elif s.has("stage "):
            name = s.name()
            s.expect("forward=")
            forward = s.name()
            s.expect("train=")
            self.header = (name, forward, tuple(_names(s)))
        elif s.has("term "):
            term, weight = s.string(), s.has("weight") and _scalar(s)
            s.expect("=")
            self.terms.append(Term(term, cast(Scalar, weight), self._ref(s), self._spans(s)[0]))
        elif s.has("watch "):
            watch = s.string()
            s.expect("=")
            self.watches.append(WatchedNumber(watch, self._ref(s), self._spans(s)[0]))
        elif s.has("eval "):
            evaluation = s.string()
            s.expect("=")
            self.evaluations.append(Evaluation(evaluation, self._ref(s), self._spans(s)[0]))
        elif s.has("effects "):
            chain = []
            while not s.take("$"):
                chain.append(self._ref(s))
            self.effects.append(tuple(chain))
        else:
            s.expect("note")
            self.notes.append(s.string())

    def _node(self, s: _Scanner) -> None:
        s.must(rf"{len(self.nodes)}:", f"node {len(self.nodes)}")
        type_ = _type(s)
        grad_modules = frozenset(_names(s)) if s.has("grad") else frozenset[str]()
        no_grad = s.has("nograd")
        place = s.name() if s.has("@") else ""
        s.expect("=")
        op = s.name()
        inputs, params, settings = self._arguments(s)
        draw = s.string() if s.has("draw ") else ""
        rows = self._ref(s) if s.has("rows ") else None
        alias = s.string() if s.has("as ") else ""
        node = Node(
            len(self.nodes), op, inputs, params, settings, type_, grad_modules, draw, rows, self._spans(s), alias
        )
        self.nodes.append(node)
        if no_grad:
            self.no_grad.add(node)
        if place:
            self.places[node] = cast(Placement, place)

    def _arguments(self, s: _Scanner) -> tuple[tuple[Node, ...], tuple[str, ...], tuple[tuple[str, Setting], ...]]:
        s.expect("(")
        inputs: list[Node] = []
        params: list[str] = []
        while found := s.take(rf"(?:({_NAME})=)?(?=%\d)"):
            params.append(found.group(1) or "")
            inputs.append(self._ref(s))
            if not s.has(","):
                break
        s.has(";")
        settings = _settings(s)
        return tuple(inputs), tuple(params) if any(params) else (), settings

    def _ref(self, s: _Scanner) -> Node:
        s.expect("%")
        return self.nodes[int(s.must(r"\d+", "a number"))]

    def _spans(self, s: _Scanner) -> tuple[Span, ...]:
        if not s.has("#"):
            return ()
        places = s.must(".*$", "a place")
        return tuple(self._span(*found.groups()) for found in _PLACE.finditer(places))

    def _span(self, name: str, line: str, column: str) -> Span:
        source = self.sources[name]
        start = source.line_starts[int(line) - 1] + int(column) - 1
        return Span(source, start, start)


def _sources(text: str) -> dict[str, Source]:
    """For every file that a dump names, a blank text long enough to hold the places."""
    lengths: dict[str, dict[int, int]] = {}
    for line in text.splitlines():
        _, mark, places = line.rpartition("  # ")
        for found in _PLACE.finditer(places) if mark else ():
            lines = lengths.setdefault(found.group(1), {})
            number = int(found.group(2))
            lines[number] = max(lines.get(number, 0), int(found.group(3)))
    return {
        name: Source(name, "\n".join(" " * lines.get(i, 0) for i in range(1, max(lines) + 1)))
        for name, lines in lengths.items()
    }


def _names(s: _Scanner) -> list[str]:
    inside = s.must(r"\{[^}]*\}", "names in braces")[1:-1]
    return inside.split(",") if inside else []


def _settings(s: _Scanner) -> tuple[tuple[str, Setting], ...]:
    settings: list[tuple[str, Setting]] = []
    while not s.has(")"):
        name = s.name()
        s.expect("=")
        settings.append((name, _setting(s)))
        s.has(",")
    return tuple(settings)


def _setting(s: _Scanner) -> Setting:
    if found := s.take(r"(none|true|false)\b"):
        return {"none": None, "true": True, "false": False}[found.group(1)]
    if found := s.take(_AMOUNT):
        return Duration(_number(found.group(1)), cast('Literal["ep", "it", "%"]', found.group(2)))
    if found := s.take(_NUMBER):
        return _number(found.group())
    if s.has("{"):
        return _dim(s, "}")
    if s.has("["):
        values = []
        while not s.has("]"):
            values.append(_setting(s))
            s.has(",")
        return tuple(values)
    if s.has("<"):
        scalar = _scalar(s)
        s.expect(">")
        return scalar
    return s.string()


def _number(text: str) -> float:
    text = text.strip()
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)


def _scalar(s: _Scanner) -> Scalar:
    if found := s.take(_NUMBER):
        return Constant(_number(found.group()))
    if not s.has("("):
        op = s.name()
        s.expect("(")
        return Curve(op, _settings(s))
    left = _scalar(s)
    op = s.must(r"then|[-+*/]", "an operator")
    length = _setting(s) if s.has("after ") else None
    right = _scalar(s)
    s.expect(")")
    return Combined(cast('Literal["+", "-", "*", "/", "then"]', op), left, right, length)


def _dim(s: _Scanner, closing: str = "") -> Dim:
    total = Dim.of(0)
    for term in s.must(_DIM, "a size").replace("+-", "+\0").split("+"):
        part = Dim.of(1)
        for factor in term.replace("\0", "-").split("*"):
            part = part * (int(factor) if re.fullmatch(r"-?\d+", factor) else factor)
        total = total + part
    if closing:
        s.expect(closing)
    return total


def _type(s: _Scanner) -> Type:
    if s.has("("):
        return TupleType(_fields(s, ")"))
    if s.has("Net["):
        source = None if s.take(r"any\b") else _tensor(s)
        s.expect("->")
        target = _tensor(s)
        s.expect("]")
        return NetType(source, target, s.take(r"coupled\b") is not None)
    if s.has("Data["):
        return _data(s)
    if s.has("Splits["):
        return _splits(s)
    return _tensor(s)


def _splits(s: _Scanner) -> SplitsType:
    splits = []
    while not s.has("]"):
        name = s.name()
        s.expect(": Data[")
        splits.append((name, _data(s)))
        s.has(",")
    return SplitsType(tuple(splits))


def _data(s: _Scanner) -> DataType:
    fields = _fields(s, "]")
    s.expect("x {")
    return DataType(fields, _dim(s, "}"), s.string(), s.string(), s.string())


def _fields(s: _Scanner, closing: str) -> tuple[tuple[str, TensorType], ...]:
    fields = []
    while not s.has(closing):
        name = s.name()
        s.expect(":")
        fields.append((name, _tensor(s)))
        s.has(",")
    return tuple(fields)


def _tensor(s: _Scanner) -> TensorType:
    kind, dims, classes = s.name(), [], None
    if s.has("["):
        while not s.has("]"):
            if s.has(";"):
                classes = _dim(s)
                s.expect("classes")
            else:
                dims.append(_dim(s))
                s.has(",")
    return TensorType(kind, tuple(dims), classes)
