"""The components by what they say (M6, M8): fires and words, forms for a screen reader, tables whose URL is the state."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django import forms
from django.template import Context, RequestContext, Template
from django.test import RequestFactory
from django.utils import translation
from django.utils.safestring import mark_safe

from bongsu.kernel.clock import simulated
from bongsu.ui import charts
from bongsu.ui.components import Clock, Column, Entry, Point, Table

NOON = datetime(2026, 11, 25, 3, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon_in_korean(alone):
    with simulated(NOON), translation.override("ko"):
        yield


def drawn(source, path="/", **values):
    return Template(source).render(RequestContext(RequestFactory().get(path), values))


@pytest.mark.parametrize(
    ("key", "fires", "word"), [("P0", 5, "다섯"), ("P1", 4, "네"), ("P2", 3, "세"), ("P3", 2, "두"), ("", 1, "한")]
)
def test_severity_is_fires_and_a_word_never_colour_alone(key, fires, word):
    html = drawn("{% fires key word='높음' %}", key=key)
    assert html.count("fire on") == fires
    assert f"불 {word} 개" in html
    assert "높음" in html


def test_words_are_escaped_wherever_they_come_from():
    evil = "<script>alert(1)</script>"
    source = """{% fires "P1" word=e %}{% chip e %}{% state "done" e %}
    {% person e e %}{% card title=e note=e %}{% endcard %}{% code e e %}
    {% timeline entries %}{% nothing title=e %}{% endnothing %}
    {% prose e %}{% progress 1 2 e %}{% blurred label=e %}{% endblurred %}
    {% clocks clocks %}{% table table %}{% sparkline points e %}{% drop "f" e %}{% icon "done" e %}"""
    html = drawn(
        source,
        e=evil,
        entries=[Entry(NOON, evil, lead=evil, actor=evil, quote=evil)],
        clocks=[Clock(evil, NOON, note=evil, source=evil)],
        table=Table([Column("x", evil)], [{"x": evil}], evil),
        points=[1, 2],
    )
    assert "<script" not in html
    assert html.count("&lt;script") > 20


def test_safe_markup_goes_into_the_slot_as_it_is():
    assert drawn("{% prose html %}", html=mark_safe("<p>a</p>")) == '<div class="prose"><p>a</p></div>'


def test_a_moment_carries_its_instant_and_the_other_zone():
    html = drawn("{% moment at 'full' %}", at=NOON)
    assert 'datetime="2026-11-25T03:02:00+00:00"' in html
    assert "UTC" in html
    assert drawn("{% moment nothing %}", nothing=None) == ""


def test_the_clock_strip_shows_the_next_three_and_marks_the_legal_one():
    hours = [Clock(f"d{h}", NOON + timedelta(hours=h), NOON, is_legal=h == 2, source="PIPA 34") for h in (5, 2, 1, 9)]
    html = drawn("{% clocks c %}", c=hours)
    assert [n for n in ("d1", "d2", "d5", "d9") if n in html] == ["d1", "d2", "d5"]
    assert html.count("법적 의무") == 1
    assert drawn("{% clocks c %}", c=[]) == ""


def test_a_back_dated_entry_is_marked_and_days_are_parted():
    entries = [Entry(NOON, "now"), Entry(NOON - timedelta(days=1), "then", recorded_at=NOON)]
    html = drawn("{% timeline e %}", e=entries)
    assert html.count('class="day"') == 1
    assert "나중에 기록" in html


class Form(forms.Form):
    title = forms.CharField(label="Title", help_text="One sentence")
    note = forms.CharField(required=False)
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    key = forms.CharField(widget=forms.HiddenInput)


def test_a_field_ties_label_help_and_errors_together():
    form = Form({"title": "", "kind": "a"})
    html = drawn("{% fields form %}", form=form)
    assert '<label for="id_title">' in html
    assert 'aria-describedby="id_title-help id_title-errors"' in html
    assert 'aria-invalid="true"' in html
    assert "<legend>" in html
    assert html.count("선택</small>") == 1, "only the optional one is called so"
    assert 'class="errors form" role="alert"' in html, "an error of a hidden field is not lost"


def test_the_url_of_a_list_is_its_state():
    table = Table(
        [Column("n", "N", sort="n"), Column("t", "T")], [{"n": 1, "t": "x"}], "List", sort="n", next_cursor="abc", row_url="t"
    )
    html = drawn("{% table t %}", "/?q=word&cursor=old", t=table)
    assert 'href="?q=word&amp;sort=-n"' in html
    assert 'aria-sort="ascending"' in html
    assert 'href="?q=word&amp;cursor=abc" rel="next"' in html


def test_an_empty_list_says_so():
    assert "항목이 없습니다." in drawn("{% table t %}", t=Table([], [], "List"))


def test_a_gap_in_a_series_breaks_the_line():
    assert charts.path([(0, 1), (1, None), (2, 3), (3, 4)]) == "M0 1 M2 3 L3 4"
    assert charts.sparkline([], None, None, None)["line"] == ""
    assert charts.sparkline([5, 5], None, None, None)["line"].startswith("M0 28")


@pytest.mark.parametrize(
    ("bottom", "top", "levels"), [(0, 101, [0, 50, 100]), (0, 4, [0, 1, 2, 3, 4]), (-1, 1, [-1, -0.5, 0, 0.5, 1])]
)
def test_levels_of_a_chart_are_round(bottom, top, levels):
    assert charts.round_levels(bottom, top) == levels


def test_a_chart_has_its_numbers_behind_it_and_says_when_there_are_none():
    points = [Point(NOON + timedelta(minutes=i), None if i == 1 else float(i)) for i in range(3)]
    html = drawn("{% chart p 'Blocked' 'n' %}", p=points)
    assert html.count("<tr>") == 4
    assert "데이터 없음" in html
    assert "데이터 없음" in drawn("{% chart p 'Blocked' %}", p=[])


def test_harmful_content_with_an_address_is_not_in_the_page():
    html = drawn("{% blurred label='x' url='/reveal/' %}secret{% endblurred %}")
    assert "secret" not in html
    assert 'hx-post="/reveal/"' in html


def test_a_component_works_without_a_request():
    assert "P1" in Template("{% fires 'P1' size='small' %}").render(Context())


def test_every_fact_has_a_mark_that_is_drawn() -> None:
    from bongsu.kernel.facts import known_facts

    drawn = Path(charts.__file__).with_name("static").joinpath("ui", "icons.svg").read_text()
    assert [kind.name for kind in known_facts().values() if f'id="{kind.icon}"' not in drawn] == []
