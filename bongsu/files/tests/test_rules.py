import pytest

from bongsu.files import rules


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\log.txt", "log.txt"),
        ("invoice\u202efdp.exe.txt", "invoicefdp.exe.txt"),  # right-to-left override
        ("a\u200bb\x00c\r\nd.txt", "abcd.txt"),
        ("\u1112\u1161\u11ab.pdf", "한.pdf"),  # decomposed Hangul becomes composed
        ("보고서.pdf", "보고서.pdf"),
        ("...", "file"),
        ("", "file"),
        ("NUL.txt", "file_NUL.txt"),
        ('a"<b>|c?.txt', "a__b__c_.txt"),
        ("  spaced   out .txt", "spaced out .txt"),
    ],
)
def test_a_name_is_made_plain(given: str, kept: str) -> None:
    assert rules.safe_name(given) == kept


def test_a_long_name_keeps_its_ending() -> None:
    name = rules.safe_name("가" * 400 + ".log")
    assert len(name) == rules.LONGEST_NAME
    assert name.endswith(".log")


@pytest.mark.parametrize(
    ("name", "size", "field"), [("a.txt", 0, "content"), ("a.txt", rules.LARGEST + 1, "content"), ("a.EXE", 9, "name")]
)
def test_empty_large_and_self_starting_files_are_refused(name: str, size: int, field: str) -> None:
    refusal = rules.why_not(name=name, size=size)
    assert refusal
    assert refusal[0] == field
    assert str(refusal[1])


def test_an_ordinary_file_of_the_largest_size_is_taken() -> None:
    assert rules.why_not(name="a.txt", size=rules.LARGEST) is None


@pytest.mark.parametrize(
    "media_type", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/javascript"]
)
def test_what_a_browser_could_run_leaves_as_bytes(media_type: str) -> None:
    assert rules.sent_type(media_type) == rules.BYTES


@pytest.mark.parametrize(
    ("given", "kept"), [("Image/PNG; x=1", "image/png"), ("nonsense", rules.BYTES), ("a/b\r\nX: y", rules.BYTES)]
)
def test_a_media_type_is_plain_or_bytes(given: str, kept: str) -> None:
    assert rules.safe_media_type(given) == kept


def test_only_real_raster_pictures_are_pictures() -> None:
    assert rules.is_picture("image/png", b"\x89PNG\r\n\x1a\nrest")
    assert not rules.is_picture("image/png", b"<svg onload=alert(1)>")
    assert not rules.is_picture("image/svg+xml", b"<svg/>")
    assert not rules.is_picture("image/webp", b"RIFF0000AVI ")


def test_taking_off_legal_labels_needs_legal_and_unblurring_the_right_to_reveal() -> None:
    assert rules.grants_to_label(set(), {"legal_hold"}) == {"incident.respond"}
    assert "report.review" in rules.grants_to_label({"legal_hold"}, set())
    assert "evidence.reveal" in rules.grants_to_label({"harmful"}, set())
