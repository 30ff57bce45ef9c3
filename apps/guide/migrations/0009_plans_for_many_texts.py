from django.db import migrations


class Migration(migrations.Migration):
    # As for landmarks: a plan that was made for one row must do for thousands too.
    dependencies = [("guide", "0008_reports")]

    operations = [
        migrations.RunSQL(
            "ALTER FUNCTION gilnun_content_article() SET enable_nestloop = off",
            "ALTER FUNCTION gilnun_content_article() RESET enable_nestloop",
        )
    ]
