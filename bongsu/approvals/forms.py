"""What is asked of somebody who decides."""

from django import forms
from django.utils.translation import gettext_lazy as _

from bongsu.ui.forms import RefusableForm


class DecisionForm(RefusableForm):
    text_hash = forms.CharField(widget=forms.HiddenInput, max_length=64)
    is_approved = forms.TypedChoiceField(
        label=_("Decision"),
        choices=[("yes", _("Approve")), ("no", _("Do not approve"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed when you do not approve."),
    )
