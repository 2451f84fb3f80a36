"""DeepCluster-v2's memory, held against worked numbers."""

import pytest
import torch
from worked import A, B, double

from ssldsl.stdlib.losses.cross_entropy import cross_entropy
from ssldsl.stdlib.memory.kmeans_bank import KmeansBank, spherical_kmeans

SETTINGS = {"clusters": 3, "renew": 1.0}
BANKS = [torch.nn.functional.normalize(double(rows), dim=1) for rows in ([*A, *B], [*B, *A])]


def test_clusters_of_two_written_banks() -> None:
    centers, labels = spherical_kmeans(BANKS[0], BANKS[0][:2], 2)
    assert labels.tolist() == [0, 1, 0, 1, 0, 1, 0, 1]
    assert centers.flatten().tolist() == pytest.approx(
        [0.9183106988, -0.2601023795, 0.2984161735, -0.8606235122, 0.2659390409, 0.4342851561], abs=1e-9
    )
    others, assigned = spherical_kmeans(BANKS[1], BANKS[1][:3], 2)
    assert assigned.tolist() == [0, 1, 2, 2, 0, 1, 2, 2]
    losses = [
        cross_entropy(BANKS[0] @ found.T, torch.cat([each[:4], each[:4]]), temperature=0.1).mean()
        for found, each in ((centers, labels), (others, assigned))
    ]
    assert torch.stack(losses).mean().item() == pytest.approx(0.0013880255, abs=1e-9)


def test_there_are_no_clusters_before_the_first_time_and_then_those_of_the_rows_held() -> None:
    bank = KmeansBank(3, 8, clusters=2, renew=0.0).double()
    rows, positions = BANKS[0], torch.arange(8)
    for renew, part in ((0.0, slice(0, 4)), (1.0, slice(4, 8))):
        assert bank(rows[part], positions[part]).ready.tolist() == [0.0] * 4
        bank.renew = renew  # as the runtime sets what a schedule says
        bank.commit(rows[part], positions[part])
    found = bank(rows[:4], positions[:4])
    assert found.ready.tolist() == [1.0] * 4
    torch.testing.assert_close(bank.rows, rows)
    expected, labels = spherical_kmeans(rows, rows[bank.order[:2]], 10)
    torch.testing.assert_close(found.centers, expected)
    assert torch.equal(found.labels, labels[:4])


def test_a_bank_that_was_saved_begins_from_the_same_rows() -> None:
    bank, other = (KmeansBank(3, 8, clusters=2, renew=1.0).double() for _ in range(2))
    bank.commit(BANKS[0], torch.arange(8))
    other.load_state_dict(bank.state_dict())
    for each in (bank, other):
        each.commit(BANKS[1], torch.arange(8))
    assert torch.equal(bank.centers, other.centers) and bank(BANKS[0][:1], torch.tensor([0])).ready.item() == 1


def test_a_cluster_without_rows_keeps_its_center() -> None:
    far = torch.tensor([[1.0, 0], [-1.0, 0]])
    centers, labels = spherical_kmeans(torch.tensor([[1.0, 0], [1.0, 0]]), far, 3)
    assert torch.equal(centers, far) and labels.tolist() == [0, 0]
