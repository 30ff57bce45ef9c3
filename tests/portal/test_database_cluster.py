"""The embedded PostgreSQL: where it may lie, who may reach it, what it leaves alone."""

import os
import pwd
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from portal.database_cluster import APPLICATION, OWNER, QUEUE, DatabaseCluster
from portal.server_programs import reaches
from tests.environment import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster_at():
    """Make a cluster at a folder; it is stopped at the end whatever happened."""
    made = []

    def make(folder) -> DatabaseCluster:
        cluster = DatabaseCluster(folder, durable=False)
        made.append(cluster)
        return cluster

    yield make
    for cluster in made:
        cluster.stop("immediate")


def test_a_cluster_works_in_a_deep_folder_with_spaces(tmp_path, cluster_at):
    folder = tmp_path / "a folder with spaces" / ("long" * 30)
    cluster = cluster_at(folder)

    with cluster.in_use(), psycopg.connect(cluster.dsn(APPLICATION)) as connection:
        trigrams = connection.execute("SELECT show_trgm(normalize('첨성대', NFD))").fetchone()[0]
        extensions = {row[0] for row in connection.execute("SELECT extname FROM pg_extension")}

    assert len(trigrams) > 3
    assert {"vector", "pg_trgm", "cube", "earthdistance", "unaccent"} <= extensions
    assert cluster.server_process() is None


def test_parents_keep_their_modes_and_secrets_are_private(tmp_path, cluster_at):
    parent = tmp_path / "parent"
    parent.mkdir(mode=0o700)
    cluster = cluster_at(parent / "data")

    with cluster.in_use():
        socket_mode = stat.S_IMODE(cluster.socket_dir.stat().st_mode)

    assert stat.S_IMODE(parent.stat().st_mode) == 0o700
    assert socket_mode == 0o700
    secrets = list((parent / "data" / "secrets").iterdir())
    assert secrets
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    if os.getuid() == 0:
        # The system user cannot pass a closed parent: its files lie elsewhere, and that is said.
        assert not cluster.folder.is_relative_to(parent)


def test_roles_have_passwords_and_the_application_makes_no_tables(tmp_path, cluster_at):
    cluster = cluster_at(tmp_path / "data")

    with cluster.in_use():
        wrong = cluster.dsn(APPLICATION).replace(cluster.password(APPLICATION), "guess")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        with psycopg.connect(cluster.dsn(OWNER)) as connection:
            connection.execute("CREATE TABLE places (id int)")
        with psycopg.connect(cluster.dsn(APPLICATION)) as connection:
            connection.execute("INSERT INTO places VALUES (1)")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("CREATE TABLE mine (id int)")
        denied = pytest.raises(psycopg.errors.InsufficientPrivilege)
        with psycopg.connect(cluster.dsn(QUEUE)) as connection, denied:
            connection.execute("SELECT * FROM places")


def test_the_server_stops_with_its_last_user(tmp_path, cluster_at):
    cluster = cluster_at(tmp_path / "data")
    script = (
        "import sys; from pathlib import Path\n"
        "from portal.database_cluster import DatabaseCluster\n"
        "with DatabaseCluster(Path(sys.argv[1]), durable=False).in_use(): pass\n"
    )

    with cluster.in_use():
        subprocess.run([sys.executable, "-c", script, str(tmp_path / "data")], cwd=ROOT, check=True)
        assert cluster.answers()

    assert cluster.server_process() is None


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_runs_it_too():
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        os.chown(folder, 65534, 65534)
        script = (
            "import sys; from pathlib import Path\n"
            "from portal.database_cluster import DatabaseCluster\n"
            "cluster = DatabaseCluster(Path(sys.argv[1]) / 'data', durable=False)\n"
            "with cluster.in_use(): print('up', cluster.folder)\n"
        )
        if not reaches(pwd.getpwuid(65534), Path(sys.executable).resolve()):
            pytest.skip("Python lies where only root can run it")
        result = subprocess.run(
            [sys.executable, "-c", script, folder],
            cwd=ROOT,
            user=65534,
            group=65534,
            extra_groups=[],
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        )

    assert result.stdout == f"up {folder}/data/postgresql\n", result.stderr
