import pytest
import torch
from worked import A, B, double

from ssldsl.stdlib.memory.running_gram import RunningGram


def test_two_written_steps() -> None:
    memory = RunningGram(3).double()
    for rows in (A, B):
        found = memory(torch.nn.functional.normalize(double(rows), dim=1))
        memory.commit(torch.nn.functional.normalize(double(rows), dim=1))
    assert torch.equal(memory.value, found)
    assert found.diagonal().tolist() == pytest.approx([0.0857678929, 0.0569601427, 0.0472719644], abs=1e-10)
    assert [found[0, 1].item(), found[0, 2].item(), found[1, 2].item()] == pytest.approx(
        [0.0101766687, 0.0010571127, -0.0009798938], abs=1e-10
    )
