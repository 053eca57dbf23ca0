"""Which kinds of documents there are: the module that writes one says what it is called and where its record is shown."""

NAMES: dict[str, str] = {}
PAGES: dict[str, str] = {}


def register_kind(kind: str, name: str, page: str) -> None:
    """`name`: an English msgid, as facts say it. `page`: the URL name of the record's page, which takes the record's number."""
    NAMES[kind], PAGES[kind] = name, page
