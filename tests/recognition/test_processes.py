"""What the portal's processes carry."""

import os
import subprocess
import sys

import pytest

from tests.environment import ROOT

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "module",
    ["portal.wsgi", "portal.celery", "apps.recognition.model_server", "ml.serving.service"],
)
def test_web_and_worker_never_import_tensorflow(module):
    script = (
        f"import sys, django; django.setup(); import {module}, apps.api.v1.urls, portal.urls\n"
        "heavy = {'tensorflow', 'keras', 'torch', 'onnxruntime'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"},
        capture_output=True,
        text=True,
        check=True,
    )

    expected = "['onnxruntime']" if module == "ml.serving.service" else "[]"
    assert result.stdout.strip() == expected


def test_a_web_process_carries_nothing_that_it_never_uses():
    script = (
        "import sys, portal.wsgi\n"
        "names = ('pygments', 'requests', 'rich', 'charset_normalizer', 'boto3', 'skimage',\n"
        "         'jinja2', 'cryptography')\n"
        "print([name for name in names if sys.modules.get(name)])\n"
        "pages = int(open('/proc/self/statm').read().split()[1])\n"
        "print(pages * 4096 / 1e6)"
    )
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings", "MALLOC_ARENA_MAX": "2"},
        capture_output=True,
        text=True,
        check=True,
    )

    carried, megabytes = result.stdout.splitlines()
    assert carried == "[]"
    # Of 150 MB under load; the decoders and the first pages take the rest.
    assert float(megabytes) < 130
