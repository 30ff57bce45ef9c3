"""A file as it came → headings and records of text, one at a time; pure.

The format is told by the content: CSV (comma, semicolon or tab; UTF-8, UTF-16 or CP949), XLSX,
JSON (an array of objects) and JSON Lines. Memory stays flat: nothing is read as a whole but
the headings, and of an XLSX file its table of texts, which is limited.
"""

from __future__ import annotations

from typing import BinaryIO

from django.utils.translation import gettext as _

from apps.catalogue.importing import csv_files, json_files, xlsx_files
from apps.catalogue.importing.csv_files import UTF_16
from apps.catalogue.importing.problems import UnreadableFile
from apps.catalogue.importing.tables import MOST_COLUMNS, Table

OLD_EXCEL = b"\xd0\xcf\x11\xe0"


def open_table(file: BinaryIO) -> Table:
    """Return the headings of a file and its records. Raises UnreadableFile."""
    file.seek(0)
    start = file.read(4096)
    file.seek(0)
    if not start.strip():
        raise UnreadableFile(_("The file is empty."))
    if start.startswith(OLD_EXCEL):
        text = _("This is an old or locked Excel file. Save it as .xlsx without a password.")
        raise UnreadableFile(text)
    if start.startswith(b"PK"):
        return _checked(xlsx_files.open_xlsx(file))
    if b"\x00" in start and not start.startswith(UTF_16):
        raise UnreadableFile(_("This is neither CSV, XLSX nor JSON."))
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"[", b"{"):
        return _checked(json_files.open_json(file))
    return _checked(csv_files.open_csv(file))


def _checked(table: Table) -> Table:
    if len(table.headings) > MOST_COLUMNS:
        text = _("The file has more than %(most)d columns.") % {"most": MOST_COLUMNS}
        raise UnreadableFile(text)
    if not any(table.headings):
        raise UnreadableFile(_("The first line must name the columns."))
    return table
