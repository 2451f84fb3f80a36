import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ssldsl.ops.data_dirs import BrokenData, MissingData
from ssldsl.ops.samples import FileSamples, MemorySamples
from ssldsl.stdlib.data.subset import subset
from ssldsl.stdlib.data.unlabel import unlabel

Make = Callable[[list[int]], MemorySamples]


def classes_of(samples: MemorySamples) -> list[int]:
    assert samples.labels is not None
    return samples.labels.bincount().tolist()


def test_a_count_is_spread_evenly_over_classes_of_different_sizes(labeled: Make) -> None:
    assert classes_of(subset(labeled([50, 20, 200, 30]), count=60)) == [15, 15, 15, 15]


def test_what_is_left_goes_to_different_classes_that_the_seed_chooses(labeled: Make) -> None:
    data = labeled([30] * 10)
    found = [classes_of(subset(data, count=43, seed=seed)) for seed in range(20)]
    assert all(sorted(sizes) == [4] * 7 + [5] * 3 for sizes in found)
    assert len({tuple(sizes) for sizes in found}) > 10


def test_a_class_that_is_too_small_gives_all_it_has_and_the_others_more(labeled: Make) -> None:
    assert classes_of(subset(labeled([5, 100, 100]), count=65)) == [5, 30, 30]


def test_a_fraction_is_a_share_of_all_samples(labeled: Make) -> None:
    data = labeled([50, 50, 50])
    assert len(subset(data, count=0.1)) == 15
    assert len(subset(data, count=0.07)) == 10  # of 10.5, which rounds to the even number
    assert subset(data, count=1.0).ids.tolist() == list(range(150))


def test_per_class_takes_as_many_of_each(labeled: Make) -> None:
    assert classes_of(subset(labeled([9, 5, 7]), per_class=5)) == [5, 5, 5]


def test_the_choice_depends_on_the_seed_alone(labeled: Make) -> None:
    data = labeled([100, 100])
    torch.manual_seed(0)
    first = subset(data, count=20, seed=3)
    torch.manual_seed(1)
    assert torch.equal(subset(data, count=20, seed=3).ids, first.ids)
    assert not torch.equal(subset(data, count=20, seed=4).ids, first.ids)


def test_the_choice_is_the_one_of_every_machine() -> None:
    data = MemorySamples.of(image=torch.zeros(80, 1, 1, 1), label=torch.arange(80) % 2)
    # of each class the three whose BLAKE2b hashes come first, computed apart from this code
    assert subset(data, count=6, seed=0).ids.tolist() == [39, 45, 64, 70, 73, 76]


def test_a_smaller_subset_lies_in_a_larger_one(labeled: Make) -> None:
    data = labeled([40, 60, 50])
    small, large = (set(subset(data, count=count, seed=1).ids.tolist()) for count in (10, 31))
    assert small < large


def test_samples_keep_their_numbers_and_contents(labeled: Make) -> None:
    data = labeled([10, 10])
    found = subset(data, count=4)
    assert found.read(torch.arange(4))["image"].flatten().tolist() == found.ids.tolist()


def test_every_sample_is_as_likely_as_any_other(labeled: Make) -> None:
    data = labeled([20, 20])
    counts = torch.zeros(40)
    for seed in range(500):
        counts[subset(data, count=10, seed=seed).ids] += 1
    chi_square = ((counts - 125) ** 2 / 125).sum().item()  # of draws without replacement, so smaller than chi-square
    assert chi_square < 73.4  # 38 degrees of freedom, one in two thousand


def test_data_without_labels_give_any_samples(labeled: Make) -> None:
    found = subset(unlabel(labeled([30, 30])), count=7)
    assert len(found) == 7 and found.fields == ("image",)


def test_a_file_names_samples_by_line_or_in_json(labeled: Make, tmp_path: Path) -> None:
    data = labeled([6, 6])
    (tmp_path / "lines.txt").write_text("7\n\n2 \n2\n")
    (tmp_path / "values.json").write_text(json.dumps({"values": [7, "2"]}))
    assert subset(data, names="lines.txt").ids.tolist() == [2, 7]
    assert subset(data, names=str(tmp_path / "values.json")).ids.tolist() == [2, 7]


def test_images_are_named_with_or_without_their_folder(tmp_path: Path) -> None:
    paths = ("cat/c1.jpg", "cat/x.jpg", "dog/d1.jpg", "dog/x.jpg")
    data = FileSamples(tmp_path, paths, torch.arange(4), torch.tensor([0, 0, 1, 1]))
    (tmp_path / "names").write_text("d1.jpg\ncat/x.jpg\n")
    assert subset(data, names="names").names == ("cat/x.jpg", "dog/d1.jpg")
    (tmp_path / "names").write_text("x.jpg\n")
    with pytest.raises(BrokenData, match=r"1 of 1 names are not in the data, such as \['x.jpg'\]"):
        subset(data, names="names")


def test_a_list_of_names_that_is_missing_or_none_is_named(labeled: Make, tmp_path: Path) -> None:
    data = labeled([3, 3])
    with pytest.raises(MissingData, match="lost"):
        subset(data, names="lost")
    for content in ("", '{"other": []}', "{broken"):
        (tmp_path / "names").write_text(content)
        with pytest.raises(BrokenData, match="names"):
            subset(data, names="names")


def test_exactly_one_way_of_choosing_is_given(labeled: Make) -> None:
    with pytest.raises(ValueError, match="not by 0 of them"):
        subset(labeled([3]))
    with pytest.raises(ValueError, match="not by 2 of them"):
        subset(labeled([3]), count=1, per_class=1)


def test_more_than_there_is_is_refused(labeled: Make) -> None:
    with pytest.raises(ValueError, match="7 samples wanted of a data set of 6"):
        subset(labeled([3, 3]), count=7)
    with pytest.raises(ValueError, match="4 samples of every class, and class 1 has 3"):
        subset(labeled([5, 3]), per_class=4)
    with pytest.raises(ValueError, match="0 samples wanted"):
        subset(labeled([5, 3]), count=0.01)


def test_classes_of_data_without_labels_cannot_be_balanced(labeled: Make) -> None:
    with pytest.raises(ValueError, match="have no labels"):
        subset(unlabel(labeled([5, 3])), per_class=1)


def test_a_table_where_a_list_of_names_is_wanted_is_told_from_one(tmp_path: Path) -> None:
    data = FileSamples(tmp_path, ("a/0.png",), torch.arange(1), torch.tensor([0]))
    (tmp_path / "names").write_text("path,label\na/0.png,cat\n")
    with pytest.raises(BrokenData, match="one name a line and nothing else; a table of labels is for `image_table`"):
        subset(data, names=str(tmp_path / "names"))
