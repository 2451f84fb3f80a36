"""Which data number some samples, and whether some data are a part of others."""

from collections.abc import Mapping

from ssldsl.ir.nodes import Node
from ssldsl.ir.walk import walk
from ssldsl.ops.signature import Signature
from ssldsl.types import DataType, Dim, is_data

Signatures = Mapping[str, Signature]


def numbering(node: Node, signatures: Signatures) -> Node:
    """The data that gave samples their numbers: the split they were read from, or what was put together of several."""
    while node.op not in ("split", "source") and not _joins(node, signatures):
        node = node.inputs[0]
    return node


def is_part(node: Node, of: Node, signatures: Signatures) -> bool:
    """Whether all samples of some data are surely among those of others."""
    whole = same_samples(of, signatures)
    while node is not whole and node.op not in ("split", "source") and not _joins(node, signatures):
        node = node.inputs[0]
    return node is whole


def same_samples(node: Node, signatures: Signatures) -> Node:
    """The data that have these samples in this order: taking a field away changes neither."""
    signature = signatures.get(node.op)
    while signature is not None and signature.traits.drops and not signature.traits.size:
        node = node.inputs[0]
        signature = signatures.get(node.op)
    return node


def classes_below(node: Node) -> Dim | None:
    """How many classes the data are of, with or without their labels."""
    data = walk([node], lambda n: [i for i in n.inputs if is_data(i.type)])
    labels = (dict(n.type.fields).get("label") for n in data if isinstance(n.type, DataType))
    return next((label.classes for label in labels if label is not None), None)


def _joins(node: Node, signatures: Signatures) -> bool:
    signature = signatures.get(node.op)
    return signature is not None and bool(signature.joins)
