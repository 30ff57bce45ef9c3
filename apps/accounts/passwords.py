"""How passwords are kept."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id with OWASP's first choice of costs: Django's would take 100 MB at each sign-in."""

    time_cost = 1
    memory_cost = 47_104  # KiB
    parallelism = 1
