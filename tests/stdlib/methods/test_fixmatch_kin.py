"""ReFixMatch and SequenceMatch as definitions, held against numbers that were worked out apart from them."""

import pytest
import torch
from torch import Tensor
from worked import LABELED, OTHER, STRONG, TRUTH, WEAK, double, head, of, steps, table

HEAD = head(f"let strong = {OTHER.format('unlabeled')}", "let medium = normalize(unlabeled, mean=[-20], std=[1])")
MEDIUM = [[3, 0, 0], [0, 1.5, 0.5], [0, 0, 3], [0.2, 0.8, 0]]


def test_rows_below_the_threshold_of_refixmatch_follow_soft_targets() -> None:
    scores = table(WEAK, STRONG, LABELED)
    term = "ce(labeled) + refixmatch(unlabeled, strong, threshold=0.8)"
    found = next(steps(f"{HEAD}loss = {term}\n", [{"classes": scores}], labels=TRUTH))
    assert found["confident"].item() == pytest.approx(0.1617876827, abs=1e-9)
    assert found["doubtful"].item() == pytest.approx(0.1584755368, abs=1e-9)
    found["loss"].backward()
    soft = (double(WEAK) / 0.5).softmax(1)
    slope = ((double(STRONG) / 0.5).softmax(1) - soft) / 0.5 / 4
    torch.testing.assert_close(of(scores.grad, second=True)[[1, 3]], slope[[1, 3]], atol=1e-9, rtol=0)
    assert of(scores.grad).abs().sum() == 0


def with_medium(rows: Tensor) -> Tensor:
    """The table with rows for images that are numbered from 22 on."""
    filled = torch.cat([rows.detach(), torch.zeros(22 - len(rows), 3).double(), double(MEDIUM)])
    return filled.requires_grad_()


def test_views_of_sequencematch_follow_the_easier_ones() -> None:
    scores = with_medium(table(WEAK, STRONG, LABELED))
    term = "ce(labeled) + sequencematch(unlabeled, medium, strong, threshold=0.8)"
    learned = {  # so that the status of the classes is 1, 1/2 and 1/2
        "sequencematch/status/learning_status.classes": torch.tensor([0, -1, 2, 0, -1, 1])
    }  # status (1, 1/2, 1/2)
    found = next(steps(f"{HEAD}loss = {term}\n", [{"classes": scores}], labels=TRUTH, held=learned))
    assert found["unlabeled"].item() == pytest.approx(0.3318551003, abs=1e-9)
    worked = {"medium_to_weak": 0.1178076377, "strong_to_medium": 0.2126100058, "strong_to_weak": 0.2763478318}
    for name, value in worked.items():
        assert found[name].item() == pytest.approx(value, abs=1e-9)
    assert found["loss"].item() == pytest.approx(1.9181459149, abs=1e-9)
    found["loss"].backward()
    assert of(scores.grad).abs().sum() == 0 and scores.grad[22:25].abs().sum() > 0
    target, seen = (double(WEAK) / 0.5).softmax(1), double(MEDIUM).softmax(1)
    torch.testing.assert_close(scores.grad[22:25], (seen - target)[:3] / 4, atol=1e-9, rtol=0)
