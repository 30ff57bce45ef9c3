"""What somebody may have meant by words that are not quite those of a name; pure.

One slip a word: another letter of a Hangul syllable (첨성데), one too many or missing at its end
(첨서대), two syllables changed over (첨대성), one too many (첨성성대); the same for Latin letters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Set
from itertools import islice, product
from string import ascii_lowercase

# What `gilnun_search_form` takes out (migration 0001).
LEFT_OUT = re.compile(r"[\s·\-.,()'\"]+")
# Words run together where they are Hangul: names are written both ways.
RUNS = re.compile(r"[가-힣]+|[a-z]+|[^가-힣a-z]+")
CONSONANTS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
FIRST_SYLLABLE, FIRST_CONSONANT = ord("가"), 0x1100
INITIALS, VOWELS, FINALS = 19, 21, 28
PIECE = 3
SHORTEST_WORD = 3
LONGEST = 12
MOST = 12


def search_form(words: str) -> str:
    """Return words as names are stored to be searched: lower case, closed up, by letters.

    A consonant at the end belongs to a syllable that is being typed: 첨성ㄷ begins 첨성대.
    """
    form = LEFT_OUT.sub("", unicodedata.normalize("NFC", words).lower())
    if len(form) > 1 and form[-1] in CONSONANTS:
        form = form[:-1] + chr(FIRST_CONSONANT + CONSONANTS.index(form[-1]))
    return unicodedata.normalize("NFD", form)


def pieces(run: str) -> list[str]:
    """Return what of a run is looked up: a Latin word, or every two or three syllables of Hangul.

    All pieces of a name stand in the dictionary; a run of which one does not is in no name.
    """
    if not _is_hangul(run):
        return [run] if run.isascii() and run.isalpha() and len(run) >= SHORTEST_WORD else []
    length = min(PIECE, len(run))
    return [run[start : start + length] for start in range(len(run) - length + 1)] * (length > 1)


def pieces_of(words: str) -> set[str]:
    """Return the pieces of all runs of words."""
    return {piece for run in runs(words) for piece in pieces(run)}


def runs(words: str) -> list[str]:
    """Split words into what may hold a slip of its own: Hangul, each Latin word, the rest."""
    text = LEFT_OUT.sub(" ", unicodedata.normalize("NFC", words).lower()).strip()
    closed_up = re.sub(r"(?<=[가-힣]) (?=[가-힣])", "", text)
    return [run for word in closed_up.split() for run in RUNS.findall(word)]


class Guesses:
    """What words may be slips of, and the pieces by which one finds out."""

    def __init__(self, words: str, known: Set[str]):
        """known: which of `pieces_of(words)` names have."""
        self._runs = runs(words)
        unknown = [set(pieces(run)) - known for run in self._runs]
        # What no name has must be something else; where names have it all, one run may be.
        self._wrong = [place for place, missing in enumerate(unknown) if missing]
        self._slips = [
            {slip: pieces(slip) for slip in slips(run, missing)}
            if missing or not self._wrong
            else {}
            for run, missing in zip(self._runs, unknown, strict=True)
        ]
        self.pieces = {
            piece for others in self._slips for found in others.values() for piece in found
        }

    def meant(self, known: Set[str]) -> list[str]:
        """Return what may have been meant, at most MOST; known: the pieces that names have."""
        found = []
        for places in (
            [self._wrong] if self._wrong else [[place] for place in range(len(self._runs))]
        ):
            choices = [
                self._known_slips(place, known) if place in places else [run]
                for place, run in enumerate(self._runs)
            ]
            # Never all of them: of many words together there are more than anybody can count.
            found += ["".join(choice) for choice in islice(product(*choices), MOST)]
        return list(dict.fromkeys(found))[:MOST]

    def _known_slips(self, place: int, known: Set[str]) -> list[str]:
        others = self._slips[place].items()
        return [slip for slip, found in others if known >= set(found)][:MOST]


def slips(run: str, unknown: Set[str]) -> Iterator[str]:
    """Yield what is one slip away from a run of Hangul or Latin letters, the likeliest first.

    unknown: its pieces that no name has; a slip that leaves one of them as it is mends nothing.
    """
    if not pieces(run) or len(run) > (LONGEST if _is_hangul(run) else 2 * LONGEST):
        return
    seen = {run}
    for slip in _hangul_slips(run, _places(run, unknown)) if _is_hangul(run) else _latin_slips(run):
        if slip not in seen:
            seen.add(slip)
            yield slip


def _places(run: str, unknown: Set[str]) -> range:
    """Return the places that belong to every unknown piece of a run of Hangul."""
    starts = [start for start, piece in enumerate(pieces(run)) if piece in unknown]
    if not starts:
        return range(len(run))
    return range(starts[-1], min(starts[0] + PIECE, len(run)))


def _is_hangul(run: str) -> bool:
    return "가" <= run[0] <= "힣"


def _hangul_slips(run: str, places: range) -> Iterator[str]:
    parts = [(place, *divmod(ord(run[place]) - FIRST_SYLLABLE, FINALS)) for place in places]

    def with_syllable(place: int, front: int, final: int) -> str:
        return run[:place] + chr(FIRST_SYLLABLE + front * FINALS + final) + run[place + 1 :]

    for place, front, final in parts:
        first_front = front - front % VOWELS
        for other in range(first_front, first_front + VOWELS):
            yield with_syllable(place, other, final)
    for place, front, _ in parts:
        for other in range(FINALS):
            yield with_syllable(place, front, other)
    for place, front, final in parts:
        for other in range(front % VOWELS, INITIALS * VOWELS, VOWELS):
            yield with_syllable(place, other, final)
    # So few that all are tried.
    yield from _changed_over(run)
    yield from _one_less(run)


def _latin_slips(run: str) -> Iterator[str]:
    for place in range(len(run)):
        for letter in ascii_lowercase:
            yield run[:place] + letter + run[place + 1 :]
    for place in range(len(run) + 1):
        for letter in ascii_lowercase:
            yield run[:place] + letter + run[place:]
    yield from _changed_over(run)
    yield from _one_less(run)


def _changed_over(run: str) -> Iterator[str]:
    for place in range(len(run) - 1):
        yield run[:place] + run[place + 1] + run[place] + run[place + 2 :]


def _one_less(run: str) -> Iterator[str]:
    # What is left of a short one is in too many names.
    if len(run) > PIECE:
        for place in range(len(run)):
            yield run[:place] + run[place + 1 :]
