import torch
from torch import Tensor

from ssldsl.ops.some_rows import AT_ONCE, change_some

CHOSEN = torch.tensor([True, False, False, True, True])


def times(images: Tensor, factor: Tensor) -> Tensor:
    return images * factor.view(-1, 1, 1, 1)


def test_chosen_rows_are_changed_each_by_its_own_amount_and_the_others_are_as_they_were() -> None:
    images, factors = torch.ones(5, 3, 2, 2), torch.arange(2.0, 7.0)
    found = change_some(images, CHOSEN, times, factors)
    assert found[:, 0, 0, 0].tolist() == [2, 1, 1, 5, 6] and images.eq(1).all()


def test_images_too_large_for_the_cache_are_changed_one_by_one() -> None:
    large = torch.ones(1, 1, 1, 1).expand(5, 1, AT_ONCE, 1)
    seen: list[int] = []

    def change(images: Tensor, factor: Tensor) -> Tensor:
        seen.append(len(images))
        return times(images, factor)

    found = change_some(large, CHOSEN, change, torch.arange(2.0, 7.0))
    assert found[:, 0, 0, 0].tolist() == [2, 1, 1, 5, 6] and seen == [1, 1, 1]


def test_nothing_is_computed_where_no_row_is_chosen() -> None:
    images = torch.rand(5, 1, 2, 2)

    def refuse(images: Tensor) -> Tensor:
        raise AssertionError("called")

    assert torch.equal(change_some(images, torch.zeros(5, dtype=torch.bool), refuse), images)


def test_a_graph_that_is_recorded_holds_for_any_choice() -> None:
    images, factors = torch.ones(5, 3, 2, 2), torch.arange(2.0, 7.0)
    recorded = torch.compile(
        lambda chosen: change_some(images, chosen, times, factors), backend="eager", fullgraph=True
    )
    for chosen in (CHOSEN, ~CHOSEN):
        assert torch.equal(recorded(chosen), change_some(images, chosen, times, factors))
