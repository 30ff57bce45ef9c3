"""The files an operator deploys from: well-formed, and the same commands as `make run`."""

from __future__ import annotations

import json
import re
import subprocess

import jsonschema
import kubernetes_validate
import prometheus_client
import psycopg
import pytest
import yaml
from django.test import Client
from django.utils.module_loading import import_string

from portal.database_cluster import DatabaseCluster
from portal.server_programs import program_path
from portal.supervisor import watchers
from tests.environment import ROOT

DEPLOY = ROOT / "deploy"
SCHEMA = ROOT / "tests" / "vendor" / "compose-spec-1.29.2" / "compose_spec.json"
# Whose values other programs read.
NOT_OURS = {"POSTGRES_PASSWORD", "OWNER_PASSWORD", "APPLICATION_PASSWORD", "CERTIFICATES"} | {
    "GILNUN_IMAGE",
    "PROMETHEUS_MULTIPROC_DIR",
}


def compose() -> dict:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def manifests() -> list[dict]:
    return yaml.safe_load((DEPLOY / "kubernetes" / "gilnun.yaml").read_text())["items"]


def settings_known() -> set[str]:
    return set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))


def own_commands() -> dict[str, list[str]]:
    """Return what `make run` starts, without where Python lies and where to listen."""
    found = {}
    for each in watchers(lambda: None):
        if each["name"] in ("web", "worker", "sweeper"):
            found[each["name"]] = general(each["args"])
    return found


def general(arguments: list[str]) -> list[str]:
    """Leave out what differs between a machine of one's own and a container."""
    plain = [each for each in arguments if not each.startswith("--bind=")]
    if "-W" in plain:
        at = plain.index("-W")
        del plain[at : at + 2]
    return plain


def test_compose_follows_its_specification():
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))

    assert [fault.message for fault in validator.iter_errors(compose())] == []


def test_kubernetes_knows_every_manifest():
    kinds = [each["kind"] for each in manifests()]

    for manifest in manifests():
        kubernetes_validate.validate(manifest, "1.31", strict=True)
    assert kinds.count("Deployment") == 4


def test_containers_run_the_commands_of_make_run():
    services = compose()["services"]
    ours = own_commands()
    pods = {
        each["metadata"]["labels"]["part"]: each["spec"]["template"]["spec"]["containers"][0]
        for each in manifests()
        if each["kind"] == "Deployment"
    }
    image = (DEPLOY / "Containerfile").read_text()
    own = json.loads(image[image.index("CMD [") + 4 :].replace("\\\n", ""))

    assert ours.keys() == {"web", "worker", "sweeper"}
    for name, command in ours.items():
        assert general(services[name]["command"][1:]) == command
        assert general(pods[name]["command"][1:]) == command
    assert general(own[1:]) == ours["web"]


def test_every_setting_that_is_named_exists():
    named = set(re.findall(r"\b([A-Z][A-Z_]*_[A-Z_]+)=", (DEPLOY / "env.example").read_text()))
    for service in compose()["services"].values():
        if service.get("image", "").startswith("${GILNUN_IMAGE"):
            named |= service["environment"].keys()
    for each in manifests():
        if each["kind"] == "ConfigMap":
            named |= each["data"].keys()

    assert named - NOT_OURS <= settings_known()


def test_the_image_takes_what_is_there():
    lines = (DEPLOY / "Containerfile").read_text().splitlines()
    copied = [
        line.split()[1:] for line in lines if line.startswith("COPY") and "--from" not in line
    ]
    names = [name for line in copied for name in line[:-1] if not name.startswith("--")]

    assert "manage.py" in names
    assert [name for name in names if not (ROOT / name).exists()] == []
    assert "# tests and lint" in (ROOT / "requirements.txt").read_text().splitlines()


@pytest.mark.django_db
def test_alerts_ask_for_numbers_that_there_are():
    Client().get("/")
    shown = Client().get("/metrics").content.decode()
    known = set(re.findall(r"^# TYPE (\w+)", shown, re.M))
    known |= {family.name for family in prometheus_client.REGISTRY.collect()}
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"][0][
        "rules"
    ]

    asked = {name for rule in rules for name in re.findall(r"\bgilnun_\w+", rule["expr"])}

    told = {name for rule in rules for name in re.findall(r'task="([\w.]+)"', rule["expr"])}

    assert len(rules) >= 5
    assert told and all(callable(import_string(name)) for name in told)
    assert {re.sub(r"_(total|bucket)$", "", name) for name in asked} <= {
        name.removesuffix("_total") for name in known
    }
    assert all(rule["annotations"].keys() == {"summary", "what_to_do"} for rule in rules)


@pytest.mark.slow
def test_the_database_of_compose_is_made_with_the_roles_that_the_portal_needs(tmp_path):
    cluster = DatabaseCluster(tmp_path / "data", durable=False)
    cluster.prepare()
    cluster.start()
    try:
        with psycopg.connect(cluster.dsn("postgres", "postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE gilnun")
        subprocess.run(
            ["bash", str(DEPLOY / "database" / "10-roles.sh")],
            env={
                "PATH": f"{program_path(None, 'psql').parent}:/usr/bin:/bin",
                "PGHOST": str(cluster.socket_dir),
                "PGPASSWORD": cluster.password("postgres"),
                "POSTGRES_USER": "postgres",
                "APPLICATION_PASSWORD": "app's password",
                "OWNER_PASSWORD": "owner's password",
            },
            check=True,
        )
        told = "host={} dbname=gilnun user={} password='{}'"
        owner = told.format(cluster.socket_dir, "gilnun_owner", r"owner\'s password")
        application = told.format(cluster.socket_dir, "gilnun_app", r"app\'s password")
        with psycopg.connect(owner) as connection:
            connection.execute("CREATE TABLE made (word text); INSERT INTO made VALUES ('here')")
        with psycopg.connect(application) as connection:
            word = connection.execute("SELECT word FROM made").fetchone()[0]
            alike = connection.execute("SELECT show_trgm('경복궁') <> '{}'").fetchone()[0]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("CREATE TABLE another (word text)")
    finally:
        cluster.stop()

    assert (word, alike) == ("here", True)
