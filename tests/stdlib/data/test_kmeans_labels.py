import pytest
import torch
from sklearn.cluster import KMeans
from torch import Tensor

from ssldsl.ops.random import Rows, SampleRng
from ssldsl.ops.samples import MemorySamples, field_of
from ssldsl.stdlib.data.kmeans_labels import _whitened, kmeans_labels

GROUPS = torch.tensor([[10.0, 0.0], [0.0, 10.0], [-10.0, -10.0]])


def rng(count: int, key: int = 7, step: int = 0) -> SampleRng:
    ids = torch.arange(count)
    return SampleRng(key, Rows(ids, torch.full_like(ids, step), torch.zeros_like(ids)))


def clusters_of(features: Tensor, key: int = 7, **settings: object) -> Tensor:
    data = MemorySamples.of("here", vector=torch.zeros(len(features), 1))
    made = kmeans_labels(data, features, rng=rng(len(features), key), **settings)
    found = field_of(made, "cluster")
    assert found is not None
    return found


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("key", range(5))
def test_groups_that_lie_apart_are_the_clusters(normalize: bool, key: int) -> None:
    features = GROUPS.repeat_interleave(20, dim=0) + torch.randn(60, 2, generator=torch.Generator().manual_seed(0))
    found = clusters_of(features, key, clusters=3, normalize=normalize).view(3, 20)
    assert (found == found[:, :1]).all() and len(set(found[:, 0].tolist())) == 3


def test_the_clusters_come_to_rest_where_scikit_learn_says() -> None:
    features = torch.randn(200, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    found = clusters_of(features, clusters=6, normalize=False, iterations=200)
    means = torch.stack([features[found == c].mean(dim=0) for c in range(6)]).numpy()
    again = KMeans(6, init=means, n_init=1, max_iter=1).fit(features.numpy())
    assert again.labels_.tolist() == found.tolist()


def test_whitened_features_have_variance_one_and_do_not_go_together() -> None:
    features = torch.randn(500, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(2)) @ torch.diag(
        torch.tensor([5.0, 2.0, 1.0, 0.1], dtype=torch.float64)
    )
    rows = _whitened(features + 3, 3)
    torch.testing.assert_close(rows.T @ rows / 500, torch.eye(3, dtype=torch.float64))
    torch.testing.assert_close(rows.mean(dim=0), torch.zeros(3, dtype=torch.float64))


def test_no_cluster_is_empty_also_where_samples_are_alike() -> None:
    features = torch.tensor([[1.0, 0.0]] * 6 + [[0.0, 1.0]] * 2)
    assert set(clusters_of(features, clusters=4).tolist()) == {0, 1, 2, 3}


def test_other_numbers_of_steps_begin_elsewhere() -> None:
    features = torch.randn(100, 3, generator=torch.Generator().manual_seed(3))
    data = MemorySamples.of("here", vector=torch.zeros(100, 1))
    one, same, other = (
        field_of(kmeans_labels(data, features, rng=rng(100, step=s), clusters=5), "cluster") for s in (0, 0, 4)
    )
    assert one is not None and same is not None and other is not None
    assert one.tolist() == same.tolist() != other.tolist()


def test_fewer_samples_than_clusters_are_refused() -> None:
    with pytest.raises(ValueError, match="3 samples cannot be 4 clusters"):
        clusters_of(GROUPS, clusters=4)


def test_balanced_every_cluster_has_as_many_samples_and_small_ones_repeat_theirs() -> None:
    features = GROUPS[torch.tensor([0] * 7 + [1] * 2 + [2] * 2)]
    data = MemorySamples.of("here", vector=torch.arange(11.0).unsqueeze(1))
    made = kmeans_labels(data, features, rng=rng(11), clusters=3, balanced=True)
    found = field_of(made, "cluster")
    assert found is not None and sorted(found.bincount().tolist()) == [3, 4, 4]
    kept = made.ids.tolist()
    assert len(kept) == 11 and {7, 8, 9, 10} <= set(kept) and len(set(kept) & set(range(7))) in (3, 4)
    own = dict(zip(kept, found.tolist(), strict=True))
    assert own[7] == own[8] != own[9] == own[10]
