"""The key file: outside the database, mode 600, made at the first start. Never in a backup of the data."""

import base64
import hashlib
import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


@dataclass(frozen=True)
class Keys:
    """`fernet`: newest first; older ones still decrypt. `seal`: the private key that signs ledger seals."""

    django: str
    fernet: tuple[str, ...]
    seal: str

    @cached_property
    def box(self) -> MultiFernet:
        return MultiFernet([Fernet(key) for key in self.fernet])

    @cached_property
    def signer(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(self.seal))

    @cached_property
    def public(self) -> str:
        """The public half of the sealing key, base64; hand it to whoever will check seals."""
        return base64.b64encode(self.signer.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def make_keys() -> Keys:
    private = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return Keys(secrets.token_urlsafe(50), (Fernet.generate_key().decode(),), base64.b64encode(private).decode())


def load_keys(path: Path) -> Keys:
    """The keys of this installation; made (mode 600) when there are none yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        keys = make_keys()
        temporary = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({"django": keys.django, "fernet": keys.fernet, "seal": keys.seal}, file, indent=1)
        with suppress(FileExistsError):  # another process may have been faster: then its keys stand
            os.link(temporary, path)
        temporary.unlink()
    raw = json.loads(path.read_text())
    return Keys(raw["django"], tuple(raw["fernet"]), raw["seal"])


def token_hash(token: str) -> str:
    """How random tokens (API, intake) are stored: SHA-256; they are long enough not to need a slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


__all__ = ["InvalidToken", "Keys", "load_keys", "make_keys", "token_hash"]
