"""What the library's ops say of themselves, held as a run holds a person's own: kinds, rows, gradients, draws.

A run does not try the library's ops, since what holds of them holds for every run; it is tried here, once for each.
"""

from typing import Any

import pytest
import torch
from op_inputs import arguments_for, op_of, settings_of, size_of
from small_nets import FrozenOnly
from torch import nn

from ssldsl.ops.contract import bound
from ssldsl.ops.library import Library
from ssldsl.ops.signature import Signature
from ssldsl.runtime.nets.unsaved import changed_outside, outside_of_buffers
from ssldsl.runtime.step.claims import Claimed

LIBRARY = Library.shipped()
ROLES = ("views", "nets", "heads", "targets", "memory", "losses")
OPS = [s for n in sorted(LIBRARY.names()) if (s := LIBRARY.get(n)) is not None and s.role in ROLES]
OF_ROWS = [s for s in OPS if not s.reads_state]  # the others read no rows: what they keep is held by the test below


SIZES_ALONE = {"decoder_centroids": {"probs", "features"}}  # edges whose numbers do not matter, as its page says
AT_A_POINT = {"virtual_adversarial": {"inputs", "logits"}}  # the network learns; the scores are the target
WITHOUT_GRADIENT = SIZES_ALONE | AT_A_POINT


def claimed(signature: Signature) -> tuple[Any, dict[str, Any], Claimed]:
    """An op with a call, and what it says of itself."""
    torch.manual_seed(0)
    op, arguments = op_of(signature), arguments_for(signature)
    cut = {e.name for e in signature.edges} if signature.role == "memory" else WITHOUT_GRADIENT.get(signature.name, ())
    arguments |= {name: _detached(arguments[name]) for name in cut}  # of a memory nothing carries gradient
    sizes = {name: size_of(name) for name in signature.sizes if name != signature.takes_row}
    return op, arguments, Claimed(signature, {**sizes, **settings_of(signature)} if signature.is_module else {})


def _detached(value: Any) -> Any:
    return [each.detach() for each in value] if isinstance(value, list) else value.detach()


@pytest.mark.parametrize("signature", OF_ROWS, ids=[s.name for s in OF_ROWS])
def test_an_op_of_the_library_is_what_it_says_it_is(signature: Signature) -> None:
    op, arguments, claim = claimed(signature)
    nets = any(isinstance(value, FrozenOnly) for value in arguments.values())
    if isinstance(op, nn.Module):
        call, module = op.forward, op
        arguments = bound(type(op).forward, (op,), arguments) if signature.role != "memory" else arguments
        arguments.pop("self", None)
    else:
        call, module = op, None
        arguments = bound(op, (), arguments)
    result = call(**arguments)
    claim.hold(lambda edges: call(**edges), arguments, result, module, may_compare=nets)  # raises what is untrue


@pytest.mark.parametrize("signature", [s for s in OPS if s.role == "memory"], ids=lambda s: s.name)
def test_a_memory_of_the_library_keeps_what_changes_in_its_buffers(signature: Signature) -> None:
    op, arguments, _ = claimed(signature)
    assert isinstance(op, nn.Module)
    before = outside_of_buffers(op)
    op.commit(**{e.name: arguments[e.name] for e in signature.edges})
    assert not changed_outside(before, op)
