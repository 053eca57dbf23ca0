import pytest

from bongsu.kernel.redaction import find, redact, redact_value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("주민번호 900101-1234567 입니다", "rrn"),
        ("9001011234567", "rrn"),
        ("외국인 051231-7123456", "rrn"),
        ("전화 010-1234-5678로", "phone"),
        ("01012345678", "phone"),
        ("02-345-6789", "phone"),
        ("+82 10 1234 5678", "phone"),
        ("+1 (415) 555-2671", "phone"),
        ("메일은 minsu.kim@example.co.kr입니다", "email"),
        ("card 4111 1111 1111 1111", "card"),
        ("4111-1111-1111-1111", "card"),
        ("여권 M12345678", "passport"),
        ("M123A4567", "passport"),
        ("면허 11-22-123456-78", "driving_licence"),
        ("DE89 3704 0044 0532 0130 00", "iban"),
        ("GB82WEST12345698765432", "iban"),
        ("from 203.0.113.7 at", "ip"),
        ("2001:db8::8a2e:370:7334", "ip"),
        ("123-45-6789", "ssn"),
        ("계좌번호 110-234-567890 국민은행", "account"),
    ],
)
def test_personal_data_is_found_and_taken_out(text, kind):
    cleaned, kinds = redact(text)
    assert kind in kinds
    assert f"[{kind}]" in cleaned
    assert not find(cleaned)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02T03:04:05.678901Z",
        "2026-01-02 03:04:05",
        "psi 0.4123456789 over 0.25",
        "request 4111111111111112 failed",  # no Luhn
        "901301-1234567",  # no such month
        "trace 0af7651916cd43dd8448eb211c80319c",
        "66202c2f39e0e80c",
        "version 1.2.3, build 20260102",
        "127.0.0.1",
        "999.1.1.1",
        "latency 1795355309.3",
        "INC-2026-001",
    ],
)
def test_ordinary_figures_and_moments_survive(text):
    assert redact(text) == (text, [])


def test_json_values_are_cleaned_at_every_depth_and_in_keys():
    value = {"user": {"mail": "a@b.co", "n": 3}, "rows": ["010-1234-5678", None, 0.5], "x@y.kr": True}
    cleaned, kinds = redact_value(value)
    assert cleaned == {"user": {"mail": "[email]", "n": 3}, "rows": ["[phone]", None, 0.5], "[email]": True}
    assert sorted(kinds) == ["email", "email", "phone"]
