import pytest
import torch

from ssldsl.stdlib.nets.vit import Vit
from ssldsl.stdlib.nets.vit_small import VitSmall

SETTINGS = {"mask_token": True}  # with which the tests of all ops call it


def test_vit_small_has_the_published_number_of_weights() -> None:
    with torch.device("meta"):
        assert sum(p.numel() for p in VitSmall(3).parameters()) == 21_665_664


def test_the_small_one_is_the_general_one_of_its_size() -> None:
    small, general = VitSmall(3).eval(), Vit(3, width=384, depth=12, heads=6).eval()
    general.load_state_dict(small.state_dict())
    images = torch.rand(1, 3, 96, 96)
    with torch.no_grad():
        assert all(map(torch.equal, small(images), general(images)))


def test_vit_small_has_timms_names_and_shapes() -> None:
    timm = pytest.importorskip("timm")
    with torch.device("meta"):
        mine, expected = VitSmall(3), timm.create_model("vit_small_patch16_224", num_classes=0)
    assert {k: v.shape for k, v in mine.state_dict().items()} == {k: v.shape for k, v in expected.state_dict().items()}


def test_the_chance_to_be_dropped_grows_linearly_with_the_depth() -> None:
    with torch.device("meta"):
        rates = [block.drop for block in VitSmall(3, drop_path=0.1).blocks]
    assert rates == pytest.approx([0.1 * i / 11 for i in range(12)])
    assert rates[1] == pytest.approx(0.0091, abs=1e-4)


def test_maps_start_small_and_positions_are_not_all_the_same() -> None:
    net = VitSmall(3)
    assert net.blocks[0].attn.qkv.weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert net.pos_embed.std().item() == pytest.approx(0.02, rel=0.05)
    assert all(not block.mlp.fc1.bias.any() for block in net.blocks)
