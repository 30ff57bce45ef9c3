"""What changed, in order: the way to keep a copy of the catalogue."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from apps.api.v1.authentication import MayRead
from apps.api.v1.parameters import ParameterRefused, text_of, whole_number_of
from apps.api.v1.rendering import OrjsonRenderer
from apps.api.v1.shapes import changes as shapes
from apps.catalogue.content import Changes, CursorExpired, CursorUnknown, changes_after


class FeedEnded(APIException):
    """The cursor is of a feed that ended when the database was restored."""

    status_code = 410

    def __init__(self):
        detail = _(
            "The feed began anew after a restore: drop your copy and begin without a cursor."
        )
        super().__init__(detail, "cursor_expired")
        self.members = {"field": "cursor"}


class ChangeList(APIView):
    permission_classes = [MayRead]
    renderer_classes = [OrjsonRenderer]

    @extend_schema(**shapes.CHANGE_LIST)
    def get(self, request) -> HttpResponse:
        """Return what changed after a cursor, oldest first; from the beginning without one.

        To keep a copy: for `created` and `updated` fetch the landmark and store it; for
        `unpublished`, `deleted` and `merged` remove it; then keep the last `cursor`. Whoever
        follows the feed to its end holds exactly the present catalogue, also while it is being
        changed. A landmark stands in the feed once, at its last change; so it may come again
        while you read, and a removal may name one that you never had. Where `next` is null, ask
        again later with `cursor`.
        """
        query = request.GET
        cursor = text_of(query, "cursor")
        size = whole_number_of(
            query,
            "page_size",
            default=shapes.CHANGES,
            smallest=1,
            largest=shapes.MOST_CHANGES,
        )
        try:
            found = changes_after(cursor, limit=size)
        except CursorUnknown as error:
            detail = _("This is no cursor of this feed; begin without one.")
            raise ParameterRefused("cursor", "invalid_cursor", detail) from error
        except CursorExpired as error:
            raise FeedEnded from error
        response = Response(_body(request, found, size))
        response["Cache-Control"] = "no-store"
        return response


def _body(request, found: Changes, size: int) -> dict:
    address = reverse("api:changes", request=request)
    return {
        "next": f"{address}?cursor={found.cursor}&page_size={size}" if found.more else None,
        "previous": None,
        "cursor": found.cursor,
        "results": [
            {
                "cursor": row.cursor,
                "at": row.at,
                "kind": row.kind,
                "id": row.landmark_id,
                "merged_into": row.merged_into,
            }
            for row in found.rows
        ],
    }
