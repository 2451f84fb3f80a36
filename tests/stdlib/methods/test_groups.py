"""SMoG and DeepCluster-v2 as definitions: worked numbers, and spherical k-means written anew."""

import pytest
import torch
from torch.nn.functional import cross_entropy, normalize
from worked import OTHER, A, B, double, of, steps, table

HEAD = f"""ssl 1
data   images    = image_arrays("photos.npz", channels=1, height=8, width=8, classes=3)
stream unlabeled = unlabel(images.train.subset(4, seed=0))
net    encoder   = convnet(width=4)
head   projector = mlp_head(encoder.dim, hidden=[4], out=3)
head   predictor = mlp_head(3, hidden=[4], out=3)
net    online    = encoder >> projector
net    teacher   = ema(online, momentum=0.9)
let    other     = {OTHER.format("unlabeled")}
batch = {{unlabeled: 4}}
forward = separate
run   = 5it
"""
GROUPS = [[1, 0.5, 0], [0, 1, -0.5], [-0.5, 0, 1], [-1, -0.5, -0.5]]
MOVED = [[1, 0.47, -0.04], [0, 1, -0.5], [-0.435, 0.005, 0.97], [-0.98, -0.5, -0.44]]


def test_smog_costs_what_was_worked_out_and_its_groups_move() -> None:
    term = "smog(unlabeled, other, teacher, groups=4, momentum=0.9)"
    first, second = table(A, B), table(A, B)
    tables = [{"projector": z, "teacher/projector": table(A, B)} for z in (first, second)]
    held = {"smog/past/momentum_groups.value": double(GROUPS)}
    found = list(steps(f"{HEAD}loss = {term}\n", tables, held=held))
    assert found[0]["loss"].item() == pytest.approx(0.1034873713, abs=1e-9)
    moved = next(steps(f"{HEAD}loss = {term}\n", [tables[1]], held={"smog/past/momentum_groups.value": double(MOVED)}))
    assert found[1]["loss"].item() == pytest.approx(moved["loss"].item(), abs=1e-12)
    again = next(steps(f"{HEAD}loss = {term}\n", [{**tables[0], "projector": first}], held=held))
    again["loss"].backward()
    predictions, embeddings = [-0.0022852356, 0.0036029646, -0.0039116067], [0.0038162799, -0.0072879313, 0.0097738063]
    both = [p + e for p, e in zip(predictions, embeddings, strict=True)]  # the predictor gives what it gets
    assert of(first.grad)[0].tolist() == pytest.approx(both, abs=1e-9)


def test_deepcluster_asks_for_clusters_of_the_bank() -> None:
    term = "deepcluster_v2(unlabeled | other, unlabeled, 2, every=1it)"
    paths = ("deepcluster_v2/past/kmeans_bank", "deepcluster_v2/second/kmeans_bank")
    held = {f"{path}.order": torch.arange(4) for path in paths}
    z = table(A, B)
    second = list(steps(f"{HEAD}loss = {term}\n", [{"projector": table(A, B)}, {"projector": z}], held=held))[1]
    rows = z.detach().requires_grad_()
    total = torch.zeros(()).double()
    for bank in (normalize(double(A), dim=1), normalize(double(B), dim=1)):
        centers = bank[:2]
        for _ in range(10):
            nearest = (bank @ centers.T).argmax(1)
            centers = torch.stack([normalize(bank[nearest == k].sum(0), dim=0) for k in range(2)])
        assigned = (bank @ centers.T).argmax(1)
        for view in (of(rows), of(rows, second=True)):
            total = total + cross_entropy(normalize(view, dim=1) @ centers.T / 0.1, assigned) / 4
    assert second["loss"].item() == pytest.approx(total.item(), abs=1e-7)
    total.backward()
    second["loss"].backward()
    torch.testing.assert_close(z.grad, rows.grad, atol=1e-7, rtol=0)
