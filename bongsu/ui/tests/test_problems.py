"""A refusal is a calm page or a line, never a 500 (M6)."""

import pytest
from django.test import Client

STATUS = {"invalid": 422, "forbidden": 403, "not-found": 404, "conflict": 409, "refused": 409}


@pytest.fixture
def client(alone):
    return Client()


@pytest.mark.parametrize(("kind", "status"), STATUS.items())
def test_a_refusal_is_a_page_with_its_status(client, kind, status):
    response = client.get(f"/refuse/{kind}/")
    assert response.status_code == status
    assert "<h1>" in response.content.decode()


@pytest.mark.parametrize(("kind", "status"), STATUS.items())
def test_for_htmx_it_is_a_line_sent_to_the_message_area(client, kind, status):
    response = client.post(f"/refuse/{kind}/", headers={"HX-Request": "true"})
    assert response.status_code == status
    assert response.headers["HX-Retarget"] == "#messages"
    assert "<html" not in response.content.decode()


def test_it_names_the_fields_and_the_values(client):
    assert "title" in client.get("/refuse/invalid/").content.decode()
    assert "There are 3 open duties." in client.get("/refuse/refused/").content.decode()


def test_what_is_not_there_is_said_calmly(client, settings):
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "없는 페이지입니다" in response.content.decode()


def test_a_fault_of_ours_is_said_in_both_languages_without_a_request(alone):
    client = Client(raise_request_exception=False)
    response = client.get("/refuse/a-kind-that-breaks-the-view/")
    assert response.status_code == 500
    html = response.content.decode()
    assert "오류가 발생했습니다" in html
    assert "Something went wrong" in html


def test_a_form_that_was_open_too_long_is_refused_with_words(alone):
    response = Client(enforce_csrf_checks=True).post("/ui/language/", {"language": "en"})
    assert response.status_code == 403
    assert "페이지를 연 지 너무 오래되었습니다" in response.content.decode()


def test_every_page_carries_the_strict_policy_and_no_inline_script_or_style(client):
    for path in ("/ui/gallery/", "/refuse/refused/"):
        response = client.get(path)
        html = response.content.decode()
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        assert " style=" not in html
        assert "<style" not in html
        assert "onclick" not in html
        assert all(" src=" in tag.partition(">")[0] for tag in html.split("<script")[1:])
