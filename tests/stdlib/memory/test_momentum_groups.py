import torch

from ssldsl.stdlib.memory.momentum_groups import MomentumGroups

SETTINGS = {"groups": 3}


def test_rows_that_stand_at_a_center_leave_it_there() -> None:
    memory = MomentumGroups(2, groups=3, momentum=0.5)
    before = memory.value.clone()
    memory.commit(before[[0, 0, 2]])
    torch.testing.assert_close(memory.value, before)
