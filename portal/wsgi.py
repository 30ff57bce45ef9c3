"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()

from apps.catalogue.decoding import decoders  # noqa: E402  (reads the settings)

decoders.warm_up()
