"""Everything has its line in the docs (house plan, section 7.5)."""

from bongsu.site.cli import root
from bongsu.site.reference import HOUSE, PAGE, reference, settings_read

SETTINGS = HOUSE.parent / "docs" / "settings.md"


def test_the_reference_is_what_the_code_says():
    assert PAGE.read_text(encoding="utf-8") == reference(root()), "python3 dev.py bongsu docs writes it anew"


def test_every_setting_is_explained():
    page = SETTINGS.read_text(encoding="utf-8")
    assert [name for name in settings_read() if f"`{name}`" not in page] == []
