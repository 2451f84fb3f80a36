"""Python's own limit of recursion, raised while a tree is walked, whose depth has limits of its own."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

FRAMES = 20_000  # what the deepest expression and the longest chain of names that `check` allows may need


@contextmanager
def room_to_recurse() -> Iterator[None]:
    """Frames enough for the deepest program that is allowed; also to be set above a function."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
