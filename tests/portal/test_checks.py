"""What a database must be able to do before Gilnun starts on it."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest

from portal.database_cluster import SUPERUSER
from tests.environment import CLUSTER, ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def database_in_c():
    """Make a database for which letters are ASCII alone; yield its address."""
    name = "in_c"
    with psycopg.connect(CLUSTER.dsn(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
        with psycopg.connect(CLUSTER.dsn(SUPERUSER, name), autocommit=True) as inside:
            inside.execute("CREATE EXTENSION pg_trgm")
        yield CLUSTER.url(SUPERUSER, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_database_that_sees_no_hangul_is_refused_with_what_to_do(database_in_c):
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--database", "default"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_in_c},
        capture_output=True,
        text=True,
    )

    assert done.returncode != 0
    assert "gilnun.E001" in done.stderr
    assert "Create the database with LC_CTYPE" in done.stderr
