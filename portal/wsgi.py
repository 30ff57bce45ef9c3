"""The WSGI application that gunicorn serves."""

import gc
import os
import sys

from django.core.wsgi import get_wsgi_application

# Libraries look for these by themselves, for pages and commands that this portal does not have:
# 15 MB in each process.
for _name in ("jinja2", "pygments", "requests"):
    sys.modules.setdefault(_name, None)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()

from django.urls import get_resolver  # noqa: E402  (reads the settings)

from apps.catalogue.decoding import decoders  # noqa: E402  (reads the settings)

decoders.warm_up()
# All views now, not at the first request; and what was loaded stays, so that the collector need
# not look through it again: a full look takes 100 ms, and came every few pages.
_views = get_resolver().url_patterns
gc.collect()
gc.freeze()
