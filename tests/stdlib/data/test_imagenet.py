"""Few-label and validation splits as the papers make them on ImageNet: by counts, percentages and lists of names."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ssldsl.check import check
from ssldsl.ops.data import Samples
from ssldsl.ops.data_dirs import BrokenData
from ssldsl.ops.samples import FileSamples
from ssldsl.source import Source
from ssldsl.stdlib.data.holdout import holdout
from ssldsl.stdlib.data.imagenet import imagenet
from ssldsl.stdlib.data.subset import subset
from ssldsl.stdlib.data.without_holdout import without_holdout

CLASSES = {"n01440764": 300, "n01443537": 183, "n02051845": 240, "n15075141": 260}  # wordnet ids; sizes differ as there


@pytest.fixture
def train(tmp_path: Path, declare: Callable) -> FileSamples:
    """Training images of four classes with ImageNet's names; nothing is read from them."""
    for split, sizes in (("train", CLASSES), ("val", dict.fromkeys(CLASSES, 1))):
        for wnid, size in sizes.items():
            folder = tmp_path / "imagenet" / split / wnid
            folder.mkdir(parents=True)
            for number in range(size):
                (folder / f"{wnid}_{number}.JPEG").touch()
    declare(imagenet, splits={"train": sum(CLASSES.values()), "val": 4}, classes=4)
    found = imagenet(root=str(tmp_path))["train"]
    assert isinstance(found, FileSamples)
    return found


def classes_of(samples: Samples) -> list[int]:
    assert samples.labels is not None
    return samples.labels.bincount().tolist()


def test_it_is_found_in_its_folder_and_counted(train: FileSamples, tmp_path: Path, declare: Callable) -> None:
    assert len(train) == sum(CLASSES.values()) and imagenet(root=str(tmp_path))["val"].labels.tolist() == [0, 1, 2, 3]
    declare(imagenet, splits={"train": 1_281_167, "val": 4})
    with pytest.raises(BrokenData, match=r"`imagenet.train` has 983 samples instead of 1281167"):
        imagenet(root=str(tmp_path))["train"]


@pytest.mark.parametrize("each", [13, 128])
def test_a_split_of_as_many_of_every_class_comes_from_a_count_or_from_the_number_of_each(
    train: FileSamples, each: int
) -> None:
    by_count, by_class = subset(train, count=4 * each, seed=3), subset(train, per_class=each, seed=3)
    assert classes_of(by_count) == classes_of(by_class) == [each] * 4
    assert torch.equal(by_count.ids, by_class.ids)


@pytest.mark.parametrize(("share", "each"), [(0.01, [2, 2, 3, 3]), (0.1, [24, 24, 25, 25])])  # 9.83 and 98.3 of 983
def test_a_percentage_of_all_images_is_balanced_to_one(train: FileSamples, share: float, each: list[int]) -> None:
    assert sorted(classes_of(subset(train, count=share))) == each


def test_a_published_list_of_file_names_gives_exactly_its_images(train: FileSamples, tmp_path: Path) -> None:
    listed = [f"{wnid}_{number}.JPEG" for wnid in CLASSES for number in range(7, 135)]
    (tmp_path / "10percent.json").write_text(json.dumps({"values": listed[::-1]}))
    found = subset(train, names="10percent.json")
    assert classes_of(found) == [128] * 4
    assert sorted(Path(name).name for name in found.names) == sorted(listed)


def test_a_custom_validation_part_and_its_training_part_share_nothing(train: FileSamples, tmp_path: Path) -> None:
    listed = [f"{wnid}/{wnid}_{number}.JPEG" for wnid, size in CLASSES.items() for number in range(size - 50, size)]
    (tmp_path / "val.txt").write_text("\n".join(listed))
    for settings in ({"count": 200}, {"count": 0.2}, {"per_class": 50}, {"names": "val.txt"}):
        kept, rest = holdout(train, **settings), without_holdout(train, **settings)
        assert sorted(kept.names + rest.names) == sorted(train.names)
    assert classes_of(holdout(train, per_class=50)) == classes_of(holdout(train, names="val.txt")) == [50] * 4


SPEC = """ssl 1
data   images  = imagenet()
stream labeled = images.train.{part} >> center_crop(224, short_side=256)
net    encoder = resnet50v2()
head   classes = linear(encoder.dim, images.classes)
loss  = ce(labeled)
batch = {{labeled: 256}}
run   = 1ep
"""


@pytest.mark.parametrize(
    ("part", "size"),
    [
        ("without_holdout(50_046)", 1_231_121),
        ("subset(per_class=128)", 128_000),
        ("subset(per_class=13)", 13_000),
        ("subset(10%)", 128_117),
        ("without_holdout(50_046).subset(per_class=13)", 13_000),
        ("without_holdout(per_class=50)", 1_231_167),
    ],
)
def test_a_spec_knows_the_sizes_of_the_protocol_before_any_image_is_read(part: str, size: int) -> None:
    program = check(Source("spec.ssl", SPEC.format(part=part))).program
    assert program is not None and program.streams[0].size.value == size
