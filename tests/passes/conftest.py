"""The programs of `tests/graph/stage_programs.py` serve the tests of the passes too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "graph"))
