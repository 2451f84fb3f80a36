"""The picture of a latent space: what is shown, what is marked, and that UMAP itself places it."""

import pytest
import torch
from fake_umap import Plain, install
from torch import Tensor, nn

from ssldsl.runtime.nets.composition import Composition
from ssldsl.stdlib.heads.linear import Linear
from ssldsl.stdlib.metrics.umap import umap


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> type[Plain]:
    return install(monkeypatch)


def features(samples: int = 60, dim: int = 5) -> Tensor:
    return torch.randn(samples, dim, generator=torch.Generator().manual_seed(0))


def test_every_sample_is_shown_with_its_class_where_there_is_room(plain: type[Plain]) -> None:
    rows, labels = features(), torch.arange(60) % 6
    points = umap(rows, labels)
    assert torch.equal(points[:, :2], rows[:, :2])
    assert points[:, 2].tolist() == labels.tolist()
    assert not points[:, 3].any()


def test_some_classes_are_shown_whole_and_the_seed_says_which(plain: type[Plain]) -> None:
    labels = torch.arange(60) % 6
    shown = [umap(features(), labels, max_classes=2, seed=seed) for seed in range(8)]
    assert all(len(points) == 20 and len(points[:, 2].unique()) == 2 for points in shown)
    assert torch.equal(shown[3], umap(features(), labels, max_classes=2, seed=3))
    assert len({tuple(points[:, 2].unique().tolist()) for points in shown}) > 3


def test_of_many_samples_some_are_shown(plain: type[Plain]) -> None:
    rows = features()
    points = umap(rows, torch.arange(60) % 6, max_samples=25)
    places = {tuple(place) for place in rows[:, :2].tolist()}
    assert len(points) == 25 and {tuple(place) for place in points[:, :2].tolist()} < places


def test_a_head_with_a_row_for_every_class_is_marked_by_class(plain: type[Plain]) -> None:
    head = Linear(5, 6)
    points = umap(features(), torch.arange(60) % 6, Composition(head), max_classes=3)
    marks = points[points[:, 3] == 1]
    owners = marks[:, 2].long()
    assert owners.tolist() == points[points[:, 3] == 0][:, 2].unique().tolist()
    torch.testing.assert_close(marks[:, :2], head.map.weight.detach()[owners, :2])


def test_prototypes_that_are_no_classes_are_marked_without_one(plain: type[Plain]) -> None:
    head = Composition(nn.Linear(5, 40, bias=False))
    points = umap(features(), torch.arange(60) % 6, head, max_prototypes=7)
    marks = points[points[:, 3] == 1]
    assert len(marks) == 7 and set(marks[:, 2].tolist()) == {-1.0}
    rows = {tuple(row) for row in head.modules[0].weight.detach()[:, :2].tolist()}
    assert {tuple(row) for row in marks[:, :2].tolist()} < rows


def test_settings_are_those_of_the_package_and_fit_few_points(plain: type[Plain]) -> None:
    umap(features(8), torch.arange(8) % 2, n_neighbors=30, min_dist=0.3, metric="euclidean", seed=4)
    assert plain.asked["n_neighbors"] == 7 and plain.asked["init"] == "random"
    assert (plain.asked["min_dist"], plain.asked["metric"], plain.asked["random_state"]) == (0.3, "euclidean", 4)


def test_a_picture_wants_four_points(plain: type[Plain]) -> None:
    with pytest.raises(ValueError, match="a picture of 3 points"):
        umap(features(3), torch.zeros(3, dtype=torch.long))


@pytest.mark.slow
def test_places_are_those_of_the_package_and_keep_clusters_together() -> None:
    """Three clusters in twelve dimensions: nearest neighbors in the plane are of one cluster."""
    labels = torch.arange(90) % 3
    rows = torch.eye(12)[labels] * 8 + torch.randn(90, 12, generator=torch.Generator().manual_seed(1))
    points = umap(rows, labels, n_neighbors=10)
    from umap import UMAP

    made = UMAP(n_neighbors=10, min_dist=0.1, metric="cosine", random_state=0, n_jobs=1)
    torch.testing.assert_close(points[:, :2], torch.from_numpy(made.fit_transform(rows.numpy())))
    distances = torch.cdist(points[:, :2], points[:, :2]) + torch.eye(90) * 1e6
    assert (labels[distances.argmin(dim=1)] == labels).float().mean() > 0.98


def test_features_that_are_not_numbers_have_no_place(plain: type[Plain]) -> None:
    rows = features()
    rows[::2, 1] = torch.nan
    assert torch.equal(umap(rows, torch.arange(60) % 6)[:, :2], rows[1::2, :2])


def test_centroids_are_marked_and_one_for_every_class_has_its_class(plain: type[Plain]) -> None:
    rows = features(6)
    points = umap(features(), torch.arange(60) % 6, centroids=rows, max_classes=3)
    marks = points[points[:, 3] == 1]
    assert torch.equal(marks[:, :2], rows[marks[:, 2].long(), :2]) and len(marks) == 3
    others = umap(features(), torch.arange(60) % 6, centroids=features(4))
    assert others[60:, 2].tolist() == [-1] * 4
