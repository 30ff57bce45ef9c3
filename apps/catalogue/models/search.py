"""What the search reads; triggers keep it beside the names, whoever changes them."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models

from apps.catalogue.searching import searched


class SearchEntryQuerySet(models.QuerySet):
    def published(self) -> SearchEntryQuerySet:
        return self.filter(published=True)

    def search(self, query: str) -> SearchEntryQuerySet:
        """Entries of the landmarks that a query finds, best first; see Landmark's."""
        return searched(self, query)


class SearchEntry(models.Model):
    """All that one landmark is found by, in one row: a search of thousands reads nothing else.

    `form` holds search forms: `\\n` stands before, between and after official names, `\\t` around
    the other names, `\\v` around the address. `initials` holds initial consonants the same way.
    """

    # Deleted by a trigger: no collector looks for it.
    landmark = models.OneToOneField(
        "catalogue.Landmark",
        models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="search_entry",
    )
    published = models.BooleanField()
    slug = models.CharField(max_length=120)
    form = models.TextField()
    initials = models.TextField()

    objects = SearchEntryQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(OpClass("form", name="gin_trgm_ops"), name="search_entry_form"),
            GinIndex(OpClass("initials", name="gin_trgm_ops"), name="search_entry_initials"),
        ]

    def __str__(self) -> str:
        return self.slug


class NamePiece(models.Model):
    """Two or three syllables, or a Latin word, that stand in some name: what may be meant.

    Only ever added by triggers, so that two writers never wait for each other here: two that
    bring the same piece at once both add it. One that no name has any more finds nothing.
    """

    text = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["text"], name="name_piece")]

    def __str__(self) -> str:
        return self.text
