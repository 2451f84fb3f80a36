"""Snippets of spec in Markdown, each a test.

A fence ```` ```ssl ```` holds a whole spec, or, if it does not begin with `ssl 1`, some statements of one: the usual
declarations and settings are added for the names that it does not declare itself. A line that is wrong ends with
`# error: [D401]` or `# warning: [L602]`.
"""

import re
from pathlib import Path

from attrs import frozen

from ssldsl.check import check_everything
from ssldsl.source import Source

USUAL = {
    "images": "data images = digits()",
    "labeled": "stream labeled = images.train.subset(100, seed=0) >> random_shift(1)",
    "unlabeled": "stream unlabeled = unlabel(images.train) >> random_shift(1)",
    "encoder": "net encoder = convnet(width=32)",
    "classes": "head classes = linear(encoder.dim, images.classes)",
    "loss": "loss = ce(labeled) + 0.3*vat(unlabeled)",
    "run": "run = 30ep",
}
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"# (error|warning): \[([A-Z]\d{3})\]")
_DECLARED = re.compile(r"^(?:data|stream|view|net|head|param|let|def) +(\w+)|^(\w+) *=(?!=)", re.MULTILINE)


@frozen
class Snippet:
    """A fence of a page: its language, its text, and its line in the page."""

    path: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.path.stem}:{self.line}"

    @property
    def whole(self) -> str:
        """The spec that a snippet is a part of. Its lines keep their numbers."""
        if re.search(r"^ssl \d", self.text, re.MULTILINE):
            return self.text
        declared = {name for match in _DECLARED.findall(self.text) for name in match}
        left = {n: line for n, line in USUAL.items() if n not in declared}
        if re.search(r"^stage ", self.text, re.MULTILINE):
            left = {n: line for n, line in left.items() if n not in ("loss", "run")}
        if re.search(r"^update ", self.text, re.MULTILINE):
            left.pop("loss", None)
        return "\n".join(["ssl 1 " + self.text.rstrip("\n"), *left.values()]) + "\n"

    @property
    def marks(self) -> list[tuple[int, str, str]]:
        """The lines of the snippet that are wrong, each with how and the code."""
        lines = enumerate(self.text.splitlines(), start=1)
        return [(n, *mark) for n, line in lines for mark in _MARK.findall(line)]

    def found(self) -> list[tuple[int, str, str]]:
        """What the checker says of it: all errors, and warnings about lines of the snippet."""
        own = self.text.count("\n")
        return [
            (d.span.line, d.severity, d.code)
            for d in check_everything(Source(str(self.path.with_suffix(".ssl")), self.whole)).diagnostics
            if d.span is not None and (d.severity == "error" or d.span.line <= own)
        ]


def snippets(path: Path, *languages: str) -> list[Snippet]:
    """The fences of a page in these languages."""
    text = path.read_text("utf-8")
    return [
        Snippet(path, text.count("\n", 0, m.start()) + 1, m[1], m[2])
        for m in _FENCE.finditer(text)
        if m[1] in languages
    ]
