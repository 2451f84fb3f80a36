"""Python's search for garbage, and when it is in the way."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept() -> Iterator[None]:
    """Nothing is searched for garbage meanwhile: of what makes a tree or a graph all is kept until it is done.

    The search goes through all that is there, again and again as it grows: half of the time of a long spec.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
