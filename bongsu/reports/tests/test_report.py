"""The report: drafted from the record in the source's form, in both languages, never over a person's words (E1-E4, A6)."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bongsu.comms.facts import MessageFailed
from bongsu.comms.models import Message
from bongsu.documents import actions as documents
from bongsu.documents.models import Document
from bongsu.documents.queries import rendered
from bongsu.events.actions import action, record
from bongsu.events.models import Event
from bongsu.incidents import actions as incidents
from bongsu.incidents.models import Duty, Incident
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Forbidden, Invalid, NotFound, Refused
from bongsu.reports import actions, queries
from bongsu.signals.facts import SignalAttached

pytestmark = pytest.mark.django_db

BEGAN = datetime(2026, 11, 11, 5, 30, tzinfo=UTC)  # 14:30 in Seoul
TITLE = "상담 챗봇이 다른 고객의 주문을 보여 줌"


def resolved(alice: Actor, **values: Any) -> Incident:
    """14:30 it began, 14:40 it was declared, 18:45 it was resolved."""
    with clock.simulated(BEGAN + timedelta(minutes=10)):
        given = {"title": TITLE, "type": "security", "subtype": "prompt_injection", "severity": "P1", "occurred_at": BEGAN}
        incident = incidents.open_incident(alice, **{**given, **values})
        incidents.change_impact(
            alice, incident=incident.id, affected_users=12408, affected_scope="주문 조회 | 상담", regions=["KR", "JP"],
            loss=Decimal("48000000"), currency="KRW", regulatory_risk="개인정보 보호법 제34조 신고 대상",
        )  # fmt: skip
        incidents.add_note(alice, incident=incident.id, text="캐시 키에서 고객 식별자가 빠졌습니다 | 확인함\n\n# 제목 아님")
        clock.advance(timedelta(minutes=5))
        incidents.move_state(alice, incident=incident.id, state="mitigating")
        clock.advance(BEGAN + timedelta(hours=4, minutes=15))
        incidents.move_state(alice, incident=incident.id, state="resolved", reason="지표가 돌아왔습니다")
    incident.refresh_from_db()
    return incident


def part(row: Document, key: str) -> Any:
    return row.parts.get(key=key)


def pdf_text(content: bytes) -> str:
    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


@pytest.mark.parametrize(
    ("language", "span", "headings"),
    [
        ("ko", "4시간 15분", ["1. 요약", "2. 타임라인", "3. 근본 원인", "4. 영향 분석", "5. 완화 조치",
                              "6. 후속 조치", "7. 교훈"]),
        ("en", "4 h 15 min", ["1. Executive summary", "2. Timeline", "3. Root cause", "4. Impact", "5. Mitigation",
                              "6. Action items", "7. Lessons learned"]),
    ],
)  # fmt: skip
def test_a_draft_has_seven_parts_and_what_the_record_knows(
    alice: Actor, default_pack: None, language: str, span: str, headings: list[str]
) -> None:
    incident = resolved(alice)
    row = actions.draft(alice, incident=incident.id, language=language)
    assert [p.title for p in row.parts.all()] == headings
    basics = [value for _label, value in row.basics]
    assert basics[:3] == [incident.number, "2026-11-11 14:30 KST", "2026-11-11 18:45 KST"]
    assert basics[3].startswith("P1 ")
    assert basics[4] == "Alice"
    impact = part(row, "impact").text
    assert f"2026-11-11 14:30 → 18:45 ({span})" in impact
    assert "12,408" in impact
    assert "KRW 48,000,000" in impact
    assert "제34조" in impact
    assert "KR, JP" in impact
    assert "주문 조회 \\| 상담" in impact
    lines = part(row, "timeline").text.splitlines()
    assert "| 2026-11-11 14:40 | 캐시 키에서 고객 식별자가 빠졌습니다 \\| 확인함 # 제목 아님 | Alice |" in lines
    assert [line[2:18] for line in lines[2:] if line.startswith("| 20")] == sorted(
        line[2:18] for line in lines if line.startswith("| 20")
    )


def test_a_draft_says_what_only_a_person_can_write(alice: Actor, default_pack: None) -> None:
    row = actions.draft(alice, incident=resolved(alice, occurred_at=None).id, language="en")
    assert "(noticed; the beginning is not known)" in dict(row.basics)["Occurred"]
    before = queries.progress(row)
    assert before["edited"] == 0
    assert before["prompts"] >= 8
    cause = part(row, "root_cause")
    documents.edit_part(alice, part=cause.id, text="A cache key without the customer.", version=cause.version)
    after = queries.progress(Document.objects.get())
    assert after["edited"] == 14
    assert after["prompts"] == before["prompts"] - 3


def test_writing_it_again_keeps_a_persons_words_and_shows_what_changed(alice: Actor, default_pack: None) -> None:
    incident = resolved(alice)
    row = actions.draft(alice, incident=incident.id, language="ko")
    impact = part(row, "impact")
    documents.edit_part(alice, part=impact.id, text="고객 12,408명이 영향을 받았습니다.", version=impact.version)
    again = actions.draft(alice, incident=incident.id, language="ko")
    assert again.id == row.id
    assert not queries.progress(again)["news"]
    incidents.change_impact(alice, incident=incident.id, affected_users=13000)
    actions.draft(alice, incident=incident.id, language="ko")
    kept = part(row, "impact")
    assert kept.person_text == "고객 12,408명이 영향을 받았습니다."
    assert kept.has_news
    assert "13,000" in kept.generated
    assert "13,000" in part(row, "summary").text
    assert queries.progress(row)["news"] == 1


def test_writing_it_twice_changes_nothing(alice: Actor, default_pack: None) -> None:
    incident = resolved(alice)
    actions.draft(alice, incident=incident.id, language="ko")
    before = [(p.generated, p.version) for p in Document.objects.get().parts.all()]
    actions.draft(alice, incident=incident.id, language="ko")
    assert [(p.generated, p.version) for p in Document.objects.get().parts.all()] == before
    stated = Event.objects.filter(name="reports.drafted@1").order_by("seq")
    assert stated.count() == 2
    assert '"changed":[]' in stated[1].text


def test_resolving_drafts_it_once_and_leaves_the_duty(alice: Actor, default_pack: None, drain: Callable[..., int]) -> None:
    incident = resolved(alice)
    with pytest.raises(Refused):  # the report's listener has not had its say yet
        incidents.move_state(alice, incident=incident.id, state="closed")
    drain()
    drain()
    row = Document.objects.get()
    assert (row.language, row.kind, row.number) == ("en", "incident-report", incident.number)
    assert Duty.objects.get(incident=incident, key="report_approved").is_open


def test_a_retracted_entry_is_struck_and_a_back_dated_one_says_so(alice: Actor, default_pack: None) -> None:
    incident = resolved(alice)
    note = incidents.add_note(alice, incident=incident.id, text="wrong", occurred_at=BEGAN + timedelta(minutes=30))
    incidents.retract_entry(alice, incident=incident.id, event=note, reason="other system")
    text = part(actions.draft(alice, incident=incident.id, language="en"), "timeline").text
    line = next(line for line in text.splitlines() if "wrong" in line)
    assert line.startswith("| 2026-11-11 15:00 | ~~wrong~~ (retracted: other system) (recorded ")
    assert line.endswith("| Alice |")


def test_the_way_to_the_seal_tells_reviewers_and_meets_the_duty(
    alice: Actor, bob: Actor, lena: Actor, bora: Actor, default_pack: None, drain: Callable[..., int]
) -> None:
    incident = resolved(alice)
    drain()
    row = Document.objects.get()
    cause = part(row, "root_cause")
    documents.edit_part(bob, part=cause.id, text="캐시 키", version=cause.version)
    revision = documents.submit_for_review(alice, document=row.id, with_open_places=True)
    drain()
    drain()
    assert [m.person_id for m in Message.objects.filter(purpose="report_review")] == [lena.person_id]
    with pytest.raises(Refused):
        actions.draft(alice, incident=incident.id, language="en")
    documents.decide_review(lena, document=row.id, is_approved=True, text_hash=revision.hash)
    drain()
    assert {m.person_id for m in Message.objects.filter(purpose="report_review")} == {lena.person_id, bora.person_id}
    documents.decide_review(bora, document=row.id, is_approved=True, text_hash=revision.hash)
    drain()
    duty = Duty.objects.get(incident=incident, key="report_approved")
    assert duty.met_at
    assert duty.proof == f"{incident.number}-incident-report-en-final, SHA-256 {revision.hash}"
    assert actions.draft(alice, incident=incident.id, language="en").id != row.id  # a sealed one is never written again


@pytest.mark.parametrize("language", ["ko", "en"])
def test_it_is_drafted_in_the_language_of_its_commander(
    make_person: Callable[..., Actor], default_pack: None, drain: Callable[..., int], language: str
) -> None:
    resolved(make_person("dana", "commander", language=language))
    drain()
    row = Document.objects.get()
    assert row.language == language
    assert row.classification == {"ko": "대외비", "en": "Confidential"}[language]


def test_whoever_submitted_is_told_which_changes_are_asked_for(
    alice: Actor, alice_client: Any, lena: Actor, default_pack: None, drain: Callable[..., int]
) -> None:
    incident = resolved(alice)
    drain()
    row = Document.objects.get()
    revision = documents.submit_for_review(alice, document=row.id, with_open_places=True)
    documents.decide_review(lena, document=row.id, is_approved=False, text_hash=revision.hash, reason="Name the law")
    drain()
    drain()
    told = Message.objects.get(template="report_changes")
    assert told.person_id == alice.person_id
    assert "Name the law" in told.text
    assert f"/documents/{row.id}/" in told.text
    waits = alice_client.get("/desk/waiting/").content.decode()
    assert "Make the changes that were asked for" in waits
    assert incident.number in waits
    documents.submit_for_review(alice, document=row.id, with_open_places=True)
    assert "Make the changes that were asked for" not in alice_client.get("/desk/waiting/").content.decode()


def test_the_page_leads_back_to_the_incident(alice: Actor, alice_client: Any, default_pack: None) -> None:
    incident = resolved(alice)
    row = actions.draft(alice, incident=incident.id, language="en")
    page = alice_client.get(f"/documents/{row.id}/").content.decode()
    assert f'<a href="/incidents/{incident.number}/">{incident.number}</a>' in page


@pytest.mark.parametrize("occurred_at", [BEGAN, None])
def test_it_states_no_awareness_and_no_outage_that_nobody_recorded(
    alice: Actor, default_pack: None, occurred_at: datetime | None
) -> None:
    row = actions.draft(alice, incident=resolved(alice, occurred_at=occurred_at).id, language="ko")
    text = rendered(row, "md").decode()
    assert "인지" not in text
    assert "중단 시간" not in text
    assert "발생부터 복구까지: 2026-11-11" in text
    assert ("탐지 시각부터 계산" in text) is (occurred_at is None)


def test_what_the_machine_did_by_itself_is_nobodys_line(alice: Actor, default_pack: None, drain: Callable[..., int]) -> None:
    """Messages that failed after a person's act, signals that came in: the person did neither."""
    incident = resolved(alice)
    failed = MessageFailed(
        subject=incident.subject_id, message="m", recipient="person:x", recipient_name="Kim", purpose="escalation",
        why="no address",
    )  # fmt: skip
    attached = SignalAttached(subject=incident.subject_id, signal="s", state="firing", times=1, count=3)
    action(lambda actor: [record(actor, fact) for fact in (failed, attached)])(alice)
    lines = part(actions.draft(alice, incident=incident.id, language="en"), "timeline").text.splitlines()
    for words in ("Kim could not be reached", "Signals of this incident that came in: 3"):
        (line,) = [line for line in lines if words in line]
        assert line.endswith("| Bongsu, by itself |")
    assert any(line.endswith("| Alice |") for line in lines)


def test_reopening_owes_the_report_again(alice: Actor, default_pack: None, drain: Callable[..., int]) -> None:
    incident = resolved(alice)
    drain()
    incidents.meet(alice, incident=incident, key="report_approved", proof="sealed")
    incidents.move_state(alice, incident=incident.id, state="reopened", reason="it is back")
    drain()
    assert Duty.objects.get(incident=incident, key="report_approved").is_open


@pytest.mark.parametrize("language", ["ko", "en"])
def test_it_prints_as_pdf_in_both_languages(alice: Actor, default_pack: None, language: str) -> None:
    incident = resolved(alice)
    row = actions.draft(alice, incident=incident.id, language=language)
    text = pdf_text(rendered(row, "pdf"))
    assert incident.number in text
    assert "12,408" in text
    assert {"ko": "4시간 15분", "en": "4 h 15 min"}[language] in text
    assert "14:30" in rendered(row, "html").decode()
    assert f"# {row.kind_title}" in rendered(row, "md").decode()


def test_who_may_not_write_reports_and_who_must_not_know(
    alice: Actor, bob: Actor, charlie: Actor, ivy: Actor, default_pack: None
) -> None:
    incident = resolved(alice, restriction="a colleague is involved")
    for actor, refusal in ((charlie, Forbidden), (ivy, Forbidden), (bob, NotFound)):
        with pytest.raises(refusal):
            actions.draft(actor, incident=incident.id)
    with pytest.raises(Invalid):
        actions.draft(alice, incident=incident.id, language="fr")
    actions.draft(alice, incident=incident.id)
    with pytest.raises(NotFound):
        queries.report(bob, incident.number)


def test_measures_lessons_and_alarms_are_in_it(alice: Actor, bob: Actor, default_pack: None) -> None:
    from bongsu.packs.queries import active_version
    from bongsu.runbooks.actions import finish_measure, set_measure
    from bongsu.runbooks.models import Run

    incident = resolved(alice)
    given: dict[str, Any] = {"incident": incident.id, "kind": "temporary_patch", "owner": bob.person_id}
    first = set_measure(alice, is_permanent=False, text="캐시를 비움 *전부*", **given)
    finish_measure(alice, incident=incident.id, measure=first.id)
    set_measure(alice, is_permanent=True, text="캐시 키 검사", due_at=BEGAN + timedelta(days=9), **given)
    Run.objects.create(
        subject_id=incident.subject_id, incident=incident, runbook="generic", version=1, pack=active_version(),
        lesson="캐시를 먼저 볼 것", reviewed_at=BEGAN,
    )  # fmt: skip
    row = actions.draft(alice, incident=incident.id, language="ko")
    mitigation = part(row, "mitigation").text
    assert "   - 캐시를 비움 \\*전부\\* (" in mitigation.split("2. ")[0]
    assert "   - 캐시 키 검사 (진행 중, 담당 Bob)" in mitigation.split("2. ")[1]
    assert "- [ ] 캐시 키 검사 — 담당: Bob, 기한: 2026-11-20" in part(row, "action_items").text
    assert "런북을 마치며 남긴 의견: 캐시를 먼저 볼 것" in part(row, "lessons").text
    assert "캐시를 비움" in part(row, "summary").text


def test_measured_series_become_charts_with_the_line_that_had_to_be_kept() -> None:
    from bongsu.reports.queries.response import chart
    from bongsu.runbooks.queries import EvidenceSeries

    def look(start: float, values: list[float | None], verdict: str) -> EvidenceSeries:
        points = [[(start + 60 * n, value) for n, value in enumerate(values)]]
        return EvidenceSeries("t", "ratio", verdict, BEGAN, 0.95, 0.99, [{"service": "chat"}], points, None)

    looks = [(look(0, [0.7, None], "not_recovered"), 0), (look(120, [0.97, 0.98], "recovered"), 0)]
    drawn = chart("ratio", "service=chat", looks, [])
    assert [value for _at, value in drawn.points] == [Decimal("0.7"), None, Decimal("0.97"), Decimal("0.98")]
    assert drawn.band == (Decimal("0.95"), None)
    assert drawn.title == "ratio service=chat"
    assert chart("ratio", "", looks[:1], []).band is None


@pytest.mark.parametrize(
    "text",
    [
        "a | b",
        "# x",
        "## x",
        ">q",
        "- [ ] y",
        "---",
        "1. z",
        "12) z",
        "*b* _i_ `c` [l](http://x) <b>h</b>",
        "~~s~~",
        "a\n\n## b",
        "\\",
    ],
)
def test_free_text_means_nothing_but_its_words(text: str) -> None:
    from bongsu.documents.rules.markdown import markdown_html
    from bongsu.reports.rules.writing import inline

    html = markdown_html(f"- {inline(text)}")
    plain = " ".join(text.split())
    assert html.count("<li>") == 1
    assert not [tag for tag in ("<em>", "<strong>", "<code>", "<a ", "<s>", "<h2", "<blockquote", "<b>", "<ol") if tag in html], (
        html
    )
    assert all(word.strip("\\") in html.replace("&lt;", "<").replace("&gt;", ">") for word in plain.split())
