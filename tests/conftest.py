"""In every test, every call of an op is held against the op's annotations."""

from typing import Any

from ssldsl.ops import decorator


def checked(op: Any) -> Any:
    """The op with its calls checked; tests that import no op do not import torch."""
    from ssldsl.ops.contract import checked

    return checked(op)


decorator.wrap_ops(checked)
