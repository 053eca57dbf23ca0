import pytest

from bongsu.integrations.contract import TransportError
from bongsu.kernel.transport import Transport
from bongsu.plugins.prometheus.plugin import Config, Plugin


@pytest.fixture
def plugin(httpserver):
    target = f"{httpserver.host}:{httpserver.port}"
    return Plugin(Config(url=f"http://{target}"), Transport(allowed=(target,), attempts=1))


def answer(httpserver, kind, result, path="query"):
    httpserver.expect_request(f"/api/v1/{path}").respond_with_json(
        {"status": "success", "data": {"resultType": kind, "result": result}}
    )


@pytest.mark.parametrize(
    ("kind", "result", "state"),
    [
        ("vector", [{"metric": {"model": "credit"}, "value": [1.5, "0.05"]}], "data"),
        ("vector", [], "no_data"),
        ("vector", [{"metric": {}, "value": [1.5, "NaN"]}], "nan"),
        ("vector", [{"metric": {}, "value": [1.5, "NaN"]}, {"metric": {}, "value": [1.5, "+Inf"]}], "data"),
        ("scalar", [1.5, "1"], "data"),
        ("matrix", [{"metric": {}, "values": []}], "no_data"),
    ],
)
def test_no_data_nan_and_numbers_are_three_answers(plugin, httpserver, kind, result, state):
    answer(httpserver, kind, result)
    assert plugin.query("k", query="up").receipt["state"] == state


def test_a_range_keeps_every_sample_as_text(plugin, httpserver):
    answer(httpserver, "matrix", [{"metric": {"a": "b"}, "values": [[1, "0.1"], [2, "NaN"]]}], "query_range")
    receipt = plugin.query_range("k", query="up", start=1, end=2, step=1).receipt
    assert receipt["series"] == [{"labels": {"a": "b"}, "samples": [{"at": 1.0, "value": "0.1"}, {"at": 2.0, "value": None}]}]


def test_a_wrong_query_is_permanent_and_says_why(plugin, httpserver):
    httpserver.expect_request("/api/v1/query").respond_with_json({"status": "error", "error": "parse error"}, 400)
    with pytest.raises(TransportError, match="parse error") as refused:
        plugin.query("k", query="((")
    assert refused.value.permanent


def test_a_range_with_too_many_steps_is_not_even_asked(plugin, httpserver):
    with pytest.raises(TransportError):
        plugin.query_range("k", query="up", start=0, end=1e9, step=1)
    assert httpserver.log == []
