"""Addresses of a partner that are told what happened."""

from __future__ import annotations

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone, translation
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import JSONParser
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api.v1.authentication import HasKey
from apps.api.v1.conditional import etag_of, require_match
from apps.api.v1.shapes.problems import problems
from apps.partners.delivering import send_again
from apps.partners.models import Delivery, EventKind, Webhook
from apps.partners.sending import AddressRefused
from apps.partners.webhooks import (
    WEBHOOKS_OF_A_PARTNER,
    KindNotAllowed,
    TooManyWebhooks,
    change_webhook,
    create_webhook,
    delete_webhook,
)

DELIVERIES_SHOWN = 100
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` of the webhook as it was read: 412 where it is not that any more.",
)


class WebhookInputSerializer(serializers.Serializer):
    url = serializers.URLField(max_length=500, help_text="https, at a public address")
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=EventKind.choices),
        allow_empty=False,
        help_text="landmark.changed needs scope read, recognition.finished recognize, the others"
        " export",
    )


class WebhookChangeSerializer(WebhookInputSerializer):
    """What is left out stays as it is."""

    url = serializers.URLField(max_length=500, required=False)
    active = serializers.BooleanField(required=False)

    def get_fields(self) -> dict:
        fields = super().get_fields()
        fields["kinds"].required = False
        return fields


class WebhookSerializer(serializers.ModelSerializer):
    kinds = serializers.ListField(child=serializers.ChoiceField(choices=EventKind.choices))

    class Meta:
        model = Webhook
        fields = ["id", "url", "kinds", "active", "failing_since", "created_at"]


class NewWebhookSerializer(WebhookSerializer):
    """A webhook with the secret that its messages are signed with, shown this once."""

    secret = serializers.CharField(help_text="whsec_…, for any Standard Webhooks library")

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]


class WebhookListSerializer(serializers.Serializer):
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = WebhookSerializer(many=True)


class DeliverySerializer(serializers.ModelSerializer):
    """A message and how it went."""

    kind = serializers.ChoiceField(choices=EventKind.choices)
    state = serializers.ChoiceField(choices=Delivery.State.choices)

    class Meta:
        model = Delivery
        fields = [
            *("id", "kind", "state", "attempts", "status", "error"),
            *("created_at", "last_attempt_at", "finished_at"),
        ]


class DeliveryListSerializer(serializers.Serializer):
    """The newest messages, at most 100; they are kept for 30 days."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = DeliverySerializer(many=True)


class WebhookList(APIView):
    permission_classes = [HasKey]
    parser_classes = [JSONParser]

    @extend_schema(
        operation_id="webhooks_list",
        responses={200: WebhookListSerializer, **problems()},
    )
    def get(self, request) -> Response:
        """List the webhooks of this key's partner."""
        rows = Webhook.objects.of_partner(request.auth).order_by("pk")
        return _whole_list(WebhookListSerializer, rows)

    @extend_schema(
        operation_id="webhooks_create",
        request=WebhookInputSerializer,
        responses={
            201: NewWebhookSerializer,
            **problems(400, 413, 415, 422),
        },
    )
    def post(self, request) -> Response:
        """Have an address told of what happens; the answer shows its secret, this once."""
        form = WebhookInputSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        with _Refusals():
            made = create_webhook(request.auth, **form.validated_data, at=timezone.now())
        data = {**WebhookSerializer(made.row).data, "secret": made.secret}
        headers = {
            "Cache-Control": "no-store",
            "ETag": _etag(made.row),
            "Location": request.build_absolute_uri(f"{request.path}{made.row.pk}/"),
        }
        return Response(data, status=201, headers=headers)


class WebhookDetail(APIView):
    permission_classes = [HasKey]
    parser_classes = [JSONParser]

    @extend_schema(
        operation_id="webhooks_retrieve",
        responses={200: WebhookSerializer, **problems(404)},
    )
    def get(self, request, webhook: int) -> Response:
        """Read one webhook."""
        return _shown(_own(request, webhook))

    @extend_schema(
        operation_id="webhooks_partial_update",
        parameters=[IF_MATCH],
        request=WebhookChangeSerializer,
        responses={
            200: WebhookSerializer,
            **problems(400, 404, 412, 413, 415, 422),
        },
    )
    @transaction.atomic
    def patch(self, request, webhook: int) -> Response:
        """Change address or kinds, turn it off, or on again."""
        held = _matched(request, webhook)
        form = WebhookChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        with _Refusals():
            changed = change_webhook(
                held, key=request.auth, **form.validated_data, at=timezone.now()
            )
        return _shown(changed)

    @extend_schema(
        operation_id="webhooks_destroy",
        parameters=[IF_MATCH],
        responses={204: None, **problems(404, 412)},
    )
    @transaction.atomic
    def delete(self, request, webhook: int) -> Response:
        """Remove a webhook; messages that wait are not sent."""
        delete_webhook(_matched(request, webhook), key=request.auth, at=timezone.now())
        return Response(status=204)


class DeliveryList(APIView):
    permission_classes = [HasKey]

    @extend_schema(
        operation_id="webhooks_deliveries_list",
        responses={200: DeliveryListSerializer, **problems(404)},
    )
    def get(self, request, webhook: int) -> Response:
        """List the newest messages of a webhook and how they went."""
        rows = _own(request, webhook).deliveries.order_by("-created_at", "pk")
        return _whole_list(DeliveryListSerializer, rows[:DELIVERIES_SHOWN])


class DeliveryResend(APIView):
    permission_classes = [HasKey]

    @extend_schema(
        operation_id="webhooks_deliveries_resend",
        request=None,
        responses={202: DeliverySerializer, **problems(404)},
    )
    def post(self, request, webhook: int, delivery) -> Response:
        """Send a message once more, under the same webhook-id."""
        held = get_object_or_404(_own(request, webhook).deliveries, pk=delivery)
        send_again(held, at=timezone.now())
        held.refresh_from_db()
        return Response(DeliverySerializer(held).data, status=202)


class _Refusals:
    """Answer what cannot be done with the field that is to blame."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind, error, _traceback) -> None:
        match error:
            case AddressRefused():
                text = translation.gettext(
                    "Messages are sent to public addresses over HTTPS only, such as"
                    " https://example.org/hooks."
                )
                raise serializers.ValidationError({"url": [text]})
            case KindNotAllowed():
                text = translation.gettext("This key may not hear of %(kind)s.")
                raise serializers.ValidationError({"kinds": [text % {"kind": error.args[0]}]})
            case TooManyWebhooks():
                text = translation.gettext("You have %(number)d webhooks. Remove one first.")
                text %= {"number": WEBHOOKS_OF_A_PARTNER}
                raise serializers.ValidationError({"url": [text]})


def _own(request, webhook: int) -> Webhook:
    return get_object_or_404(Webhook.objects.of_partner(request.auth), pk=webhook)


def _matched(request, webhook: int) -> Webhook:
    """Lock a webhook that is to be changed, if it is still what the client read."""
    own = Webhook.objects.of_partner(request.auth).select_for_update()
    held = get_object_or_404(own, pk=webhook)
    require_match(request, _etag(held))
    return held


def _etag(webhook: Webhook) -> str:
    shown = WebhookSerializer(webhook).data
    return etag_of("webhook", *shown.values())


def _shown(webhook: Webhook) -> Response:
    return Response(WebhookSerializer(webhook).data, headers={"ETag": _etag(webhook)})


def _whole_list(serializer: type[serializers.Serializer], rows) -> Response:
    data = serializer({"next": None, "previous": None, "results": rows}).data
    return Response(data, headers={"Cache-Control": "no-store"})
