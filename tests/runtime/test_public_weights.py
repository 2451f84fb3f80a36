"""Weights of public checkpoints, in the layouts in which SwAV, DINO and others publish them."""

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from ssldsl import pipeline
from ssldsl.check import check
from ssldsl.errors import SpecError
from ssldsl.ops.library import Library
from ssldsl.runtime.folder.weight_sources import origin_digests
from ssldsl.runtime.nets.build import build_modules
from ssldsl.runtime.train.init_weights import initialize
from ssldsl.source import Source
from ssldsl.stdlib.nets.resnet18 import ResNet18
from ssldsl.stdlib.nets.vit import Vit

SPEC = """ssl 1
data   images  = digits()
stream labeled = images.train
net    f       = {net}
head   classes = linear(f.dim, images.classes)
init f from weights({origin})
loss  = ce(labeled, net=f >> classes)
batch = 8
run   = 2it
eval top1(images.test, net=f >> classes)
"""
RESNET = 'resnet18(stem="cifar")'
VIT = "vit(width=12, depth=2, patch=4, image=32)"
State = dict[str, Tensor]


def taken_over(folder: Path, net: str, origin: str) -> State:
    """The weights of `f` after the `init` of a spec in a folder."""
    program = check(Source(str(folder / "spec.ssl"), SPEC.format(net=net, origin=origin))).program
    assert program is not None
    plan, library, fields = pipeline.compile(program), Library.shipped(), {"labeled.image": (1, 8, 8)}
    assert set(origin_digests(plan, folder)) == {origin.split('"')[1]}
    modules = build_modules(plan, fields, library)
    initialize(plan, plan.stages[0], modules, lambda *_: {}, fields=fields, library=library, folder=folder)
    return modules["f"].state_dict()


def below(prefix: str, state: State) -> State:
    return {f"{prefix}{name}": tensor for name, tensor in state.items()}


def same(found: State, expected: State) -> bool:
    return found.keys() == expected.keys() and all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.fixture
def resnet() -> State:
    torch.manual_seed(5)
    return ResNet18(1, stem="cifar").state_dict()


@pytest.fixture
def students() -> tuple[State, State]:
    """The weights of a student and of its teacher."""
    torch.manual_seed(6)
    nets = [Vit(1, width=12, depth=2, patch=4, image=32).state_dict() for _ in range(2)]
    return nets[0], nets[1]


def swav(resnet: State) -> State:
    """SwAV's names: those of torchvision, the projector and the prototypes, all behind `module.`."""
    others = {f"projection_head.{i}.weight": torch.zeros(2) for i in (0, 1, 3)} | {
        "prototypes.weight": torch.zeros(3, 2)
    }
    return below("module.", {**resnet, **others})


def dino(students: tuple[State, State]) -> dict[str, object]:
    """DINO's full checkpoint: student and teacher, each with its head, beside all that training needs."""
    head = {"head.mlp.0.weight": torch.zeros(2), "head.last_layer.weight_g": torch.zeros(2)}
    student, teacher = ({**below("backbone.", state), **head} for state in students)
    return {
        "student": below("module.", student),
        "teacher": teacher,
        "optimizer": {"state": {0: {"exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 0.1}]},
        "epoch": 800,
        "args": argparse.Namespace(arch="vit_small", lr=5e-4),
        "dino_loss": {"center": torch.zeros(1, 4)},
    }


def test_the_published_file_of_swav_loads_as_it_is(tmp_path: Path, resnet: State) -> None:
    torch.save(swav(resnet), tmp_path / "swav_800ep_pretrain.pth.tar")
    assert same(taken_over(tmp_path, RESNET, '"swav_800ep_pretrain.pth.tar"'), resnet)


def test_a_checkpoint_of_a_swav_run_loads_as_it_is(tmp_path: Path, resnet: State) -> None:
    torch.save({"epoch": 400, "state_dict": swav(resnet), "optimizer": {"state": {}}}, tmp_path / "checkpoint.pth.tar")
    assert same(taken_over(tmp_path, RESNET, '"checkpoint.pth.tar"'), resnet)


def test_dinos_file_of_the_backbone_loads_as_it_is(tmp_path: Path, students: tuple[State, State]) -> None:
    torch.save(students[1], tmp_path / "dino_deitsmall16_pretrain.pth")
    assert same(taken_over(tmp_path, VIT, '"dino_deitsmall16_pretrain.pth"'), students[1])


@pytest.mark.parametrize(("key", "number"), [("student", 0), ("teacher", 1)])
@pytest.mark.parametrize("prefix", ["", ', prefix="backbone"', ', prefix="backbone."'])
def test_of_dinos_full_checkpoint_student_or_teacher_is_chosen(
    tmp_path: Path, students: tuple[State, State], key: str, number: int, prefix: str
) -> None:
    torch.save(dino(students), tmp_path / "full.pth")
    assert same(taken_over(tmp_path, VIT, f'"full.pth", key="{key}"{prefix}'), students[number])


def vissl(resnet: State) -> dict[str, object]:
    """A checkpoint of VISSL: the trunk lies four dicts deep."""
    trunk = below("_feature_blocks.", resnet)
    return {"phase_idx": 7, "classy_state_dict": {"train": True, "base_model": {"model": {"trunk": trunk}}}}


def test_the_checkpoint_of_vissl_says_its_key_and_loads_by_it(tmp_path: Path, resnet: State) -> None:
    torch.save(vissl(resnet), tmp_path / "vissl.torch")
    key = "classy_state_dict.base_model.model.trunk"
    assert f'choose one with key="{key}"' in refusal(tmp_path, RESNET, '"vissl.torch"')
    assert same(taken_over(tmp_path, RESNET, f'"vissl.torch", key="{key}", prefix="_feature_blocks"'), resnet)


def test_a_wrapper_may_be_the_key(tmp_path: Path, resnet: State) -> None:
    torch.save({"model": {"ema": {"state_dict": resnet}}, "net": {"a": torch.zeros(1)}}, tmp_path / "odd.pth")
    assert same(taken_over(tmp_path, RESNET, '"odd.pth", key="ema"'), resnet)


def test_names_of_compiled_networks_are_plain(tmp_path: Path, resnet: State) -> None:
    torch.save(below("module._orig_mod.", resnet), tmp_path / "compiled.pth")
    assert same(taken_over(tmp_path, RESNET, '"compiled.pth"'), resnet)


@pytest.mark.parametrize("prefix", ["backbone.", "", "model.backbone."])
def test_a_network_that_was_saved_as_a_sequence_of_its_parts_loads_by_their_order(
    tmp_path: Path, prefix: str, resnet: State
) -> None:
    """As lightly's examples save theirs: `nn.Sequential(*list(resnet.children())[:-1])`."""
    net = ResNet18(1, stem="cifar")
    net.load_state_dict(resnet)
    state = torch.nn.Sequential(*net.children(), torch.nn.Linear(512, 10)).state_dict()
    torch.save({"state_dict": below(prefix, state)}, tmp_path / "last.ckpt")
    assert same(taken_over(tmp_path, RESNET, '"last.ckpt"'), resnet)


def test_a_sequence_of_other_parts_is_refused_as_before(tmp_path: Path, resnet: State) -> None:
    net = ResNet18(1, stem="cifar")
    state = torch.nn.Sequential(*reversed(list(net.children()))).state_dict()
    torch.save({"state_dict": state}, tmp_path / "last.ckpt")
    with pytest.raises(SpecError, match="R422"):
        taken_over(tmp_path, RESNET, '"last.ckpt"')


def test_counters_of_batches_may_be_missing(tmp_path: Path, resnet: State) -> None:
    torch.save({k: v for k, v in resnet.items() if not k.endswith("num_batches_tracked")}, tmp_path / "old.pth")
    assert same(taken_over(tmp_path, RESNET, '"old.pth"'), resnet)


def refusal(folder: Path, net: str, origin: str) -> str:
    with pytest.raises(SpecError) as caught:
        taken_over(folder, net, origin)
    assert "spec.ssl:6:1" in str(caught.value)
    return str(caught.value)


def test_without_a_key_the_dicts_to_choose_from_are_named(tmp_path: Path, students: tuple[State, State]) -> None:
    torch.save({k: v for k, v in dino(students).items() if k != "dino_loss"}, tmp_path / "full.pth")
    text = refusal(tmp_path, VIT, '"full.pth"')
    assert "error[R421]" in text and 'choose one with key="student" or key="teacher"' in text


def test_a_key_that_is_not_there_is_said_with_those_that_are(tmp_path: Path, students: tuple[State, State]) -> None:
    torch.save(dino(students), tmp_path / "full.pth")
    text = refusal(tmp_path, VIT, '"full.pth", key="techer"')
    assert (
        'it holds nothing under the key "techer"; its keys: student, teacher, optimizer, epoch, args and 1 more' in text
    )


def test_a_prefix_that_nothing_has_is_said_with_names_that_are(tmp_path: Path, students: tuple[State, State]) -> None:
    torch.save(dino(students), tmp_path / "full.pth")
    text = refusal(tmp_path, VIT, '"full.pth", key="teacher", prefix="trunk"')
    assert 'no name in it begins with "trunk"; it holds: backbone.cls_token, ' in text


def test_of_two_networks_in_one_file_the_prefixes_are_offered(tmp_path: Path, resnet: State) -> None:
    moco = below("module.encoder_q.", resnet) | below("module.encoder_k.", resnet)
    torch.save({"state_dict": moco}, tmp_path / "moco.pth")
    text = refusal(tmp_path, RESNET, '"moco.pth"')
    choice = '`weights("moco.pth", prefix="encoder_q.")` or `weights("moco.pth", prefix="encoder_k.")`'
    assert "error[R422]" in text and choice in text
    assert same(taken_over(tmp_path, RESNET, '"moco.pth", prefix="encoder_k"'), resnet)


@pytest.mark.parametrize(
    "prefix", ["module.base_encoder.", "online_encoder.net.", "model.", "student.backbone.", "encoder.encoder."]
)
def test_the_only_network_of_a_file_is_meant_whatever_stands_before_its_names(
    tmp_path: Path, prefix: str, resnet: State
) -> None:
    others = {"projection_head.layers.0.weight": torch.zeros(2, 2), "criterion.center": torch.zeros(1, 4)}
    torch.save({"state_dict": {**below(prefix, resnet), **others}}, tmp_path / "other.pth")
    assert same(taken_over(tmp_path, RESNET, '"other.pth"'), resnet)


@pytest.mark.parametrize("prefix", ["", "backbone."])
def test_a_file_of_timm_loads_into_the_network_of_timm(tmp_path: Path, prefix: str) -> None:
    timm = pytest.importorskip("timm")
    torch.manual_seed(7)
    state = timm.create_model("resnet10t", num_classes=3, in_chans=1).state_dict()
    torch.save(below(prefix, state), tmp_path / "timm.pth")
    found = taken_over(tmp_path, 'timm_model("resnet10t", channels=1)', '"timm.pth"')
    assert same(found, below("model.", {name: value for name, value in state.items() if not name.startswith("fc.")}))


class Settings(dict):
    """As Lightning's `AttributeDict`: a dict of a class of its own."""


class Options:
    """As what `argparse` and configuration libraries leave: an object with attributes."""


def lightning(resnet: State) -> dict[str, object]:
    """A checkpoint of Lightning: numbers of NumPy, settings of classes of their own, states of callbacks."""
    options, settings = Options(), Settings(lr=np.float64(0.1))
    options.path, options.when = Path("runs"), {"epoch": np.int64(3)}  # type: ignore[attr-defined]  # as such have them
    return {
        "epoch": 3,
        "state_dict": {**below("backbone.", resnet), "projection_head.layers.0.weight": torch.zeros(2, 2)},
        "hyper_parameters": settings,
        "callbacks": {
            "ModelCheckpoint": {"best_model_score": np.float32(0.7), "options": options, "dtype": np.dtype("f4")}
        },
        "optimizer_states": [{"state": {0: {"step": np.array([1.0, 2.0])}}}],
    }


def test_a_checkpoint_of_lightning_is_read_past_its_objects(tmp_path: Path, resnet: State) -> None:
    torch.save(lightning(resnet), tmp_path / "last.ckpt")
    assert same(taken_over(tmp_path, RESNET, '"last.ckpt"'), resnet)


def test_tensors_in_a_dict_of_somebodys_own_are_found(tmp_path: Path, resnet: State) -> None:
    torch.save({"state_dict": Settings(resnet), "score": np.float64(0.7)}, tmp_path / "own.ckpt")
    assert same(taken_over(tmp_path, RESNET, '"own.ckpt"'), resnet)


class Harmful:
    """What runs when a file is opened without care."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise AssertionError('it ran')",)


def test_nothing_of_an_object_runs(tmp_path: Path, resnet: State) -> None:
    torch.save({"state_dict": resnet, "extra": Harmful()}, tmp_path / "harmful.pth")
    assert same(taken_over(tmp_path, RESNET, '"harmful.pth"'), resnet)


def test_a_whole_network_is_no_file_of_weights_and_is_named(tmp_path: Path) -> None:
    torch.save(ResNet18(1, stem="cifar"), tmp_path / "objects.pth")
    text = refusal(tmp_path, RESNET, '"objects.pth"')
    assert "Python objects besides tensors, which are not loaded: ssldsl.stdlib.nets.resnet18.ResNet18" in text


@pytest.mark.parametrize(
    ("origin", "code"),
    [('"w.pth", key=3', "T310"), ('"w.pth", prefix=""', "T310"), ('""', "T310"), ('"w.pth", part="x"', "N203")],
)
def test_what_cannot_name_a_part_of_a_file_is_refused_before_anything_is_read(origin: str, code: str) -> None:
    found = check(Source("spec.ssl", SPEC.format(net=VIT, origin=origin))).diagnostics
    assert [d.code for d in found] == [code]
