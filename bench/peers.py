"""The environment of what the portal is compared with; made on first use."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.running import ROOT

ENVIRONMENT = ROOT / ".gilnun" / "bench-venv"
REQUIREMENTS = ROOT / "bench" / "requirements.txt"


class PeersMissing(Exception):
    """They cannot be installed here; the message says why."""


def peers_python() -> Path:
    """Return the interpreter of that environment, made where it is not yet. Raises PeersMissing."""
    python = ENVIRONMENT / "bin" / "python"
    made = ENVIRONMENT / "installed"
    wanted = REQUIREMENTS.read_text()
    if made.exists() and made.read_text() == wanted:
        return python
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True, capture_output=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            + ["-r", REQUIREMENTS],
            check=True,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        said = str(getattr(error, "stderr", "") or error).strip().splitlines()
        raise PeersMissing(said[-1] if said else "pip ended without a word") from error
    made.write_text(wanted)
    return python
