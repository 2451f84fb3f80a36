import torch

from ssldsl.stdlib.targets.memory_smoothed import memory_smoothed

P, V = torch.eye(2), torch.tensor([[0.5, 0.5], [0.2, 0.8]])


def test_an_empty_memory_changes_nothing() -> None:
    assert torch.equal(memory_smoothed(P, V, torch.zeros(())), P)


def test_a_full_one_has_its_share() -> None:
    torch.testing.assert_close(memory_smoothed(P, V, torch.ones(()), share=0.8), 0.8 * P + 0.2 * V)
