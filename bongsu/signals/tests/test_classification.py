"""The 29 known cases, and others in other words: rules have to generalise; a P0 taken for P2 or less is the worst error (A4)."""

import csv
from pathlib import Path
from typing import Any

import pytest

from bongsu.packs.rules import figures
from bongsu.packs.rules.loading import parse_files
from bongsu.signals.rules.classification import Described, facts_of, is_drill, judged

LIBRARY = Path(__file__).parents[2] / "packs/library/bongsu-default"
CASES = list(csv.DictReader((Path(__file__).parent / "data/signal-cases.csv").open()))
ORDER = ["P0", "P1", "P2", "P3", "none"]
STATES = {"firing": "open", "resolved": "resolved", "n/a": "open"}

# The same 29 as a source would hand them over; what is not here comes as text.
STRUCTURED: dict[str, dict[str, Any]] = {
    "S05": {
        "title": "SmokeAlarmSuppressed",
        "labels": {"alertname": "SmokeAlarmSuppressed", "device": "smoke", "runbook": "SAFETY", "severity": "warning"},
        "measure": {"name": "alarm_suppression_rate", "value": 0.31, "threshold": 0.01, "direction": "higher_is_worse"},
    },
    "S13": {
        "title": "live lending model: selection_rate 0.59 vs 0.36, ratio 0.60",
        "labels": {"decision_in_force": "true", "sensitive": "sex"},
        "measure": {
            "name": "demographic_parity_ratio",
            "value": 0.60,
            "threshold": 0.80,
            "direction": "lower_is_worse",
            "n": 4000,
        },
    },
    "S15": {
        "title": "roc_auc estimated below the lower threshold",
        "labels": {"reference": "0.97", "alert": "true"},
        "measure": {"name": "roc_auc", "value": 0.62, "threshold": 0.90, "direction": "lower_is_worse"},
    },
    "S16": {
        "title": "Triggered: infer.p95 above SLO for 45m",
        "labels": {"sla": "gold", "transition": "Triggered"},
        "measure": {"name": "infer.p95", "value": 8.2, "threshold": 2, "direction": "higher_is_worse", "unit": "s"},
    },
    "S36": {
        "title": "drift on one feature, estimated performance unchanged",
        "measure": {"name": "jensen_shannon", "value": 0.041, "threshold": 0.035, "direction": "higher_is_worse"},
    },
    "S38": {
        "title": "budget_policy.exceeded: current_spend 105.50 of 100 USD per month on one endpoint",
        "measure": {"name": "current_spend", "value": 105.5, "threshold": 100, "direction": "higher_is_worse"},
    },
}

OTHERS = [
    (
        "P0",
        "model operational",
        "autonomous test vehicle did not classify a pedestrian crossing outside a crosswalk; one person killed",
    ),
    (
        "P0",
        "security data",
        "open training dashboard exposed to the internet; attackers ran jobs on the cluster, took credentials and model weights",
    ),
    ("P0", "operational", "all inference pods 5xx, 100% of requests fail in every region for 12 min"),
    ("P0", "model", "mental-health chatbot told a user how to harm himself; family reports a suicide attempt"),
    (
        "P0",
        "data security",
        "storage link shared with a training data repository exposes employees backups, passwords and 30,000 internal messages",
    ),
    ("P0", "model", "sepsis model missed 40 patients after an update; two died"),
    ("P0", "security operational", "ransomware encrypted the feature store, all models stopped"),
    ("P0", "data security", "고객 상담 챗봇이 다른 회원 3만 명의 주민등록번호를 답변에 노출하고 있습니다"),
    ("P0", "regulatory", "개인정보보호위원회가 자료 제출을 요구하며 조사를 시작했습니다"),
    ("P0", "model", "채용 심사 모델이 여성 지원자를 계속 탈락시키고 있습니다. 이미 통보가 나갔습니다"),
    ("P0", "operational", "전 서비스 장애: 모든 사용자가 접속할 수 없습니다"),
    ("P1", "security", "output rail: system prompt revealed to user after base64 payload, tool call executed"),
    ("P1", "security model", "coordinated users taught the chat bot to post racist tweets within 16 hours"),
    ("P1", "model regulatory", "airline chatbot promised a bereavement refund that does not exist; tribunal case"),
    ("P1", "model", "lawyer filed a brief with citations that the assistant made up"),
    ("P1", "regulatory", "model deployed to production without approval of the review board, against policy"),
    ("P1", "model", "realized f1 0.55 vs reference 0.83"),
    ("P1", "data", "one trace holds the phone number of another customer"),
    ("P1", "security", "프롬프트 인젝션으로 챗봇이 시스템 프롬프트를 출력했습니다"),
    ("P1", "model", "추천 모델 정확도가 기준 대비 35% 하락했습니다"),
    ("P1", "operational", "야간 배치 실패로 02시 이후 대출 심사가 중단되었습니다"),
    ("P2", "security", "input rail regex check stop=true, prompt injection detected, 14 attempts blocked in 1 h"),
    (
        "P2",
        "security operational",
        "security_advisory critical CVSS 9.8 RCE in inference server package, we run a version in range",
    ),
    ("P2", "operational", "토큰 비용이 평소의 4배로 급증했습니다. 에이전트가 무한 루프에 빠졌습니다"),
    ("P2", "regulatory", "내부 감사 지적: 고위험 모델의 영향평가가 없습니다"),
    ("P2", "data", "severity critical: expect_column_values_to_be_between age, unexpected_percent 0.8, 12 of 1500 rows"),
    ("P3", "regulatory", "acceptable-use policy for AI is older than 12 months, review overdue"),
    ("P3", "data operational", "alertname=DatasourceNoData drift panel has no data since 09:00"),
    ("P3", "security", "security log anomaly: 3 more failed API key checks than usual, same office network"),
    ("P3", "model", "환각률이 소폭 상승했습니다"),
    ("none", "none", "prompt-version updated: label staging moved to version 12"),
    ("none", "none", "stats successes=40 failures=0 errors=0"),
]


@pytest.fixture(scope="module")
def pack() -> Any:
    return parse_files({str(p.relative_to(LIBRARY)): p.read_text() for p in LIBRARY.rglob("*") if p.suffix in (".yaml", ".md")})


def verdict(pack: Any, described: Described) -> tuple[str, str]:
    said = judged(pack.propose(facts_of(described)), described)
    assert said.rule
    assert said.why.ko
    assert said.why.en
    return ("none", "none") if said.is_ignored else (said.type, said.severity)


def test_all_29_cases_are_here() -> None:
    assert len(CASES) == 29


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["case_id"])
def test_a_known_case_is_classified_right(case: dict[str, str], pack: Any) -> None:
    flags = {"repeat": "repeat_interval"} if case["case_id"] == "C42" else {}
    text = Described(text=case["payload_gist"], source_kind=case["source"], state=STATES[case["status"]], labels=flags)
    shapes = [text]
    if given := STRUCTURED.get(case["case_id"]):
        shapes.append(Described(source_kind=case["source"], **given))
    for described in shapes:
        kind, severity = verdict(pack, described)
        assert kind in {case["expected_type"], case["alt_type"] or "?"}, described
        assert severity in {case["expected_severity"], case["alt_severity"] or "?"}, described


@pytest.mark.parametrize(("severity", "types", "text"), OTHERS)
def test_other_words_are_classified_too(severity: str, types: str, text: str, pack: Any) -> None:
    kind, said = verdict(pack, Described(text=text))
    assert said == severity, kind
    assert kind in types.split()


@pytest.mark.parametrize("case", [c for c in CASES if c["expected_severity"] == "P0"], ids=lambda c: c["case_id"])
def test_no_p0_falls_to_p2_when_its_words_are_shouted_or_bare(case: dict[str, str], pack: Any) -> None:
    for text in (case["payload_gist"].upper(), case["payload_gist"].lower(), f"note: {case['payload_gist']} (please look)"):
        assert ORDER.index(verdict(pack, Described(text=text))[1]) <= 1


def test_the_word_of_the_sender_is_not_trusted(pack: Any) -> None:
    quiet = verdict(pack, Described(text="income drift is confirmed", source_severity="critical"))
    assert quiet == verdict(pack, Described(text="income drift is confirmed", source_severity="info")) == ("data", "P2")


def test_unsure_goes_to_the_graver_level(pack: Any) -> None:
    said = judged(pack.propose(facts_of(Described(text="zzz qqq"))), Described())
    assert said.is_guess
    assert said.severity in ("P1", "P2")
    assert said.rule.startswith("cell:")


@pytest.mark.parametrize("state", ["resolved", "info"])
def test_what_ended_or_informs_opens_nothing(state: str, pack: Any) -> None:
    assert verdict(pack, Described(text="mass personal data leak", state=state)) == ("none", "none")


@pytest.mark.parametrize(
    ("text", "fall"),
    [
        ("roc_auc 0.62 vs reference 0.97", 36),
        ("Groundedness 0.79, was 0.82", 3),
        ("accuracy from 0.90 to 0.60", 33),
        ("selection_rate 0.36 vs 0.59", None),
        ("p95 8.2 vs 2", None),
        ("정확도 0.62 대비 기준 0.9", None),
    ],
)
def test_a_fall_against_a_reference_is_read_from_the_text(text: str, fall: int | None) -> None:
    found = figures(text, {}, {}).get("drop_percent")
    assert (int(found) if found is not None else None) == fall or fall is None


def test_a_drill_is_what_the_sender_calls_one() -> None:
    assert is_drill({"drill": "true"}, {})
    assert is_drill({}, {"environment": "drill"})
    assert not is_drill({"drill": "no"}, {})
