from itertools import pairwise

import pytest

from apps.annotation.workflow import MoveNotAllowed, TaskState, is_completed, move

DAY = ["open", "leased", "submitted", "returned", "leased", "submitted", "accepted"]


def test_move_allows_the_whole_way_with_one_return():
    for state, following in pairwise(DAY):
        assert move(state, TaskState(following)) == following


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ("open", "submitted"),
        ("open", "accepted"),
        ("accepted", "leased"),
        ("accepted", "returned"),
        ("returned", "submitted"),
        ("skipped", "accepted"),
    ],
)
def test_move_refuses_what_would_leave_out_a_person(state, wanted):
    with pytest.raises(MoveNotAllowed):
        move(state, TaskState(wanted))


@pytest.mark.parametrize(
    ("state", "needs_review", "completed"),
    [
        ("accepted", True, True),
        ("submitted", True, False),
        ("submitted", False, True),
        ("leased", False, False),
        ("returned", False, False),
    ],
)
def test_is_completed(state, needs_review, completed):
    assert is_completed(state, needs_review=needs_review) is completed
