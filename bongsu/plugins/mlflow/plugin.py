"""MLflow model registry over REST 2.0, and what the serving process itself says.

Moving an alias changes nothing for a server that loaded its model at the start: only `serving_version` shows what runs.
Source: MLflow 3 REST API; an unknown alias answers 400 INVALID_PARAMETER_VALUE, an unknown version 404.
"""

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

from bongsu.integrations.contract import AliasState, Registry, Sent, TransportError, as_json, operation, secret, setting
from bongsu.kernel.transport import Answer

API = "/api/2.0/mlflow"
VERSION = re.compile(r"[A-Za-z0-9._-]{1,60}")


@dataclass(frozen=True)
class Config:
    url: str = setting(
        label={"ko": "MLflow 서버 주소", "en": "Address of the MLflow server"}, kind="url", placeholder="http://mlflow.internal:5000"
    )  # fmt: skip
    token: str = secret(label={"ko": "토큰 (Bearer)", "en": "Token (Bearer)"}, default="")
    user: str = setting(label={"ko": "사용자 (Basic)", "en": "User (Basic)"}, default="")
    password: str = secret(label={"ko": "비밀번호 (Basic)", "en": "Password (Basic)"}, default="")
    version_path: str = setting(
        label={"ko": "서빙 응답에서 버전의 경로", "en": "Path of the version in the serving answer"},
        help={
            "ko": "JSON 응답의 점 경로입니다. 비우면 version, model_version, X-Model-Version 헤더 순으로 봅니다.",
            "en": "A dotted path in the JSON answer. Empty: version, model_version, then the header X-Model-Version.",
        },
        default="",
    )  # fmt: skip


class Plugin(Registry):
    def test(self) -> str:
        found = self._read("registered-models/search", {"max_results": "1"}).json().get("registered_models", [])
        return f"registered models: {'some' if found else 'none'}"

    @operation(repeat="read")
    def get_alias(self, key: str, *, model: str, alias: str) -> Sent:
        return Sent(as_json(self._alias(model, alias)))

    @operation(repeat="read")
    def list_versions(self, key: str, *, model: str) -> Sent:
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            params = {"filter": f"name='{_quoted(model)}'", "max_results": "200"} | ({"page_token": token} if token else {})
            body = self._read("model-versions/search", params).json()
            found += [_version(v) for v in body.get("model_versions", [])]
            token = body.get("next_page_token", "")
            if not token or len(found) >= 1000:
                break
        aliases = self._aliases(model)
        for one in found:
            one["aliases"] = sorted(a for a, version in aliases.items() if version == one["version"])
        found.sort(key=lambda v: (len(v["version"]), v["version"]), reverse=True)
        return Sent({"model": model, "versions": found})

    @operation(repeat="safe")
    def set_alias(self, key: str, *, model: str, alias: str, version: str, expected: str | None = None) -> Sent:
        before = self._alias(model, alias)
        if before.version != version:  # it may be there already from an attempt we did not see the end of
            if expected is not None and before.version != expected:
                said = f"{model}@{alias} is at {before.version or 'no version'}, not at {expected}: somebody moved it"
                raise TransportError(said, permanent=True, status=409, not_sent=True)
            self._change("registered-models/alias", {"name": model, "alias": alias, "version": version})
        after = self._alias(model, alias)
        if after.version != version:
            raise TransportError(f"the alias {alias} of {model} is at {after.version} after the change, not at {version}")
        moved = {"model": model, "alias": alias, "before": expected or before.version, "after": after.version}
        return Sent(moved, f"{model}@{alias}")

    @operation(repeat="safe")
    def tag_version(self, key: str, *, model: str, version: str, tag: str, value: str) -> Sent:
        self._change("model-versions/set-tag", {"name": model, "version": version, "key": tag, "value": value})
        return Sent({"model": model, "version": version, "tag": tag, "value": value}, f"{model}/{version}")

    @operation(repeat="read")
    def serving_version(self, key: str, *, url: str) -> Sent:
        answer = self.transport.get(url)
        try:
            body = json.loads(answer.body)
        except ValueError:
            body = None
        version = version_in(body, answer.headers.get("x-model-version", ""), answer.body, self.config.version_path)
        if not version:
            raise TransportError(f"the serving process at {url} does not say its version", permanent=True)
        model = body.get("model") or body.get("model_name") if isinstance(body, dict) else None
        return Sent({"version": version, "model": str(model or ""), "url": url}, version)

    def _alias(self, model: str, alias: str) -> AliasState:
        answer = self._read("registered-models/alias", {"name": model, "alias": alias}, also=(400, 404))
        body = answer.json()
        if answer.status < 400:
            version = body["model_version"]
            tags = {t["key"]: t["value"] for t in version.get("tags", [])}
            return AliasState(model, alias, str(version["version"]), version.get("run_id", ""), tags)
        code = body.get("error_code", "")
        if "alias" in body.get("message", "").lower() and code in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"):
            return AliasState(model, alias, None)
        raise TransportError(f"MLflow: {code}: {body.get('message', '')}", permanent=True, status=answer.status)

    def _aliases(self, model: str) -> dict[str, str]:
        answer = self._read("registered-models/get", {"name": model})
        return {a["alias"]: str(a["version"]) for a in answer.json()["registered_model"].get("aliases", [])}

    def _read(self, path: str, params: dict[str, str], also: tuple[int, ...] = ()) -> Answer:
        return self.transport.get(f"{self.config.url}{API}/{path}", params=params, headers=self._headers(), also=also)

    def _change(self, path: str, body: dict[str, str]) -> None:
        url = f"{self.config.url}{API}/{path}"
        answer = self.transport.send("POST", url, body=body, headers=self._headers(), also=(400, 404))
        if answer.status >= 400:
            said = answer.json()
            text = f"MLflow: {said.get('error_code', answer.status)}: {said.get('message', '')}"
            raise TransportError(text, permanent=True, status=answer.status)

    def _headers(self) -> dict[str, str]:
        if self.config.token:
            return {"Authorization": f"Bearer {self.config.token}"}
        if self.config.user:
            pair = base64.b64encode(f"{self.config.user}:{self.config.password}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {}


def version_in(body: Any, header: str, raw: bytes, path: str) -> str:
    """The version a serving process reports: at `path`, by the usual names, by header, or as the whole short answer."""
    if path:
        for part in path.split("."):
            body = body.get(part) if isinstance(body, dict) else None
        return str(body) if isinstance(body, (str, int)) and not isinstance(body, bool) else ""
    if isinstance(body, dict):
        found = next((body[k] for k in ("version", "model_version") if isinstance(body.get(k), (str, int))), None)
        return str(found) if found is not None else header
    if header:
        return header
    text = raw.decode("utf-8", "replace").strip().strip('"')
    return text if VERSION.fullmatch(text) and any(c.isdigit() for c in text) else ""


def _quoted(name: str) -> str:
    if "'" in name:
        raise TransportError("a model name with a quote cannot be searched", permanent=True, not_sent=True)
    return name


def _version(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": str(found["version"]), "created_at": found.get("creation_timestamp"), "status": found.get("status", ""),
        "run_id": found.get("run_id", ""), "tags": {t["key"]: t["value"] for t in found.get("tags", [])},
    }  # fmt: skip
