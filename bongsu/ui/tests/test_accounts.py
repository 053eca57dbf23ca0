"""Signing in wears the same face, in both languages, under the strict CSP (M8)."""

import re

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from conftest import PASSWORD

pytestmark = pytest.mark.django_db

SIGNED_OUT = ["/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/", "/accounts/signup/"]
SIGNED_IN = ["/accounts/logout/", "/accounts/password/change/", "/accounts/2fa/"]
HANGUL = re.compile("[가-힣]")


def words(response):
    """What a reader sees: no tags; our name and the other language's name aside."""
    html = re.sub(r"<(script|style|head|form class=\"language\").*?</\1?", "", response.content.decode(), flags=re.S)
    return re.sub(r"<[^>]*>|한국어|English", " ", html)


def code_of(secret):
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


@pytest.mark.parametrize("path", SIGNED_OUT)
def test_the_pages_of_the_signed_out_wear_the_face_in_both_languages(path):
    for language in ("ko", "en"):
        response = Client(headers={"Accept-Language": language}).get(path)
        html = response.content.decode()
        assert response.status_code == 200
        assert "ui/app.css" in html
        assert "<h1>" in html
        assert " style=" not in html
        assert bool(HANGUL.search(words(response))) is (language == "ko"), words(response)


def test_the_pages_of_the_signed_in_wear_the_face_in_both_languages(alice_client):
    for language in ("ko", "en"):
        alice_client.post("/ui/language/", {"language": language})
        for path in SIGNED_IN:
            response = alice_client.get(path)
            assert response.status_code == 200, path
            assert "ui/app.css" in response.content.decode()
            assert f'lang="{language}"' in response.content.decode()
            assert ("비밀번호" in words(response) or "2단계" in words(response) or "로그아웃" in words(response)) is (
                language == "ko"
            )


def test_nobody_signs_up():
    assert Client().post("/accounts/signup/", {"email": "new@example.org", "password1": PASSWORD}).status_code == 200
    assert "관리자" in words(Client(headers={"Accept-Language": "ko"}).get("/accounts/signup/"))


def test_a_wrong_password_is_said_beside_the_form_and_a_right_one_opens(alice):
    client = Client()
    form = {"login": "alice@example.org", "password": "wrong"}
    response = client.post("/accounts/login/", form)
    assert response.status_code == 200
    assert 'role="alert"' in response.content.decode()
    assert client.post("/accounts/login/", {**form, "password": PASSWORD}).status_code == 302
    assert "_auth_user_id" in client.session


def test_a_second_factor_is_switched_on_asked_for_and_has_recovery_codes(alice):
    client = Client()
    client.post("/ui/language/", {"language": "ko"})
    client.post("/accounts/login/", {"login": "alice@example.org", "password": PASSWORD})
    activate = "/accounts/2fa/totp/activate/"
    assert "본인 확인" in client.get(activate, follow=True).content.decode()
    client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": activate})
    html = client.get(activate).content.decode()
    assert '<img class="qr" src="data:image/svg+xml;base64,' in html
    secret = re.search(r"<code>([A-Z2-7]{16,})</code>", html).group(1)
    assert client.post("/accounts/2fa/totp/activate/", {"code": "000000"}).status_code == 200
    assert client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)}).status_code == 302
    codes = client.get("/accounts/2fa/recovery-codes/").content.decode()
    assert len(re.findall(r"<li><code>\d+", codes)) == 10
    for path in ("/accounts/2fa/", "/accounts/2fa/recovery-codes/generate/", "/accounts/2fa/totp/deactivate/"):
        assert client.get(path).status_code == 200
    client.post("/accounts/logout/")
    assert (
        client.post("/accounts/login/", {"login": "alice@example.org", "password": PASSWORD})
        .headers["Location"]
        .startswith("/accounts/2fa/")
    )
    asked = client.get("/accounts/2fa/authenticate/").content.decode()
    assert "2단계 인증" in asked
    one = re.search(r"<li><code>(\d+)", codes).group(1)
    assert client.post("/accounts/2fa/authenticate/", {"code": one}).status_code == 302
    assert "_auth_user_id" in client.session
