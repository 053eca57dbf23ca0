"""Forms of the incident pages. Each act's form answers `values()`: the keyword arguments of its action."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Invalid
from bongsu.packs import queries as packs
from bongsu.packs.rules.taxonomy import Taxonomy
from bongsu.people import queries as people
from bongsu.systems import queries as systems
from bongsu.ui.language import say

from . import queries
from .models import Incident
from .rules import DECISION, NOTE


def _people(actor: Actor) -> list[tuple[str, str]]:
    return [(str(p.id), p.name) for p in people.people(actor, is_active=True)]


def _severities(taxonomy: Taxonomy, language: str) -> list[tuple[str, str]]:
    return [(s.key, f"{s.key} {s.label.say(language)}: {s.definition.say(language)}") for s in taxonomy.severities]


def _classes(taxonomy: Taxonomy, language: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Types as groups, sub-types as `type/subtype` choices."""
    return [(t.label.say(language), [(f"{t.key}/{s.key}", s.label.say(language)) for s in t.subtypes]) for t in taxonomy.types]


class Moment(forms.DateTimeField):
    """A moment in the reader's zone; the browser's own picker."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    input_formats = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M")


class RefusableForm(forms.Form):
    def refuse(self, error: Invalid) -> None:
        """Put a refusal's fields onto the form; what has no field of its own stands above."""
        for name, text in error.fields.items():
            self.add_error(name if name in self.fields else None, say(text))
        if not error.fields:
            self.add_error(None, say(error.text))


class DeclareForm(RefusableForm):
    title = forms.CharField(label=_("What is happening?"), max_length=200)
    classification = forms.ChoiceField(label=_("Type"))
    severity = forms.ChoiceField(
        label=_("Severity"), widget=forms.RadioSelect, help_text=_("Unsure between two? Take the graver one.")
    )
    system = forms.ChoiceField(label=_("AI system"), required=False)
    description = forms.CharField(label=_("What do we know?"), required=False, widget=forms.Textarea(attrs={"rows": 4}))
    affected_scope = forms.CharField(label=_("Who and what is affected?"), required=False, max_length=300)
    occurred_at = Moment(label=_("When did it begin?"), required=False)
    detected_at = Moment(label=_("When was it noticed?"), required=False)
    commander = forms.ChoiceField(
        label=_("Incident commander"), required=False, help_text=_("Left empty: you, or the triage desk.")
    )
    is_drill = forms.BooleanField(label=_("This is a drill: nothing leaves the house"), required=False)
    restriction = forms.CharField(
        label=_("Restrict, because"),
        required=False,
        help_text=_("With a reason only named people and the severity's posts may read it."),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taxonomy = packs.taxonomy()
        self.actor = actor
        self.fields["classification"].choices = _classes(taxonomy, actor.language)  # type: ignore[attr-defined]
        self.fields["severity"].choices = _severities(taxonomy, actor.language)  # type: ignore[attr-defined]
        self.fields["system"].choices = [("", "—"), *((str(s.id), s.name) for s in systems.systems(actor))]  # type: ignore[attr-defined]
        self.fields["commander"].choices = [("", "—"), *_people(self.actor)]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["type"], _slash, data["subtype"] = data.pop("classification").partition("/")
        data["system"] = systems.system(self.actor, data["system"]) if data["system"] else None
        data["commander"] = data["commander"] or None
        return data


class ActForm(RefusableForm):
    """A form about one incident."""

    title: Any = ""

    def __init__(self, *args: Any, incident: Incident, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.incident, self.actor = incident, actor
        self.taxonomy = queries.taxonomy_of(incident)
        self.prepare()

    def prepare(self) -> None:
        """Fill in choices and first values."""

    def choose(self, name: str, choices: Any) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


class ReasonForm(ActForm):
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))


class SeverityForm(ReasonForm):
    title = _("Change severity")
    severity = forms.ChoiceField(label=_("Severity"), widget=forms.RadioSelect)
    field_order = ["severity", "reason"]

    def prepare(self) -> None:
        self.choose("severity", _severities(self.taxonomy, self.actor.language))
        self.fields["severity"].initial = self.incident.severity


class ClassifyForm(ReasonForm):
    title = _("Change classification")
    classification = forms.ChoiceField(label=_("Type"))
    field_order = ["classification", "reason"]

    def prepare(self) -> None:
        self.choose("classification", _classes(self.taxonomy, self.actor.language))
        self.fields["classification"].initial = f"{self.incident.type}/{self.incident.subtype}"

    def values(self) -> dict[str, Any]:
        kind, _slash, subtype = self.cleaned_data["classification"].partition("/")
        return {"type": kind, "subtype": subtype, "reason": self.cleaned_data["reason"]}


class StateForm(ActForm):
    title = _("Move the state")
    state = forms.ChoiceField(label=_("Next state"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def prepare(self) -> None:
        ways = self.taxonomy.transitions_from(self.incident.state)
        self.choose("state", [(t.target, t.label.say(self.actor.language)) for t in ways])


class NoteForm(ActForm):
    title = _("Add a note")
    text = forms.CharField(label=_("What happened?"), widget=forms.Textarea(attrs={"rows": 2}), max_length=20_000)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[(NOTE, _("Note")), (DECISION, _("Decision"))], initial=NOTE, widget=forms.RadioSelect
    )
    occurred_at = Moment(label=_("When, if earlier"), required=False)


class RetractForm(ReasonForm):
    title = _("Retract an entry")
    event = forms.UUIDField(widget=forms.HiddenInput)


class EvidenceForm(ActForm):
    title = _("Add evidence")
    name = forms.CharField(label=_("Title"), required=False, max_length=200)
    file = forms.FileField(label=_("File"), required=False)
    url = forms.URLField(label=_("Link"), required=False, max_length=2000, assume_scheme="https")
    quote = forms.CharField(label=_("Quoted lines"), required=False, widget=forms.Textarea(attrs={"rows": 4}))
    is_harmful = forms.BooleanField(label=_("Harmful content: blur it"), required=False)
    is_privileged = forms.BooleanField(label=_("Privileged: leave it out of exports"), required=False)


class OfferForm(ActForm):
    title = _("Hand over the command")
    person = forms.ChoiceField(label=_("To"))

    def prepare(self) -> None:
        self.choose("person", _people(self.actor))


class RoleForm(ActForm):
    title = _("Assign a role")
    role = forms.ChoiceField(label=_("Role"))
    person = forms.ChoiceField(label=_("Person"))

    def prepare(self) -> None:
        language = self.actor.language
        self.choose("role", [(r.key, r.label.say(language)) for r in self.taxonomy.roles if r.key != "ic"])
        self.choose("person", _people(self.actor))


class AcceptForm(ActForm):
    title = _("Take the command")


class DeclineForm(ReasonForm):
    title = _("Decline the command")


class AwarenessForm(ActForm):
    title = _("Set the moment of awareness")
    aware_at = Moment(label=_("Aware since"))
    how = forms.CharField(label=_("How did we become aware?"), widget=forms.Textarea(attrs={"rows": 2}))
    person = forms.ChoiceField(label=_("Who became aware?"), required=False)
    evidence = forms.ChoiceField(label=_("Evidence"), required=False)

    def prepare(self) -> None:
        self.choose("person", [("", "—"), *_people(self.actor)])
        self.choose("evidence", [("", "—"), *((str(e.id), e.title) for e in self.incident.evidence.all())])

    def values(self) -> dict[str, Any]:
        return {
            **self.cleaned_data,
            "person": self.cleaned_data["person"] or None,
            "evidence": self.cleaned_data["evidence"] or None,
        }


class AwarenessChangeForm(ReasonForm):
    title = _("Ask to move the moment of awareness")
    aware_at = Moment(label=_("Aware since"))
    how = forms.CharField(label=_("How did we become aware?"), widget=forms.Textarea(attrs={"rows": 2}))
    field_order = ["aware_at", "how", "reason"]


class DecideAwarenessForm(ActForm):
    title = _("Decide the change of awareness")
    decision = forms.ChoiceField(
        label=_("Decision"), choices=[("yes", _("Approve")), ("no", _("Refuse"))], widget=forms.RadioSelect
    )

    def values(self) -> dict[str, Any]:
        return {"is_approved": self.cleaned_data["decision"] == "yes"}


class ImpactForm(ActForm):
    title = _("Describe the impact")
    affected_users = forms.IntegerField(label=_("Affected users"), required=False, min_value=0)
    affected_scope = forms.CharField(label=_("Service, feature, data"), required=False, max_length=300)
    regions = forms.CharField(label=_("Regions"), required=False, help_text=_("Country codes, separated by commas: KR, EU"))
    loss = forms.DecimalField(label=_("Estimated loss"), required=False, min_value=0, max_digits=18, decimal_places=2)
    currency = forms.CharField(label=_("Currency"), required=False, min_length=3, max_length=3)
    regulatory_risk = forms.CharField(
        label=_("Regulatory risk"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def prepare(self) -> None:
        for name in self.fields:
            value = getattr(self.incident, name)
            self.fields[name].initial = ", ".join(value) if isinstance(value, list) else value

    def values(self) -> dict[str, Any]:
        regions = [r.strip().upper() for r in self.cleaned_data["regions"].split(",") if r.strip()]
        return {**self.cleaned_data, "regions": regions, "currency": self.cleaned_data["currency"].upper()}


class DetailsForm(ActForm):
    title = _("Edit title and description")
    field_order = ["name", "description", "status_page_url"]
    name = forms.CharField(label=_("Title"), max_length=200)
    description = forms.CharField(label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 5}))
    status_page_url = forms.URLField(label=_("Status page"), required=False, assume_scheme="https")

    def prepare(self) -> None:
        self.fields["name"].initial = self.incident.title
        self.fields["description"].initial = self.incident.description
        self.fields["status_page_url"].initial = self.incident.status_page_url

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["title"] = data.pop("name")
        return data


class DeadlineForm(ActForm):
    title = _("Enter a deadline")
    name = forms.CharField(label=_("What is due?"), max_length=200)
    authority = forms.CharField(label=_("To whom?"), max_length=200)
    due = forms.DateTimeField(
        label=_("Due, in the authority's zone"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        input_formats=Moment.input_formats,
    )
    zone = forms.CharField(label=_("Time zone"), max_length=64)
    is_legal = forms.BooleanField(label=_("A legal duty"), required=False, initial=True)

    def prepare(self) -> None:
        self.fields["zone"].initial = self.actor.zone

    def clean_zone(self) -> str:
        zone = str(self.cleaned_data["zone"])
        try:
            ZoneInfo(zone)
        except (ValueError, OSError, KeyError):
            raise forms.ValidationError(_("Unknown time zone: use a name such as Asia/Seoul.")) from None
        return zone

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        due = data.pop("due").replace(tzinfo=ZoneInfo(data["zone"]))
        return {
            "title": data["name"],
            "authority": data["authority"],
            "due_at": due,
            "zone": data["zone"],
            "is_legal": data["is_legal"],
        }


class MeetForm(ActForm):
    title = _("A duty is met")
    key = forms.CharField(widget=forms.HiddenInput)
    proof = forms.CharField(label=_("What shows it?"), widget=forms.Textarea(attrs={"rows": 2}))


class WaiveForm(ReasonForm):
    title = _("Do without a duty")
    key = forms.CharField(widget=forms.HiddenInput)


class RestrictForm(ReasonForm):
    title = _("Restrict this incident")
    readers = forms.MultipleChoiceField(label=_("Who else may read it?"), required=False)
    review_on = forms.DateField(label=_("Look at it again on"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def prepare(self) -> None:
        self.choose("readers", _people(self.actor))


class LetInForm(ReasonForm):
    title = _("Let somebody read it")
    person = forms.ChoiceField(label=_("Person"))

    def prepare(self) -> None:
        self.choose("person", _people(self.actor))


class LabelForm(ActForm):
    title = _("Labels of the evidence")
    evidence = forms.UUIDField(widget=forms.HiddenInput)
    is_harmful = forms.BooleanField(label=_("Harmful content: blur it"), required=False)
    has_legal_hold = forms.BooleanField(label=_("Legal hold: must not be lost"), required=False)
    is_privileged = forms.BooleanField(label=_("Privileged: leave it out of exports"), required=False)


class BreakGlassForm(forms.Form):
    number = forms.CharField(label=_("Incident"), max_length=24)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), min_length=10)
