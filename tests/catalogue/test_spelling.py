"""What may have been meant by misspelt words, without a database."""

from __future__ import annotations

import random

import pytest

from apps.catalogue.spelling import MOST, Guesses, pieces, pieces_of, runs, search_form
from bench.filling import places

NAMES = ["첨성대", "경복궁", "국립 중앙박물관", "gyeongbokgung palace", "n서울타워"]


def dictionary(names: list[str]) -> set[str]:
    """Return the pieces of names; of Hangul also the pairs that short words are looked up by."""
    found = set()
    for name in names:
        for run in runs(name):
            found.update(pieces(run))
            if "가" <= run[0] <= "힣":
                found.update(run[place : place + 2] for place in range(len(run) - 1))
    return found


def guessed(written: str, known: set[str]) -> list[str]:
    """Return what may have been meant, asked for as a search does: first the pieces as written."""
    guesses = Guesses(written, pieces_of(written) & known)
    return guesses.meant(guesses.pieces & known)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("첨성데", "첨성대"),
        ("첨서대", "첨성대"),
        ("침성대", "첨성대"),
        ("첨대성", "첨성대"),
        ("경북궁", "경복궁"),
        ("경복구궁", "경복궁"),
        ("경뵥", "경복"),
        ("국립중앙박물간", "국립중앙박물관"),
        ("국립중앙 박물간", "국립중앙박물관"),
        ("gyeongbokgong", "gyeongbokgung"),
        ("Gyeonbokgung Palace", "gyeongbokgungpalace"),
        ("gyeongbokgung plaace", "gyeongbokgungpalace"),
        ("gyeongbokgong pallace", "gyeongbokgungpalace"),
        ("N서울타웨", "n서울타워"),
    ],
)
def test_one_slip_a_word_is_mended(written, meant):
    assert meant in guessed(written, dictionary(NAMES))


@pytest.mark.parametrize(
    "written", ["", "궁", "ㅊㅅㄷ", "%", "자유의여신상", "관광안내소", "x" * 100]
)
def test_what_is_like_no_name_is_not_mended(written):
    assert guessed(written, dictionary(NAMES)) == []


def test_a_slip_is_looked_for_only_where_it_could_mend_what_no_name_has():
    known = dictionary(NAMES)

    longer = Guesses("국립중앙박물관장", pieces_of("국립중앙박물관장") & known)
    both_ends = Guesses("귝립중앙박물간", pieces_of("귝립중앙박물간") & known)

    assert longer.meant(longer.pieces & known) == ["국립중앙박물관"]
    assert not {"극립중", "굴립중"} & longer.pieces
    assert len(both_ends.pieces) < 50
    assert both_ends.meant(both_ends.pieces & known) == []


def test_many_misspelt_words_are_mended_in_few_ways():
    words = ["palice", "gungs", "sout"] * 30
    known = dictionary(["palace police", "gungo gunge", "south scout"])

    assert len(guessed(" ".join(words), known)) == MOST


def test_the_form_closes_up_words_and_begins_an_unfinished_syllable():
    assert search_form(" N서울 타워(남산)·'X'") == search_form("n서울타워남산x")
    assert search_form("첨성대").startswith(search_form("첨성ㄷ"))
    assert search_form("ㄷ") == "ㄷ"


@pytest.mark.slow
def test_any_other_letter_in_a_name_of_25_000_is_mended():
    names = [each.korean for each in places(25_000)]
    known = dictionary(names)
    chance = random.Random(3)
    for name in chance.sample(names, 200):
        written = misspelt(name, chance)

        meant = guessed(written, known)

        assert name in meant, written
        assert len(meant) <= MOST


def misspelt(name: str, chance: random.Random) -> str:
    """Return a name with another first, middle or last letter in one of its syllables."""
    place = chance.randrange(len(name))
    letters = list(divmod(ord(name[place]) - ord("가"), 28))
    letters = [*divmod(letters[0], 21), letters[1]]
    which = chance.randrange(3)
    count = (19, 21, 28)[which]
    letters[which] = (letters[which] + chance.randrange(1, count)) % count
    first, middle, last = letters
    syllable = chr(ord("가") + (first * 21 + middle) * 28 + last)
    return name[:place] + syllable + name[place + 1 :]
