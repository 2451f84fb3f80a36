import pytest
import torch
from worked import A, B, Q, double

from ssldsl.stdlib.losses.soft_cross_entropy import soft_cross_entropy
from ssldsl.stdlib.targets.cosine_scores import cosine_scores


def test_between_rows_and_a_queue_it_is_what_ressl_compares() -> None:
    a = double(A).requires_grad_()
    targets = (cosine_scores(double(B), double(Q)) / 0.04).softmax(dim=1)
    loss = soft_cross_entropy(cosine_scores(a, double(Q)), targets, temperature=0.1).mean()
    loss.backward()
    assert loss.item() == pytest.approx(1.2624271774, abs=1e-10)
    assert a.grad[0].tolist() == pytest.approx([0.0755117554, -0.3175090445, 0.0300248663], abs=1e-10)


def test_it_is_torchs_cosine() -> None:
    expected = torch.nn.functional.cosine_similarity(double(A).unsqueeze(1), double(Q).unsqueeze(0), dim=2)
    torch.testing.assert_close(cosine_scores(double(A), double(Q)), expected)
