from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0017_full_files"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("created_at"),
                condition=models.Q(("renditions_error", ""), _negated=True),
                name="photo_renditions_failed",
            ),
        ),
    ]
