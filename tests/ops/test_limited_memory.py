"""Arrays larger than what a process may have: their rows are read all the same, or the limit is named."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

resource = pytest.importorskip("resource", reason="limits of POSIX")
SAMPLES = 400_000  # of 3 by 32 by 32 bytes: 1.2 GB, of which the disk holds nothing
SIZE = SAMPLES * 3 * 32 * 32
READING = """
import resource, sys
from pathlib import Path

import torch
from ssldsl.ops.data_dirs import BrokenData
from ssldsl.stdlib.data.image_arrays import image_arrays

used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
room = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (used + room, used + room))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    found = image_arrays(path=sys.argv[1])["train"]
    image = found.read(torch.tensor([0, len(found) - 1]))["image"]
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    print(len(found), tuple(image.shape), grown)
except BrokenData as error:
    print(error)
"""


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    data = np.lib.format.open_memmap(tmp_path / "data.npy", "w+", np.uint8, (SAMPLES, 3, 32, 32))
    del data
    np.save(tmp_path / "label.npy", np.arange(SAMPLES) % 3)
    return tmp_path


def read(folder: Path, room: int) -> str:
    """What a process says that may grow by `room` bytes."""
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", READING, str(folder), str(room)]
    done = subprocess.run(command, env=here, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux tells what a process has")
def test_rows_are_read_without_the_array(arrays: Path) -> None:
    samples, *shape, grown = read(arrays, SIZE + 2**28).replace("(", "").replace(")", "").replace(",", "").split()
    assert (int(samples), [int(size) for size in shape]) == (SAMPLES, [2, 3, 32, 32])
    assert int(grown) < SIZE / 4


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux tells what a process has")
def test_a_limit_of_addresses_is_named(arrays: Path) -> None:
    assert "may not have so many addresses here" in read(arrays, SIZE // 2)
