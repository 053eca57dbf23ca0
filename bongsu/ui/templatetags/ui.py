"""The components. A component has one template; here its values are put in order. Built in: no `{% load %}` needed."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zlib import crc32

from django import template
from django.forms import BoundField
from django.forms.widgets import CheckboxInput, CheckboxSelectMultiple, ClearableFileInput, RadioSelect
from django.template.context import RequestContext
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from bongsu.kernel.clock import now
from bongsu.kernel.text import Text
from bongsu.kernel.text import gettext_noop as noop
from bongsu.ui import charts, language, moments, panels
from bongsu.ui.components import Clock, DutyItem, Entry, Table

register = template.Library()

FIRES = {"P0": 5, "P1": 4, "P2": 3, "P3": 2, "": 1}
STATES = {  # tone, mark, word
    "done": ("calm", "done", noop("done")), "met": ("calm", "done", noop("done")), "sent": ("calm", "done", noop("sent")),
    "granted": ("calm", "done", noop("approved")), "healthy": ("calm", "done", noop("healthy")),
    "running": ("warm", "running", noop("in progress")), "sending": ("warm", "running", noop("being sent")),
    "pending": ("quiet", "waiting", noop("waiting")), "waiting": ("quiet", "waiting", noop("waiting")),
    "asked": ("quiet", "waiting", noop("waiting")), "draft": ("quiet", "waiting", noop("draft")),
    "held": ("warm", "waiting", noop("held back")), "dropped": ("quiet", "", noop("withdrawn")),
    "failed": ("hot", "warning", noop("failed")), "refused": ("hot", "warning", noop("refused")),
    "late": ("hot", "warning", noop("late")), "dead": ("hot", "warning", noop("given up")),
}  # fmt: skip


def part(name: str, values: dict[str, Any], request: Any = None) -> SafeString:
    return render_to_string(f"ui/parts/{name}.html", values, request=request)


# Words


@register.filter
def say(text: Any) -> str:
    """A `Text` or msgid in the reader's language."""
    return language.say(text)


@register.filter
def duration(span: timedelta | float | None) -> str:
    """`1시간 47분`, `1 h 47 min`."""
    return moments.duration(span)


@register.simple_tag
def moment(at: datetime | date | None, style: str = "short") -> str:
    """A moment in the reader's zone, the other zone in the title. `style`: short, zoned, full, time, day."""
    if at is None:
        return ""
    if not isinstance(at, datetime):
        return format_html('<time datetime="{}">{}</time>', at.isoformat(), moments.day(at))
    html = '<time class="num" datetime="{}" title="{}">{}</time>'
    return format_html(html, at.isoformat(), moments.elsewhere(at), moments.STYLES[style](at))


@register.simple_tag
def elapsed(since: datetime | None, until: datetime | None = None) -> str:
    """How long since a moment; ticks in the browser while `until` is open."""
    if since is None:
        return ""
    span = moments.duration(until - since) if until else moments.elapsed(now() - since)
    mark = SafeString("") if until else format_html(' data-since="{}"', since.isoformat())
    return format_html('<span class="num" title="{}"{}>{}</span>', moments.elsewhere(since), mark, span)


# Marks


@register.simple_tag
def icon(name: str, label: str = "") -> str:
    """A drawn mark. With `label` it speaks, without it is decoration."""
    spoken = format_html(' role="img" aria-label="{}"', label) if label else mark_safe(' aria-hidden="true"')
    return format_html('<svg class="icon i-{0}"{1}><use href="{2}#{0}"/></svg>', name, spoken, static("ui/icons.svg"))


@register.simple_tag
def fires(severity: str | None = "", word: Any = "", size: str = "") -> str:
    """One to five fires: P0 five, P1 four, P2 three, P3 two, none given: one, calm. `word` is the severity's name.

    `size`: small (inline, with the key beside it), large.
    """
    key = severity or ""
    lit = FIRES.get(key, 1)
    counted = {1: _("one fire"), 2: _("two fires"), 3: _("three fires"), 4: _("four fires"), 5: _("five fires")}[lit]
    name = " ".join(filter(None, (key, language.say(word)))) or _("calm")
    return _fires(lit, key or "calm", f"{name}, {counted}", size, name)


@lru_cache(maxsize=256)  # a list shows the same few again and again
def _fires(lit: int, key: str, label: str, size: str, name: str) -> SafeString:
    return part("fires", {"lit": lit, "marks": range(1, 6), "key": key, "label": label, "size": size, "name": name})


@register.simple_tag
def chip(label: Any, tone: str = "", mark: str = "") -> str:
    """A small word on a coloured ground. `tone`: quiet, warm, hot, calm, law; `mark`: an icon's name."""
    return format_html('<span class="chip {}">{}{}</span>', tone, icon(mark) if mark else "", language.say(label))


@register.simple_tag
def state(key: str, label: Any = "") -> str:
    """The chip of a state (done, running, waiting, pending, failed, held, ...): mark, word and colour."""
    tone, mark, word = STATES.get(key, ("", "", key))
    return chip(label or word, tone, mark)


@register.simple_tag
def avatar(name: str, size: str = "") -> str:
    """The first letter of a name on a colour that stays the same for this name; decoration beside the written name."""
    letter = (name or "?").strip()[:1].upper() or "?"
    return format_html('<span class="avatar c{} {}" aria-hidden="true">{}</span>', crc32(name.encode()) % 5, size, letter)


@register.simple_tag
def person(name: str, note: Any = "", url: str = "") -> str:
    """Avatar, name and a line beneath."""
    return part("person", {"name": name, "note": language.say(note), "url": url, "avatar": avatar(name)})


# Time left


def clock_values(clock: Clock) -> dict[str, Any]:
    at = now()
    return {
        "clock": clock,
        "stage": moments.stage(at, clock.due_at, clock.started_at),
        "left": moments.countdown(clock.due_at - at),
        "spent": round(moments.share(at, clock.due_at, clock.started_at) * 1000),
        "days": moments.day_word(),
    }


@register.simple_tag
def countdown(due_at: datetime, started_at: datetime | None = None, label: Any = "") -> str:
    """The time left, ticking, amber at half and red at nine tenths when the start is known."""
    return part("countdown", clock_values(Clock(label, due_at, started_at)))


@register.simple_tag
def clocks(deadlines: Sequence[Clock], most: int = 3) -> str:
    """The clock strip: the next `most` deadlines (`components.Clock`)."""
    chosen = sorted(deadlines, key=lambda c: c.due_at)[:most]
    return part("clocks", {"clocks": [clock_values(c) for c in chosen]}) if chosen else ""


# Lists


@register.simple_tag(takes_context=True)
def timeline(context: RequestContext, entries: Sequence[Entry], empty: Any = "") -> str:
    """A list of `components.Entry`, in the order given, with a line where the day changes."""
    rows, last = [], None
    for entry in entries:
        on = moments.local(entry.at).date()
        rows.append({"entry": entry, "day": on if on != last else None})
        last = on
    today = moments.local(now()).date()
    if rows and rows[0]["day"] == today:
        rows[0]["day"] = None
    return part("timeline", {"rows": rows, "empty": empty}, context.get("request"))


@register.simple_tag
def duties(items: Sequence[DutyItem]) -> str:
    """The list that stands between now and closing (`components.DutyItem`)."""
    return part("duties", {"items": items})


@register.simple_tag(takes_context=True)
def table(context: RequestContext, table: Table) -> str:
    """A sortable, pageable list (`components.Table`); the URL is its state."""
    request = context.get("request")
    rows = [
        {"cells": [(column, _cell(column, row, table, context)) for column in table.columns], "url": _reach(row, table.row_url)}
        for row in table.rows
    ]
    heads = [{"column": c, **_sorting(c.sort, table.sort, request)} for c in table.columns]
    following = _query(request, cursor=table.next_cursor) if table.next_cursor else ""
    return part(
        "table", {"table": table, "rows": rows, "heads": heads, "next": following, "first": _query(request, cursor=None)}, request
    )


def _reach(row: Any, path: str) -> Any:
    for step in path.split(".") if path else ():
        row = row.get(step) if isinstance(row, dict) else getattr(row, step)
        row = row() if callable(row) else row
    return row if path else ""


def _cell(column: Any, row: Any, table: Table, context: RequestContext) -> str:
    if column.cell:
        cell = template.Engine.get_default().get_template(column.cell)
        with context.push(row=row, column=column, **table.extra):  # like {% include %}: no new context for each cell
            return cell.render(context)
    value = _reach(row, column.value or column.key)
    match value:
        case None:
            return ""
        case datetime() | date():
            return moment(value)
        case timedelta():
            return moments.duration(value)
        case Text():
            return language.say(value)
        case int() if column.is_number:
            return f"{value:,}"
    return str(value) if not isinstance(value, SafeString) else value


def _sorting(sort: str, present: str, request: Any) -> dict[str, str]:
    if not sort:
        return {"url": "", "aria": ""}
    aria = {sort: "ascending", f"-{sort}": "descending"}.get(present, "none")
    return {"url": _query(request, sort=f"-{sort}" if present == sort else sort, cursor=None), "aria": aria}


def _query(request: Any, **changes: str | None) -> str:
    """This page's query with changes; None takes a name out."""
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = value
    return f"?{query.urlencode()}"


# Forms


@register.simple_tag
def field(bound: BoundField, label: Any = "", help: Any = "") -> str:
    """One field of a Django form: label, help, control and errors, tied together for a screen reader."""
    widget = bound.field.widget
    kind = (
        "group" if isinstance(widget, RadioSelect | CheckboxSelectMultiple)
        else "check" if isinstance(widget, CheckboxInput)
        else "file" if isinstance(widget, ClearableFileInput)
        else "line"
    )  # fmt: skip
    named = [
        n for n, there in ((f"{bound.auto_id}-help", help or bound.help_text), (f"{bound.auto_id}-errors", bound.errors)) if there
    ]
    attrs: dict[str, Any] = {"aria-describedby": " ".join(named)} if named else {}
    if bound.errors:
        attrs["aria-invalid"] = "true"
    values = {
        "field": bound,
        "kind": kind,
        "label": language.say(label) or bound.label,
        "help": language.say(help) or bound.help_text,
    }
    return part("field", {**values, "control": bound.as_widget(attrs=attrs), "is_optional": not bound.field.required})


@register.simple_tag
def fields(form: Any) -> str:
    """All fields of a form with the errors of the whole on top."""
    rows = [*form.hidden_fields(), *map(field, form.visible_fields())]
    return format_html("{}{}", form_errors(form), format_html_join("", "{}", ((row,) for row in rows)))


@register.simple_tag
def form_errors(form: Any) -> str:
    """The errors that belong to no single field, and those of hidden ones."""
    errors = [*form.non_field_errors(), *(e for f in form.hidden_fields() for e in f.errors)]
    return part("form_errors", {"errors": errors}) if errors else ""


@register.simple_tag
def drop(name: str, label: Any, help: Any = "", is_many: bool = True, accept: str = "") -> str:
    """A field for files: chosen, dragged onto it, or pasted anywhere in its form."""
    return part("drop", {"name": name, "label": label, "help": help, "is_many": is_many, "accept": accept})


# Figures


@register.simple_tag
def progress(value: float, maximum: float = 100, label: Any = "") -> str:
    """How far long work is, with its number."""
    share = round(100 * value / maximum) if maximum else 0
    return part("progress", {"value": value, "maximum": maximum, "label": label, "share": share})


@register.simple_tag
def sparkline(
    values: Sequence[float | None], label: Any, low: float | None = None, high: float | None = None, mark: int | None = None
) -> str:
    """A small line. `low`, `high`: the band of the normal; `mark`: the index of the event; None leaves a gap."""
    return part("sparkline", charts.sparkline(values, low, high, mark) | {"label": label})


@register.simple_tag
def chart(
    points: Sequence[Any],
    label: Any,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    mark_at: datetime | None = None,
) -> str:
    """A series of `components.Point` over time with axes, the normal band and the event, and its table behind."""
    return part("chart", charts.series(points, low, high, mark_at) | {"label": label, "unit": unit})


# Boxes


@register.simple_block_tag
def card(content: str, title: Any = "", note: Any = "", id: str = "", tone: str = "", question: Any = "") -> str:
    """`{% card title=... note=... tone="next" %}...{% endcard %}`."""
    return part("card", {"content": content, "title": title, "note": note, "id": id, "tone": tone, "question": question})


@register.simple_block_tag
def dialog(content: str, id: str, title: Any) -> str:
    """`{% dialog id="hand-over" title="..." %}...{% enddialog %}`; opened by any element with `data-opens="hand-over"`."""
    return part("dialog", {"content": content, "id": id, "title": title})


@register.simple_block_tag
def nothing(content: str, title: Any, fire: bool = False) -> str:
    """An empty state: says so and what to do. `{% nothing title="..." %}<a ...>{% endnothing %}`; `fire=True` draws one."""
    return part("nothing", {"content": content, "title": title, "fires": fires() if fire else ""})


@register.simple_block_tag
def blurred(content: str, label: Any, url: str = "") -> str:
    """Harmful content: hidden until revealed. With `url` it is fetched only then (and the reveal is logged there)."""
    return part("blurred", {"content": content, "label": label, "url": url})


@register.simple_tag
def prose(html: Any) -> str:
    """A slot for markup that was made safe elsewhere; anything else is escaped."""
    return format_html('<div class="prose">{}</div>', html)


@register.simple_tag
def code(text: str, label: Any = "") -> str:
    """Quoted text of a machine, scrollable, with a button to copy it."""
    return part("code", {"text": text, "label": label})


# Live


@register.simple_tag
def refetch(url: str, subject: str, also: str = "") -> str:
    """Attributes: fetch this element again when a fact about `subject` arrives (a ref, its kind, or `any`)."""
    triggers = ", ".join(f"bongsu:{name} from:body delay:250ms" for name in filter(None, (subject, also, "again")))
    html = 'hx-get="{}" hx-trigger="{}" hx-target="this" hx-swap="outerHTML"'
    return format_html(html, url, mark_safe(escape(triggers)))


@register.simple_tag
def opens(url: str) -> str:
    """Attributes of a link to a form: it opens over the page, in `#act`; without script it is a page of its own."""
    return format_html('href="{0}" hx-get="{0}" hx-target="#act" hx-swap="innerHTML"', url)


@register.simple_tag(takes_context=True, name="panels")
def panel_list(context: RequestContext, page: str, obj: Any, place: str = "left", url: str = "", live: str = "") -> str:
    """The panels of one place. `url` is the page's panel address (`/incidents/INC-2026-001/panels/`), `live` the subject."""
    request = context["request"]
    chosen = panels.registered(page, place, request)  # type: ignore[arg-type]
    if place != "below":
        return mark_safe("".join(panels.rendered(p, request, obj, url, live) for p in chosen))
    if not chosen:
        return ""
    now_key = request.GET.get("panel", "")
    first = next((p for p in chosen if p.key == now_key), chosen[0])
    tabs = [
        {
            "key": p.key,
            "title": language.say(p.title),
            "badge": panels.badge_of(p, request, obj),
            "url": f"{url}{p.key}/",
            "is_current": p is first,
        }
        for p in chosen
    ]
    body = panels.rendered(first, request, obj, url, live) if first.key == now_key else ""
    return part("tabs", {"tabs": tabs, "body": body, "first": f"{url}{first.key}/", "page": page}, request)
