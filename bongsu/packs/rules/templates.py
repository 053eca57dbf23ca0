"""Templates: named places from a fixed list and nothing else. Filling is one pass over the text; values are never read again."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bongsu.kernel.errors import Invalid
from bongsu.kernel.particles import has_pair, settle
from bongsu.kernel.text import gettext_noop as _

from .conduct import ItemMark
from .playbooks import Template
from .words import LANGUAGES

PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")

# What a text may name. `id` places tell nothing but which record it is: a restricted incident shows no more.
ID_PLACES = frozenset({"incident_id", "link", "recipient", "organisation", "time", "due", "waiting_minutes"})
PLACES = ID_PLACES | frozenset(
    """
    title occurred_at detected_at declared_at resolved_at scope scope_users scope_services scope_regions state owner status_page
    update_number items next_update service company date clock_time problem cause measures recovery contact
    severity type subtype reason source rule first_seen signal_text step open_for role from_person to_person deadline
    approval_of before after requester action target error undo report_version part next_step drill_name description
    summary timeline root_cause root_cause_technical root_cause_process root_cause_human impact mitigation_temporary
    mitigation_permanent action_items lessons_process lessons_prevention lessons_team users_affected interruption loss
    regulatory_risk version language
    """.split()
)


@dataclass(frozen=True)
class Rendered:
    subject: str
    body: str


def places(text: str) -> tuple[str, ...]:
    """The named places of a text, in order, each once."""
    return tuple(dict.fromkeys(PLACE.findall(text)))


def render(text: str, values: Mapping[str, str]) -> str:
    """`text` with its places filled; Invalid when a value is missing. A line of only empty places is left out."""
    missing = [name for name in places(text) if name not in values]
    if missing:
        raise Invalid(_("The template needs values that are missing: {names}."), names=", ".join(missing))
    lines = []
    for line in text.split("\n"):
        filled = PLACE.sub(lambda found: str(values[found[1]]), line)
        if filled.strip() or not PLACE.search(line):
            lines.append(settle(filled) if has_pair(line) else filled)
    return "\n".join(lines)


def render_template(template: Template, language: str, values: Mapping[str, str]) -> Rendered:
    """Subject (one line, whatever the values hold) and body in `language`."""
    text = template.text(language)
    return Rendered(" ".join(render(text.subject, values).split()), render(text.body, values).strip() + "\n")


def unknown_places(template: Template) -> tuple[str, ...]:
    """Places that are not on the list, or that say too much for a template that may only carry the ID."""
    allowed = ID_PLACES if template.is_id_only else PLACES
    texts = [template.text(language) for language in LANGUAGES]
    named = dict.fromkeys(name for text in texts for name in places(f"{text.subject}\n{text.body}"))
    return tuple(name for name in named if name not in allowed)


def update_items(
    marks: Iterable[ItemMark],
    language: str,
    *,
    done: Iterable[str] = (),
    in_progress: Iterable[str] = (),
    waiting: Iterable[str] = (),
) -> str:
    """The items of a status update (D2), one line each: done, in progress, waiting."""
    given = {"done": done, "in_progress": in_progress, "waiting": waiting}
    lines = []
    for mark in marks:
        label = f"{mark.label.say(language)}: " if mark.label else ""
        lines += [f"- {mark.mark} {label}{' '.join(item.split())}" for item in given[mark.key]]
    return "\n".join(lines)
