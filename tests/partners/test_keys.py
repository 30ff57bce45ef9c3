"""Keys of partners: who made and revoked them stands in the log, the key itself nowhere."""

import pytest
from django.utils import timezone

from apps.accounts.permissions import Role
from apps.accounts.services import create_user
from apps.operations.models import AuditEntry
from apps.partners.metering import use_key
from apps.partners.services import KeyRefused, create_api_key
from tests.operations.forms import fields_of

pytestmark = pytest.mark.django_db


def test_making_and_revoking_a_key_are_in_the_log(client):
    made = create_api_key(name="partner", scopes=["read"], at=timezone.now())
    client.force_login(create_user(name="lee", roles=[Role.PARTNER_MANAGER]).user)

    revoke = {"action": "revoke", "_selected_action": [made.row.pk]}
    client.post("/admin/partners/apikey/", revoke)
    client.post("/admin/partners/apikey/", revoke)

    revoked, created = AuditEntry.objects.about(made.row)
    assert (created.action, revoked.action, revoked.by_name) == ("created", "changed", "lee")
    assert revoked.changed_fields == ["revoked_at"]
    assert made.text not in str([(entry.before, entry.after) for entry in (revoked, created)])
    with pytest.raises(KeyRefused):
        use_key(made.text, operation="GET landmarks", at=timezone.now())


def test_the_second_of_two_people_sees_what_the_first_saved_of_a_key(client):
    made = create_api_key(name="partner", scopes=["read"], at=timezone.now())
    client.force_login(create_user(name="lee", roles=[Role.PARTNER_MANAGER]).user)
    address = f"/admin/partners/apikey/{made.row.pk}/change/"
    mine = fields_of(client.get(address), "apikey_form") | {"per_minute": ["20"]}
    client.post(address, mine | {"per_minute": ["10"]})

    answer = client.post(address, mine)

    made.row.refresh_from_db()
    assert (answer.status_code, made.row.per_minute) == (409, 10)
