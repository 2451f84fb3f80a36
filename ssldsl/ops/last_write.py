"""Rows that are written into a table at places that may come several times in one batch."""

import torch
from torch import Tensor


def write_rows(table: Tensor, places: Tensor, rows: Tensor) -> None:
    """Put every row at its place in the table; of several rows for one place, the last one stays.

    So it is on every device: an accelerator alone would leave any of them. The host waits for nothing.
    """
    table.index_copy_(0, places, rows[last_of_each(places)])


def last_of_each(places: Tensor) -> Tensor:
    """For every entry, where the last entry stands that is equal to it."""
    ordered, order = places.sort(stable=True)
    return order[torch.searchsorted(ordered, places, right=True) - 1]
