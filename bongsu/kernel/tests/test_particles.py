"""Korean particles fit the word before them (M6)."""

import pytest

from bongsu.kernel.particles import settle


@pytest.mark.parametrize(
    ("both", "one"),
    [
        ("봉수이(가)", "봉수가"),
        ("상담 챗봇이(가)", "상담 챗봇이"),
        ("“경로를 막습니다”을(를)", "“경로를 막습니다”를"),
        ("INC-2026-016을(를)", "INC-2026-016을"),
        ("INC-2026-012은(는)", "INC-2026-012는"),
        ("14:10(으)로", "14:10으로"),
        ("메일(으)로", "메일로"),
        ("관찰 중(으)로", "관찰 중으로"),
        ("새미(saemi)을(를)", "새미(saemi)를"),
        ("CEO이(가) CISO와(과)", "CEO가 CISO와"),
        ("URL(으)로", "URL로"),
        ("champion을(를)", "champion을"),
        ("Slack이(가)", "Slack이(가)"),
        ("▒▒▒이(가)", "▒▒▒이(가)"),
        ("이(가)", "이(가)"),
    ],
)
def test_a_particle_fits_the_sound_before_it_or_stays_open(both: str, one: str) -> None:
    assert settle(both) == one
