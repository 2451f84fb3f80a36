"""What must hold of a stage, and of a spec, that has been read. A rule is a file, whose first line says what holds.

A rule yields what is wrong and changes nothing. Of several faults inside one call of the library only the first is
told, and so the order of the lists is the order in which a person would want to hear of them.
"""

from collections.abc import Callable, Iterator

from ssldsl.check.rules.chosen_apart import chosen_apart
from ssldsl.check.rules.chosen_clock import chosen_clock
from ssldsl.check.rules.earlier_stage import earlier_stage
from ssldsl.check.rules.ends import ends
from ssldsl.check.rules.equal_parts import equal_parts
from ssldsl.check.rules.evaluation_pace import evaluation_pace
from ssldsl.check.rules.few_rows import few_rows
from ssldsl.check.rules.follows_at_once import follows_at_once
from ssldsl.check.rules.forward_policy import forward_policy
from ssldsl.check.rules.half_averaged import half_averaged
from ssldsl.check.rules.handed_memory import handed_memory
from ssldsl.check.rules.heads_by_themselves import heads_by_themselves
from ssldsl.check.rules.held_out_apart import held_out_apart
from ssldsl.check.rules.idle_stream import idle_stream
from ssldsl.check.rules.keeps_from_collapse import keeps_from_collapse
from ssldsl.check.rules.keeps_what_is_measured import keeps_what_is_measured
from ssldsl.check.rules.lone_sample import lone_sample
from ssldsl.check.rules.never_completes import never_completes
from ssldsl.check.rules.oversized_batch import oversized_batch
from ssldsl.check.rules.recurring_pace import recurring_pace
from ssldsl.check.rules.same_preparation import same_preparation
from ssldsl.check.rules.several_updates import several_updates
from ssldsl.check.rules.short_memory import short_memory
from ssldsl.check.rules.stays_random import stays_random
from ssldsl.check.rules.sweep_has_values import sweep_has_values
from ssldsl.check.rules.takes_nothing_over import takes_nothing_over
from ssldsl.check.rules.uneven_images import uneven_images
from ssldsl.check.rules.unfed_memory import unfed_memory
from ssldsl.check.rules.unmatched_edit import unmatched_edit
from ssldsl.check.rules.unreached_module import unreached_module
from ssldsl.check.rules.untrained_term import untrained_term
from ssldsl.check.rules.unused_name import unused_name
from ssldsl.check.rules.watch_changes_nothing import watch_changes_nothing
from ssldsl.check.rules.zero_weights import zero_weights
from ssldsl.check.state.reader import Reader, SpecReading
from ssldsl.errors import Diagnostic
from ssldsl.ir.program import Stage

Rule = Callable[[Stage, Reader], Iterator[Diagnostic]]
SpecRule = Callable[[SpecReading], Iterator[Diagnostic]]

RULES: tuple[Rule, ...] = (
    untrained_term,  # a term that trains nothing will be taken out, and its other faults with it
    earlier_stage,  # a stage that is not there explains the weights that are missing
    unreached_module,  # after the terms: one of them may only lack its gradient
    handed_memory,
    unfed_memory,
    short_memory,  # numbers of rows, before the sizes of their images
    lone_sample,
    few_rows,
    uneven_images,  # before `forward_policy`: images that are no batch can be merged in no way
    forward_policy,
    ends,
    equal_parts,
    recurring_pace,
    several_updates,
    watch_changes_nothing,
    half_averaged,
    keeps_what_is_measured,
    zero_weights,  # the warnings, last: some are silent where anything is wrong
    idle_stream,
    oversized_batch,
    never_completes,
    takes_nothing_over,  # before `stays_random`: a network without weights of an earlier stage has the same cause
    stays_random,
    follows_at_once,
    keeps_from_collapse,
    evaluation_pace,
    chosen_clock,
    same_preparation,
    held_out_apart,
    chosen_apart,
    heads_by_themselves,
)
SPEC_RULES: tuple[SpecRule, ...] = (
    unmatched_edit,
    sweep_has_values,
    unused_name,  # last: silent where anything is wrong
)
