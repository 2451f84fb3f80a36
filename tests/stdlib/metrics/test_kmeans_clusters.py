import pytest
import torch

from ssldsl.stdlib.metrics.kmeans_clusters import kmeans_clusters


def test_blobs_far_apart_are_found() -> None:
    centers = torch.tensor([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
    labels = torch.arange(60) % 3
    points = centers[labels] + 0.5 * torch.randn(60, 2, generator=torch.Generator().manual_seed(0))
    assert kmeans_clusters(points, labels, clusters=3) == pytest.approx((1, 1, 1))


def test_length_may_be_left_out() -> None:
    angle = torch.tensor([0.0, 0.1, 1.5, 1.6] * 5)
    length = torch.linspace(1, 40, 20).unsqueeze(1)
    points = length * torch.stack([angle.cos(), angle.sin()], dim=1)
    labels = (angle > 1).long()
    assert kmeans_clusters(points, labels, clusters=2, unit_length=True).accuracy == 1
    assert kmeans_clusters(points, labels, clusters=2).accuracy < 1
