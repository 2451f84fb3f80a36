"""Edits of `train` and `init`: the statements that name networks instead of setting a value."""

from attrs import evolve

from ssldsl.syntax import tree

Edit = tree.SetEdit | tree.DropEdit
Statements = tuple[tree.Statement, ...]
KINDS: dict[str, type[tree.Train | tree.Init]] = {"train": tree.Train, "init": tree.Init}


def edited(statements: Statements, edit: Edit, word: str) -> Statements | None:
    """The statements of a stage with its `train` or `init` changed, or nothing where the edit does not tell how.

    `set train = [encoder.layer4, classes]`; `set init = joint.average`, of the networks that are named already, or
    `set init = {encoder: joint, classes: pretrain}`; `drop` takes the statement out.
    """
    kind = KINDS[word]
    first = next((i for i, s in enumerate(statements) if isinstance(s, kind)), len(statements))
    others = tuple(s for s in statements if not isinstance(s, kind))
    if isinstance(edit, tree.DropEdit):
        return others if first < len(statements) else None
    if word == "train":
        items = edit.value.items if isinstance(edit.value, tree.ListExpr) else (edit.value,)
        made: Statements = (tree.Train(items, span=edit.span),)
    elif isinstance(edit.value, tree.MapExpr):
        made = tuple(_from_entry(entry, edit) for entry in edit.value.entries)
    else:
        made = tuple(evolve(s, origin=edit.value) for s in statements if isinstance(s, tree.Init))
    return (*others[:first], *made, *others[first:]) if made else None


def _from_entry(entry: tree.MapEntry, edit: tree.SetEdit) -> tree.Init:
    """`encoder.layer4: joint` as a statement: each name is a part of what stands before it."""
    first, *rest = entry.key.id.split(".")
    net: tree.Expr = tree.Ref(first, span=entry.key.span)
    for name in rest:
        net = tree.Attribute(net, tree.Name(name, span=entry.key.span), span=entry.key.span)
    return tree.Init((net,), entry.value, span=edit.span)
