"""Forms of the runbook run. Each answers `values()`: the keyword arguments of its action."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bongsu.incidents import queries as incidents
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.packs import queries as packs
from bongsu.people import queries as people
from bongsu.ui.forms import ActForm, Listed

from . import queries
from .models import Containment, Verification
from .rules import steps, verifying

LONGEST = 20_000


class RunForm(ActForm):
    """A form about one incident, and about one row of it when there is one."""

    def __init__(self, *args: Any, incident: Incident, actor: Actor, row: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.incident, self.actor, self.row = incident, actor, row
        self.prepare()

    def prepare(self) -> None:
        """Fill in choices and first values."""


class ReasonForm(RunForm):
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST)


class StepForm(RunForm):
    """A form about one step, which it names."""

    def prepare(self) -> None:
        step: queries.StepView = self.row
        self.what = step.step.title.say(self.actor.language)


class StepReasonForm(StepForm, ReasonForm):
    pass


class BeginForm(StepForm):
    title = _("Begin")

    def values(self) -> dict[str, Any]:
        return {"state": steps.DOING}


class TickForm(StepForm):
    title = _("Tick the step")
    note = forms.CharField(
        label=_("What was done, what was seen?"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST
    )
    link = forms.URLField(label=_("Link"), required=False, max_length=2000, assume_scheme="https")
    evidence = forms.ChoiceField(label=_("Evidence"), required=False)
    reason = forms.CharField(
        label=_("Why now, while these are open?"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def prepare(self) -> None:
        super().prepare()
        view: queries.StepView = self.row
        kept = incidents.evidence(self.actor, self.incident)
        self.choose("evidence", [("", "—"), *((str(e.id), e.title) for e in kept)])
        if not queries.is_shown(self.incident, view.step):
            self.fields["note"].help_text = _("Nothing on record shows yet that this was done: say what does.")
        if waiting := queries.open_before(view.row.run, view.step, self.actor.language):
            self.listed = Listed(gettext("Earlier steps that are open"), waiting, is_open=True)
        else:
            del self.fields["reason"]

    def values(self) -> dict[str, Any]:
        return {**self.cleaned_data, "evidence": self.cleaned_data["evidence"] or None, "state": steps.DONE}


class SkipForm(StepReasonForm):
    title = _("Skip the step")

    def values(self) -> dict[str, Any]:
        return {**self.cleaned_data, "state": steps.SKIPPED}


class NotApplicableForm(StepReasonForm):
    title = _("The step does not apply")

    def values(self) -> dict[str, Any]:
        return {**self.cleaned_data, "state": steps.NOT_APPLICABLE}


class BackForm(StepReasonForm):
    title = _("Open the step again")

    def values(self) -> dict[str, Any]:
        return {**self.cleaned_data, "state": steps.WAITING}


class AssignForm(StepForm):
    title = _("Give the step to")
    person = forms.ChoiceField(label=_("Person"))

    def prepare(self) -> None:
        super().prepare()
        self.choose("person", [(str(p.id), p.name) for p in people.people(self.actor, is_active=True)])


class RunbookForm(ReasonForm):
    title = _("Change the runbook")
    runbook = forms.ChoiceField(label=_("Runbook"))
    field_order = ["runbook", "reason"]

    def prepare(self) -> None:
        run = queries.run_of(self.incident)
        books = packs.pack(self.incident.pack_id).runbooks
        rest = [(b.id, b.title.say(self.actor.language)) for b in books if run is None or b.id != run.runbook]
        self.choose("runbook", rest)
        if run:
            self.fields["runbook"].initial, self.fields["reason"].initial = run.offered, run.offered_why


class LessonForm(RunForm):
    title = _("What to change in this runbook")
    lesson = forms.CharField(label=_("Your answer"), widget=forms.Textarea(attrs={"rows": 4}), max_length=LONGEST)

    def prepare(self) -> None:
        run = queries.run_of(self.incident)
        self.what = queries.runbook_of(run).closing_question.say(self.actor.language) if run else ""


class ProposeForm(RunForm):
    title = _("Dry run")
    version = forms.CharField(
        label=_("Version to go back to"), required=False, max_length=60, help_text=_("Left empty: the last good version.")
    )


class ByHandForm(RunForm):
    title = _("Done by hand")
    kind = forms.ChoiceField(label=_("Containment"))
    text = forms.CharField(label=_("What was done?"), widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST)
    way_back = forms.CharField(
        label=_("How is it undone?"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=LONGEST,
        help_text=_("Left empty: as the pack says."),
    )  # fmt: skip
    hours = forms.IntegerField(
        label=_("The containment lasts (hours)"), required=False, min_value=1, max_value=24 * 30,
        help_text=_("When they are over, you are reminded to undo it. Left empty: as the pack says."),
    )  # fmt: skip

    def prepare(self) -> None:
        known = incidents.taxonomy_of(self.incident).containments
        self.choose("kind", [(k.key, k.label.say(self.actor.language)) for k in known])
        self.fields["kind"].initial = queries.next_containment(self.incident)

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        hours = data.pop("hours")
        return {**data, "expires_after": timedelta(hours=hours) if hours else None}


class AskForm(RunForm):
    title = _("Ask for approval")
    approver = forms.ChoiceField(
        label=_("Who approves?"), required=False, help_text=_("Left empty: the incident commander, or everybody who may.")
    )

    def prepare(self) -> None:
        row: Containment = self.row
        self.what = row.text.partition("\n\n")[2 if self.actor.language.startswith("en") else 0]
        others = [p for p in people.people_with_grant("containment.approve") if p.id != self.actor.person_id]
        self.choose("approver", [("", "—"), *((str(p.id), p.name) for p in others)])

    def values(self) -> dict[str, Any]:
        return {"approver": self.cleaned_data["approver"] or None}


class WithdrawForm(ReasonForm):
    title = _("Take it back")


class UndoForm(ReasonForm):
    title = _("Undo")

    def prepare(self) -> None:
        row: Containment = self.row
        usual = incidents.taxonomy_of(self.incident).containment(row.kind).undo.say(self.actor.language)
        self.what = row.way_back or usual


class AgainForm(RunForm):
    title = _("Look again")


class SnapshotForm(RunForm):
    title = _("Take the snapshot")


class CheckForm(RunForm):
    title = _("Check now")


class OverrideForm(ReasonForm):
    title = _("Decide without the query")


class VerificationForm(ReasonForm):
    title = _("Change the verification")
    query = forms.CharField(label=_("Query (PromQL)"), widget=forms.Textarea(attrs={"rows": 3}), max_length=4000)
    compare = forms.ChoiceField(label=_("The value must be"), choices=[(k, _(v)) for k, v in verifying.COMPARE.items()])
    against = forms.ChoiceField(
        label=_("Measured by"), choices=[(verifying.BASELINE, _("baseline × factor")), (verifying.ABSOLUTE, _("a fixed number"))]
    )
    limit = forms.DecimalField(label=_("Factor or number"), max_digits=20, decimal_places=6)
    window = forms.FloatField(label=_("Window (seconds)"), min_value=1)
    dwell = forms.FloatField(label=_("Dwell time (seconds)"), min_value=1)
    traffic = forms.CharField(
        label=_("Traffic query (PromQL)"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=4000
    )
    minimum_traffic = forms.IntegerField(label=_("Least traffic"), min_value=0)
    field_order = ["query", "compare", "against", "limit", "window", "dwell", "traffic", "minimum_traffic", "reason"]

    def prepare(self) -> None:
        row: Verification = self.row
        for name in self.fields:
            if name != "reason":
                self.fields[name].initial = getattr(row, name)
        self.fields["limit"].initial = row.limit.normalize()


class MeasureForm(RunForm):
    title = _("Set a measure")
    is_permanent = forms.TypedChoiceField(
        label=_("Which?"), choices=[("0", _("Temporary measure")), ("1", _("Permanent fix"))], coerce=lambda v: v == "1",
        widget=forms.RadioSelect, initial="0",
    )  # fmt: skip
    kind = forms.ChoiceField(label=_("Kind"))
    text = forms.CharField(label=_("What is done?"), widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST)
    owner = forms.ChoiceField(label=_("Owner"))
    due_at = forms.DateTimeField(
        label=_("Due"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"),
    )  # fmt: skip
    link = forms.URLField(
        label=_("Link"), required=False, max_length=2000, assume_scheme="https",
        help_text=_("For a policy update: its new version."),
    )  # fmt: skip

    def prepare(self) -> None:
        language = self.actor.language
        kinds = incidents.taxonomy_of(self.incident).measures
        self.choose("kind", [(k.key, k.label.say(language)) for k in kinds])
        self.choose("owner", [(str(p.id), p.name) for p in people.people(self.actor, is_active=True)])
        self.fields["owner"].initial = str(self.actor.person_id)
        usual = queries.usual_measures(self.incident)
        if usual:
            is_permanent = str(self.initial.get("is_permanent", "0")) == "1"
            self.fields["kind"].initial = usual.permanent_kind if is_permanent else usual.temporary_kind
            self.fields["text"].initial = (usual.permanent if is_permanent else usual.temporary).say(language)


class FinishForm(RunForm):
    title = _("The measure is in effect")
