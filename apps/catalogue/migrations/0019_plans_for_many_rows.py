from django.db import migrations

# A session keeps the plan of these functions from its first change, often of one row. A loop in a
# loop over old and new rows, good for one, takes minutes for ten thousand.
FUNCTIONS = ("landmark", "landmarkname", "landmarknote", "photo")


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0018_photos_whose_renditions_failed")]

    operations = [
        migrations.RunSQL(
            f"ALTER FUNCTION gilnun_content_{name}() SET enable_nestloop = off",
            f"ALTER FUNCTION gilnun_content_{name}() RESET enable_nestloop",
        )
        for name in FUNCTIONS
    ]
