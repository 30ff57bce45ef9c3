"""`.env.example` names just what the settings read."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.data_dir import secret
from portal.safe_values import refuse_unsafe
from tests.environment import ROOT

# Set by the platform, or read by every AWS client; nothing of ours.
READ = re.compile(r"""env\.(?:str|int|bool|list|float)\(\s*"([A-Z_]+)\"""")


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
        ("GILNUN_LOG", "xml", "GILNUN_LOG is text or json"),
        ("GILNUN_INTEGRITY_PERCENT", "0", "GILNUN_INTEGRITY_PERCENT is more than 0"),
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


SAFE = {
    "debug": False,
    "https": True,
    "bind": "0.0.0.0",
    "hosts": ["www.example.org", "localhost"],
    "secret_keys": ["8MUvbXKdYzX2cVhM9T0sWq3pLrJfGe7uNaBi5oCt6yHkQwEx"],
    "metrics_token": "",
}


@pytest.mark.S13
@pytest.mark.parametrize(
    ("unsafe", "says"),
    [
        ({"debug": True}, "GILNUN_DEBUG"),
        ({"debug": True, "https": False, "hosts": ["localhost"]}, "GILNUN_DEBUG"),
        ({"debug": True, "https": False, "bind": "127.0.0.1"}, "GILNUN_DEBUG"),
        ({"hosts": ["*"]}, "GILNUN_ALLOWED_HOSTS"),
        ({"secret_keys": ["short"]}, "needs 32 characters"),
        ({"secret_keys": ["x" * 64]}, "others know"),
        ({"secret_keys": ["django-insecure-#k2v9z!p0q8w7e6r5t4y3u2i1o0"]}, "others know"),
        ({"secret_keys": ["changeme-changeme-0123456789-abcdefghij"]}, "others know"),
        ({"metrics_token": "short"}, "GILNUN_METRICS_TOKEN"),
    ],
)
def test_what_would_open_an_installation_to_everybody_is_refused(unsafe, says):
    refuse_unsafe(**SAFE)
    refuse_unsafe(**SAFE | {"debug": True, "https": False, "bind": "127.0.0.1", "hosts": []})

    with pytest.raises(ImproperlyConfigured, match=says):
        refuse_unsafe(**SAFE | unsafe)


PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "portal.settings",
    "GILNUN_HTTPS": "1",
    "GILNUN_TRUSTED_PROXIES": "1",
    "GILNUN_ALLOWED_HOSTS": "www.example.org",
    "GILNUN_SECRET_KEY": SAFE["secret_keys"][0] + "-and-more",
}
LOOK = """
import json
from portal import settings
names = ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "STAFF_MFA")
names += ("SECURE_HSTS_SECONDS", "PASSWORD_HASHERS", "DEBUG", "SECURE_PROXY_SSL_HEADER")
print(json.dumps({name: getattr(settings, name) for name in names}))
"""


@pytest.mark.S9
@pytest.mark.S13
@pytest.mark.slow
def test_the_check_of_deployment_warns_of_nothing(seen):
    environment = {**os.environ, **PRODUCTION}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    checked = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    looked = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=ROOT, env=environment, capture_output=True, check=True
    )

    assert checked.returncode == 0, checked.stderr
    seen("S9", warnings_of_check_deploy=0)
    values = json.loads(looked.stdout)
    assert values["SESSION_COOKIE_NAME"] == "__Host-sessionid"
    assert values["CSRF_COOKIE_NAME"] == "__Host-csrftoken"
    assert values["SESSION_COOKIE_SECURE"] and not values["DEBUG"]
    assert values["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert values["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]
    assert values["PASSWORD_HASHERS"][0] == "apps.accounts.passwords.Argon2"


@pytest.mark.S13
def test_secrets_are_made_once_and_for_their_owner_alone(tmp_path):
    first = secret(tmp_path / "data", "django-secret-key")

    assert len(first) >= 50
    assert secret(tmp_path / "data", "django-secret-key") == first
    kept = tmp_path / "data" / "secrets" / "django-secret-key"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700
