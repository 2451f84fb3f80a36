import pytest
import torch

from ssldsl.check import check
from ssldsl.ops.data_dirs import BrokenData
from ssldsl.ops.samples import MemorySamples
from ssldsl.source import Source
from ssldsl.stdlib.data.contrast_normalized import contrast_normalized
from ssldsl.stdlib.data.whitened import whitened, zca

ROWS = torch.tensor([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [0.0, 0.0]])


def vectors(count: int, dim: int = 5, seed: int = 0) -> MemorySamples:
    mixing = torch.randn(dim, dim, generator=torch.Generator().manual_seed(7))
    points = torch.randn(count, dim, generator=torch.Generator().manual_seed(seed)) @ mixing + 3
    return MemorySamples.of(vector=points)


def test_the_worked_matrix_of_supercm() -> None:
    mean, matrix = zca(ROWS, 0.1)
    expected = torch.tensor([[1.1908591, -0.4280167], [-0.4280167, 0.6405519]], dtype=torch.float64)
    assert torch.allclose(matrix, expected, atol=1e-7) and mean.tolist() == [1.5, 2.0]


def test_what_is_whitened_is_centered_and_uncorrelated() -> None:
    found = whitened(vectors(20000), epsilon=1e-6).tensors["vector"]
    assert torch.allclose(found.T.cov(), torch.eye(5), atol=1e-3) and found.mean(dim=0).abs().max() < 1e-4


def test_test_data_take_mean_and_matrix_of_the_training_data() -> None:
    train, test = vectors(500), vectors(40, seed=1)
    mean, matrix = zca(train.tensors["vector"], 0.1)
    expected = (test.tensors["vector"].double() - mean) @ matrix
    assert torch.allclose(whitened(test, train).tensors["vector"], expected.float(), atol=1e-6)
    assert not torch.allclose(whitened(test).tensors["vector"], expected.float(), atol=1e-2)


def test_samples_of_other_shapes_are_refused() -> None:
    with pytest.raises(BrokenData, match="fitted on samples of the shape"):
        whitened(vectors(10), vectors(10, dim=4))


def test_the_digest_is_of_what_it_was_made_of_and_not_of_digits_that_rounding_changes() -> None:
    data = MemorySamples.of(image=torch.rand(9, 1, 3, 3), label=torch.arange(9))
    normal = contrast_normalized(data)
    nearly = contrast_normalized(data)
    nearly.tensors["image"].mul_(1 + 1e-7)
    assert whitened(normal, epsilon=0.1).digest() == whitened(nearly, epsilon=0.1).digest()
    assert whitened(normal, epsilon=0.1).digest() != whitened(normal, epsilon=0.2).digest()
    assert whitened(normal).digest() != whitened(normal, normal.take(torch.arange(5))).digest()
    assert whitened(normal).digest() != whitened(normal).with_labels(torch.zeros(9)).digest()


SPEC = """ssl 1
data   images  = digits()
stream labeled = {data}
net    encoder = convnet(width=8)
head   classes = linear(encoder.dim, 10)
loss  = ce(labeled)
batch = {{labeled: 50}}
run   = 1ep
eval top1(images.test.whitened(fitted=images.train))
"""


def codes(data: str) -> list[str]:
    return [d.code for d in check(Source("spec.ssl", SPEC.format(data=data))).diagnostics if d.severity == "error"]


def test_what_is_fitted_on_test_data_must_not_be_trained_on() -> None:
    assert codes("images.train.whitened()") == []
    assert codes("images.train.whitened(fitted=images.test)") == ["D405"]


def test_labels_stay_where_the_fitted_data_have_none() -> None:
    assert codes("images.train.subset(100).whitened(fitted=unlabel(images.train))") == []
