"""Celery's pgmq transport, which lets go of what it opened when it cannot connect."""

from __future__ import annotations

from kombu.transport import pgmq


class Transport(pgmq.Transport):
    """The transport, with an end to each failed attempt to connect.

    Celery drops a connection that never came about without closing it. Its pool would keep four
    threads and a connection to the database until Python collects it, in the middle of any other
    work; where that work holds a lock that the threads need to end, it stands still for 15 s.
    """

    def establish_connection(self):
        """Connect to the queue's database. Raises what psycopg raises, with nothing left open."""
        try:
            return super().establish_connection()
        except Exception:
            self.close_connection(None)
            raise
