"""A migrated database with a national catalogue in it, for the measurements that need one.

Made once in a run; each user gets a copy, so that no measurement sees what another one changed.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import psutil
import psycopg
from psycopg import sql

from bench.calling import call
from bench.filling import fill
from portal.database_cluster import APPLICATION, DATABASE, OWNER, SUPERUSER, DatabaseCluster
from tests.running import ROOT


class FilledDatabase(NamedTuple):
    """A running database, and the environment in which the portal's processes use it."""

    name: str
    environment: dict[str, str]

    def call(self, function: str, **arguments: object) -> object:
        """Run `module:function` in a process of its own, with Django on this database.

        Arguments and answer are what JSON can say.
        """
        return call(self.environment, function, **arguments)


@contextmanager
def filled_database(*, landmarks: int = 25_000, photos: int = 100_000) -> Iterator[FilledDatabase]:
    """Yield a copy of a database with so many landmarks, with names, texts and rows of photos.

    `landmarks=0` is a new installation: provinces and licenses only.
    """
    server = _server()
    template = _template(landmarks, photos)
    name = f"copy_{os.urandom(4).hex()}"
    with psycopg.connect(server.dsn(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(_copy(name, of=template))
    try:
        yield FilledDatabase(name, _environment(server, name))
    finally:
        with psycopg.connect(server.dsn(SUPERUSER, "postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )


@contextmanager
def empty_database() -> Iterator[str]:
    """Yield the URL of an empty database on the same server, for what the portal is compared with.

    The owner uses it, so that its programs may make their tables.
    """
    server = _server()
    name = f"other_{os.urandom(4).hex()}"
    with psycopg.connect(server.dsn(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(
                sql.Identifier(name), sql.Identifier(OWNER)
            )
        )
    try:
        yield server.url(OWNER, name)
    finally:
        with psycopg.connect(server.dsn(SUPERUSER, "postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )


def database_server() -> psutil.Process:
    """Return the process of the server, whose children do the work."""
    with psycopg.connect(_server().dsn(SUPERUSER, "postgres")) as connection:
        (backend,) = connection.execute("SELECT pg_backend_pid()").fetchone()
        return psutil.Process(backend).parent()


@cache
def _server() -> DatabaseCluster:
    """Start a database server in a private folder; it ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="gilnun-bench-"))
    # Where this runs as root, the server is another user, who must get through.
    folder.chmod(0o711)
    cluster = DatabaseCluster(folder / "data")
    running = ExitStack()
    running.callback(shutil.rmtree, folder)
    running.callback(shutil.rmtree, cluster.socket_dir, ignore_errors=True)
    running.enter_context(cluster.in_use())
    atexit.register(running.close)
    return cluster


@cache
def _template(landmarks: int, photos: int) -> str:
    """Make the database that is copied; return its name."""
    server = _server()
    _django(server, DATABASE, "migrate", "--verbosity=0", "--database=owner")
    if not landmarks:
        return DATABASE
    name = f"filled_{landmarks}_{photos}"
    with psycopg.connect(server.dsn(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(_copy(name, of=DATABASE))
    filled = FilledDatabase(name, _environment(server, name))
    filled.call(f"{fill.__module__}:{fill.__name__}", landmarks=landmarks, photos=photos)
    with psycopg.connect(server.dsn(SUPERUSER, name), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return name


def _copy(name: str, *, of: str) -> sql.Composed:
    return sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
        sql.Identifier(name), sql.Identifier(of), sql.Identifier(OWNER)
    )


def _environment(server: DatabaseCluster, database: str) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "GILNUN_DATA_DIR": str(server.data_dir),
        "DATABASE_URL": server.url(APPLICATION, database),
        "DATABASE_OWNER_URL": server.url(OWNER, database),
    }


def _django(server: DatabaseCluster, database: str, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=_environment(server, database),
        check=True,
    )
