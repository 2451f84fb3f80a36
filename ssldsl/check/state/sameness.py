"""Whether two values are the same numbers, so that a loss between them teaches nothing."""

from collections.abc import Mapping

from attrs import define, field

from ssldsl.ir.nodes import Node
from ssldsl.ir.primitives import KEEPS_NUMBERS
from ssldsl.ir.walk import walk
from ssldsl.ops.signature import Signature


@define(eq=False)
class Sameness:
    """Classes of nodes with the same numbers: `stop` changes none, and scores say what their probabilities say.

    signatures: the ops that the program uses, as far as it has been read.
    """

    signatures: Mapping[str, Signature]
    _classes: dict[int, int] = field(factory=dict)  # node -> class
    _keys: dict[object, int] = field(factory=dict)

    def is_same(self, first: Node, second: Node) -> bool:
        return self._of(first) == self._of(second)

    def _of(self, root: Node) -> int:
        for node in walk([root], lambda n: () if n.id in self._classes else n.inputs):
            if node.id not in self._classes:
                self._classes[node.id] = self._class(node)
        return self._classes[root.id]

    def _class(self, node: Node) -> int:
        inputs = tuple(self._classes[i.id] for i in node.inputs)
        if node.op in KEEPS_NUMBERS or self._keeps_prediction(node):
            return inputs[0]
        key = (node.op, inputs, node.params, repr(node.settings), node.draw)
        return self._keys.setdefault(key, len(self._keys))

    def _keeps_prediction(self, node: Node) -> bool:
        """Whether a node makes probabilities of scores without changing what they say."""
        signature = self.signatures.get(node.op)
        return signature is not None and len(node.inputs) == 1 and signature.keeps_prediction(dict(node.settings))
