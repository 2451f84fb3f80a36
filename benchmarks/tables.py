"""What is printed: tables in Markdown, under a line about the machine."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

import torch


def machine(device: torch.device) -> str:
    """Processor, accelerator, threads and versions."""
    parts = [f"{_processor()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads"]
    if device.type == "cuda":
        parts.append(torch.cuda.get_device_name(device))
    return ", ".join([*parts, f"Python {platform.python_version()}", f"torch {torch.__version__}"])


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def heading(titles: Sequence[str]) -> str:
    """The first two lines of a table: the first column to the left, numbers to the right."""
    marks = ["---", *("---:" for _ in titles[1:])]
    return f"{row(titles)}\n{row(marks)}"


def row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def megabytes(count: float) -> str:
    return f"{count / 2**20:.0f}"
