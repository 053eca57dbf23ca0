"""What is asked of somebody who holds a record, or erases from it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from bongsu.ui.forms import RefusableForm

from .queries import Entry

LONGEST = 200  # characters of a value that are shown before it goes


class ReasonForm(RefusableForm):
    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class EraseForm(ReasonForm):
    field = forms.ChoiceField(label=_("What is erased"), widget=forms.RadioSelect(attrs={"class": "lines"}))
    field_order = ["field", "reason"]

    def __init__(self, *args: object, entry: Entry, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        shown = {name: str(entry.data.get(name, "")) for name in entry.personal}
        self.fields["field"].choices = [  # type: ignore[attr-defined]
            (name, f"{name}: {value[:LONGEST]}{'…' if len(value) > LONGEST else ''}") for name, value in shown.items()
        ]
