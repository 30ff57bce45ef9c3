"""What lists call the provinces for short: 서울, 서울시, 경기."""

import csv
from pathlib import Path

from django.db import migrations

FILE = Path(__file__).parent.parent / "seed" / "region_aliases.csv"


def add_aliases(apps, schema_editor):
    database = schema_editor.connection.alias
    Region = apps.get_model("catalogue", "Region")
    RegionName = apps.get_model("catalogue", "RegionName")
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            region = Region.objects.using(database).filter(code=row["code"]).first()
            if region:
                RegionName.objects.using(database).get_or_create(
                    region=region, language="ko", kind="alias", text=row["ko"]
                )


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0005_imports")]
    operations = [migrations.RunPython(add_aliases, migrations.RunPython.noop)]
