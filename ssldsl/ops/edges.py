"""Annotations of edges and results, and the role that follows from them."""

import ast
import re

from ssldsl.ops.settings import NAMED, Outside, last_name, unquoted
from ssldsl.ops.signature import Edge, Output, Role, Signature
from ssldsl.types import KINDS, WHOLE_NUMBERS, parse_dim

# Parameters that are no tensor, by the name of their annotation.
PLAIN = {"Net": "Net", "Data": "Data", "Samples": "Data", "Splits": "Data", "Time": "Time", "Rows": "Rows"}
# Results that are no tensor of the graph.
RESULTS = ("float", "int", "Tensor", "Samples", "Data", "Splits", "Optimizer")
EXAMPLE = 'such as `Logits[Tensor, "batch classes"]`; settings stand after `*`'


def read_edge(argument: ast.arg) -> Edge:
    """The edge that a parameter before `*` is."""
    name, annotation = argument.arg, argument.annotation
    if annotation is None:
        raise Outside(argument, f"the edge `{name}` has no annotation", EXAMPLE)
    annotation = unquoted(annotation)
    optional = many = detached = False
    if isinstance(annotation, ast.BinOp) and ast.unparse(annotation.right) == "None":
        annotation, optional = annotation.left, True
    if isinstance(annotation, ast.Subscript) and last_name(annotation.value) in ("list", "Sequence"):
        if _is_groups(annotation.slice):
            return Edge(name, "Parameters")
        annotation, many = annotation.slice, True
    if isinstance(annotation, ast.Subscript) and last_name(annotation.value) == "Detached":
        annotation, detached = annotation.slice, True
    kind, dims, count = read_kind(annotation)
    return Edge(name, kind, dims, many, optional, detached, count)


def _is_groups(node: ast.expr) -> bool:
    """`list[dict]`: the parameter groups that an optimizer takes."""
    return last_name(node.value if isinstance(node, ast.Subscript) else node) == "dict"


def read_kind(annotation: ast.expr) -> tuple[str, tuple[str, ...], str]:
    """Kind and dimensions of a tensor and what it counts, or the kind of something else that an edge may be."""
    annotation = unquoted(annotation)
    if last_name(annotation) in PLAIN:
        return PLAIN[last_name(annotation)], (), ""
    if isinstance(annotation, ast.Subscript) and last_name(annotation.value) in KINDS:
        return last_name(annotation.value), *_dims(annotation)
    name = last_name(annotation.value if isinstance(annotation, ast.Subscript) else annotation)
    said = ast.unparse(annotation)
    if name in NAMED or name in ("Literal", "tuple", "Scheduled"):
        raise Outside(annotation, f"`{said}` is the type of a setting, and this is an edge", EXAMPLE)
    if name in KINDS:
        raise Outside(annotation, f"`{said}` lacks its shape", f'such as `{name}[Tensor, "batch ..."]`')
    raise Outside(annotation, f"`{said}` is no kind of edge", EXAMPLE)


def _dims(annotation: ast.Subscript) -> tuple[tuple[str, ...], str]:
    """The dimensions in the text of an annotation, and the name behind its semicolon."""
    items = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
    kind = last_name(annotation.value)
    if len(items) != 2 or not isinstance(items[1], ast.Constant) or not isinstance(items[1].value, str):
        raise Outside(annotation, f"`{kind}` wants a tensor and its shape", f'such as `{kind}[Tensor, "batch dim"]`')
    shape, _, count = (part.strip() for part in items[1].value.partition(";"))
    if ";" in items[1].value and not (kind in WHOLE_NUMBERS and _is_size(count)):
        are_others = f"`; {count}` says what whole numbers count, and `{kind}` are none"
        said = f"`{count}` is no size" if kind in WHOLE_NUMBERS else are_others
        raise Outside(items[1], said, 'such as `Positions[Tensor, "batch; samples"]`')
    dims = tuple(d.replace(" ", "") for d in re.findall(r"(?:\{[^}]*\}|\S)+", shape))
    wrong = next((dim for dim in dims if dim != "..." and not _is_size(dim)), None)
    if wrong is not None:
        raise Outside(items[1], f"`{wrong}` is not a size", "`batch`, `512`, `4*batch`, `{16*width}`")
    return dims, count


def _is_size(text: str) -> bool:
    try:
        parse_dim(text)
    except ValueError:
        return False
    return True


def read_result(function: ast.FunctionDef) -> tuple[Output, ...]:
    """What a function gives, where it is no NamedTuple: one tensor, a number, or something outside the graph."""
    annotation = function.returns
    if annotation is None:
        raise Outside(function, f"`{function.name}` does not say what it gives", 'such as `-> Scalar[Tensor, ""]`')
    annotation = unquoted(annotation)
    parts = [annotation.left, annotation.right] if isinstance(annotation, ast.BinOp) else [annotation]
    names = [last_name(p) for p in parts]
    if names == ["float"]:
        return (Output("", "Scalar"),)
    if all(n in RESULTS for n in names) or _is_splits(annotation):
        return ()
    if isinstance(annotation, ast.Subscript) and last_name(annotation.value) in ("tuple", "dict", "list"):
        said = f"`{function.name}` gives several values without names"
        raise Outside(annotation, said, "give a `NamedTuple` of this file")
    kind, dims, count = read_kind(annotation)
    return (Output("", kind, dims, count),)


def _is_splits(node: ast.expr) -> bool:
    if not isinstance(node, ast.Subscript) or last_name(node.value) != "dict" or not isinstance(node.slice, ast.Tuple):
        return False
    return [last_name(e) for e in node.slice.elts] == ["str", "Samples"]


def role_of(signature: Signature) -> Role:
    """The role of an op outside the standard library."""
    kinds = [e.kind for e in signature.edges]
    results = [o.kind for o in signature.outputs]
    if signature.outputs and _measures(signature):
        return "metrics"
    if signature.has_commit:
        return "memory"
    if signature.is_module:
        return "nets" if kinds[:1] in (["Images"], ["Vectors"]) else "heads"
    if not kinds or kinds[0] == "Data":
        return "data"
    if "Time" in kinds:
        return "schedules"
    if "Parameters" in kinds:
        return "optimizers"
    if not results:
        return "metrics"
    if kinds[0] in ("Images", "Vectors") and results[0] == kinds[0]:
        return "views"
    return "losses" if results in (["Scalar"], ["Losses"]) else "targets"


def _measures(signature: Signature) -> bool:
    """Whether an op says numbers about a whole data set, whose rows have another name than those of a batch."""
    rows = {edge.dims[0] for edge in signature.edges if edge.dims}
    kinds = {output.kind for output in signature.outputs}
    per_row = any(dim in rows for output in signature.outputs for dim in output.dims)
    return bool(rows) and "batch" not in rows and kinds <= {"Scalar", "Values", "Points"} and not per_row
