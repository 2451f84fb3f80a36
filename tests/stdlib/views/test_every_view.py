"""What holds for every view of the library: `SETTINGS` and `VARIANTS` of its own test say how it is called here.

A view for which one of these does not hold says so in its test: `EXEMPT = {"images_of_one_channel_are_taken": "why"}`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import declared
import pytest
import torch
from attrs import frozen
from op_inputs import op_of, settings_of
from torch import Tensor

from ssldsl.ops.library import Library
from ssldsl.ops.random import SampleRng
from ssldsl.ops.signature import Signature

LIBRARY = Library.shipped()
VIEWS = [s for name in sorted(LIBRARY.names()) if (s := LIBRARY.get(name)) is not None and s.role == "views"]
Rng = Callable[..., SampleRng]


@frozen
class Case:
    """A view with settings. `seen`: the images that it makes of others, with the numbers of samples 0, 1, ..."""

    op: Callable[..., Any]
    settings: dict[str, Any]
    is_random: bool
    is_square: bool

    def __call__(self, images: Tensor, **rng: SampleRng) -> Tensor:
        side = min(images.shape[-2:])
        found = self.op(images[..., :side, :side] if self.is_square else images, **rng, **self.settings)
        return found if isinstance(found, Tensor) else found.images

    def seen(self, images: Tensor, rng: Rng) -> Tensor:
        return self(images, rng=rng(len(images))) if self.is_random else self(images)


def cases(signature: Signature) -> Iterator[Any]:
    """What `view` is made of: the signature, and settings beside those of every call."""
    for name, more in {"": {}, **declared.variants(signature)}.items():
        yield pytest.param((signature, more), id=f"{signature.name} {name}".rstrip())


@pytest.fixture
def view(request: pytest.FixtureRequest) -> Case:
    signature, more = request.param
    (edge,) = signature.edges
    is_square = edge.dims[-1] == edge.dims[-2]
    return Case(op_of(signature), settings_of(signature) | more, signature.uses_rng, is_square)


def of_views(*, random: bool | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A test of every view, of those that draw numbers, or of those that do not; `view` is a `Case`."""

    def mark(test: Callable[..., None]) -> Callable[..., None]:
        claim = test.__name__.removeprefix("test_")
        CLAIMS.add(claim)
        chosen = [s for s in VIEWS if random in (None, s.uses_rng) and claim not in declared.exemptions(s)]
        return pytest.mark.parametrize("view", [case for s in chosen for case in cases(s)], indirect=True)(test)

    return mark


CLAIMS: set[str] = set()


@of_views(random=True)
def test_an_image_alone_gets_the_same_numbers_as_in_a_batch(view: Case, photos: Tensor, rng: Rng) -> None:
    together = view(photos, rng=rng(6))
    alone = torch.cat([view(photos[i : i + 1], rng=rng(torch.tensor([i]))) for i in range(6)])
    torch.testing.assert_close(alone, together, atol=2e-6, rtol=0)


@of_views(random=True)
def test_samples_differ_and_passes_differ(view: Case, rng: Rng) -> None:
    image = torch.rand(1, 3, 24, 32, generator=torch.Generator().manual_seed(1)).expand(40, -1, -1, -1)
    first, second = view(image, rng=rng(40)), view(image, rng=rng(40, epoch=1))
    assert not torch.equal(first[0].expand_as(first), first)
    assert not torch.equal(first, second)


@of_views(random=True)
def test_the_result_stays_between_black_and_white(view: Case, photos: Tensor, rng: Rng) -> None:
    seen = view(photos, rng=rng(6))
    assert seen.dtype == torch.float32 and seen.min() >= -1e-6 and seen.max() <= 1 + 1e-6


@of_views(random=True)
def test_global_randomness_is_neither_used_nor_moved(view: Case, photos: Tensor, rng: Rng) -> None:
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    first = view(photos, rng=rng(6))
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(1)
    assert torch.equal(view(photos, rng=rng(6)), first)


@of_views(random=True)
def test_images_of_one_channel_are_taken(view: Case, rng: Rng) -> None:
    gray = torch.rand(3, 1, 24, 24, generator=torch.Generator().manual_seed(2))
    assert view(gray, rng=rng(3)).shape[1] == 1


@of_views(random=False)
def test_a_fixed_view_treats_an_image_alone_as_in_a_batch(view: Case, photos: Tensor) -> None:
    together = view(photos)
    alone = torch.cat([view(photos[i : i + 1]) for i in range(6)])
    torch.testing.assert_close(alone, together, atol=2e-6, rtol=0)


@of_views()
def test_the_input_is_left_as_it_was(view: Case, photos: Tensor, rng: Rng) -> None:
    before = photos.clone()
    view.seen(photos, rng)
    assert torch.equal(photos, before)


@of_views()
def test_low_precision_of_the_step_does_not_reach_the_images(view: Case, photos: Tensor, rng: Rng) -> None:
    expected = view.seen(photos, rng)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = view.seen(photos, rng)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


@of_views()
def test_a_view_is_one_graph_to_the_compiler(view: Case, photos: Tensor, rng: Rng) -> None:
    torch.compiler.reset()  # all views share the code of this function, which may be compiled only so many times
    compiled = torch.compile(lambda images: view.seen(images, rng), fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(photos), view.seen(photos, rng), atol=2e-6, rtol=0)


@of_views()
def test_a_view_is_the_same_on_another_device(view: Case, photos: Tensor, rng: Rng) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    expected = view.seen(photos, rng)
    there = photos.cuda()
    found = view(there, rng=rng(torch.arange(6, device="cuda"))) if view.is_random else view(there)
    torch.testing.assert_close(found.cpu(), expected, atol=5e-6, rtol=0)


IDLE = [pytest.param(s, {n: v}, id=f"{s.name} {n}={v}") for s in VIEWS for n, v in (s.traits.identity or {}).items()]


@pytest.mark.parametrize(("signature", "setting"), IDLE)
def test_settings_that_are_said_to_change_nothing_change_nothing(
    signature: Signature, setting: dict[str, Any], photos: Tensor, rng: Rng
) -> None:
    found = op_of(signature)(photos, rng=rng(6), **settings_of(signature) | setting)
    assert torch.equal(found, photos)


@pytest.mark.parametrize("signature", VIEWS, ids=lambda s: s.name)
def test_what_does_not_hold_of_a_view_is_one_of_these_and_has_a_reason(signature: Signature) -> None:
    exempt = declared.exemptions(signature)
    assert exempt.keys() <= CLAIMS and all(reason.strip() for reason in exempt.values())


@of_views()
def test_images_in_double_precision_stay_so(view: Case, photos: Tensor, rng: Rng) -> None:
    double, single = view.seen(photos.double(), rng), view.seen(photos, rng)
    assert double.dtype == torch.float64
    torch.testing.assert_close(double.float(), single, atol=1e-4, rtol=0)
