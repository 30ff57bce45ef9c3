"""Photos chosen on Wikimedia Commons, and the licenses they come with."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The free licenses that photos on Wikimedia Commons have, besides those known before.
VERSIONS = ("2.0", "2.5", "3.0")
KINDS = {
    "by": "Creative Commons Attribution",
    "by-sa": "Creative Commons Attribution-ShareAlike",
}


def add_licenses(apps, schema_editor):
    licenses = apps.get_model("catalogue", "License").objects.using(schema_editor.connection.alias)
    free = {"may_show": True, "may_modify": True, "may_train": True}
    page = "https://creativecommons.org"
    values = {"name": "Public domain", "url": f"{page}/publicdomain/mark/1.0/", **free}
    licenses.get_or_create(code="PD", defaults={**values, "needs_credit": False})
    for kind, name in KINDS.items():
        for version in VERSIONS:
            values = {"name": f"{name} {version}", "url": f"{page}/licenses/{kind}/{version}/"}
            licenses.get_or_create(
                code=f"CC-{kind.upper()}-{version}",
                defaults={**values, **free, "needs_credit": True},
            )


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0009_redirect_moved"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OpenPhotoImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "page_id",
                    models.PositiveBigIntegerField(
                        help_text="of the photo's page on Wikimedia Commons"
                    ),
                ),
                ("title", models.CharField(max_length=300)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "being fetched"),
                            ("imported", "imported"),
                            ("known", "already there"),
                            ("refused", "not taken"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="a key of open_photo_imports.REASONS", max_length=40
                    ),
                ),
                ("chosen_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "landmark",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="open_photo_imports",
                        to="catalogue.landmark",
                    ),
                ),
                (
                    "photo",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="catalogue.photo",
                    ),
                ),
            ],
            options={
                "verbose_name": "open photo",
                "verbose_name_plural": "open photos",
                "constraints": [
                    models.UniqueConstraint(fields=("landmark", "page_id"), name="open_photo_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("state", "waiting")),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                ("finished_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="open_photo_finished_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="open_photo_refused_has_reason",
                    ),
                ],
            },
        ),
        migrations.RunPython(add_licenses, migrations.RunPython.noop),
    ]
