"""How a spec is laid out: one way, without options. Comments are kept; the meaning is proved to be the same."""

from collections.abc import Sequence

from attrs import define, evolve, field, frozen

from ssldsl.errors import InternalError, SpecError
from ssldsl.source import Source
from ssldsl.syntax import printer, tree
from ssldsl.syntax.layout import STEP, WIDTH, Comments, ExpressionLayout, Line, append, join, prepend, width
from ssldsl.syntax.parser import parse
from ssldsl.syntax.recursion import room_to_recurse

Edit = tree.SetEdit | tree.DropEdit
_ROUNDS = 5  # a comment that is moved may free an expression from being broken: two rounds, rarely three


@room_to_recurse()
def format_text(source: Source) -> str:
    """The text of a file in its one layout; a `SpecError` if it has syntax errors."""
    result = parse(source)
    if result.diagnostics:
        raise SpecError(result.diagnostics)
    text = source.text
    for _ in range(_ROUNDS):
        formatted = _Formatter(Comments(result.file.comments), Source(source.name, text)).file(result.file)
        if formatted == text:
            return text
        again = parse(Source(source.name, formatted))
        if again.diagnostics or again.file != result.file or _texts(again.file) != _texts(result.file):
            raise InternalError(f"formatting {source.name} changed what it says")
        text, result = formatted, again
    raise InternalError(f"formatting {source.name} does not come to rest")


def _texts(file: tree.File) -> list[str]:
    return sorted(comment.text for comment in file.comments)


def print_statement(statement: tree.Statement | Edit) -> str:
    """A statement as text, without comments and without a line end."""
    formatter = _Formatter(Comments(()), None)
    return _render(formatter.statement(_Piece(0, 0, statement), 0))


@frozen
class _Return:
    """The end of the block of a `def`."""

    value: tree.Expr


@frozen
class _Piece:
    """What stands in a body, and from where to where in the text. `pad`: the columns before its `=`."""

    start: int
    end: int
    node: tree.Statement | Edit | tree.Number | _Return
    pad: tuple[int, ...] = ()


@define
class _Formatter:
    comments: Comments
    source: Source | None  # None: nothing is known of blank lines
    layout: ExpressionLayout = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.layout = ExpressionLayout(self.comments)

    def file(self, file: tree.File) -> str:
        pieces = [_piece(statement) for statement in file.statements]
        if file.version is not None:
            pieces.insert(0, _Piece(file.version.span.start, file.version.span.end, file.version))
        end = len(self.source.text) + 1 if self.source else 0
        lines = self.body(pieces, 0, 0, end)
        return _render(lines) + "\n" if lines else ""

    # --- bodies -----------------------------------------------------------------------------------------------------

    def body(self, pieces: list[_Piece], indent: int, start: int, end: int) -> list[Line]:
        """The lines of statements one below the other, with the comments between them."""
        lines: list[Line] = []
        before = start
        last_line = 0  # of the text, at which what has been put ends; 0 at the start
        for i, piece in enumerate(self.aligned(pieces)):
            for comment in self.comments.take(before, piece.start):
                last_line = self.put_comment(lines, comment, indent, last_line)
            statement = self.statement(piece, indent)
            after = pieces[i + 1].start if i + 1 < len(pieces) else end
            hoisted = [Line("", indent, c.text) for c in self.comments.take(piece.start, piece.end)]
            if lines and self.is_apart(pieces[i - 1].node if i else None, piece, last_line):
                lines.append(Line(""))
            lines += hoisted + self.layout.trailing(piece.end, after, statement)
            before, last_line = piece.end, self.line_of(piece.end)
        for comment in self.comments.take(before, end):
            last_line = self.put_comment(lines, comment, indent, last_line)
        return lines

    def put_comment(self, lines: list[Line], comment: tree.Comment, indent: int, last_line: int) -> int:
        at = self.line_of(comment.span.start)
        if lines and at - last_line > 1:
            lines.append(Line(""))
        lines.append(Line("", indent, comment.text))
        return at

    def line_of(self, offset: int) -> int:
        return self.source.position(offset)[0] if self.source else 0

    def is_apart(self, before: object, piece: _Piece, last_line: int) -> bool:
        """Whether a blank line stands before a statement: as in the text, else around blocks and new subjects."""
        if self.source:
            return self.line_of(piece.start) - last_line > 1
        blocks = any(isinstance(node, tree.StageDecl | tree.Update | tree.Def) for node in (before, piece.node))
        return blocks or (_subject(before) != _subject(piece.node) and not isinstance(before, tree.Number))

    def aligned(self, pieces: list[_Piece]) -> list[_Piece]:
        """The pieces with the widths that set the `=` of adjacent statements of one kind below each other."""
        out: list[_Piece] = []
        run: list[_Piece] = []
        for i, piece in enumerate(pieces):
            apart = i > 0 and self.is_apart(pieces[i - 1].node, piece, self.comment_line(pieces[i - 1], piece))
            if run and (apart or _subject(run[0].node) != _subject(piece.node)):
                out += _padded(run)
                run = []
            run.append(piece)
        return out + _padded(run)

    def comment_line(self, before: _Piece, piece: _Piece) -> int:
        """The last line that is taken before a piece, by a statement or a comment."""
        between = self.comments.within(before.end, piece.start)
        return self.line_of(between[-1].span.start if between else before.end)

    def block(self, head: str, pieces: list[_Piece], indent: int, start: int, end: int) -> list[Line]:
        """`head { ... }`, one statement a line. `start`: where the head ends; `end`: where the `}` stands."""
        opener = self.layout.trailing(start, pieces[0].start if pieces else end, [Line(head + " {", indent)])
        body = self.body(pieces, indent + STEP, start, end)
        if not body and not opener[0].comment:
            return [Line(head + " {}", indent)]
        return [*opener, *body, Line("}", indent)]

    # --- statements -------------------------------------------------------------------------------------------------

    def statement(self, piece: _Piece, indent: int) -> list[Line]:
        """The lines of a statement. Comments in its head are left for the caller."""
        node = piece.node
        match node:
            case tree.StageDecl():
                start = max(n.span.end for n in (node.name, *([node.rounds] if node.rounds else ()), *node.after))
                return self.block(
                    printer.print_stage_head(node), [_piece(s) for s in node.body], indent, start, piece.end - 1
                )
            case tree.Update():
                pieces = [_piece(s) for s in node.body]
                return self.block(f"update {node.name.id}", pieces, indent, node.name.span.end, piece.end - 1)
            case tree.Def():
                return self.definition(node, indent)
            case tree.Variant():
                return self.variant(node, indent)
            case tree.Use():
                target = node.target
                return [
                    Line("use " + (target.id if isinstance(target, tree.Name) else printer.print_expr(target)), indent)
                ]
            case tree.Train():
                return self.listed("train ", node.nets, indent)
            case tree.Init():
                lines = self.listed("init ", node.nets, indent)
                lines = append(lines, " from ")
                origin = self.layout.expr(node.origin, indent, width(lines, lines[0].indent))
                return join(lines, origin)
            case tree.DropEdit():
                return [Line(f"drop {printer.print_path(node.path)}", indent)]
            case tree.Number():
                return [Line(f"ssl {node.text}", indent)]
            case _:
                return self.assigned(*_assignment(node, piece.pad), indent)

    def assigned(self, lead: str, value: tree.Expr, tail: str, indent: int) -> list[Line]:
        """`lead value tail`: the operators of a long value hang below the `=`."""
        column = indent + len(lead)
        hang = None
        if isinstance(value, tree.Binary) and lead.endswith("= "):
            hang = max(indent + STEP, column - len(value.op) - 1)
        lines = self.layout.expr(value, indent, column, hang=hang, tail=len(tail))
        return append([evolve(lines[0], text=lead + lines[0].text, indent=indent), *lines[1:]], tail)

    def listed(self, lead: str, items: Sequence[tree.Expr], indent: int) -> list[Line]:
        """`train a, b, c`, one a line if that is too long."""
        flat = lead + ", ".join(map(printer.print_expr, items))
        if indent + len(flat) <= WIDTH:
            return [Line(flat, indent)]
        column = indent + len(lead)
        lines: list[Line] = []
        for item in items:
            part = self.layout.expr(item, column, column, tail=1)
            lines += append([evolve(part[0], indent=column), *part[1:]], ",")
        lines[-1] = evolve(lines[-1], text=lines[-1].text[:-1])
        return [evolve(lines[0], text=lead + lines[0].text, indent=indent), *lines[1:]]

    def variant(self, node: tree.Variant, indent: int) -> list[Line]:
        """On one line if it is one edit that fits."""
        head = printer.print_variant_head(node)
        pieces = [_piece(edit) for edit in node.edits]
        named = [node.name, *([node.extends] if node.extends else []), *node.stages][-1].span.end
        if len(pieces) == 1 and not self.comments.within(named, node.span.end):
            edit = self.statement(pieces[0], 0)
            text = f"{head} {{ {edit[0].text} }}"
            if len(edit) == 1 and indent + len(text) <= WIDTH:
                return [Line(text, indent)]
        return self.block(head, pieces, indent, named, node.span.end - 1)

    def definition(self, node: tree.Def, indent: int) -> list[Line]:
        head = self.def_head(node, indent)
        start = max([node.name.span.end, *(p.span.end for p in node.parameters)])
        if node.body:
            pieces = [_piece(s) for s in node.body]
            pieces.append(_Piece(node.value.span.start, node.value.span.end, _Return(node.value)))
            block = self.block(head[-1].text, pieces, indent, start, node.span.end - 1)
            return [*head[:-1], evolve(block[0], indent=head[-1].indent), *block[1:]]
        value, column = node.value, len(head[-1].text) + head[-1].indent + 3
        flat = printer.print_expr(value)
        commented = self.comments.within(value.span.start, value.span.end)
        is_chain = isinstance(value, tree.Binary) and printer.LEVELS[value.op] != printer.PRODUCT
        if (is_chain or column > WIDTH // 2) and (commented or column + len(flat) > WIDTH):
            inner = indent + 2 * STEP
            lines = self.layout.expr(value, inner, inner, hang=indent + STEP)
            head = self.layout.trailing(start, value.span.start, append(head, " ="))
            return [*head, evolve(lines[0], indent=inner), *lines[1:]]
        lines = self.layout.expr(value, indent, column)
        return [*head[:-1], *prepend(head[-1].text + " = ", [evolve(lines[0], indent=head[-1].indent), *lines[1:]])]

    def def_head(self, node: tree.Def, indent: int) -> list[Line]:
        """`def name(parameters) -> type`, one parameter a line if it is too long or has comments in it."""
        flat = printer.print_def_head(node)
        end = max([node.name.span.end, *(p.span.end for p in node.parameters)])
        if indent + len(flat) + 2 <= WIDTH and not self.comments.within(node.name.span.end, end):
            return [Line(flat, indent)]
        lines = self.layout.bracket("(", node.parameters, ")", indent, node.name.span.end, end)
        returns = f" -> {printer.print_type(node.returns)}" if node.returns else ""
        return append([evolve(lines[0], text=f"def {node.name.id}(", indent=indent), *lines[1:]], returns)


def _piece(node: tree.Statement | Edit) -> _Piece:
    return _Piece(node.span.start, node.span.end, node)


def _subject(node: object) -> str:
    """The kind of a statement, as far as its `=` is set below those of its neighbors; a kind of its own if not."""
    match node:
        case tree.Declaration():
            return "let" if node.kind == "let" else "declaration"
        case tree.Setting() | tree.Param() | tree.SetEdit():
            return type(node).__name__
        case _:
            return type(node).__name__ + "."


def _padded(run: list[_Piece]) -> list[_Piece]:
    heads = [_head(piece.node) for piece in run]
    pad = tuple(max(map(len, column)) for column in zip(*heads, strict=True)) if heads else ()
    return [evolve(piece, pad=pad) for piece in run]


def _head(node: object) -> tuple[str, ...]:
    """What stands before the `=`, in columns."""
    match node:
        case tree.Declaration():
            count = f"[{printer.print_expr(node.count)}]" if node.count is not None else ""
            return node.kind, f"{node.name.id}{count}"
        case tree.Param():
            return f"param {node.name.id}" + ":" * bool(node.type), printer.print_type(node.type) if node.type else ""
        case tree.SetEdit():
            return "set", printer.print_path(node.path)
        case tree.Setting():
            return (node.name.id,)
        case _:
            return ()


def _assignment(node: object, pad: tuple[int, ...]) -> tuple[str, tree.Expr, str]:
    """A statement with one value as what stands before it, the value, and what stands after it."""
    columns = _head(node)
    widths = pad or (0,) * len(columns)
    lead = "".join(f"{text:<{width}} " for text, width in zip(columns, widths, strict=True) if width or text) + "= "
    match node:
        case tree.Param() if node.where is not None:
            return lead, node.value, f" where {printer.print_expr(node.where)}"
        case tree.Declaration() | tree.Param() | tree.SetEdit() | tree.Setting():
            return lead, node.value, ""
        case tree.Eval() | tree.Watch():
            return f"{type(node).__name__.lower()} ", node.value, ""
        case tree.Sweep():
            return f"sweep {printer.print_path(node.path)} in ", node.values, ""
        case _Return():
            return "return ", node.value, ""
    raise InternalError(f"the formatter does not know {type(node).__name__}")


def _render(lines: list[Line]) -> str:
    """The text of the lines; comments that follow code on adjacent lines stand below each other."""
    out: list[str] = []
    i = 0
    while i < len(lines):
        run = i
        while run < len(lines) and lines[run].text and lines[run].comment:
            run += 1
            if lines[run - 1].text.endswith(("{", "(", "[")):  # what comes next stands further in
                break
        column = max((line.indent + len(line.text) for line in lines[i:run]), default=0) + STEP
        for line in lines[i:run]:
            out.append(f"{' ' * line.indent}{line.text}".ljust(column) + line.comment)
        if run == i:
            line = lines[i]
            out.append(" " * line.indent + (line.text or line.comment) if line.text or line.comment else "")
            run += 1
        i = run
    return "\n".join(out)
