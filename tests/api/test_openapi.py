"""The OpenAPI document: in the repository, valid, and changed only on purpose."""

import io
import json

from django.core.management import call_command
from django.test import Client

from tests.environment import ROOT

DOCUMENT = ROOT / "docs" / "openapi.json"


def test_the_document_in_the_repository_is_the_one_that_is_served(client: Client):
    served = client.get("/api/v1/openapi.json").json()

    # After a change on purpose: curl the address into the file, and a line in CHANGELOG.md.
    assert json.loads(DOCUMENT.read_text()) == served


def test_the_document_is_the_same_in_every_language(client: Client):
    answers = [
        client.get("/api/v1/openapi.json", headers={"Accept-Language": language}).json()
        for language in ("ko", "en")
    ]

    assert answers[0] == answers[1]


def test_the_document_is_valid_and_complete():
    call_command(
        "spectacular", format="openapi-json", validate=True, fail_on_warn=True, stdout=io.StringIO()
    )


def test_every_operation_names_its_errors():
    document = json.loads(DOCUMENT.read_text())

    for path in document["paths"].values():
        for operation in path.values():
            assert operation["description"]
            assert {"401", "403", "429"} <= set(operation["responses"])
