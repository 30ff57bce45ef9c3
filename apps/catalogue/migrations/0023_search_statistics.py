"""Fewer statistics of the search forms.

To plan a search by likeness the database compares what is sought with every value of the
histogram: with a hundred of these long texts that took longer than the search in its index.
"""

from django.db import migrations

SET = "ALTER TABLE catalogue_searchentry ALTER COLUMN form SET STATISTICS {}"


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0022_photo_texts")]

    operations = [
        migrations.RunSQL([SET.format(30), "ANALYZE catalogue_searchentry"], SET.format(-1))
    ]
