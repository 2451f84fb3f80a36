"""The whole way of an experiment, one function for each part of it.

    read      path                    -> text
    compose   text, edits             -> checked program     parse, apply the edits, check
    compile   checked program         -> plan                lower to graphs, run the passes, plan
    prepare   request                 -> prepared            open and measure the data, compile
    run       prepared                -> run folder          train, evaluate, keep
    resume    run folder              -> run folder          the same, from its last checkpoint
    report    run folder              -> page

What a part needs is imported when it is called: who only checks a spec does not wait for torch.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from ssldsl import garbage
from ssldsl.check import Checked, check
from ssldsl.check.edits.edits import Edit
from ssldsl.errors import Diagnostic, SpecError, did_you_mean
from ssldsl.ir.program import Program
from ssldsl.ops.library import Library
from ssldsl.runtime.folder.request import Request
from ssldsl.runtime.folder.run_folder import REQUEST, RESOLVED, SPEC, USED, read_plan
from ssldsl.source import Source

if TYPE_CHECKING:
    from ssldsl.graph.plan import Plan
    from ssldsl.runtime.data.datasets import Datasets
    from ssldsl.runtime.run import Options, Result


def read(path: str) -> Source:
    """The text of a spec; `-` reads standard input."""
    if path == "-":
        import sys

        return Source("<stdin>", sys.stdin.read())
    try:
        return Source(path, Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(Diagnostic("R301", f"there is no file `{path}`", help=_nearby(Path(path)))) from None
    except IsADirectoryError:
        raise SpecError(Diagnostic("R301", f"`{path}` is a folder, not a spec")) from None
    except UnicodeDecodeError:
        raise SpecError(Diagnostic("R301", f"`{path}` is not text in UTF-8")) from None


def _nearby(path: Path) -> str:
    folder = path.parent if path.parent.is_dir() else Path()
    return did_you_mean(str(path), [str(p) for p in folder.glob("*.ssl")])


def compose(
    source: Source,
    variants: Sequence[str] = (),
    changes: Sequence[Edit] = (),
    seed: int | None = None,
    library: Library | None = None,
) -> Checked:
    """The spec with variants and edits applied, checked."""
    return check(source, variants=variants, changes=changes, seed=seed, library=library)


def compile(
    program: Program, *, sizes: Mapping[str, int] | None = None, resident: frozenset[str] | None = None, level: int = 1
) -> "Plan":
    """The plan of a checked program. `sizes`: what only the data know. `level` 0: only passes that running needs."""
    from ssldsl.passes.planning import make_plan

    with garbage.kept():
        return make_plan(program, sizes=sizes or {}, resident=resident, level=level)


@frozen
class Prepared:
    """A request that can be run. `datasets`: its data, opened; none in a smoke run, which makes some up."""

    request: Request
    checked: Checked
    plan: "Plan"
    datasets: "Datasets | None"

    @property
    def name(self) -> str:
        """What its run folder is called, without its number."""
        return f"{self.request.stem}-s{self.plan.seed}"


def prepare(request: Request, checked: Checked) -> Prepared:
    """Open the data, measure what only they know, and compile. A smoke run assumes it, and everything is small."""
    from ssldsl.runtime.data.datasets import Datasets
    from ssldsl.runtime.data.measure import assumed, measure
    from ssldsl.runtime.run import overridden
    from ssldsl.runtime.smoke.plan import smoke_plan
    from ssldsl.runtime.smoke.shrink import with_small_batches

    if request.smoke:
        checked = _narrowed(request, checked)
    program = with_small_batches(checked.unwrap()) if request.smoke else checked.unwrap()
    datasets = None if request.smoke else Datasets(checked.library, Path(request.spec).parent)
    measured = assumed(program) if datasets is None else measure(program, datasets)
    plan = compile(program, sizes=measured.sizes, resident=measured.resident, level=request.level)
    plan = overridden(plan, precision=request.precision, compile=request.compiled)
    return Prepared(request, checked, smoke_plan(plan, checked.library) if request.smoke else plan, datasets)


def _narrowed(request: Request, checked: Checked) -> Checked:
    """The experiment with its networks as wide as usual; as it is, where something counts on the width of one."""
    from ssldsl.runtime.smoke.shrink import narrower

    if not (sets := narrower(checked.unwrap())):
        return checked
    narrow = evolve(request, edits=evolve(request.edits, sets=(*request.edits.sets, *sets))).checked()
    return checked if narrow.program is None else narrow


def run(experiment: Prepared, folder: Path, options: "Options") -> "Result":
    """Train an experiment in a new folder. `options`: how it is carried out."""
    return _carry_out(experiment, folder, options, resume=False)


def resume(folder: Path, options: "Options") -> "Result":
    """Continue an interrupted run, with the spec and the edits that its folder holds."""
    begun = Request.read(folder)
    read_plan(folder)  # of an older ssldsl, whose ops may have other names: this is said before those
    request = evolve(begun, text=read(str(folder / SPEC)).text)  # so that nobody edits it in vain
    checked = request.checked()
    original = evolve(begun, spec=str(folder / USED / Path(begun.spec).name))

    def difference(identity: str) -> list[str]:
        from ssldsl.runtime.folder.used_files import differences

        return differences(original.checked(), checked, identity)

    return _carry_out(prepare(request, checked), folder, options, resume=True, difference=difference)


def _carry_out(
    experiment: Prepared,
    folder: Path,
    options: "Options",
    *,
    resume: bool,
    difference: Callable[[str], list[str]] | None = None,
) -> "Result":
    from ssldsl.check.resolving import resolve
    from ssldsl.comparing.canonical import identity
    from ssldsl.runtime.folder.used_files import used_files
    from ssldsl.runtime.run import run as run_plan

    request, checked = experiment.request, experiment.checked
    texts = {
        SPEC: request.text,
        **used_files(Source(request.spec, request.text)),
        RESOLVED: resolve(checked),
        REQUEST: request.as_json(),
    }
    whole = evolve(
        options,
        texts=texts,
        identity=identity(checked.unwrap()),
        difference=difference,
        folder=Path(request.spec).parent,
    )
    return run_plan(experiment.plan, folder, checked.library, whole, resume=resume, datasets=experiment.datasets)


def report(folder: Path) -> Path:
    """Write the page of a run into its folder, whatever of the run there is. Gives its path."""
    from ssldsl.report.run.page import write_report

    return write_report(folder)
