"""What holds for every memory of the library on a device: the host waits for nothing that a memory computes."""

import pytest
import torch
from op_inputs import arguments_for, op_of
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

from ssldsl.ops.library import Library
from ssldsl.ops.signature import Signature

LIBRARY = Library.shipped(installed=False)
MEMORIES = [s for name in sorted(LIBRARY.names()) if (s := LIBRARY.get(name)) is not None and s.role == "memory"]
AGAINST_A_BANK = [
    s
    for name in ("instance_discrimination", "neighborhood_discrimination", "unification_entropy", "bank_profiles")
    if (s := LIBRARY.get(name)) is not None
]


def without_values(mode: FakeTensorMode, value: object) -> object:
    """Tensors that know their shapes alone: whoever asks for a number fails, as the host would have to wait."""
    if isinstance(value, list):
        return [without_values(mode, item) for item in value]
    return mode.from_tensor(value.detach()) if isinstance(value, Tensor) else value


@pytest.fixture(autouse=True)
def _shapes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssldsl.ops.contract.check_values", lambda *arguments: None)


@pytest.mark.parametrize("signature", MEMORIES, ids=[s.name for s in MEMORIES])
def test_a_memory_is_read_and_written_without_a_look_at_its_numbers(signature: Signature) -> None:
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    memory, arguments = op_of(signature), arguments_for(signature)
    assert isinstance(memory, torch.nn.Module)
    for name, value in dict(memory.named_buffers()).items():
        memory.register_buffer(name, mode.from_tensor(value))
    given = {edge.name: without_values(mode, arguments[edge.name]) for edge in signature.edges}
    with mode:
        memory(**({} if signature.reads_state else given))
        memory.commit(**given)


@pytest.mark.parametrize("signature", AGAINST_A_BANK, ids=[s.name for s in AGAINST_A_BANK])
def test_what_is_held_against_a_bank_is_computed_without_a_look_at_its_numbers(signature: Signature) -> None:
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    given = {name: without_values(mode, value) for name, value in arguments_for(signature).items()}
    with mode:
        op_of(signature)(**given)
