"""What a call leaves out, shown where it is left out: settings by default, and the networks that `using` finds."""

from lsprotocol import types as lsp

from ssldsl.editor.analysis import Analysis
from ssldsl.editor.lsp_positions import position_of


def hints_of(analysis: Analysis) -> list[lsp.InlayHint]:
    """The networks that calls of definitions find by their names, before the closing parenthesis."""
    hints = []
    for (name, _, end), left_out in analysis.checked.completions.items():
        found = [(argument, text) for argument, text in left_out if analysis.name(text.split(" ")[0].split(".")[0])]
        if name == analysis.source.name and found:
            text = ", ".join(f"{argument}={value}" for argument, value in found)
            place = position_of(analysis.source, end - 1)
            hints.append(lsp.InlayHint(place, f", {text}", padding_left=False))
    return hints
