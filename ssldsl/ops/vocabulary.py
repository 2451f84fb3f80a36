"""The words that an author of ops needs: roles with what they take and give, kinds with what they mean and accept."""

from collections.abc import Iterator, Mapping

from ssldsl.ops.signature import Role
from ssldsl.types import ACCEPTS, KINDS

ROLES: Mapping[Role, tuple[str, str]] = {
    "data": ("settings; or data, and tensors over all of its samples", "splits by name; or data"),
    "views": ("images or vectors, `rng: SampleRng`", "the same kind, fields beside it as a NamedTuple"),
    "nets": ("images or vectors: a module", "features"),
    "heads": ("features: a module", "logits, embeddings, features"),
    "targets": ("tensors of a batch", "what a loss or another op reads: probabilities, masks, weights"),
    "memory": ("tensors of a batch, to remember: a module with `commit`", "what it holds"),
    "losses": ("tensors of a batch", "a number for every row, or one number"),
    "schedules": ("`step: Time, steps: Time`", "a factor"),
    "optimizers": ("`parameters: list[dict[str, Any]]`", "a torch optimizer"),
    "metrics": ("tensors over whole data sets", "a number, an array, or several as a NamedTuple"),
}


def role_rows() -> Iterator[tuple[str, str, str]]:
    """Every role, what its ops take, and what they give."""
    return ((role, takes, gives) for role, (takes, gives) in ROLES.items())


def kind_rows() -> Iterator[tuple[str, str, str]]:
    """Every kind, what its tensors mean, and which other kinds an edge of it takes."""
    for kind, meaning in KINDS.items():
        others = sorted(ACCEPTS[kind] - {kind})
        yield kind, meaning, f"takes {', '.join(others)}" if 0 < len(others) < len(KINDS) // 2 else ""
