"""The nginx of deploy/: a good configuration that gives out what the portal says and no more."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.environment import ROOT
from tests.running import free_port, wait_until

pytestmark = pytest.mark.slow
CONFIGURATION = ROOT / "deploy" / "nginx" / "gilnun.conf"
WAYS_OUT = [
    "/static../portal/settings.py",
    "/static/../../etc/passwd",
    "/static/..%2f..%2f..%2fetc/passwd",
    "/static/%2e%2e/%2e%2e/etc/passwd",
    "/static/....//....//etc/passwd",
    "/media/../secrets/django-secret-key",
    "/media../secrets/django-secret-key",
    "//etc/passwd",
    "/.git/config",
    "/.env",
    "/..;/etc/passwd",
]


class Echo(BaseHTTPRequestHandler):
    """Stand where the portal stands, and say what arrived."""

    protocol_version = "HTTP/1.1"
    asked: list[str] = []

    def do_GET(self):
        self.asked.append(self.path)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps({"path": self.path, "headers": dict(self.headers)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture(scope="module")
def nginx(tmp_path_factory) -> Iterator[str]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None or shutil.which("openssl") is None:
        pytest.skip("needs nginx and openssl (Debian: apt-get install nginx), which are not here")
    folder = tmp_path_factory.mktemp("nginx")
    portal = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=portal.serve_forever, daemon=True).start()
    port = free_port()
    configuration = written(folder, port, portal.server_port, program)
    command = [program, "-p", str(folder), "-c", str(configuration), "-e", str(folder / "errors")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen([*command, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: listens(port), seconds=20, what="nginx to listen")
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=15)
        portal.shutdown()
        portal.server_close()


def written(folder: Path, port: int, portal: int, program: str) -> Path:
    """Write the configuration for this machine: other ports and certificate, else as it is."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        + ["-subj", "/CN=localhost", "-keyout", str(folder / "privkey.pem")]
        + ["-out", str(folder / "fullchain.pem")],
        check=True,
        capture_output=True,
    )
    text = CONFIGURATION.read_text()
    for said, here in {
        "web:8000": f"127.0.0.1:{portal}",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "/etc/nginx/certificates": str(folder),
    }.items():
        assert said in text
        text = text.replace(said, here)
    told = subprocess.run([program, "-v"], capture_output=True, text=True).stderr
    version = tuple(int(part) for part in told.split("/")[1].split()[0].split(".")[:2])
    if version < (1, 25):
        # Debian's nginx knows the older word only.
        text = text.replace("    http2 on;\n", "").replace(" ssl;", " ssl http2;")
    (folder / "site.conf").write_text(text)
    account = "user root;" if os.getuid() == 0 else ""
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = folder / "nginx.conf"
    main.write_text(
        f"{account} worker_processes 1; pid {folder}/pid; events {{}}"
        f" http {{ {places} access_log off; include {folder}/site.conf; }}"
    )
    return main


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def client(nginx) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=nginx, verify=False, http2=False) as client:
        yield client


@pytest.mark.S9
@pytest.mark.parametrize("path", WAYS_OUT)
def test_no_way_leads_to_files(nginx, path):
    host, _colon, port = nginx.removeprefix("https://").partition(":")
    answer = subprocess.run(
        ["openssl", "s_client", "-quiet", "-connect", f"{host}:{port}"],
        input=f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode(),
        capture_output=True,
    ).stdout.decode(errors="replace")

    assert "root:" not in answer and "SECRET" not in answer and "[core]" not in answer
    # The portal itself answers, or nginx refuses.
    assert '"path"' in answer or " 400 " in answer.splitlines()[0]


def test_the_portal_hears_the_senders_address_and_not_what_they_wrote(client):
    headers = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "http", "X-Request-ID": "mine"}

    heard = client.get("/", headers=headers).json()["headers"]

    assert heard["X-Forwarded-For"] == "127.0.0.1"
    assert heard["X-Forwarded-Proto"] == "https"
    assert len(heard["X-Request-ID"]) == 32


@pytest.mark.parametrize(
    ("path", "megabytes", "status"),
    [
        ("/recognize/", 20, 200),
        ("/recognize/", 23, 413),
        ("/api/v1/recognitions/", 90, 200),
        ("/api/v1/recognitions/", 103, 413),
        ("/admin/annotation/dataset/3/pictures/", 150, 200),
    ],
)
def test_bodies_have_the_portals_sizes(client, path, megabytes, status):
    answer = client.post(path, content=b"x" * (megabytes * 1024 * 1024), timeout=60)

    assert answer.status_code == status


def test_the_numbers_of_the_operators_stay_inside(client):
    assert client.get("/metrics").status_code == 404


@pytest.mark.R13
def test_slow_senders_hold_nobody_up_and_no_process_of_the_portal(nginx, client, is_long, seen):
    host, _colon, port = nginx.removeprefix("https://").partition(":")
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    head = b"POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
    times = []
    with ExitStack() as open_lines:
        slow = []
        for number in range(50):
            # From several addresses: one address has at most so many connections.
            source = (f"127.0.0.{2 + number % 5}", 0)
            line = socket.create_connection((host, int(port)), 30, source)
            slow.append(open_lines.enter_context(trusting.wrap_socket(line)))
            slow[-1].sendall(head)
        for _ in range(20 if is_long else 2):
            for line in slow:
                line.sendall(b"x" * 100)
            for _ in range(10):
                started = time.monotonic()
                assert client.get("/quick").status_code == 200
                times.append(time.monotonic() - started)
    p95 = sorted(times)[len(times) * 95 // 100]

    assert "/quick" in Echo.asked and "/slow" not in Echo.asked
    seen("R13", slow=50, p95_of_others_s=round(p95, 3))
    assert p95 <= 1 or not is_long
