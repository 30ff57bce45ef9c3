import pytest

from apps.catalogue.romanization import ascii_slug, romanize


# The examples of the rules themselves (Revised Romanization, sections 2 and 3), and places.
@pytest.mark.parametrize(
    ("hangul", "latin"),
    [
        ("구미", "gumi"),
        ("영동", "yeongdong"),
        ("백암", "baegam"),
        ("옥천", "okcheon"),
        ("합덕", "hapdeok"),
        ("호법", "hobeop"),
        ("월곶", "wolgot"),
        ("벚꽃", "beotkkot"),
        ("한밭", "hanbat"),
        ("칠곡", "chilgok"),
        ("임실", "imsil"),
        ("울릉", "ulleung"),
        ("백마", "baengma"),
        ("종로", "jongno"),
        ("왕십리", "wangsimni"),
        ("별내", "byeollae"),
        ("신라", "silla"),
        ("독립문", "dongnimmun"),
        ("경복궁", "gyeongbokgung"),
    ],
)
def test_romanize_follows_the_rules(hangul, latin):
    assert romanize(hangul) == latin


def test_ascii_slug_joins_words_and_drops_the_rest():
    assert ascii_slug("Café N서울타워 (남산)!") == "cafe-nseoultawo-namsan"
    assert ascii_slug("!!") == ""
