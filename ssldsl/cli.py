"""The command line: one function a subcommand. Data go to stdout, everything else to stderr.

Exit codes: 0 fine, 1 the user's error, 3 and 4 what `diff` found, 70 our error, 130 interrupted.
"""

import sys
from pathlib import Path
from typing import Any

import click

import ssldsl
from ssldsl import pipeline, processes
from ssldsl.errors import Diagnostic, InternalError, LostProcess, OwnError, SpecError, as_json
from ssldsl.options import carried_out, checked, edited, parse_edits, show, write

USER_ERROR, EXECUTION, SEMANTIC, OUR_ERROR, INTERRUPTED = 1, 3, 4, 70, 130


class Sections(click.Group):
    """Subcommands in the order a person meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=Sections, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(ssldsl.__version__, prog_name="ssldsl")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
def commands(debug: bool) -> None:
    """Semi- and self-supervised learning experiments as a small typed language."""


def main() -> None:
    """Run the command line; no error of ours reaches a person as a bare traceback."""
    try:
        code = commands.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = USER_ERROR
    except click.exceptions.Abort:
        code = INTERRUPTED
    except SpecError as error:
        if processes.is_speaker() or isinstance(error, OwnError):
            click.echo(str(error), err=True)
        elif not isinstance(error, LostProcess):
            processes.let_speak()
        code = USER_ERROR
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the last line of defence: everything else is our mistake
        code = _our_error(error)
    sys.exit(code if isinstance(code, int) else 0)


def _our_error(error: Exception) -> int:
    import traceback

    last = traceback.extract_tb(error.__traceback__)[-1]
    kind = "" if isinstance(error, InternalError) else f"{type(error).__name__}: "
    click.echo(
        f"error: this is a bug in ssldsl {ssldsl.__version__}, not in your spec\n"
        f"  {kind}{error}\n  at {Path(last.filename).name}:{last.lineno} in {last.name}\n"
        "  Please report it with the spec. `ssldsl --debug ...` shows the whole traceback.",
        err=True,
    )
    if "--debug" in sys.argv:
        traceback.print_exception(error)
    return OUR_ERROR


# --- reading and writing specs ----------------------------------------------------------------------------------


@commands.command()
@click.argument("specs", nargs=-1, required=True)
@click.option(
    "--format", "style", type=click.Choice(["text", "json", "short"]), default="text", help="How to say what is wrong."
)
@edited
def check(
    specs: tuple[str, ...], style: str, variants: tuple[str, ...], sets: tuple[str, ...], drops: tuple[str, ...]
) -> int:
    """Say everything that is wrong with SPECS, their variants and sweeps, before anything runs."""
    import json

    from ssldsl.check import check_everything

    found: list[Diagnostic] = []
    wrong: list[str] = []
    for path in specs:
        source = pipeline.read(path)
        if variants or sets or drops:
            checked = pipeline.compose(source, variants, parse_edits(sets, drops))
        else:
            checked = check_everything(source)
        found += checked.diagnostics
        wrong += [path] if checked.diagnostics else []
    if style == "json":
        click.echo(json.dumps([as_json(d) for d in found], indent=2))
    elif style == "short":
        for d in found:
            click.echo(f"{d.span.place if d.span else '-'}: {d.severity}[{d.code}]: {d.message}")
    else:
        show(found)
    errors = sum(d.severity == "error" for d in found)
    warnings = len(found) - errors
    counts = [f"{n} {word}{'s' if n != 1 else ''}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
    click.echo(f"{', '.join(wrong or specs)}: {', '.join(counts) or 'fine'}", err=True)
    return USER_ERROR if errors else 0


@commands.command()
@click.argument("specs", nargs=-1, required=True)
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit 1 if a file is not formatted.")
@click.option("--diff", "show_diff", is_flag=True, help="Change nothing; show what would change.")
def fmt(specs: tuple[str, ...], only_check: bool, show_diff: bool) -> int:
    """Format SPECS in place; `-` formats stdin to stdout."""
    import difflib

    from ssldsl.syntax.formatter import format_text

    changed = 0
    for path in specs:
        source = pipeline.read(path)
        text = format_text(source)
        if path == "-" and not (only_check or show_diff):
            click.echo(text, nl=False)
            continue
        if text == source.text:
            continue
        changed += 1
        if show_diff:
            lines = difflib.unified_diff(
                source.text.splitlines(True), text.splitlines(True), path, f"{path} (formatted)"
            )
            click.echo("".join(lines), nl=False)
        elif not only_check:
            write(text, path)
        click.echo(f"{path}: {'would be ' if only_check or show_diff else ''}formatted", err=True)
    return USER_ERROR if changed and (only_check or show_diff) else 0


@commands.command()
@click.argument("spec")
@edited
@click.option("--seed", type=click.IntRange(min=0), default=None, help="Another seed than the spec's.")
def resolve(
    spec: str, seed: int | None, variants: tuple[str, ...], sets: tuple[str, ...], drops: tuple[str, ...]
) -> None:
    """Print the whole experiment of SPEC with nothing left implicit."""
    from ssldsl.check.resolving import resolve as resolved

    click.echo(resolved(checked(spec, variants, sets, drops, seed)), nl=False)


# --- running ----------------------------------------------------------------------------------------------------


@commands.command()
@click.argument("spec")
@edited
@click.option("--seed", "seeds", default=None, metavar="N | A..B | A,B,C", help="Seed, or several runs: 0..4.")
@click.option("--sweep", is_flag=True, help="Run every point of the sweeps in the file.")
@click.option("--smoke", is_flag=True, help="A few tiny steps of every stage on generated data of the right shapes.")
@click.option("-o", "--out", default=None, metavar="FOLDER", help="Where run folders are made. [default: runs]")
@click.option(
    "--precision", type=click.Choice(["fp32", "bf16", "fp16"]), default=None, help="Instead of what the spec says."
)
@click.option(
    "--compile/--no-compile", "compiled", default=None, help="torch.compile the step, instead of what the spec says."
)
@carried_out
@click.option("-O", "level", type=click.IntRange(0, 1), default=1, help="0: without optimising passes.")
def run(spec: str, **options: Any) -> int:
    """Train the experiment of SPEC. Under `accelerate launch -m ssldsl run SPEC` on many processes."""
    from ssldsl.launching import run_spec

    return run_spec(spec, **options)


@commands.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@carried_out
def resume(folder: str, **options: Any) -> int:
    """Go on with the interrupted run in FOLDER, exactly where its last checkpoint is.

    What says how a run is carried out is said anew: nothing of it changes what comes out.
    """
    from ssldsl.launching import resume_run

    return resume_run(Path(folder), **options)


@commands.command()
@click.argument("runs", nargs=-1, required=True)
@click.option("--metric", "metrics", multiple=True, help="Only these metrics. [default: all]")
@click.option("--format", "style", type=click.Choice(["text", "markdown", "json", "csv"]), default="text")
@click.option("-o", "--out", default=None, help="Write there; .html makes a page with curves.")
def compare(runs: tuple[str, ...], metrics: tuple[str, ...], style: str, out: str | None) -> None:
    """Compare RUNS over their seeds: mean, standard deviation, Welch's t-test against the first."""
    from ssldsl.report.compare.compare_runs import compare_runs

    write(compare_runs([Path(r) for r in runs], list(metrics), style, out), out)


@commands.command()
@click.argument("runs", nargs=-1, required=True)
@click.option("--metric", default="", help="The `eval` to judge by, an accuracy. [default: the first]")
@click.option("--stage", default="", help="The stage whose end is judged. [default: the last]")
@click.option("--sizes", default=None, metavar="N,N", help="Samples of a subset. [default: 1 and 5 of every class]")
@click.option("--draws", type=click.IntRange(min=1), default=20, help="Subsets of every size.", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the subsets.", show_default=True)
@click.option("--workers", type=click.IntRange(min=0), default=0, help="Processes that read image folders.")
@click.option("--json", "as_data", is_flag=True, help="Print JSON.")
@click.option("-o", "--out", default=None, metavar="FILE", help="Also write a page with pictures there: x.html.")
def validation(runs: tuple[str, ...], sizes: str | None, as_data: bool, out: str | None, **options: Any) -> None:
    """Ask whether a tiny validation set is enough to choose among RUNS: correlation and regret of small subsets."""
    from ssldsl.analysing import Question, read_sizes, validate_runs

    question = Question(sizes=read_sizes(sizes), **options)
    text, page = validate_runs([Path(r) for r in runs], question, as_data=as_data, out=out)
    click.echo(text, nl=False)
    if out is not None:
        write(page, out)
        click.echo(f"wrote {out}", err=True)


@commands.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option("-o", "--out", required=True, metavar="FOLDER", help="Where to write `<network>.safetensors`.")
@click.option("--stage", default="", help="The stage whose end is taken. [default: the last]")
@click.option("--average/--no-average", default=True, help="Averaged weights, where the stage keeps an average.")
def export(folder: str, out: str, stage: str, average: bool) -> None:
    """Write the final weights of the run in FOLDER, a file for every network, for use without ssldsl."""
    from ssldsl.runtime.folder.export import export as export_weights

    for path in export_weights(Path(folder), Path(out), stage=stage, average=average):
        click.echo(path)


# --- looking ----------------------------------------------------------------------------------------------------


@commands.command()
@click.argument("spec")
@click.argument("other", required=False)
@click.option(
    "-o", "--out", default=None, metavar="FILE", help="x.svg, x.html, x.mmd or x.dot. [default: Mermaid on stdout]"
)
@click.option("--shapes", is_flag=True, help="Show shapes on the edges.")
@edited
def graph(
    spec: str,
    other: str | None,
    out: str | None,
    shapes: bool,
    variants: tuple[str, ...],
    sets: tuple[str, ...],
    drops: tuple[str, ...],
) -> None:
    """Draw the method of SPEC; with OTHER, both side by side with what differs marked."""
    from ssldsl.graph.drawing import draw

    style = "mmd" if out in (None, "-") else Path(str(out)).suffix.lstrip(".")
    if style not in ("svg", "html", "mmd", "dot"):
        raise click.ClickException(f"`{out}`: the ending says what to draw: .svg, .html, .mmd or .dot")
    programs = [checked(spec, variants, sets, drops)]
    if other is not None:
        programs.append(checked(other, (), (), ()))
    elif variants or sets or drops:
        programs.insert(0, checked(spec, (), (), ()))
    if len(programs) == 1:
        write(draw(programs[0].unwrap(), style, shapes=shapes), out)
    else:
        write(draw(programs[0].unwrap(), style, shapes=shapes, other=programs[1].unwrap()), out)
    if out not in (None, "-"):
        click.echo(f"wrote {out}", err=True)


@commands.command()
@click.argument("spec")
@click.argument("other", required=False)
@click.option("--json", "as_data", is_flag=True, help="Print JSON.")
@edited
def diff(
    spec: str,
    other: str | None,
    as_data: bool,
    variants: tuple[str, ...],
    sets: tuple[str, ...],
    drops: tuple[str, ...],
) -> int:
    """What differs by meaning between SPEC and OTHER, or between SPEC and itself with edits.

    Exit code: 0 nothing or cosmetic, 3 execution only, 4 semantic.
    """
    import json

    from ssldsl.graph.diff import diff_checked

    if other is None and not (variants or sets or drops):
        raise click.ClickException("give a second spec, or edits: `ssldsl diff a.ssl --drop vat`")
    first = checked(spec, (), (), ()) if other is None else checked(spec, variants, sets, drops)
    second = checked(spec, variants, sets, drops) if other is None else checked(other, (), (), ())
    result = diff_checked(first, second)
    click.echo(json.dumps(result.as_json(), indent=2) if as_data else result.as_text(), nl=False)
    if as_data:
        click.echo()
    return result.exit_code


@commands.command()
@click.argument("spec")
@click.option("--emit", type=click.Choice(["python", "plan", "ir"]), default="python", help="What to print.")
@click.option("-O", "level", type=click.IntRange(0, 1), default=1, help="0: without optimising passes.")
@click.option(
    "--dump-ir", "dumps", multiple=True, metavar="PASS", help="Print the graph after this pass (or `all`) to stderr."
)
@click.option("--time-passes", is_flag=True, help="Print the time of every pass to stderr.")
@click.option("--stage", default=None, help="Only this stage.")
@edited
def compile(spec: str, **options: Any) -> None:
    """Print what SPEC compiles to: the step as Python, the plan, or the graph."""
    from ssldsl.launching import emit

    sets, drops, variants = options.pop("sets"), options.pop("drops"), options.pop("variants")
    click.echo(emit(checked(spec, variants, sets, drops), **options), nl=False)


# --- documentation ----------------------------------------------------------------------------------------------


@commands.command()
@click.argument("code")
def explain(code: str) -> None:
    """What an error CODE means, with an example and its cure."""
    from ssldsl.explaining import page

    click.echo(page(code), nl=False)


@commands.command()
@click.argument("name", required=False)
@click.option("--json", "as_data", is_flag=True, help="Print the JSON schema of the settings.")
def ops(name: str | None, as_data: bool) -> None:
    """List the library, or show one op: signature, formula, paper, and the specs that use it."""
    from ssldsl.ops.rendering import show_library, show_op

    click.echo(show_library(as_data) if name is None else show_op(name, as_data), nl=False)


@commands.command()
@click.option(
    "-o", "--out", default="docs/library", metavar="FOLDER", help="Where to write the pages.", show_default=True
)
def docs(out: str) -> None:
    """Write a page for every role of the library, made from the signatures."""
    from ssldsl.ops.rendering import write_pages

    try:
        for path in write_pages(Path(out)):
            click.echo(path)
    except OSError as error:
        raise SpecError(Diagnostic("R302", f"`{out}` cannot be written: {error.strerror}")) from None
