import torch

from ssldsl.stdlib.views.random_batch_shift import random_batch_shift

EXEMPT = {
    "an_image_alone_gets_the_same_numbers_as_in_a_batch": "one draw decides for the whole batch",
    "samples_differ_and_passes_differ": "one draw decides for the whole batch",
}


def test_all_images_move_alike_and_every_move_is_equally_likely(rng) -> None:
    images = torch.zeros(4, 1, 5, 5)
    images[:, :, 2, 2] = 1
    moves = []
    for i in range(450):
        places = random_batch_shift(images, rng=rng(4, epoch=i), pixels=1).flatten(1).argmax(dim=1)
        assert places.unique().numel() == 1
        moves.append(int(places[0]))
    counts = [moves.count(5 * row + column) for row in (1, 2, 3) for column in (1, 2, 3)]
    assert sum(counts) == 450
    assert sum((count - 50) ** 2 / 50 for count in counts) < 26.1  # 8 degrees of freedom, one in a thousand
