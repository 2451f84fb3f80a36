import torch
from sklearn.datasets import load_digits

from ssldsl.stdlib.data.digits import digits


def test_the_split_is_the_one_of_every_machine() -> None:
    splits = digits()
    assert splits["train"].digest() == "6590f06de325c13235aee1c2b3d5ee893a652291c9f2e0d58030d1b1dc61954b"
    assert splits["test"].ids[:8].tolist() == [9, 15, 21, 23, 26, 29, 31, 35]


def test_train_and_test_share_no_sample_and_miss_none() -> None:
    splits = digits()
    numbers = torch.cat([splits["train"].ids, splits["test"].ids])
    assert (len(splits["train"]), len(splits["test"])) == (1437, 360)
    assert torch.equal(numbers.sort().values, torch.arange(1797))


def test_classes_have_the_same_shares_in_both_parts() -> None:
    splits = digits()
    whole = torch.bincount(torch.from_numpy(load_digits().target))
    assert ((splits["test"].labels.bincount() - whole * 360 / 1797).abs() < 1).all()


def test_pixels_are_those_of_scikit_learn_between_black_and_white() -> None:
    train = digits()["train"]
    row = torch.tensor([5])
    expected = load_digits().images[int(train.ids[5])] / 16
    assert torch.allclose(train.read(row)["image"][0, 0].double(), torch.from_numpy(expected))
    assert train.read(row)["label"].item() == load_digits().target[int(train.ids[5])]
