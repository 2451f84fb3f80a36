import pytest
import torch
from parameter_groups import group_of, one, stepped
from torch import nn

from ssldsl.ops.parameters import excluded_names
from ssldsl.stdlib.heads.dino_head import DinoHead
from ssldsl.stdlib.nets.vit_small import VitSmall
from ssldsl.stdlib.optimizers.adamw import adamw


def test_the_first_step_has_the_length_of_the_learning_rate() -> None:
    parameter, groups = one(0.0)
    assert stepped(adamw(groups, lr=0.01), parameter, [123.0]) == pytest.approx(-0.01)


def test_weights_shrink_beside_the_gradient() -> None:
    parameter, groups = one(2.0)
    assert stepped(adamw(groups, lr=0.1, weight_decay=0.5), parameter, [0.0]) == pytest.approx(2.0 * (1 - 0.05))


def test_of_dinos_network_all_but_biases_and_scales_decays_positions_and_lengths_too() -> None:
    with torch.device("meta"):
        net = nn.ModuleDict({"encoder": VitSmall(3), "clusters": DinoHead(384, 1000, learned_lengths=True)})
    kept = set(dict(net.named_parameters())) - excluded_names(group_of(net), ["bias", "norm"])
    # the released code leaves out what is called bias and what has one dimension
    assert kept == {n for n, p in net.named_parameters() if not n.endswith(".bias") and p.ndim > 1}
    assert {"encoder.cls_token", "encoder.pos_embed", "clusters.last.weight_g"} <= kept
