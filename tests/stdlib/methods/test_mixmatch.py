"""Consistency, MixMatch and ReMixMatch as definitions, held against numbers that were worked out apart from them."""

import pytest
import torch
from worked import LABELED, OTHER, STRONG, TRUTH, WEAK, head, of, steps, table

from ssldsl.stdlib.losses.soft_cross_entropy import soft_cross_entropy
from ssldsl.stdlib.targets.aligned import aligned
from ssldsl.stdlib.targets.sharpen import sharpen

HEAD = head(
    "net model = encoder >> classes",
    "net teacher = ema(model, momentum=0.9)",
    "let weak = unlabeled",
    f"let strong = {OTHER.format('unlabeled')}",
)
ALONE = "alpha=0.0001"  # of two images that are mixed, one is all there is
WEAKLY, STRONGLY = (torch.tensor(rows, dtype=torch.float64) for rows in (WEAK, STRONG))


def step_of(term: str, **tables: torch.Tensor) -> dict[str, torch.Tensor]:
    rows = {"classes": table(WEAK, STRONG, LABELED)} | {name.replace("__", "/"): rows for name, rows in tables.items()}
    return next(steps(f"{HEAD}loss = {term}\n", [rows], labels=TRUTH))


def test_the_pi_model_learns_from_both_sides() -> None:
    scores = table(WEAK, STRONG, LABELED)
    found = step_of("ce(labeled) + pi_model(strong, weak)", classes=scores)
    found["loss"].backward()
    assert found["pi_model"].item() == pytest.approx(0.0287677841, abs=1e-9)
    weak, strong = (probs.softmax(1) for probs in (WEAKLY, STRONGLY))
    apart = 2 * (strong - weak) / 12
    expected = strong * (apart - (strong * apart).sum(dim=1, keepdim=True))
    torch.testing.assert_close(of(scores.grad, second=True), expected, atol=1e-9, rtol=0)
    torch.testing.assert_close(
        of(scores.grad), weak * ((weak * apart).sum(dim=1, keepdim=True) - apart), atol=1e-9, rtol=0
    )


def test_ict_compares_with_the_mixture_of_the_teachers_predictions() -> None:
    found = step_of("ce(labeled) + ict(weak, teacher, alpha=1e-4)", teacher__classes=table(WEAK, STRONG, LABELED))
    assert found["ict"].item() == pytest.approx(
        0.0, abs=1e-9
    )  # of images that are not mixed, teacher and student agree


def test_mixmatch_draws_both_views_to_their_sharpened_mean() -> None:
    guess = WEAKLY.softmax(1) + STRONGLY.softmax(1)
    guess = guess.square() / guess.square().sum(dim=1, keepdim=True)
    assert guess[0].tolist() == pytest.approx([0.9706064786, 0.0251557026, 0.0042378187], abs=1e-9)  # as worked out
    found = step_of(f"mixmatch(labeled, weak | strong, 3, weight=2, {ALONE})")
    apart = (WEAKLY.softmax(1) - guess).square().mean().item()
    assert found["labeled"].item() == pytest.approx(0.9795253392, abs=1e-6)
    assert found["guessed"].item() == pytest.approx((0.0334663251 + apart) / 2, abs=1e-7)
    assert found["loss"].item() == pytest.approx(0.9795253392 + 0.0334663251 + apart, abs=1e-6)


REMIXMATCH = f"remixmatch(labeled, weak, draw(1, flip(strong, p=0.0)), 3, {ALONE})"


def test_remixmatch_aligns_sharpens_and_asks_for_the_same_of_all_views() -> None:
    turns = table([[0.0] * 4] * 4, [[0.0] * 4] * 4)
    found = step_of(REMIXMATCH, remixmatch__angles=turns)
    labels = torch.tensor(
        [0.999 / 3 + 0.0005, 0.999 / 3, 0.999 / 3 + 0.0005]
    ).double()  # one of class 0, one of class 2
    aligned = WEAKLY.softmax(1) * (labels + 1e-6) / (1 / 3 + 1e-6)
    target = aligned.square() / aligned.square().sum(dim=1, keepdim=True)
    weak, strong = (-(target * z.log_softmax(1)).sum(1).mean() for z in (WEAKLY, STRONGLY))
    assert found["labeled"].item() == pytest.approx(0.9795253392, abs=1e-6)
    assert found["guessed"].item() == pytest.approx(((weak + strong) / 2).item(), abs=1e-6)
    assert found["plain"].item() == pytest.approx(strong.item(), abs=1e-6)
    assert found["rotation"].item() == pytest.approx(torch.tensor(4.0).log().item(), abs=1e-6)
    total = 0.9795253392 + 1.5 * (weak + strong) / 2 + 0.5 * strong + 0.5 * torch.tensor(4.0).log()
    assert found["loss"].item() == pytest.approx(total.item(), abs=1e-6)


def test_targets_of_remixmatch_are_the_worked_ones() -> None:
    usual, wanted = (torch.tensor(shares, dtype=torch.float64) for shares in ([0.5, 0.25, 0.25], [0.2, 0.3, 0.5]))
    target = sharpen(aligned(WEAKLY.softmax(1), usual, wanted))
    assert target[3].tolist() == pytest.approx([0.0397988466, 0.2932587061, 0.6669424473], abs=1e-9)
    assert soft_cross_entropy(STRONGLY, target).mean().item() == pytest.approx(0.7219931671, abs=1e-9)
