"""Migrations while old processes work on: docs/operations.md, "A new release".

Old and new processes share the tables for a while, so a migration of a released portal adds what
the old ones need not know of, holds no table for long, and removes what nobody uses any more.
"""

from __future__ import annotations

import pytest
from django.db import models
from django.db.migrations import AddField, Migration, RemoveField, operations
from django.db.migrations.loader import MigrationLoader
from django.db.models.functions import Now

from tests.environment import ROOT

# By app, the last migration of the first release: on an empty database there is nobody to hold up.
# Written down when 1.0.0 is released; until then nobody's processes run on these tables.
FIRST_RELEASE: dict[str, int] = {}
# Those that remove what the release before no longer used: "app.name": that release.
UNUSED_SINCE: dict[str, str] = {}
REMOVING = (
    operations.RemoveField,
    operations.RenameField,
    operations.DeleteModel,
    operations.RenameModel,
    operations.AlterModelTable,
)


def faults(migration: Migration) -> list[str]:
    """Return what would disturb the processes of the release before."""
    new = {each.name.lower() for each in migration.operations if hasattr(each, "bases")}
    found = []
    for each in migration.operations:
        table = getattr(each, "model_name", getattr(each, "name", "")).lower()
        if isinstance(each, REMOVING) and str(migration) not in UNUSED_SINCE:
            found.append(f"{each.describe()}: one release after nobody uses it")
        if table in new:
            continue
        if isinstance(each, operations.AddField) and not _old_rows_fit(each.field):
            found.append(f"{each.describe()}: old processes insert without it: null or db_default")
        if type(each) is operations.AddIndex:
            found.append(f"{each.describe()}: AddIndexConcurrently, which lets others write")
    return found


def _old_rows_fit(field: models.Field) -> bool:
    return field.many_to_many or field.null or field.has_db_default()


def test_no_migration_after_the_first_release_disturbs_the_release_before():
    disturbing = {
        str(migration): found
        for (app, name), migration in MigrationLoader(None).disk_migrations.items()
        if app in FIRST_RELEASE and int(name[:4]) > FIRST_RELEASE[app]
        if (found := faults(migration))
    }

    assert disturbing == {}


def test_the_rules_hold_for_every_app_from_the_first_release_on():
    released = "(unreleased)" not in (ROOT / "CHANGELOG.md").read_text().split("## 1.0.0")[1][:20]
    ours = {
        app
        for (app, _), each in MigrationLoader(None).disk_migrations.items()
        if each.__module__.startswith("apps.")
    }

    assert FIRST_RELEASE.keys() == (ours if released else set())


@pytest.mark.parametrize(
    ("operation", "disturbs"),
    [
        (RemoveField("landmark", "address"), True),
        (AddField("landmark", "motto", models.CharField(max_length=9, default="")), True),
        (AddField("landmark", "motto", models.CharField(max_length=9, db_default="")), False),
        (AddField("landmark", "seen_at", models.DateTimeField(db_default=Now())), False),
        (AddField("landmark", "motto", models.CharField(max_length=9, null=True)), False),
        (operations.AddIndex("landmark", models.Index(fields=["slug"], name="by_slug")), True),
    ],
)
def test_what_disturbs_is_seen(operation, disturbs):
    migration = Migration("0099_next", "catalogue")
    migration.operations = [operation]

    assert bool(faults(migration)) is disturbs


def test_a_table_that_is_new_may_have_what_it_likes():
    migration = Migration("0099_next", "catalogue")
    motto = models.CharField(max_length=9, default="")
    index = models.Index(fields=["motto"], name="by_motto")
    migration.operations = [
        operations.CreateModel("Saying", [("id", models.BigAutoField(primary_key=True))]),
        AddField("saying", "motto", motto),
        operations.AddIndex("saying", index),
    ]

    assert faults(migration) == []
