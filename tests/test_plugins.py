"""The contract every plug-in folder is held to."""

import dataclasses
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bongsu.integrations.catalogue import FOLDER, plugins
from bongsu.integrations.contract import Base, Received, Source, TransportError, Unreadable, as_json
from bongsu.integrations.rules import read_settings
from bongsu.kernel.transport import Transport

FOLDERS = sorted(p.name for p in FOLDER.iterdir() if p.is_dir() and not p.name.startswith("_"))
KINDS = {"source", "channel", "mail", "pager", "registry", "metrics"}
SAMPLES = {"url": "https://service.example.com", "host_port": "mail.example.com:25", "json": {"title": "t", "dedupe_key": "d"}}
FIXTURES = sorted(p for p in FOLDER.glob("*/fixtures/*.json") if not p.name.endswith((".expected.json", ".config.json")))


def filled(config):
    values = {}
    for f in dataclasses.fields(config):
        choices = f.metadata["choices"]
        values[f.name] = choices[0][0] if choices else SAMPLES.get(f.metadata["kind"], f"sample-{f.name}")
    return values


def loaded(slug, values=None):
    found = plugins()[slug]
    plain, hidden = read_settings(found.config, filled(found.config) if values is None else values, {})
    return found.code(found.config(**plain, **hidden), Transport())


@pytest.mark.parametrize("slug", FOLDERS)
def test_the_folder_is_whole_and_speaks_both_languages(slug):
    found = plugins()[slug]
    assert found.broken == ""
    assert found.slug == slug
    assert issubclass(found.code, Base)
    assert set(found.kinds) == set(found.code.kinds) <= KINDS
    assert found.kinds
    for words in (found.title, found.summary):
        assert set(words) == {"ko", "en"}
        assert all(words.values())
    assert found.setup("ko")
    assert found.setup("en")
    assert found.setup("ko") != found.setup("en")
    assert found.logo().startswith("<svg")
    assert not any(bad in found.logo() for bad in ("<script", "style=", "onload"))
    assert found.quality in ("good", "fair", "rough")


@pytest.mark.parametrize("slug", FOLDERS)
def test_every_setting_is_named_in_both_languages(slug):
    for f in dataclasses.fields(plugins()[slug].config):
        assert set(f.metadata["label"]) == {"ko", "en"}
        assert not f.metadata["help"] or set(f.metadata["help"]) == {"ko", "en"}


@pytest.mark.parametrize("slug", FOLDERS)
def test_the_configuration_round_trips_and_hides_its_secrets(slug):
    config = plugins()[slug].config
    plain, hidden = read_settings(config, filled(config), {})
    again_plain, again_hidden = read_settings(config, json.loads(json.dumps(plain)), hidden)
    assert (again_plain, again_hidden) == (plain, hidden)
    assert set(hidden) == {f.name for f in dataclasses.fields(config) if f.metadata["secret"]}
    assert not set(hidden) & set(plain)
    config(**plain, **hidden)


@pytest.mark.parametrize("slug", FOLDERS)
def test_every_operation_of_its_kinds_is_offered(slug):
    code = plugins()[slug].code
    for base in code.__mro__[1:]:
        if base in (Base, Source, object):
            continue
        wanted = {name for name, value in vars(base).items() if callable(value) and not name.startswith("_")}
        assert wanted <= set(plugins()[slug].operations)
    for name, repeat in plugins()[slug].operations.items():
        assert repeat != "search" or hasattr(code, f"found_{name}")


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: f"{p.parent.parent.name}/{p.stem}")
def test_recorded_payloads_are_read_as_expected(path):
    config = path.with_suffix(".config.json")
    plugin = loaded(path.parent.parent.name, json.loads(config.read_text()) if config.exists() else {})
    found = as_json(plugin.parse(Received(path.read_bytes())))
    assert found == json.loads(path.with_suffix(".expected.json").read_text())


@pytest.mark.parametrize("slug", [s for s in FOLDERS if "source" in plugins()[s].kinds])
def test_every_source_has_a_recorded_payload(slug):
    assert any(path.parent.parent.name == slug for path in FIXTURES)


@pytest.mark.parametrize("slug", [s for s in FOLDERS if "source" in plugins()[s].kinds])
@pytest.mark.parametrize(
    "body",
    [b"", b"\x00", b"{", b"null", b"[]", b"[1]", b"1", b'"x"', b"{}", b'{"alerts": [1]}', b'{"version": "4"}',
     b'{"version": "4", "alerts": {}}', b'{"version": "4", "alerts": [{}]}', b'{"version":"4","orgId":1,"alerts":[]}',
     b'{"version":"4","alerts":[{"status":"firing","fingerprint":"a","startsAt":"then"}]}',
     b'{"version":"4","alerts":[{"status":"maybe","fingerprint":"a","startsAt":"2026-01-02T03:04:05Z"}]}',
     b'{"version":"4","alerts":[{"status":"firing","fingerprint":"a","startsAt":"2026-01-02T03:04:05"}]}',
     b'{"version":"4","alerts":[{"status":"firing","labels":[],"fingerprint":"a","startsAt":"2026-01-02T03:04:05Z"}]}',
     b'{"specversion":"0.3","id":"a","source":"b","type":"c"}', b'{"specversion":"1.0","id":"","source":"b","type":"c"}',
     b'{"specversion":"1.0","id":"a","source":"b","type":"c","time":"noon"}', "{\"제목\": \"값\"}".encode(), b"\xff\xfe"],
)  # fmt: skip
def test_an_unknown_payload_is_unreadable_and_says_why(slug, body):
    if (slug, body) == ("cloudevents", b"[]"):
        assert loaded(slug, {}).parse(Received(body)) == []
        return
    values = {"mapping": {"title": "a.b", "dedupe_key": "a.0"}} if slug == "generic_json" else {}
    with pytest.raises(Unreadable) as refused:
        loaded(slug, values).parse(Received(body))
    assert str(refused.value)


@pytest.mark.parametrize("slug", [s for s in FOLDERS if "source" not in plugins()[s].kinds])
def test_a_service_that_cannot_be_reached_is_a_transport_error(slug, monkeypatch):
    values = filled(plugins()[slug].config)
    for f in dataclasses.fields(plugins()[slug].config):
        if f.metadata["kind"] == "url":
            values[f.name] = "http://127.0.0.1:9"
        if f.metadata["kind"] == "host_port":
            values[f.name] = "127.0.0.1:9"
    with pytest.raises(TransportError, match="not allowed"):
        loaded(slug, values).test()
    plugin = loaded(slug, values)
    plugin.transport = Transport(allowed=("127.0.0.1:9",), attempts=1)
    with pytest.raises(TransportError) as refused:
        plugin.test()
    assert refused.value.not_sent
    assert not refused.value.permanent


def test_no_socket_is_opened_at_import():
    """In a process of its own, where a socket is an error."""
    program = (
        "import socket\n"
        "def no(*a, **k): raise RuntimeError('a socket at import')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = no\n"
        "from bongsu.integrations.catalogue import plugins\n"
        "broken = {s: p.broken for s, p in plugins().items() if p.broken}\n"
        "assert not broken, broken\n"
        "import sys; assert not any(m == 'django' for m in sys.modules), 'a plug-in imports Django'\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    assert done.returncode == 0, done.stderr
    assert socket.socket is not None


def test_a_plugin_that_fails_to_import_is_listed_as_broken(tmp_path, monkeypatch):
    from bongsu.integrations import catalogue

    folder = tmp_path / "wreck"
    folder.mkdir()
    (folder / "plugin.py").write_text("raise RuntimeError('boom')")
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    catalogue.plugins.cache_clear()
    try:
        assert "wreck" in catalogue.plugins()
        assert catalogue.plugin("wreck").broken
    finally:
        catalogue.plugins.cache_clear()


def test_no_two_settings_of_a_plugin_belong_to_the_house():
    for slug in FOLDERS:
        assert not any(f.name.startswith("_") for f in dataclasses.fields(plugins()[slug].config))
