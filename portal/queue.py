"""The queue's tables in PostgreSQL, which Celery's pgmq transport expects to find."""

from __future__ import annotations

import psycopg
from pgmq.install import get_embedded_install_sql

# The function that came last in the script: when it is there, the whole script ran.
INSTALLED = "SELECT to_regprocedure('pgmq.create(text)') IS NOT NULL"


def install_queue(conninfo: str) -> bool:
    """Make pgmq's schema where it is missing, as the role of `conninfo`; return whether it was."""
    with psycopg.connect(conninfo) as connection:
        if connection.execute(INSTALLED).fetchone()[0]:
            return False
        connection.execute(get_embedded_install_sql())
    return True
