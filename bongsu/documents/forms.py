"""What people type into a document."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from bongsu.ui.forms import RefusableForm


class PartForm(RefusableForm):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    text = forms.CharField(
        label=_("Text (Markdown)"), required=False, strip=False, max_length=200_000, widget=forms.Textarea(attrs={"rows": 12})
    )


class CommentForm(RefusableForm):
    text = forms.CharField(
        label=_("What should be looked at or changed?"), max_length=5000, widget=forms.Textarea(attrs={"rows": 2})
    )
    part = forms.UUIDField(required=False, widget=forms.HiddenInput)


class SubmitForm(RefusableForm):
    """Nothing to fill in, except when places wait for a person's words: then going without them has to be said."""

    with_open_places = forms.BooleanField(
        error_messages={"required": _("Write what is missing, or confirm that it goes without.")}
    )

    def __init__(self, *args: Any, unwritten: Mapping[str, int], **values: Any) -> None:
        super().__init__(*args, **values)
        count = sum(unwritten.values())
        if not count:
            del self.fields["with_open_places"]
            return
        said = ngettext(
            "Submit it although this %(count)s place still waits for a person’s words",
            "Submit it although these %(count)s places still wait for a person’s words",
            count,
        )
        self.fields["with_open_places"].label = said % {"count": count}


class ReviewForm(RefusableForm):
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


class ReasonForm(RefusableForm):
    reason = forms.CharField(label=_("Reason"), max_length=2000)


class DistributeForm(RefusableForm):
    to = forms.CharField(label=_("To whom was it given?"), max_length=2000)
