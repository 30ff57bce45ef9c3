import pytest
from django.template import Context, Template
from django.utils.translation import override

from apps.guide.templatetags.guide import bar_width, distance, exactly, percent


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


def test_once_writes_for_each_language_and_value():
    page = Template(
        "{% load once i18n %}{% once kind %}{% translate 'Map' %} {{ kind }}{% endonce %}"
    )

    def written(language: str, kind: str) -> str:
        with override(language):
            return page.render(Context({"kind": kind}))

    assert [written("en", "a"), written("ko", "a"), written("en", "b")] == [
        "Map a",
        "지도 a",
        "Map b",
    ]
    with override("en"):
        # What was written stays, whatever else the page knows by then.
        assert page.render(Context({"kind": "a", "other": 1})) == "Map a"
