import pickle

import pytest
import torch

from ssldsl.ops.data import Samples
from ssldsl.ops.data_dirs import BrokenData
from ssldsl.ops.samples import FileSamples, MemorySamples


def some() -> MemorySamples:
    images = torch.arange(0, 250, 10, dtype=torch.uint8).view(5, 1, 1, 5)
    return MemorySamples.of("here", image=images, label=torch.tensor([0, 1, 2, 1, 0], dtype=torch.uint8))


def test_both_kinds_are_samples() -> None:
    from pathlib import Path

    assert isinstance(some(), Samples)
    assert isinstance(FileSamples(Path(), ("a",), torch.arange(1)), Samples)


def test_bytes_are_read_as_fractions_and_labels_as_long() -> None:
    batch = some().read(torch.tensor([3, 0]))
    assert batch["image"].dtype == torch.float32
    torch.testing.assert_close(batch["image"][0].flatten() * 255, torch.tensor([150.0, 160, 170, 180, 190]))
    assert batch["label"].tolist() == [1, 0] and batch["label"].dtype == torch.int64


def test_numbers_of_samples_follow_them_through_parts_of_parts() -> None:
    part = some().take(torch.tensor([4, 2, 1])).take(torch.tensor([2, 0]))
    assert part.ids.tolist() == [1, 4] and part.labels.tolist() == [1, 0]


def test_a_field_that_is_taken_away_is_gone() -> None:
    bare = some().without("label")
    assert bare.fields == ("image",) and bare.labels is None and set(bare.read(torch.tensor([0]))) == {"image"}


def test_the_digest_follows_contents_and_numbers() -> None:
    assert some().digest() == some().digest() == some().to("cpu").digest()
    others = [some().without("label"), some().take(torch.tensor([0, 1, 2, 4, 3])), some().take(torch.arange(4))]
    assert len({some().digest(), *(other.digest() for other in others)}) == 4


def test_samples_can_be_sent_to_a_worker() -> None:
    samples = some()
    digest = samples.digest()
    copy = pickle.loads(pickle.dumps(samples))
    assert copy.digest() == digest and torch.equal(copy.tensors["image"], samples.tensors["image"])


def test_fields_of_different_lengths_are_refused() -> None:
    with pytest.raises(BrokenData, match=r"here: the fields have different lengths: \{'image': 2, 'label': 3\}"):
        MemorySamples.of("here", image=torch.zeros(2, 1, 1, 1), label=torch.zeros(3))
