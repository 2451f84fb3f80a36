"""What goes wrong inside the code of an op, in a form that can be handed from one process to another."""

import traceback

import torch
from attrs import frozen

from ssldsl.graph.plan import NodePlan
from ssldsl.ops.contract import ContractError

# what the code of an op raises; anything else is no error of an op
OP_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    MemoryError,
    NameError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)
_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")
USER_MODULE = "ssldsl_user_"  # begins the name of a module made of a user's own file


def raised_at(error: BaseException) -> tuple[str, ...]:
    """The line in the file of an op that an error came from, as a hint; nothing where it came through none."""
    frames = [f for f, _ in traceback.walk_tb(error.__traceback__) if _is_of_an_op(f.f_globals.get("__name__", ""))]
    if not frames:
        return ()
    found = [s for s in traceback.extract_tb(error.__traceback__) if s.filename == frames[-1].f_code.co_filename][-1]
    return (f"raised in {found.filename}, line {found.lineno}: `{found.line}`",)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on any device."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(text in str(error).lower() for text in _NO_MEMORY)


@frozen
class Raised:
    """What a message says of an error; unlike the error it can go from one process to another.

    text: the first line. hints: where in the file of an op it came from. is_claim: the op is not what it says, and
    `help` is a way out.
    """

    text: str
    hints: tuple[str, ...]
    is_out_of_memory: bool
    is_claim: bool = False
    help: str = ""

    @staticmethod
    def of(error: BaseException) -> "Raised":
        if isinstance(error, ContractError):
            return Raised(str(error), (f"the op stands in {error.place}",) * bool(error.place), False, True, error.help)
        lines = str(error).strip().splitlines()
        kind = type(error).__name__
        return Raised(f"{kind}: {lines[0]}" if lines else kind, raised_at(error), is_out_of_memory(error))


def _is_of_an_op(module: str) -> bool:
    return module.startswith((USER_MODULE, "ssldsl.stdlib."))


class NodeFailure(Exception):
    """An op raised an error, perhaps in a worker: this can be handed from one process to another."""

    def __init__(self, node: NodePlan, error: BaseException | Raised) -> None:
        self.node, self.raised = node, error if isinstance(error, Raised) else Raised.of(error)
        super().__init__(f"{node.op}: {self.raised.text}")

    def __reduce__(self) -> tuple[type["NodeFailure"], tuple[NodePlan, Raised]]:
        return NodeFailure, (self.node, self.raised)
