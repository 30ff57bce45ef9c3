#!/usr/bin/env python3
"""Run a management command, with the embedded database up while it runs."""

import os
import sys
from contextlib import nullcontext


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.conf import settings
    from django.core.management import execute_from_command_line

    from portal.server_programs import ClusterUnavailable

    needs_no_database = len(sys.argv) < 2 or sys.argv[1] in (
        "help",
        "makemessages",
        "collectstatic",
    )
    database = (
        nullcontext()
        if needs_no_database or not settings.EMBEDDED_DATABASE
        else settings.CLUSTER.in_use()
    )
    try:
        with database:
            execute_from_command_line(sys.argv)
    except ClusterUnavailable as reason:
        sys.exit(f"The database cannot be used: {reason}")


if __name__ == "__main__":
    main()
