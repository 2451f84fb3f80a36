"""A page as its tests see it: what it asks of the network, what is wrong with its tags, what it says."""

import json
import re
from html.parser import HTMLParser
from typing import Any

from attrs import define, field

VOID = {"meta", "col", "br", "hr", "img", "link", "input"}


@define
class _Reader(HTMLParser):
    open_tags: list[str] = field(factory=list)
    wrong: list[str] = field(factory=list)
    words: list[str] = field(factory=list)
    links: list[str] = field(factory=list)

    def __attrs_pre_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [str(value) for name, value in attrs if name in ("href", "src", "srcset", "action", "data")]
        if tag not in VOID:
            self.open_tags.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Only SVG has such tags."""

    def handle_endtag(self, tag: str) -> None:
        if not self.open_tags or self.open_tags.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open_tags):
            self.words.append(data)


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader


def wrong_tags(page: str) -> list[str]:
    """Tags that close nothing or are never closed."""
    reader = _read(page)
    return [*reader.wrong, *reader.open_tags]


def words(page: str) -> str:
    """What a reader reads, blanks made one."""
    return " ".join(" ".join(_read(page).words).split())


def requests(page: str) -> list[str]:
    """Every address that a browser would ask of a network: names of XML vocabularies are none."""
    links = [link for link in _read(page).links if not re.fullmatch(r"#[\w-]+|(?!//)[\w.%/=-]+", link)]
    addresses = set(re.findall(r"\w+://[^\s\"'<>)]+", page)) - {"http://www.w3.org/2000/svg"}
    return [*links, *addresses, *re.findall(r"@import|url\((?!#)", page)]


def charts(page: str) -> list[dict[str, Any]]:
    """The numbers behind the charts."""
    found = re.search(r'<script type="application/json" id="charts">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    values: list[dict[str, Any]] = json.loads(found[1])
    return values


def curve(page: str, name: str) -> dict[float, float]:
    """The values of the first line of that name, by step."""
    line = next(line for chart in charts(page) for line in chart["lines"] if line["name"] == name)
    return dict(zip(line["x"], line["y"], strict=True))
