"""The only writers of connections and of what leaves the house. Split by verb; `call` is what other modules use."""

from .calling import MANAGE, WORK, call, hold_everything, release_everything, retry_call, settle_waiting
from .connecting import (
    change_connection,
    create_connection,
    end_in_token,
    rotate_in_token,
    switch_connection,
    test_connection,
)
from .dropping import drop_calls, drop_public_calls
from .gating import claim_call, fail_call, finish_call
from .sealing import mail_seal, note_mailed_seal

__all__ = [
    "MANAGE", "WORK", "call", "change_connection", "claim_call", "create_connection", "drop_calls", "drop_public_calls",
    "end_in_token", "fail_call", "finish_call", "hold_everything", "mail_seal", "note_mailed_seal", "release_everything",
    "retry_call", "rotate_in_token", "settle_waiting", "switch_connection", "test_connection",
]  # fmt: skip
