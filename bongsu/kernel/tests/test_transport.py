"""The outgoing client against a real local server and made-up name look-ups."""

import time

import pytest
from werkzeug import Response

from bongsu.kernel.errors import TransportError
from bongsu.kernel.transport import Transport, checked_address, wait_asked


@pytest.fixture
def open_transport(httpserver):
    return Transport(allowed=(f"{httpserver.host}:{httpserver.port}",), secrets=("s3cret",), timeout=2)


def names(**table):
    return lambda host, port: table[host.replace(".", "_")]


def test_a_private_target_is_asked_only_when_host_and_port_are_allowed(httpserver):
    httpserver.expect_request("/x").respond_with_data("ok")
    with pytest.raises(TransportError, match="not allowed") as refused:
        Transport().get(httpserver.url_for("/x"))
    assert refused.value.permanent
    with pytest.raises(TransportError):
        Transport(allowed=(f"{httpserver.host}:{httpserver.port + 1}",)).get(httpserver.url_for("/x"))
    assert httpserver.log == []
    assert Transport(allowed=(f"{httpserver.host}:{httpserver.port}",)).get(httpserver.url_for("/x")).body == b"ok"


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fe80::1", "100.100.100.200", "fd00:ec2::254", "0.0.0.0", "::", "224.0.0.1",
     "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"],
)  # fmt: skip
def test_metadata_and_link_local_are_never_asked_even_when_allowed(address):
    with pytest.raises(TransportError) as refused:
        checked_address("evil.example", 80, ["evil.example:80"], lambda host, port: [address])
    assert refused.value.permanent


def test_one_private_address_among_public_ones_is_enough_to_refuse():
    with pytest.raises(TransportError):
        checked_address("mixed.example", 443, [], lambda host, port: ["8.8.8.8", "10.0.0.1"])
    assert checked_address("public.example", 443, [], lambda host, port: ["8.8.8.8"]) == "8.8.8.8"


def test_the_name_is_resolved_once_and_the_host_header_keeps_it(httpserver):
    seen, asked = [], []
    httpserver.expect_request("/x").respond_with_handler(lambda request: (seen.append(request.host), Response("ok"))[1])

    def resolve(host, port):
        asked.append(host)
        return ["127.0.0.1"]

    port = httpserver.port
    Transport(allowed=(f"mlflow.internal:{port}",), resolve=resolve).get(f"http://mlflow.internal:{port}/x")
    assert asked == ["mlflow.internal"]
    assert seen == [f"mlflow.internal:{port}"]


def test_a_redirect_elsewhere_is_not_followed(httpserver, open_transport):
    httpserver.expect_request("/away").respond_with_data("", 302, {"Location": "http://169.254.169.254/latest"})
    with pytest.raises(TransportError, match="redirects elsewhere") as refused:
        open_transport.get(httpserver.url_for("/away"))
    assert refused.value.permanent


def test_a_read_follows_a_redirect_in_the_same_place_but_a_change_does_not(httpserver, open_transport):
    httpserver.expect_request("/old").respond_with_data("", 302, {"Location": "/new"})
    httpserver.expect_request("/new").respond_with_data("here")
    assert open_transport.get(httpserver.url_for("/old")).body == b"here"
    with pytest.raises(TransportError):
        open_transport.send("POST", httpserver.url_for("/old"), body={})


def test_a_proxy_from_the_environment_is_ignored(httpserver, open_transport, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    httpserver.expect_request("/x").respond_with_data("ok")
    assert open_transport.get(httpserver.url_for("/x")).status == 200


def test_an_answer_larger_than_the_bound_is_refused(httpserver):
    httpserver.expect_request("/big").respond_with_data("x" * 2000)
    small = Transport(allowed=(f"{httpserver.host}:{httpserver.port}",), max_bytes=1000)
    with pytest.raises(TransportError, match="larger"):
        small.get(httpserver.url_for("/big"))


def test_a_silent_server_is_a_passing_error(httpserver):
    httpserver.expect_request("/slow").respond_with_handler(lambda request: (time.sleep(0.6), Response(""))[1])
    hasty = Transport(allowed=(f"{httpserver.host}:{httpserver.port}",), timeout=0.2)
    with pytest.raises(TransportError, match="in time") as late:
        hasty.send("POST", httpserver.url_for("/slow"), body={})
    assert not late.value.permanent


def test_reads_are_asked_again_and_changes_never(httpserver, open_transport):
    for _ in range(2):
        httpserver.expect_ordered_request("/r").respond_with_data("", 503)
    httpserver.expect_ordered_request("/r").respond_with_data("ok")
    assert open_transport.get(httpserver.url_for("/r")).body == b"ok"
    httpserver.clear()
    httpserver.expect_request("/w", method="POST").respond_with_data("", 503)
    with pytest.raises(TransportError):
        open_transport.send("POST", httpserver.url_for("/w"), body={})
    assert len(httpserver.log) == 1


@pytest.mark.parametrize(
    ("status", "permanent"), [(400, True), (401, True), (404, True), (408, False), (429, False), (500, False)]
)
def test_statuses_say_whether_trying_again_may_help(httpserver, open_transport, status, permanent):
    httpserver.expect_request("/s").respond_with_data("no", status, {"Retry-After": "7"})
    with pytest.raises(TransportError) as refused:
        open_transport.send("POST", httpserver.url_for("/s"), body={})
    assert (refused.value.permanent, refused.value.status, refused.value.retry_after) == (permanent, status, 7.0)


def test_secrets_do_not_appear_in_errors(httpserver, open_transport):
    httpserver.expect_request("/s3cret/hook").respond_with_data("bad token s3cret", 403)
    with pytest.raises(TransportError) as refused:
        open_transport.send("POST", httpserver.url_for("/s3cret/hook"), body={})
    assert "s3cret" not in str(refused.value)
    assert "***" in str(refused.value)


def test_a_name_that_does_not_resolve_and_a_closed_port_are_passing_errors():
    with pytest.raises(TransportError) as unknown:
        Transport().send("POST", "http://no-such-host.invalid/", body={})
    assert not unknown.value.permanent
    with pytest.raises(TransportError) as closed:
        Transport(allowed=("127.0.0.1:9",)).send("POST", "http://127.0.0.1:9/", body={})
    assert not closed.value.permanent


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.com/", "http://", "not a url"])
def test_only_http_addresses_are_asked(url):
    with pytest.raises(TransportError):
        Transport().get(url)


def test_retry_after_is_read_as_seconds_or_date_and_bounded():
    assert wait_asked("30") == 30
    assert wait_asked("999999") == 3600
    assert wait_asked("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert wait_asked("soon") is None
