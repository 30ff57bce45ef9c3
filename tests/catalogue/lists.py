"""Lists to import, as people make them."""

from __future__ import annotations

import csv
import io

from openpyxl import Workbook

HEADER = ["name_ko", "category", "region1", "region2", "latitude", "longitude", "source"]
PALACE = ["경복궁", "문화유산/궁궐", "서울특별시", "종로구", "37.5796", "126.9770", "test"]
TOWER = ["남산 전망대", "건축물/타워", "서울특별시", "용산구", "37.5512", "126.9882", "test"]


def csv_of(*rows: list[str], header: list[str] = HEADER) -> bytes:
    """Return a CSV file of rows."""
    output = io.StringIO(newline="")
    csv.writer(output).writerows([header, *rows])
    return output.getvalue().encode()


def rows_of(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV file as a spreadsheet shows them."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def workbook(rows: list[list]) -> bytes:
    """Return an XLSX file whose first sheet has these rows."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()
