"""Two processes on the CPU that compute together: started once for a whole session, fed with functions."""

import io
import multiprocessing
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

WORLD = 2


def pack(value: Any) -> bytes:
    """Bytes rather than shared memory: nothing hangs on the life of the sender."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def unpack(data: bytes) -> Any:
    return torch.load(io.BytesIO(data), weights_only=False)  # our own bytes


def serve(rank: int, store: str, pipe: Connection) -> None:
    """Carry out functions until none comes."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=WORLD)
    while (message := unpack(pipe.recv_bytes())) is not None:
        function, arguments = message
        try:
            answer = (True, function(rank, *arguments))
        except BaseException:  # noqa: BLE001  # handed on to the test as text
            answer = (False, traceback.format_exc())
        pipe.send_bytes(pack(answer))
    dist.destroy_process_group()


class Ranks:
    """Calls a function in both processes: `call(f, x)` gives `[f(0, x), f(1, x)]`."""

    def __init__(self, pipes: list[Connection]) -> None:
        self.pipes = pipes

    def call(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        for pipe in self.pipes:
            pipe.send_bytes(pack((function, arguments)))
        answers = []
        for pipe in self.pipes:
            if not pipe.poll(120):
                raise TimeoutError(f"{function.__name__} did not answer")
            answers.append(unpack(pipe.recv_bytes()))
        for well, answer in answers:
            if not well:
                raise AssertionError(answer)
        return [answer for _, answer in answers]


@contextmanager
def started(folder: Path) -> Iterator[Ranks]:
    context = multiprocessing.get_context("spawn")
    pairs = [context.Pipe() for _ in range(WORLD)]
    processes = [
        context.Process(target=serve, args=(rank, str(folder / "store"), pair[1]), daemon=True)
        for rank, pair in enumerate(pairs)
    ]
    for process in processes:
        process.start()
    yield Ranks([pair[0] for pair in pairs])
    for process, (pipe, _) in zip(processes, pairs, strict=True):
        pipe.send_bytes(pack(None))
        process.join(10)
        process.kill()
