"""The states of a task and which may follow which; pure."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class TaskState(TextChoices):
    OPEN = "open", _("open")
    LEASED = "leased", _("being worked on")  # one person holds it until the lease ends
    SUBMITTED = "submitted", _("submitted")
    ACCEPTED = "accepted", _("accepted")
    RETURNED = "returned", _("returned")  # back to the same annotator
    SKIPPED = "skipped", _("skipped")  # goes to others; what is left over is the supervisor's list
    UNUSABLE = "unusable", _("unusable")  # a supervisor closed it: nobody can annotate it


FOLLOWING = {
    TaskState.OPEN: {TaskState.LEASED, TaskState.UNUSABLE},
    # An ended lease passes to the next holder: leased follows leased.
    TaskState.LEASED: {
        TaskState.LEASED,
        TaskState.OPEN,
        TaskState.RETURNED,
        TaskState.SUBMITTED,
        TaskState.SKIPPED,
        TaskState.UNUSABLE,
    },
    TaskState.SUBMITTED: {TaskState.ACCEPTED, TaskState.RETURNED, TaskState.LEASED},
    TaskState.RETURNED: {TaskState.LEASED, TaskState.OPEN, TaskState.UNUSABLE},
    TaskState.SKIPPED: {TaskState.LEASED, TaskState.OPEN, TaskState.UNUSABLE},
    TaskState.UNUSABLE: {TaskState.OPEN},
    TaskState.ACCEPTED: set(),
}


class MoveNotAllowed(Exception):
    """The task cannot go from its state to the wanted one."""

    def __init__(self, state: str, wanted: str):
        super().__init__(f"{state} → {wanted}")
        self.state = state
        self.wanted = wanted


def move(state: str, wanted: TaskState) -> TaskState:
    """Return the wanted state. Raises MoveNotAllowed."""
    if wanted not in FOLLOWING[TaskState(state)]:
        raise MoveNotAllowed(state, wanted)
    return wanted


def is_completed(state: str, *, needs_review: bool) -> bool:
    """Say whether a task's data is complete: accepted, or submitted where nobody reviews."""
    return state == TaskState.ACCEPTED or (state == TaskState.SUBMITTED and not needs_review)
