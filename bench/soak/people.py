"""Who uses the portal during a soak: annotators, tourists, partners, editors."""

from __future__ import annotations

import itertools
import random
import time
from http import HTTPStatus
from pathlib import Path

import lxml.html

from bench.soak.clients import Client, GaveUp, Log
from bench.soak.making import Place
from tests.crowd import CSRF
from tests.running import ROOT, Portal

SAMPLES = sorted((ROOT / "ml" / "demo" / "pictures" / "samples").rglob("*.jpg"))
SEE_OTHER = (HTTPStatus.FOUND, HTTPStatus.SEE_OTHER)
PENDING_SECONDS = 120.0
SHOWN_SECONDS = 15.0
PAUSE = 0.3
TRIES = 200
SENTENCE = "오래된 문과 성벽이 있는 곳이다. "
CSRF_FIELD = {"csrfmiddlewaretoken": CSRF}
LANDMARKS = "/admin/catalogue/landmark/"
ARTICLES = "/admin/guide/article/"


class Annotator(Client):
    """Draws boxes, now and then passes an image on."""

    who = "annotator"
    pause = 0.3

    def __init__(self, portal: Portal, log: Log, chance: random.Random, *, session, dataset, place):
        cookies = {"sessionid": session, "csrftoken": CSRF}
        super().__init__(portal, log, chance, cookies=cookies, headers={"X-CSRFToken": CSRF})
        self._dataset = {"dataset": dataset}
        self._place = place
        self._task: dict | None = None
        self._number = itertools.count(1)

    def once(self) -> None:
        if self._task is None:
            claimed = self._post("claim", self._dataset, what="claim", wanted=(200, 204))
            self._task = claimed.json()["task"] if claimed.status_code == 200 else None
            return
        if self.chance.random() < 0.1:
            self._skip(self._task)
        else:
            self._submit(self._task)

    def _submit(self, task: dict) -> None:
        x, y = task["id"] % 1000, self._place
        body = {"token": task["token"], "bbox": [x, y, 640, 480], "occluded": True}
        answer = self._post(f"tasks/{task['id']}/submit", body | self._dataset, what="submit")
        self.log.annotations.append((task["id"], answer.json()["annotation"], x, y))
        self._go_on(answer.json())

    def _skip(self, task: dict) -> None:
        reason = f"person {self._place}, {next(self._number)}"
        body = {"token": task["token"], "reason": reason}
        # 409: an earlier try passed it on and its answer was lost.
        answer = self._post(
            f"tasks/{task['id']}/skip", body | self._dataset, what="skip", wanted=(200, 409)
        )
        self.log.skips.add((task["id"], reason))
        self._go_on(answer.json() if answer.status_code == 200 else {})

    def _go_on(self, answer: dict) -> None:
        following = answer.get("next")
        self._task = following["task"] if following else None

    def _post(self, path: str, body: dict, **options):
        return self.ask("POST", f"/annotate/api/{path}", json=body, **options)


class Tourist(Client):
    """Looks at pages, and asks what a photo shows."""

    who = "tourist"

    def __init__(self, portal: Portal, log: Log, chance: random.Random, *, slugs: list[str]):
        super().__init__(portal, log, chance)
        self._slugs = slugs

    def once(self) -> None:
        if self.chance.random() < 0.2:
            self._photo(self.chance.choice(SAMPLES))
            return
        slug = self.chance.choice(self._slugs)
        pages = ["/", "/landmarks/?q=문", "/map/", "/routes/", "/en/landmarks/"]
        path = self.chance.choice([*pages, *[f"/landmarks/{slug}/"] * 3])
        self.ask("GET", path, what="page")

    def _photo(self, photo: Path) -> None:
        files = {"photo": ("photo.jpg", photo.read_bytes(), "image/jpeg")}
        sent = self.ask("POST", "/recognize/", what="photo", wanted=SEE_OTHER, files=files)
        address = sent.headers["Location"]
        self.log.photos[address.rstrip("/").rpartition("/")[2]] = self.who
        until_answered(self, address)
        self.ask("GET", address, what="answer")


class Partner(Client):
    """Sends photos with a key for each, reads lists, follows the changes."""

    who = "partner"

    def __init__(self, portal: Portal, log: Log, chance: random.Random, *, key: str, name: str):
        super().__init__(portal, log, chance, headers={"Authorization": f"Api-Key {key}"})
        self._name = name
        self._number = itertools.count(1)
        self._cursor = ""
        self.copy: dict[int, str] = {}

    def once(self) -> None:
        does = self.chance.choice([self._photo, self._read, self.follow, self.follow])
        does()

    def _photo(self) -> None:
        photo = self.chance.choice(SAMPLES).read_bytes()
        sent = self.ask(
            "POST",
            "/api/v1/recognitions/",
            what="recognition",
            wanted=(201,),
            files={"photo": ("photo.jpg", photo, "image/jpeg")},
            headers={"Idempotency-Key": f"{self._name}-{next(self._number)}"},
        )
        self.log.photos[sent.json()["id"]] = self.who
        if sent.json()["status"] == "pending":
            until_answered(self, f"/api/v1/recognitions/{sent.json()['id']}/")

    def _read(self) -> None:
        page = self.ask("GET", "/api/v1/landmarks/?page_size=50", what="list").json()
        chosen = self.chance.choice(page["results"])
        self.ask("GET", f"/api/v1/landmarks/{chosen['id']}/", what="detail", wanted=(200, 404))

    def follow(self) -> None:
        """Read what changed since the last time, to the end of the feed."""
        more = True
        while more:
            path = f"/api/v1/changes/?page_size=200&cursor={self._cursor}"
            page = self.ask("GET", path, what="changes").json()
            self.copy |= {row["id"]: row["cursor"] for row in page["results"]}
            self._cursor, more = page["cursor"], page["next"]


def until_answered(client: Client, address: str) -> None:
    """Look after a photo until it is answered. Raises GaveUp."""
    deadline = time.monotonic() + PENDING_SECONDS
    while time.monotonic() < deadline:
        headers = {"Accept": "application/json"}
        status = client.ask("GET", address, what="is it done", headers=headers).json()["status"]
        if status == "done":
            return
        if status == "failed":
            raise GaveUp(f"{address} failed")
        time.sleep(0.5)
    raise GaveUp(f"{address} is not answered after {PENDING_SECONDS:.0f} s")


class Editor(Client):
    """Changes entries and texts in the admin. Only this one works on these rows."""

    who = "editor"
    pause = 1.0

    def __init__(
        self,
        portal: Portal,
        log: Log,
        chance: random.Random,
        *,
        session: str,
        name: str,
        places: list[Place],
    ):
        super().__init__(portal, log, chance, cookies={"sessionid": session, "csrftoken": CSRF})
        self._name = name
        self._places = places
        self._number = itertools.count(1)

    def once(self) -> None:
        does = self.chance.choice([self._change_entry, self._change_many, self._publish])
        does(self.chance.choice(self._places))

    def _change_entry(self, place: Place) -> None:
        address = f"{self._name} {next(self._number)}"
        self._save(f"{LANDMARKS}{place.landmark}/change/", "address", address)
        self.log.edits.append((place.landmark, address))

    def _change_many(self, place: Place) -> None:
        at = self._places.index(place)
        keys = tuple(each.landmark for each in self._places[at : at + 5])
        source = f"{self._name} {next(self._number)}"
        fields = {"keys": ",".join(map(str, keys)), "source": source, "apply": "1"}
        path = f"{LANDMARKS}bulk/"
        self.ask("POST", path, what="bulk", wanted=SEE_OTHER, data=fields | CSRF_FIELD)
        self.log.bulk_changes.append((keys, source))

    def _publish(self, place: Place) -> None:
        """Take a text back, write it anew, publish it, and look at the public page."""
        mark = f"{self._name} {next(self._number)}:"
        text = f"{mark} {SENTENCE * 6}".strip()
        self._step(place.article, "withdraw", then="publish")
        self._save(f"{ARTICLES}{place.article}/change/", "body", text)
        self._step(place.article, "publish", then="withdraw")
        self.log.published.append((place.article, text))
        page = f"/landmarks/{place.slug}/"
        deadline = time.monotonic() + SHOWN_SECONDS
        while mark not in self.ask("GET", page, what="public page").text:
            if time.monotonic() > deadline:
                raise GaveUp(f"{page} shows an old text")
            time.sleep(PAUSE)

    def _save(self, path: str, field: str, value: str) -> None:
        """Save a form; look again where the answer was lost or a colleague saved meanwhile."""
        for _ in range(TRIES):
            fields = self._form(path, field)
            if fields[field] == [value]:
                return
            sent = self.try_once("POST", path, what="save", data=fields | {field: [value]})
            if sent is not None and sent.status_code in SEE_OTHER:
                return
            if sent is not None and sent.status_code not in (409, 503):
                raise GaveUp(f"POST {path}: {sent.status_code} {_errors(sent.text)}")
            time.sleep(PAUSE)
        raise GaveUp(f"{path} could not be saved")

    def _step(self, article: int, step: str, *, then: str) -> None:
        """Take a step of a text; it is taken where the page offers the one that follows it."""
        path = f"{ARTICLES}{article}/workflow/"
        for _ in range(TRIES):
            page = self.ask("GET", path, what="form").text
            if f'value="{then}"' in page:
                return
            self.try_once("POST", path, what=step, data={"step": step} | CSRF_FIELD)
        raise GaveUp(f"{path}: {step}")

    def _form(self, path: str, field: str) -> dict[str, list[str]]:
        """Return what the form that has a field of this name would send."""
        page = lxml.html.fromstring(self.ask("GET", path, what="form").text)
        form = next(each for each in page.forms if field in each.fields)
        fields: dict[str, list[str]] = {}
        for name, value in form.form_values():
            fields.setdefault(name, []).append(value.removeprefix("\n"))
        # An empty field has no value attribute.
        fields.setdefault(field, [""])
        return fields


def _errors(page: str) -> str:
    found = lxml.html.fromstring(page).xpath("//*[contains(@class, 'error')]")
    return " ".join(each.text_content().strip() for each in found)[:300]
