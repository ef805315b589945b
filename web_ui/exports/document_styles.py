"""How an exported document looks: A4, one typeface that has Korean, few colours."""

from __future__ import annotations

from datetime import UTC

from docx import Document
from docx.document import Document as DocumentObject
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import CharacterStyle, ParagraphStyle

from web_ui.records import Transcript

INK = RGBColor(0x17, 0x1B, 0x23)
QUIET = RGBColor(0x56, 0x60, 0x70)
DANGER = RGBColor(0xA8, 0x26, 0x1F)
LINE = "C9CED8"
SHADE = "F1F3F7"
DANGER_SHADE = "FCECEB"

# What Word and its readers have for each script.
FONTS = {"ja": "Yu Gothic", "zh": "Microsoft YaHei", "yue": "Microsoft JhengHei"}
KOREAN_FONT = "Malgun Gothic"
EAST_ASIAN = {"ja": "ja-JP", "zh": "zh-CN", "yue": "zh-HK"}

# Styles of ours, by the names that people see in Word; an id has no spaces.
SPOKEN, TRANSLATED, WARNING, CELL = "Spoken", "Translated", "Warning", "Cell"
# The same with a column for times at the left.
TIMED, TIMED_TRANSLATED = "Timed", "TimedTranslated"
QUIETLY, SPEAKER, MARK = "Quietly", "Speaker", "Mark"
TIME_WIDTH = Mm(19)


def new_document(transcript: Transcript) -> DocumentObject:
    """An empty document with every style; it names the transcript, and neither author nor path."""
    document = Document()
    _set_page(document)
    _set_fonts(document, transcript.language)
    _restyle(document)
    _add_styles(document)
    properties = document.core_properties
    properties.author = properties.comments = properties.last_modified_by = ""
    properties.language = transcript.language or ""
    properties.created = transcript.created_at.astimezone(UTC)
    properties.modified = transcript.updated_at.astimezone(UTC)
    return document


def shade(properties: BaseOxmlElement, colour: str) -> None:
    """Fill a cell, or a style's paragraphs."""
    fill = OxmlElement("w:shd")
    fill.set(qn("w:val"), "clear")
    fill.set(qn("w:color"), "auto")
    fill.set(qn("w:fill"), colour)
    properties.append(fill)


def _set_page(document: DocumentObject) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(22)
    section.top_margin = section.bottom_margin = Mm(20)


def _set_fonts(document: DocumentObject, language: str | None) -> None:
    """One typeface everywhere. Without `eastAsia`, Word shows Korean in whatever it likes; and the
    template's theme fonts would win over names."""
    font = FONTS.get(language or "", KOREAN_FONT)
    for fonts in document.styles.element.iter(qn("w:rFonts")):
        fonts.attrib.clear()
        for script in ("ascii", "hAnsi", "eastAsia", "cs"):
            fonts.set(qn(f"w:{script}"), font)
    normal = _paragraph_style(document, "Normal")
    normal.font.name = font
    fonts = normal.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), font)
    for tongue in document.styles.element.iter(qn("w:lang")):
        tongue.set(qn("w:eastAsia"), EAST_ASIAN.get(language or "", "ko-KR"))


def _restyle(document: DocumentObject) -> None:
    """The template's own styles, without its blue."""
    normal = _paragraph_style(document, "Normal")
    normal.font.size, normal.font.color.rgb = Pt(10), INK
    normal.paragraph_format.space_after = Pt(4)
    normal.paragraph_format.line_spacing = 1.3
    for name, size in (("Title", 20), ("Heading 1", 13), ("Heading 2", 11)):
        style = _paragraph_style(document, name)
        style.font.size, style.font.color.rgb, style.font.bold = Pt(size), INK, True
        style.paragraph_format.space_before = Pt(0 if name == "Title" else 16)
        style.paragraph_format.space_after = Pt(8)
        for border in style.element.findall(f"{qn('w:pPr')}/{qn('w:pBdr')}"):
            border.getparent().remove(border)
    for borders in document.styles["Table Grid"].element.iter(qn("w:tblBorders")):
        for border in borders:
            border.set(qn("w:color"), LINE)


def _add_styles(document: DocumentObject) -> None:
    for name in (SPOKEN, TIMED):
        _new_paragraph_style(document, name).paragraph_format.space_after = Pt(5)
    for name in (TRANSLATED, TIMED_TRANSLATED):
        translated = _new_paragraph_style(document, name)
        translated.font.color.rgb = QUIET
        translated.paragraph_format.space_after = Pt(7)
    for name in (TIMED, TIMED_TRANSLATED):
        layout = _paragraph_style(document, name).paragraph_format
        layout.left_indent, layout.first_line_indent = TIME_WIDTH, -TIME_WIDTH
    warning = _new_paragraph_style(document, WARNING)
    warning.font.color.rgb, warning.font.bold = DANGER, True
    shade(warning.element.get_or_add_pPr(), DANGER_SHADE)
    cell = _new_paragraph_style(document, CELL)
    cell.font.size = Pt(9)
    cell.paragraph_format.space_after = Pt(1)
    _new_character_style(document, QUIETLY).font.color.rgb = QUIET
    _new_character_style(document, SPEAKER).font.bold = True
    mark = _new_character_style(document, MARK)
    mark.font.color.rgb, mark.font.bold = DANGER, True


def _paragraph_style(document: DocumentObject, name: str) -> ParagraphStyle:
    style = document.styles[name]
    if not isinstance(style, ParagraphStyle):
        raise TypeError(f"{name} is no style of paragraphs")
    return style


def _new_paragraph_style(document: DocumentObject, name: str) -> ParagraphStyle:
    document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style = _paragraph_style(document, name)
    style.base_style = document.styles["Normal"]
    return style


def _new_character_style(document: DocumentObject, name: str) -> CharacterStyle:
    style = document.styles.add_style(name, WD_STYLE_TYPE.CHARACTER)
    if not isinstance(style, CharacterStyle):
        raise TypeError(f"{name} is no style of characters")
    return style
