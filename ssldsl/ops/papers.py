"""`stdlib/papers.bib`: the papers that ops and specs refer to by key.

A plain subset of BibTeX: `@kind{key,` on a line of its own, fields `name = {text},` or `name = "text",` over a line or
several, and a closing `}` in the first column.
"""

import re
import unicodedata
from pathlib import Path

from attrs import frozen

from ssldsl.resources import stdlib

_ENTRY = re.compile(r"^@(\w+)\s*\{\s*([^,\s]+)\s*,(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^\s*(\w+)\s*=\s*(?:\{(.*?)\}|\"(.*?)\"|(\d+))\s*,?\s*$", re.MULTILINE | re.DOTALL)
_KEY = re.compile(r"\[([a-z]\w*\d{4}\w*)\]")
_ACCENT = re.compile(r"""\\(["'`^~])\s*\{?([A-Za-z])\}?""")
COMBINING = {'"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303"}  # accents behind a letter

VENUES = ("booktitle", "journal", "howpublished", "institution", "school", "publisher", "note")


@frozen
class Paper:
    key: str
    authors: tuple[str, ...]
    title: str
    venue: str
    year: str

    def __str__(self) -> str:
        return f"{self._said}: {self.title}. {', '.join(filter(None, (self.venue, self.year)))}"

    @property
    def _said(self) -> str:
        last = [a.split(",")[0] for a in self.authors]
        if len(last) > 4:
            return f"{last[0]} et al."
        return " & ".join(filter(None, (", ".join(last[:-1]), last[-1])))


def read_papers(path: Path | None = None) -> dict[str, Paper]:
    """All papers by key."""
    text = (path or stdlib() / "papers.bib").read_text(encoding="utf-8")
    return {key: _paper(key, body) for _, key, body in _ENTRY.findall(text)}


def read_entries(path: Path | None = None) -> dict[str, str]:
    """The BibTeX of every paper as it is written, by key."""
    text = (path or stdlib() / "papers.bib").read_text(encoding="utf-8")
    return {match[2]: match[0] for match in _ENTRY.finditer(text)}


def _paper(key: str, body: str) -> Paper:
    found = {name.lower(): _plain(a or b or c) for name, a, b, c in _FIELD.findall(body)}
    missing = [name for name in ("author", "title", "year") if name not in found]
    if missing:
        raise ValueError(f"papers.bib: {key} lacks {', '.join(missing)}")
    venue = next((found[name] for name in VENUES if name in found), "")
    return Paper(key, tuple(found["author"].split(" and ")), found["title"], venue, found["year"])


def _plain(text: str) -> str:
    """A field without its protecting braces and line breaks, accents as letters."""
    text = _ACCENT.sub(lambda match: unicodedata.normalize("NFC", match[2] + COMBINING[match[1]]), text)
    return " ".join(text.replace("{", "").replace("}", "").split())


def keys_in(text: str) -> list[str]:
    """The keys of papers in brackets, `[zhai2019s4l]`, that a text names, in their order."""
    return _KEY.findall(text)


def without_keys(text: str) -> str:
    """A text for readers, without the keys of papers, which are for `cite`."""
    return re.sub(rf"\s*{_KEY.pattern}", "", text)
