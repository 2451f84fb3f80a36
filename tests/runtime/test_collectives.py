"""Two processes give the values and gradients of one process on the joined batch."""

import copy
from typing import Any

import pytest
import torch
from experiments import LIBRARY, built, quickstart
from ranks import WORLD, Ranks
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn.parallel import DistributedDataParallel

from ssldsl.errors import SpecError
from ssldsl.graph.plan import Plan
from ssldsl.runtime.data.datasets import Datasets
from ssldsl.runtime.data.feed import Feed
from ssldsl.runtime.device.collectives import all_sum, gather, local
from ssldsl.runtime.nets.composition import Composition
from ssldsl.runtime.nets.norms import GlobalBatchNorm, set_statistics
from ssldsl.stdlib.memory.center import Center
from ssldsl.stdlib.targets.sinkhorn import sinkhorn


def share(rank: int, rows: Tensor) -> Tensor:
    return rows.chunk(WORLD)[rank]


def contrastive(net: nn.Module, rows: Tensor) -> Tensor:
    """A loss that must see every pair of rows of the whole batch."""
    z = gather(nn.functional.normalize(net(rows)))
    return (z @ z.T / 0.1).logsumexp(dim=1).mean()


def parallel_gradients(rank: int, rows: Tensor, across: bool) -> tuple[Tensor, list[Tensor]]:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3))
    model = DistributedDataParallel(Loss(net, across))
    value = model(share(rank, rows))
    value.backward()
    return value.detach(), [p.grad for p in net.parameters()]


class Loss(nn.Module):
    def __init__(self, net: nn.Module, across: bool) -> None:
        super().__init__()
        self.net, self.across = net, across

    def forward(self, rows: Tensor) -> Tensor:
        return contrastive(self.net, rows) if self.across else self.net(rows).square().mean()


@pytest.mark.parametrize("across", [True, False])
def test_averaged_gradients_are_those_of_the_joined_batch(ranks: Ranks, across: bool) -> None:
    rows = torch.randn(8, 5, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3))
    expected = Loss(net, across)(rows)
    expected.backward()
    results = ranks.call(parallel_gradients, rows, across)
    torch.testing.assert_close(sum(value for value, _ in results) / WORLD, expected.detach())
    for _, gradients in results:
        torch.testing.assert_close(gradients, [p.grad for p in net.parameters()])


def gathered(rank: int, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    all_ = gather(share(rank, rows))
    return all_, local(all_), all_sum(share(rank, rows).sum())


def gathered_in_parts(rank: int, *batches: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    mine = torch.cat([share(rank, rows) for rows in batches]).requires_grad_()
    sizes = [len(rows) for rows in batches]
    all_ = gather(mine, sizes)
    (all_ * torch.arange(len(all_)).view(-1, 1)).sum().backward()
    assert mine.grad is not None
    return all_.detach(), local(all_, sizes).detach(), mine.grad


def test_joined_batches_are_gathered_one_after_the_other(ranks: Ranks) -> None:
    """Rows 0, 1 are of the first batch and 2 to 7 of the second; a gradient is the sum of the two processes'."""
    first, second = torch.arange(2.0).view(2, 1), torch.arange(2.0, 8.0).view(6, 1)
    expected = torch.cat([first, second])
    for rank, (all_, own, grad) in enumerate(ranks.call(gathered_in_parts, first, second)):
        assert torch.equal(all_, expected)
        assert torch.equal(own, torch.cat([share(rank, first), share(rank, second)]))
        assert torch.equal(grad, WORLD * own)


def test_gather_keeps_the_order_and_local_undoes_it(ranks: Ranks) -> None:
    rows = torch.arange(12).view(6, 2)
    for rank, (all_, own, total) in enumerate(ranks.call(gathered, rows)):
        assert torch.equal(all_, rows) and torch.equal(own, share(rank, rows)) and total == 66


def assigned(rank: int, scores: Tensor) -> Tensor:
    return local(sinkhorn(gather(share(rank, scores))))


def test_two_processes_assign_as_one_process_does_in_the_worked_numbers(ranks: Ranks) -> None:
    scores = torch.tensor([[0.9, 0.1, -0.2], [0.8, 0.3, 0], [0.7, 0.2, 0.1], [0.1, 0.6, 0.5]])
    expected = [[0.998857, 0.001119, 0.000024], [0.684206, 0.309154, 0.006640], [0.504622, 0.228011, 0.267367],
                [0, 0.460276, 0.539724]]  # fmt: skip
    found = torch.cat(ranks.call(assigned, scores))
    torch.testing.assert_close(found, torch.tensor(expected), atol=2e-6, rtol=0)


def centered_on(rank: int, scores: list[Tensor]) -> Tensor:
    running = Center(3)
    running.value.copy_(torch.tensor([0.2, 0.1, -0.1]))
    running.commit([gather(share(rank, t)) for t in scores])
    return running.value


def test_two_processes_move_a_center_as_one_does_in_the_worked_numbers(ranks: Ranks) -> None:
    scores = [torch.tensor([[0.5, 0.1, -0.2], [0.2, 0.6, 0]]), torch.tensor([[0.4, 0.2, -0.1], [0.1, 0.5, 0.1]])]
    for found in ranks.call(centered_on, scores):
        torch.testing.assert_close(found, torch.tensor([0.21, 0.125, -0.095]))


def test_one_process_needs_no_collective() -> None:
    rows = torch.rand(3, 2)
    assert gather(rows, (1, 2)) is rows and local(rows, (1, 2)) is rows
    assert gather(rows) is rows and local(rows) is rows and all_sum(rows) is rows


# Batch normalization


def normalized(rank: int, norm: nn.Module, rows: Tensor, weights: Tensor, parallel: bool) -> dict[str, Any]:
    """Output, gradients and statistics of two passes."""
    if parallel:
        holder = nn.Sequential(norm)
        set_statistics(holder, across_processes=True)
        norm, rows, weights = holder[0], share(rank, rows), share(rank, weights)
    rows = rows.clone().requires_grad_()
    norm(rows + 1)
    output = norm(rows)
    (output * weights).sum().backward()
    return {
        "output": output.detach(),
        "rows": rows.grad,
        "parameters": [p.grad for p in norm.parameters()],
        "statistics": dict(norm.named_buffers()),
    }


@pytest.mark.parametrize(
    ("norm", "shape"),
    [
        (nn.BatchNorm2d(3), (8, 3, 4, 4)),
        (nn.BatchNorm1d(3), (8, 3)),
        (nn.BatchNorm2d(3, momentum=None), (4, 3, 2, 2)),
        (nn.BatchNorm2d(3, affine=False), (4, 3, 2, 2)),
    ],
)
def test_batch_normalization_over_two_processes_is_that_of_the_joined_batch(
    ranks: Ranks, norm: nn.Module, shape: tuple[int, ...]
) -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(*shape, generator=generator) * 3 + 100  # far from zero: sums of squares would lose digits
    weights = torch.randn(*shape, generator=generator)
    expected = normalized(0, copy.deepcopy(norm), rows, weights, False)
    found = ranks.call(normalized, norm, rows, weights, True)
    for name in ("output", "rows"):
        torch.testing.assert_close(torch.cat([f[name] for f in found]), expected[name], rtol=1e-5, atol=1e-4)
    for i, gradient in enumerate(expected["parameters"]):
        torch.testing.assert_close(sum(f["parameters"][i] for f in found), gradient, rtol=1e-5, atol=1e-4)
    for f in found:
        torch.testing.assert_close(f["statistics"], expected["statistics"], rtol=1e-5, atol=1e-5)


def slope(rank: int, norm: nn.Module, rows: Tensor, direction: Tensor, parallel: bool) -> Tensor:
    """The forward derivative of a frozen pass."""
    if parallel:
        holder = nn.Sequential(norm)
        set_statistics(holder, across_processes=True)
        norm, rows, direction = holder[0], share(rank, rows), share(rank, direction)
    with forward_ad.dual_level():
        return forward_ad.unpack_dual(Composition(norm).frozen(forward_ad.make_dual(rows, direction))).tangent


def test_forward_derivatives_go_across_processes(ranks: Ranks) -> None:
    rows, direction = torch.randn(2, 8, 3, generator=torch.Generator().manual_seed(0))
    expected = slope(0, nn.BatchNorm1d(3), rows, direction, False)
    found = ranks.call(slope, nn.BatchNorm1d(3), rows, direction, True)
    torch.testing.assert_close(torch.cat(found), expected, rtol=1e-5, atol=1e-6)


def test_layers_change_back_and_keep_their_parameters() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Sequential(nn.BatchNorm1d(3)))
    original, names = net[1][0], list(net.state_dict())
    set_statistics(net, across_processes=True)
    assert isinstance(net[1][0], GlobalBatchNorm) and list(net.state_dict()) == names
    assert net[1][0].weight is original.weight
    set_statistics(net, across_processes=False)
    assert net[1][0] is original


def test_layers_with_an_activation_keep_it() -> None:
    from timm.layers import BatchNormAct2d

    net, rows = nn.Sequential(BatchNormAct2d(3)), torch.randn(4, 3, 2, 2)
    expected = copy.deepcopy(net)(rows)
    set_statistics(net, across_processes=True)
    assert isinstance(net[0], GlobalBatchNorm)
    torch.testing.assert_close(net(rows), expected)


class OwnNorm(nn.BatchNorm1d):
    """A layer whose forward nobody knows."""


def test_an_unknown_kind_of_batch_normalization_is_refused() -> None:
    with pytest.raises(SpecError, match="`OwnNorm` cannot normalize over several processes"):
        set_statistics(nn.Sequential(OwnNorm(3)), across_processes=True)


# The whole step


def stepped(rank: int, plan: Plan, world: int) -> dict[str, Any]:
    """Loss, gradients and buffers of one step on a process's share of the batch."""
    stage = plan.stages[0]
    samples = Datasets(LIBRARY).streams(stage)
    feed = Feed(plan, stage, samples, library=LIBRARY, rank=rank, world=world)
    modules, step = built(plan, shards=world)
    model = DistributedDataParallel(step) if world > 1 else step
    values = model(feed.batch_at(3), torch.tensor([0.0, 0.3]))
    values["loss"].backward()
    return {
        "values": {name: value.detach() for name, value in values.items()},
        "gradients": {name: p.grad for name, p in modules.named_parameters()},
        "buffers": dict(modules.named_buffers()),
    }


@pytest.mark.parametrize("norm", ["group", "batch"])
@pytest.mark.parametrize("forward", ["separate", "concat"])
def test_two_processes_take_the_step_of_one_on_the_joined_batch(ranks: Ranks, norm: str, forward: str) -> None:
    plan = quickstart(f'encoder.norm="{norm}"', f"forward={forward}", level=int(forward == "concat"))
    expected = stepped(0, plan, 1)
    found = ranks.call(stepped, plan, WORLD)
    mean = {name: sum(f["values"][name] for f in found) / WORLD for name in expected["values"]}
    torch.testing.assert_close(mean, expected["values"], rtol=1e-5, atol=1e-5)
    for f in found:
        torch.testing.assert_close(f["gradients"], expected["gradients"], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(f["buffers"], expected["buffers"], rtol=1e-5, atol=1e-5)
