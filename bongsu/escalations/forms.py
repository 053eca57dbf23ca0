"""Forms of the ladder."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bongsu.kernel.clock import now
from bongsu.ui.forms import ActForm


class SnoozeForm(ActForm):
    title = _("No reminders to me")
    what = _("Only reminders to you stop. The steps of the matrix come all the same.")
    minutes = forms.TypedChoiceField(
        label=_("For how long"),
        coerce=int,
        choices=[
            (30, _("30 minutes")),
            (60, _("1 hour")),
            (120, _("2 hours")),
            (240, _("4 hours")),
            (480, _("8 hours")),
        ],
    )
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"until_at": now() + timedelta(minutes=data["minutes"]), "reason": data["reason"]}


class EscalateForm(ActForm):
    title = _("Escalate now")
    what = _("The next step of the matrix is told at once.")
    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
