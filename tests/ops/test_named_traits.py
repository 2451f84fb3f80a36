"""What a trait names is there, or the line of the op is refused; nothing waits until a run asks for it."""

import pytest

from ssldsl.errors import SpecError
from ssldsl.ops.reading import read_signatures

GUESSED = 'def guessed(data: Data, logits: Logits[Tensor, "samples classes"], *, k: int = 3) -> Data: ...'
MEMORY = """class Last(nn.Module):
    def __init__(self, *, length: int = 3): ...
    def forward(self, logits: Logits[Tensor, "batch c"]) -> Logits[Tensor, "batch c"]: ...
    def commit(self, logits: Tensor) -> None: ..."""
LOSS = 'def f(x: Logits[Tensor, "batch c"], *, k: int = 3) -> Scalar[Tensor, ""]: ...'


def refused(traits: str, definition: str) -> str:
    with pytest.raises(SpecError) as caught:
        read_signatures("mine.py", f"@op({traits})\n{definition}\n")
    return str(caught.value)


def test_computed_labels_without_a_number_of_classes_are_refused() -> None:
    said = refused('role="data", provenance="pseudo"', GUESSED)
    assert "R202" in said and "`guessed` computes labels, and `classes` does not say how many there are" in said
    assert '`@op(provenance="pseudo", classes="classes")`' in said


@pytest.mark.parametrize(
    ("traits", "definition", "wrong"),
    [
        ('role="data", provenance="pseudo", classes="clases"', GUESSED, "no size or setting of `guessed`"),
        ('role="data", size="n"', GUESSED, "no setting of `guessed`"),
        ('role="data", size="data+other"', GUESSED, '`size="other"` names no edge'),
        ('role="memory", holds="size"', MEMORY, "no setting of `last`"),
        ('least_rows="n"', LOSS, "no setting of `f`"),
        ('batch_rows="n"', LOSS, "no setting of `f`"),
        ('random="noise"', LOSS, "no setting of `f`"),
        ('batch_coupled={"norm": "batch"}', LOSS, '`batch_coupled="norm"` names no setting'),
        ('identity={"p": 0}', LOSS, '`identity="p"` names no setting'),
        ('copies="labels"', LOSS, "no edge of `f`"),
        ('applied_to="y"', LOSS, "no edge of `f`"),
        ('uniform="classes"', LOSS, "no size of `f`"),
        ('across="sum"', LOSS, "`across` is `mean` or `gather`"),
        ('picture="curve"', LOSS, "`picture` is `confusion` or `decisions`"),
    ],
)
def test_a_name_that_is_not_there_is_refused(traits: str, definition: str, wrong: str) -> None:
    assert wrong in refused(traits, definition)


def test_names_that_are_there_are_taken() -> None:
    for traits, definition in (
        ('role="data", provenance="pseudo", classes="classes"', GUESSED),
        ('role="data", provenance="pseudo", classes="k", size="k"', GUESSED),
        ('role="memory", holds="length"', MEMORY),
        ('least_rows="k", copies="x", uniform="c", across="gather"', LOSS),
    ):
        read_signatures("mine.py", f"@op({traits})\n{definition}\n")
