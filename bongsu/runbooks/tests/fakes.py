"""A registry, a serving process and a metrics server in one, as strict as the real ones where it matters here."""

import math
from collections.abc import Callable
from typing import Any

from tests.fakes.serving import Asked, Fake, Told

API = "/api/2.0/mlflow"
Value = Callable[[str, float], float | None]


class FakeModelHouse(Fake):
    """`loads`: whether the serving process follows the alias at once. `value(query, at)`: None leaves a hole, NaN is NaN."""

    def __init__(self) -> None:
        super().__init__()
        self.alias = "2"
        self.loaded = "2"
        self.loads = True
        self.tags: dict[str, dict[str, str]] = {"1": {}, "2": {}, "3": {}}
        self.moves: list[str] = []
        self.dead: set[str] = set()  # paths that answer 400: a permanent refusal
        self.value: Value = lambda query, at: 0.95
        self.lose_move = False

    def answer(self, asked: Asked) -> Told:
        path = asked.path.removeprefix(API)
        if path in self.dead:
            return Told({"error_code": "PERMISSION_DENIED", "message": "no", "status": "error", "error": "no"}, 400)
        if path == "/version":
            return Told({"version": self.loaded, "model": "credit"})
        if path == "/api/v1/query_range":
            return self._range(asked)
        answers: dict[str, Callable[[Asked], Told]] = {
            "/registered-models/alias": self._alias, "/model-versions/search": self._versions,
            "/registered-models/get": self._model, "/model-versions/set-tag": self._tag,
        }  # fmt: skip
        return answers[path](asked) if path in answers else Told({"error_code": "ENDPOINT_NOT_FOUND"}, 404)

    def _alias(self, asked: Asked) -> Told:
        if asked.method == "POST":
            version = asked.json()["version"]
            if version not in self.tags:
                return Told({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Model Version not found"}, 404)
            self.alias = version
            self.moves.append(version)
            if self.loads:
                self.loaded = version
            if self.lose_move:
                return Told({"error_code": "INVALID_PARAMETER_VALUE", "message": "lost"}, 400)
            return Told({})
        tags = [{"key": k, "value": v} for k, v in self.tags[self.alias].items()]
        return Told({"model_version": {"name": "credit", "version": self.alias, "tags": tags}})

    def _versions(self, asked: Asked) -> Told:
        rows = [
            {"name": "credit", "version": v, "creation_timestamp": int(v), "status": "READY",
             "tags": [{"key": k, "value": t} for k, t in tags.items()]}
            for v, tags in self.tags.items()
        ]  # fmt: skip
        return Told({"model_versions": rows})

    def _model(self, asked: Asked) -> Told:
        return Told({"registered_model": {"name": "credit", "aliases": [{"alias": "champion", "version": self.alias}]}})

    def _tag(self, asked: Asked) -> Told:
        body = asked.json()
        self.tags[body["version"]][body["key"]] = body["value"]
        return Told({})

    def _range(self, asked: Asked) -> Told:
        query = asked.query["query"]
        start, end, step = (float(asked.query[name]) for name in ("start", "end", "step"))
        if "{model}" in query or "{system}" in query:
            return Told({"status": "error", "errorType": "bad_data", "error": "parse error"}, 400)
        moments = [start + n * step for n in range(int((end - start) / step + 1e-6) + 1)]
        values: list[Any] = [[at, _said(v)] for at in moments if (v := self.value(query, at)) is not None]
        result = [{"metric": {"model": "credit"}, "values": values}] if values else []
        return Told({"status": "success", "data": {"resultType": "matrix", "result": result}})


def _said(value: float) -> str:
    return "NaN" if math.isnan(value) else str(value)
