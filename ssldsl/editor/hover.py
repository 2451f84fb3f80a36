"""What a name is: the page of an op, the text of a definition, the type of a value and where its gradient goes."""

from ssldsl.check.apply.words import WORDS
from ssldsl.check.stages.settings import SETTINGS
from ssldsl.editor.analysis import Analysis
from ssldsl.ir.nodes import Node
from ssldsl.ops.rendering import definition, describe


def hover_text(analysis: Analysis, offset: int) -> str | None:
    """What is said about a place, in Markdown; nothing where there is nothing to say."""
    word = analysis.word_at(offset)
    if word is None:
        return None
    parts = [_value(analysis, offset, word.text), _meaning(analysis, word.text)]
    return "\n\n---\n\n".join(filter(None, parts)) or None


def _value(analysis: Analysis, offset: int, word: str) -> str:
    """The type of the value that is written here."""
    program = analysis.checked.program
    stream = next((s for s in program.streams if s.name == word), None) if program is not None else None
    if stream is not None and stream.data is not None:
        return f"`{word}`: `{stream.data.type}`"
    node = analysis.node_at(offset)
    return _node(node) if node is not None else ""


def _node(node: Node) -> str:
    lines = [f"`{node.type}`"]
    if node.grad_modules:
        lines.append(f"its gradient reaches {', '.join(f'`{path}`' for path in sorted(node.grad_modules))}")
    return "  \n".join(lines)


def _meaning(analysis: Analysis, word: str) -> str:
    """What a name means: in this file, in the library, or in the language."""
    declared = analysis.name(word)
    if declared is not None:
        return f"```ssl\n{declared.whole.text.strip()}\n```"
    signature = analysis.library.get(word)
    if signature is not None:
        return f"```text\n{describe(signature, analysis.library).strip()}\n```"
    methods = analysis.library.methods()
    if word in methods:
        return f"```ssl\n{definition(methods[word], word)}\n```"
    if word in WORDS:
        row = WORDS[word]
        optional = [f"{name}=..." for name in row.optional]
        return f"`{word}({', '.join([*row.parameters, *optional])})`: a word of the language"
    setting = next((s for s in SETTINGS if s.name == word), None)
    return f"`{word}`: {setting.says}" if setting is not None else ""
