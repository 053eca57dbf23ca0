"""The only writers of runs, measures, snapshots, containments and verifications. Split by noun; others import from here."""

from .answers import receive_answer, receive_drop, receive_failure, receive_hold
from .approving import PURPOSE as CONTAINMENT
from .approving import carry_out_approved, end_refused
from .containing import (
    ask_for_containment,
    check_again,
    expire_containment,
    note_by_hand,
    propose_containment,
    undo_containment,
    withdraw_containment,
    withdraw_idle,
)
from .executing import poll_serving, time_out_containment
from .measures import finish_measure, set_measure
from .phases import close_phase, end_phases
from .preparing import begin_checks, prepare_run
from .running import change_runbook, meet_shown, offer_runbook, owe_again, review_run, start_run
from .snapshots import finish_late, take_snapshot
from .stepping import assign_step, move_step
from .verifying import (
    change_verification,
    check_recovery,
    freeze_baseline,
    give_up_check,
    look_again,
    override_verification,
    stop_watching,
)

__all__ = [
    "CONTAINMENT", "ask_for_containment", "assign_step", "begin_checks", "carry_out_approved", "change_runbook",
    "change_verification", "check_again", "check_recovery", "close_phase", "end_phases", "end_refused", "expire_containment",
    "finish_late", "finish_measure", "freeze_baseline", "give_up_check", "look_again", "meet_shown", "move_step",
    "note_by_hand", "offer_runbook", "override_verification", "owe_again", "poll_serving", "prepare_run", "propose_containment",
    "receive_answer", "receive_drop", "receive_failure", "receive_hold", "review_run", "set_measure", "start_run",
    "stop_watching", "take_snapshot", "time_out_containment", "undo_containment", "withdraw_containment", "withdraw_idle",
]  # fmt: skip
