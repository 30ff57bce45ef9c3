from datetime import UTC, datetime

import pytest

from apps.annotation.models import Annotation, Review
from apps.annotation.services.claiming import claim_next_task
from apps.annotation.services.holding import UnknownTask
from apps.annotation.services.reviewing import (
    REVIEW_LEASE,
    AlreadyReviewed,
    InReview,
    NothingToReview,
    accept_annotation,
    claim_next_review,
    fix_annotation,
    return_annotation,
)
from apps.annotation.services.submitting import AnnotationRefused, submit_annotation
from tests.factories.annotation import AssignmentFactory, TaskFactory, UserFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
GOOD = {"bbox": [1500, 900, 600, 600], "truncated": True}
BETTER = {"bbox": [1490, 890, 620, 620], "none_of_these": True}


@pytest.fixture
def mina():
    return AssignmentFactory().annotator


@pytest.fixture
def reviewer():
    return UserFactory()


def submitted(mina):
    TaskFactory(dataset=mina.assignments.get().dataset)
    task = claim_next_task(by=mina, at=NOON)
    submit_annotation(task.pk, token=task.token, values=GOOD, by=mina, at=NOON)
    return task


def test_accept_annotation_completes_the_task(mina, reviewer):
    task = claim_next_review(by=reviewer, at=NOON) if submitted(mina) else None

    accept_annotation(task.pk, by=reviewer, at=NOON)

    task.refresh_from_db()
    assert (task.state, task.completed_at, task.reviewer) == ("accepted", NOON, None)
    with pytest.raises(NothingToReview):
        claim_next_review(by=reviewer, at=NOON)


def test_return_annotation_reaches_the_same_person_before_new_work(mina, reviewer):
    task = submitted(mina)
    TaskFactory(dataset=task.dataset)
    colleague = AssignmentFactory(dataset=task.dataset).annotator

    return_annotation(task.pk, reason="the roof is missing", by=reviewer, at=NOON)

    assert claim_next_task(by=colleague, at=NOON).pk != task.pk
    assert claim_next_task(by=mina, at=NOON).pk == task.pk
    assert Review.objects.get().reason == "the roof is missing"


def test_fix_annotation_accepts_the_reviewers_box_and_keeps_both(mina, reviewer):
    task = submitted(mina)

    review = fix_annotation(task.pk, values=BETTER, by=reviewer, at=NOON)

    task.refresh_from_db()
    assert task.state == "accepted"
    assert task.annotator == mina
    assert Annotation.objects.get(current=True) == review.fix
    assert review.annotation.box == (1500, 900, 600, 600)
    assert Annotation.objects.get(current=False) == review.annotation


def test_fix_annotation_is_checked_like_an_annotators(mina, reviewer):
    task = submitted(mina)

    with pytest.raises(AnnotationRefused):
        fix_annotation(task.pk, values={"bbox": [-1, 0, 50, 50]}, by=reviewer, at=NOON)

    assert not Review.objects.exists()


def test_two_reviewers_do_not_get_the_same_task(mina, reviewer):
    first, second = submitted(mina), submitted(mina)
    other = UserFactory()

    assert claim_next_review(by=reviewer, at=NOON) == first
    assert claim_next_review(by=other, at=NOON) == second
    assert claim_next_review(by=reviewer, at=NOON) == first
    with pytest.raises(InReview):
        accept_annotation(first.pk, by=other, at=NOON)
    accept_annotation(first.pk, by=other, at=NOON + REVIEW_LEASE)


def test_a_decision_is_made_once(mina, reviewer):
    task = submitted(mina)
    accept_annotation(task.pk, by=reviewer, at=NOON)

    with pytest.raises(AlreadyReviewed):
        return_annotation(task.pk, reason="late", by=reviewer, at=NOON)


def test_nobody_reviews_their_own_work(mina):
    task = submitted(mina)

    with pytest.raises(NothingToReview):
        claim_next_review(by=mina, at=NOON)
    with pytest.raises(UnknownTask):
        accept_annotation(task.pk, by=mina, at=NOON)


def test_accept_annotation_does_not_know_a_missing_task(reviewer):
    with pytest.raises(UnknownTask):
        accept_annotation(10**9, by=reviewer, at=NOON)
