"""The specs of the methods: the same in one process and in several, and after a kill at the worst moment."""

from pathlib import Path

import pytest
from forked import SERVER
from methods_run import everything
from test_processes import CLOSE, ends, largest_difference
from test_resume import outcome

pytestmark = pytest.mark.slow
# The others are in test_processes.py, by one process, two and four. All: `python tests/runtime/methods_run.py FOLDER`.
NAMES = (
    "FlexMatch",
    "temporal ensembling",
    "MixMatch",
    "ICT",
    "BYOL",
    "DeepCluster",
    "DeepCluster-v2",
    "LSD-C",
    "Meta Pseudo Labels",
    "Noisy Student",
)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All runs, forked by one process that has imported and planned all."""
    folder = tmp_path_factory.mktemp("methods")
    parent = SERVER.Process(target=everything, args=(folder, NAMES, (1, 2)))
    parent.start()
    parent.join()
    assert (folder / "failed").read_text() == "", [log.read_text() for log in folder.rglob("*.log")]
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_two_processes_are_one(done: Path, name: str) -> None:
    assert largest_difference(ends(done / "1" / name), ends(done / "2" / name)) < CLOSE


@pytest.mark.parametrize("name", NAMES)
def test_killed_and_resumed_is_never_killed_to_the_bit(done: Path, name: str) -> None:
    assert outcome(done / "killed" / name) == outcome(done / "1" / name)


def test_memories_have_an_effect_within_the_run(done: Path) -> None:
    """What is the same everywhere since it is zero says nothing."""
    held = {name: ends(done / "1" / name) for name in NAMES}
    assert any(t.ne(-1).any() for key, t in held["FlexMatch"].items() if "learning_status" in key)
    assert any(t.gt(0).all() for key, t in held["DeepCluster-v2"].items() if key.endswith("times"))
