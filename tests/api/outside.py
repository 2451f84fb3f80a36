"""What a type checker sees of the package from outside: run by the continuous integration, imported by nobody."""

from typing import TYPE_CHECKING

import ssldsl

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    experiment: ssldsl.Experiment = ssldsl.load("spec.ssl", set={"run": "5ep"}, drop=["vat"], variant="x", seed=1)
    run: ssldsl.Run = experiment.run(smoke=True)
    network: nn.Module = run.module("encoder")
    page: Path = run.report
    accuracy: float = run.results["main"]["top1"]
    ssldsl.load("spec.ssl", seed="1")  # type: ignore[arg-type]
