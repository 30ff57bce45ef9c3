from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("operations", "0009_breaker")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="woken_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="woken again"),
        ),
    ]
