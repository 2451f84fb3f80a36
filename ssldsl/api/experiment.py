"""An experiment in Python: a spec with its edits, checked; to be looked at, edited, compiled and run."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from ssldsl import pipeline
from ssldsl.api.drawing import Drawing
from ssldsl.api.edits import Names, Values, edits_of
from ssldsl.check import Checked, check_everything
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.ir.program import Program
from ssldsl.runtime.folder.request import Edits, Request
from ssldsl.source import Source

if TYPE_CHECKING:
    from ssldsl.api.run import Run
    from ssldsl.api.step import Step
    from ssldsl.comparing.diff import Diff
    from ssldsl.graph.plan import Plan


def load(
    path: str | Path, *, set: Values | None = None, drop: Names = (), variant: Names = (), seed: int | None = None
) -> "Experiment":
    """The experiment of a file.

    set: values by their path, as `--set` takes them: `{"run": "5ep", "vat.epsilon": 2}`. drop: terms of the loss that
    are left out. variant: variants of the file. seed: instead of the file's.
    Raises `SpecError` with everything that is wrong; what is allowed and probably not meant is in `warnings`.
    """
    return _experiment(pipeline.read(str(path)), edits_of(set or {}, drop, variant), seed)


def loads(
    text: str,
    name: str = "experiment.ssl",
    *,
    set: Values | None = None,
    drop: Names = (),
    variant: Names = (),
    seed: int | None = None,
) -> "Experiment":
    """The experiment of a text, with edits as for `load`. `name`: what messages and the run folder call it."""
    return _experiment(Source(name, text), edits_of(set or {}, drop, variant), seed)


def _experiment(source: Source, edits: Edits, seed: int | None) -> "Experiment":
    request = Request(source.name, source.text, edits, seed)
    checked = request.checked()
    checked.unwrap()
    return Experiment(request, checked)


@frozen(repr=False)
class Experiment:
    """One experiment, free of errors. It never changes: edits make another one."""

    request: Request
    checked: Checked = field(eq=False)

    @property
    def program(self) -> Program:
        """What the checker made of the text: streams, networks, stages, typed nodes."""
        return self.checked.unwrap()

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is allowed and probably not meant."""
        return self.checked.diagnostics

    def check(self) -> tuple[Diagnostic, ...]:
        """Everything that is wrong with the whole file, every variant and sweep of it included."""
        return check_everything(Source(self.request.spec, self.request.text)).diagnostics

    def edited(
        self, *, set: Values | None = None, drop: Names = (), variant: Names = (), seed: int | None = None
    ) -> "Experiment":
        """The experiment with further edits, applied after those it has."""
        before, more = self.request.edits, edits_of(set or {}, drop, variant)
        edits = Edits((*before.variants, *more.variants), (*before.sets, *more.sets), (*before.drops, *more.drops))
        source = Source(self.request.spec, self.request.text)
        return _experiment(source, edits, self.request.seed if seed is None else seed)

    def graph(self, other: "Experiment | None" = None, *, shapes: bool = False) -> Drawing:
        """The method drawn; with `other`, both side by side. It shows itself in a notebook."""
        return Drawing(self.program, other.program if other is not None else None, shapes)

    def diff(self, other: "Experiment") -> "Diff":
        """What differs by meaning from `other`: cosmetic, execution, semantic."""
        from ssldsl.comparing.diff import diff_checked

        return diff_checked(self.checked, other.checked)

    def resolve(self) -> str:
        """The experiment as text with nothing left implicit."""
        from ssldsl.check.resolving import resolve

        return resolve(self.checked)

    def cite(self) -> str:
        """The BibTeX of every paper that the experiment rests on."""
        from ssldsl.citations import bibliography

        return bibliography(self.checked)

    def plan(self) -> "Plan":
        """What the experiment compiles to. Reads no data: sizes that only the data know are assumed."""
        from ssldsl.runtime.data.measure import assumed

        measured = assumed(self.program)
        return pipeline.compile(self.program, sizes=measured.sizes, resident=measured.resident)

    def python(self, stage: str = "") -> str:
        """The training step of a stage as Python, as it runs; by default of all stages. Raises N210."""
        from ssldsl.runtime.step.lower import lower

        plan = self.plan()
        _check_stage(stage, [s.name for s in plan.stages])
        return "\n\n".join(lower(plan, s, self.checked.library).source for s in plan.stages if stage in ("", s.name))

    def step(self, stage: str = "", *, smoke: bool = False) -> "Step":
        """The compiled step of a stage that begins afresh, by default the first, for a training loop of one's own.

        smoke: small, on generated data. Raises N210 for an unknown stage, R413 for one that needs what others learned.
        """
        from ssldsl.api.step import make_step

        return make_step(evolve(self.request, smoke=smoke), self.checked, stage)

    def run(
        self,
        out: str | Path = "runs",
        *,
        smoke: bool = False,
        precision: str | None = None,
        compile: bool | None = None,
        report: bool = True,
        **execution: Any,
    ) -> "Run":
        """Train the experiment in a new folder under `out`, as `ssldsl run` does.

        smoke: a few tiny steps of every stage on generated data. execution: `workers`, `trackers`, `checkpoint_every`
        and `progress`, which change nothing of what comes out. Raises `SpecError` where the run fails; the run that
        was interrupted says so in `status`, and `resume` continues it.
        """
        from ssldsl.api.run import carry_out
        from ssldsl.runtime.folder.records import claim_folder

        request = evolve(self.request, smoke=smoke, precision=precision, compiled=compile)
        prepared = pipeline.prepare(request, self.checked)
        folder = claim_folder(Path(out), prepared.name)
        return carry_out(lambda options: pipeline.run(prepared, folder, options), folder, report, execution)

    def __repr__(self) -> str:
        edits = self.request.edits
        parts = [*edits.variants, *edits.sets, *(f"without {term}" for term in edits.drops)]
        parts += [f"seed {self.request.seed}"] if self.request.seed is not None else []
        return f"<Experiment {self.request.spec}{': ' if parts else ''}{', '.join(parts)}>"

    def _repr_html_(self) -> str:
        return self.graph()._repr_html_()


def _check_stage(stage: str, known: list[str]) -> None:
    if stage and stage not in known:
        raise SpecError(Diagnostic("N210", f"there is no stage `{stage}`", help=f"stages are: {', '.join(known)}"))
