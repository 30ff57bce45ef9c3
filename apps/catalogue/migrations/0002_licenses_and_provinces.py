"""The licenses and provinces that every installation starts with."""

import csv
from datetime import date
from pathlib import Path

from django.db import migrations

SEED = Path(__file__).parent.parent / "seed"
FLAGS = ("may_show", "may_modify", "may_train", "needs_credit")


def _rows(name):
    with (SEED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def add_rows(apps, schema_editor):
    License = apps.get_model("catalogue", "License")
    Region = apps.get_model("catalogue", "Region")
    RegionName = apps.get_model("catalogue", "RegionName")
    database = schema_editor.connection.alias
    for row in _rows("licenses.csv"):
        flags = {flag: row[flag] == "1" for flag in FLAGS}
        License.objects.using(database).create(
            code=row["code"], name=row["name"], url=row["url"], **flags
        )
    for row in _rows("regions.csv"):
        region = Region.objects.using(database).create(code=row["code"])
        names = [("ko", "official", row["ko"], None), ("en", "official", row["en"], None)]
        if row["former_ko"]:
            until = date.fromisoformat(row["former_until"])
            names.append(("ko", "former", row["former_ko"], until))
        for language, kind, text, until in names:
            RegionName.objects.using(database).create(
                region=region, language=language, kind=kind, text=text, valid_until=until
            )


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]
    operations = [migrations.RunPython(add_rows, migrations.RunPython.noop)]
