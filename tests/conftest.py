"""In every test, every call of an op is held against the op's annotations."""

import os
from typing import Any

from ssldsl.ops import decorator


def checked(op: Any) -> Any:
    """The op with its calls checked; tests that import no op do not import torch."""
    from ssldsl.ops.contract import checked

    return checked(op)


os.environ.setdefault("OMP_NUM_THREADS", "1")  # the cores are shared out among the processes of the test run
decorator.wrap_ops(checked)
