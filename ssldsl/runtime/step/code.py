"""Generated code that runs: what it defines, and which node a line of it computes."""

import linecache
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Protocol

from ssldsl.graph.plan import NodePlan
from ssldsl.runtime.step.printer import identifier


class Code(Protocol):
    """Python text with the node of every line, lines from 1."""

    @property
    def source(self) -> str: ...
    @property
    def filename(self) -> str: ...
    @property
    def lines(self) -> Mapping[int, NodePlan]: ...


def namespace_of(code: Code) -> dict[str, Any]:
    """Run the code: what it defines, by name. Tracebacks and debuggers see its lines."""
    linecache.cache[code.filename] = (len(code.source), None, code.source.splitlines(keepends=True), code.filename)
    names: dict[str, Any] = {"__name__": f"ssldsl.generated.{identifier(code.filename)}"}
    exec(compile(code.source, code.filename, "exec"), names)
    return names


def locate(exception: BaseException, code: Code) -> NodePlan | None:
    """The node whose line of generated code an exception came through, or nothing."""
    seen: BaseException | None = exception
    while seen is not None:
        numbers = list(_lines_of(seen.__traceback__, code.filename))
        numbers += [
            f.lineno for f in getattr(seen, "real_stack", None) or () if f.filename == code.filename and f.lineno
        ]
        for number in reversed(numbers):
            if number in code.lines:
                return code.lines[number]
        seen = seen.__cause__ or seen.__context__
    return None


def _lines_of(traceback: TracebackType | None, filename: str) -> Iterator[int]:
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == filename:
            yield traceback.tb_lineno
        traceback = traceback.tb_next
