"""Names of landmarks as a list that can be imported again."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from apps.catalogue.exporting.export import Export, in_order
from apps.catalogue.exporting.formats import Row
from apps.catalogue.models import Landmark


class NameExport(Export):
    label = gettext_lazy("names")
    permission = "catalogue.view_landmark"
    columns = ("landmark", "language", "kind", "text")

    def of_landmarks(self, keys: list[int]) -> Iterator[Row]:
        for landmark in in_order(keys, Landmark.objects.prefetch_related("names")):
            for name in sorted(landmark.names.all(), key=lambda name: name.pk):
                yield {
                    "landmark": landmark.slug,
                    "language": name.language,
                    "kind": name.kind,
                    "text": name.text,
                }
