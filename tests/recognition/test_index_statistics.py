"""The database knows a new index of references from the moment it answers."""

import numpy as np
import pytest
from django.db import connection
from pgvector import HalfVector

from apps.catalogue.models import Photo
from apps.recognition import reference_index
from apps.recognition.models import Prototype, ReferenceEmbedding, ReferenceIndex
from apps.recognition.reference_index import active_index, gather_evidence

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def known_rows(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [table])
        return int(cursor.fetchone()[0])


def test_a_new_index_has_been_looked_at_when_it_is_built(known_places):
    for model in (ReferenceEmbedding, Prototype):
        assert known_rows(model._meta.db_table) == model.objects.count() > 0


def test_the_active_index_comes_with_its_model_and_without_what_is_large(
    known_places, django_assert_num_queries
):
    stored = ReferenceIndex.objects.select_related("model").get(active=True)

    with django_assert_num_queries(1):
        index = active_index()
        assert (index.pk, index.version) == (stored.pk, stored.version)
        assert index.model.input_sizes == stored.model.input_sizes
        assert index.calibration == stored.calibration

    assert index.get_deferred_fields() == ReferenceIndex.LARGE
    assert bytes(index.projection) == bytes(stored.projection)


def test_asked_often_the_answer_stays_the_same(known_places):
    """From the sixth time on the database keeps a plan that does not know the photo."""
    index = active_index()
    photo = Photo.objects.references().first()
    query = np.array(ReferenceEmbedding.objects.get(index=index, photo=photo).embedding)

    answers = [gather_evidence(index, query) for _ in range(15)]

    assert all(
        answer.reference_labels.tolist() == answers[0].reference_labels.tolist()
        for answer in answers
    )
    assert answers[0].reference_labels[0] == photo.landmark_id
    assert answers[0].reference_similarities[0] == pytest.approx(1.0, abs=1e-3)


def test_the_kept_plan_goes_through_the_index_of_vectors(known_places):
    query = HalfVector([1.0, *[0.0] * 511]).to_text()
    with connection.cursor() as cursor:
        # Of three places all is read at once; of many nothing but the index will do.
        cursor.execute("SET LOCAL enable_indexscan = on")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        asked = reference_index._NEAREST.replace("%(query)s", "$1").replace("%(index)s", "$2")
        cursor.execute(f"PREPARE nearest AS {asked}")
        cursor.execute("EXPLAIN EXECUTE nearest (%s, %s)", [query, active_index().pk])
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("DEALLOCATE nearest")

    assert "reference_embedding_nearest" in plan
