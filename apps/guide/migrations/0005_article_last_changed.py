from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("guide", "0004_routes"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="article",
            index=models.Index(fields=["-updated_at", "-id"], name="article_last_changed"),
        ),
    ]
