"""`check`: from the text of a spec to a checked program, or to everything that is wrong with it."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import field, frozen

from ssldsl import garbage
from ssldsl.check.edits import edits
from ssldsl.check.edits.rounds import after_last, written_out
from ssldsl.check.evaluate import declarations, expressions, rounds
from ssldsl.check.evaluate.definitions import read_names
from ssldsl.check.rules import SPEC_RULES
from ssldsl.check.stages.spec import read_spec_settings, read_stages
from ssldsl.check.state.budget import Budget, TooLarge
from ssldsl.check.state.context import Context, ModuleDraft
from ssldsl.check.state.loss_edits import LossEdits
from ssldsl.check.state.reader import SpecReading
from ssldsl.check.state.reporter import Reporter
from ssldsl.check.state.scope import Scope
from ssldsl.check.uses import use_files
from ssldsl.errors import Diagnostic, SpecError
from ssldsl.ir.nodes import Node
from ssldsl.ir.program import Module, Program, Stage, Stream
from ssldsl.ir.walk import ancestors
from ssldsl.ops.library import Library
from ssldsl.source import Source, Span
from ssldsl.syntax import tree
from ssldsl.syntax.parser import parse
from ssldsl.syntax.printer import print_expr
from ssldsl.syntax.recursion import room_to_recurse


@frozen
class Checked:
    """The outcome of a check. `program` is there if no diagnostic is an error.

    completions: what calls left out, by their place, for `resolve`. library: the ops that the spec sees, its own among
    them.
    """

    program: Program | None
    diagnostics: tuple[Diagnostic, ...]
    file: tree.File
    completions: dict[tuple[str, int, int], list[tuple[str, str]]] = field(factory=dict, repr=False)
    loss_edits: LossEdits = field(factory=LossEdits, repr=False)
    library: Library = field(factory=Library.shipped, repr=False)

    def unwrap(self) -> Program:
        """The program, or all errors as one exception."""
        if self.program is None:
            raise SpecError([d for d in self.diagnostics if d.severity == "error"])
        return self.program


@room_to_recurse()
@garbage.kept()
def check(
    source: Source,
    *,
    variants: Sequence[str] = (),
    changes: Sequence[edits.Edit] = (),
    seed: int | None = None,
    library: Library | None = None,
    budget: Budget | None = None,
    may_be_shared: bool = False,
    rounds_at_most: int | None = None,
) -> Checked:
    """Check one spec, with variants and then edits applied. Imports neither torch nor anybody's code.

    budget: how large the program may grow, where several checks share one.
    may_be_shared: of a file with declarations alone, check these; it is no experiment, and gives no program.
    rounds_at_most: look at so many rounds of a stage, where the text names no later one: an answer at once, in which
        what only later rounds get wrong is missing.
    """
    parsed = parse(source)
    if parsed.diagnostics:
        return Checked(None, tuple(parsed.diagnostics), parsed.file)
    asked = [Source("--variant", name) for name in variants]
    reporter = Reporter({source, *asked, *(change.span.source for change in changes)})
    library, budget = library or Library.shipped(), budget or Budget()
    named = [(s.text, Span(s, 0, len(s.text))) for s in asked]
    done = [*edits.variant_edits(parsed.file, named, reporter), *changes]
    try:
        file = written_out(parsed.file, done, reporter, budget, rounds_at_most)
    except TooLarge:
        return Checked(None, tuple(reporter.diagnostics), parsed.file)
    file, loss_edits = edits.apply(file, done, reporter, library)
    file = after_last(file)
    ctx = Context(library, reporter, Scope(), expressions.evaluate, loss_edits, bool(done), budget)
    is_shared = may_be_shared and _is_shared(file)
    stages, written = _read(ctx, source, file, is_shared)
    program = None
    if not reporter.failed and not is_shared:
        chosen = written["seed"] if seed is None else seed
        program = _program(ctx, source, file, stages, chosen, [edits.describe(e, print_expr) for e in done])
    found = sorted(reporter.diagnostics, key=lambda d: d.sort_key)
    return Checked(program, tuple(found), file, ctx.completions, loss_edits, ctx.library)


def _is_shared(file: tree.File) -> bool:
    """Whether a file holds what other specs `use`, and no experiment: declarations, and nothing that a stage has."""
    kinds = (tree.Declaration, tree.Param, tree.Def, tree.Use)
    return bool(file.statements) and all(isinstance(statement, kinds) for statement in file.statements)


def _read(ctx: Context, source: Source, file: tree.File, is_shared: bool = False) -> tuple[list[Stage], dict[str, Any]]:
    """The stages of a spec and what it sets above them; what is wrong is reported. `is_shared`: there are none."""
    scope = ctx.file_scope
    use_files(ctx, file, Path(source.name).parent, scope, (source.name,))
    stages, written = list[Stage](), dict[str, Any](seed=0)
    with suppress(TooLarge):
        declarations.declare(ctx, file.statements, scope)
        rounds.declare_rounds(ctx, file, scope)
        read_names(ctx, file, scope)
        declarations.read_all(ctx, scope)
        if is_shared:
            return stages, written
        stages, written = read_stages(ctx, file), read_spec_settings(ctx, file)
    for rule in SPEC_RULES:
        for diagnostic in rule(SpecReading(ctx, file, tuple(stages))):
            ctx.reporter.report(diagnostic)
    return stages, written


def _program(ctx: Context, source: Source, file: tree.File, stages: list[Stage], seed: int, done: list[str]) -> Program:
    used = _used_modules(ctx, stages)
    return Program(
        Path(source.name).stem,
        seed,
        tuple(_stream(ctx, name) for name in ctx.streams),
        tuple(_module(draft) for draft in ctx.modules.values() if draft.path in used),
        tuple(stages),
        dict(ctx.signatures),
        tuple(ctx.params.items()),
        _explicit(file),
        tuple(done),
    )


def _used_modules(ctx: Context, stages: list[Stage]) -> set[str]:
    """The modules that the stages run or begin with, and those that they follow as averages."""
    used = {str(n.setting("name")) for s in stages for n in ancestors(s.roots) if n.op == "net"}
    for path in list(used):  # an average may follow another
        while path := ctx.modules[path].average_of:
            used.add(path)
    return used | {m for s in stages for i in s.init for m in i.modules if m in ctx.modules}


def _module(draft: ModuleDraft) -> Module:
    return Module(
        path=draft.path,
        op=draft.signature.name,
        kind=draft.kind,
        sizes=tuple(draft.sizes.items()),
        settings=draft.settings,
        average_of=draft.average_of,
        momentum=draft.momentum,
        half_life=draft.half_life,
        of_list=draft.of_list,
        span=draft.span,
    )


def _stream(ctx: Context, name: str) -> Stream:
    draft = ctx.streams[name]
    if draft.data is None:
        size = ctx.streams[draft.parts[0]].data
        return Stream(name, None, size.type.size if size else 0, draft.parts, draft.span)  # type: ignore[arg-type]  # a join has parts with data
    node: Node = draft.data.node
    return Stream(name, node, draft.data.type.size, (), draft.span)


def _explicit(file: tree.File) -> frozenset[str]:
    found = set()
    for statement in file.statements:
        if isinstance(statement, tree.Setting):
            found.add(f"main.{statement.name.id}")
        if isinstance(statement, tree.StageDecl):
            found |= {f"{statement.name.id}.{s.name.id}" for s in statement.body if isinstance(s, tree.Setting)}
    return frozenset(found)
