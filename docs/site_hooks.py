"""Pages of the site that are made when it is built: the library from its signatures, a page for every shipped spec."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

import ssldsl
from ssldsl.ops.library import Library
from ssldsl.ops.method_pages import method_page, seen_in
from ssldsl.ops.method_table import methods_table
from ssldsl.ops.rendering import write_pages
from ssldsl.resources import specs

METHODS = """\
What papers call a method is a definition of some lines, made of ops; each has a page with its text, its formulas and a
picture. Lines are those of the definition; what a spec adds are data, networks, optimizer. [Beside other
libraries](comparison.md).
"""


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made."""
    with tempfile.TemporaryDirectory() as folder:
        for path in write_pages(Path(folder)):
            files.append(File.generated(config, f"library/{path.name}", content=path.read_text(encoding="utf-8")))
    methods = "\n".join(["# All methods\n", METHODS, methods_table(Library.shipped(installed=False))])
    files.append(File.generated(config, "methods.md", content=methods))
    files_of_methods(files, config)
    paths = sorted(specs().glob("*.ssl"))
    files.append(File.generated(config, "experiments/index.md", content="\n".join(_overview(paths))))
    for path in paths:
        files.append(File.generated(config, f"experiments/{path.stem}.md", content="\n".join(_experiment(path))))
        picture = ssldsl.load(path).graph().text("svg")
        files.append(File.generated(config, f"experiments/{path.stem}.svg", content=picture))
    return files


def files_of_methods(files: Files, config: Any) -> None:
    """A page for every definition, with the picture of a spec that uses it."""
    library = Library.shipped(installed=False)
    for name in library.methods():
        files.append(File.generated(config, f"methods/{name}.md", content=method_page(name, library)))
        seen = seen_in(name, library)
        if seen is not None:
            picture = ssldsl.load(seen.spec, variant=seen.variant or ()).graph().text("svg")
            files.append(File.generated(config, f"methods/{name}.svg", content=picture))


def _overview(paths: list[Path]) -> Iterator[str]:
    yield "# Experiments\n"
    yield "Every shipped spec, with its picture and what it rests on.\n"
    for path in paths:
        yield f"- [{path.stem}]({path.stem}.md): {_title(path)}"


def _title(path: Path) -> str:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    return first.removeprefix("#").strip() if first.startswith("#") else ""


def _experiment(path: Path) -> Iterator[str]:
    yield f"---\nhide: [toc]\n---\n\n# {path.stem}\n"
    yield f"[![The method as a graph]({path.stem}.svg)]({path.stem}.svg)\n"
    yield f"```ssl\n{path.read_text(encoding='utf-8').strip()}\n```\n"
    yield f"## To cite\n\n```bibtex\n{ssldsl.load(path).cite().strip()}\n```"
