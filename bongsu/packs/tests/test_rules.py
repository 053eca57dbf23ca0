"""The default pack says what the source says, one for one (A1-A3, A6, C1, C2, C5-C8, D1-D3, D6, D8, E1, M7)."""

import csv
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bongsu.kernel.errors import Invalid, NotFound
from bongsu.packs import queries
from bongsu.packs.rules import (
    Bilingual,
    Pack,
    PackError,
    channel_name,
    clean_name,
    compare,
    evaluate,
    incident_number,
    parse_content,
    parse_files,
    render,
    render_template,
    run_cases,
    update_items,
)
from bongsu.packs.rules.conditions import All, Any_, Not, Test
from bongsu.packs.rules.templates import ID_PLACES, places

from .broken import BROKEN, Broken

CASES = Path(__file__).parents[2] / "signals" / "tests" / "data" / "signal-cases.csv"
Condition = Test
Condition.__test__ = False  # type: ignore[attr-defined]  # not a test class


@pytest.fixture(scope="module")
def pack() -> Pack:
    return queries.library_pack(queries.DEFAULT_PACK)


@pytest.fixture
def files() -> dict[str, str]:
    return queries.read_directory(queries.LIBRARY / queries.DEFAULT_PACK)


def test_a1_four_severities_with_definition_examples_target_and_posts(pack: Pack) -> None:
    found = {s.key: (s.fires, s.label.en, s.respond_within, s.notify) for s in pack.taxonomy.severities}
    assert found == {
        "P0": (5, "Critical", timedelta(minutes=15), ("ciso", "legal", "ceo")),
        "P1": (4, "High", timedelta(hours=1), ("governance_board", "product_lead")),
        "P2": (3, "Medium", timedelta(hours=4), ("team_lead",)),
        "P3": (2, "Low", timedelta(hours=24), ("engineer_in_charge",)),
    }
    assert [s.definition.ko for s in pack.taxonomy.severities] == [
        "사용자 안전, 법적 위반, 대규모 데이터 유출",
        "서비스 중단, 모델 성능 급락, 규제 미준수",
        "부분적 기능 장애, 경미한 편향 감지",
        "경미한 이상 징후, 예방적 조치 필요",
    ]
    assert [len(s.examples) for s in pack.taxonomy.severities] == [2, 2, 1, 1]


def test_a2_five_types_with_the_sub_types_of_the_source(pack: Pack) -> None:
    stated = {
        "data": {"데이터 품질 저하", "민감 정보 혼입", "데이터 국경 위반"},
        "model": {"성능 급락", "편향 확대", "환각 증가", "모델 도난"},
        "security": {"프롬프트 인젝션 성공", "모델 API 무단 접근", "데이터 유출"},
        "regulatory": {"정책 미준수", "감사 지적", "규제 기관 조사"},
        "operational": {"비용 급등", "인프라 장애", "서비스 중단"},
    }
    found = {t.key: {s.label.ko for s in t.subtypes} for t in pack.taxonomy.types}
    assert found.keys() == stated.keys()
    assert all(stated[key] <= found[key] for key in stated)
    more = {
        "data_drift",
        "data_logs_missing",
        "suspicious_access",
        "security_log_anomaly",
        "policy_out_of_date",
        "slowdown",
        "resource_use",
    }
    assert more <= {s.key for t in pack.taxonomy.types for s in t.subtypes}


def test_a3_twenty_cells_in_the_words_of_the_source(pack: Pack) -> None:
    stated = {
        "data": ["대량 개인정보 유출", "데이터 품질 급락", "경미한 데이터 드리프트", "데이터 로그 누락"],
        "model": ["차별적 의사결정으로 인한 피해", "성능 30% 이상 저하", "특정 그룹 편향 감지", "경미한 환각 증가"],
        "security": ["모델 API 대규모 침해", "프롬프트 인젝션 성공", "의심스러운 접근 시도", "보안 로그 이상"],
        "regulatory": ["규제 기관 조사 개시", "정책 미준수 발견", "감사 지적 사항", "정책 업데이트 필요"],
        "operational": ["전면 서비스 중단", "주요 기능 장애", "부분적 성능 저하", "리소스 사용량 증가"],
    }
    levels = ["P0", "P1", "P2", "P3"]
    assert {t: [pack.taxonomy.cell(t, level).example.ko for level in levels] for t in stated} == stated
    assert len(pack.taxonomy.matrix) == 20
    assert sorted(cell.priority for cell in pack.taxonomy.matrix) == list(range(1, 21))
    assert all(pack.taxonomy.type_of(cell.subtype).key == cell.type for cell in pack.taxonomy.matrix)
    ranks = {level: [c.priority for c in pack.taxonomy.matrix if c.severity == level] for level in levels}
    assert max(ranks["P0"]) < min(ranks["P1"])
    assert max(ranks["P1"]) < min(ranks["P2"])
    assert max(ranks["P2"]) < min(ranks["P3"])
    assert {"cell_wins", "outage", "drift", "law_and_policy", "leak_type", "response_time", "boards"} <= {
        r.key for r in pack.taxonomy.rulings
    }


def test_a6_states_and_moves_with_the_end_in_the_ics_hands(pack: Pack) -> None:
    taxonomy = pack.taxonomy
    assert {s.key for s in taxonomy.states if s.is_open} == {
        "detected",
        "declared",
        "investigating",
        "mitigating",
        "monitoring",
        "reopened",
    }
    assert [taxonomy.state(key).label.ko for key in ("investigating", "mitigating", "resolved", "closed")] == [
        "조사 중",
        "완화 중",
        "복구 완료",
        "종료",
    ]
    ends = [t for t in taxonomy.transitions if t.target in ("resolved", "closed")]
    assert ends
    assert all(t.who == ("ic",) and "ic" in t.requires for t in ends)
    assert all("duties_met" in t.requires for t in ends if t.target == "closed")
    assert all(t.restarts_clocks for t in taxonomy.transitions if t.target == "reopened")
    assert taxonomy.transition("detected", "closed") is None


def test_d3_escalation_matrix_and_executives(pack: Pack) -> None:
    found = {level: [(s.after_minutes, s.posts) for s in pack.taxonomy.steps_for(level)] for level in ("P0", "P1", "P2", "P3")}
    assert found == {
        "P0": [(0, ("ciso", "legal", "ceo")), (60, ("board_members",)), (240, ("executives",))],
        "P1": [(0, ("governance_board", "product_lead")), (60, ("ciso",)), (240, ("ceo",))],
        "P2": [(0, ("team_lead",)), (60, ("governance_board",))],
        "P3": [(0, ("engineer_in_charge",)), (60, ("team_lead",))],
    }
    assert pack.taxonomy.executives_told_of == ("P0", "P1")
    assert {p.key for p in pack.taxonomy.posts if p.is_per_system} == {"product_lead", "team_lead", "engineer_in_charge"}  # D8
    assert len(pack.taxonomy.posts) == 10


def test_a_proposal_declares_itself_after_5_and_15_minutes_and_never_below_p1(pack: Pack) -> None:
    found = {s.severity: s.declares_itself_after for s in pack.taxonomy.triage.steps}
    assert found == {"P0": timedelta(minutes=5), "P1": timedelta(minutes=15), "P2": None, "P3": None}


def test_c2_c5_c8_d5_checklists_count_as_in_the_source(pack: Pack) -> None:
    assert {c.id: len(c.items) for c in pack.taxonomy.checklists} == {
        "initial": 5,
        "impact": 5,
        "verification": 4,
        "regulator_report": 5,
    }
    assert [i.key for i in pack.taxonomy.checklist("initial").items if i.is_where_needed] == ["status_page"]


def test_c3_four_roles_and_the_four_duties_of_the_ic(pack: Pack) -> None:
    assert [r.key for r in pack.taxonomy.roles] == ["ic", "technical_lead", "legal", "communications"]
    assert len(pack.taxonomy.role("ic").duties) == 4


def test_c6_mitigation_table_and_kinds(pack: Pack) -> None:
    assert [(m.temporary.ko, m.permanent.ko) for m in pack.taxonomy.mitigations] == [
        ("이전 버전으로 롤백", "재학습 또는 하이퍼파라미터 튜닝"),
        ("문제 데이터 필터링", "데이터 검증 파이프라인 강화"),
        ("특정 패턴 차단", "프롬프트 필터 및 가드레일 업데이트"),
        ("해당 그룹에 대한 모델 비활성화", "공정성 메트릭 기반 재학습"),
        ("API 호출 제한", "모델 교체 또는 캐싱 전략 도입"),
    ]
    assert [m.label.ko for m in pack.taxonomy.measures] == ["임시 패치", "모델 교체", "데이터 필터링", "정책 업데이트"]
    assert {"model_rollback", "block_user_group", "pause_pipeline"} <= {c.key for c in pack.taxonomy.containments}  # C2


def test_m7_decisions_stay_with_people(pack: Pack) -> None:
    for level in ("P0", "P1", "P2", "P3"):
        assert pack.taxonomy.mode("resolve", level) == "person"
        assert pack.taxonomy.mode("send_outside", level) == "propose"
        assert pack.taxonomy.mode("notify_posts", level) == "machine"
        assert pack.taxonomy.mode("roll_back_model", level) != "machine"


def test_c1_runbooks_have_three_phases_and_end_by_asking(pack: Pack) -> None:
    for runbook in pack.runbooks:
        assert [(p.key, p.begins, p.ends) for p in runbook.phases] == [
            ("initial", timedelta(0), timedelta(hours=1)),
            ("investigate", timedelta(hours=1), timedelta(hours=24)),
            ("recover", timedelta(hours=24), timedelta(days=7)),
        ]
        assert runbook.steps[-1].meets == "runbook.reviewed"
        assert {"initial", "impact", "verification"} <= {s.checks for s in runbook.steps}
        snapshot = [s.id for s in runbook.steps].index("snapshot")
        acts = [n for n, s in enumerate(runbook.steps) if s.automation and s.automation.action != "evidence.snapshot"]
        assert all(n > snapshot for n in acts), "evidence is preserved before anything is changed"
    assert pack.runbook_for("model", "performance_drop").step("rollback").automation.action == "registry.rollback"  # type: ignore[union-attr]
    assert pack.runbook_for("security", "prompt_injection").id == "prompt_injection"
    assert all(pack.runbook_for(t.key, s.key) for t in pack.taxonomy.types for s in t.subtypes)
    assert pack.runbook_for("data", "data_drift").id == "generic"


def test_d1_channel_names_keep_to_slacks_rules(pack: Pack) -> None:
    rules, day = pack.taxonomy.channels, date(2025, 11, 15)
    name = channel_name(rules, incident_id="INC-2025-001", day=day, number=1)
    assert name == "incident-inc-2025-001"
    assert channel_name(rules, incident_id="INC-2025-001", day=day, number=1, taken={name, name + "-2"}) == name + "-3"
    assert clean_name(rules, "Incident 모델 장애 #1!") == "incident-1"
    assert len(channel_name(rules, incident_id="x" * 200, day=day, number=1, taken={"incident-" + "x" * 71})) <= 80
    assert [p.example for p in rules.patterns] == ["incident-inc-2025-001", "incident-2025-11-15-001", "incident-2025-001"]
    assert [c.name for c in rules.standing] == ["incident-command", "incident-status"]


def test_b1_numbers_widen_past_999_and_drills_have_their_own(pack: Pack) -> None:
    rules = pack.taxonomy.numbering
    assert incident_number(rules, year=2025, number=1) == "INC-2025-001"
    assert incident_number(rules, year=2025, number=1000) == "INC-2025-1000"
    assert incident_number(rules, year=2025, number=7, is_drill=True) == "DRL-2025-007"


def test_d6_declaration_and_d2_update_in_the_sources_form(pack: Pack) -> None:
    values = dict.fromkeys("occurred_at scope_users scope_services scope_regions state owner status_page".split(), "x")
    said = render_template(pack.template("declaration"), "ko", {**values, "severity": "P1", "title": "성능 급락"})
    assert said.subject == "[P1] 인시던트: 성능 급락"
    assert [line.split(":")[0] for line in said.body.splitlines()[1:]] == [
        "발생 시각",
        "영향 범위",
        "현재 상태",
        "담당자",
        "상태 페이지",
    ]
    items = update_items(
        pack.taxonomy.update_items, "ko", done=["원인 파악 완료"], in_progress=["필터링 적용"], waiting=["지표 확인"]
    )
    update = render_template(
        pack.template("status_update"),
        "ko",
        {
            "incident_id": "INC-2025-001",
            "update_number": "3",
            "time": "2025-11-15 16:00 KST",
            "state": "완화 중",
            "items": items,
            "next_update": "17:00",
        },
    )
    assert update.body == (
        "[인시던트 INC-2025-001] 상태 업데이트 #3\n시간: 2025-11-15 16:00 KST\n현재 상태: 완화 중\n진행 상황:\n"
        "- ✅ 원인 파악 완료\n- 🔄 진행 중: 필터링 적용\n- ⏳ 대기 중: 지표 확인\n다음 업데이트: 17:00\n"
    )


def test_e1_the_report_has_its_seven_parts_in_both_languages(pack: Pack) -> None:
    report = pack.template("incident_report")
    heads = [line[3:] for line in report.ko.body.splitlines() if line.startswith("## ")]
    assert heads == ["기본 정보", "요약", "타임라인", "근본 원인", "영향 분석", "완화 조치", "후속 조치", "교훈"]
    assert len([line for line in report.en.body.splitlines() if line.startswith("## ")]) == 8


def test_every_needed_template_is_there(pack: Pack) -> None:
    wanted = """declaration status_update broadcast customer_notice you_are_needed incident_alert triage_proposal escalation
        severity_changed role_offer role_assigned approval_request containment_failed report_review update_late drill_started
        incident_report break_glass duty_overdue sending_failed restriction_review report_changes""".split()
    assert {t.id for t in pack.templates} == set(wanted)
    assert pack.template("customer_notice").needs_approval


def test_a_restricted_message_can_carry_nothing_but_the_id(pack: Pack) -> None:
    template = pack.template("you_are_needed")
    named = {n for t in (template.ko, template.en) for n in places(t.subject + t.body)}
    assert template.is_id_only
    assert named <= ID_PLACES
    assert "title" not in ID_PLACES


def test_filling_a_template_executes_nothing_and_reads_values_once() -> None:
    evil = "{{ owner }} {% load x %} {0.__class__} ${x} %(x)s"
    assert render("T: {{title}} O: {{ owner }}", {"title": evil, "owner": "Alice"}) == f"T: {evil} O: Alice"
    assert render("a\n{{title}}\nb", {"title": ""}) == "a\nb"
    with pytest.raises(Invalid, match="title"):
        render("{{title}}", {})


def test_a_subject_stays_one_line_whatever_the_title_holds(pack: Pack) -> None:
    values = dict.fromkeys("occurred_at scope_users scope_services scope_regions state owner status_page severity".split(), "x")
    said = render_template(pack.template("declaration"), "en", {**values, "title": "a\r\nBcc: evil@example.org"})
    assert "\n" not in said.subject
    assert "\r" not in said.subject


def test_korean_and_english_stand_everywhere(pack: Pack) -> None:
    texts = list(_texts(pack))
    assert len(texts) > 400
    assert all(t.ko.strip() and t.en.strip() for t in texts)
    hangul = [t for t in texts if any("가" <= c <= "힣" for c in t.en)]
    assert not hangul, "English texts hold no Hangul"


def _texts(value: Any) -> Any:
    if isinstance(value, Bilingual):
        yield value
    elif is_dataclass(value):
        for f in fields(value):
            yield from _texts(getattr(value, f.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)


def test_the_pack_passes_its_own_cases(pack: Pack) -> None:
    outcomes = run_cases(pack)
    assert len(outcomes) >= 29
    assert [o for o in outcomes if not o.is_right] == []


def test_a4_no_case_of_the_shared_table_is_missing_from_the_pack(pack: Pack) -> None:
    rows = {row["case_id"] for row in csv.DictReader(CASES.open(encoding="utf-8"))}
    assert rows <= {case.id for case in pack.cases}


@pytest.mark.parametrize(
    ("said", "kind", "severity"),
    [
        ("고객 12,000명의 주민등록번호가 검색 결과에 노출됨", "data", "P0"),
        ("해커가 모델 API 키를 탈취해 대량 호출", "security", "P0"),
        ("신용평가 모델 정확도가 35% 하락", "model", "P1"),
        ("개인정보보호위원회에서 자료 제출 요구 공문 도착", "regulatory", "P0"),
        ("전체 서비스 중단, 모든 사용자가 접속 불가", "operational", "P0"),
        ("대출 심사 모델이 여성 신청자를 차별하여 거절", "model", "P0"),
        ("something nobody has a rule for", "operational", "P1"),
    ],
)
def test_a4_free_text_in_korean_gets_its_proposal_and_the_unsure_goes_up(pack: Pack, said: str, kind: str, severity: str) -> None:
    proposal = pack.propose({"text": said})
    assert proposal.verdict
    assert (proposal.verdict.type, proposal.verdict.severity) == (kind, severity)
    assert proposal.is_guess == (not proposal.rule)
    assert proposal.why.ko
    assert proposal.why.en


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Test("text", "contains_any", ("PII", "유출")), True),
        (Test("text", "contains_any", ("ii",)), False),
        (Test("labels.safety", "is", True), True),
        (Test("labels.none", "exists", False), True),
        (Test("measure.value", "gt", 3), True),
        (Test("measure.nan", "gt", 0), False),
        (Test("text", "matches", r"leak\w+"), True),
        (All((Test("text", "exists", True), Not(Test("labels.none", "is", "x")))), True),
        (Any_(()), False),
    ],
)
def test_conditions_are_plain_and_a_missing_or_nan_value_never_holds(condition: Any, holds: bool) -> None:
    facts = {"text": "PII leaking 유출", "labels": {"safety": "true"}, "measure": {"value": "3.5", "nan": "NaN"}}
    assert evaluate(condition, facts) is holds


@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: b.what)
def test_a_broken_pack_is_refused_with_file_line_and_remedy(files: dict[str, str], broken: Broken) -> None:
    broken.change(files)
    with pytest.raises(PackError) as caught:
        parse_files(files)
    problems = [p for p in caught.value.problems if broken.says in str(p)]
    assert problems, str(caught.value)
    assert any(p.file.startswith(broken.file.split("/")[0]) for p in problems), str(caught.value)
    assert all(p.line >= 1 and str(p.message) and str(p.remedy) for p in caught.value.problems)


def test_all_problems_are_told_at_once(files: dict[str, str]) -> None:
    files["taxonomy.yaml"] = (
        files["taxonomy.yaml"].replace("fires: 5", "fires: five").replace("respond_within: 1h", "respond_within: soon")
    )
    with pytest.raises(PackError) as caught:
        parse_files(files)
    assert len(caught.value.problems) >= 2
    assert [p.line for p in caught.value.problems] == sorted(p.line for p in caught.value.problems)


def test_the_stored_text_gives_the_same_pack(pack: Pack) -> None:
    assert parse_content(pack.content) == pack


HEADER = """id: acme
version: 1.0.0
kind: playbook
title: {ko: 에이크미, en: Acme}
publisher: Acme
languages: [ko, en]
valid_from: 2026-11-01
reviewed_on: 2026-11-23
sources: []
extends: bongsu-default
"""


def test_an_overlay_changes_by_key_and_leaves_the_rest(pack: Pack) -> None:
    over = {
        "pack.yaml": HEADER,
        "taxonomy.yaml": "severities:\n  - {key: P1, respond_within: 30m}\nposts:\n  - {key: dpo, title: {ko: 개인정보 보호책임자, en: DPO}}\n"  # noqa: E501
        "rulings:\n  - {key: unsure, remove: true}\n",
    }
    mixed = parse_files(over, pack)
    assert mixed.header.id == "acme"
    assert len(mixed.taxonomy.severities) == 4
    assert mixed.taxonomy.severity("P1").respond_within == timedelta(minutes=30)
    assert mixed.taxonomy.severity("P1").label == pack.taxonomy.severity("P1").label
    assert mixed.taxonomy.post("dpo")
    assert "unsure" not in {r.key for r in mixed.taxonomy.rulings}
    changed = {c.path: c.kind for c in compare(pack.content, mixed.content)}
    assert changed["taxonomy / severities / P1 / respond_within"] == "changed"
    assert changed["taxonomy / posts / dpo"] == "added"
    assert changed["taxonomy / rulings / unsure"] == "removed"


def test_removing_what_is_not_there_is_refused(pack: Pack) -> None:
    with pytest.raises(PackError, match="nothing to remove"):
        parse_files({"pack.yaml": HEADER, "taxonomy.yaml": "rulings:\n  - {key: nothing, remove: true}\n"}, pack)


def test_an_unknown_key_is_not_found(pack: Pack) -> None:
    with pytest.raises(NotFound):
        pack.taxonomy.severity("P9")
