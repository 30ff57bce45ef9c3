"""What a key was used for, and what is left of its limits."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api.v1.authentication import HasKey
from apps.api.v1.shapes.problems import problems
from apps.partners.models import Scope
from apps.partners.numbers import LONGEST_PERIOD, usage_by_day


class UsagePeriodSerializer(serializers.Serializer):
    days = serializers.IntegerField(
        default=30, min_value=1, max_value=LONGEST_PERIOD, help_text="how many days, today's last"
    )


class UsedKeySerializer(serializers.Serializer):
    """The key that asks."""

    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))
    expires_at = serializers.DateTimeField(allow_null=True)


class LimitSerializer(serializers.Serializer):
    """A limit after this request."""

    name = serializers.CharField(help_text="minute or day")
    limit = serializers.IntegerField()
    remaining = serializers.IntegerField()
    reset_seconds = serializers.IntegerField()


class OperationUsageSerializer(serializers.Serializer):
    operation = serializers.CharField(help_text="method and name, as GET landmarks")
    used = serializers.IntegerField()


class DayUsageSerializer(serializers.Serializer):
    """A day in UTC, as the daily quota counts."""

    day = serializers.DateField()
    used = serializers.IntegerField()
    operations = OperationUsageSerializer(many=True)


class UsageSerializer(serializers.Serializer):
    key = UsedKeySerializer()
    limits = LimitSerializer(many=True)
    days = DayUsageSerializer(many=True)


class Usage(APIView):
    permission_classes = [HasKey]

    @extend_schema(
        operation_id="usage_retrieve",
        parameters=[UsagePeriodSerializer],
        responses={200: UsageSerializer, **problems(422)},
    )
    def get(self, request) -> Response:
        """Count the admitted requests of this key by day and operation, this one included."""
        form = UsagePeriodSerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        days = usage_by_day([request.auth], at=timezone.now(), **form.validated_data)
        limits = [{"name": meter.name, **meter.left._asdict()} for meter in request.meters]
        answer = {"key": request.auth, "limits": limits, "days": days}
        return Response(UsageSerializer(answer).data, headers={"Cache-Control": "no-store"})
