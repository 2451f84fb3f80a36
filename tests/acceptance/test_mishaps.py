"""What a user meets sooner or later: places that cannot be written, weights that do not fit, files that are no data."""

from pathlib import Path

import numpy as np
import pytest
import torch
from using import SPEC, message, run, ssldsl


def spec_of(folder: Path, right: str = "", wrong: str = "") -> Path:
    path = folder / "spec.ssl"
    path.write_text(SPEC.replace(right, wrong, 1), encoding="utf-8")
    return path


def test_a_place_where_no_folder_can_be_made_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = ssldsl("run", spec_of(tmp_path), "-o", tmp_path / "file", "--no-progress")
    assert "no run folder can be made in" in message(result)


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ('torchvision_model(name="resnet81")', "near it: resnet18"),
        ('torchvision_model(name="resnet18", weights="none.pt")', "there is no file none.pt"),
        ('torchvision_model(name="resnet18", weights="text.pt")', "text.pt cannot be read: it is no file of weights"),
        ('torchvision_model(name="resnet18", weights="other.pt")', "other.pt do not fit"),
    ],
)
def test_a_network_that_cannot_be_made_is_shown_in_the_spec(
    network: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.pt").write_text("hello, these are no weights")
    torch.save({"weight": torch.zeros(1)}, "other.pt")
    np.savez("photos.npz", data=np.zeros((20, 3, 8, 8), np.uint8), label=np.arange(20) % 2)
    spec = spec_of(tmp_path, "convnet(width=4)", network)
    photos = 'image_arrays(path="photos.npz", channels=3, height=8, width=8, classes=2)'
    spec.write_text(
        spec.read_text().replace("digits()", photos).replace("100, seed=0", "10").replace("test)", "train)")
    )
    text = message(run(spec))
    assert said in text and "spec.ssl:4:18" in text
    assert not list(Path("runs").iterdir())


@pytest.mark.parametrize(
    "groups", ["{encoder.blocks: {lr: 0.01}}", "{encoder: {lr: 0.01}, rotation.angles: {lr: 0.2}}"]
)
def test_parts_of_networks_and_heads_of_definitions_have_learning_rates_of_their_own(
    groups: str, tmp_path: Path
) -> None:
    loss = f"loss = ce(labeled) + rotation(labeled)\ngroups = {groups}"
    spec = spec_of(tmp_path, "loss      = ce(labeled)", loss)
    done = run(spec)
    assert done.return_value == 0, done
    assert ssldsl("check", spec, "--set", "groups." + groups[1:].split(":")[0] + ".lr=0.5").return_value == 0


def test_arrays_whose_sizes_only_the_file_knows_are_printed_and_smoke_tested_without_it(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, "digits()", 'image_arrays(path="no_such_file.npz")')
    spec.write_text(spec.read_text().replace("100, seed=0", "10").replace("test)", "train)"))
    assert run(spec, "--smoke").return_value == 0
    assert "def forward" in ssldsl("compile", spec).stdout


def test_pages_that_cannot_be_written_are_a_message(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be written" in message(ssldsl("docs", "-o", tmp_path / "file" / "pages"))


def test_a_group_of_what_is_not_trained_is_refused(tmp_path: Path) -> None:
    text = "train classes, encoder.blocks\nloss = ce(labeled)\ngroups = {encoder.steps: {lr: 0.01}}"
    assert "`encoder.steps`" in message(run(spec_of(tmp_path, "loss      = ce(labeled)", text)))
