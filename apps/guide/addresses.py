"""Addresses that pages name by the dozen, put together from what is looked up once."""

from __future__ import annotations

from functools import cache

from django.urls import reverse
from django.utils.translation import get_language, override

ANY = "any"


def place_address(slug: str) -> str:
    """Return the address of a landmark's page in the present language."""
    before, after = _place(get_language())
    return f"{before}{slug}{after}"


@cache
def home_in(language: str) -> str:
    """Return the address of the first page in a language; those of all others begin with it."""
    with override(language):
        return reverse("guide:home")


@cache
def _place(language: str) -> tuple[str, str]:
    with override(language):
        before, _, after = reverse("guide:landmark", args=[ANY]).partition(ANY)
    return before, after
