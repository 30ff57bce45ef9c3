"""The partner guide as it stands, and a client made from the document, against the whole portal."""

from __future__ import annotations

import importlib
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from tests.environment import ROOT
from tests.partners.receiving import Receiver, receiver
from tests.running import wait_until

pytestmark = pytest.mark.slow
GUIDE = (ROOT / "docs" / "partner-guide.md").read_text()
PHOTO = next(iter(sorted((ROOT / "ml" / "demo" / "pictures" / "samples").glob("*/*.jpg"))))


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


def run(script: str, portal, folder: Path, **values: str) -> subprocess.CompletedProcess:
    """Run a script of the guide in the checkout, as a person with the portal's settings would."""
    environment = {**portal.environment, "GILNUN": portal.address}
    environment |= {"PHOTO": str(PHOTO), "FOLDER": str(folder), "LC_ALL": "C.UTF-8", **values}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_every_command_of_the_guide_works(running_portal, tmp_path, hooks):
    if not all(map(shutil.which, ("curl", "jq"))):
        pytest.skip("needs curl and jq, which are not here")
    blocks = re.findall(r"^```sh\n(.*?)^```$", GUIDE, flags=re.DOTALL | re.MULTILINE)
    marked = "\n".join(f"echo '== {place}'\n{block}" for place, block in enumerate(blocks))

    result = run(marked, running_portal, tmp_path, HOOKS=hooks.url)

    assert result.returncode == 0, result.stdout + result.stderr
    said = dict(zip(range(len(blocks)), result.stdout.split("== ")[1:], strict=True))
    assert len(said) >= 8
    assert "첨성대" in said[1] and "may_modify" in said[1] and "FeatureCollection" in said[1]
    assert '"rank": 1' in said[3] and '"done"' in said[3]
    assert "null" not in said[6].splitlines()[1:], "Vision's shape names the landmark"
    assert (tmp_path / "gilnun_client" / "client.py").exists()


@pytest.fixture
def generated(running_portal, tmp_path, monkeypatch) -> Callable[[str], object]:
    """Make a client from the document in the repository; return how to import its modules."""
    result = run(
        ".venv/bin/openapi-python-client generate --path docs/openapi.json"
        ' --output-path "$FOLDER/gilnun_client" --meta none',
        running_portal,
        tmp_path,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Unable to parse" not in result.stdout, "the document has operations nobody can use"
    monkeypatch.syspath_prepend(tmp_path)
    yield lambda name: importlib.import_module(f"gilnun_client.{name}")
    for name in [name for name in sys.modules if name.partition(".")[0] == "gilnun_client"]:
        del sys.modules[name]


def test_a_generated_client_does_a_partners_day(request, running_portal, generated, hooks):
    made = running_portal.manage(
        "create_api_key", "generated", "--scope", "read", "recognize", "export"
    )
    client = generated("client").AuthenticatedClient(
        base_url=running_portal.address, token=made["key"], prefix="Api-Key", timeout=30
    )
    request.addfinalizer(client.get_httpx_client().close)
    models = generated("models")

    def ask(operation: str, *arguments, **values):
        reply = generated(f"api.{operation}").sync_detailed(*arguments, client=client, **values)
        assert reply.status_code < 300, reply.content
        return reply.parsed

    # Lists, filters, and one landmark.
    listed = ask("landmarks.landmarks_list", page_size=5)
    assert len(listed.results) == 5
    (found, *_) = ask("landmarks.landmarks_list", search="첨성대", lang="en").results
    near = ask("landmarks.landmarks_list", near=f"{found.latitude},{found.longitude}", radius_m=50)
    assert found.id in [each.id for each in near.results]
    one = ask("landmarks.landmarks_retrieve", found.id, lang="ko")
    assert one.name == "첨성대"

    # Changes, from the beginning to the end.
    seen, page = {}, ask("changes.changes_list", page_size=100)
    while page.results:
        seen |= {change.id: change.kind for change in page.results}
        page = ask("changes.changes_list", cursor=page.results[-1].cursor, page_size=100)
    assert found.id in seen

    # A webhook, a photo, its answer, and what the webhook hears of it.
    hook = ask(
        "webhooks.webhooks_create",
        body=models.WebhookInput(url=hooks.url, kinds=[models.EventKind.RECOGNITION_FINISHED]),
    )
    photo = generated("types").File(
        payload=io.BytesIO(PHOTO.read_bytes()), file_name="photo.jpg", mime_type="image/jpeg"
    )
    answer = ask(
        "recognitions.recognitions_create",
        body=models.Upload(photo=[photo]),
        idempotency_key="a day",
    )
    assert answer.status == models.RecognitionStatus.DONE
    assert answer.candidates[0].landmark.slug == PHOTO.parent.name
    wait_until(lambda: hooks.messages, seconds=60, what="the message of the webhook")
    message = hooks.messages[0]
    heard = Verifier(hook.secret).verify(message.body, message.headers)
    assert (heard["type"], heard["data"]["id"]) == ("recognition.finished", str(answer.id))

    # Feedback, usage, and leaving nothing behind.
    feedback = ask(
        "recognitions.recognitions_feedback_create",
        answer.id,
        body=models.FeedbackInput(correct=True),
    )
    assert feedback.landmark.slug == PHOTO.parent.name
    used = {each.operation for each in ask("usage.usage_retrieve").days[-1].operations}
    assert {"GET landmarks", "GET changes", "POST recognitions", "POST webhooks"} <= used
    ask("recognitions.recognitions_destroy", answer.id)
    ask("webhooks.webhooks_destroy", hook.id)
