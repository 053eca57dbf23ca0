"""Reading signals, proposals and reports, limited to what the actor may see."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext

from bongsu.comms.models import Message
from bongsu.events.queries import visible
from bongsu.events.reading import opened
from bongsu.incidents.models import Incident
from bongsu.integrations import queries as integrations
from bongsu.integrations.contract import Received, as_json
from bongsu.integrations.contract import Signal as Understood
from bongsu.integrations.contract import Unreadable as NotUnderstood
from bongsu.integrations.models import Connection
from bongsu.integrations.queries import Intake, Named
from bongsu.kernel.actors import Actor
from bongsu.kernel.canonical import storable
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Invalid, NotFound, TransportError
from bongsu.kernel.redaction import redact_value
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs

from .models import DeadLetter, Proposal, Receipt, Report, Signal, Tally
from .rules.bounds import Unreadable, readable
from .rules.classification import Described, facts_of, judged
from .rules.proposals import OPEN, WAITING

MAPPED = "generic_json"


def cell_words(type: str, severity: str) -> dict[str, str]:
    """The cell of the matrix that a verdict stands in, in both languages; empty when nothing is to be opened."""
    if not type:
        return {}
    words = packs.taxonomy().cell_words(type, severity)
    return {"ko": words.ko, "en": words.en}


def signals(
    actor: Actor,
    *,
    state: str = "",
    connection: str = "",
    system: str = "",
    severity: str = "",
    text: str = "",
    is_drill: bool | None = None,
    incident: UUID | None = None,
) -> QuerySet[Signal]:
    """Signals the actor may see, the last seen first. `text` looks into title and dedupe key."""
    rows = Signal.objects.filter(visible(actor)).select_related("connection", "system", "incident", "thread__proposal")
    wanted = {
        "state": state,
        "source_kind": connection,
        "system__key": system,
        "verdict__severity": severity,
        "incident": incident,
    }
    rows = rows.filter(**{name: value for name, value in wanted.items() if value})
    if is_drill is not None:
        rows = rows.filter(is_drill=is_drill)
    for word in text.replace("\x00", "").split()[:5]:
        rows = rows.filter(Q(title__icontains=word) | Q(dedupe_key__icontains=word))
    return rows.order_by("-last_at", "-id")


def signal(actor: Actor, signal_id: UUID) -> Signal:
    """NotFound when there is none or the actor must not know of it."""
    found = opened(actor, signals(actor).filter(pk=signal_id))
    if found is None:
        raise NotFound(_("There is no such signal."))
    return found


def source_kinds(actor: Actor) -> list[str]:
    """The kinds of sources that signals have come from."""
    return list(Signal.objects.filter(visible(actor)).order_by("source_kind").values_list("source_kind", flat=True).distinct())


def proposals(actor: Actor, *, state: str = "", severity: str = "", is_waiting: bool | None = None) -> QuerySet[Proposal]:
    """Proposals the actor may see, newest first."""
    rows = Proposal.objects.filter(visible(actor)).select_related("system", "connection", "incident")
    rows = rows.filter(**{name: value for name, value in {"state": state, "severity": severity}.items() if value})
    if is_waiting is not None:
        rows = rows.filter(state__in=WAITING) if is_waiting else rows.exclude(state__in=WAITING)
    return rows.annotate(signal_count=Count("threads__signals", distinct=True)).order_by("-proposed_at", "-id")


def proposal(actor: Actor, proposal_id: UUID) -> Proposal:
    """NotFound when there is none or the actor must not know of it."""
    found = opened(actor, proposals(actor).filter(pk=proposal_id))
    if found is None:
        raise NotFound(_("There is no such proposal."))
    return found


def last_asked(actor: Actor, row: Proposal) -> QuerySet[Message]:
    """Whom the triage desk's last message about a proposal went to, with what came of it."""
    asked = Message.objects.filter(visible(actor), key=f"{row.ref}:{row.pages}", purpose="triage")
    return asked.select_related("person").order_by("name")


def named_records(subjects: Iterable[str]) -> dict[str, Named]:
    """What incidents and proposals are called where only that may be said of them, and where they are read."""
    keys = {subject: UUID(subject.partition(":")[2]) for subject in subjects if subject.startswith(("incident:", "proposal:"))}
    numbers = dict(Incident.objects.filter(pk__in=keys.values()).values_list("pk", "number"))
    found = {}
    for subject, key in keys.items():
        if key in numbers:
            found[subject] = Named(numbers[key], reverse("incidents:detail", args=[numbers[key]]))
        elif subject.startswith("proposal:"):
            found[subject] = Named(gettext("Proposal"), reverse("signals:proposal", args=[key]))
    return found


def signals_of(actor: Actor, row: Proposal) -> QuerySet[Signal]:
    """The signals behind a proposal."""
    return signals(actor).filter(thread__proposal=row)


def waiting_count(actor: Actor) -> int:
    """How many proposals wait for an answer."""
    return Proposal.objects.filter(visible(actor), state=OPEN).count()


def signal_count(actor: Actor, incident: UUID) -> int:
    return Signal.objects.filter(visible(actor), incident=incident).count()


def reports(actor: Actor) -> QuerySet[Report]:
    """Reports of records the actor may see, and always his own."""
    mine = Q(reported_by=actor.person_id) if actor.person_id else Q(pk__isnull=True)
    rows = Report.objects.filter(mine | Q(pk__in=Report.objects.filter(visible(actor)).values("pk")))
    return rows.select_related("proposal", "proposal__incident", "system", "reported_by").order_by("-reported_at", "-id")


def report(actor: Actor, report_id: UUID) -> Report:
    found = reports(actor).filter(pk=report_id).first()
    if found is None:
        raise NotFound(_("There is no such report."))
    return found


def dead_letters(actor: Actor, *, is_dismissed: bool | None = None) -> QuerySet[DeadLetter]:
    """Bodies nobody could read, the last seen first."""
    rows = DeadLetter.objects.filter(visible(actor)).select_related("connection")
    if is_dismissed is not None:
        rows = rows.filter(dismissed_at__isnull=not is_dismissed)
    return rows.order_by("-last_at", "-id")


def tallies(actor: Actor, *, days: int = 14) -> list[dict[str, object]]:
    """What was turned away, by kind and connection, over the last days kept."""
    names = dict(Connection.objects.filter(visible(actor)).values_list("id", "name"))
    rows = Tally.objects.filter(Q(connection=None) | Q(connection__in=names))
    found = rows.values("kind", "on", "connection").annotate(total=Sum("times")).order_by("-on", "kind")[: days * 20]
    return [{**row, "name": names.get(row["connection"], "")} for row in found]


def intakes(connections: Iterable[UUID], *, days: int = 7) -> dict[UUID, Intake]:
    """When connections last brought something that was kept, and how often the last days a sender's proof was wrong."""
    wanted = list(connections)
    received = Receipt.objects.filter(connection__in=wanted).values("connection").annotate(at=Max("received_at"))
    last = {row["connection"]: row["at"] for row in received}
    since = (now() - timedelta(days=days)).date()
    refused = Tally.objects.filter(connection__in=wanted, kind="unauthorized", on__gte=since).values("connection")
    tallied = {row["connection"]: row for row in refused.annotate(total=Sum("times"), at=Max("last_at"))}
    none: dict[str, Any] = {"total": 0, "at": None}
    return {key: Intake(last.get(key), (found := tallied.get(key, none))["total"], found["at"]) for key in wanted}


def backlog() -> int:
    """Deliveries that are stored and wait for the worker."""
    return Receipt.objects.filter(state="waiting").count()


def try_mapping(actor: Actor, *, mapping: dict[str, str], each: str, sample: bytes) -> list[dict[str, object]]:
    """What a field mapping makes of a sample: the signals, redacted, with what the rules would propose. Writes nothing.
    Refuses (`Invalid`, by field) a sample or mapping that cannot be read."""
    actor.require("connections.manage")
    try:
        readable(sample)
    except Unreadable as error:
        raise Invalid(_("The sample cannot be read."), fields={"sample": error.text}) from None
    settings = {"mapping": mapping, "each": each}
    try:
        found = integrations.loaded(Connection(plugin=MAPPED, settings=settings)).parse(Received(sample))  # type: ignore[attr-defined]
    except (NotUnderstood, TransportError) as error:
        raise Invalid(
            _("The mapping does not fit the sample."), fields={"mapping": Text(_("{why}"), {"why": str(error)})}
        ) from None
    return [_tried(one) for one in found[:50]]


def _tried(one: Understood) -> dict[str, object]:
    shown, kinds = redact_value(storable(as_json(one)))
    described = Described(
        shown["title"],
        shown["text"],
        one.state,
        MAPPED,
        one.source_severity,
        shown["about"],
        shown["labels"],
        shown["measure"] or {},
        tuple(kinds),
    )
    return {
        "signal": shown,
        "redactions": sorted(set(kinds)),
        "judgement": judged(packs.propose(facts_of(described)), described).kept(),
    }
