"""Forms of the signal pages."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bongsu.kernel.actors import Actor
from bongsu.packs import queries as packs
from bongsu.systems import queries as systems
from bongsu.ui.forms import RefusableForm


class ReportForm(RefusableForm):
    """Six questions, of which one must be answered."""

    what = forms.CharField(
        label=_("What happened?"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 4, "autofocus": True})
    )
    system = forms.ChoiceField(label=_("Which AI system?"), required=False)
    noticed_at = forms.DateTimeField(
        label=_("When did you notice it?"),
        required=False,
        help_text=_("Left empty: just now."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"),
    )
    is_ongoing = forms.ChoiceField(
        label=_("Is it still going on?"),
        initial="unknown",
        widget=forms.RadioSelect,
        choices=(("yes", _("yes")), ("no", _("no")), ("unknown", _("I do not know"))),
    )
    harmed = forms.CharField(
        label=_("Who may be harmed?"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 2})
    )
    evidence_url = forms.URLField(label=_("A link that shows it"), required=False, max_length=2000, assume_scheme="https")
    file = forms.FileField(label=_("Or a file or screenshot"), required=False)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        known = [(str(s.id), s.name) for s in systems.systems(actor)] if actor.may("see") else []
        self.fields["system"].choices = [("", "—"), *known]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        upload = data.pop("file")
        data["system"] = systems.system(self.actor, data["system"]) if data["system"] else None
        if upload:
            data |= {"file": upload.file, "file_name": upload.name or "", "media_type": upload.content_type or ""}
        return data


class AnswerForm(RefusableForm):
    """Type, severity and reason; left as they are they mean: as proposed."""

    classification = forms.ChoiceField(label=_("Type"))
    severity = forms.ChoiceField(label=_("Severity"))
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed when you decide otherwise than proposed, and for a false positive."),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        taxonomy, language = packs.taxonomy(), actor.language
        self.fields["classification"].choices = [  # type: ignore[attr-defined]
            (t.label.say(language), [(f"{t.key}/{s.key}", s.label.say(language)) for s in t.subtypes]) for t in taxonomy.types
        ]
        self.fields["severity"].choices = [  # type: ignore[attr-defined]
            (s.key, f"{s.key} {s.label.say(language)}: {s.definition.say(language)}") for s in taxonomy.severities
        ]

    def values(self) -> dict[str, str]:
        data = self.cleaned_data
        kind, _slash, subtype = data["classification"].partition("/")
        return {"type": kind, "subtype": subtype, "severity": data["severity"], "reason": data["reason"]}


class MappingForm(forms.Form):
    """A field mapping and a sample, to see what would come of it."""

    mapping = forms.CharField(
        label=_("Mapping (JSON)"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"})
    )
    each = forms.CharField(label=_("Path of the list of signals"), required=False, max_length=200)
    sample = forms.CharField(
        label=_("A sample of what the sender posts"),
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
    )

    def clean_mapping(self) -> dict[str, str]:
        try:
            value = json.loads(self.cleaned_data["mapping"])
        except ValueError as error:
            raise forms.ValidationError(_("This is not JSON: %(why)s"), params={"why": str(error)}) from None
        if not isinstance(value, dict):
            raise forms.ValidationError(_("An object is needed: place and path."))
        return value
