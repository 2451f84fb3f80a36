"""Edits of one update of a step: `--set student.optimizer.lr=0.1`, `--drop student`."""

from collections.abc import Sequence

from ssldsl.check.edits.statements import KINDS, Edit
from ssldsl.check.stages.updates import SETTINGS
from ssldsl.syntax import tree


def addressed(body: Sequence[tree.Statement], edit: Edit, path: Sequence[tree.Name]) -> tree.Update | None:
    """The update of a stage that an edit means: the whole, one of its settings, or a term that is dropped.

    A network may have the same name: then `teacher.width` is of the network.
    """
    update = next((s for s in body if isinstance(s, tree.Update) and s.name.id == path[0].id), None)
    is_inside = len(path) == 1 or isinstance(edit, tree.DropEdit) or path[1].id in (*SETTINGS, *KINDS)
    return update if is_inside else None
