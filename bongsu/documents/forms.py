"""What people type into a document."""

from django import forms
from django.utils.translation import gettext_lazy as _


class PartForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    text = forms.CharField(
        label=_("Text (Markdown)"), required=False, strip=False, max_length=200_000, widget=forms.Textarea(attrs={"rows": 12})
    )


class CommentForm(forms.Form):
    text = forms.CharField(label=_("Comment"), max_length=5000, widget=forms.Textarea(attrs={"rows": 2}))
    part = forms.UUIDField(required=False, widget=forms.HiddenInput)


class ReviewForm(forms.Form):
    text_hash = forms.CharField(widget=forms.HiddenInput, max_length=64)
    is_approved = forms.TypedChoiceField(
        label=_("Decision"),
        choices=[("yes", _("Approve and sign")), ("no", _("Request changes"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed when you request changes."),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=2000)


class DistributeForm(forms.Form):
    to = forms.CharField(label=_("To whom was it given?"), max_length=2000)
