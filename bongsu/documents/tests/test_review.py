"""E3: what is not written yet is said before it is signed; a request for changes is seen; nothing typed is lost."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from bongsu.documents import actions, queries
from bongsu.documents.models import Document, Revision
from bongsu.documents.rules.content import GeneratedPart, open_place, open_places
from bongsu.events.actions import action, open_subject, restrict
from bongsu.events.models import Event
from bongsu.events.queries import entries_of
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor, system
from bongsu.kernel.errors import Invalid
from bongsu.ui.language import say

pytestmark = pytest.mark.django_db
INCIDENT = "incident:00000000-0000-7000-8000-000000000001"
OPEN = "\n\n".join(open_place("사람이 작성할 내용", what) for what in ("왜", "언제부터"))


def made(alice: Actor, language: str = "ko", cause: str = OPEN) -> Document:
    subject = action(lambda actor: open_subject(actor, subject=INCIDENT).ref)(system("tests"))
    row = actions.create_document(
        alice, subject=subject, about_ref=INCIDENT, kind="incident-report", kind_title="보고서", number="INC-2026-001",
        title="남의 주소", language=language,
    )  # fmt: skip
    written = [GeneratedPart("summary", "1. 요약", "캐시 키에 고객이 없었습니다."), GeneratedPart("cause", "2. 근본 원인", cause)]
    actions.set_generated_parts(system("reports"), document=row.id, parts=written)
    return Document.objects.get(pk=row.pk)


@pytest.fixture
def unfinished(database: None, alice: Actor) -> Document:
    return made(alice)


@pytest.fixture
def finished(database: None, alice: Actor) -> Document:
    return made(alice, cause="재학습")


def door(token: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {token}"}, "content_type": "application/json"}


def submitted(actor: Actor, row: Document) -> Revision:
    return actions.submit_for_review(actor, document=row.id, with_open_places=True)


def refused(actor: Actor, row: Document, revision: Revision, reason: str = "근거 조항이 없습니다") -> None:
    actions.decide_review(actor, document=row.id, is_approved=False, text_hash=revision.hash, reason=reason)


# --- what nobody has written yet


def test_an_unfinished_document_goes_to_review_only_when_a_person_says_so(alice: Actor, unfinished: Document) -> None:
    with pytest.raises(Invalid) as refusal:
        actions.submit_for_review(alice, document=unfinished.id)
    assert refusal.value.text.values == {"count": 2, "parts": "2. 근본 원인"}
    assert "with_open_places" in refusal.value.fields
    assert not Revision.objects.exists()
    submitted(alice, unfinished)
    stated = Event.objects.get(name="documents.submitted@1").text
    assert '"open_places":2' in stated
    assert "2. 근본 원인" in stated


def test_a_place_is_open_until_it_is_written_in_whatever_language() -> None:
    assert open_places(OPEN) == 2
    assert open_places(f"1. x\n   {open_place('To be written by a person', 'why')}") == 1
    assert open_places("※ 참고: **굵게** 쓴 글") == 0


def test_the_page_asks_before_it_submits_what_is_unfinished_and_reviewers_see_it(
    alice_client: Any, lena_client: Any, bora_client: Any, unfinished: Document
) -> None:
    at = f"/documents/{unfinished.id}/"
    assert "although these 2 places still wait" in alice_client.get(at).content.decode()
    answer = alice_client.post(f"{at}submit/")
    assert answer.status_code == 422
    assert "confirm that it goes without" in answer.content.decode()
    assert alice_client.post(f"{at}submit/", {"with_open_places": "on"}).status_code == 302
    text_hash = Revision.objects.get().hash
    for client in (lena_client, bora_client):
        page = client.get(at).content.decode()
        assert "2 places still wait" in page
        assert page.index("2 places still wait") < page.index("Approve and sign")
        assert "미작성 2곳" in client.get("/approvals/").content.decode()
        assert client.post(f"{at}decide/", {"text_hash": text_hash, "is_approved": "yes"}).status_code == 302


def test_machines_are_told_which_parts_wait(alice: Actor, client: Any, token_of: Any, unfinished: Document) -> None:
    at, mine = f"/api/v1/documents/{unfinished.id}", door(token_of(alice))
    assert client.get(at, **mine).json()["unwritten"] == {"2. 근본 원인": 2}
    for body in ({}, {"with_open_places": False}):
        problem = client.post(f"{at}/submit", body, **mine)
        assert problem.status_code == 422
        assert "2. 근본 원인" in problem.json()["fields"]["with_open_places"]
    assert client.post(f"{at}/submit", {"with_open_places": True}, **mine).status_code == 200


def test_nobody_signs_what_somebody_else_wrote_meanwhile(
    alice: Actor, bob: Actor, alice_client: Any, client: Any, token_of: Any, finished: Document
) -> None:
    seen = finished.version
    part = finished.parts.get(key="summary")
    actions.edit_part(bob, part=part.id, text="밥의 글", version=part.version)
    answer = alice_client.post(f"/documents/{finished.id}/submit/", {"version": seen})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "The text has changed since you read it" in page
    assert "밥의 글" in page
    assert f'name="version" value="{seen + 1}"' in page
    body = {"version": seen}
    assert client.post(f"/api/v1/documents/{finished.id}/submit", body, **door(token_of(alice))).status_code == 422
    assert alice_client.post(f"/documents/{finished.id}/submit/", {"version": seen + 1}).status_code == 302


# --- changes asked for


def test_whoever_opens_the_report_sees_who_asked_for_which_changes(
    alice: Actor, lena: Actor, alice_client: Any, finished: Document
) -> None:
    at = f"/documents/{finished.id}/"
    refused(lena, finished, submitted(alice, finished))
    page = alice_client.get(at).content.decode()
    banner = page[page.index("changes-asked") : page.index('class="desk"')]
    for word in ("Lena", "근거 조항이 없습니다", "Legal and compliance review", "Revision 1"):
        assert word in banner
    listed = alice_client.get(f"{at}revisions/").content.decode()
    for word in ("Alice", "Author", "Lena", "Changes were asked for", "근거 조항이 없습니다"):
        assert word in listed
    submitted(alice, finished)
    assert "changes-asked" not in alice_client.get(at).content.decode()
    assert "근거 조항이 없습니다" in alice_client.get(f"{at}revisions/").content.decode()


def test_machines_read_the_changes_and_every_decision(
    alice: Actor, lena: Actor, bora: Actor, client: Any, token_of: Any, finished: Document
) -> None:
    at, mine = f"/api/v1/documents/{finished.id}", door(token_of(alice))
    first = submitted(alice, finished)
    assert client.get(at, **mine).json()["changes_asked"] is None
    assert client.get(at, **mine).json()["deciders"] == ["Lena"]
    actions.decide_review(lena, document=finished.id, is_approved=True, text_hash=first.hash)
    assert client.get(at, **mine).json()["deciders"] == ["Bora"]
    refused(bora, finished, first, "손실 금액")
    asked = client.get(at, **mine).json()["changes_asked"]
    assert (asked["name"], asked["step"], asked["revision"], asked["reason"]) == ("Bora", "board_approval", 1, "손실 금액")
    decided = client.get(f"{at}/revisions", **mine).json()[0]["decisions"]
    assert [(d["name"], d["is_approved"]) for d in decided] == [("Lena", True), ("Bora", False)]


def test_a_refusal_belongs_to_its_own_revision_even_when_the_text_is_the_same(
    alice: Actor, lena: Actor, finished: Document
) -> None:
    with clock.simulated(datetime.fromisoformat("2026-11-11T05:30:00+00:00")):
        refused(lena, finished, submitted(alice, finished))
        clock.advance(timedelta(minutes=5))
        assert submitted(alice, finished).number == 2
        actions.withdraw(alice, document=finished.id, reason="noch etwas")
    finished.refresh_from_db()
    assert [d.revision for d in queries.decisions(finished)] == [1]
    assert queries.changes_asked(finished) is None


def test_who_must_decide_is_named_and_nobody_who_may_not_see_it(
    alice: Actor, alice_client: Any, bora: Actor, lena: Actor, finished: Document
) -> None:
    submitted(alice, finished)
    assert "It waits for the decision of: Lena" in alice_client.get(f"/documents/{finished.id}/").content.decode()
    restrict(system("tests"), subject=INCIDENT, readers=[alice.person_id], reason="a colleague")
    assert "Nobody is left who may decide" in alice_client.get(f"/documents/{finished.id}/").content.decode()


# --- nothing typed is lost, nothing untrue is printed


def test_a_refusal_without_a_reason_keeps_the_page_and_the_choice(alice: Actor, lena_client: Any, finished: Document) -> None:
    revision = submitted(alice, finished)
    for path in (f"/documents/{finished.id}/decide/", f"/approvals/{queries.waiting_approval(refreshed(finished)).id}/"):  # type: ignore[union-attr]
        answer = lena_client.post(path, {"text_hash": revision.hash, "is_approved": "no", "reason": " "})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert "Say why it is not approved." in page
        assert 'value="no"' in page
        assert "checked" in page
        assert "<h1>" in page
    assert refreshed(finished).state == "legal_review"


def refreshed(row: Document) -> Document:
    return Document.objects.get(pk=row.pk)


def test_text_that_cannot_be_kept_stays_in_the_form(alice_client: Any, finished: Document) -> None:
    part = finished.parts.get(key="summary")
    answer = alice_client.post(
        f"/documents/parts/{part.id}/", {"version": part.version, "text": "쓴 글"}, headers={"HX-Request": "true"}
    )
    assert "data-saved" in answer.content.decode()
    assert "data-unsaved" not in answer.content.decode()
    long = alice_client.post(f"/documents/{finished.id}/comments/", {"text": "가" * 5001})
    assert long.status_code == 422
    assert "가" * 5001 in long.content.decode()
    assert "data-unsaved>" in long.content.decode()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ko", ["초안", "법무·컴플라이언스 검토 대기", "거버넌스 위원회 승인 대기", "최종"]),
        ("en", ["Draft", "Waits for legal and compliance review", "Waits for approval by the governance board", "Final"]),
    ],
)
def test_the_footer_claims_no_approval_that_is_not_given(
    database: None, alice: Actor, lena: Actor, bora: Actor, language: str, words: list[str]
) -> None:
    row = made(alice, language, "재학습")
    printed = [queries.whole(row).footer]
    assert words[0] in queries.rendered(row, "md").decode()
    revision = submitted(alice, row)
    printed.append(queries.whole(refreshed(row)).footer)
    for somebody in (lena, bora):
        actions.decide_review(somebody, document=row.id, is_approved=True, text_hash=revision.hash)
        printed.append(queries.whole(refreshed(row)).footer)
    assert [one.split(" · ")[0] for one in printed] == words


def test_an_older_revision_is_printed_as_superseded(alice: Actor, lena: Actor, bora: Actor, finished: Document) -> None:
    first = submitted(alice, finished)
    refused(lena, finished, first)
    second = submitted(alice, finished)
    for somebody in (lena, bora):
        actions.decide_review(somebody, document=finished.id, is_approved=True, text_hash=second.hash)
    row = refreshed(finished)
    assert queries.whole(row, first).footer == "제1판(제2판으로 대체됨)"
    assert queries.whole(row, second).footer == "최종 · 제2판"
    assert 'filename="INC-2026-001-incident-report-ko-revision-1.pdf"' in queries.headers(row, "pdf", 1)["Content-Disposition"]


def test_files_tell_draft_and_final_apart(alice: Actor, lena: Actor, bora: Actor, finished: Document) -> None:
    assert queries.file_stem(finished) == "INC-2026-001-incident-report-ko-draft"
    revision = submitted(alice, finished)
    assert queries.file_stem(refreshed(finished)) == "INC-2026-001-incident-report-ko-legal-review"
    for somebody in (lena, bora):
        actions.decide_review(somebody, document=finished.id, is_approved=True, text_hash=revision.hash)
    assert queries.file_stem(refreshed(finished)) == "INC-2026-001-incident-report-ko-final"


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Alice signed the incident report of INC-2026-001, revision 1"), ("ko", "INC-2026-001 인시던트 보고서 제1판에 서명")],
)
def test_facts_speak_of_the_report_and_not_of_the_incident(alice: Actor, finished: Document, language: str, words: str) -> None:
    submitted(alice, finished)
    (entry,) = entries_of([Event.objects.get(name="documents.signed@1")])
    assert words in say(entry.sentence, language)


def test_the_page_keeps_its_budget_however_many_may_decide(
    alice: Actor, alice_client: Any, make_person: Any, finished: Document, django_assert_max_num_queries: Any
) -> None:
    submitted(alice, finished)
    at = f"/documents/{finished.id}/"
    for name in ("lena", "lars", "liv", "luis"):
        make_person(name, "legal")
    assert "Lars, Lena, Liv, Luis" in alice_client.get(at).content.decode()
    with django_assert_max_num_queries(20):
        alice_client.get(at)
