"""Containment as a table of states; which version to go back to; who decides; what a failed write means (C7, M7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bongsu.kernel.text import Text, text
from bongsu.kernel.text import gettext_noop as _

READING, PROPOSED, SNAPSHOT, APPROVAL, EXECUTING = "reading", "proposed", "snapshot", "approval", "executing"
MOVED, DONE, STALE, FAILED, TIMED_OUT = "moved", "done", "stale", "failed", "timed_out"
REFUSED, WITHDRAWN, HELD, UNDONE = "refused", "withdrawn", "held", "undone"

STATES = {
    READING: _("dry run"),
    PROPOSED: _("proposed"),
    SNAPSHOT: _("taking the snapshot"),
    APPROVAL: _("waiting for approval"),
    EXECUTING: _("executing"),
    MOVED: _("moved but not loaded"),
    DONE: _("done"),
    STALE: _("stopped: somebody changed it meanwhile"),
    FAILED: _("failed"),
    TIMED_OUT: _("timed out"),
    REFUSED: _("not approved"),
    WITHDRAWN: _("withdrawn"),
    HELD: _("held at the gate"),
    UNDONE: _("undone"),
}
ACTIVE = frozenset({SNAPSHOT, APPROVAL, EXECUTING, MOVED})  # one of these per alias at a time

# (from, to): who or what moves it, and what it requires
TRANSITIONS: dict[tuple[str, str], str] = {
    (READING, PROPOSED): "the registry said what the alias is at; before and after differ",
    (READING, FAILED): "the registry cannot be read, or there is no version to go to",
    (READING, WITHDRAWN): "there is nothing to do: the alias is there already, or a person takes it back",
    (PROPOSED, SNAPSHOT): "a person asks for it, or the policy lets the machine",
    (PROPOSED, WITHDRAWN): "a person takes it back",
    (SNAPSHOT, APPROVAL): "the snapshot is kept",
    (SNAPSHOT, EXECUTING): "the snapshot is kept, and the policy asks nobody at this confirmed severity",
    (SNAPSHOT, FAILED): "the registry's part of the snapshot cannot be had",
    (SNAPSHOT, WITHDRAWN): "a person takes it back",
    (APPROVAL, EXECUTING): "another person approved exactly this effect",
    (APPROVAL, REFUSED): "another person did not approve",
    (APPROVAL, WITHDRAWN): "a person takes it back",
    (EXECUTING, MOVED): "the registry says that the alias moved",
    (EXECUTING, STALE): "the alias is not where the dry run saw it",
    (EXECUTING, FAILED): "the registry did not do it",
    (EXECUTING, TIMED_OUT): "the registry did not answer in time",
    (MOVED, DONE): "the serving process reports the version",
    (MOVED, TIMED_OUT): "the serving process did not report the version in time",
    (TIMED_OUT, MOVED): "it moved after all, or a person has it looked at again",
    (TIMED_OUT, STALE): "a late answer: the alias is not where the dry run saw it",
    (TIMED_OUT, DONE): "the serving process reports the version after all",
    (WITHDRAWN, MOVED): "it was under way when it was taken back, and moved after all",
    (DONE, UNDONE): "the containment that undoes it is done",
    (TIMED_OUT, UNDONE): "the containment that undoes it is done",
    (WITHDRAWN, UNDONE): "it moved after all, and the containment that undoes it is done",
} | {(state, HELD): "the gate let nothing leave: a drill, a demo, a hold" for state in (READING, SNAPSHOT, EXECUTING, MOVED)} | {
    (HELD, state): "the gate let it go" for state in (READING, SNAPSHOT, EXECUTING, MOVED)
} | {
    (HELD, WITHDRAWN): "a person takes it back, or another took its place meanwhile",
    (HELD, TIMED_OUT): "another took its place after its alias had moved",
}  # fmt: skip

QUARANTINED = "quarantined"
NOT_QUARANTINED = ("", "no", "false")
AUTOMATIC_EVERY = timedelta(hours=1)
MACHINE, PROPOSE, PERSON = "machine", "propose", "person"


def may_move(source: str, target: str) -> bool:
    return (source, target) in TRANSITIONS


def can_undo(state: str, *, is_moved: bool, is_undo: bool) -> bool:
    """Whether there is a move of the alias to take back: a late one of a withdrawn containment too, but no undoing."""
    return is_moved and not is_undo and state in (DONE, TIMED_OUT, WITHDRAWN)


def target_version(
    versions: Sequence[Mapping[str, Any]], *, current: str, wanted: str, good: str
) -> tuple[str, Text | None]:  # fmt: skip
    """(the version to move to, why none). `wanted` is a person's choice, `good` the last known good one.

    Without either nothing is guessed: a version nobody called good is a person's decision.
    """
    known = {str(v["version"]): v for v in versions}
    choice = wanted or good
    if not choice:
        return "", text(_("No version is known to be good. Choose the version to go back to."))
    if choice not in known:
        return "", text(_("The registry has no version {version} of this model."), version=choice)
    if choice == current:
        return "", text(_("The alias is at version {version} already: there is nothing to move."), version=choice)
    if not wanted and is_quarantined(known[choice].get("tags", {})):
        return "", text(_("Version {version} is marked as quarantined. Choose another version."), version=choice)
    return choice, None


def is_quarantined(tags: Mapping[str, Any]) -> bool:
    return str(tags.get(QUARANTINED, "")).lower() not in NOT_QUARANTINED


@dataclass(frozen=True)
class Decision:
    """Whether a person must approve, and why."""

    needs_approval: bool
    why: Text


def decision(*, mode: str, is_confirmed: bool, was_automatic_lately: bool, is_undo: bool = False) -> Decision:
    """Who decides: the policy lets the machine act alone only for a confirmed severity and once an hour per model."""
    if mode != MACHINE or is_undo:
        return Decision(True, text(_("The policy asks for the approval of another person.")))
    if not is_confirmed:
        return Decision(True, text(_("No person has confirmed the severity, so a person approves.")))
    if was_automatic_lately:
        return Decision(True, text(_("This model was rolled back by itself within the last hour, so a person approves.")))
    return Decision(False, text(_("The policy lets the machine do this alone at this severity.")))


def after_failed_write(*, at: str, before: str, after: str) -> str:
    """What a failed write means, from where the alias is found afterwards."""
    if at == after:
        return MOVED  # it went through, only its answer was lost
    return FAILED if at == before else STALE


def on_expiry(*, mode: str, is_by_hand: bool) -> str:
    """When a temporary measure has had its time: the machine undoes it where the policy lets it, else it reminds."""
    return "undo" if mode == MACHINE and not is_by_hand else "remind"


def effect(*, model: str, alias: str, before: str, after: str, serving: str, is_undo: bool) -> Text:
    """The exact effect in words: what a person approves."""
    loaded = text(_("The serving process reports version {version} now."), version=serving) if serving else text(
        _("What the serving process has loaded is not known.")
    )  # fmt: skip
    mark = _("Version {after} loses its quarantine mark.") if is_undo else _("Version {before} is marked as quarantined.")
    return text(
        _("The alias “{alias}” of the model “{model}” moves from version {before} to version {after}. {mark} {loaded} Nothing else is changed."),  # noqa: E501
        alias=alias, model=model, before=before, after=after, mark=text(mark, before=before, after=after), loaded=loaded,
    )  # fmt: skip
