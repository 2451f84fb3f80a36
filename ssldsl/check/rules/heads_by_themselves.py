"""L619: what the networks of a list give is not taken for several views of one batch."""

from collections.abc import Iterator

from ssldsl.check.messages import warnings
from ssldsl.check.state.reader import Reader
from ssldsl.errors import Diagnostic
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Stage
from ssldsl.ir.walk import in_a_step, networks


def heads_by_themselves(stage: Stage, reader: Reader) -> Iterator[Diagnostic]:
    """An op that takes a list as one value, such as `marginal_entropy`, makes one number of all of them."""
    for node in in_a_step(stage.step_roots):
        signature = reader.ctx.signatures.get(node.op)
        for edge in signature.edges if signature is not None else ():
            given = [value for name, value in zip(node.params, node.inputs, strict=True) if name == edge.name]
            of = _list_of(reader, given) if edge.many and len(given) > 1 else ""
            if of:
                yield warnings.heads_as_views(node.op, of, reader.written_at(node))


def _list_of(reader: Reader, values: list[Node]) -> str:
    """The list of networks of which every value has gone through another one; nothing where there is none."""
    used = [{path for path in networks(in_a_step([value])) if reader.ctx.modules[path].of_list} for value in values]
    lists = {reader.ctx.modules[path].of_list for paths in used for path in paths}
    for name in sorted(lists):
        own = [frozenset(path for path in paths if reader.ctx.modules[path].of_list == name) for paths in used]
        if all(own) and len(set(own)) > 1:
            return name
    return ""
