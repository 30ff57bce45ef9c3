"""`.env.example` names just what the settings read."""

import os
import re
import subprocess
import sys

import pytest

from tests.environment import ROOT

# Set by the platform, or read by every AWS client; nothing of ours.
READ = re.compile(r"""env\.(?:str|int|bool|list)\(\s*"([A-Z_]+)\"""")


def test_env_example_names_just_what_settings_reads():
    read = set(READ.findall((ROOT / "portal" / "settings.py").read_text()))
    named = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert named == read


@pytest.mark.S13
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("GILNUN_SEED", "some", "GILNUN_SEED is all, catalogue or none"),
        ("GILNUN_SECRET_KEY", "short", "GILNUN_SECRET_KEY needs 32 characters"),
        ("GILNUN_STAFF_MFA", "sometimes", "GILNUN_STAFF_MFA is optional or required"),
        ("GILNUN_MEDIA", "/somewhere", "GILNUN_MEDIA is s3://"),
        ("DATABASE_URL", "mysql://localhost/x", "must name a PostgreSQL database"),
    ],
)
def test_a_wrong_value_stops_the_start_and_names_the_setting(name, value, says):
    result = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings", name: value},
        capture_output=True,
        text=True,
    )

    assert result.returncode != 0
    assert says in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("https", "said", "becomes"),
    [
        ("0", "", "optional"),
        ("1", "", "required"),
        ("1", "optional", "optional"),
        ("0", "required", "required"),
    ],
)
def test_a_second_factor_is_required_of_staff_behind_https(https, said, becomes):
    result = subprocess.run(
        [sys.executable, "-c", "from portal import settings; print(settings.STAFF_MFA)"],
        cwd=ROOT,
        env={**os.environ, "GILNUN_HTTPS": https, "GILNUN_STAFF_MFA": said},
        capture_output=True,
        text=True,
        check=True,
    )

    assert result.stdout.strip() == becomes
