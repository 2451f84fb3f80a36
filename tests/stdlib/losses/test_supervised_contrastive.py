"""SupCon, held against worked numbers."""

import pytest
import torch
from worked import A, B, double

from ssldsl.stdlib.losses.nt_xent import nt_xent
from ssldsl.stdlib.losses.supervised_contrastive import supervised_contrastive

LABELS = torch.tensor([0, 1, 0, 1] * 2)


def test_two_written_views_with_labels() -> None:
    rows = torch.cat([double(A), double(B)]).requires_grad_()
    loss = supervised_contrastive(rows, LABELS, temperature=0.5)
    loss.backward()
    assert loss.item() == pytest.approx(1.8652017866, abs=1e-10)
    assert rows.grad[0].tolist() == pytest.approx([-0.0783961609, 0.2105434610, -0.0907186718], abs=1e-10)


def test_with_a_class_for_every_image_it_is_simclr() -> None:
    found = supervised_contrastive(torch.cat([double(A), double(B)]), torch.arange(4).repeat(2), temperature=0.5)
    assert found.item() == pytest.approx(nt_xent([double(A), double(B)]).item(), abs=1e-12)


def test_a_row_that_is_alone_of_its_class_counts_nothing() -> None:
    alone = supervised_contrastive(double(A), torch.tensor([0, 0, 1, 2]))
    log_p = torch.nn.functional.normalize(double(A), dim=1) @ torch.nn.functional.normalize(double(A), dim=1).T / 0.1
    log_p = log_p.fill_diagonal_(-torch.inf).log_softmax(1)
    assert alone.item() == pytest.approx(-(log_p[0, 1] + log_p[1, 0]).item() / 4, abs=1e-12)
