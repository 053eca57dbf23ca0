"""Forms of what is done to an incident. Each answers `values()`: the keyword arguments of its action."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bongsu.kernel.actors import Actor
from bongsu.packs.rules.parts import Transition
from bongsu.ui.forms import ActForm, Listed
from bongsu.ui.language import say

from .. import actions, queries
from ..models import Incident
from ..rules import DECISION, EVIDENCE, LONGEST_QUOTE, NOTE, Situation, missing_for, said
from .base import Moment, class_choices, people_choices, responder_choices, severity_choices


class IncidentForm(ActForm):
    """A form about one incident."""

    def __init__(self, *args: Any, incident: Incident, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.incident, self.actor = incident, actor
        self.taxonomy = queries.taxonomy_of(incident)
        self.prepare()

    def prepare(self) -> None:
        """Fill in choices and first values."""


class ReasonForm(IncidentForm):
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))


class SeverityForm(ReasonForm):
    title = _("Change severity")
    severity = forms.ChoiceField(label=_("Severity"), widget=forms.RadioSelect(attrs={"class": "lines"}))
    field_order = ["severity", "reason"]

    def prepare(self) -> None:
        self.choose("severity", severity_choices(self.taxonomy, self.actor.language))
        self.fields["severity"].initial = self.incident.severity


class ClassifyForm(ReasonForm):
    title = _("Change classification")
    classification = forms.ChoiceField(label=_("Type"))
    field_order = ["classification", "reason"]

    def prepare(self) -> None:
        self.choose("classification", class_choices(self.taxonomy, self.actor.language))
        self.fields["classification"].initial = f"{self.incident.type}/{self.incident.subtype}"

    def values(self) -> dict[str, Any]:
        kind, _slash, subtype = self.cleaned_data["classification"].partition("/")
        return {"type": kind, "subtype": subtype, "reason": self.cleaned_data["reason"]}


class StateForm(IncidentForm):
    title: Any = _("Move the state")
    state = forms.ChoiceField(label=_("Next state"), widget=forms.RadioSelect(attrs={"class": "lines"}))
    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def prepare(self) -> None:
        at = actions.situation(self.actor, self.incident, reason="given")
        ways = self.taxonomy.transitions_from(self.incident.state)
        self.choose("state", [(t.target, self._choice(t, at)) for t in ways])
        self.listed = Listed(gettext("Open duties"), at.open_duties) if at.open_duties else None
        for way in ways:
            if way.target == self.initial.get("state"):
                self._settle(way, at)

    def _settle(self, way: Transition, at: Situation) -> None:
        """Only this way is asked about: what it means, what stops with it, and what stays open."""
        target = self.taxonomy.state(way.target)
        self.title = way.label.say(self.actor.language)
        self.fields["state"].widget = forms.HiddenInput()
        lacks = missing_for(way.requires, at)
        soon = replace(at, waits_for_listeners=False)
        self.fields["reason"].required = missing_for(way.requires, soon) != missing_for(
            way.requires, replace(soon, has_reason=False)
        )
        said = [target.meaning.say(self.actor.language)]
        if lacks:
            said.append(gettext("Still needed: {missing}.").format(missing=", ".join(say(one) for one in lacks)))
        if self.incident.is_open and not target.is_open:
            said.append(gettext("The escalation and its clocks stop."))
        if at.open_duties and not target.is_open:
            self.listed = Listed(gettext("Open duties"), at.open_duties, is_open=True)
            if "duties_met" not in way.requires:
                said.append(gettext("What is still owed stays open, and closing asks for it."))
        self.what = " ".join(said)

    def _choice(self, way: Transition, at: Situation) -> str:
        """The way on with the state it leads to, and what it still needs."""
        language = self.actor.language
        label = f"{way.label.say(language)} → {self.taxonomy.state(way.target).label.say(language)}"
        lacks = missing_for(way.requires, at)
        if not lacks:
            return label
        return gettext("{way} (still needs: {missing})").format(way=label, missing=", ".join(say(one) for one in lacks))


class NoteForm(IncidentForm):
    title = _("Add a note")
    text = forms.CharField(label=_("What happened?"), widget=forms.Textarea(attrs={"rows": 2}), max_length=20_000)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[(NOTE, _("Note")), (DECISION, _("Decision"))], initial=NOTE, widget=forms.RadioSelect
    )
    occurred_at = Moment(label=_("When, if earlier"), required=False)


class ComposeForm(IncidentForm):
    """Everything the composer of the page may send: words, files, or both."""

    title = _("Record")
    text = forms.CharField(label=_("What happened?"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=20_000)
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[(NOTE, _("Note")), (DECISION, _("Decision")), (EVIDENCE, _("Evidence"))],
        initial=NOTE,
        widget=forms.RadioSelect,
    )
    occurred_at = Moment(label=_("When, if earlier"), required=False)
    file = forms.FileField(label=_("Files"), required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "text" in data and not data["text"].strip() and not self.files:
            self.add_error("text", _("Write something, or choose a file."))
        return data

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("text", "kind", "occurred_at")}


class RetractForm(ReasonForm):
    title = _("Retract an entry")
    event = forms.UUIDField(widget=forms.HiddenInput)


class EvidenceForm(IncidentForm):
    title = _("Add evidence")
    name = forms.CharField(label=_("Title"), required=False, max_length=200)
    file = forms.FileField(label=_("File"), required=False)
    url = forms.URLField(label=_("Link"), required=False, max_length=2000, assume_scheme="https")
    quote = forms.CharField(
        label=_("Quoted lines"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=LONGEST_QUOTE,
        help_text=_("At most 20,000 characters; what is longer goes in as a file."),
    )
    is_harmful = forms.BooleanField(label=_("Harmful content: blur it"), required=False)
    is_privileged = forms.BooleanField(label=_("Privileged: leave it out of exports"), required=False)

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        del data["file"]  # several may be chosen: the view takes them all
        return {"title": data.pop("name"), **data}


class OfferForm(IncidentForm):
    title = _("Hand over the command")
    person = forms.ChoiceField(label=_("To"))

    def prepare(self) -> None:
        chief = queries.commander(self.incident)
        present = str(chief.person_id) if chief and chief.accepted_at else None
        self.choose("person", [choice for choice in responder_choices() if choice[0] != present])


class RoleForm(IncidentForm):
    title = _("Assign a role")
    role = forms.ChoiceField(label=_("Role"))
    person = forms.ChoiceField(label=_("Person"))

    def prepare(self) -> None:
        language = self.actor.language
        self.choose("role", [(r.key, r.label.say(language)) for r in self.taxonomy.roles if r.key != "ic"])
        self.choose("person", responder_choices())


class AcceptForm(IncidentForm):
    title = _("Take the command")


class DeclineForm(ReasonForm):
    title = _("Decline the command")


class AwarenessForm(IncidentForm):
    title = _("Set the moment of awareness")
    aware_at = Moment(label=_("Aware since"))
    how = forms.CharField(label=_("How did we become aware?"), widget=forms.Textarea(attrs={"rows": 2}))
    person = forms.ChoiceField(label=_("Who became aware?"), required=False)
    evidence = forms.ChoiceField(label=_("Evidence"), required=False)

    def prepare(self) -> None:
        self.choose("person", [("", "—"), *people_choices(self.actor)])
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


class DecideAwarenessForm(IncidentForm):
    title = _("Decide the change of awareness")
    decision = forms.ChoiceField(
        label=_("Decision"), choices=[("yes", _("Approve")), ("no", _("Refuse"))], widget=forms.RadioSelect
    )

    def values(self) -> dict[str, Any]:
        return {"is_approved": self.cleaned_data["decision"] == "yes"}


class ImpactForm(IncidentForm):
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


class DetailsForm(IncidentForm):
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


class DeadlineForm(IncidentForm):
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


class MeetForm(IncidentForm):
    title = _("A duty is met")
    key = forms.CharField(widget=forms.HiddenInput, max_length=120)
    proof = forms.CharField(label=_("What shows it?"), widget=forms.Textarea(attrs={"rows": 2}))

    def prepare(self) -> None:
        key = self.initial.get("key") or self.data.get("key", "")
        duty = self.incident.duties.filter(key=key).first()
        self.what = said(duty.title, self.actor.language) if duty else ""

    def links(self) -> list[tuple[str, Any]]:
        key = self.initial.get("key") or self.data.get("key", "")
        return [
            (f"{reverse('incidents:act', args=[self.incident.number, 'waived'])}?{urlencode({'key': key})}", _("Do without it"))
        ]


class WaiveForm(ReasonForm):
    title = _("Do without a duty")
    key = forms.CharField(widget=forms.HiddenInput, max_length=120)


class RestrictForm(ReasonForm):
    title = _("Restrict this incident")
    readers = forms.MultipleChoiceField(label=_("Who else may read it?"), required=False)
    review_on = forms.DateField(label=_("Look at it again on"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def prepare(self) -> None:
        self.choose("readers", people_choices(self.actor))


class KeepRestrictedForm(ReasonForm):
    title = _("Keep it restricted")
    review_on = forms.DateField(label=_("Look at it again on"), widget=forms.DateInput(attrs={"type": "date"}))


class LiftForm(ReasonForm):
    title = _("Ask to lift the restriction")


class LetInForm(ReasonForm):
    title = _("Let somebody read it")
    person = forms.ChoiceField(label=_("Person"))

    def prepare(self) -> None:
        self.choose("person", people_choices(self.actor))


class LabelForm(IncidentForm):
    title = _("Labels of the evidence")
    evidence = forms.UUIDField(widget=forms.HiddenInput)
    is_harmful = forms.BooleanField(label=_("Harmful content: blur it"), required=False)
    has_legal_hold = forms.BooleanField(label=_("Legal hold: must not be lost"), required=False)
    is_privileged = forms.BooleanField(label=_("Privileged: leave it out of exports"), required=False)

    def prepare(self) -> None:
        try:
            row = self.incident.evidence.filter(pk=str(self.initial.get("evidence", ""))).first()
        except ValidationError:
            row = None
        for name in ("is_harmful", "has_legal_hold", "is_privileged"):
            self.fields[name].initial = bool(row and getattr(row, name))
        self.what = row.title if row and not row.is_harmful else ""
