"""Severity, classification, state, impact and the four moments."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from bongsu.events.actions import action, record
from bongsu.events.queries import has_open_listeners
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, Refused
from bongsu.kernel.text import Text, text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs

from ..facts import Classified, DetailsChanged, ImpactChanged, SeverityChanged, StateMoved
from ..models import Incident, RoleAssignment
from ..rules import IC, WHO, Situation, missing_for, said, who_may
from .locking import is_ic, locked
from .visibility import let_in_by_rule, posts_readers

CLOSED, RESOLVED, REOPENED = "closed", "resolved", "reopened"
IMPACT = ("affected_users", "affected_scope", "regions", "loss", "currency", "regulatory_risk")
DETAILS = ("title", "description", "status_page_url", "details")


@action
def change_severity(actor: Actor, *, incident: UUID, severity: str, reason: str) -> Incident:
    """Up or down, with a reason; listeners compute every running deadline again."""
    found = locked(actor, incident)
    if severity not in [s.key for s in packs.taxonomy(found.pack_id).severities]:
        raise Invalid(_("Unknown severity: choose P0, P1, P2 or P3."), fields={"severity": _("Unknown severity.")})
    _need_reason(reason)
    if severity == found.severity:
        raise Refused(_("It is {severity} already."), severity=severity)
    old, found.severity = found.severity, severity
    found.save(update_fields=["severity"])
    for person in posts_readers(found) if found.subject.restricted else []:
        let_in_by_rule(actor, incident=found, person=person, reason=Text(_("posts of {severity}"), {"severity": severity}))
    record(actor, SeverityChanged(subject=found.subject_id, old=old, new=severity, reason=reason))
    return found


@action
def classify(actor: Actor, *, incident: UUID, type: str, subtype: str, reason: str) -> Incident:
    """Change type and sub-type, with a reason."""
    found = locked(actor, incident)
    taxonomy = packs.taxonomy(found.pack_id)
    if type not in [t.key for t in taxonomy.types] or subtype not in [s.key for s in taxonomy.type(type).subtypes]:
        raise Invalid(_("Unknown classification."), fields={"subtype": _("This type has no such sub-type.")})
    _need_reason(reason)
    before = found.type, found.subtype
    if before == (type, subtype):
        raise Refused(_("It is classified like that already."))
    found.type, found.subtype = type, subtype
    found.save(update_fields=["type", "subtype"])
    record(
        actor,
        Classified(
            subject=found.subject_id, old_type=before[0], old_subtype=before[1], type=type, subtype=subtype, reason=reason
        ),
    )
    return found


@action
def move_state(actor: Actor, *, incident: UUID, state: str, reason: str = "") -> Incident:
    """Move along the pack's table of states; refuses with everything that is still missing."""
    found = locked(actor, incident)
    taxonomy = packs.taxonomy(found.pack_id)
    transition = taxonomy.transition(found.state, state)
    if transition is None:
        raise Refused(
            _("From “{old}” there is no way to “{new}”."),
            old=_label(taxonomy, found.state, actor),
            new=_label(taxonomy, state, actor),
        )
    at = situation(actor, found, reason)
    if not who_may(transition.who, at):
        raise Refused(_("This step is for: {who}."), who=[text(WHO[one]) for one in transition.who])
    if lacks := missing_for(transition.requires, at):
        raise Refused(_("“{step}” still needs {missing}."), step=transition.label.say(actor.language), missing=_joined(lacks))
    old, found.state = found.state, state
    found.is_open = taxonomy.state(state).is_open
    _refuse_second_of_group(found)
    _stamp(found, state)
    found.save(update_fields=["state", "is_open", "resolved_at", "closed_at"])
    record(
        actor,
        StateMoved(subject=found.subject_id, old=old, new=state, reason=reason, restarts_clocks=transition.restarts_clocks),
    )
    return found


def _refuse_second_of_group(incident: Incident) -> None:
    """One open incident per source: reopening waits for the one that burns now (its number may not be ours to say)."""
    others = Incident.objects.filter(group_key=incident.group_key, is_drill=incident.is_drill, is_open=True)
    if incident.is_open and incident.group_key and others.exclude(pk=incident.pk).exists():
        raise Refused(_("Another incident is open for the same source. Go on there."))


def situation(actor: Actor, incident: Incident, reason: str = "") -> Situation:
    """What the table of states is asked about, read from the rows."""
    chief = RoleAssignment.objects.filter(incident=incident, role=IC, ended_at=None).first()
    duties = incident.duties.filter(met_at=None, waived_at=None, is_optional=False)
    return Situation(
        is_ic=is_ic(actor, incident),
        is_commander=actor.may("incident.command"),
        is_responder=actor.may("incident.respond"),
        is_machine=actor.is_system,
        has_ic=bool(chief and chief.accepted_at),
        has_reason=bool(reason.strip()),
        has_evidence=incident.evidence.exists(),
        open_duties=[said(d.title, actor.language) for d in duties],
        waits_for_listeners=has_open_listeners(incident.subject_id),
    )


@action
def change_impact(actor: Actor, *, incident: UUID, **values: Any) -> Incident:
    """Say who and what is hit: affected_users, affected_scope, regions, loss (Decimal), currency, regulatory_risk."""
    found = locked(actor, incident)
    changed = _apply(found, values, IMPACT)
    if (found.affected_users or 0) < 0 or (found.loss is not None and found.loss < Decimal(0)):
        raise Invalid(_("Impact figures are not negative."), fields={name: _("Zero or more.") for name in changed})
    if changed:
        found.save(update_fields=changed)
        record(actor, ImpactChanged(subject=found.subject_id, summary=_summary(found), changed=changed))
    return found


@action
def change_details(actor: Actor, *, incident: UUID, **values: Any) -> Incident:
    """Change title, description, status_page_url or the pack's detail fields."""
    found = locked(actor, incident)
    if "title" in values and not str(values["title"]).strip():
        raise Invalid(_("A title is needed."), fields={"title": _("A title is needed.")})
    changed = _apply(found, values, DETAILS)
    if changed:
        found.save(update_fields=changed)
        record(actor, DetailsChanged(subject=found.subject_id, changed=changed))
    return found


def _apply(incident: Incident, values: dict[str, Any], allowed: tuple[str, ...]) -> list[str]:
    if unknown := values.keys() - set(allowed):
        raise Invalid(_("Unknown fields."), fields=dict.fromkeys(unknown, _("Unknown field.")))
    changed = [name for name, value in values.items() if getattr(incident, name) != value]
    for name in changed:
        setattr(incident, name, values[name])
    return changed


def _summary(incident: Incident) -> str:
    users = f"{incident.affected_users:,}" if incident.affected_users is not None else "?"
    loss = f"{incident.loss:,} {incident.currency}" if incident.loss is not None else ""
    return " · ".join(part for part in (users, incident.affected_scope, ", ".join(incident.regions), loss) if part)


def _stamp(incident: Incident, state: str) -> None:
    if state == RESOLVED:
        incident.resolved_at = now()
    elif state == CLOSED:
        incident.closed_at = now()
        incident.resolved_at = incident.resolved_at or incident.closed_at
    elif state == REOPENED:
        incident.resolved_at = incident.closed_at = None


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid(_("A reason is needed."), fields={"reason": _("Say why.")})


def _label(taxonomy: Any, state: str, actor: Actor) -> str:
    known = next((s for s in taxonomy.states if s.key == state), None)
    return str(known.label.say(actor.language)) if known else state


def _joined(lacks: list[Text]) -> Text:
    return Text(" · ".join(str(t) for t in lacks)) if len(lacks) > 1 else lacks[0]
