"""SimMatch's bank, held against worked numbers."""

import pytest
import torch
from worked import double

from ssldsl.stdlib.memory.labeled_bank import LabeledBank


def test_rows_of_a_batch_move_and_all_others_stay() -> None:
    bank = LabeledBank(2, 4).double()
    bank.rows.copy_(torch.nn.functional.normalize(double([[1, 0], [0, 1], [-1, 1], [1, 1]]), dim=1))
    before = bank.rows.clone()
    bank.commit(double([[1, 0], [0, 1]]), torch.tensor([0, 2]), torch.tensor([1, 2]))
    assert bank.rows[1:3].flatten().tolist() == pytest.approx(
        [0.3939192986, 0.9191450300, -0.5285511197, 0.8489014748], abs=1e-9
    )
    assert torch.equal(bank.rows[[0, 3]], before[[0, 3]])
    assert bank().labels.tolist() == [0, 0, 2, 0] and bank().seen.tolist() == [0, 1, 1, 0]
