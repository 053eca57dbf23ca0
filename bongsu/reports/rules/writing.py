"""The words of the report: every place of the form, filled with what is known, or with a clear prompt for a person."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from bongsu.documents.rules.content import open_place
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _

from .known import Alarm, Item, Known, Line, Measure

MOST_LINES = 400  # rows of the timeline that are printed
SPECIAL = re.compile(r"[\\`*\[\]<|]|~~|(?<!\w)_|_(?!\w)|^[#>+\-=]|(?<=^\d)[.)](?=\s|$)|(?<=^\d\d)[.)](?=\s|$)")
PROMPT = _("To be written by a person")


@dataclass(frozen=True)
class Tongue:
    """How things are said in the report's language and zone. `say` takes a message or `Text`, `span` a length of time."""

    say: Callable[[Text | str], str]
    span: Callable[[timedelta], str]
    zone: tzinfo

    def text(self, message: str, **values: object) -> str:
        return self.say(Text(message, values))

    def at(self, at: datetime | None) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M %Z}" if at else self.say(_("not known"))

    def prompt(self, what: str) -> str:
        """A place that only a person can fill; on a line of its own."""
        return open_place(self.say(PROMPT), self.say(what))


def inline(text: str) -> str:
    """Free text as one line of Markdown that means nothing but its words."""
    return SPECIAL.sub(lambda found: "".join(f"\\{c}" for c in found[0]), " ".join(text.split()))


def places(known: Known, tongue: Tongue) -> dict[str, str]:
    """A value for every place the form may name."""
    return {
        "incident_id": known.number,
        "title": inline(known.title),
        "severity": known.severity,
        "type": known.type,
        "subtype": known.subtype,
        "state": known.state,
        "owner": known.owner or tongue.say(_("nobody")),
        "occurred_at": began(known, tongue),
        "detected_at": tongue.at(known.detected_at),
        "declared_at": tongue.at(known.declared_at),
        "resolved_at": tongue.at(known.resolved_at) if known.resolved_at else tongue.say(_("not resolved yet")),
        "summary": summary(known, tongue),
        "timeline": timeline(known, tongue),
        "impact": "",
        **causes(known, tongue),
        **impact(known, tongue),
        "mitigation_temporary": measures(
            [m for m in known.measures if m.is_temporary], tongue, _("what was done at once to stop the harm")
        ),
        "mitigation_permanent": measures(
            [m for m in known.measures if not m.is_temporary], tongue, _("what removes the cause for good, and by when")
        ),
        "action_items": action_items(known, tongue),
        **lessons(known, tongue),
    }


def began(known: Known, tongue: Tongue) -> str:
    if known.occurred_at:
        return tongue.at(known.occurred_at)
    return tongue.text(_("{at} (noticed; the beginning is not known)"), at=tongue.at(known.detected_at))


def summary(known: Known, tongue: Tongue) -> str:
    """One page at most: what, when, whom it hit, what was done, where it stands."""
    where = inline(known.system or known.scope) or tongue.say(_("an AI service"))
    told = [
        tongue.text(
            _("From {began} {where} was hit by an incident of the kind “{type}” ({subtype}), handled as {severity}: {title}."),
            began=began(known, tongue), where=where, type=known.type, subtype=known.subtype, severity=known.severity,
            title=inline(known.title).rstrip("."),
        ),
        _reaction(known, tongue),
        tongue.text(
            _("Affected: {users}. From occurrence to recovery: {interruption}. Estimated loss: {loss}."),
            users=users(known, tongue), interruption=interruption(known, tongue), loss=loss(known, tongue),
        ),
    ]  # fmt: skip
    done = [m for m in known.measures if m.is_temporary][:3]
    if done:
        told.append(tongue.text(_("Measures: {measures}."), measures="; ".join(inline(m.text).rstrip(".") for m in done)))
    told.append(tongue.text(_("Present state: {state}."), state=known.state))
    if known.is_drill:
        told.insert(0, "**" + tongue.say(_("This was a drill.")) + "**")
    if known.description:
        told.insert(1, inline(known.description)[:1200])
    return "\n\n".join(
        [
            *told,
            tongue.prompt(
                _("what this means for customers and for the business, and which risk remains; two or three sentences")
            ),
        ]
    )


def _reaction(known: Known, tongue: Tongue) -> str:
    told = tongue.text(_("It was detected {detected} and declared {declared}."), detected=tongue.at(known.detected_at),
                       declared=tongue.at(known.declared_at))  # fmt: skip
    if known.responded_at:
        span = known.responded_at - known.declared_at
        said = _("{owner} took command after {span}.") if span >= timedelta(minutes=1) else _("{owner} took command at once.")
        told += " " + tongue.text(said, owner=inline(known.owner), span=tongue.span(span))
    return told


def timeline(known: Known, tongue: Tongue) -> str:
    """Oldest first: time, event, who."""
    lines = sorted(known.lines, key=lambda line: line.at)  # the sort is stable: entries of one moment keep their order
    left_out = max(0, len(lines) - MOST_LINES)
    shown = lines[: MOST_LINES // 2] + lines[len(lines) - MOST_LINES // 2 :] if left_out else lines
    heads = [tongue.say(word) for word in (_("Time"), _("Event"), _("Who"))]
    rows = [f"| {' | '.join(heads)} |", "| --- | --- | --- |", *(_row(line, tongue) for line in shown)]
    if left_out:
        rows += ["", tongue.text(_("{n} entries in the middle are left out here; the ledger has them all."), n=left_out)]
    zone = f"{known.began_at.astimezone(tongue.zone):%Z}"
    return "\n".join([*rows, "", tongue.text(_("All times are in {zone}. Built from the hash-chained ledger."), zone=zone)])


def _row(line: Line, tongue: Tongue) -> str:
    text = inline(line.text)
    if line.retraction:
        gone = tongue.text(_("retracted: {reason}"), reason=inline(line.retraction))
        text = f"~~{text}~~ ({gone})"
    if line.recorded_at:
        late = tongue.text(_("recorded {at}"), at=f"{line.recorded_at.astimezone(tongue.zone):%m-%d %H:%M}")
        text += f" ({late})"
    return f"| {line.at.astimezone(tongue.zone):%Y-%m-%d %H:%M} | {text} | {inline(line.who)} |"


def causes(known: Known, tongue: Tongue) -> dict[str, str]:
    technical = [f"- {_alarm(alarm, tongue)}" for alarm in known.alarms]
    process = []
    if known.responded_at and known.respond_within is not None:
        took = known.responded_at - known.declared_at
        said = _("First response after {took}; the target was {target}: met.") if took <= known.respond_within else _(
            "First response after {took}; the target was {target}: missed.")  # fmt: skip
        process.append(f"- {tongue.text(said, took=tongue.span(took), target=tongue.span(known.respond_within))}")
    if known.occurred_at and known.detected_at > known.occurred_at:
        took = known.detected_at - known.occurred_at
        process.append("- " + tongue.text(_("It took {took} from the beginning until it was noticed."), took=tongue.span(took)))
    process += ["- " + tongue.text(_("Overdue: {what}"), what=inline(late)) for late in known.late]
    return {
        "root_cause": "",
        "root_cause_technical": _with(
            technical, tongue.prompt(_("the technical cause: which component failed, since which change, and why"))
        ),
        "root_cause_process": _with(
            process, tongue.prompt(_("what in our process let it happen or let it last: tests, releases, monitoring"))
        ),
        "root_cause_human": tongue.prompt(
            _("what made the right act hard: knowledge, load, hand-over, tools; no blame, no names")
        ),
    }


def _alarm(alarm: Alarm, tongue: Tongue) -> str:
    told = tongue.text(
        _("Alarm “{title}” ({source}), {at}"), title=inline(alarm.title), source=inline(alarm.source), at=tongue.at(alarm.at)
    )
    if alarm.value:
        told += tongue.text(_(": measured {value}"), value=inline(alarm.value))
    if alarm.limit:
        told += tongue.text(_(", limit {limit}"), limit=inline(alarm.limit))
    return told


def _with(facts: Iterable[str], prompt: str) -> str:
    return "\n".join([*facts, *([""] if facts else []), prompt])


def users(known: Known, tongue: Tongue) -> str:
    if known.users is None:
        return tongue.say(_("not known yet"))
    return tongue.text(_("{n} users"), n=f"{known.users:,}")


def interruption(known: Known, tongue: Tongue) -> str:
    """`2026-11-11 14:30 → 18:45 (4 h 15 min)`; it goes on while nothing is resolved. How long the incident lasted: whether the
    service stood still all the time is not on record."""
    span = known.interruption
    if span is None or known.resolved_at is None:
        return tongue.text(_("goes on since {since}"), since=tongue.at(known.began_at))
    start, end = known.began_at.astimezone(tongue.zone), known.resolved_at.astimezone(tongue.zone)
    until = f"{end:%H:%M}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
    told = f"{start:%Y-%m-%d %H:%M} → {until} ({tongue.span(span)})"
    return told if known.occurred_at else tongue.text(_("{told}, counted from its detection"), told=told)


def loss(known: Known, tongue: Tongue) -> str:
    if known.loss is None:
        return tongue.say(_("not estimated yet"))
    whole = known.loss == known.loss.to_integral_value()
    return f"{known.currency} {known.loss:{',.0f' if whole else ',.2f'}}".strip()


def impact(known: Known, tongue: Tongue) -> dict[str, str]:
    risk = inline(known.regulatory_risk) or tongue.say(_("not assessed yet"))
    more = []
    if known.regions:
        more.append("- " + tongue.text(_("Regions: {regions}"), regions=inline(", ".join(known.regions))))
    if known.scope:
        more.append("- " + tongue.text(_("Scope: {scope}"), scope=inline(known.scope)))
    more += [f"- {inline(label)}: {inline(value)}" for label, value in known.harms]
    more += ["- " + tongue.text(_("Legal duty: {duty}"), duty=inline(duty)) for duty in known.legal]
    lacks = known.users is None or known.loss is None or not known.regulatory_risk
    if lacks:
        more += ["", tongue.prompt(_("the figures that are missing above, with how they were found"))]
    return {
        "users_affected": users(known, tongue),
        "interruption": interruption(known, tongue),
        "loss": loss(known, tongue),
        "regulatory_risk": "\n".join([risk, *more]),
    }


def measures(found: list[Measure], tongue: Tongue, missing: str) -> str:
    if not found:
        return f"\n   {tongue.prompt(missing)}"
    return "".join(f"\n   - {inline(m.text)}{f' ({inline(m.state)})' if m.state else ''}" for m in found)


def action_items(known: Known, tongue: Tongue) -> str:
    """A checklist with owner and due date."""
    rows = [_item(item, tongue) for item in known.items]
    return "\n".join([*rows, *([""] if rows else []), tongue.prompt(_("what else must be done, each with an owner and a date"))])


def _item(item: Item, tongue: Tongue) -> str:
    owner = inline(item.owner) or tongue.say(_("to be named"))
    due = f"{item.due_at.astimezone(tongue.zone):%Y-%m-%d}" if item.due_at else tongue.say(_("to be set"))
    mark = "x" if item.is_done else " "
    by_whom = tongue.text(_("owner: {owner}, due: {due}"), owner=owner, due=due)
    return f"- [{mark}] {inline(item.text)} — {by_whom}"


def lessons(known: Known, tongue: Tongue) -> dict[str, str]:
    advice = ["- " + tongue.text(_("Said at the end of the runbook: {advice}"), advice=inline(said)) for said in known.advice]
    return {
        "lessons_process": _with(advice, tongue.prompt(_("what we will do differently next time"))),
        "lessons_prevention": tongue.prompt(_("what makes it impossible, or visible earlier: a test, a gate, a monitor")),
        "lessons_team": tongue.prompt(_("what the team must know or train")),
    }
