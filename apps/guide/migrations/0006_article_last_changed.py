from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("guide", "0005_article_announced"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="article",
            index=models.Index(fields=["-updated_at", "-id"], name="article_last_changed"),
        ),
    ]
