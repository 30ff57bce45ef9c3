"""A cache on Redis that pages can do without: while Redis is away, nothing is found in it."""

from __future__ import annotations

import logging
import time

from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, TimeoutError
from redis.retry import Retry

logger = logging.getLogger(__name__)
# A visitor waits meanwhile, and the page can be made without.
PATIENCE = {
    "socket_connect_timeout": 0.5,
    "socket_timeout": 0.5,
    # Connections that Redis closed when it restarted are opened again at once.
    "retry": Retry(NoBackoff(), 1),
}
# So long nobody of this process asks again.
LEFT_ALONE_SECONDS = 2.0


class DispensableRedisCache(RedisCache):
    """Finds nothing and keeps nothing while Redis does not answer."""

    # Of all threads; each has a cache of its own.
    _away_until = 0.0

    def __init__(self, server, params):
        super().__init__(server, params)
        self._options = PATIENCE | self._options

    def get(self, key, default=None, version=None):
        return self._try(default, super().get, key, default, version=version)

    def get_many(self, keys, version=None):
        return self._try({}, super().get_many, keys, version=version)

    def set(self, key, value, *arguments, **options):
        return self._try(None, super().set, key, value, *arguments, **options)

    def set_many(self, data, *arguments, **options):
        return self._try(list(data), super().set_many, data, *arguments, **options)

    def add(self, key, value, *arguments, **options):
        return self._try(False, super().add, key, value, *arguments, **options)

    def delete(self, key, version=None):
        return self._try(False, super().delete, key, version=version)

    def _try(self, otherwise, do, *arguments, **options):
        if time.monotonic() < DispensableRedisCache._away_until:
            return otherwise
        try:
            return do(*arguments, **options)
        except (ConnectionError, TimeoutError) as error:
            logger.warning("The cache is left alone for a moment: %s", error)
            DispensableRedisCache._away_until = time.monotonic() + LEFT_ALONE_SECONDS
            return otherwise
