import json

import numpy as np
import pytest

from ml.compare import compare, main, mcnemar


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"),
    # Worked by hand: twice the tail of a fair coin.
    [(0, 0, 1.0), (1, 9, 22 / 1024), (9, 1, 22 / 1024), (5, 5, 1.0), (0, 6, 2 / 64)],
)
def test_mcnemar_is_the_tail_of_a_coin(only_first, only_second, p):
    assert mcnemar(only_first, only_second) == pytest.approx(p)


def test_a_clear_difference_has_an_interval_above_zero():
    first = np.arange(200) < 140
    second = np.arange(200) < 170

    found = compare(first, second)

    assert found.difference == pytest.approx(0.15)
    assert 0.09 < found.low < found.difference < found.high < 0.21
    assert (found.only_first, found.only_second) == (0, 30)
    assert found.p < 1e-6


def test_as_many_right_but_others_is_no_difference():
    first = np.array([True, False] * 50)

    found = compare(first, ~first)

    assert found.difference == 0
    assert found.low < 0 < found.high
    assert found.p == 1.0


def test_files_about_other_pictures_are_refused(tmp_path, capsys):
    for name in ("a", "b"):
        rows = [{"file": f"{name}.jpg", "place": 0}]
        (tmp_path / name).write_text(json.dumps({"queries": rows}))

    assert main([str(tmp_path / "a"), str(tmp_path / "b")]) == 2
    assert "not about the same pictures" in capsys.readouterr().err
    assert main([str(tmp_path / "a"), str(tmp_path / "a")]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["p"] == 1.0
