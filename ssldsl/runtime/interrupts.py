"""Ctrl-C and a request to terminate: the step is finished and a checkpoint written; a second one ends at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """Whether somebody asked the run to stop."""

    def __init__(self) -> None:
        self.is_wanted = False

    def ask(self) -> None:
        self.is_wanted = True


@contextmanager
def listening() -> Iterator[Interrupt]:
    """Inside, the first signal sets the interrupt and the second does what it always did."""
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():  # only the main thread may listen
        yield interrupt
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def receive(number: int, frame: FrameType | None) -> None:
        interrupt.ask()
        for other in SIGNALS:
            signal.signal(other, before[other])

    for number in SIGNALS:
        signal.signal(number, receive)
    try:
        yield interrupt
    finally:
        for number in SIGNALS:
            signal.signal(number, before[number])
