"""What the forms of incidents share: choices, moments, refusals."""

from django import forms

from bongsu.kernel.actors import Actor
from bongsu.packs.rules.taxonomy import Taxonomy
from bongsu.people import queries as people


def people_choices(actor: Actor) -> list[tuple[str, str]]:
    return [(str(p.id), p.name) for p in people.people(actor, is_active=True)]


def responder_choices() -> list[tuple[str, str]]:
    """Those who can take the command or a role; none is chosen beforehand."""
    found = sorted(people.people_with_grant("incident.respond"), key=lambda person: person.name)
    return [("", "—"), *((str(person.id), person.name) for person in found)]


def severity_choices(taxonomy: Taxonomy, language: str) -> list[tuple[str, str]]:
    return [(s.key, f"{s.key} {s.label.say(language)}: {s.definition.say(language)}") for s in taxonomy.severities]


def class_choices(taxonomy: Taxonomy, language: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Types as groups, sub-types as `type/subtype` choices."""
    return [(t.label.say(language), [(f"{t.key}/{s.key}", s.label.say(language)) for s in t.subtypes]) for t in taxonomy.types]


class Moment(forms.DateTimeField):
    """A moment in the reader's zone; the browser's own picker."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    input_formats = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M")
