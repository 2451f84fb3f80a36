"""What holds for every view that draws random numbers, and for every view that does not."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.views.center_crop import center_crop
from ssldsl.stdlib.views.color_jitter import color_jitter
from ssldsl.stdlib.views.equalize import equalize
from ssldsl.stdlib.views.five_crop import five_crop
from ssldsl.stdlib.views.flip import flip
from ssldsl.stdlib.views.gaussian_blur import gaussian_blur
from ssldsl.stdlib.views.grayscale import grayscale
from ssldsl.stdlib.views.normalize import normalize
from ssldsl.stdlib.views.random_crop import random_crop
from ssldsl.stdlib.views.random_hsv import random_hsv
from ssldsl.stdlib.views.random_inception_crop import random_inception_crop
from ssldsl.stdlib.views.random_resized_crop import random_resized_crop
from ssldsl.stdlib.views.random_shift import random_shift
from ssldsl.stdlib.views.resize import resize
from ssldsl.stdlib.views.rotate4 import rotate4
from ssldsl.stdlib.views.solarize import solarize
from ssldsl.stdlib.views.solarize_random_threshold import solarize_random_threshold

RANDOM = {
    "random_shift": partial(random_shift, pixels=3),
    "random_crop": partial(random_crop, size=20, padding=2),
    "random_resized_crop": partial(random_resized_crop, size=16),
    "random_resized_crop bicubic": partial(random_resized_crop, size=16, interpolation="bicubic"),
    "random_inception_crop": partial(random_inception_crop, size=16, count=3),
    "flip": flip,
    "color_jitter": color_jitter,
    "color_jitter shuffled": partial(color_jitter, shuffled=True),
    "random_hsv": random_hsv,
    "grayscale": grayscale,
    "gaussian_blur": gaussian_blur,
    "solarize": solarize,
    "solarize_random_threshold": solarize_random_threshold,
    "equalize": equalize,
}
FIXED = {
    "normalize": partial(normalize, mean=[0.5, 0.4, 0.3], std=[0.2, 0.3, 0.25]),
    "resize": partial(resize, size=16),
    "center_crop": partial(center_crop, size=20, short_side=28),
    "five_crop": partial(five_crop, size=20, short_side=28),
    "rotate4": lambda images: rotate4(images[..., :24]).images,
}
View = Callable[..., Tensor]


@pytest.mark.parametrize("view", RANDOM.values(), ids=RANDOM)
def test_an_image_alone_gets_the_same_numbers_as_in_a_batch(view: View, photos: Tensor, rng) -> None:
    together = view(photos, rng=rng(6))
    alone = torch.cat([view(photos[i : i + 1], rng=rng(torch.tensor([i]))) for i in range(6)])
    torch.testing.assert_close(alone, together, atol=2e-6, rtol=0)


@pytest.mark.parametrize("view", RANDOM.values(), ids=RANDOM)
def test_samples_differ_and_passes_differ(view: View, rng) -> None:
    image = torch.rand(1, 3, 24, 32, generator=torch.Generator().manual_seed(1)).expand(40, -1, -1, -1)
    first, second = view(image, rng=rng(40)), view(image, rng=rng(40, epoch=1))
    assert not torch.equal(first[0].expand_as(first), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("view", RANDOM.values(), ids=RANDOM)
def test_the_result_stays_between_black_and_white(view: View, photos: Tensor, rng) -> None:
    seen = view(photos, rng=rng(6))
    assert seen.dtype == torch.float32 and seen.min() >= -1e-6 and seen.max() <= 1 + 1e-6


@pytest.mark.parametrize("view", RANDOM.values(), ids=RANDOM)
def test_global_randomness_is_neither_used_nor_moved(view: View, photos: Tensor, rng) -> None:
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    first = view(photos, rng=rng(6))
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(1)
    assert torch.equal(view(photos, rng=rng(6)), first)


@pytest.mark.parametrize("view", RANDOM.values(), ids=RANDOM)
def test_images_of_one_channel_are_taken(view: View, rng) -> None:
    gray = torch.rand(3, 1, 24, 24, generator=torch.Generator().manual_seed(2))
    assert view(gray, rng=rng(3)).shape[1] == 1


@pytest.mark.parametrize("view", FIXED.values(), ids=FIXED)
def test_a_fixed_view_treats_an_image_alone_as_in_a_batch(view: View, photos: Tensor) -> None:
    together = view(photos)
    alone = torch.cat([view(photos[i : i + 1]) for i in range(6)])
    torch.testing.assert_close(alone, together, atol=2e-6, rtol=0)


@pytest.mark.parametrize("view", [*RANDOM.values(), *FIXED.values()], ids=[*RANDOM, *FIXED])
def test_the_input_is_left_as_it_was(view: View, photos: Tensor, rng) -> None:
    before = photos.clone()
    view(photos, rng=rng(6)) if view in RANDOM.values() else view(photos)
    assert torch.equal(photos, before)


@pytest.mark.parametrize("name", ["random_resized_crop", "random_inception_crop", "gaussian_blur"])
def test_low_precision_of_the_step_does_not_reach_the_images(name: str, photos: Tensor, rng) -> None:
    view = RANDOM[name]
    expected = view(photos, rng=rng(6))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = view(photos, rng=rng(6))
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("view", RANDOM.values(), ids=RANDOM)
def test_a_view_is_one_graph_to_the_compiler(view: View, photos: Tensor, rng) -> None:
    torch.compiler.reset()  # all views share the code of this function, which may be compiled only so many times
    compiled = torch.compile(lambda images: view(images, rng=rng(6)), fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(photos), view(photos, rng=rng(6)), atol=2e-6, rtol=0)


@pytest.mark.parametrize("view", [*RANDOM.values(), *FIXED.values()], ids=[*RANDOM, *FIXED])
def test_a_view_is_the_same_on_another_device(view: View, photos: Tensor, rng) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    random = view in RANDOM.values()
    expected = view(photos, rng=rng(6)) if random else view(photos)
    there = photos.cuda()
    found = view(there, rng=rng(torch.arange(6, device="cuda"))) if random else view(there)
    torch.testing.assert_close(found.cpu(), expected, atol=5e-6, rtol=0)
