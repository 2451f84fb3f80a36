"""A run in Python: what is in its folder, as values."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from ssldsl import pipeline
from ssldsl.errors import Diagnostic, SpecError, did_you_mean
from ssldsl.runtime.folder.request import Request
from ssldsl.runtime.folder.run_folder import REPORT, SUMMARY, TABLE, read_plan, read_summary

if TYPE_CHECKING:
    import pandas
    from torch import nn

    from ssldsl.exporting.predictions import Predictions
    from ssldsl.ops.data import Samples
    from ssldsl.runtime.run import Options, Result


EXECUTION = ("workers", "trackers", "checkpoint_every", "progress")


def open_run(folder: str | Path) -> "Run":
    """The run in a folder, finished or not. Raises R305 where there is none."""
    run = Run(Path(folder))
    read_plan(run.folder)
    return run


def carry_out(
    start: Callable[["Options"], "Result"], folder: Path, report: bool, execution: Mapping[str, Any]
) -> "Run":
    """Carry out a run and write its page, also where it failed."""
    options = _options(execution)
    try:
        start(options)
    except SpecError:
        if report and (folder / SUMMARY).exists():
            with suppress(SpecError):  # why the run failed is said, and not why its page cannot be written
                pipeline.report(folder)
        raise
    if report:
        pipeline.report(folder)
    return Run(folder)


def _options(execution: Mapping[str, Any]) -> "Options":
    from ssldsl.runtime.run import Options

    unknown = [name for name in execution if name not in EXECUTION]
    if unknown:
        help_ = did_you_mean(unknown[0], EXECUTION) or f"there are: {', '.join(EXECUTION)}"
        raise SpecError(Diagnostic("R304", f"a run has no option `{unknown[0]}`", help=help_))
    values = dict(execution)
    return Options(is_progress_shown=values.pop("progress", True), **values)


@frozen
class Run:
    """A run, by its folder. What it gives is read when it is asked for."""

    folder: Path

    @property
    def status(self) -> str:
        """`finished`, `interrupted`, `failed`, or `open` while it runs and after it was killed."""
        return str(read_summary(self.folder).get("status", "open"))

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """The last evaluation of every stage: `results["main"]["top1"]`."""
        return dict(read_summary(self.folder).get("stages", {}))

    @property
    def metrics(self) -> "pandas.DataFrame":
        """Everything that was recorded, a row a line: losses, weights, rates, metrics (columns `loss.ce`, `eval.top1`).

        Raises R430 where pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            message = "`metrics` is a table of pandas, which is not installed"
            help_ = '`pip install "ssldsl[notebook]"`; the same numbers are in `metrics.csv` of the folder'
            raise SpecError(Diagnostic("R430", message, help=help_)) from None
        return pandas.read_csv(self.folder / TABLE)

    @property
    def report(self) -> Path:
        """The page of the run, written if it is not there."""
        page = self.folder / REPORT
        return page if page.exists() else pipeline.report(self.folder)

    def module(self, name: str, *, stage: str = "", average: bool = True, all_outputs: bool = False) -> "nn.Module":
        """A trained network or head, or a part of one, by its name in the spec: `encoder`, `encoder.layer4`.

        stage: whose end is taken, by default the last one's. average: averaged weights where the stage keeps an
        average. all_outputs: of a network that gives several, such as features and tokens, all by their names; else it
        gives the first. It is in evaluation mode, on the CPU. Raises R304 for a name or a stage that the run does not
        have.
        """
        from ssldsl.runtime.evaluate.final_modules import final_modules
        from ssldsl.runtime.nets.modules import find
        from ssldsl.runtime.nets.outputs import only_first

        plan = read_plan(self.folder)
        known = [module.path for module in plan.modules]
        if not any(name == path or name.startswith(f"{path}.") for path in known):
            help_ = did_you_mean(name, known) or f"it has: {', '.join(known)}"
            raise SpecError(Diagnostic("R304", f"the run in {self.folder} has no network `{name}`", help=help_))
        request = Request.read(self.folder)
        checked = request.checked()
        checked.unwrap()
        modules = final_modules(
            self.folder, checked.library, stage=stage, average=average, spec_folder=Path(request.spec).parent
        )
        found = find(modules, name)
        return found if all_outputs else only_first(found)

    def predict(
        self,
        data: "str | Path | Samples",
        *,
        net: str = "",
        eval: str = "",
        stage: str = "",
        average: bool = True,
        workers: int = 0,
        progress: bool = True,
    ) -> "Predictions":
        """What the run says of any data: class, probabilities, embedding of every sample.

        data: a folder, of which all images are taken, or data in the words of the spec, such as `"images.test"`; they
        are prepared as an `eval` of the run prepares its own, by default the first. net: what embeds, such as
        `"encoder >> projector"`. Raises R304, R307 for what the run does not have, R404 for data that cannot be read.
        """
        from ssldsl.exporting.predictions import Asked, Predictions, make_predictor
        from ssldsl.runtime.console.progress import make_reporter

        reporter = make_reporter(is_wanted=progress)
        try:
            asked = Asked(eval, net, stage, average, workers, partial(reporter.passing, "predict"))
            given = str(data) if isinstance(data, Path) else data
            return Predictions(tuple(make_predictor(self.folder, given, asked).parts()))
        finally:
            reporter.close()

    def resume(self, *, report: bool = True, **execution: Any) -> "Run":
        """Go on where the last checkpoint is. Execution as for `Experiment.run`."""
        folder = self.folder
        return carry_out(lambda options: pipeline.resume(folder, options), folder, report, execution)

    def _repr_html_(self) -> str:
        rows = [
            (stage, name, f"{value:.4f}")
            for stage, found in self.results.items()
            for name, value in found.items()
            if isinstance(value, float)
        ]
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
        head = "<tr><th>stage</th><th>metric</th><th>value</th></tr>"
        page = f', <a href="{escape(str(self.folder / REPORT))}">report</a>' if (self.folder / REPORT).exists() else ""
        return f"<p><code>{escape(str(self.folder))}</code>: {self.status}{page}</p><table>{head}{body}</table>"
