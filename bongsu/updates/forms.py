"""Forms of status updates, notices and standing channels."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bongsu.ui.forms import RefusableForm

from .rules import IN_PROGRESS, MOST_ITEMS, WAITING, Item, read_addresses

EMPTY_ROWS = 4
MOST_BYTES = 1_000_000


def items_from(posted: QueryDict) -> list[Item]:
    """The rows of the form: a state and a text each."""
    pairs = zip(posted.getlist("state"), posted.getlist("text"), strict=False)
    return [Item(state, text) for state, text in pairs][: MOST_ITEMS * 2]


def rows_of(items: Iterable[Item]) -> list[Item]:
    """What the form shows: the given items and some empty rows."""
    given = list(items)
    return given + [Item(IN_PROGRESS if place == 0 else WAITING, "") for place in range(EMPTY_ROWS)]


class NoticeForm(RefusableForm):
    language = forms.ChoiceField(label=_("Language"), choices=[("ko", "한국어"), ("en", "English")])
    service = forms.CharField(label=_("Service"), max_length=160, help_text=_("It stands in the subject line."))
    company = forms.CharField(label=_("Company"), max_length=160)
    date = forms.CharField(label=_("Date"), max_length=40)
    clock_time = forms.CharField(label=_("Time"), max_length=40)
    problem = forms.CharField(label=_("What happened"), max_length=300)
    cause = forms.CharField(label=_("Cause"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    measures = forms.CharField(label=_("Measures"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    recovery = forms.CharField(label=_("Recovery"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    contact = forms.CharField(label=_("Contact"), max_length=300)
    recipients = forms.CharField(
        label=_("Recipients"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("E-mail addresses, one per line or separated by commas. Left empty: a text for the status page only."),
    )
    file = forms.FileField(label=_("Recipients from a file"), required=False, help_text=_("CSV or text, at most 1 MB."))

    def clean_file(self) -> str:
        given: UploadedFile | None = self.cleaned_data.get("file")
        if not given:
            return ""
        if (given.size or 0) > MOST_BYTES:
            raise forms.ValidationError(gettext("The file is larger than 1 MB."))
        content = given.read()
        for encoding in ("utf-8-sig", "cp949"):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
        raise forms.ValidationError(gettext("This file is no text."))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        good, bad = read_addresses(f"{data.get('recipients', '')}\n{data.get('file', '')}")
        if bad:
            self.add_error("recipients", gettext("No e-mail address: {words}").format(words=", ".join(bad[:5])))
        if data.get("recipients", "").strip() and not good and not bad:
            self.add_error("recipients", gettext("There is no e-mail address in it."))
        return {**data, "addresses": good}

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        own = {name: data.pop(name) for name in ("language", "addresses")}
        data.pop("file"), data.pop("recipients")
        return {"language": own["language"], "recipients": own["addresses"], "values": data}


class StandingForm(RefusableForm):
    connection = forms.UUIDField(widget=forms.HiddenInput)
    key = forms.CharField(widget=forms.HiddenInput)
    address = forms.CharField(label=_("Channel"), required=False, max_length=200)
