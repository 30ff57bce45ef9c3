import fcntl
import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from apps.catalogue import decoding
from apps.catalogue.pictures import PictureRefused, prepare, upload_bounds
from tests.environment import ROOT
from tests.pictures import encoded, picture

pytestmark = pytest.mark.slow

SPINNING = decoding.CHILD.replace(
    "serve(",
    "import apps.catalogue.decoding_child as child\n"
    "def spin(request, content, turn):\n    while True: pass\n"
    "child.VERBS['spin'] = spin\n"
    "serve(",
    1,
)


@pytest.fixture
def decoders(monkeypatch):
    """Processes of this test alone."""
    made = decoding.Decoders(2)
    monkeypatch.setattr(decoding, "decoders", made)
    yield made
    made.close()


def prepared(content: bytes):
    return prepare(io.BytesIO(content), name="photo.jpg", bounds=upload_bounds())


def only_process(decoders) -> int:
    [decoder] = decoders._idle
    return decoder.process.pid


def test_one_warm_process_serves_picture_after_picture(decoders):
    decoders.warm_up()
    first = only_process(decoders)

    assert prepared(encoded(picture())).width == 320
    assert prepared(encoded(picture((90, 120)))).height == 120
    assert only_process(decoders) == first


def test_a_process_killed_while_it_waited_is_replaced(decoders):
    decoders.warm_up()
    killed = only_process(decoders)
    os.kill(killed, signal.SIGKILL)

    assert prepared(encoded(picture())).width == 320
    assert only_process(decoders) != killed


@pytest.mark.S1
def test_a_picture_that_hangs_is_given_up_and_the_next_is_decoded(decoders, settings):
    settings.PICTURE_SECONDS = 0.3
    decoders.warm_up()
    hanging = only_process(decoders)
    os.kill(hanging, signal.SIGSTOP)

    with pytest.raises(PictureRefused) as refused:
        prepared(encoded(picture()))

    settings.PICTURE_SECONDS = 20
    assert refused.value.code == "corrupt_image"
    assert not Path(f"/proc/{hanging}").exists()
    assert prepared(encoded(picture())).width == 320


@pytest.mark.S1
def test_a_picture_may_use_only_so_much_processor_time(decoders, settings, monkeypatch):
    settings.PICTURE_CPU_SECONDS = 0
    monkeypatch.setattr(decoding, "CHILD", SPINNING)

    with pytest.raises(decoding.TookTooLong, match="processor time"):
        decoders.ask({"verb": "spin"}, [b""], seconds=60)


@pytest.mark.S1
def test_a_picture_may_use_only_so_much_memory(decoders, settings):
    settings.PICTURE_MEMORY_MB = 80
    large = encoded(Image.new("RGB", (7000, 6000)), "PNG")

    with pytest.raises(PictureRefused) as refused:
        prepared(large)

    assert refused.value.code == "too_many_pixels"
    assert prepared(encoded(picture())).width == 320


def test_the_process_knows_no_secret_and_writes_no_file(decoders, monkeypatch, settings):
    monkeypatch.setenv("GILNUN_SECRET_KEY", "a" * 40)
    decoders.warm_up()
    prepared(encoded(picture()))
    process = Path(f"/proc/{only_process(decoders)}")

    limits = process.joinpath("limits").read_text()
    assert b"SECRET" not in process.joinpath("environ").read_bytes()
    assert f"Max address space         {settings.PICTURE_MEMORY_MB * 2**20}" in limits
    assert "Max file size             0 " in limits


def test_the_process_loads_pillow_and_nothing_of_the_portal():
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import apps.catalogue.decoding_child\n"
        "print({'django', 'numpy', 'psycopg'} & set(sys.modules), 'PIL.Image' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-I", "-c", script, str(ROOT)], capture_output=True, text=True, check=True
    )

    assert said.stdout.strip() == "set() True"


def test_a_forked_process_makes_processes_of_its_own():
    """A worker forks after its parent has decoded something: they must not share a line."""
    script = (
        "import os, django; django.setup()\n"
        "from apps.catalogue import decoding\n"
        "decoding.decoders.warm_up()\n"
        "held = decoding.decoders._idle[0].process.pid\n"
        "if (child := os.fork()) == 0:\n"
        "    assert not decoding.decoders._idle\n"
        "    decoding.decoders.warm_up()\n"
        "    assert decoding.decoders._idle[0].process.pid != held\n"
        "    decoding.decoders.close()\n"
        "    os._exit(0)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "os.kill(held, 0)\n"
    )
    said = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"},
        capture_output=True,
        text=True,
    )

    assert (said.stdout.strip(), said.returncode) == ("0", 0), said.stderr


def test_more_pictures_than_processes_wait_and_then_hear_that_it_is_busy(decoders, settings):
    settings.PICTURE_WAIT_SECONDS = 0.05
    held = [decoders._free.acquire() for _ in range(2)]

    with pytest.raises(PictureRefused) as refused:
        prepared(encoded(picture()))

    assert held == [True, True]
    assert (refused.value.code, refused.value.status) == ("too_busy", 503)


def test_pictures_of_many_threads_never_get_mixed_up(decoders):
    sizes = [(64 + number, 200 - number) for number in range(24)]
    seen: dict = {}

    def decode(size):
        made = prepared(encoded(picture(size)))
        seen[size] = (made.width, made.height)

    threads = [threading.Thread(target=decode, args=[size]) for size in sizes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == {size: size for size in sizes}


def test_pictures_that_need_much_memory_take_turns_on_the_machine(decoders, settings):
    """Two decoders each hold the lock only while they decode; one that waits too long gives up."""
    settings.PICTURE_SECONDS = 0.5
    large = encoded(Image.new("L", (6000, 5000)), "PNG")
    with (settings.DATA_DIR / "large-picture.lock").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(PictureRefused):
            prepared(large)
        assert prepared(encoded(picture())).width == 320

    settings.PICTURE_SECONDS = 20
    assert prepared(large).width == 2048
