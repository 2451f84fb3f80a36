"""Steps that make several updates: what each sees, what it changes, and when."""

import copy

import pytest
import torch
from torch.nn.functional import cross_entropy
from update_specs import META, TURNS, plan_of, written

import ssldsl
from ssldsl.api.step import Step


@pytest.fixture(scope="module")
def meta(tmp_path_factory: pytest.TempPathFactory) -> Step:
    return ssldsl.load(written(META, tmp_path_factory.mktemp("meta"))).step()


@pytest.fixture(scope="module")
def turns(tmp_path_factory: pytest.TempPathFactory) -> Step:
    return ssldsl.load(written(TURNS, tmp_path_factory.mktemp("turns"))).step()


def test_two_steps_of_meta_pseudo_labels_are_those_of_a_loop_by_hand(meta: Step) -> None:
    own = meta.parts.state.modules
    student, teacher = (
        copy.deepcopy(torch.nn.Sequential(own[net], own[head]))
        for net, head in (("encoder", "classes"), ("source", "labels"))
    )
    sgd = [torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9) for net, lr in ((student, 0.5), (teacher, 0.2))]
    for number in range(2):
        batch = meta.batch(number)
        x, y, u = batch["labeled.image"], batch["labeled.label"], batch["unlabeled.image"]
        meta.take(number)
        said = teacher(u)
        fake = said.argmax(dim=1)
        old = cross_entropy(student(x), y).item()
        sgd[0].zero_grad()
        cross_entropy(student(u), fake).backward()
        sgd[0].step()
        gain = old - cross_entropy(student(x), y).item()
        sgd[1].zero_grad()
        (cross_entropy(teacher(x), y) + gain * cross_entropy(said, fake)).backward()
        torch.nn.utils.clip_grad_norm_(teacher.parameters(), 0.5)
        sgd[1].step()
        ring = meta.parts.state.ring
        recorded = dict(zip(ring.names, ring.values[number % ring.length].tolist(), strict=True))
        assert recorded["gain"] == pytest.approx(gain, abs=1e-12)
    for net, (part, head) in ((student, ("encoder", "classes")), (teacher, ("source", "labels"))):
        expected = torch.cat([p.flatten() for p in net.parameters()])
        found = torch.cat([p.flatten() for name in (part, head) for p in own[name].parameters()])
        assert torch.allclose(found, expected, rtol=0, atol=1e-12)


def test_only_the_update_whose_turn_it_is_changes_its_networks(turns: Step) -> None:
    def weights(name: str) -> torch.Tensor:
        return torch.cat([p.detach().flatten().clone() for p in turns.parts.state.modules[name].parameters()])

    moved = []
    for number in range(6):
        before = weights("classes"), weights("groups")
        turns.take(number)
        moved.append((not weights("classes").equal(before[0]), not weights("groups").equal(before[1])))
    assert moved == [(True, False)] * 2 + [(False, True)] * 2 + [(True, False)] * 2


def test_terms_of_the_other_updates_are_no_part_of_a_line(turns: Step) -> None:
    window = turns.parts.state.ring.read(0)
    assert set(window.means()) == {"ce", "loss"}
    assert window.first_not_finite() is None


def test_what_updates_share_is_computed_once_and_what_one_changed_anew() -> None:
    stage = plan_of(META).stages[0]
    nets = {node.id: node.settings["name"] for node in stage.nodes if node.op == "net"}
    forwards = [(nets[n.inputs[0]], n.update) for n in stage.nodes if n.op == "apply" and n.placement == "step"]
    assert [update for net, update in forwards if net == "encoder"] == [0, 0, 1]  # two before, as one has no gradient
    assert [update for net, update in forwards if net == "source"] == [0]


def test_a_loop_of_ones_own_is_sent_to_take(meta: Step) -> None:
    with pytest.raises(ssldsl.SpecError, match="R304"):
        meta.losses(0)
