"""A graph as text, one line a node in the order of the graph. The tests read it back.

    %7: Logits[4*B_unlabeled, 10] grad{classes,encoder} = apply(net=%3, inputs=%6)  # quickstart.ssl:11:20

Numbers are positions, so the same graph always reads the same, and a pass shows as a difference of two texts.
"""

import json
from collections.abc import Iterable, Iterator, Mapping

from ssldsl.errors import InternalError
from ssldsl.graph.graph import Graph
from ssldsl.ir.nodes import Combined, Constant, Curve, Duration, Node, Scalar, Setting
from ssldsl.source import Span
from ssldsl.types import DataType, Dim, NetType, SplitsType, TensorType, TupleType, Type


def dump(graph: Graph) -> str:
    """The whole graph; equal texts mean equal graphs."""
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    name = {node: f"%{i}" for i, node in enumerate(graph.nodes)}
    yield f"stage {graph.stage} forward={graph.forward} train={{{','.join(graph.train)}}}"
    yield from (_node(graph, node, name) for node in graph.nodes)
    for term in graph.terms:
        said = f"{json.dumps(term.name)} weight {scalar_text(term.weight)}"
        yield f"term {said} = {name[term.node]}{_places((term.span,))}"
    for watch in graph.watches:
        yield f"watch {json.dumps(watch.name)} = {name[watch.node]}{_places((watch.span,))}"
    for evaluation in graph.evaluations:
        yield f"eval {json.dumps(evaluation.name)} = {name[evaluation.node]}{_places((evaluation.span,))}"
    yield from ("effects " + " ".join(name[node] for node in chain) for chain in graph.effects)
    yield from (f"note {json.dumps(note)}" for note in graph.notes)


def _node(graph: Graph, node: Node, name: Mapping[Node, str]) -> str:
    words = [f"{name[node]}: {type_text(node.type)}"]
    if node.grad_modules:
        words.append(f"grad{{{','.join(sorted(node.grad_modules))}}}")
    if node in graph.no_grad:
        words.append("nograd")
    if node in graph.places:
        words.append(f"@{graph.places[node]}")
    params = node.params if len(node.params) == len(node.inputs) else ("",) * len(node.inputs)
    inputs = ", ".join(f"{p}={name[n]}" if p else name[n] for p, n in zip(params, node.inputs, strict=True))
    settings = ", ".join(f"{key}={setting_text(value)}" for key, value in node.settings)
    words.append(f"= {node.op}({inputs}{'; ' if settings else ''}{settings})")
    if node.draw:
        words.append(f"draw {json.dumps(node.draw)}")
    if node.rows is not None:
        words.append(f"rows {name[node.rows]}")
    if node.alias:
        words.append(f"as {json.dumps(node.alias)}")
    return " ".join(words) + _places(node.spans)


def _places(spans: Iterable[Span]) -> str:
    places = ", ".join(span.place for span in spans)
    return f"  # {places}" if places else ""


def scalar_text(scalar: Scalar) -> str:
    """A scalar with every bracket written out."""
    match scalar:
        case Constant(value):
            return repr(value)
        case Curve(op, settings):
            return f"{op}({', '.join(f'{key}={setting_text(value)}' for key, value in settings)})"
        case Combined(op, left, right, length):
            word = op if length is None else f"{op} after {setting_text(length)}"
            return f"({scalar_text(left)} {word} {scalar_text(right)})"
    raise InternalError(f"not a scalar: {scalar!r}")


def setting_text(value: Setting) -> str:
    """A setting; its text says its type too."""
    match value:
        case None | bool():
            return {None: "none", True: "true", False: "false"}[value]
        case int() | float():
            return repr(value)
        case str():
            return json.dumps(value)
        case Duration(amount, unit):
            return f"{amount!r}{unit}"
        case Dim():
            return f"{{{value}}}"
        case list() | tuple():
            return f"[{', '.join(setting_text(v) for v in value)}]"
        case Constant() | Curve() | Combined():
            return f"<{scalar_text(value)}>"
    raise InternalError(f"a setting of no known form: {value!r}")


def type_text(type_: Type) -> str:
    """A type with all it knows."""
    match type_:
        case TensorType():
            return str(type_)
        case TupleType(fields):
            return f"({_fields(fields)})"
        case NetType(source, target, couples_batch):
            return f"Net[{source or 'any'} -> {target}]{' coupled' if couples_batch else ''}"
        case DataType(fields, size, role, provenance, unlabeled_by):
            said = " ".join(json.dumps(text) for text in (role, provenance, unlabeled_by))
            return f"Data[{_fields(fields)}] x {{{size}}} {said}"
        case SplitsType(splits):
            return f"Splits[{', '.join(f'{name}: {type_text(data)}' for name, data in splits)}]"
    raise InternalError(f"a type of no known form: {type_!r}")


def _fields(fields: Iterable[tuple[str, TensorType]]) -> str:
    return ", ".join(f"{name}: {type_}" for name, type_ in fields)
