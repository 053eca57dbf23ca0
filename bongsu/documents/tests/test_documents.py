"""E2, E3, E4: the machine writes, people edit, others review; what is signed is the exact text."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pypdf import PdfReader

from bongsu.approvals import actions as approvals
from bongsu.approvals.models import Approval
from bongsu.documents import actions, queries
from bongsu.documents.models import Comment, Document, Part, Revision, Signature
from bongsu.documents.rules.chart import Series
from bongsu.documents.rules.content import GeneratedPart
from bongsu.events.actions import action, open_subject, restrict
from bongsu.events.models import Event
from bongsu.kernel.actors import Actor, system
from bongsu.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused

pytestmark = pytest.mark.django_db
INCIDENT = "incident:00000000-0000-7000-8000-000000000001"
FIGURE = Series(
    "정확도", [(datetime(2026, 11, 10, 5, m, tzinfo=UTC), Decimal(m)) for m in range(5)], "%", (Decimal(1), Decimal(3))
)


def parts(summary: str = "정확도가 35% 하락했습니다.") -> list[GeneratedPart]:
    return [
        GeneratedPart("summary", "1. 요약", summary),
        GeneratedPart("timeline", "2. 타임라인", "| 시간 | 이벤트 |\n|---|---|\n| 14:30 | 알람 |", [FIGURE]),
    ]


@pytest.fixture
def subject(database: None) -> str:
    return action(lambda actor: open_subject(actor, subject=INCIDENT).ref)(system("tests"))


@pytest.fixture
def document(subject: str, alice: Actor) -> Document:
    made = actions.create_document(
        alice,
        subject=subject,
        about_ref=INCIDENT,
        kind="incident_report",
        kind_title="인시던트 보고서",
        number="INC-2026-001",
        title="신용 평가 모델 성능 급락",
        language="ko",
        classification="대외비",
        fires=4,
        severity="P1 High",
        basics=[("인시던트 ID", "INC-2026-001"), ("담당자", "김하늘")],
    )
    actions.set_generated_parts(system("reports"), document=made.id, parts=parts())
    return made


def part(document: Document, key: str = "summary") -> Part:
    return Part.objects.get(document=document, key=key)


def edit(actor: Actor, document: Document, text: str | None) -> Part:
    return actions.edit_part(actor, part=part(document).id, text=text, version=part(document).version)


def submit(actor: Actor, document: Document) -> Revision:
    return actions.submit_for_review(actor, document=document.id)


def decide(actor: Actor, document: Document, revision: Revision, is_approved: bool = True, reason: str = "") -> Document:
    return actions.decide_review(actor, document=document.id, is_approved=is_approved, text_hash=revision.hash, reason=reason)


def state(document: Document) -> str:
    return Document.objects.get(pk=document.pk).state


# --- E2: the machine's text and a person's words


def test_rebuilding_never_overwrites_a_persons_words_and_says_what_changed(alice: Actor, document: Document) -> None:
    edit(alice, document, "사람이 쓴 요약")
    changes = actions.set_generated_parts(system("reports"), document=document.id, parts=parts("정확도가 36% 하락했습니다."))
    row = part(document)
    assert row.text == "사람이 쓴 요약"
    assert row.generated == "정확도가 36% 하락했습니다."
    assert [(c.key, c.is_persons_text_kept) for c in changes] == [("summary", True)]
    assert queries.changes_since(row) == [("-", "정확도가 35% 하락했습니다."), ("+", "정확도가 36% 하락했습니다.")]
    edit(alice, document, "사람이 쓴 요약, 36%")
    assert queries.changes_since(part(document)) == []


def test_rebuilding_the_same_changes_nothing_and_a_part_no_longer_built_keeps_a_persons_words(
    alice: Actor, document: Document
) -> None:
    assert actions.set_generated_parts(system("reports"), document=document.id, parts=parts()) == []
    edit(alice, document, "사람의 말")
    actions.set_generated_parts(system("reports"), document=document.id, parts=parts()[1:])
    assert part(document).text == "사람의 말"
    assert part(document).generated == ""


def test_going_back_to_the_machines_text_keeps_the_words_in_the_ledger(alice: Actor, document: Document) -> None:
    edit(alice, document, "처음 쓴 말")
    edit(alice, document, None)
    assert part(document).text == "정확도가 35% 하락했습니다."
    first = Event.objects.filter(name="documents.part_edited@1").order_by("seq").first()
    assert "처음 쓴 말" in first.personal.get(field="text").value


def test_two_people_editing_lose_nothing(alice: Actor, lena: Actor, document: Document) -> None:
    seen = part(document).version
    actions.edit_part(alice, part=part(document).id, text="앨리스의 글", version=seen)
    with pytest.raises(actions.EditConflict) as conflict:
        actions.edit_part(lena, part=part(document).id, text="레나의 글", version=seen)
    assert conflict.value.current.text == "앨리스의 글"
    assert conflict.value.current_by == "Alice"
    assert part(document).text == "앨리스의 글"


def test_whoever_edits_a_text_that_was_rebuilt_meanwhile_is_told(alice: Actor, document: Document) -> None:
    seen = part(document).version
    actions.set_generated_parts(system("reports"), document=document.id, parts=parts("다른 글"))
    with pytest.raises(actions.EditConflict):
        actions.edit_part(alice, part=part(document).id, text="글", version=seen)


@pytest.mark.parametrize("text", ["a\0b", "가" * 200_001])
def test_text_that_cannot_be_kept_is_refused_with_its_field(alice: Actor, document: Document, text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        edit(alice, document, text)
    assert "text" in refusal.value.fields


def test_an_auditor_reads_and_a_stranger_does_not(ivy: Actor, charlie: Actor, document: Document) -> None:
    assert queries.document(ivy, document.id) == document
    with pytest.raises(Forbidden):
        edit(ivy, document, "x")
    with pytest.raises(NotFound):
        queries.document(charlie, document.id)
    with pytest.raises(NotFound):
        edit(charlie, document, "x")


def test_a_restricted_record_hides_its_documents(bob: Actor, document: Document) -> None:
    restrict(system("tests"), subject=INCIDENT, readers=[], reason="personal data")
    assert not queries.documents(bob).exists()
    with pytest.raises(NotFound):
        queries.part(bob, part(document).id)


# --- E3: the way


def test_a_report_goes_from_draft_over_legal_and_board_to_the_seal(
    alice: Actor, lena: Actor, bora: Actor, document: Document
) -> None:
    revision = submit(alice, document)
    assert state(document) == "legal_review"
    decide(lena, document, revision)
    assert state(document) == "board_approval"
    decide(bora, document, revision)
    assert state(document) == "final"
    assert [(s.role, s.text_hash) for s in revision.signatures.all()] == [
        (r, revision.hash) for r in ("author", "legal", "board")
    ]
    sealed = Event.objects.get(name="documents.sealed@1")
    assert revision.hash in sealed.text
    actions.distribute(alice, document=document.id, to="금융감독원")
    actions.archive(alice, document=document.id)
    assert state(document) == "archived"


def test_nobody_approves_what_they_wrote(lena: Actor, alice: Actor, document: Document) -> None:
    edit(lena, document, "레나가 고쳤습니다.")
    revision = submit(alice, document)
    with pytest.raises(Refused, match="worked on this"):
        decide(lena, document, revision)
    assert state(document) == "legal_review"


def test_nobody_approves_what_they_submitted(lena: Actor, document: Document) -> None:
    revision = submit(lena, document)
    with pytest.raises(Refused, match="Another person"):
        decide(lena, document, revision)
    waiting = Approval.objects.get(state="waiting")
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.filter(pk=waiting.pk).update(state="granted", decided_by=lena.key, decided_at=revision.made_at)


def test_one_person_does_not_give_both_approvals(make_person: Any, alice: Actor, document: Document) -> None:
    both = make_person("dora", "legal", "board")
    revision = submit(alice, document)
    decide(both, document, revision)
    with pytest.raises(Refused):
        decide(both, document, revision)


def test_the_right_of_the_step_is_needed(bob: Actor, alice: Actor, bora: Actor, document: Document) -> None:
    revision = submit(alice, document)
    for somebody in (bob, bora):
        with pytest.raises(Forbidden):
            decide(somebody, document, revision)


def test_changes_are_requested_with_a_reason_and_the_next_revision_is_signed_anew(
    alice: Actor, lena: Actor, document: Document
) -> None:
    first = submit(alice, document)
    with pytest.raises(Invalid):
        decide(lena, document, first, is_approved=False)
    decide(lena, document, first, is_approved=False, reason="근거 조항을 적어 주세요")
    assert state(document) == "draft"
    edit(alice, document, "근거: 개인정보 보호법 제34조")
    second = submit(alice, document)
    assert second.number == 2
    assert second.hash != first.hash
    with pytest.raises(Refused, match="changed"):
        decide(lena, document, first)
    assert queries.compare_revisions(alice, document.id, 1, 2)[0][0] == "1. 요약"


def test_under_review_and_after_the_seal_nothing_is_edited(alice: Actor, lena: Actor, bora: Actor, document: Document) -> None:
    revision = submit(alice, document)
    for approver in (lena, bora):
        with pytest.raises(Refused):
            edit(alice, document, "나중에")
        with pytest.raises(Refused):
            actions.set_generated_parts(system("reports"), document=document.id, parts=parts("나중에"))
        decide(approver, document, revision)
    with pytest.raises(Refused, match="sealed"):
        edit(alice, document, "나중에")
    with pytest.raises(Refused):
        actions.withdraw(alice, document=document.id, reason="늦었습니다")


def test_taking_it_back_voids_what_was_asked(alice: Actor, lena: Actor, document: Document) -> None:
    revision = submit(alice, document)
    actions.withdraw(alice, document=document.id, reason="숫자가 틀렸습니다")
    assert state(document) == "draft"
    assert Approval.objects.get().state == "void"
    with pytest.raises(Refused):
        decide(lena, document, revision)


def test_a_decision_on_the_approvals_page_moves_the_document_once(
    alice: Actor, lena: Actor, document: Document, drain: Any
) -> None:
    revision = submit(alice, document)
    approvals.decide(lena, approval=Approval.objects.get().id, is_approved=True, text_hash=revision.hash)
    assert state(document) == "legal_review"
    drain()
    assert state(document) == "board_approval"
    actions.apply_decision(system("documents"), approval=Approval.objects.get(purpose="documents.legal_review").id)
    drain()
    assert Signature.objects.filter(role="legal").count() == 1
    assert Approval.objects.filter(state="waiting").count() == 1


def test_a_signature_is_bound_to_the_text_that_was_read(alice: Actor, ivy: Actor, document: Document) -> None:
    with pytest.raises(Refused):
        actions.sign(ivy, document=document.id, text_hash="0" * 64)
    revision = submit(alice, document)
    with pytest.raises(Refused, match="changed"):
        actions.sign(ivy, document=document.id, text_hash="0" * 64)
    actions.sign(ivy, document=document.id, text_hash=revision.hash)
    with pytest.raises(Conflict):
        actions.sign(ivy, document=document.id, text_hash=revision.hash)


def test_a_revision_is_frozen_and_tampering_shows(alice: Actor, document: Document) -> None:
    revision = submit(alice, document)
    with pytest.raises(TypeError):
        revision.save()
    assert queries.is_intact(revision)
    Revision.objects.filter(pk=revision.pk).update(text=revision.text.replace("35%", "5%"))
    assert not queries.is_intact(Revision.objects.get())


def test_an_empty_document_is_not_submitted(alice: Actor, document: Document) -> None:
    actions.set_generated_parts(system("reports"), document=document.id, parts=[])
    with pytest.raises(Refused, match="nothing"):
        submit(alice, document)


def test_comments_are_made_by_reviewers_and_settled_by_editors(alice: Actor, bora: Actor, ivy: Actor, document: Document) -> None:
    made = actions.add_comment(bora, document=document.id, text="손실 금액은?", part=part(document).id)
    with pytest.raises(Forbidden):
        actions.add_comment(ivy, document=document.id, text="x")
    with pytest.raises(Invalid):
        actions.add_comment(bora, document=document.id, text="   ")
    actions.resolve_comment(alice, comment=made.id)
    actions.resolve_comment(alice, comment=made.id)
    assert Comment.objects.get().resolved_by == alice.key
    assert Event.objects.filter(name="documents.comment_resolved@1").count() == 1


# --- E4: out


def test_the_final_pdf_is_the_signed_text_with_its_signatures(alice: Actor, lena: Actor, bora: Actor, document: Document) -> None:
    revision = submit(alice, document)
    decide(lena, document, revision)
    decide(bora, document, revision)
    Part.objects.filter(document=document).update(person_text="살짝 고친 글")
    _row, made = actions.read_out(alice, document=document.id, form="pdf")
    text = "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages).split())
    assert revision.hash in text
    assert "35%" in text
    assert "살짝" not in text
    assert "Lena" in text
    assert "거버넌스위원회" in text
    assert "정확도(%)" in text
    assert made == queries.rendered(Document.objects.get(), "pdf")


def test_markdown_and_html_carry_the_same_text(alice: Actor, document: Document) -> None:
    edit(alice, document, "안전 <script>alert(1)</script> **굵게**")
    md, html = (queries.rendered(document, form).decode() for form in ("md", "html"))
    assert "# 인시던트 보고서: 신용 평가 모델 성능 급락" in md
    assert "## 2. 타임라인" in md
    assert "| 2026-11-10 14:00 | 0 |" in md
    assert "<script" not in html
    assert "<strong>굵게</strong>" in html
    assert "<svg" in html
    assert "<title>INC-2026-001</title>" in html
    assert html.count('class="f4"') == 4
    assert html.count('class="out"') == 1
    assert "http" not in html.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


def test_an_english_document_speaks_english(alice: Actor, subject: str) -> None:
    made = actions.create_document(
        alice,
        subject=subject,
        about_ref=INCIDENT,
        kind="notice",
        kind_title="Notice",
        number="INC-2026-001",
        title="T",
        language="en",
    )
    actions.set_generated_parts(system("reports"), document=made.id, parts=[GeneratedPart("body", "Body", "Hello.")])
    submit(alice, made)
    md = queries.rendered(Document.objects.get(pk=made.pk), "md").decode()
    assert "## Signatures" in md
    assert "| Author | Alice |" in md
    assert "SHA-256 of the text" in md


# --- Pages and API


def test_the_editor_saves_previews_and_shows_both_texts_in_a_conflict(
    alice: Actor, lena: Actor, alice_client: Any, document: Document
) -> None:
    page = alice_client.get(f"/documents/{document.id}/").content.decode()
    assert 'class="paper"' in page
    assert "<title>INC-2026-001" in page
    assert "style=" not in page
    row = part(document)
    typed = alice_client.post(f"/documents/parts/{row.id}/preview/", {"text": "**굵게** <b>x</b>"})
    assert "<strong>굵게</strong> &lt;b&gt;" in typed.content.decode()
    seen = {"version": row.version, "text": "앨리스의 글"}
    edit(lena, document, "레나의 글")
    clash = alice_client.post(f"/documents/parts/{row.id}/", seen, headers={"HX-Request": "true"})
    assert clash.status_code == 422
    assert alice_client.post(f"/documents/parts/{row.id}/", seen).status_code == 409  # without script it is a page
    assert "레나의 글" in clash.content.decode()
    assert "앨리스의 글" in clash.content.decode()
    again = alice_client.post(f"/documents/parts/{row.id}/", {**seen, "version": row.version + 1}, headers={"HX-Request": "true"})
    assert again.status_code == 200
    assert part(document).text == "앨리스의 글"
    assert "앨리스의 글" in alice_client.get(f"/documents/{document.id}/preview/").content.decode()


@pytest.mark.parametrize("version", ["", "x", "0", "-1", "9" * 40])
def test_a_bad_version_is_an_error_of_the_form_and_nothing_is_lost(alice_client: Any, document: Document, version: str) -> None:
    answer = alice_client.post(f"/documents/parts/{part(document).id}/", {"version": version, "text": "쓴 글"})
    assert answer.status_code in (409, 422)
    assert "쓴 글" in answer.content.decode()


def test_the_page_leads_through_the_whole_way(
    alice: Actor, alice_client: Any, lena_client: Any, bora_client: Any, document: Document
) -> None:
    at = f"/documents/{document.id}/"
    assert alice_client.post(f"{at}comments/", {"text": "확인 부탁드립니다"}).status_code == 302
    assert alice_client.post(f"{at}submit/").status_code == 302
    text_hash = Revision.objects.get().hash
    assert "Approve and sign" in lena_client.get(at).content.decode()
    assert "Approve and sign" not in alice_client.get(at).content.decode()
    assert lena_client.post(f"{at}decide/", {"text_hash": text_hash}).status_code == 422
    for client in (lena_client, bora_client):
        assert client.post(f"{at}decide/", {"text_hash": text_hash, "is_approved": "yes"}).status_code == 302
    assert alice_client.post(f"{at}distribute/", {"to": "금융감독원"}).status_code == 302
    assert alice_client.post(f"{at}archive/").status_code == 302
    assert state(document) == "archived"
    for form, kind in (("pdf", "application/pdf"), ("html", "text/html"), ("md", "text/markdown")):
        out = alice_client.get(f"{at}as/{form}/")
        assert out["Content-Type"].startswith(kind)
        assert out["Content-Disposition"] == f'attachment; filename="INC-2026-001-incident_report-ko-final.{form}"'
    assert alice_client.get(f"{at}as/docx/").status_code == 422
    assert alice_client.get(f"{at}revisions/").status_code == 200


def test_strangers_get_nothing_at_any_door(charlie_client: Any, client: Any, document: Document) -> None:
    for path in ("", "preview/", "revisions/", "as/pdf/"):
        for somebody in (charlie_client, client):
            assert somebody.get(f"/documents/{document.id}/{path}").status_code in (302, 404)
    assert charlie_client.post(f"/documents/parts/{part(document).id}/preview/", {"text": "x"}).status_code == 404


def test_machines_edit_submit_decide_and_take_out(
    alice: Actor, lena: Actor, client: Any, token_of: Any, document: Document
) -> None:
    def door(actor: Actor) -> dict[str, Any]:
        return {"headers": {"Authorization": f"Bearer {token_of(actor)}"}, "content_type": "application/json"}

    at = f"/api/v1/documents/{document.id}"
    row = client.get(f"{at}/parts", **door(alice)).json()[0]
    assert row["is_persons"] is False
    body = {"text": "기계로 고친 글", "version": row["version"]}
    assert client.put(f"/api/v1/documents/parts/{row['id']}", body, **door(alice)).json()["is_persons"] is True
    assert client.put(f"/api/v1/documents/parts/{row['id']}", body, **door(alice)).status_code == 409
    assert client.post(f"{at}/comments", {"text": "의견"}, **door(lena)).status_code == 201
    revision = client.post(f"{at}/submit", **door(alice)).json()
    decision = {"is_approved": True, "text_hash": revision["hash"]}
    assert client.post(f"{at}/decision", decision, **door(alice)).status_code == 403
    assert client.post(f"{at}/decision", decision, **door(lena)).json()["state"] == "board_approval"
    assert client.get(f"{at}/as/pdf", **door(alice)).content.startswith(b"%PDF")
    assert client.get(f"{at}/revisions", **door(alice)).json()[0]["signatures"][1]["role"] == "legal"
