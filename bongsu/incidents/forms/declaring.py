"""Declaring an incident, and breaking the glass."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bongsu.kernel.actors import Actor
from bongsu.packs import queries as packs
from bongsu.systems import queries as systems
from bongsu.ui.forms import RefusableForm

from .base import Moment, class_choices, responder_choices, severity_choices


class DeclareForm(RefusableForm):
    title = forms.CharField(label=_("What is happening?"), max_length=200)
    classification = forms.ChoiceField(label=_("Type"))
    severity = forms.ChoiceField(
        label=_("Severity"),
        widget=forms.RadioSelect(attrs={"class": "lines"}),
        help_text=_("Unsure between two? Take the graver one."),
    )
    system = forms.ChoiceField(label=_("AI system"), required=False)
    description = forms.CharField(label=_("What do we know?"), required=False, widget=forms.Textarea(attrs={"rows": 4}))
    affected_scope = forms.CharField(label=_("Who and what is affected?"), required=False, max_length=300)
    occurred_at = Moment(label=_("When did it begin?"), required=False)
    detected_at = Moment(label=_("When was it detected?"), required=False)
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
        self.fields["classification"].choices = [("", "—"), *class_choices(taxonomy, actor.language)]  # type: ignore[attr-defined]
        self.fields["severity"].choices = severity_choices(taxonomy, actor.language)  # type: ignore[attr-defined]
        self.fields["system"].choices = [("", "—"), *((str(s.id), s.name) for s in systems.systems(actor))]  # type: ignore[attr-defined]
        self.fields["commander"].choices = responder_choices()  # type: ignore[attr-defined]

    def first_words(self, name: str) -> str:
        """What stands in a field now, sent or first."""
        return str(self.data.get(name) or self.initial.get(name) or "")

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["type"], _slash, data["subtype"] = data.pop("classification").partition("/")
        data["system"] = systems.system(self.actor, data["system"]) if data["system"] else None
        data["commander"] = data["commander"] or None
        return data


class BreakGlassForm(forms.Form):
    number = forms.CharField(label=_("Incident"), max_length=24)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), min_length=10)
