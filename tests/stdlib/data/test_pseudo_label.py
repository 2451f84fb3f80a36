import pytest
import torch

from ssldsl.ops.samples import MemorySamples
from ssldsl.stdlib.data.pseudo_label import pseudo_label
from ssldsl.stdlib.data.unlabel import unlabel

# the softmax of the rows is largest by .5761, .3333, .8668 and .9933
SCORES = torch.tensor([[0.0, 1.0, 0.0], [2.0, 2.0, 2.0], [0.0, 0.0, 2.567], [5.0, 0.0, -9.0]])


def samples(*labels: int) -> MemorySamples:
    return MemorySamples.of("here", vector=torch.arange(8.0).view(4, 2), label=torch.tensor(labels))


def found(data: MemorySamples, **settings: float) -> tuple[list[int], list[int]]:
    made = pseudo_label(data, SCORES, **settings)
    assert made.labels is not None
    return made.ids.tolist(), made.labels.tolist()


def test_the_label_is_the_best_class_and_of_equals_the_first() -> None:
    assert found(samples(0, 0, 0, 0)) == ([0, 1, 2, 3], [1, 0, 2, 0])


def test_data_without_labels_get_some() -> None:
    made = pseudo_label(unlabel(samples(0, 0, 0, 0)), SCORES)
    assert made.fields == ("vector", "label") and made.labels is not None and made.labels.tolist() == [1, 0, 2, 0]


def test_the_samples_stay_what_they_are() -> None:
    data = samples(0, 0, 0, 0)
    made = pseudo_label(data, SCORES, threshold=0.5).read(torch.arange(3))
    assert made["vector"].tolist() == [[0.0, 1.0], [4.0, 5.0], [6.0, 7.0]]


@pytest.mark.parametrize(("threshold", "kept"), [(0.0, [0, 1, 2, 3]), (0.5, [0, 2, 3]), (0.9, [3]), (0.995, [])])
def test_samples_that_are_not_more_certain_are_left_out(threshold: float, kept: list[int]) -> None:
    assert found(samples(0, 0, 0, 0), threshold=threshold)[0] == kept


def test_a_sample_of_exactly_that_certainty_is_left_out() -> None:
    assert found(samples(0, 0, 0, 0), threshold=float(torch.full((3,), 2.0).softmax(0)[0]))[0] == [0, 2, 3]


def test_known_samples_keep_their_labels_and_are_never_left_out() -> None:
    data = samples(2, 2, 1, 0)
    made = pseudo_label(data, SCORES, data.take(torch.tensor([2, 1])), threshold=0.5)
    assert made.labels is not None
    assert dict(zip(made.ids.tolist(), made.labels.tolist(), strict=True)) == {0: 1, 1: 2, 2: 1, 3: 0}


def test_known_samples_are_found_by_their_numbers() -> None:
    data = samples(2, 2, 1, 1)
    part = data.take(torch.tensor([3, 0]))
    made = pseudo_label(part, SCORES[:2], data.take(torch.tensor([1, 3])))
    assert made.ids.tolist() == [3, 0]
    assert made.labels is not None and made.labels.tolist() == [1, 0]


def test_the_scores_do_not_change() -> None:
    scores = SCORES.clone()
    data = samples(2, 2, 1, 1)
    pseudo_label(data, scores, data)
    assert torch.equal(scores, SCORES)


def test_known_samples_without_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="no labels"):
        pseudo_label(samples(0, 0, 0, 0), SCORES, unlabel(samples(0, 0, 0, 0)))


def test_half_precision_is_judged_in_single() -> None:
    data = samples(0, 0, 0, 0)
    exact = pseudo_label(data, SCORES.bfloat16().float(), threshold=0.86668)
    assert pseudo_label(data, SCORES.bfloat16(), threshold=0.86668).ids.tolist() == exact.ids.tolist()


def test_soft_targets_are_the_softmax_and_one_class_where_it_is_known() -> None:
    data = samples(0, 0, 1, 0)
    made = pseudo_label(data, SCORES, data.take(torch.tensor([2])), soft=True).read(torch.arange(4))
    expected = [[0.2119, 0.5761, 0.2119], [1 / 3, 1 / 3, 1 / 3], [0.0, 1.0, 0.0], [0.9933, 0.0067, 0.0]]
    torch.testing.assert_close(made["target"], torch.tensor(expected), atol=1e-4, rtol=0)


def test_without_soft_there_is_no_target() -> None:
    assert pseudo_label(samples(0, 0, 0, 0), SCORES).fields == ("vector", "label")


# classes 1, 0, 2, 0 with the certainties .5761, .3333, .8668, .9933
@pytest.mark.parametrize(
    ("per_class", "kept"),
    [(1, [0, 2, 3]), (2, [0, 0, 1, 2, 2, 3]), (3, [0, 0, 0, 1, 2, 2, 2, 3, 3])],
)
def test_of_every_class_the_most_certain_and_again_where_they_are_too_few(per_class: int, kept: list[int]) -> None:
    assert found(samples(0, 0, 0, 0), per_class=per_class)[0] == kept


def test_known_samples_come_before_more_certain_ones_and_all_of_them_stay() -> None:
    data = samples(0, 0, 0, 0)
    made = pseudo_label(data, SCORES, data.take(torch.tensor([0, 1])), per_class=1)
    assert made.labels is not None
    assert list(zip(made.ids.tolist(), made.labels.tolist(), strict=True)) == [(0, 0), (1, 0), (2, 2)]


def test_a_threshold_comes_before_the_balance() -> None:
    assert found(samples(0, 0, 0, 0), per_class=2, threshold=0.6)[0] == [2, 2, 3, 3]
