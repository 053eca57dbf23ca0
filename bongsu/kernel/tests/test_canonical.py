"""What every text is made of before it is kept."""

from bongsu.kernel.canonical import storable


def test_storable_text_keeps_what_is_whole() -> None:
    assert storable({"a\x00": ["가나다", "x\ud800"]}) == {"a\ufffd": ["가나다", "x?"]}
