"""Change 10,000 landmarks at once, with an entry of the log for each, and take it back."""

from __future__ import annotations

from bench.catalogue import filled_database
from bench.rows import Row

ROWS = 10_000


def run() -> list[Row]:
    """Measure in a database with 25,000 landmarks, in a process of its own."""
    with filled_database() as database:
        measured = database.call("bench.bulk:measure")
    rows = []
    for name, (seconds, queries) in measured.items():
        shown = f"{name} of {ROWS:,} landmarks, with history"
        rows += [
            Row(shown, seconds, "s", "≤ 5", seconds <= 5, ""),
            Row(f"… {name}, statements", queries, "", "≤ 50", queries <= 50, ""),
        ]
    return rows


def measure() -> dict[str, tuple[float, int]]:
    """Return seconds and statements of preview, change and undo. Runs in a process with Django."""
    import time

    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from apps.accounts.models import User
    from apps.catalogue.history import change_many, preview_changes, undo_batch
    from apps.catalogue.models import Category, Landmark
    from apps.operations.models import AuditEntry

    by = User.objects.create_superuser("bench", password=None)
    keys = list(Landmark.objects.order_by("pk").values_list("pk", flat=True)[:ROWS])
    rows = Landmark.objects.filter(pk__in=keys).order_by("pk")
    values = {"category": Category.objects.create(slug="bench-new"), "source": "bulk", "owner": by}
    measured, done = {}, None

    def timed(name, work):
        started = time.perf_counter()
        with CaptureQueriesContext(connection) as captured:
            answer = work()
        measured[name] = time.perf_counter() - started, len(captured)
        return answer

    timed("preview", lambda: preview_changes(rows, values, by=by))
    done = timed("change", lambda: change_many(rows, values, by=by, at=timezone.now()))
    undone = timed("undo", lambda: undo_batch(done.batch, by=by, at=timezone.now()))
    if (
        not len(done.changes)
        == undone.done
        == ROWS
        == AuditEntry.objects.filter(batch=done.batch).count()
    ):
        raise RuntimeError("the change did not reach every row")
    return measured
