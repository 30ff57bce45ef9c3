"""Values as the cells of a table hold them, and back; pure.

A spreadsheet takes a text that begins with one of `FORMULA` for a formula. Such a text is written
with an apostrophe before it, which reading takes away again; so are texts that begin with
apostrophes and such a sign, so that every value comes back as it was.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

FORMULA = "=+\\-@\t\r＝＋－＠"
NEEDS_ESCAPE = re.compile(f"'*[{FORMULA}]")
ESCAPED = re.compile(f"'+[{FORMULA}]")
SEPARATOR = "|"


def escape(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if NEEDS_ESCAPE.match(text) else text


def unescape(text: str) -> str:
    return text[1:] if ESCAPED.match(text) else text


def tidy(text: str) -> str:
    """Return a cell's text without what cannot be seen: outer spaces, other forms of Hangul."""
    if not text.isascii():
        text = text.replace("\u00a0", " ").replace("\u200b", "")
        text = unicodedata.normalize("NFC", text)
    return text.replace("\r\n", "\n").strip()


def one_line(text: str) -> str:
    """Return a cell's text tidied, with spaces for line breaks and tabs."""
    text = tidy(text)
    return text if text.isprintable() else re.sub(r"\s*[\n\t]\s*", " ", text)


def join_many(parts: Iterable[str]) -> str:
    """Return several texts as one cell."""
    return SEPARATOR.join(part.replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def split_many(text: str) -> list[str]:
    """Return the texts of one cell: the reverse of `join_many`."""
    parts = re.findall(r"(?:\\.|[^|\\]|\\$)+", text)
    return [clean for part in parts if (clean := re.sub(r"\\(.)", r"\1", part).strip())]


def join_pairs(pairs: Mapping[str, object]) -> str:
    """Return numbers of other systems as one cell: "aihub=2501|kto=126508"."""
    return join_many(f"{name}={value}" for name, value in sorted(pairs.items()))


def split_pairs(text: str) -> dict[str, str]:
    """Return the pairs of one cell. Raises ValueError where one has no name or no value."""
    pairs = {}
    for part in split_many(text):
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not (name and sign and value):
            raise ValueError(part)
        pairs[name] = value
    return pairs
