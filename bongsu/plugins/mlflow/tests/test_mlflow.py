"""Against the recorded answers of MLflow 3.17; the real server is asked in tests/test_walk.py."""

import json

import pytest
from werkzeug import Response

from bongsu.integrations.contract import TransportError
from bongsu.kernel.transport import Transport
from bongsu.plugins.mlflow.plugin import API, Config, Plugin, version_in


@pytest.fixture
def registry(httpserver):
    """The one alias of a registry that remembers."""
    state = {"champion": "2", "moves": 0}

    def alias(request):
        if request.method == "POST":
            body = json.loads(request.data)
            if body["version"] == "99":
                return Response(json.dumps({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Model Version not found"}), 404)
            state[body["alias"]] = body["version"]
            state["moves"] += 1
            return Response("{}")
        version = state.get(request.args["alias"])
        if version is None:
            said = {"error_code": "INVALID_PARAMETER_VALUE", "message": "Registered model alias nobody not found."}
            return Response(json.dumps(said), 400)
        return Response(json.dumps({"model_version": {"name": "credit", "version": version}}))

    httpserver.expect_request(f"{API}/registered-models/alias").respond_with_handler(alias)
    return state


@pytest.fixture
def plugin(httpserver):
    target = f"{httpserver.host}:{httpserver.port}"
    return Plugin(Config(url=f"http://{target}"), Transport(allowed=(target,), attempts=1))


def move(plugin, version, expected=None):
    return plugin.set_alias("k", model="credit", alias="champion", version=version, expected=expected)


def test_an_alias_is_read_and_none_is_no_error(plugin, registry):
    assert plugin.get_alias("k", model="credit", alias="champion").receipt["version"] == "2"
    assert plugin.get_alias("k", model="credit", alias="nobody").receipt["version"] is None


def test_an_alias_moves_from_where_it_was_expected_and_twice_is_once(plugin, registry):
    assert move(plugin, "1", "2").receipt == {"model": "credit", "alias": "champion", "before": "2", "after": "1"}
    assert move(plugin, "1", "2").receipt["after"] == "1"
    assert registry["moves"] == 1


def test_an_alias_that_somebody_else_moved_is_left_alone(plugin, registry):
    registry["champion"] = "3"
    with pytest.raises(TransportError, match="somebody moved it") as refused:
        move(plugin, "1", "2")
    assert refused.value.permanent
    assert registry["champion"] == "3"


def test_an_unknown_version_is_permanent(plugin, registry):
    with pytest.raises(TransportError, match="not found") as refused:
        move(plugin, "99")
    assert refused.value.permanent


@pytest.mark.parametrize(
    ("body", "header", "raw", "path", "version"),
    [
        ({"version": "7"}, "", b"", "", "7"),
        ({"model_version": 7}, "", b"", "", "7"),
        ({"status": "ok"}, "7", b"", "", "7"),
        ({"model": {"version": 3}}, "", b"", "model.version", "3"),
        ({"status": "ok"}, "", b"", "", ""),
        (None, "", b"v12\n", "", "v12"),
        (None, "", b"OK", "", ""),
        (None, "", b"<html>1</html>", "", ""),
    ],
)
def test_the_serving_version_is_found_or_not_known(body, header, raw, path, version):
    assert version_in(body, header, raw, path) == version
