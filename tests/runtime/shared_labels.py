"""A run with derived labels by every process that a launcher starts: `shared_labels.py FOLDER`."""

import sys
from pathlib import Path

from derived_specs import carried_out, plan_of, text

if __name__ == "__main__":
    carried_out(plan_of(text()), Path(sys.argv[1]))
