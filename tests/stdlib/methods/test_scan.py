"""SCAN and DeepCluster-v2 as definitions, held against numbers that were worked out apart from them."""

import pytest
import torch
from worked import OTHER, A, B, of, steps, table

HEAD = f"""ssl 1
data   images    = image_arrays("photos.npz", channels=1, height=8, width=8, classes=3)
stream unlabeled = unlabel(images.train.subset(4, seed=0))
net    encoder   = convnet(width=4)
head   clusters  = linear(encoder.dim, 3)
head   projector = linear(encoder.dim, 3)
let    other     = {OTHER.format("unlabeled")}
batch = {{unlabeled: 4}}
run   = 5it
"""


def test_scan_is_consistency_less_five_times_the_spread() -> None:
    scores = table(A, B)
    found = next(steps(f"{HEAD}loss = scan(unlabeled, other)\n", [{"clusters": scores}]))
    found["loss"].backward()
    assert found["consistency"].item() == pytest.approx(0.9509751908, abs=1e-9)
    assert found["spread"].item() == pytest.approx(1.0911732304, abs=1e-9)
    assert found["loss"].item() == pytest.approx(-4.5048909610, abs=1e-9)
    assert of(scores.grad)[0].tolist() == pytest.approx([-0.0172499694, -0.0311188232, 0.0483687926], abs=1e-9)


def test_self_labeling_learns_from_confident_rows() -> None:
    scores = table([[4 * x for x in row] for row in A], B)
    found = next(steps(f"{HEAD}loss = self_labeling(unlabeled, other, threshold=0.75)\n", [{"clusters": scores}]))
    found["loss"].backward()
    assert found["loss"].item() == pytest.approx(0.8272512680, abs=1e-9)
    assert of(scores.grad).abs().sum() == 0 and of(scores.grad, second=True).abs().sum() > 0


def test_deepcluster_begins_when_its_banks_are_full() -> None:
    term = "deepcluster_v2(unlabeled | other, unlabeled, 2, every=1it)"
    first, second = steps(f"{HEAD}loss = {term}\n", [{"projector": table(A, B)} for _ in range(2)])
    assert first["loss"].item() == 0.0
    assert second["loss"].isfinite() and 0 < second["loss"].item() < 2 * torch.tensor(2.0).log().item() + 10
