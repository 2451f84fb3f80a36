import pytest
import torch

from ssldsl.ops.samples import MemorySamples
from ssldsl.stdlib.data.contrast_normalized import contrast_normalized


def of_images(*images: list[float]) -> MemorySamples:
    return MemorySamples.of(image=torch.tensor(images).view(len(images), 1, 2, 2) / 255, label=torch.zeros(len(images)))


def test_the_worked_image_of_supercm() -> None:
    found = contrast_normalized(of_images([1.0, 2.0, 3.0, 6.0])).tensors["image"].flatten()
    assert found.tolist() == pytest.approx([-29.39874, -14.69937, 0, 44.09810], abs=1e-5)
    assert found.norm().item() == pytest.approx(55, abs=1e-4)


def test_every_image_is_normalized_by_itself() -> None:
    both = contrast_normalized(of_images([1.0, 2.0, 3.0, 6.0], [10.0, 20.0, 30.0, 60.0])).tensors["image"]
    assert torch.allclose(both[0], both[1], atol=1e-5)


def test_an_image_of_one_color_becomes_zero() -> None:
    assert contrast_normalized(of_images([7.0] * 4)).tensors["image"].abs().max() == 0


def test_labels_and_numbers_stay() -> None:
    data = of_images([1.0, 2.0, 3.0, 6.0], [1.0, 2.0, 3.0, 7.0]).take(torch.tensor([1]))
    assert contrast_normalized(data).ids.tolist() == [1] and contrast_normalized(data).fields == ("image", "label")
