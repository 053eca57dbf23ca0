"""The real servers other tests lean on are what they claim to be."""

import smtplib
import threading
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.counterparts.processes import wait_until


@pytest.mark.counterpart
@pytest.mark.xdist_group("models")
def test_an_alert_of_a_real_prometheus_arrives_fires_and_resolves(start_monitoring):
    import json

    heard, tokens = [], []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            tokens.append(self.headers["Authorization"])
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *values: object) -> None:
            return

    hook = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    monitoring = start_monitoring(f"http://127.0.0.1:{hook.server_port}/in/x/", token="tok")
    monitoring.set("model_drift_score", 0.41, model="credit")
    wait_until(lambda: bool(heard), what="the firing webhook", seconds=30)
    assert (heard[0]["version"], heard[0]["status"], tokens[0]) == ("4", "firing", "Bearer tok")
    assert monitoring.query("model_drift_score")[0]["value"][1] == "0.41"
    monitoring.set("model_drift_score", 0.05, model="credit")
    wait_until(lambda: heard[-1]["status"] == "resolved", what="the resolved webhook", seconds=30)
    hook.shutdown()
    hook.server_close()


@pytest.mark.counterpart
@pytest.mark.xdist_group("models")
def test_moving_an_alias_changes_nothing_until_the_serving_process_loads_it(mlflow_server, start_serving):
    assert mlflow_server.register("alias-only", [0.93, 0.71]) == ["1", "2"]
    mlflow_server.set_alias("alias-only", "champion", "2")
    serving = start_serving("alias-only", "champion")
    assert serving.version() == "2"
    mlflow_server.set_alias("alias-only", "champion", "1")
    assert (mlflow_server.alias("alias-only", "champion"), serving.version()) == ("1", "2")
    assert (serving.reload(), serving.version()) == ("1", "1")


def test_a_mail_sent_is_a_mail_kept_and_a_refusal_is_a_refusal(mailbox):
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "봉수 INC-2026-001", "a@example.org", "b@example.org"
    message.set_content("본문")
    with smtplib.SMTP(mailbox.host, mailbox.port) as smtp:
        smtp.send_message(message)
        mailbox.refusal = "451 try later"
        with pytest.raises(smtplib.SMTPDataError):
            smtp.send_message(message)
    assert [kept["Subject"] for kept in mailbox.wait_for(1)] == ["봉수 INC-2026-001"]


@pytest.mark.browser
def test_the_browser_is_there_and_has_korean_letters(page):
    page.set_content("<p lang=ko id=a>봉수</p><p id=b>AA</p>")
    assert page.locator("#a").inner_text() == "봉수"
    assert page.evaluate("document.fonts.check('16px sans-serif', '봉')")
