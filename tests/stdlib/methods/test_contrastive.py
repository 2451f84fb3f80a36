"""Contrastive methods and those without negatives as definitions, held against numbers that were worked out apart."""

import pytest
import torch
from torch import Tensor
from worked import OTHER, A, B, Q, double, of, steps, table

HEAD = f"""ssl 1
data   images    = image_arrays("photos.npz", channels=1, height=8, width=8, classes=2)
stream labeled   = images.train.subset(100, seed=0)
stream unlabeled = unlabel(images.train.subset(6, seed=0))
net    encoder   = convnet(width=4)
head   projector = mlp_head(encoder.dim, hidden=[4], out=3)
head   predictor = mlp_head(3, hidden=[4], out=3)
net    online    = encoder >> projector
net    teacher   = ema(online, momentum=0.9)
let    views     = unlabeled | {OTHER.format("unlabeled")}
batch = {{labeled: 2, unlabeled: 4}}
clock = unlabeled
forward = separate
run   = 5it
"""


def step_of(term: str, teacher: Tensor | None = None) -> tuple[dict[str, Tensor], Tensor]:
    """What a step gives where the projections of two views are A and B, and the gradient of A's first row."""
    z = table()
    tables = {"projector": z} | ({} if teacher is None else {"teacher/projector": teacher})
    found = next(steps(f"{HEAD}loss = {term}\n", [tables]))
    found["loss"].backward()
    return found, of(z.grad)[0]


WORKED = {
    "simclr(views)": (0.5378911221, [0.0231674832, -0.0574850359, 0.0291761900]),
    "dcl(views)": (-7.4752880121, [0.4020811099, -1.2155006032, 0.3974524731]),
    "barlow_twins(views)": (0.0513384460, [-0.0030514680, -0.0211603676, -0.0723106946]),
    "vicreg(views)": (9.6852382254, [-1.0400470454, -1.3137921635, 0.3950078010]),
    "w_mse(views, size=4)": (0.1373347766, [-0.0284654348, -0.2363599413, 0.0]),
}


@pytest.mark.parametrize("term", WORKED)
def test_two_written_views_cost_what_was_worked_out(term: str) -> None:
    found, gradient = step_of(term)
    value, expected = WORKED[term]
    assert found["loss"].item() == pytest.approx(value, abs=1e-9)
    assert gradient.tolist() == pytest.approx(expected, abs=1e-9)


def test_the_terms_of_vicreg_are_recorded_apart() -> None:
    found, _ = step_of("vicreg(views)")
    for name, value in {"invariance": 0.0616666667, "variance": 0.3249494920, "covariance": 0.0198342593}.items():
        assert found[name].item() == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(("temperature", "value"), [(0.2, 0.0226767825), (1.0, 2.8024376839)])
def test_moco_v3_with_predictions_that_are_projections(temperature: float, value: float) -> None:
    found, gradient = step_of(f"moco_v3(views, teacher, temperature={temperature})", table())
    assert found["loss"].item() == pytest.approx(value, abs=1e-9)
    if temperature == 0.2:
        assert gradient.tolist() == pytest.approx([0.0007813564, -0.0017419170, 0.0010824325], abs=1e-9)


def over_two_steps(term: str, projections: tuple[Tensor, Tensor], teachers: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
    """The second of two steps; the first leaves what is in the queue."""
    pairs = zip(projections, teachers, strict=True)
    tables = [{"projector": z, "teacher/projector": t} for z, t in pairs]
    return list(steps(f"{HEAD}loss = {term}\n", tables, labels=(0, 1)))[1]


QUEUED = Q[:4]  # what a step of four rows leaves
LATER = {"moco": "moco(first(views), last(views), teacher, length=4)",
         "ressl": "ressl(first(views), last(views), teacher, length=4)"}  # fmt: skip


def test_moco_and_ressl_read_the_keys_of_the_step_before() -> None:
    q, k, past = (torch.nn.functional.normalize(double(rows), dim=1) for rows in (A, B, QUEUED))
    logits = torch.cat([(q * k).sum(1, keepdim=True), q @ past.T], dim=1) / 0.2
    target = (k @ past.T / 0.04).softmax(1)
    expected = {
        "moco": -logits.log_softmax(1)[:, 0].mean().item(),
        "ressl": -(target * (q @ past.T / 0.1).log_softmax(1)).sum(1).mean().item(),
    }
    for name, term in LATER.items():
        found = over_two_steps(term, (table(), table()), (table(QUEUED, QUEUED), table()))
        assert found["loss"].item() == pytest.approx(expected[name], abs=1e-7)


def test_nnclr_asks_the_neighbors_of_both_views() -> None:
    past = torch.nn.functional.normalize(double(QUEUED), dim=1)
    a, b = (torch.nn.functional.normalize(double(rows), dim=1) for rows in (A, B))
    total = 0.0
    for own, other in ((a, b), (b, a)):
        near = past[(own @ past.T).argmax(dim=1)]
        total += torch.nn.functional.cross_entropy(near @ other.T / 0.1, torch.arange(4)).item() / 2
    found = over_two_steps("nnclr(views, length=4)", (table(QUEUED, QUEUED), table()), (table(), table()))
    assert found["loss"].item() == pytest.approx(total, abs=1e-7)


def test_tico_over_two_steps() -> None:
    found = over_two_steps("tico(first(views), last(views), teacher)", (table(), table(B, A)), (table(), table(B, A)))
    assert found["loss"].item() == pytest.approx(0.6339304205, abs=1e-8)
    first, _ = step_of("tico(first(views), last(views), teacher)", table())
    assert first["loss"].item() == pytest.approx(0.3832600912, abs=1e-8)


def test_the_gradient_of_tico_holds_its_running_matrix_still() -> None:
    rows = table(B, A)
    over_two_steps("tico(first(views), last(views), teacher)", (table(), rows), (table(), table(B, A)))[
        "loss"
    ].backward()
    assert of(rows.grad)[0].tolist() == pytest.approx([-0.0067270612, 0.0369210390, 0.0871406056], abs=1e-8)


def test_supcon_takes_the_labels_of_all_views() -> None:
    term = f"supcon(labeled | {OTHER.format('labeled')}, temperature=0.5)"  # the second view of either is the other one
    found = next(steps(f"{HEAD}loss = {term}\n", [{"projector": table(labeled=A[:2])}], labels=(0, 1)))
    rows = torch.nn.functional.normalize(double([A[0], A[1], A[1], A[0]]), dim=1)
    log_p = (rows @ rows.T / 0.5).fill_diagonal_(-torch.inf).log_softmax(dim=1)
    alike = [(0, 2), (1, 3), (2, 0), (3, 1)]
    assert found["loss"].item() == pytest.approx(-sum(log_p[i, j].item() for i, j in alike) / 4, abs=1e-9)
