"""The library as a person reads it: a list, an op in full, and pages in Markdown. Made from the signatures alone."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ssldsl.errors import Diagnostic, SpecError, did_you_mean
from ssldsl.ops.arguments import constructs
from ssldsl.ops.language_words import show_word
from ssldsl.ops.library import Library
from ssldsl.ops.papers import read_papers, without_keys
from ssldsl.ops.reading import ROLES
from ssldsl.ops.renamed import new_name
from ssldsl.ops.settings import ranges, setting_type
from ssldsl.ops.signature import REQUIRED, Edge, Output, SettingSpec, Signature
from ssldsl.resources import specs, stdlib
from ssldsl.values import literal


def show_library(as_data: bool = False, library: Library | None = None) -> str:
    """Every op with what it gives, by role, and the definitions."""
    library = library or Library.shipped()
    if as_data:
        from ssldsl.ops.schema import export  # pydantic, which the plain text does not need

        return json.dumps([export(s) for s in _all(library)], indent=2) + "\n"
    lines: list[str] = []
    for role in ROLES:
        rows = [(s.name, s.summary) for s in map(library.get, library.role(role)) if s is not None]
        if rows:
            lines += [role, *_columns(rows), ""]
    rows = [(name, summary(path, name)) for name, path in library.methods().items()]
    return "\n".join([*lines, "definitions", *_columns(rows)]) + "\n"


def show_rows(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows of words in columns."""
    found = [*rows]
    widths = [max(map(len, column)) for column in zip(*found, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in found]
    return "\n".join(lines) + "\n"


def show_op(name: str, as_data: bool = False, library: Library | None = None) -> str:
    """One op in full, the text of a definition, or a word. `SpecError` if the library has no such name."""
    library = library or Library.shipped()
    signature = library.get(name)
    if signature is not None:
        if as_data:
            from ssldsl.ops.schema import export  # pydantic, which the plain text does not need

            return json.dumps(export(signature), indent=2) + "\n"
        return describe(signature, library)
    if name in library.methods():
        path = library.methods()[name]
        text = definition(path, name)
        if as_data:
            return json.dumps({"name": name, "role": "definition", "file": path.name, "text": text}, indent=2) + "\n"
        return "\n".join([text, "", *_used(name, library), f"  in        {shown(path)}"]) + "\n"
    if word := show_word(name):
        return word
    known = {*library.names(), *library.methods()}
    help = new_name(name) or did_you_mean(name, known) or "`ssldsl ops` lists the library"
    raise SpecError(Diagnostic("N201", f"the library has no `{name}`", help=help))


def describe(signature: Signature, library: Library | None = None) -> str:
    """An op in plain text: call, what goes in and out, settings, formula, source, paper, and where it is used."""
    lines = [call_form(signature), f"  {signature.summary}", ""]
    for title, rows in _sections(signature):
        lines += [f"  {title}", *_columns(rows, "    "), ""]
    body = signature.doc.split("\n", 1)[1].strip("\n") if "\n" in signature.doc else ""
    if body:
        lines += [*(f"  {line}".rstrip() for line in body.splitlines()), ""]
    paper = _paper(signature)
    lines += [f"  paper     {paper}"] if paper else []
    lines += _used(signature.name, library) if library else []
    return "\n".join([*lines, f"  in        {shown(Path(signature.path))}"]) + "\n"


def call_form(signature: Signature) -> str:
    """The op as a spec calls it, with the defaults of its settings."""
    edges = [f"{e.name}=none" if e.optional else e.name for e in signature.edges]
    given = [] if constructs(signature) else edges
    settings = [s.name if s.default is REQUIRED else f"{s.name}={literal(s.default)}" for s in signature.settings]
    return f"{signature.name}({', '.join([*given, *signature.given_sizes, *settings])})"


def _sections(signature: Signature) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    if signature.edges:
        yield "takes", [(e.name, tensor(e) + (" (detached)" if e.detached else "")) for e in signature.edges]
    if signature.outputs:
        yield "gives", [(o.name, tensor(o)) if o.name else (tensor(o),) for o in signature.outputs]
    if sizes := signature.given_sizes:
        yield "sizes", [(name, "a whole number, above 0", "follows from the input") for name in sizes]
    if signature.settings:
        yield "settings", [setting_row(s) for s in signature.settings]
    if signature.parts:
        yield "parts, for `train`, `init` and `groups`", [(", ".join(signature.parts),)]
    traits = list(_traits(signature))
    if traits:
        yield "traits", [(trait,) for trait in traits]


def _traits(signature: Signature) -> Iterator[str]:
    traits = signature.traits
    if traits.splits:
        yield "splits: " + ", ".join(f"{name} ({size})" for name, size in traits.splits.items())
    if traits.fields:
        yield "fields: " + ", ".join(f"{name} [{', '.join(dims.split())}]" for name, dims in traits.fields.items())
    if traits.classes is not None:
        yield f"classes: {traits.classes}"
    if signature.uses_rng:
        yield "random: draws anew for every sample and pass"
    if traits.random:
        yield "random where it learns" + (
            f", if `{traits.random}` is above 0" if isinstance(traits.random, str) else ""
        )
    if traits.batch_coupled:
        yield "rows depend on one another" + _when(signature)
    if signature.gathers and signature.role != "memory":
        yield "sees the rows of all processes"
    if traits.least_rows:
        least = traits.least_rows
        yield f"wants a batch of {f'{least} rows' if isinstance(least, int) else f'more than `{least}` rows'}"
    if traits.copies:
        yield f"wants several rows of some samples, which `{traits.copies}` tells"
    if traits.provenance:
        yield f"its labels are {traits.provenance}-labels"
    if traits.adds:
        yield "adds to every sample: " + ", ".join(f"{name} {kind}" for name, kind in traits.adds.items())
    if traits.drawn_by:
        yield f"a step draws every value of the field `{traits.drawn_by}` equally often"
    if traits.fixed:
        yield "fixed: nothing in it learns"
    if traits.held_out is not None:
        yield (
            "held out: a loss must not see it" if traits.held_out else "what is held out may be trained on, on purpose"
        )


def _when(signature: Signature) -> str:
    trait = signature.traits.batch_coupled
    return "" if isinstance(trait, bool) else " if " + " or ".join(f"{n}={literal(v)}" for n, v in trait.items())


def tensor(what: Edge | Output) -> str:
    """Kind and shape: `Logits[batch, classes]`."""
    said = f"{what.kind}[{', '.join(what.dims)}]" if what.dims else what.kind
    return f"one or several {said}" if isinstance(what, Edge) and what.many else said


def setting_row(spec: SettingSpec) -> tuple[str, str, str]:
    """Name, type with its bounds, and default of a setting."""
    type_ = setting_type(spec.annotation)
    bounds = ranges(type_)
    default = "required" if spec.default is REQUIRED else f"default {literal(spec.default)}"
    return spec.name, f"{type_}, {bounds}" if bounds else str(type_), default


def _columns(rows: Sequence[tuple[str, ...]], indent: str = "  ") -> list[str]:
    widths = [max(len(row[i]) for row in rows if i < len(row)) for i in range(max(map(len, rows), default=0))]
    return [
        indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows
    ]


def _paper(signature: Signature) -> str:
    """The paper of an op in words, or nothing; a key that has no entry is said to have none."""
    key = signature.traits.paper
    return str(read_papers().get(key) or f"`{key}`, which `stdlib/papers.bib` does not have") if key else ""


def shown(path: Path) -> str:
    """A path as a reader knows it: inside the package from `stdlib` on."""
    return f"stdlib/{path.relative_to(stdlib())}" if path.is_relative_to(stdlib()) else str(path)


# --- definitions, and who uses what ------------------------------------------------------------------------------


def definition(path: Path, name: str) -> str:
    """The text of a `def` with the comment above it, up to the blank line after it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    start = end = next(i for i, line in enumerate(lines) if re.match(rf"def\s+{name}\b", line))
    while start > 0 and lines[start - 1].startswith("#"):
        start -= 1
    depth = 0
    while end < len(lines):
        code = lines[end].split("#")[0]
        depth += sum(code.count(c) for c in "({[") - sum(code.count(c) for c in ")}]")
        end += 1
        following = lines[end] if end < len(lines) else ""
        if depth <= 0 and (not following.strip() or re.match(r"(def\b|#)", following)):
            break
    return "\n".join(lines[start:end])


def summary(path: Path, name: str) -> str:
    """The first sentence above a definition, or above the group of definitions that it stands in."""
    lines = path.read_text(encoding="utf-8").splitlines()
    end = next(i for i, line in enumerate(lines) if re.match(rf"def\s+{name}\b", line))
    start = next((i + 1 for i in range(end - 1, -1, -1) if not lines[i].strip()), 0)
    comment = " ".join(line.lstrip("# ") for line in lines[start:end] if line.startswith("#"))
    return re.split(r"(?<=\.)(?<!app\.)(?<!sec\.)\s+(?=[A-Z`])", without_keys(comment), maxsplit=1)[0]


def users(name: str, library: Library) -> tuple[list[str], list[str]]:
    """Definitions and shipped specs that use a name, also through one another."""
    texts = {n: without_comments(definition(path, n)) for n, path in library.methods().items()}
    found, grown = {name}, True
    while grown:
        more = {n for n, text in texts.items() if n not in found and any(mentions(text, f) is not None for f in found)}
        found, grown = found | more, bool(more)
    codes = {p.name: without_comments(p.read_text(encoding="utf-8")) for p in sorted(specs().glob("*.ssl"))}
    used = [file for file, code in codes.items() if any(mentions(code, f) is not None for f in found)]
    return sorted(found - {name}), used


def without_comments(text: str) -> str:
    """A spec as the compiler reads it."""
    return re.sub(r"#.*", "", text)


def mentions(text: str, name: str) -> int | None:
    """Where a text without comments first calls a name."""
    found = re.search(rf"\b{name}\s*\(", text)
    return found.start() if found is not None else None


def _used(name: str, library: Library) -> list[str]:
    definitions, files = users(name, library)
    said = [*definitions, *files]
    return [f"  used by   {', '.join(said)}"] if said else []


# --- pages -------------------------------------------------------------------------------------------------------


def write_pages(folder: Path, library: Library | None = None) -> list[Path]:
    """A Markdown page for every role and one for the definitions; gives their paths."""
    library = library or Library.shipped()
    folder.mkdir(parents=True, exist_ok=True)
    pages: dict[str, str] = {
        role: role_page(role, found) for role in ROLES if (found := [s for s in _all(library) if s.role == role])
    }
    pages["methods"] = methods_page(library)
    written = []
    for name, text in pages.items():
        path = folder / f"{name}.md"
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _all(library: Library) -> list[Signature]:
    return [s for s in map(library.get, library.names()) if s is not None]


def role_page(role: str, signatures: Sequence[Signature]) -> str:
    """The ops of one role."""
    lines = [f"# {role.capitalize()}", "", "Made by `ssldsl docs` from the signatures of the ops: edit those.", ""]
    for signature in signatures:
        lines += [f"## `{signature.name}`", "", "```", call_form(signature), "```", "", signature.doc, ""]
        for title, rows in _sections(signature):
            lines += [f"- **{title}**", *(f"    - {_item(row)}" for row in rows)]
        paper = _paper(signature)
        lines += [f"- **paper** {paper}"] if paper else []
        lines.append("")
    return "\n".join(lines)


def _item(row: tuple[str, ...]) -> str:
    if len(row) == 1:
        return row[0]
    return f"`{row[0]}`: {'; '.join(row[1:])}" if row[0] else row[1]


def methods_page(library: Library) -> str:
    """The definitions, file by file."""
    lines = ["# Definitions", "", "What papers call a method, composed of ops. Made by `ssldsl docs`.", ""]
    by_file: dict[Path, list[str]] = {}
    for name, path in library.methods().items():
        by_file.setdefault(path, []).append(name)
    for path, names in by_file.items():
        lines += [f"## {path.name}", ""]
        for name in names:
            lines += ["```", definition(path, name), "```", ""]
    return "\n".join(lines)
