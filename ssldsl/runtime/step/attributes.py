"""The attributes of a class of printed code: modules, and memories, that its functions read from `self`."""

from collections.abc import Callable

from attrs import Factory, define
from torch import nn

from ssldsl.graph.plan import NodePlan
from ssldsl.runtime.step.printer import identifier

_OF_MODULES = frozenset(dir(nn.Module())) | {"lowered", "term_names", "watch_names"}


@define
class Attributes:
    """What stands behind each attribute, by its name.

    modules: the path of a module. instances: a node that calls a module without a name, such as one that gives rows
    unit length. memories: a node that reads a memory. methods: names that no attribute may have.
    """

    modules: dict[str, str] = Factory(dict)
    instances: dict[str, NodePlan] = Factory(dict)
    memories: dict[str, NodePlan] = Factory(dict)
    methods: set[str] = Factory(set)

    def of_module(self, path: str) -> str:
        """The attribute of a module by its path."""
        for attribute, known in self.modules.items():
            if known == path:
                return attribute
        attribute = self._free(path)
        self.modules[attribute] = path
        return attribute

    def of_memory(self, node: NodePlan) -> str:
        """The attribute of the memory that a node reads."""
        for attribute, known in self.memories.items():
            if known.draw == node.draw:
                return attribute
        attribute = self._free(node.draw)
        self.memories[attribute] = node
        return attribute

    def of_instance(self, node: NodePlan, making: Callable[[NodePlan], str]) -> str:
        """The attribute of a module without a name. making: the expression that makes it; equal ones are one."""
        for attribute, known in self.instances.items():
            if making(known) == making(node):
                return attribute
        attribute = self._free(node.op)
        self.instances[attribute] = node
        return attribute

    def _free(self, wanted: str) -> str:
        attribute = identifier(wanted)
        taken = (self.modules, self.instances, self.memories, self.methods, _OF_MODULES)
        while any(attribute in names for names in taken):
            attribute += "_"
        return attribute
