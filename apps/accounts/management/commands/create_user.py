"""Make a person with roles and show the password once."""

from __future__ import annotations

import json
import sys

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand

from apps.accounts.permissions import Role
from apps.accounts.services import create_user


class Command(BaseCommand):
    help = "Make a person, or give a known one these roles; the password is shown this one time."

    def add_arguments(self, parser) -> None:
        parser.add_argument("name")
        parser.add_argument(
            "--role", nargs="+", action="extend", required=True, choices=[*map(str, Role)]
        )
        parser.add_argument("--password", help="otherwise a random one for a new person")

    def handle(self, *, name: str, role: list[str], password: str | None, **options) -> None:
        roles = [wanted for wanted in Role if wanted in role]
        try:
            made = create_user(name=name, roles=roles, password=password)
        except ValidationError as fault:
            self.stdout.write(json.dumps({"error": " ".join(fault.messages)}, ensure_ascii=False))
            sys.exit(2)
        self.stdout.write(
            json.dumps(
                {
                    "id": made.user.pk,
                    "username": made.user.username,
                    "roles": [str(wanted) for wanted in roles],
                    "password": made.password,
                },
                ensure_ascii=False,
            )
        )
