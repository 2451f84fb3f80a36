"""Which parameter an argument without a name stands for, as far as the text alone tells."""

from attrs import frozen

from ssldsl.ops.arguments import constructs
from ssldsl.ops.library import Library
from ssldsl.source import Source
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse

_APPLIED = ("views", "nets", "heads")  # what they are applied to may stand before their settings


@frozen
class ArgumentSlots:
    """Arguments without names in the calls of a file."""

    file: tree.File
    library: Library

    def index(self, call: tree.Call, name: str) -> int | None:
        """The argument that is the parameter `name` by its place, or nothing where there is none."""
        is_method, called = isinstance(call.function, tree.Attribute), _called(call)
        order = self._order(called)
        unnamed = [i for i, a in enumerate(call.arguments) if a.name is None]
        place = order.index(name) - is_method if name in order else -1
        signature = self.library.get(called)
        is_applied = signature is not None and signature.role in _APPLIED
        if is_applied:
            place += max(0, len(unnamed) - len(order))
        if not 0 <= place < len(unnamed):
            return None
        may_be_a_batch = is_applied and isinstance(call.arguments[unnamed[place]].value, tree.Ref | tree.Call)
        return None if may_be_a_batch else unnamed[place]

    def takes(self, call: tree.Call, name: str) -> bool:
        """Whether what is called has a parameter of this name."""
        return name in self._order(_called(call))

    def _order(self, called: str) -> tuple[str, ...]:
        """The parameters of a definition of the file, of an op, or of a definition of the library."""
        definition = _definition(called, self.file)
        signature, path = self.library.get(called), self.library.methods().get(called)
        if definition is None and signature is not None:
            edges = () if constructs(signature) else tuple(e.name for e in signature.edges)
            return (*edges, *signature.given_sizes, *(s.name for s in signature.settings))
        if definition is None and path is not None:
            source = Source(path.name, path.read_text(encoding="utf-8"))
            definition = _definition(called, parse(source).file)
        return tuple(p.name.id for p in definition.parameters) if definition else ()


def _called(call: tree.Call) -> str:
    return call.function.name.id if isinstance(call.function, tree.Attribute) else call.function.span.text


def _definition(name: str, file: tree.File) -> tree.Def | None:
    return next((s for s in file.statements if isinstance(s, tree.Def) and s.name.id == name), None)
