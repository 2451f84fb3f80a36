"""`rest` is evaluation mode, `steady` leaves the running statistics alone; expected values come from plain PyTorch."""

import copy

import torch
from experiments import FIELDS, LIBRARY, plan_of
from torch import Tensor, nn

from ssldsl.graph.plan import StagePlan
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.nets.modules import set_trained
from ssldsl.runtime.step.module import make_step

SPEC = """ssl 1
data   images    = digits()
stream labeled   = images.train
stream unlabeled = unlabel(images.train)
net    encoder   = convnet(width=4, norm="batch")
head   classes   = linear(encoder.dim, images.classes)
net    model     = encoder >> classes
loss  = ce(labeled) + {term}
batch = {{labeled: 4, unlabeled: 6}}
forward = separate
run   = 5it
"""
BATCH = {
    **{f"labeled.{part}": torch.arange(4) for part in ("index", "epoch", "copy")},
    **{f"unlabeled.{part}": torch.arange(6) for part in ("index", "epoch", "copy")},
    "labeled.image": torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0)),
    "unlabeled.image": torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(1)),
    "labeled.label": torch.tensor([0, 1, 2, 3]),
}
KINDS = (nn.BatchNorm1d, nn.BatchNorm2d)


def stepped(term: str) -> tuple[dict[str, Tensor], nn.ModuleDict, nn.Sequential]:
    """What a step gives, its modules after it, and a copy of the network as it was, in training mode."""
    plan = plan_of(SPEC.format(term=term))
    modules = build_modules(plan, FIELDS, LIBRARY)
    for part in modules.modules():
        if isinstance(part, KINDS):  # statistics that are not those of any batch
            part.running_mean.fill_(0.3)
            part.running_var.fill_(2.0)
    set_trained(plan.stages[0], modules)
    before = nn.Sequential(copy.deepcopy(modules["encoder"]), copy.deepcopy(modules["classes"])).train()
    values = make_step(plan, plan.stages[0], modules, LIBRARY)(BATCH, torch.zeros(0))
    values["loss"].backward()
    return values, modules, before


def statistics(module: nn.Module) -> list[Tensor]:
    return [buffer for part in module.modules() if isinstance(part, KINDS) for buffer in part.buffers()]


def after_the_labeled(net: nn.Sequential) -> list[Tensor]:
    """The statistics of a network that has seen the labeled batch and no other."""
    net(BATCH["labeled.image"])
    return statistics(net)


def test_a_network_at_rest_normalizes_by_the_statistics_that_the_step_begins_with() -> None:
    values, _, net = stepped("mean(entropy(classes(rest(encoder)(unlabeled)))) as doubt")
    logits = net[1](net[0].eval()(BATCH["unlabeled.image"]))
    p = logits.softmax(dim=1)
    torch.testing.assert_close(values["doubt"], -(p * p.log()).sum(dim=1).mean())


def test_a_network_at_rest_takes_no_note_and_is_in_training_mode_again() -> None:
    _, modules, net = stepped("kl(model(unlabeled), probabilities(rest(model)(unlabeled)))")
    net[0](BATCH["labeled.image"])
    net[0](BATCH["unlabeled.image"])
    torch.testing.assert_close(statistics(modules["encoder"]), statistics(net))
    assert all(part.training for part in modules["encoder"].modules())


def test_no_gradient_goes_back_through_a_network_at_rest() -> None:
    _, modules, net = stepped("mean(entropy(classes(rest(encoder)(unlabeled)))) as doubt")
    nn.functional.cross_entropy(net(BATCH["labeled.image"]), BATCH["labeled.label"]).backward()
    for name, parameter in net[0].named_parameters():
        torch.testing.assert_close(modules["encoder"].get_parameter(name).grad, parameter.grad)


def test_a_steady_network_normalizes_by_its_batch_and_records_nothing() -> None:
    values, modules, net = stepped("mean(entropy(steady(model)(unlabeled))) as doubt")
    p = net(BATCH["unlabeled.image"]).softmax(dim=1)
    torch.testing.assert_close(values["doubt"], -(p * p.log()).sum(dim=1).mean())
    fresh = stepped("mean(entropy(steady(model)(unlabeled))) as doubt")[2]
    torch.testing.assert_close(statistics(modules["encoder"]), after_the_labeled(fresh))


def test_gradients_go_through_a_steady_network_as_through_the_network() -> None:
    steady, plain = (stepped(f"mean(entropy({net}(unlabeled))) as doubt")[1] for net in ("steady(model)", "model"))
    for name, parameter in plain.named_parameters():
        torch.testing.assert_close(steady.get_parameter(name).grad, parameter.grad)


def test_what_rests_comes_before_what_moves_the_statistics() -> None:
    (stage,) = plan_of(SPEC.format(term="kl(model(unlabeled), probabilities(rest(model)(unlabeled)))")).stages
    modes = [mode for path, mode in forwards(stage) if path == "encoder"]
    assert modes == ["rest", None, None]


def forwards(stage: StagePlan) -> list[tuple[str, str | None]]:
    """Path and mode of the networks that are applied, in the order of the step."""
    nodes = {node.id: node for node in stage.nodes}
    nets = [nodes[node.inputs[0]].settings for node in stage.nodes if node.op == "apply"]
    return [(net["name"], net.get("mode")) for net in nets]


def test_in_an_evaluation_every_network_is_at_rest() -> None:
    rested = "eval top1(images.test)\neval top1(images.test, net=rest(model)) as rested\n"
    (stage,) = plan_of(SPEC.format(term="entropy(steady(model)(unlabeled))") + rested).stages
    first, second = stage.evaluations
    assert first.node == second.node


def test_a_steady_network_without_statistics_runs_with_the_other_batches() -> None:
    (stage,) = plan_of(SPEC.format(term="entropy(steady(model)(unlabeled))").replace(', norm="batch"', "")).stages
    assert [mode for _, mode in forwards(stage)] == [None, None]  # the encoder and the head, once each
