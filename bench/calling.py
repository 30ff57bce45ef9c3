"""Calling a function in a process of its own that has Django, on another database or host."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

from tests.running import ROOT

# The last line that the process prints is the answer.
_PROGRAM = """
import importlib, json, sys
import django
django.setup()
module, name = sys.argv[1].split(":")
print(json.dumps(getattr(importlib.import_module(module), name)(**json.loads(sys.argv[2]))))
"""


def call(environment: Mapping[str, str], function: str, **arguments: object) -> object:
    """Run `module:function` with Django as the environment sets it up.

    Arguments and answer are what JSON can say.
    """
    result = subprocess.run(
        [sys.executable, "-c", _PROGRAM, function, json.dumps(arguments)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(result.stdout.splitlines()[-1])
