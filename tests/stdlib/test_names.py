"""An op has one name: that of its file, and of the file of its test."""

from pathlib import Path

from ssldsl import resources

HERE = Path(__file__).parent
OPS = [p.relative_to(resources.stdlib()) for p in resources.stdlib().glob("*/*.py") if p.stem != "__init__"]


def test_every_op_has_a_test_of_its_name() -> None:
    wanted = [op.with_name(f"test_{op.name}") for op in OPS]
    missing = sorted(f"tests/stdlib/{path}" for path in wanted if not (HERE / path).exists())
    assert not missing, f"write {', '.join(missing)}"
