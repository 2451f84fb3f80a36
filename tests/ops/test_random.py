"""Random numbers of samples: the generator's published vectors, statistics, and what the numbers of a row depend on."""

import math

import pytest
import torch
from torch import Tensor

from ssldsl.ops.philox import philox, random_words
from ssldsl.ops.philox_cache import cached_words
from ssldsl.ops.random import Rows, SampleRng, batch_generator, key_of


def rows_of(*index: int, epoch: int = 0) -> Rows:
    indices = torch.tensor(index)
    return Rows(indices, torch.full_like(indices, epoch), torch.zeros_like(indices))


def many(count: int, key: int = 11) -> SampleRng:
    return SampleRng(key, rows_of(*range(count)))


# Known answers of Philox 4x32-10 that the authors publish with their library Random123 (kat_vectors).
KNOWN = [
    ((0, 0, 0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF, 0xFFFFFFFF), "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_philox_gives_the_published_words(counter: tuple[int, ...], key: tuple[int, int], words: str) -> None:
    found = philox(*map(torch.tensor, counter), key[0] | key[1] << 32)
    assert " ".join(f"{word.item():08x}" for word in found) == words


def test_philox_of_many_counters_is_that_of_each() -> None:
    counters = torch.arange(12).view(3, 4)
    together = philox(counters, counters + 1, counters * 7, torch.tensor(5), 99)
    alone = philox(counters[1, 2], counters[1, 2] + 1, counters[1, 2] * 7, torch.tensor(5), 99)
    assert [words[1, 2].item() for words in together] == [word.item() for word in alone]


@pytest.mark.parametrize("count", [1, 4, 7])
def test_few_words_and_many_come_in_the_same_order(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows(torch.tensor([0, 5, 2**32 - 1]), torch.tensor([3, 0, 2**31]), torch.tensor([0, 1, 2]))
    few = random_words(rows, 2**63 + 12345, count)
    monkeypatch.setattr("ssldsl.ops.philox.SMALL", 0)  # torch does what NumPy did
    many = random_words(rows, 2**63 + 12345, count)
    assert torch.equal(few, many)
    assert few[1].tolist() == [word for n in range(2) for word in block(n, 5, 0, 1)][:count]


def block(*counter: int) -> list[int]:
    """The four words of one counter."""
    return [int(word) for word in philox(*map(torch.tensor, counter), 2**63 + 12345)]


def sequence(length: int = 3000) -> Rows:
    return Rows(torch.arange(length) * 7, torch.arange(length) // 100, torch.zeros(length, dtype=torch.int64))


def cut(rows: Rows, start: int, stop: int) -> Rows:
    return Rows(*(part[start:stop] for part in rows))


@pytest.mark.parametrize(("start", "stop", "count"), [(0, 50, 2), (2040, 2048, 4), (2990, 3000, 1), (400, 450, 9)])
def test_rows_cut_from_a_sequence_get_the_words_of_the_same_rows_alone(start: int, stop: int, count: int) -> None:
    rows = cut(sequence(), start, stop)
    found = cached_words(rows, 2**63 + 5, count)
    assert found is not None
    assert torch.equal(found, random_words(rows, 2**63 + 5, count))


def test_a_sequence_that_was_written_to_gets_new_words() -> None:
    rows = sequence()
    cached_words(cut(rows, 0, 5), 1, 1)
    rows.epoch.add_(1)
    after = cut(rows, 0, 5)
    found = cached_words(after, 1, 1)
    assert found is not None and torch.equal(found, random_words(after, 1, 1))


def test_words_are_computed_ahead_only_for_few_rows_cut_from_one_sequence() -> None:
    rows = sequence()
    assert cached_words(rows, 1, 1) is None
    assert cached_words(cut(rows, 0, 1500), 1, 1) is None
    assert cached_words(cut(rows, 2040, 2060), 1, 1) is None  # partly in the next stretch
    assert cached_words(cut(rows, 0, 8)._replace(copy=rows.copy[8:16]), 1, 1) is None
    assert cached_words(Rows(*(part[0:16:2] for part in rows)), 1, 1) is None


def draw_everything(rng: SampleRng) -> list[Tensor]:
    return [
        rng.uniform(3),
        rng.normal(2, 5, 5),
        rng.integers(4, low=-3, high=9),
        rng.bernoulli(0.3),
        rng.uniform(low=-2.0, high=5.0),
    ]


def test_a_row_gets_the_same_numbers_alone_as_in_any_batch() -> None:
    batch = draw_everything(many(100))
    alone = draw_everything(SampleRng(11, rows_of(77)))
    shuffled = draw_everything(SampleRng(11, rows_of(5, 99, 77, 3)))
    for whole, one, other in zip(batch, alone, shuffled, strict=True):
        assert torch.equal(whole[77], one[0])
        assert torch.equal(whole[77], other[2])


@pytest.mark.parametrize("field", ["index", "epoch", "copy"])
def test_another_sample_pass_or_copy_gets_other_numbers(field: str) -> None:
    rows = rows_of(4)
    other = rows._replace(**{field: getattr(rows, field) + 1})
    assert not torch.equal(SampleRng(1, rows).uniform(4), SampleRng(1, other).uniform(4))


def test_another_key_gives_other_numbers() -> None:
    assert not torch.equal(many(8, key=1).uniform(), many(8, key=2).uniform())


def test_successive_calls_differ_and_repeat_with_a_new_rng() -> None:
    rng = many(8)
    first, second = rng.uniform(2), rng.uniform(2)
    again = many(8)
    assert not torch.equal(first, second)
    assert torch.equal(first, again.uniform(2))
    assert torch.equal(second, again.uniform(2))


def test_uniform_numbers_fill_the_interval_evenly() -> None:
    numbers = many(5000).uniform(20, low=2.0, high=4.0)
    assert numbers.shape == (5000, 20)
    assert 2.0 <= numbers.min().item() < numbers.max().item() <= 4.0
    counts = torch.histc(numbers, bins=50, min=2.0, max=4.0)
    expected = numbers.numel() / 50
    chi_squared = ((counts - expected) ** 2 / expected).sum().item()
    assert chi_squared < 49 + 4 * math.sqrt(2 * 49)  # four standard deviations of the statistic


def test_normal_numbers_have_the_moments_of_the_normal_distribution() -> None:
    numbers = many(4000).normal(3, 9).double()
    assert numbers.shape == (4000, 3, 9)
    n = numbers.numel()
    for power, moment, variance in [(1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)]:
        assert (numbers**power).mean().item() == pytest.approx(moment, abs=4 * math.sqrt(variance / n))


def test_numbers_of_neighboring_samples_and_calls_are_uncorrelated() -> None:
    rng = many(20000)
    first, second = rng.normal().double(), rng.normal().double()
    bound = 4 / math.sqrt(20000)
    assert abs((first * second).mean().item()) < bound
    assert abs((first[1:] * first[:-1]).mean().item()) < bound


def test_integers_reach_both_ends_and_are_equally_likely() -> None:
    numbers = many(7000).integers(low=-3, high=4)
    counts = torch.bincount(numbers + 3, minlength=7)
    assert len(counts) == 7
    assert counts.sub(1000).abs().max().item() < 4 * math.sqrt(1000)


def test_integers_refuse_an_empty_range() -> None:
    with pytest.raises(ValueError, match="from 3 up to 3"):
        many(2).integers(low=3, high=3)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_certain_events_are_certain(p: float) -> None:
    assert many(20000).bernoulli(p).float().mean().item() == p


def test_bernoulli_happens_with_its_probability() -> None:
    assert many(20000).bernoulli(0.3).double().mean().item() == pytest.approx(0.3, abs=4 * math.sqrt(0.21 / 20000))


def test_copies_of_a_row_are_numbered() -> None:
    rows = rows_of(7, 8).repeat(2).repeat(2)
    assert rows.index.tolist() == [7, 7, 7, 7, 8, 8, 8, 8]
    assert rows.copy.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]


def test_a_sample_of_two_joined_parts_is_there_as_two_copies() -> None:
    rows = Rows.joined(rows_of(7, 8).repeat(2), rows_of(8, 9).repeat(2))
    assert rows.index.tolist() == [7, 7, 8, 8, 8, 8, 9, 9]
    assert rows.copy.tolist() == [0, 2, 0, 2, 1, 3, 1, 3]


def test_keys_do_not_confuse_names_that_join_alike() -> None:
    assert key_of(1, "ab", "c") != key_of(1, "a", "bc") != key_of(1, "abc")
    assert key_of(1, "a") != key_of(11, "a")


def test_a_batch_generator_is_a_function_of_its_numbers() -> None:
    def order(*numbers: int) -> list[int]:
        return torch.randperm(50, generator=batch_generator(3, *numbers)).tolist()

    assert order(1, 2) == order(1, 2)
    assert len({tuple(order(*n)) for n in [(1, 2), (2, 1), (12,), ()]}) == 4


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    draw_everything(many(4))
    batch_generator(1)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_same_numbers() -> None:
    here = draw_everything(many(100))
    there = draw_everything(SampleRng(11, rows_of(*range(100)), device="cuda"))
    for ours, theirs in zip(here, there, strict=True):
        assert torch.equal(ours, theirs.cpu())


@pytest.mark.slow
def test_compiled_numbers_are_the_same() -> None:
    def numbers(index: Tensor) -> Tensor:
        rng = SampleRng(5, Rows(index, index * 0, index * 0))
        return rng.normal(3) + rng.uniform(3)

    compiled = torch.compile(numbers, fullgraph=True)
    index = torch.arange(40)
    torch.testing.assert_close(compiled(index), numbers(index))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_gpu_draws_what_the_processor_draws() -> None:
    rows = Rows(torch.tensor([0, 7, 2**31, 2**32 - 1]), torch.tensor([0, 1, 2, 3]), torch.tensor([0, 0, 1, 2]))
    key = key_of(3, "a", "b")
    here, there = draw_everything(SampleRng(key, rows)), draw_everything(SampleRng(key, rows, "cuda"))
    for expected, found in zip(here, there, strict=True):
        assert torch.allclose(found.cpu().double(), expected.double(), atol=1e-6)
        assert found.dtype == expected.dtype


@pytest.mark.parametrize(("a", "b"), [(0.3, 0.3), (1.0, 1.0), (0.75, 2.0), (5.0, 1.5), (0.01, 0.01)])
def test_beta_numbers_have_their_distribution(a: float, b: float) -> None:
    from scipy.stats import beta, kstest

    found = many(4000).beta(a, b, 2).flatten().double().numpy()
    if a < 0.1:  # in float32 nearly all of it is 0 or 1
        assert ((found < 1e-6) | (found > 1 - 1e-6)).mean() > 0.8 and abs(found.mean() - 0.5) < 0.03
    else:
        assert kstest(found, beta(a, b).cdf).pvalue > 1e-3


def test_beta_numbers_of_a_row_depend_on_no_other_row() -> None:
    assert torch.equal(many(50).beta(0.3, 0.3, 3)[7], SampleRng(11, rows_of(7)).beta(0.3, 0.3, 3)[0])


def test_an_order_of_rows_has_every_row_once_and_every_order_is_as_likely() -> None:
    found = torch.stack([many(3, key).permutation() for key in range(3000)])
    assert torch.equal(found.sort(dim=1).values, torch.arange(3).expand(3000, 3))
    counts = (found * torch.tensor([9, 3, 1])).sum(dim=1).unique(return_counts=True)[1]
    assert len(counts) == 6 and counts.min() > 420 and counts.max() < 580


def test_draws_that_are_joined_keep_their_numbers() -> None:
    first, second = SampleRng(11, rows_of(3, 1, 2)), SampleRng(12, rows_of(3, 0))
    together = SampleRng.joined(first, second)
    for draw in (SampleRng.uniform, SampleRng.normal):
        assert torch.equal(draw(together, 4), torch.cat([draw(first, 4), draw(second, 4)]))
    assert together.rows.index.tolist() == [3, 1, 2, 3, 0]


def test_joined_draws_begin_anew_over_some_of_their_rows() -> None:
    together = SampleRng.joined(many(3), many(4, key=12))
    expected = together.again().uniform(2)
    together.uniform(5)
    assert torch.equal(together.between(2, 5).uniform(2), expected[2:5])
    assert torch.equal(together.again().uniform(2), expected)
