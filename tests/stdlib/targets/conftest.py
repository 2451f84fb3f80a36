"""Images for the tests of mixtures."""

import pytest
import torch
from torch import Tensor


@pytest.fixture
def images() -> Tensor:
    """Three color images of ten by ten pixels."""
    return torch.rand(3, 3, 10, 10, generator=torch.Generator().manual_seed(0))
