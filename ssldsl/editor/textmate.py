"""The TextMate grammar of specs, for VS Code and other editors, from the words that Pygments colors.

`python -m ssldsl.editor.textmate` prints it.
"""

import json

from ssldsl.editor.highlighting import CONSTANTS, KEYWORDS


def textmate_grammar() -> str:
    """The grammar as JSON."""
    keywords, constants = "|".join(KEYWORDS), "|".join(CONSTANTS)
    rules = [
        ("comment.line.number-sign.ssl", r"#.*$"),
        ("string.quoted.double.ssl", r'"[^"\n]*"'),
        ("constant.numeric.ssl", r"\b\d+(\.\d+)?([eE][+-]?\d+)?(ep\b|it\b|%|\b)"),
        ("constant.language.ssl", rf"(?<![\w.])({constants})\b(?!\s*[(=.])"),
        ("keyword.control.ssl", rf"(?<![\w.])({keywords})\b(?!\s*[(=.,)])"),
        ("keyword.operator.word.ssl", r"(?<![\w.])(and|or|not|then)\b"),
        ("entity.name.function.ssl", r"[A-Za-z_]\w*(?=\s*\()"),
        ("variable.parameter.ssl", r"[A-Za-z_]\w*(?=\s*=(?!=))"),
        ("keyword.operator.ssl", r">>|\*\*|==|!=|<=|>=|[-+*/|<>=&]"),
    ]
    patterns = [{"name": name, "match": match} for name, match in rules]
    return json.dumps({"name": "ssldsl", "scopeName": "source.ssl", "patterns": patterns}, indent=2) + "\n"


if __name__ == "__main__":
    print(textmate_grammar(), end="")
