"""What a run tells about its data and metrics: said once on the console, kept in the run folder and on its page."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_specs import of_pictures
from using import message, run, ssldsl

from ssldsl.ops import array_files
from ssldsl.runtime.folder.run_folder import read_lines, read_notes

FOLDER = of_pictures('image_folder("{folder}")')
ARRAYS = FOLDER.replace("image_folder", "image_arrays").replace(" >> resize(8)", "")
DIGITS = ARRAYS.replace('image_arrays("{folder}")', "digits()").replace(
    "images.train", "images.train.subset(4, seed=0)"
)


def spec(folder: Path, text: str) -> Path:
    (folder / "spec.ssl").write_text(text, encoding="utf-8")
    return folder / "spec.ssl"


def told(spec: Path, *arguments: object) -> list[str]:
    """The notes of a run, which the console and the folder have alike, each once."""
    result = run(spec, *arguments)
    assert result.return_value == 0, result
    notes = list(read_notes(Path(result.stdout.strip())))
    assert [line.removeprefix("note: ") for line in result.stderr.splitlines() if line.startswith("note: ")] == notes
    return notes


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Eight pictures of each of two classes, for training and for testing."""
    numbers = np.random.default_rng(0)
    for name in (f"{split}/{c}/{i}.png" for split in ("train", "test") for c in "ab" for i in range(8)):
        (tmp_path / "D" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(numbers.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(tmp_path / "D" / name)
    return tmp_path / "D"


def arrays(folder: Path, **changed: np.ndarray) -> Path:
    numbers = np.random.default_rng(0)
    whole = {
        "data": numbers.integers(0, 256, (40, 8, 8), dtype=np.uint8),
        "label": np.arange(40) % 3,
        "test_data": numbers.integers(0, 256, (20, 8, 8), dtype=np.uint8),
        "test_label": np.arange(20) % 3,
    }
    np.savez(folder / "a.npz", **{**whole, **changed})
    return spec(folder, ARRAYS.format(folder=folder / "a.npz"))


def test_data_without_peculiarities_are_not_spoken_of(pictures: Path) -> None:
    assert told(spec(pictures.parent, FOLDER.format(folder=pictures))) == []


def test_files_that_are_not_read_and_classes_without_pictures_are_told(pictures: Path) -> None:
    (pictures / "train" / "c").mkdir()
    for number in range(30):
        (pictures / "train" / "a" / f"{number}.gif").touch()
    files, classes = told(spec(pictures.parent, FOLDER.format(folder=pictures)))
    assert files.startswith(f"30 files are not read in {pictures / 'train'} (30 .gif); read are .bmp")
    assert classes == "`labeled` and `image_folder.test`: class `c` of 3 has no sample"


def test_labels_from_one_leave_class_zero_without_samples(tmp_path: Path) -> None:
    found = told(arrays(tmp_path, label=np.arange(40) % 3 + 1, test_label=np.arange(20) % 3 + 1))
    said = "`labeled` and `image_arrays.test`: class 0 of 4 has no sample; labels are numbered from 0"
    assert found == [said]


def test_labels_with_gaps_are_told(tmp_path: Path) -> None:
    (found,) = told(arrays(tmp_path, label=np.arange(40) % 3 * 10, test_label=np.arange(20) % 3 * 10))
    assert found.endswith("18 of 21 classes have no sample: 1, 2, 3, 4, 5, 6, 7, 8, ...")


def test_fewer_labels_than_classes_are_told(tmp_path: Path) -> None:
    (found,) = told(spec(tmp_path, DIGITS))
    assert found.startswith("`labeled`: 6 of 10 classes have no sample: ")


def test_notes_stand_on_the_page_of_the_run_and_are_not_told_again_by_a_resume(tmp_path: Path) -> None:
    result = ssldsl("run", spec(tmp_path, DIGITS), "-o", tmp_path / "runs", "--no-progress")
    folder = Path(result.stdout.strip())
    assert "6 of 10 classes have no sample" in (folder / "report.html").read_text(encoding="utf-8")
    assert "note: " not in ssldsl("resume", folder, "--no-progress").stderr
    assert len(read_notes(folder)) == 1


def test_a_smoke_run_says_nothing_of_data_that_it_makes_up(tmp_path: Path) -> None:
    assert told(spec(tmp_path, DIGITS), "--smoke") == []


def test_unlabeled_pictures_of_a_flat_folder_train_beside_labeled_ones(pictures: Path) -> None:
    flat = pictures.parent / "U"
    (pictures / "train" / "a").rename(flat)
    (pictures / "train" / "a").mkdir()
    text = FOLDER.replace("loss = ce(labeled)", "stream unlabeled = loose.unlabeled >> resize(8)\nloss = {loss}")
    text = text.replace("net encoder", 'data loose = image_folder("{flat}")\nnet encoder')
    loss = "ce(labeled) + 0.1*rotation(unlabeled)"
    assert run(spec(pictures.parent, text.format(folder=pictures, flat=flat, loss=loss))).return_value == 0
    text = text.format(folder=pictures, flat=flat, loss="ce(labeled) + ce(unlabeled)")
    assert "error[D401]: `unlabeled` has no labels" in message(run(spec(pictures.parent, text)))


def test_channels_that_come_last_are_told(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0)
    data, test = (numbers.integers(0, 256, (n, 8, 8, 3), dtype=np.uint8) for n in (40, 20))
    found = told(arrays(tmp_path, data=data, test_data=test))
    said = "is read as pictures of 8 channels and 8 × 3 pixels: if that is not meant, say `channels_last=true`"
    assert len(found) == 2 and all(said in note for note in found)


def test_partly_labeled_arrays_train_both_parts(tmp_path: Path) -> None:
    path = arrays(tmp_path, label=np.where(np.arange(40) % 2, -1, np.arange(40) % 3))
    assert "where -1 is said of samples without a label: `unlabeled=-1`" in message(run(path))
    text = path.read_text(encoding="utf-8").replace('.npz")', '.npz", unlabeled=-1)')
    text = text.replace(
        "loss = ce(labeled)", "stream unlabeled = images.unlabeled\nloss = ce(labeled) + 0.1*vat(unlabeled)"
    )
    assert told(spec(tmp_path, text)) == []


def test_a_run_on_large_arrays_is_that_on_small_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = np.random.default_rng(0)
    for name in ("data", "test_data"):
        np.save(tmp_path / f"{name}.npy", numbers.integers(0, 256, (40, 8, 8), dtype=np.uint8))
        np.save(tmp_path / f"{name.replace('data', 'label')}.npy", np.arange(40) % 3)
    path = spec(
        tmp_path, ARRAYS.format(folder=tmp_path / "data.npy").replace("images.train", "images.train.subset(30)")
    )
    totals = []
    for large in (2**30, 1):
        monkeypatch.setattr(array_files, "LARGE", large)
        result = run(path)
        assert result.return_value == 0, result
        lines, _ = read_lines(Path(result.stdout.strip()))
        totals.append([line.get("total", line.get("eval")) for line in lines])
    assert totals[0] == totals[1]
