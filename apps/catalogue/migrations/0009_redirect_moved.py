from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0008_landmark_owner"),
    ]

    operations = [
        migrations.AddField(
            model_name="landmarkredirect",
            name="moved",
            field=models.JSONField(
                default=dict,
                editable=False,
                help_text="what the merge did, so that it can be undone",
            ),
        ),
    ]
