"""Plain e-mail over SMTP, with an allow-list of its own: the SMTP server must be named as exact host:port when private.

The Message-ID is made from the idempotency key, so that a mail sent again after a crash is the same mail to every reader
that knows Message-IDs; since not all do, such a mail says that it may have been sent twice.
"""

import re
import smtplib
import ssl
from dataclasses import dataclass
from email.header import Header
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from hashlib import sha256
from typing import Any

from bongsu.integrations.contract import Mail, Sent, TransportError, operation, secret, setting
from bongsu.kernel.clock import now
from bongsu.kernel.transport import checked_address

TIMEOUT = 8.0  # seconds per answer of the server
ADDRESS = re.compile(r"[^@\s<>,;:\"()]{1,64}@[^@\s<>,;:\"()]{1,250}")


@dataclass(frozen=True)
class Config:
    server: str = setting(
        label={"ko": "SMTP 서버 (호스트:포트)", "en": "SMTP server (host:port)"},
        kind="host_port", placeholder="smtp.example.com:587",
    )  # fmt: skip
    sender: str = setting(label={"ko": "보내는 주소", "en": "Sender"}, placeholder="bongsu@example.com")
    sender_name: str = setting(label={"ko": "보내는 이름", "en": "Sender's name"}, default="봉수 Bongsu")
    security: str = setting(
        label={"ko": "암호화", "en": "Encryption"}, kind="choice", default="starttls",
        choices=(
            ("starttls", {"ko": "STARTTLS", "en": "STARTTLS"}), ("tls", {"ko": "TLS", "en": "TLS"}),
            ("none", {"ko": "없음 (내부망)", "en": "None (inside)"}),
        ),
    )  # fmt: skip
    user: str = setting(label={"ko": "사용자", "en": "User"}, default="")
    password: str = secret(label={"ko": "비밀번호", "en": "Password"}, default="")


class Plugin(Mail):
    def test(self) -> str:
        with self._session() as smtp:
            code, said = smtp.noop()
        return f"{code} {said.decode('utf-8', 'replace')}"

    @operation(repeat="unsafe")
    def mail(self, key: str, *, to: str, subject: str, text: str, language: str = "ko") -> Sent:
        message = self._message(key, to, subject, text, language)
        try:
            with self._session() as smtp:
                refused = smtp.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise _refusal(code, said) from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise TransportError(self.transport.clean(f"the mail server broke off: {error}")) from error
        if refused:
            raise TransportError("the mail server refused the recipient", permanent=True)
        # The address stays on the message's own row: receipts end in the ledger, where nothing can be erased.
        return Sent({"message_id": str(message["Message-ID"])}, str(message["Message-ID"]))

    def _message(self, key: str, to: str, subject: str, text: str, language: str) -> MIMEText:
        # The newer EmailMessage loses spaces when it folds long Korean subjects; this one does not.
        if not ADDRESS.fullmatch(to):
            raise TransportError("this is no mail address", permanent=True, not_sent=True)
        message = MIMEText(text, "plain", "utf-8")
        message["From"] = formataddr((self.config.sender_name, self.config.sender), "utf-8")
        message["To"] = to
        message["Subject"] = Header(" ".join(subject.split()), "utf-8")  # type: ignore[assignment]  # str() would fold it badly
        message["Date"] = format_datetime(now())
        message["Message-ID"] = f"<{sha256(key.encode()).hexdigest()[:40]}@{self.config.sender.rpartition('@')[2]}>"
        message["Content-Language"] = language
        message["Auto-Submitted"] = "auto-generated"
        return message

    def _session(self) -> smtplib.SMTP:
        host, _separator, port = self.config.server.rpartition(":")
        host = host.strip("[]")
        address = checked_address(host, int(port), self.transport.allowed)
        try:
            smtp = Pinned(host, int(port), address, self.config.security == "tls")
            smtp.ehlo_or_helo_if_needed()
            if self.config.security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            if self.config.user:
                smtp.login(self.config.user, self.config.password)
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, error.smtp_error, not_sent=True) from error
        except smtplib.SMTPNotSupportedError as error:
            raise TransportError(f"the mail server does not offer this: {error}", permanent=True, not_sent=True) from error
        except ssl.SSLCertVerificationError as error:
            said = f"the certificate of the mail server is not right: {error.reason}"
            raise TransportError(said, permanent=True, not_sent=True) from error
        except (smtplib.SMTPException, OSError) as error:
            raise TransportError(self.transport.clean(f"the mail server cannot be reached: {error}"), not_sent=True) from error
        return smtp


class Pinned(smtplib.SMTP):
    """Connects to the address that was checked; the certificate is still that of the name."""

    def __init__(self, host: str, port: int, address: str, is_tls: bool) -> None:
        self._address, self._is_tls, self._name = address, is_tls, host
        super().__init__(host, port, timeout=TIMEOUT)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        plain = super()._get_socket(self._address, port, timeout)  # type: ignore[misc]
        return ssl.create_default_context().wrap_socket(plain, server_hostname=self._name) if self._is_tls else plain


def _refusal(code: int, said: bytes | str, *, not_sent: bool = False) -> TransportError:
    """4xx passes, 5xx does not (RFC 5321, 4.2.1); a refused mail was surely not taken."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return TransportError(f"the mail server answered {code}: {text[:300]}", permanent=code >= 500, not_sent=True)
