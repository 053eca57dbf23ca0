"""What is wrong with a field of the API, in the caller's language; what is not listed keeps Pydantic's own English words.

Kinds and their values: https://docs.pydantic.dev/latest/errors/validation_errors/
"""

from typing import Any

from bongsu.kernel.text import gettext_noop as _
from bongsu.kernel.text import text
from bongsu.ui.language import say

WORDS = {
    "missing": _("This is needed."),
    "extra_forbidden": _("There is no such field."),
    "string_type": _("This is a text."),
    "string_too_long": _("At most {max_length} characters."),
    "string_too_short": _("At least {min_length} characters."),
    "string_pattern_mismatch": _("This has another form: {pattern}"),
    "literal_error": _("One of {expected}."),
    "enum": _("One of {expected}."),
    "int_type": _("This is a whole number."),
    "int_parsing": _("This is a whole number."),
    "float_parsing": _("This is a number."),
    "decimal_parsing": _("This is a number."),
    "bool_type": _("This is true or false."),
    "bool_parsing": _("This is true or false."),
    "greater_than": _("More than {gt}."),
    "greater_than_equal": _("{ge} or more."),
    "less_than": _("Less than {lt}."),
    "less_than_equal": _("{le} or less."),
    "list_type": _("This is a list."),
    "too_long": _("At most {max_length} of them."),
    "too_short": _("At least {min_length} of them."),
    "dict_type": _("This is an object."),
    "model_attributes_type": _("This is an object."),
    "uuid_parsing": _("This is an id, such as 01a20b62-1c9e-7002-9cb2-f3fed103833d."),
    "uuid_type": _("This is an id, such as 01a20b62-1c9e-7002-9cb2-f3fed103833d."),
    "datetime_from_date_parsing": _("This is a moment with its zone, such as 2026-03-02T14:30:00+09:00."),
    "datetime_parsing": _("This is a moment with its zone, such as 2026-03-02T14:30:00+09:00."),
    "timezone_aware": _("A moment needs its zone, such as 2026-03-02T14:30:00+09:00."),
    "date_from_datetime_parsing": _("This is a day, such as 2026-03-02."),
    "date_parsing": _("This is a day, such as 2026-03-02."),
}


def complaint(error: dict[str, Any]) -> str:
    """`error` is one of Pydantic's: its `type`, `msg` and `ctx`."""
    known = WORDS.get(str(error["type"]))
    return say(text(known, **error.get("ctx", {}))) if known else str(error["msg"])
