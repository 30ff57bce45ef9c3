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
