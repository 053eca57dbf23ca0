"""May this incident move, may it close, which year does it count in. Plain values in, answers with reasons out."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bongsu.kernel.errors import NotFound
from bongsu.kernel.text import Text, text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs.rules.taxonomy import Taxonomy

FILE, LINK, QUOTE = "file", "link", "quote"
NOTE, DECISION = "note", "decision"
NOTE_KINDS = (NOTE, DECISION)
EVIDENCE = "evidence"  # beside these in the composer
IC = "ic"
FALSE_POSITIVE = "false_positive"
LONGEST_NOTE = 20_000
LONGEST_QUOTE = 20_000


@dataclass(frozen=True)
class Situation:
    """What the table of states is asked about."""

    is_ic: bool
    is_commander: bool
    is_responder: bool
    is_machine: bool
    has_ic: bool
    has_reason: bool
    has_evidence: bool
    open_duties: Sequence[str] = ()
    waits_for_listeners: bool = False


WHO = {
    "ic": _("the commander (IC) of this incident, who has accepted"),
    "commander": _("whoever may command"),
    "responder": _("whoever responds"),
    "machine": _("Bongsu itself"),
}


def who_may(who: Iterable[str], at: Situation) -> bool:
    """Whether one of `who` (ic, commander, responder, machine) describes the one who acts."""
    is_one = {"ic": at.is_ic, "commander": at.is_commander, "responder": at.is_responder, "machine": at.is_machine}
    return any(is_one[kind] for kind in who)


def next_state(state: str, ways: Sequence[str]) -> str | None:
    """The natural way on, of those that are open: recovery once measures are under way, else what the table names first."""
    if state in ("mitigating", "monitoring"):
        return "resolved" if "resolved" in ways else None
    return next((way for way in ways if way not in ("resolved", "reopened", FALSE_POSITIVE)), None)


def missing_for(requires: Iterable[str], at: Situation) -> list[Text]:
    """What a move still lacks; empty when it may go ahead."""
    lacks: list[Text] = []
    for condition in requires:
        if condition == "reason" and not at.has_reason:
            lacks.append(text(_("a reason")))
        if condition == "ic" and not at.has_ic:
            lacks.append(text(_("an incident commander who has accepted")))
        if condition == "evidence" and not at.has_evidence:
            lacks.append(text(_("at least one piece of evidence")))
        if condition == "duties_met":
            lacks += _duties(at)
    return lacks


def _duties(at: Situation) -> list[Text]:
    if at.waits_for_listeners:
        return [text(_("a moment of patience: some parts of the house have not said yet what this incident still owes"))]
    if at.open_duties and not at.has_reason:
        return [
            text(_("a reason, because {n} duties are open: {titles}"), n=len(at.open_duties), titles=", ".join(at.open_duties))
        ]
    return []


def year_of(moment: datetime, zone: str) -> int:
    """The year an incident is numbered in: the organisation's zone decides at New Year."""
    return moment.astimezone(ZoneInfo(zone)).year


def wrong_moments(*, occurred_at: datetime | None, detected_at: datetime, declared_at: datetime) -> dict[str, str]:
    """What cannot be about the moments of an incident, by field: nothing is detected before it occurred, or tomorrow."""
    given = {"occurred_at": occurred_at, "detected_at": detected_at}
    wrong = {name: _("A moment needs its time zone.") for name, at in given.items() if at and at.tzinfo is None}
    if wrong:
        return wrong
    if occurred_at and occurred_at > detected_at:
        wrong["occurred_at"] = _("It cannot have been detected before it happened.")
    if detected_at > declared_at:
        wrong["detected_at"] = _("It cannot have been detected in the future.")
    return wrong


def said(title: dict[str, str], language: str) -> str:
    """A bilingual title in the reader's language; Korean when a language is missing."""
    return title.get(language[:2]) or title.get("ko") or next(iter(title.values()), "")


# --- how a fact's values are said -------------------------------------------------------------------------------------

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
WORDS_OF: dict[str, dict[str, str]] = {  # fact -> field -> what its key names
    "escalations.recomputed": {"old": "severity", "new": "severity"},
    "runbooks.dry_run_asked": {"kind": "containment"},
    "incidents.opened": {"severity": "severity"},
    "incidents.severity_changed": {"old": "severity", "new": "severity"},
    "incidents.state_moved": {"old": "state", "new": "state"},
    "incidents.role_assigned": {"role": "role"},
    "incidents.classified": {"old_type": "type", "type": "type", "old_subtype": "subtype", "subtype": "subtype"},
    "incidents.details_changed": {"changed": "field"},
    "incidents.evidence_labelled": {"labels": "label"},
}
FIELD_WORDS = {
    "title": _("the title"),
    "description": _("the description"),
    "status_page_url": _("the status page"),
    "details": _("the details"),
    "is_harmful=True": _("harmful: blurred"),
    "is_harmful=False": _("not harmful"),
    "has_legal_hold=True": _("legal hold"),
    "has_legal_hold=False": _("legal hold lifted"),
    "is_privileged=True": _("privileged"),
    "is_privileged=False": _("not privileged"),
}


def in_words(fact: str, values: Mapping[str, Any], taxonomy: Taxonomy, language: str) -> dict[str, Any]:
    """A fact's values for its sentence: moments as moments, keys of the pack as words; what is not known stays."""
    kinds = {"post": "post", "posts": "post", **WORDS_OF.get(fact.partition("@")[0], {})}
    return {name: _in_words(kinds.get(name, ""), value, taxonomy, language) for name, value in values.items()}


def _in_words(kind: str, value: Any, taxonomy: Taxonomy, language: str) -> Any:
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return datetime.fromisoformat(value)
    if kind in ("field", "label"):
        names = value if isinstance(value, list) else str(value).split(", ")
        return [Text(FIELD_WORDS[name]) if name in FIELD_WORDS else name for name in names]
    if isinstance(value, list):
        return [_in_words(kind, one, taxonomy, language) for one in value]
    if kind and isinstance(value, str):
        return _label(kind, value, taxonomy, language)
    return value


def _label(kind: str, key: str, taxonomy: Taxonomy, language: str) -> str:
    try:
        found = getattr(taxonomy, kind)(key)
    except NotFound:
        return key
    word = str((found.title if kind == "post" else found.label).say(language))
    return f"{key} {word}" if kind == "severity" else word
