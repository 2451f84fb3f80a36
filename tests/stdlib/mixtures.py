"""What holds of every op that mixes images, and random numbers that are written down."""

from collections.abc import Callable

import torch
from small_nets import rng_for
from torch import Tensor

from ssldsl.ops.random import SampleRng
from ssldsl.stdlib.targets.mixed_targets import mixed_targets
from ssldsl.stdlib.targets.one_hot import one_hot

Mix = Callable[..., tuple[Tensor, Tensor]]


class WrittenRng(SampleRng):
    """Uniform numbers that are written down, the same for every row."""

    def __init__(self, *numbers: float, batch: int = 3) -> None:
        super().__init__(0, rng_for(batch).rows)
        self.numbers = torch.tensor(numbers)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        return self.numbers[: shape[0]].expand(len(self.rows.index), -1)


def holds_of_every_mixture(mix: Mix, images: Tensor) -> None:
    """The numbers are those of the first sample alone, and to the compiler it is one graph."""
    whole, lam = mix(images, images, rng=rng_for(3))
    part, part_lam = mix(images[[0, 2]], images[[0, 2]], rng=rng_for(2))
    torch.testing.assert_close(part, whole[[0, 2]])
    torch.testing.assert_close(part_lam, lam[:2])
    torch.compiler.reset()
    compiled = torch.compile(lambda x: tuple(mix(x, x, rng=rng_for(3))), fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(images), (whole, lam))


def leaves_all_where_lambda_is_one(mix: Mix, images: Tensor) -> None:
    found, lam = mix(images, images + 1, rng=WrittenRng(1.0, 0.3, 0.3))
    labels = one_hot(torch.tensor([0, 1, 2]), classes=3)
    assert torch.equal(found, images)
    assert torch.equal(mixed_targets(labels, labels.flip(1), lam), labels)


def mean_lambda(mix: Mix, draws: int = 1000) -> float:
    """The mean weight of the first image over as many draws."""
    image = torch.zeros(1, 1, 64, 64)
    return sum(mix(image, image, rng=rng_for(1, key=key))[1].item() for key in range(draws)) / draws
