"""What an exported document is built of: headings, paragraphs of runs, tables, page numbers."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from docx.document import Document as DocumentObject
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Length, Mm
from docx.table import _Cell, _Row
from docx.text.paragraph import Paragraph

from web_ui.exports.document_styles import CELL, MARK, QUIETLY, SHADE, shade


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one character style; "" is the paragraph's own."""

    text: str
    style: str = ""


# Each is a line of a cell: runs one after the other.
CellText = Sequence[Sequence[Run]]


def plain(text: str, style: str = "") -> CellText:
    """A cell of one line."""
    return ((Run(text, style),),)


class Paper:
    """A document that grows downwards."""

    def __init__(self, document: DocumentObject) -> None:
        self._document = document
        self._end = document.element.body.get_or_add_sectPr()

    def title(self, text: str) -> None:
        self._document.core_properties.title = text[:255]
        self._document.add_heading(text, 0)

    def heading(self, text: str, level: int = 1) -> None:
        self._document.add_heading(text, level)

    def write(self, *runs: Run, style: str = "Normal") -> None:
        """A paragraph. Put there by hand: python-docx would look for the end of the document
        each time, and of thousands of paragraphs that takes seconds."""
        paragraph = OxmlElement("w:p")
        properties = OxmlElement("w:pPr")
        properties.append(OxmlElement("w:pStyle", {qn("w:val"): style}))
        paragraph.append(properties)
        paragraph.extend(map(_element, runs))
        self._end.addprevious(paragraph)

    def table(
        self, head: Sequence[str], rows: Iterable[Sequence[CellText]], widths: Sequence[int]
    ) -> None:
        """A table whose first row is repeated on each page. widths: of the columns, in mm."""
        table = self._document.add_table(rows=1, cols=len(head), style="Table Grid")
        table.autofit = False
        sizes = [Mm(width) for width in widths]
        _fill_row(table.rows[0], [plain(text, QUIETLY) for text in head], sizes)
        _make_head(table.rows[0])
        for row in rows:
            _fill_row(table.add_row(), row, sizes)
        self._document.add_paragraph().paragraph_format.space_after = Mm(1)

    def frame(self, mark: str, page: str) -> None:
        """A mark above, the page's number below, on every page."""
        section = self._document.sections[0]
        if mark:
            _fill(section.header.paragraphs[0], [Run(mark, MARK)], "Header")
        foot = section.footer.paragraphs[0]
        _fill(foot, [Run(f"{page} ", QUIETLY)], "Footer")
        _add_field(foot, "PAGE")
        _fill(foot, [Run(" / ", QUIETLY)], "Footer")
        _add_field(foot, "NUMPAGES")

    def content(self) -> bytes:
        out = io.BytesIO()
        self._document.save(out)
        return out.getvalue()


def moment(at: datetime) -> str:
    """`2026-07-14 13:05 (UTC+09:00)`, in the zone of this machine."""
    local = at.astimezone()
    offset = local.strftime("%z")
    return f"{local:%Y-%m-%d %H:%M} (UTC{offset[:3]}:{offset[3:5]})"


def _fill(paragraph: Paragraph, runs: Iterable[Run], style: str) -> None:
    paragraph._p.style = style
    paragraph._p.extend(map(_element, runs))


def _element(run: Run) -> BaseOxmlElement:
    element = OxmlElement("w:r")
    if run.style:
        properties = OxmlElement("w:rPr")
        properties.append(OxmlElement("w:rStyle", {qn("w:val"): run.style}))
        element.append(properties)
    for place, piece in enumerate(run.text.split("\t")):
        if place:
            element.append(OxmlElement("w:tab"))
        text = OxmlElement("w:t", {qn("xml:space"): "preserve"})
        text.text = piece
        element.append(text)
    return element


def _fill_row(row: _Row, texts: Sequence[CellText], widths: Sequence[Length]) -> None:
    for cell, text, width in zip(row.cells, texts, widths, strict=True):
        cell.width = width
        _fill_cell(cell, text)
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))


def _fill_cell(cell: _Cell, text: CellText) -> None:
    for place, line in enumerate(text):
        paragraph = cell.paragraphs[0] if place == 0 else cell.add_paragraph()
        _fill(paragraph, line, CELL)


def _make_head(row: _Row) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for cell in row.cells:
        shade(cell._tc.get_or_add_tcPr(), SHADE)


def _add_field(paragraph: Paragraph, code: str) -> None:
    """A number that the reader's program fills in."""
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    field.append(_element(Run("1", QUIETLY)))
    paragraph._p.append(field)
