"""The form of an AI system: lists and labels are typed as lines, rules speak through the fields."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bongsu.kernel.errors import BongsuError
from bongsu.ui.language import say

from .rules import STAGE_TITLES


class SystemForm(forms.Form):
    """`attempt` runs the action and puts its refusal in place."""

    name = forms.CharField(label=_("Name"), max_length=160)
    description = forms.CharField(label=_("What it does and for whom"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    entity = forms.ChoiceField(label=_("Legal entity"))
    owner = forms.ChoiceField(label=_("Owner"), required=False)
    stage = forms.ChoiceField(label=_("Stage"))
    regions = forms.CharField(label=_("Regions"), required=False, help_text=_("Separated by commas: KR, EU."))
    is_high_risk = forms.BooleanField(label=_("High risk under the law that applies"), required=False)
    users_estimate = forms.IntegerField(label=_("Users, roughly"), required=False, min_value=0)
    registry_model = forms.CharField(
        label=_("Registered model (MLflow)"), required=False, max_length=200, help_text=_("The name in the model registry.")
    )
    registry_alias = forms.CharField(
        label=_("Alias that is served"), required=False, max_length=100, help_text=_("A roll-back moves it.")
    )
    serving_url = forms.CharField(
        label=_("Where the serving process tells its version"), required=False, max_length=500, help_text=_("http:// or https://")
    )
    good_version = forms.CharField(
        label=_("Good version"), required=False, max_length=60, help_text=_("The version a roll-back goes to.")
    )
    labels = forms.CharField(
        label=_("Labels in monitoring"), required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One per line, name=value: signals with all of them are about this system."),
    )  # fmt: skip

    def __init__(self, *args: Any, entities: Iterable[Any], people: Iterable[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {
            "entity": [(str(e.pk), e.name) for e in entities],
            "owner": [("", "-"), *((str(p.pk), p.name) for p in people)],
            "stage": [(key, say(title)) for key, title in STAGE_TITLES.items()],
        }
        for field, values in choices.items():
            self.fields[field].choices = values  # type: ignore[attr-defined]

    def clean_regions(self) -> list[str]:
        return [part.strip() for part in self.cleaned_data["regions"].split(",") if part.strip()]

    def clean_labels(self) -> dict[str, str]:
        lines = [line.partition("=") for line in self.cleaned_data["labels"].splitlines() if line.strip()]
        if any(not separator for _name, separator, _value in lines):
            raise forms.ValidationError(_("Write one label per line, as name=value."))
        return {name.strip(): value.strip() for name, _separator, value in lines}

    def clean_owner(self) -> str | None:
        return self.cleaned_data["owner"] or None

    def attempt(self, act: Callable[[dict[str, Any]], Any]) -> Any:
        """What `act` answers for the cleaned values, or None with the errors in their places."""
        if not self.is_valid():
            return None
        try:
            return act(self.cleaned_data)
        except BongsuError as error:
            if error.status not in (409, 422):
                raise
            placed = [name for name in error.fields if name in self.fields]
            for name in placed:
                self.add_error(name, say(error.fields[name]))
            if not placed:
                self.add_error(None, say(error.text))
            return None


class NewSystemForm(SystemForm):
    key = forms.CharField(label=_("Key"), max_length=60, help_text=_("Lower-case letters, digits and hyphens; it stays."))
    field_order = ("name", "key")
