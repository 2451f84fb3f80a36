"""`use` of installed libraries: their names are in scope without it, but for those that ssldsl uses itself."""

from pathlib import Path

import pytest

from ssldsl.check.checking import check
from ssldsl.source import Source

OP = '''\
"""An op."""

from torch import Tensor

from ssldsl.ops import op
from ssldsl.ops.kinds import Logits, Scalar


@op()
def {name}(logits: Logits[Tensor, "batch classes"]) -> Scalar[Tensor, ""]:
    """Mean of the scores."""
    return logits.mean()
'''
SPEC = """\
ssl 1
{use}data   images  = digits()
stream labeled = images.train
net    encoder = convnet(width=4)
head   classes = linear(encoder.dim, images.classes)
loss      = {loss}
optimizer = sgd(lr=0.1)
batch     = {{labeled: 10}}
run       = 1it
"""


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package of losses: `agreement`, `gather` (a primitive), `mean` (a word of the language)."""
    losses = tmp_path / "others" / "losses"
    losses.mkdir(parents=True)
    for name in ("agreement", "gather", "mean"):
        (losses / f"{name}.py").write_text(OP.format(name=name))
    (tmp_path / "others" / "__init__.py").touch()
    info = tmp_path / "others-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ssldsl.libraries]\nothers = others\n")
    monkeypatch.syspath_prepend(str(tmp_path))


def found(loss: str, use: str = "") -> list[str]:
    checked = check(Source("spec.ssl", SPEC.format(use=use, loss=loss)))
    return [f"{d.code} {d.message}" for d in checked.diagnostics if d.severity == "error"]


@pytest.mark.usefixtures("library")
def test_an_op_of_an_installed_library_is_in_scope() -> None:
    assert found("agreement(classes(encoder(labeled)))") == []


@pytest.mark.usefixtures("library")
def test_an_op_of_an_installed_library_cannot_pass_for_a_primitive() -> None:
    message = "R204 the installed library `others` has an op `gather`, a name that ssldsl uses itself"
    assert found("gather(classes(encoder(labeled)))") == [message]


@pytest.mark.usefixtures("library")
def test_using_a_library_names_all_its_ops_that_cannot_be_used() -> None:
    message = "R204 the installed library `others` has ops `gather` and `mean`, names that ssldsl uses itself"
    assert found("ce(labeled)", use="use others\n") == [message]
