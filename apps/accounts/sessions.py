"""Who a request comes from: session, person and roles in two short statements.

They are asked at every request, so they are written out, and always from the database: who
signs out, is blocked or loses a role is so at once, in every process.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import keep_roles
from apps.operations.statements import columns, fetch_one, instance

_MEMBERSHIP = User.groups.through._meta.db_table
_SESSION = f"""
    SELECT session_data FROM {Session._meta.db_table}
    WHERE session_key = %(key)s AND expire_date > %(at)s
"""  # nosec B608
_PERSON = f"""
    SELECT ARRAY(
        SELECT role.name FROM {_MEMBERSHIP} AS member
        JOIN {Group._meta.db_table} AS role ON role.id = member.group_id
        WHERE member.user_id = person.id
    ), {columns(User, "person")}
    FROM {User._meta.db_table} AS person WHERE person.id = %(id)s
"""  # nosec B608


class SessionStore(db.SessionStore):
    """Django's sessions in the database, read faster."""

    def load(self) -> dict[str, Any]:
        row = fetch_one(_SESSION, {"key": self.session_key, "at": timezone.now()})
        if row is None:
            # Nobody may choose the key of a session that begins.
            self._session_key = None
            return {}
        return self.decode(row[0])


class PersonBackend(ModelBackend):
    """Django's accounts; a request's person comes with their roles."""

    def get_user(self, user_id: int) -> User | None:
        row = fetch_one(_PERSON, {"id": user_id})
        if row is None:
            return None
        groups, *values = row
        person = instance(User, values)
        keep_roles(person, groups)
        return person if self.user_can_authenticate(person) else None
