"""E4: safe Markdown, the chart, and the page as PDF/A with its own Korean face."""

import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from bongsu.documents.rules import content, review
from bongsu.documents.rules.chart import Series, line_chart, ticks
from bongsu.documents.rules.markdown import blocks, markdown_html
from bongsu.documents.rules.paper import Paper, PaperPart, pdf, printable

WORDS = {"signatures": "서명", "role": "역할", "name": "이름", "at": "일시", "hash": "본문 해시"}
START = datetime(2026, 11, 10, 5, tzinfo=UTC)


def paper(text: str, **more: Any) -> Paper:
    values = {
        "id": "INC-2026-001",
        "title": "신용 평가 모델 성능 급락",
        "kind": "인시던트 보고서",
        "language": "ko",
        "words": WORDS,
    }
    return Paper(**{**values, "parts": (PaperPart("1. 요약", blocks(text)),), **more})


def read(made: bytes) -> str:
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)
    return text.replace("\u00a0", " ")


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


# --- Markdown


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHN2Zz4=)",
        "![x](http://tracker.example/a.png)",
        '[x](https://a.example/"onmouseover="alert(1))',
        "<svg/onload=alert(1)>",
        "<a href='vbscript:x'>y</a>",
        "`<b>`<style>*{}</style>",
        "| <script> |\n|---|\n| <iframe> |",
    ],
)
def test_nothing_in_markdown_is_executed_or_fetched(attack: str) -> None:
    root = ElementTree.fromstring(f"<r>{markdown_html(attack).replace('<br>', '<br/>').replace('<hr>', '<hr/>')}</r>")
    tags = {element.tag for element in root.iter()}
    assert not tags & {"script", "img", "svg", "style", "iframe", "object"}
    for element in root.iter():
        assert not [name for name in element.attrib if name.startswith("on")]
        assert re.match(r"(https?://|mailto:)", element.attrib.get("href", "http://"))


@given(st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_odd_markdown_never_breaks_the_page(text: str) -> None:
    html = markdown_html(text)
    assert "<script" not in html.lower()


def test_a_parts_own_outline_stands_below_the_parts_heading() -> None:
    assert [level for level in "123456" if f"<h{level}>" in markdown_html("# a\n\n## b\n\n### c")] == ["3", "4", "5"]
    assert "<h3>only</h3>" in markdown_html("###### only")


def test_the_subset_people_write_is_drawn() -> None:
    html = markdown_html(
        "# 제목\n\n**굵게** *기울임* `코드` ~~취소~~\n\n- [ ] 할 일\n- [x] 한 일\n\n1. 하나\n\n> 인용\n\n"
        "| a | b |\n|-|-|\n| 1 | 2 |"
    )
    for piece in (
        "<h3>제목</h3>",
        "<strong>굵게</strong>",
        "<em>기울임</em>",
        "<code>코드</code>",
        "<s>취소</s>",
        "☐",
        "☑",
        '<ol start="1">',
    ):
        assert piece in html
    assert "<blockquote>" in html
    assert "<td>2</td>" in html
    assert 'class="checks"' in html


def test_a_link_is_text_and_address() -> None:
    run = blocks("[상태](https://status.example.com/a?b=1)")[0]["runs"][0]
    assert run == {"text": "상태", "marks": "", "url": "https://status.example.com/a?b=1"}


# --- Chart


def series(**more: Any) -> Series:
    points = [(START + timedelta(minutes=m), None if m == 9 else Decimal(m) / 100) for m in range(20)]
    values = {"title": "정확도 <b>&", "points": points, "unit": "%", "band": (Decimal("0.05"), None)}
    return Series(**{**values, "marks": [(START + timedelta(minutes=5), "선언 <x>")], **more})


def test_the_chart_is_one_clean_picture_with_a_gap_where_nothing_was_measured() -> None:
    root = ElementTree.fromstring(line_chart(series(), zone=ZoneInfo("Asia/Seoul")))
    lines = [e for e in root.iter() if e.tag.endswith("polyline")]
    texts = [e.text for e in root.iter() if e.tag.endswith("text")]
    assert len(lines) == 2
    assert "정확도 <b>& (%)" in texts
    assert "선언 <x>" in texts
    assert "14:00" in texts


@pytest.mark.parametrize(
    "points", [[], [(START, None)], [(START, Decimal(3))], [(START, Decimal(0)), (START + timedelta(days=9), Decimal(0))]]
)
def test_a_chart_of_little_or_nothing_is_drawn_too(points: list[Any]) -> None:
    drawn = line_chart(series(points=points, band=None, marks=[]), empty="자료 없음")
    assert ElementTree.fromstring(drawn) is not None
    assert ("자료 없음" in drawn) == (not any(value is not None for _at, value in points))


@given(st.decimals(-(10**6), 10**6, places=3), st.decimals(-(10**6), 10**6, places=3))
@settings(max_examples=100, deadline=None)
def test_ticks_hold_the_values_between_them(one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    found = ticks(low, high)
    assert found[0] <= low
    assert found[-1] >= high
    assert 2 <= len(found) <= 8


# --- PDF


def test_the_page_is_pdf_a_2b_with_embedded_fonts_and_metadata_of_the_id_only() -> None:
    made = pdf(paper("정확도가 35% 하락했습니다.", severity="P1 High", fires=4))
    reader = PdfReader(io.BytesIO(made))
    assert b"<pdfaid:part>2</pdfaid:part>" in made
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in made
    assert reader.metadata is not None
    assert reader.metadata.title == "INC-2026-001"
    assert reader.metadata.author is None
    assert reader.metadata.subject is None
    assert "신용 평가" not in str(reader.metadata)
    assert "신용".encode() not in reader.xmp_metadata.stream.get_data()
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert "Pretendard" in font["/BaseFont"]
        assert "/FontFile3" in descriptor


def test_korean_text_header_fires_and_page_numbers_are_on_the_page() -> None:
    text = read(pdf(paper("모델 성능이 급락했습니다.", classification="대외비", severity="P1 High", fires=4)))
    for words in ("인시던트보고서", "신용평가모델성능급락", "모델성능이급락했습니다.", "대외비", "P1High", "INC-2026-001", "1/1"):
        assert words in squeezed(text)


@pytest.mark.parametrize(
    "text",
    [
        '#read("/etc/passwd")',
        '#import "@preview/x:1.0.0"',
        "$x^2 + 1$",
        "@ref <label>",
        "#{ panic() }",
        "\\#let a = 1",
        "// not a comment /* nor this */",
        '"] #sys.inputs',
        "= not a heading =",
        "'; drop table --",
    ],
)
def test_typst_code_in_a_text_is_printed_and_not_run(text: str) -> None:
    shown = text.replace("\\#", "#")
    everywhere = paper(text, title=text, id="INC-2026-001", classification=text, severity=text, fires=3, basics=((text, text),))
    found = squeezed(read(pdf(everywhere)))
    assert found.count(squeezed(shown)) >= 5
    assert "root:x:0" not in found


def test_code_marks_survive_as_text() -> None:
    found = squeezed(read(pdf(paper("```\n#set page(width: 1cm)\n`a` $b$\n```\n\n`#panic(1)`"))))
    assert "#setpage(width:1cm)`a`$b$" in found
    assert "#panic(1)" in found


def test_a_chart_and_a_long_table_are_printed_over_several_pages_with_numbers() -> None:
    table = "| 시간 | 일 |\n|---|---|\n" + "\n".join(f"| 14:{n % 60:02d} | 사건 {n} |" for n in range(120))
    figure = {"kind": "chart", "svg": printable(line_chart(series())), "alt": "정확도"}
    reader = PdfReader(io.BytesIO(pdf(paper("", parts=(PaperPart("2. 타임라인", [*blocks(table), figure]),)))))
    pages = [squeezed(page.extract_text()) for page in reader.pages]
    assert len(pages) >= 3
    assert all(f"{n}/{len(pages)}" in page for n, page in enumerate(pages, 1))
    assert all("시간" in page for page in pages[:2]), "the head of the table is repeated"
    assert "선언<x>" in pages[-1]


def test_what_the_font_lacks_is_spelled_out_and_hidden_marks_are_dropped() -> None:
    assert printable("✅ 甲 a\u202eb\u0000 ⏳") == "✓ [U+7532] ab …"
    found = read(pdf(paper("✅ 甲 🦄 é ₩ ①")))
    assert "[U+7532]" in found
    assert "[U+1F984]" in found
    assert "₩" in found


def test_the_same_data_gives_the_same_bytes_and_the_moment_is_the_revisions() -> None:
    one = paper("같은 글", at=START)
    made = pdf(one)
    assert made == pdf(one)
    assert PdfReader(io.BytesIO(made)).metadata["/CreationDate"].startswith("D:20261110050000")


@given(st.text(max_size=120))
@settings(max_examples=25, deadline=None)
def test_any_text_can_be_printed(text: str) -> None:
    assert pdf(paper(text, title=text or "x")).startswith(b"%PDF")


def test_uneven_tables_and_deep_lists_are_printed() -> None:
    deep = "\n".join("  " * n + f"- 층 {n}" for n in range(12))
    assert pdf(paper(f"| a | b | c |\n|-|-|-|\n| 1 |\n| 1 | 2 | 3 | 4 |\n\n{deep}\n\n> > 인용\n\n---")).startswith(b"%PDF")


# --- The text that is hashed, and the way


def test_the_canonical_text_reads_back_and_its_figures_too() -> None:
    figure = content.figure_of(series())
    text = content.content(
        head={"number": "INC-2026-001"}, basics=[("심각도", "P1")], parts=[("summary", "1. 요약", "글", [figure])]
    )
    values = content.read(text)
    assert values["parts"][0]["text"] == "글"
    assert content.figure_of(content.series_of(values["parts"][0]["figures"][0])) == figure
    assert content.content_hash(text) != content.content_hash(text.replace("글", "말"))


def test_a_comparison_shows_what_went_and_came() -> None:
    before, after = "하나\n둘\n셋", "하나\n두울\n셋\n넷"
    assert content.compare(before, after) == [(" ", "하나"), ("-", "둘"), ("+", "두울"), (" ", "셋"), ("+", "넷")]
    assert content.compare(before, before) == []
    assert ("…", "") in content.compare("\n".join("abcdefghij"), "\n".join("Xbcdefghij"))


def test_the_way_has_no_shortcut() -> None:
    assert {(m.start, m.end) for m in review.MOVES if m.end == "final"} == {("board_approval", "final")}
    assert {(m.start, m.end) for m in review.MOVES if m.end == "board_approval"} == {("legal_review", "board_approval")}
    assert review.move("draft", "approve") is None
    assert all(review.why_not_edit(state) for state in review.STATES if state != "draft")
    assert not review.why_not_edit("draft")
