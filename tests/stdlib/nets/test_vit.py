"""Vision transformers: timm's weight by weight, DINO's interpolation, and paths that are dropped."""

import math

import pytest
import torch
from torch import Tensor

from ssldsl.stdlib.nets.vit import Vit, resized

SETTINGS = {"width": 12, "depth": 2, "mask_token": True}  # with which the tests of all ops call it


def test_it_computes_what_timm_computes_with_the_same_weights() -> None:
    timm = pytest.importorskip("timm")
    expected = timm.create_model("vit_tiny_patch16_224", num_classes=0, depth=3).eval()
    mine = Vit(3, depth=3).eval()
    mine.load_state_dict(expected.state_dict())
    images = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(mine(images).features, expected(images), atol=1e-5, rtol=1e-4)


def cubic(distance: float) -> float:
    """Keys' kernel with a = -0.75."""
    t = abs(distance)
    if t <= 1:
        return 1.25 * t**3 - 2.25 * t**2 + 1
    return -0.75 * (t**3 - 5 * t**2 + 8 * t - 4) if t < 2 else 0.0


def taps(side: int, wanted: int) -> Tensor:
    """How every wanted place mixes the places of a side: (wanted, side); beyond the border the last one counts."""
    found = torch.zeros(wanted, side, dtype=torch.float64)
    for place in range(wanted):
        center = (place + 0.5) * side / (wanted + 0.1) - 0.5
        for near in range(math.floor(center) - 1, math.floor(center) + 3):
            found[place, min(max(near, 0), side - 1)] += cubic(center - near)
    return found


@pytest.mark.parametrize(("height", "width"), [(6, 6), (6, 9), (28, 20)])
def test_position_embeddings_are_interpolated_as_dino_does(height: int, width: int) -> None:
    torch.manual_seed(0)
    embeddings = torch.randn(1, 1 + 14 * 14, 3, dtype=torch.float64)
    grid = embeddings[0, 1:].view(14, 14, 3)
    expected = torch.einsum("hi,wj,ijd->hwd", taps(14, height), taps(14, width), grid)
    found = resized(embeddings, height, width)
    assert torch.equal(found[:, 0], embeddings[:, 0])
    torch.testing.assert_close(found[0, 1:].view(height, width, 3), expected)


def test_embeddings_of_their_own_size_are_used_as_they_are() -> None:
    embeddings = torch.randn(1, 1 + 14 * 14, 8)
    assert resized(embeddings, 14, 14) is embeddings


def test_crops_of_another_size_teach_the_position_embeddings() -> None:
    net = Vit(3, width=12, depth=1)
    net(torch.rand(2, 3, 96, 96)).features.square().sum().backward()
    assert net.pos_embed.grad is not None and net.pos_embed.grad[:, 1:].abs().sum() > 0


def test_images_that_patches_do_not_fill_are_refused() -> None:
    with pytest.raises(ValueError, match="images of 90 by 96 pixels are not made of patches of 16"):
        Vit(3, width=12, depth=1)(torch.rand(1, 3, 90, 96))
    with pytest.raises(ValueError, match="images of 100 pixels"):
        Vit(3, image=100)


def test_sizes_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="a width of 100 cannot be shared by 3 heads"):
        Vit(3, width=100)
    with pytest.raises(ValueError, match="must be below 1"):
        Vit(3, drop_path=1.0)


def test_a_dropped_branch_is_gone_for_whole_samples_and_right_on_average() -> None:
    torch.manual_seed(0)
    block = Vit(1, width=12, depth=2, drop_path=0.25).blocks[1]
    branch = torch.ones(20_000, 3, 12)
    found = block._kept(branch)
    per_sample = found[:, 0, 0]
    assert torch.equal(found, per_sample[:, None, None].expand_as(found))
    assert per_sample.unique().tolist() == pytest.approx([0.0, 1 / 0.75])
    assert (per_sample == 0).float().mean().item() == pytest.approx(0.25, abs=0.015)  # five standard errors


@pytest.mark.parametrize("how", ["evaluated", "not learning", "in bf16"])
def test_nothing_is_dropped_from_a_network_that_does_not_learn(how: str) -> None:
    torch.manual_seed(0)
    whole = Vit(3, width=12, depth=4)
    net = Vit(3, width=12, depth=4, drop_path=0.9)
    net.load_state_dict(whole.state_dict())
    net = net.eval() if how == "evaluated" else net.requires_grad_(False)
    images = torch.rand(8, 3, 32, 32)
    with torch.autocast("cpu", torch.bfloat16, enabled=how == "in bf16"):
        assert torch.equal(net(images).features, whole(images).features)


def test_a_network_that_learns_drops_and_evaluation_is_the_whole() -> None:
    torch.manual_seed(0)
    net = Vit(3, width=12, depth=4, drop_path=0.9)
    images = torch.rand(8, 3, 32, 32)
    assert not torch.equal(net(images).features, net(images).features)


def test_it_compiles_as_one_graph_for_crops_of_any_size() -> None:
    net = Vit(3, width=12, depth=2, drop_path=0.5).requires_grad_(False)
    compiled = torch.compile(net, backend="eager", fullgraph=True, dynamic=False)
    for images in (torch.rand(2, 3, side, side) for side in (224, 96)):
        torch.testing.assert_close(compiled(images), net(images))


def test_the_tokens_are_those_of_all_patches_row_by_row() -> None:
    timm = pytest.importorskip("timm")
    expected = timm.create_model("vit_tiny_patch16_224", num_classes=0, depth=2, img_size=64).eval()
    mine = Vit(3, depth=2, image=64).eval()
    mine.load_state_dict(expected.state_dict())
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(mine(images).tokens, expected.forward_features(images)[:, 1:], atol=1e-5, rtol=1e-4)


def test_patches_that_are_not_kept_are_not_seen() -> None:
    torch.manual_seed(0)
    net = Vit(1, width=12, depth=2, patch=2, image=8)
    images, kept = torch.rand(2, 1, 8, 8), torch.tensor([[0, 5, 6], [1, 2, 15]])
    seen = net(images, kept=kept)
    assert seen.tokens.shape == (2, 3, 12)
    changed = images.clone()
    changed[0, :, 6:, :2] += 1  # patch 12 of the first image
    torch.testing.assert_close(net(changed, kept=kept), seen)
    changed[0, :, 2:4, 2:4] += 1  # patch 5
    assert not torch.allclose(net(changed, kept=kept).features[0], seen.features[0])


def test_all_patches_in_their_order_are_the_whole_image() -> None:
    torch.manual_seed(0)
    net = Vit(1, width=12, depth=2, patch=2, image=8)
    images = torch.rand(2, 1, 8, 8)
    torch.testing.assert_close(net(images, kept=torch.arange(16).repeat(2, 1)), net(images))


def test_a_token_stands_for_a_patch_that_is_masked() -> None:
    torch.manual_seed(0)
    net = Vit(1, width=12, depth=2, patch=2, image=8, mask_token=True)
    images, mask = torch.rand(1, 1, 8, 8), torch.zeros(1, 16)
    mask[0, 3] = 1
    seen = net(images, mask=mask)
    changed = images.clone()
    changed[0, :, :2, 6:] += 1
    torch.testing.assert_close(net(changed, mask=mask), seen)
    seen.tokens.sum().backward()
    assert net.mask_token.grad is not None and net.mask_token.grad.abs().sum() > 0


def test_a_mask_wants_a_token() -> None:
    with pytest.raises(ValueError, match="`mask_token=true`"):
        Vit(1, width=12, depth=1, patch=2, image=8)(torch.rand(1, 1, 8, 8), mask=torch.ones(1, 16))


def test_fixed_positions_are_those_of_mae() -> None:
    """The first numbers of its released function for a width of 8 and a square of 2: column first, then row."""
    found = Vit(1, width=8, depth=1, heads=2, patch=2, image=4, positions="sincos").pos_embed[0]
    one = [math.sin(1), math.sin(0.01), math.cos(1), math.cos(0.01)]
    zero = [0.0, 0.0, 1.0, 1.0]
    expected = torch.tensor([[0.0] * 8, zero + zero, one + zero, zero + one, one + one])
    torch.testing.assert_close(found, expected)
