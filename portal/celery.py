"""The Celery application; it finds each app's tasks.py."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = Celery("gilnun")
application.config_from_object("django.conf:settings", namespace="CELERY")
application.autodiscover_tasks()
