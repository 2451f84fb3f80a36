"""Dash, AdaMatch, DeFixMatch and CRMatch as definitions, held against numbers that were worked out apart from them."""

import pytest
import torch
from torch import Tensor
from worked import LABELED, OTHER, STRONG, TRUTH, WEAK, double, head, of, steps, table

HEAD = head(f"let strong = {OTHER.format('unlabeled')}", f"let harder = {OTHER.format('labeled')}")


def step_of(term: str) -> tuple[dict[str, Tensor], Tensor]:
    """What a step gives, and the gradient of the strong rows."""
    scores = table(WEAK, STRONG, LABELED)
    found = next(steps(f"{HEAD}loss = {term}\n", [{"classes": scores}], labels=TRUTH))
    found["loss"].backward()
    return found, of(scores.grad, second=True)


def test_dash_keeps_rows_below_the_level() -> None:
    found, slope = step_of("dash(unlabeled, strong, 0.9)")
    assert found["loss"].item() == pytest.approx(0.4187010999, abs=1e-9)
    assert slope[3].abs().sum() == 0 and (slope[:3].abs().sum(dim=1) > 0).all()


def test_adamatch_aligns_and_takes_its_threshold_from_the_labels() -> None:
    found, _ = step_of("adamatch(labeled, harder, unlabeled, strong, momentum=0.9, length=4, ramp=0.5)")
    known, p = double(LABELED).softmax(1), double(WEAK).softmax(1)
    target = 0.9 / 3 + 0.1 * known.mean(dim=0)
    even = p * (target + 1e-6) / (0.25 * p.mean(dim=0) + 0.75 / 3 + 1e-6)
    even = even / even.sum(dim=1, keepdim=True)
    sure = even.amax(dim=1) >= 0.9 * known.amax(dim=1).mean()
    assert sure.tolist() == [True, True, True, False]
    losses = torch.nn.functional.cross_entropy(double(STRONG), even.argmax(dim=1), reduction="none")
    assert found["unlabeled"].item() == pytest.approx((sure * losses).mean().item(), abs=1e-7)
    assert found["unlabeled"].item() == pytest.approx(0.3318551003, abs=1e-7)  # as worked out, with these masks
    both = torch.nn.functional.cross_entropy(double([*LABELED, *LABELED[::-1]]), torch.tensor([*TRUTH, *TRUTH]))
    assert found["labeled"].item() == pytest.approx(both.item(), abs=1e-7)
    assert found["loss"].item() == pytest.approx(both.item() + 0.5 * 0.3318551003, abs=1e-7)


def test_defixmatch_takes_the_term_of_labeled_images_off() -> None:
    found, _ = step_of("defixmatch(labeled, harder, unlabeled, strong, threshold=0.6)")
    assert found["unlabeled"].item() == pytest.approx(0.3318551003, abs=1e-9)
    weak, strong = double(LABELED), double(LABELED[::-1])  # the strong view of either labeled image is the other one
    p = weak.softmax(1)
    own = torch.nn.functional.cross_entropy(strong, p.argmax(dim=1), reduction="none")
    off = ((p.amax(dim=1) >= 0.6) * own).mean().item()
    assert found["debiased"].item() == pytest.approx(off, abs=1e-9)
    truth = torch.nn.functional.cross_entropy(double([*LABELED, *LABELED[::-1]]), torch.tensor([*TRUTH, *TRUTH]))
    assert found["loss"].item() == pytest.approx(truth.item() + 0.5 * (0.3318551003 - off), abs=1e-9)
