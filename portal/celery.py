"""The Celery application; it finds each app's tasks.py."""

import os

from celery import Celery
from celery.bootsteps import StartStopStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
# How often a worker looks whether a child of it died, in seconds.
LOOK_AFTER = 0.25


class LookAfterChildren(StartStopStep):
    """Replace a killed child at once.

    A worker hears of its end by a pipe, which closes a moment before the process can be waited
    for; the next look of Celery's own comes up to five seconds later.
    """

    requires = ("celery.worker.components:Pool",)

    def register_with_event_loop(self, worker, hub) -> None:
        hub.call_repeatedly(LOOK_AFTER, worker.pool.maintain_pool)


application = Celery("gilnun")
application.steps["worker"].add(LookAfterChildren)
application.config_from_object("django.conf:settings", namespace="CELERY")
application.autodiscover_tasks()
