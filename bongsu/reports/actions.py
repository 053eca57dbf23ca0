"""Writing the report from the record, asking for its review, and noting what was taken along."""

from uuid import UUID

from django.conf import settings
from django.urls import reverse

from bongsu.comms.actions import send
from bongsu.documents import actions as documents
from bongsu.documents.models import Document
from bongsu.documents.queries import changes_asked, file_stem, newest_revision
from bongsu.documents.rules.review import DRAFT, LEGAL, STATES
from bongsu.events.actions import action, note_reading, record
from bongsu.events.listening import names_of
from bongsu.events.queries import may_see
from bongsu.events.sealing import seal
from bongsu.incidents import actions as incident_actions
from bongsu.incidents import queries as incidents
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor, system
from bongsu.kernel.errors import Invalid, Refused
from bongsu.kernel.refs import split_ref
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as _
from bongsu.people.models import Person
from bongsu.people.queries import actor_of, people_with_grant
from bongsu.ui.language import say

from . import queries
from .facts import IncidentExported, ReportDrafted, ReviewAsked
from .queries import KIND, LANGUAGES, REPORT_DUTY, packing
from .queries.packing import Taken

DUTY_TITLE = {"ko": "인시던트 보고서 승인", "en": "Incident report approved"}


@action
def draft(actor: Actor, *, incident: UUID, language: str = "") -> Document:
    """Write the report in `language` (ko, en; the house's own when empty), or write the machine's parts of the one there is
    again: a person's words stay. A sealed one is left alone and a new one begun. Refused while one is under review."""
    actor.require("report.edit")
    found = incidents.incident(actor, str(incident))
    language = language or settings.LANGUAGE_CODE
    if language not in LANGUAGES:
        raise Invalid(_("Unknown language: choose ko or en."), fields={"language": _("Unknown language: choose ko or en.")})
    Incident.objects.select_for_update(of=("self",)).get(pk=found.pk)  # two people press it at once
    row = next((r for r in queries.reports(actor, found) if r.language == language and not r.is_sealed), None)
    if row is not None and row.is_in_review:
        raise Refused(_("The report is under review. Take it back or wait for the decision before it is written again."))
    drawn, is_new = queries.drawn(actor, found, language), row is None
    row = row or _begun(actor, found, language, drawn)
    changes = documents.set_generated_parts(
        actor,
        document=row.id,
        parts=drawn.parts,
        basics=drawn.basics,
        title=drawn.title,
        fires=drawn.fires,
        severity=drawn.severity,
    )
    record(
        actor,
        ReportDrafted(
            subject=found.subject_id, document=str(row.id), number=found.number, language=language, is_new=is_new,
            changed=[change.key for change in changes],
        ),
    )  # fmt: skip
    return Document.objects.get(pk=row.pk)


def _begun(actor: Actor, incident: Incident, language: str, drawn: queries.Drawn) -> Document:
    return documents.create_document(
        actor,
        subject=incident.subject_id,
        about_ref=incident.ref,
        kind=KIND,
        kind_title=drawn.kind_title,
        number=incident.number,
        title=drawn.title,
        language=language,
        zone=settings.ORGANISATION_ZONE,
        classification=say(_("Confidential"), language),
        fires=drawn.fires,
        severity=drawn.severity,
        basics=drawn.basics,
    )


@action
def draft_at_resolution(actor: Actor, *, incident: UUID) -> None:
    """The incident is resolved: its report is owed, and written as far as the record goes. One under review stays as it is, and
    one that was sealed since is the report of this resolution."""
    found = Incident.objects.get(pk=incident)
    if found.resolved_at is None:
        return  # reopened meanwhile
    incident_actions.require(actor, incident=found, key=REPORT_DUTY, title=DUTY_TITLE)
    standing = queries.reports(actor, found)
    revisions = [newest_revision(row) for row in standing if row.is_sealed]
    is_told = any(revision and revision.made_at >= found.resolved_at for revision in revisions)
    if not is_told and not any(row.is_in_review for row in standing):
        drafts = dict.fromkeys(row.language for row in standing if row.state == DRAFT)
        for language in drafts or [_spoken_in(found)]:
            draft(actor, incident=incident, language=language)


def _spoken_in(incident: Incident) -> str:
    """The language of whoever commands it; the other one stays one press away."""
    chief = incidents.commander(incident)
    return chief.person.language if chief and chief.person.language in LANGUAGES else settings.LANGUAGE_CODE


@action
def owe_again(actor: Actor, *, incident: UUID) -> None:
    """Reopened: the report that was approved no longer tells the whole story."""
    found = Incident.objects.get(pk=incident)
    incident_actions.open_again(actor, incident=found, key=REPORT_DUTY, reason="reopened")


@action
def meet_duty(actor: Actor, *, incident: UUID, document: UUID) -> None:
    """A report was sealed: what the incident owed is given, unless it burns again. The proof is the sealed text, by the name
    of its file and its hash."""
    found, row = Incident.objects.get(pk=incident), Document.objects.get(pk=document)
    if sealed := newest_revision(row):
        incident_actions.meet(actor, incident=found, key=REPORT_DUTY, proof=f"{file_stem(row)}, SHA-256 {sealed.hash}")


@action
def ask_reviewers(actor: Actor, *, document: UUID) -> int:
    """Tell those who may decide the present step that the report waits for them; nobody whose words are in it. Once per
    revision and step; returns how many were told."""
    row = Document.objects.get(pk=document)
    revision = newest_revision(row)
    if revision is None or not row.is_in_review:
        return 0
    barred = {*revision.authors, *(f"person:{key}" for key in revision.signatures.values_list("person_id", flat=True))}
    people = _reviewers(row, barred)
    send(
        actor,
        subject=row.subject_id,
        key=f"report:{row.id}:{revision.number}:{row.state}",
        template="report_review",
        values={
            "incident_id": row.number,
            "requester": names_of([revision.made_by])[revision.made_by],
            "report_version": f"#{revision.number}",
            "step": Text(STATES[row.state]),
            "link": f"{settings.BASE_URL}{reverse('documents:detail', args=[row.id])}",
        },
        people=people,
        purpose="report_review",
    )
    record(
        actor,
        ReviewAsked(subject=row.subject_id, document=str(row.id), number=row.number, step=row.state, count=len(people)),
    )
    return len(people)


@action
def tell_author(actor: Actor, *, document: UUID) -> int:
    """Tell whoever submitted the report that changes are asked for, once per revision; nobody when it went on meanwhile."""
    row = Document.objects.get(pk=document)
    asked, revision = changes_asked(row), newest_revision(row)
    if asked is None or revision is None:
        return 0
    kind, key = split_ref(revision.made_by)
    authors = Person.objects.filter(is_active=True, pk=key) if kind == "person" else Person.objects.none()
    send(
        actor,
        subject=row.subject_id,
        key=f"report-changes:{row.id}:{revision.number}",
        template="report_changes",
        values={
            "incident_id": row.number,
            "requester": asked.name,
            "report_version": f"#{revision.number}",
            "step": Text(STATES[asked.step]),
            "reason": asked.reason,
            "link": f"{settings.BASE_URL}{reverse('documents:detail', args=[row.id])}",
        },
        people=list(authors),
        purpose="report_review",
    )
    return len(authors)


def _reviewers(row: Document, barred: set[str]) -> list[Person]:
    """Who may decide and read; when nobody who may decide is a reader, all who may: each is told that he is needed."""
    able = [p for p in people_with_grant("report.review" if row.state == LEGAL else "report.approve") if p.ref not in barred]
    return [p for p in able if may_see(actor_of(p), row.subject_id)] or able


@action
def begin_export(actor: Actor, *, incident: UUID) -> Incident:
    """Before anything is read out: the right to, and the reading of a restricted record on the record."""
    actor.require("export")
    found = incidents.incident(actor, str(incident))
    note_reading(actor, subject=found.subject_id, door="export")
    return found


@action
def note_export(
    actor: Actor, *, incident: UUID, sha256: str, size: int, entries: int, files: int, harmful: int, privileged: int
) -> None:
    """What left, by its hash."""
    found = incidents.incident(actor, str(incident))
    record(
        actor,
        IncidentExported(
            subject=found.subject_id, number=found.number, sha256=sha256, size=size, entries=entries, files=files,
            harmful=harmful, privileged=privileged,
        ),
    )  # fmt: skip


def take_export(actor: Actor, *, number: str, is_privileged_included: bool = False) -> Taken:
    """The whole record as a ZIP. Needs `export`; privileged evidence needs `report.review`. The packing holds no transaction
    open for writing; what was taken is put on the record before anything is sent."""
    if is_privileged_included:
        actor.require("report.review")
    found = begin_export(actor, incident=incidents.incident(actor, number).id)
    seal(system("reports"), is_wanted=False)  # so that the newest entries are covered too
    taken = packing.pack(actor, found, is_privileged_included=is_privileged_included)
    counts = {name: taken.counts[name] for name in ("entries", "files", "harmful", "privileged")}
    note_export(actor, incident=found.id, sha256=taken.sha256, size=taken.size, **counts)
    return taken
