"""SMoG, held against worked numbers."""

import pytest
from worked import A, B, double

from ssldsl.stdlib.losses.cross_entropy import cross_entropy
from ssldsl.stdlib.memory.momentum_groups import MomentumGroups
from ssldsl.stdlib.targets.cosine_scores import cosine_scores
from ssldsl.stdlib.targets.moved_groups import moved_groups

GROUPS = [[1, 0.5, 0], [0, 1, -0.5], [-0.5, 0, 1], [-1, -0.5, -0.5]]
MOVED = [1, 0.47, -0.04, 0, 1, -0.5, -0.435, 0.005, 0.97, -0.98, -0.5, -0.44]


def test_groups_move_and_predictions_choose_among_them() -> None:
    embeddings, predictions, groups = double(A).requires_grad_(), double(A).requires_grad_(), double(GROUPS)
    assigned = cosine_scores(double(B), groups).argmax(dim=1)
    assert assigned.tolist() == [0, 2, 2, 3]
    now = moved_groups(groups, embeddings, momentum=0.9)
    assert now.flatten().tolist() == pytest.approx(MOVED, abs=1e-9)
    loss = cross_entropy(cosine_scores(predictions, now), assigned, temperature=0.1).mean()
    loss.backward()
    assert loss.item() == pytest.approx(0.1034873713, abs=1e-9)
    assert predictions.grad[0].tolist() == pytest.approx([-0.0022852356, 0.0036029646, -0.0039116067], abs=1e-9)
    assert embeddings.grad[0].tolist() == pytest.approx([0.0038162799, -0.0072879313, 0.0097738063], abs=1e-9)


def test_the_memory_holds_what_a_step_moved() -> None:
    memory = MomentumGroups(3, groups=4, momentum=0.9).double()
    memory.value.copy_(double(GROUPS))
    memory.commit(double(A))
    assert memory().flatten().tolist() == pytest.approx(MOVED, abs=1e-9)
