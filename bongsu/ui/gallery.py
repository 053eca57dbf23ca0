"""Samples of every component, for the gallery page that the browser test reads."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bongsu.kernel.clock import now

from .components import Clock, Column, DutyItem, Entry, Item, Point, Table


class SampleForm(forms.Form):
    title = forms.CharField(label=_("What happened?"), help_text=_("One sentence is enough."))
    description = forms.CharField(label=_("Description"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    severity = forms.ChoiceField(label=_("Severity"), choices=[(p, p) for p in ("P0", "P1", "P2", "P3")])
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[("note", _("Note")), ("decision", _("Decision"))], widget=forms.RadioSelect
    )
    is_drill = forms.BooleanField(label=_("This is a drill"), required=False, help_text=_("Nothing leaves the house."))


def _clocks(at: datetime) -> list[Clock]:
    return [
        Clock(
            _("Status update"),
            at + timedelta(minutes=12, seconds=40),
            at - timedelta(minutes=47),
            _("until 16:00"),
            url="#clock",
        ),
        Clock(_("Escalation: tell the CEO"), at + timedelta(hours=2, minutes=13), at - timedelta(minutes=107)),
        Clock(
            _("Report to the authority"),
            at + timedelta(hours=70),
            at - timedelta(hours=2),
            is_legal=True,
            source="PIPA 34",
            source_url="#law",
        ),
        Clock(_("Customer notice"), at - timedelta(minutes=5), at - timedelta(hours=1)),
    ]


def _entries(at: datetime) -> list[Entry]:
    return [
        Entry(
            at - timedelta(minutes=3),
            lead=_("Containment"),
            text=_("Approval requested"),
            icon="lock",
            actor="박민수",
            tone="warm",
        ),
        Entry(
            at - timedelta(minutes=40),
            lead=_("Status update"),
            items=[
                Item("done", _("Path of attack confirmed")),
                Item("running", _("Documents isolated")),
                Item("waiting", _("Counting users")),
            ],
        ),
        Entry(
            at - timedelta(hours=2),
            lead=_("Note"),
            quote="order.lookup()\n→ 46",
            recorded_at=at - timedelta(minutes=1),
            actor="김서연",
        ),
        Entry(
            at - timedelta(days=1),
            lead=_("Declared"),
            text=_("Channel opened"),
            is_system=True,
            url="#channel",
            link=_("To the channel"),
        ),
        Entry(at - timedelta(days=1), lead=_("Note"), text=_("Retracted"), is_retracted=True),
    ]


def _duties(at: datetime) -> list[DutyItem]:
    return [
        DutyItem(_("Open the incident channel"), "done"),
        DutyItem(_("Confirm affected users"), "due", at + timedelta(hours=3), url="#duty"),
        DutyItem(_("Report to the authority"), "open", at + timedelta(hours=70), is_legal=True),
        DutyItem(_("Root cause analysis"), note=_("within 48 hours")),
        DutyItem(_("Red team retest"), "waived"),
    ]


def samples(request: HttpRequest) -> dict[str, Any]:
    at = now()
    wrong = SampleForm({"severity": "P9", "kind": "note"})
    wrong.is_valid()
    rows = [
        {"number": f"INC-2026-{n:03}", "title": _("Prompt injection succeeded"), "at": at - timedelta(hours=n), "n": n * 12}
        for n in range(1, 5)
    ]
    columns = [
        Column("number", _("Number"), sort="number"),
        Column("title", _("Title")),
        Column("at", _("Declared"), sort="at"),
        Column("n", _("People affected"), is_number=True),
    ]
    return {
        "at": at,
        "clocks": _clocks(at),
        "entries": _entries(at),
        "duties": _duties(at),
        "table": Table(columns, rows, _("Incidents"), sort="-at", next_cursor="abc", is_first=False, row_url="number"),
        "empty_table": Table(columns, [], _("Incidents"), empty=_("No incident matches.")),
        "form": SampleForm(initial={"kind": "note"}, auto_id="ok_%s"),
        "wrong": wrong,
        "values": [4, 5, 4, 6, 5, None, 5, 30, 44, 38, 30, 22, 15, 9],
        "points": [
            Point(at - timedelta(minutes=10 * (30 - i)), None if i == 7 else 20 + (i * 37) % 23 + (60 if 12 < i < 18 else 0))
            for i in range(30)
        ],
        "mark_at": at - timedelta(minutes=170),
    }
