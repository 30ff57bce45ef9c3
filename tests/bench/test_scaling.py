"""The page about growth is the arithmetic of its unit costs."""

import re

import pytest

from bench import __main__ as measurements
from bench import scaling


def test_the_page_is_what_its_figures_make_of_it():
    written = scaling.PAGE.read_text()

    assert written == scaling.page(), "write it again: python -m bench.scaling"


def test_every_cost_is_measured_by_a_part_of_make_bench():
    assert {cost.bench for cost in scaling.COSTS} <= set(measurements.MODULES)


def test_pages_are_shared_out_whole():
    shares = (scaling.MADE, scaling.KEPT, scaling.SAME)

    assert sum(share.value for share in shares) == 100


@pytest.mark.parametrize("line", [*scaling.rates(), *scaling.storage()], ids=lambda line: line.what)
def test_the_arithmetic_that_is_shown_gives_what_is_needed(line):
    factors = re.findall(r"([×÷]?) ?([\d.,]+)(?: (%|bytes|MB|s))?", line.arithmetic)
    if not factors:
        assert line.arithmetic == "the sum of these"
        return

    worth = 1.0
    for sign, number, unit in factors:
        value = float(number.replace(",", "")) * {"%": 0.01}.get(unit, 1)
        worth = worth / value if sign == "÷" else worth * value

    scale = {"GB": 1e9, "TB": 1e6}.get(line.unit, 1)
    assert line.value == pytest.approx(worth / scale, rel=0.02)
