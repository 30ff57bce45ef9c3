import pytest

from apps.guide.templatetags.guide import bar_width, distance, exactly, percent, tone


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.0, "<1%"), (0.004, "<1%"), (0.006, "1%"), (0.874, "87%"), (0.999, "99%"), (1.0, "99%")],
)
def test_percent_never_claims_certainty(probability, text):
    assert percent(probability) == text


@pytest.mark.parametrize(
    ("metres", "text"),
    [(3, "10 m"), (412, "410 m"), (949, "950 m"), (1234, "1.2 km"), (9960, "10 km")],
)
def test_distance(metres, text):
    assert distance(metres) == text


def test_numbers_for_programs_have_a_point_and_four_decimals():
    assert exactly(0.5) == "0.5000"


def test_the_smallest_bar_is_still_seen():
    assert bar_width(0.0001) == "1.0"
    assert bar_width(0.874) == "87.4"


def test_tone_of_a_place_never_changes():
    assert tone("sungnyemun") == tone("sungnyemun")
    assert {tone(f"place-{number}") for number in range(50)} == {0, 1, 2, 3}
