"""A portal of several web processes that may be hurt."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from portal.database_cluster import OWNER, DatabaseCluster
from tests.environment import TEST_DATA
from tests.running import Portal, lay_down_model, start_portal, stop_portal

WEB_PROCESSES = 4


@pytest.fixture(scope="session")
def busy_portal(exported_model, tmp_path_factory) -> Iterator[Portal]:
    data_dir = TEST_DATA / "faults"
    lay_down_model(exported_model, data_dir)
    portal, process = start_portal(
        data_dir,
        log_folder=tmp_path_factory.mktemp("faults"),
        GILNUN_WEB_PROCESSES=str(WEB_PROCESSES),
        GILNUN_SEED="catalogue",
    )
    yield portal
    stop_portal(process)


@pytest.fixture
def database(busy_portal: Portal) -> Iterator[psycopg.Connection]:
    """Look into the portal's database, past the portal."""
    with psycopg.connect(DatabaseCluster(busy_portal.data_dir).dsn(OWNER), autocommit=True) as made:
        yield made
