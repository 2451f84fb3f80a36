"""Distribution alignment against worked numbers of ReMixMatch, and in its limits."""

import torch

from ssldsl.stdlib.targets.aligned import aligned
from ssldsl.stdlib.targets.sharpen import sharpen

SCORES = torch.tensor([[4, 0, 0], [0, 2, 0], [1, 0, 3], [0.5, 0.4, 0.3]], dtype=torch.float64)


def test_aligned_and_sharpened_predictions_are_the_worked_targets() -> None:
    model, data = torch.tensor([0.5, 0.25, 0.25]).double(), torch.tensor([0.2, 0.3, 0.5]).double()
    found = sharpen(aligned(SCORES.softmax(1), model, data), temperature=0.5)
    expected = [
        [0.9887229979, 0.0029850946, 0.0082919075],
        [0.0019328172, 0.9497472355, 0.0483199473],
        [0.0007314443, 0.0008909055, 0.9983776503],
        [0.0397988466, 0.2932587061, 0.6669424473],
    ]
    torch.testing.assert_close(found, torch.tensor(expected).double(), atol=1e-7, rtol=0)


def test_what_is_predicted_as_wanted_stays_what_it_is() -> None:
    probs, mean = SCORES.softmax(1), torch.tensor([0.5, 0.3, 0.2]).double()
    torch.testing.assert_close(aligned(probs, mean, mean), probs)
    torch.testing.assert_close(aligned(probs, torch.full((3,), 1 / 3).double()), probs)
