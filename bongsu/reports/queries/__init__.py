"""Reports an actor may see, how far they are, and what they would say now."""

from typing import Any

from django.conf import settings

from bongsu.documents import queries as documents
from bongsu.documents.models import Document, Part
from bongsu.documents.rules.content import GeneratedPart
from bongsu.documents.rules.review import STANDS
from bongsu.incidents import queries as incidents
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import NotFound
from bongsu.kernel.text import gettext_noop as _
from bongsu.packs import queries as packs

from ..rules import form, writing
from ..rules.form import KIND
from .gathering import REPORT_DUTY, known, tongue
from .response import series

TEMPLATE = "incident_report"
LANGUAGES = ("ko", "en")

__all__ = ["KIND", "LANGUAGES", "REPORT_DUTY", "Drawn", "drawn", "edited_share", "progress", "report", "reports", "shown"]


def reports(actor: Actor, incident: Incident) -> list[Document]:
    """The reports on an incident, newest first: one per language, and older sealed ones."""
    return list(documents.documents(actor, subject=incident.subject_id, kind=KIND).prefetch_related("parts"))


def report(actor: Actor, number: str, language: str = "") -> Document:
    """The newest report on an incident, in `language` when one is named; NotFound when nothing is written yet."""
    incident = incidents.incident(actor, number)
    found = next((row for row in reports(actor, incident) if language in ("", row.language)), None)
    if found is None:
        raise NotFound(_("There is no report on this incident yet."))
    return found


class Drawn:
    """What the machine would write now: title, basics, parts."""

    def __init__(self, actor: Actor, incident: Incident, language: str) -> None:
        template = packs.template(TEMPLATE, incident.pack_id)
        facts, spoken = known(actor, incident, language), tongue(language, settings.ORGANISATION_ZONE)
        values = writing.places(facts, spoken)
        sections = form.sections(template.text(language).body)
        taxonomy = incidents.taxonomy_of(incident)
        self.kind_title = template.title.say(language)
        self.title = incident.title
        self.severity = facts.severity
        self.fires = taxonomy.severity(incident.severity).fires
        self.basics = [row for s in sections if s.key == form.BASICS for row in form.basics(s, values)]
        if facts.is_drill:
            self.basics.append((spoken.say(_("Drill")), spoken.say(_("This was a drill."))))
        charts = series(incident, language)
        self.parts = [
            GeneratedPart(s.key, f"{number}. {s.title}", form.filled(s, values), charts if s.key == "impact" else ())
            for number, s in enumerate([s for s in sections if s.key != form.BASICS], start=1)
        ]


def drawn(actor: Actor, incident: Incident, language: str) -> Drawn:
    return Drawn(actor, incident, language)


def edited_share(parts: list[Part]) -> int:
    """Per cent of the parts that a person has written in."""
    return round(100 * sum(part.person_text is not None for part in parts) / len(parts)) if parts else 0


def progress(row: Document) -> dict[str, Any]:
    """How far a report is: per cent edited, prompts that still wait, parts whose record has changed."""
    parts = list(row.parts.all())
    return {
        "edited": edited_share(parts),
        "prompts": sum(documents.unwritten(row).values()),
        "news": sum(part.has_news for part in parts),
    }


def shown(actor: Actor, incident: Incident) -> dict[str, Any]:
    """What the incident's panel shows."""
    rows = [
        {"document": row, "state": STANDS[row.state], "asked": documents.changes_asked(row), **progress(row)}
        for row in reports(actor, incident)
    ]
    has = {row["document"].language for row in rows if not row["document"].is_sealed}
    return {
        "incident": incident,
        "rows": rows,
        "missing": [(code, dict(settings.LANGUAGES)[code]) for code in LANGUAGES if code not in has],
        "may_edit": actor.may("report.edit"),
        "may_export": actor.may("export"),
        "may_see_privileged": actor.may("report.review"),
    }
