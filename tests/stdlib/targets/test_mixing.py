"""MixUp and CutMix. Boxes and shares are those of timm for the same numbers."""

from collections.abc import Callable

import pytest
import torch
from small_nets import rng_for
from torch import Tensor

from ssldsl.ops.random import SampleRng
from ssldsl.stdlib.losses.soft_cross_entropy import soft_cross_entropy
from ssldsl.stdlib.targets.cutmix import cutmix, outside_box
from ssldsl.stdlib.targets.mixed_targets import mixed_targets
from ssldsl.stdlib.targets.mixup import mixup
from ssldsl.stdlib.targets.mixup_or_cutmix import mixup_or_cutmix
from ssldsl.stdlib.targets.one_hot import one_hot

OPS = [mixup, cutmix, mixup_or_cutmix]


class WrittenRng(SampleRng):
    """Uniform numbers that are written down, the same for every row."""

    def __init__(self, *numbers: float, batch: int = 3) -> None:
        super().__init__(0, rng_for(batch).rows)
        self.numbers = torch.tensor(numbers)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        return self.numbers[: shape[0]].expand(len(self.rows.index), -1)


@pytest.fixture
def images() -> Tensor:
    return torch.rand(3, 3, 10, 10, generator=torch.Generator().manual_seed(0))


def box_of(size: int, share: float, center: tuple[int, int]) -> tuple[list[int], float]:
    """Top, bottom, left and right of the box, and the share that is left."""
    place = (torch.tensor(center, dtype=torch.float64) + 0.5) / size
    inside = outside_box(size, size, torch.tensor(share, dtype=torch.float64), place) == 0
    rows, columns = inside.any(1).nonzero().flatten(), inside.any(0).nonzero().flatten()
    ends = [int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1]
    return ends, 1 - inside.double().mean().item()


@pytest.mark.parametrize(
    ("size", "share", "center", "box", "left"),
    [
        (10, 0.64, (1, 5), [0, 4, 2, 8], 0.76),
        (10, 0.64, (5, 5), [2, 8, 2, 8], 0.64),
        (224, 0.3, (112, 112), [19, 205, 19, 205], 0.310507),
        (32, 0.51, (16, 16), [5, 27, 5, 27], 0.527344),
    ],
)
def test_boxes_are_where_timm_has_them(
    size: int, share: float, center: tuple[int, int], box: list[int], left: float
) -> None:
    found, rest = box_of(size, share, center)
    assert found == box and rest == pytest.approx(left, abs=1e-6)


def test_labels_are_mixed_with_those_of_the_batch_from_its_end() -> None:
    labels = one_hot(torch.tensor([0, 1, 2]), classes=4)
    expected = torch.tensor([[0.7, 0, 0.3, 0], [0, 1, 0, 0], [0.3, 0, 0.7, 0]])
    torch.testing.assert_close(mixed_targets(labels, labels, torch.full((3,), 0.7)), expected)


def test_assignments_of_two_views_have_the_worked_values() -> None:
    first = [[0.998857, 0.001119, 0.000024], [0.684206, 0.309154, 0.006640], [0.504622, 0.228011, 0.267367],
             [0.000000, 0.460276, 0.539724]]  # fmt: skip
    second = [[0.999109, 0.000655, 0.000236], [0.735405, 0.194503, 0.070091], [0.154602, 0.040890, 0.804508],
              [0, 0.735099, 0.264901]]  # fmt: skip
    expected = [[0.699200, 0.221313, 0.079487], [0.525325, 0.228675, 0.246000], [0.573857, 0.217958, 0.208184],
                [0.299733, 0.322390, 0.377877]]  # fmt: skip
    found = mixed_targets(torch.tensor(first), torch.tensor(second), torch.full((4,), 0.7))
    torch.testing.assert_close(found, torch.tensor(expected), atol=2e-6, rtol=0)
    scores = torch.tensor([[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.5, 0.4, 0.1], [0.5, 0.2, 0.2]])
    assert soft_cross_entropy(scores, found, temperature=0.1).mean().item() == pytest.approx(1.598732, abs=5e-6)


def test_mixup_weighs_every_pixel_alike(images: Tensor) -> None:
    others = images + 1
    found, shares = mixup(images, others, rng=WrittenRng(0.7))
    torch.testing.assert_close(found, 0.7 * images + 0.3 * others[[2, 1, 0]])
    assert shares.tolist() == pytest.approx([0.7] * 3)


def test_cutmix_pastes_a_box_and_tells_what_is_left(images: Tensor) -> None:
    others = images + 1
    found, shares = cutmix(images, others, rng=WrittenRng(0.63, 0.15, 0.55))
    expected = images.clone()
    expected[:, :, 0:4, 2:8] = others[[2, 1, 0], :, 0:4, 2:8]
    assert torch.equal(found, expected) and shares.tolist() == pytest.approx([0.76] * 3)


@pytest.mark.parametrize("draw", [0.49, 0.5])
def test_one_of_the_two_is_chosen_for_the_whole_batch(images: Tensor, draw: float) -> None:
    found = mixup_or_cutmix(images, images, rng=WrittenRng(draw, 0.63, 0.15, 0.55))
    is_cut = draw < 0.5
    expected = cutmix(images, images, rng=WrittenRng(0.63, 0.15, 0.55)) if is_cut else None
    expected = expected or mixup(images, images, rng=WrittenRng(0.63))
    torch.testing.assert_close(tuple(found), tuple(expected))


@pytest.mark.parametrize("mix", [mixup, lambda a, b, rng: cutmix(a, b, rng=rng)])
def test_a_share_of_one_leaves_images_and_targets_as_they_are(
    images: Tensor, mix: Callable[..., tuple[Tensor, Tensor]]
) -> None:
    found, shares = mix(images, images + 1, rng=WrittenRng(1.0, 0.3, 0.3))
    labels = one_hot(torch.tensor([0, 1, 2]), classes=3)
    assert torch.equal(found, images)
    assert torch.equal(mixed_targets(labels, labels.flip(1), shares), labels)


@pytest.mark.parametrize("mix", OPS)
def test_the_numbers_are_those_of_the_first_sample_alone(
    images: Tensor, mix: Callable[..., tuple[Tensor, Tensor]]
) -> None:
    whole, shares = mix(images, images, rng=rng_for(3))
    part, part_shares = mix(images[[0, 2]], images[[0, 2]], rng=rng_for(2))
    torch.testing.assert_close(part, whole[[0, 2]])
    torch.testing.assert_close(part_shares, shares[:2])


def test_shares_are_as_large_as_the_papers_code_has_them() -> None:
    image = torch.zeros(1, 1, 64, 64)
    found = [[mix(image, image, rng=rng_for(1, key=key))[1].item() for key in range(2000)] for mix in (mixup, cutmix)]
    means = [sum(f) / len(f) for f in found]
    assert means == pytest.approx([0.5, 0.68], abs=0.02)


@pytest.mark.parametrize("mix", OPS)
def test_mixing_is_one_graph_to_the_compiler(images: Tensor, mix: Callable[..., tuple[Tensor, Tensor]]) -> None:
    compiled = torch.compile(lambda x: tuple(mix(x, x, rng=rng_for(3))), fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(images), tuple(mix(images, images, rng=rng_for(3))))
