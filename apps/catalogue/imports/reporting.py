"""The file of what was refused: the same columns, so that it can be mended and imported again."""

from __future__ import annotations

import csv
import tempfile

from django.core.files import File
from django.utils.translation import gettext as _

from apps.catalogue.importing.cells import escape
from apps.catalogue.importing.problems import Outcome
from apps.catalogue.models import CatalogueImport, CatalogueImportRow


def write_report(held: CatalogueImport) -> None:
    """Put the report of refused rows into an import; none where every row was taken."""
    refused = CatalogueImportRow.objects.filter(held=held, outcome=Outcome.REFUSED)
    if not refused.exists():
        return
    with tempfile.TemporaryFile("w+", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*map(escape, held.headings), _("line"), _("reason")])
        for row in refused.order_by("position").iterator(chunk_size=1000):
            cells = [escape(cell) for cell in row.cells]
            cells += [""] * (len(held.headings) - len(cells))
            row.held = held
            reasons = "; ".join(reason for _problem, reason in row.told)
            writer.writerow([*cells, row.line, escape(reasons)])
        file.flush()
        held.report.save("report.csv", File(file.buffer), save=False)
