"""Let a network address try to sign in again."""

from __future__ import annotations

import json
from ipaddress import ip_address

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.signing_in import unlock_address


class Command(BaseCommand):
    help = (
        "Forget the wrong passwords that came from a network address, such as that of an office."
        " A single account is unlocked on its page of the admin."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("address", help="as the log of the proxy shows it: 192.0.2.7")

    def handle(self, *, address: str, **options) -> None:
        try:
            known = str(ip_address(address))
        except ValueError:
            raise CommandError(f"{address} is no network address.", returncode=2) from None
        forgotten = unlock_address(known, by_name="unlock_address", at=timezone.now())
        self.stdout.write(json.dumps({"address": known, "unlocked": bool(forgotten)}))
