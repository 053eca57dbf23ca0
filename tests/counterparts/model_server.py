"""A small serving process: loads the model version an MLflow alias names, predicts with it, and says which it is.

    model_server.py <mlflow url> <model> <alias> <port> <poll seconds, 0: only when told by POST /reload>

GET /version, GET /metrics (`model_accuracy` by version, `model_predictions_total`), POST /predict, POST /reload.
"""

import json
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REGISTRY, MODEL, ALIAS, PORT, POLL = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5])
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
loaded: dict[str, Any] = {}
answered = {"n": 0}
counting = threading.Lock()


def get(path: str) -> Any:
    with DIRECT.open(f"{REGISTRY}{path}", timeout=10) as answer:
        return json.load(answer)


def load() -> None:
    """Fetch the artifact of the version the alias names now."""
    version = get(f"/api/2.0/mlflow/registered-models/alias?name={MODEL}&alias={ALIAS}")["model_version"]
    if loaded.get("version") == version["version"]:
        return
    folder = version["source"].removeprefix("mlflow-artifacts:/").lstrip("/")
    weights = get(f"/api/2.0/mlflow-artifacts/artifacts/{folder}/model.json")
    loaded.update(version=version["version"], **weights)


def follow() -> None:
    while True:
        threading.Event().wait(POLL)
        load()


class Door(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/metrics":
            accuracy = f'model_accuracy{{model="{MODEL}",version="{loaded["version"]}"}} {loaded["accuracy"]}'
            predictions = f'model_predictions_total{{model="{MODEL}"}} {answered["n"]}'
            self.say(f"{accuracy}\n{predictions}\n".encode(), "text/plain; version=0.0.4")
        else:
            self.say(json.dumps({"model": MODEL, "alias": ALIAS, "version": loaded["version"]}).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/reload":
            load()
            self.say(json.dumps({"version": loaded["version"]}).encode())
            return
        features = json.loads(body)["features"]
        with counting:
            answered["n"] += 1
        score = sum(weight * value for weight, value in zip(loaded["weights"], features, strict=False))
        self.say(json.dumps({"score": score, "version": loaded["version"]}).encode())

    def say(self, body: bytes, kind: str = "application/json") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("X-Model-Version", str(loaded["version"]))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: Any) -> None:
        return


if __name__ == "__main__":
    load()
    if POLL:
        threading.Thread(target=follow, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", PORT), Door).serve_forever()
