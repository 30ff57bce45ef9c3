"""Hangul in Latin letters, for addresses of places without an English name.

Revised Romanization of Korean (Ministry of Culture, 2000): letter tables of its section 2
and the sound changes between syllables of section 3 that occur in names.
"""

from __future__ import annotations

import re
import unicodedata

INITIALS = "g|kk|n|d|tt|r|m|b|pp|s|ss||j|jj|ch|k|t|p|h".split("|")
VOWELS = "a|ae|ya|yae|eo|e|yeo|ye|o|wa|wae|oe|yo|u|wo|we|wi|yu|eu|ui|i".split("|")
FINALS = "|k|k|k|n|n|n|t|l|k|m|l|l|l|p|l|m|p|p|t|t|ng|t|t|k|t|p|t".split("|")
# The consonant a double or silent final passes on when a vowel follows (닭이 → dalgi).
LINKED = "|g|kk|ks|n|nj|n|d|r|lg|lm|lb|ls|lt|lp|r|m|b|ps|s|ss|ng|j|ch|k|t|p|".split("|")
NASALS = {"k": "ng", "t": "n", "p": "m"}
FIRST_SYLLABLE = 0xAC00
LAST_SYLLABLE = 0xD7A3


def romanize(text: str) -> str:
    """Return Hangul in Latin letters; other characters stay as they are."""
    parts: list[str] = []
    syllables = list(unicodedata.normalize("NFC", text))
    carried: str | None = None
    for position, character in enumerate(syllables):
        if not FIRST_SYLLABLE <= ord(character) <= LAST_SYLLABLE:
            parts.append(character)
            carried = None
            continue
        initial, vowel, final = _letters(character)
        parts.append(INITIALS[initial] if carried is None else carried)
        parts.append(VOWELS[vowel])
        following = syllables[position + 1] if position + 1 < len(syllables) else ""
        ending, carried = _join(final, following)
        parts.append(ending)
    return "".join(parts)


def _letters(syllable: str) -> tuple[int, int, int]:
    index = ord(syllable) - FIRST_SYLLABLE
    return index // 588, index % 588 // 28, index % 28


def _join(final: int, following: str) -> tuple[str, str | None]:
    """Return how a final is written before the next syllable, and that syllable's initial."""
    if not following or not FIRST_SYLLABLE <= ord(following) <= LAST_SYLLABLE:
        return FINALS[final], None
    next_initial = INITIALS[_letters(following)[0]]
    written = FINALS[final]
    if not final:
        return "", None
    if next_initial == "":
        linked = LINKED[final]
        return (linked, "") if linked != "ng" else ("ng", "")
    if written == "l" and next_initial in ("r", "n"):
        return "l", "l"
    if written == "n" and next_initial == "r":
        return "l", "l"
    if next_initial == "r":
        return NASALS.get(written, written), "n"
    if next_initial in ("n", "m"):
        return NASALS.get(written, written), None
    return written, None


def ascii_slug(text: str) -> str:
    """Return lower-case ASCII words joined by hyphens; "" when nothing is left."""
    plain = unicodedata.normalize("NFKD", romanize(text)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower().replace("'", "")).strip("-")
