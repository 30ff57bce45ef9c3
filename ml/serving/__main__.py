"""The embedded model server: `python -m ml.serving --models DIR --port 8501`.

Speaks TensorFlow Serving's gRPC API; for development and small sites. Serves
every version below DIR, or what --model-config names in TensorFlow Serving's
own text format (base_path relative to DIR). Prints one line when it listens;
SIGTERM and SIGINT let running requests end within 5 s.
"""

import argparse
import os
import signal
import socket
import sys
from pathlib import Path

from ml.model_config import BadModelConfig
from ml.serving.loaded_models import LoadedModels, all_models
from ml.serving.service import build_server, read_model_config, wanted_models

GRACE_SECONDS = 5


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ml.serving", description=__doc__.split(":")[0])
    parser.add_argument("--models", type=Path, required=True, metavar="DIR")
    parser.add_argument("--model-config", type=Path, metavar="FILE")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8501, help="0 takes a free one")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args(arguments)
    stop = _stop_signals()
    try:
        return _serve(options, stop)
    except (BadModelConfig, OSError) as error:
        print(f"ml.serving: {error}", file=sys.stderr)
        return 1


def _serve(options: argparse.Namespace, stop: socket.socket) -> int:
    models = LoadedModels(options.threads)

    def load(config=None) -> None:
        if config is not None:
            models.serve(wanted_models(config, options.models))
        elif options.model_config is not None:
            text = options.model_config.read_text(encoding="utf-8")
            models.serve(read_model_config(text, options.models))
        else:
            models.serve(all_models(options.models))

    load()
    server = build_server(models, load)
    try:
        port = server.add_insecure_port(f"{options.host}:{options.port}")
    except RuntimeError as error:
        raise OSError(f"cannot listen on {options.host}:{options.port}: {error}") from error
    server.start()
    served = ", ".join(models.names()) or "no models"
    print(f"Model server is ready: {options.host}:{port} ({served})", flush=True)
    stop.recv(1)
    server.stop(GRACE_SECONDS).wait()
    return 0


def _stop_signals() -> socket.socket:
    """A socket that can be read once SIGTERM or SIGINT has come.

    The kernel may hand a signal to a thread of gRPC or ONNX Runtime, which does
    not wake the main thread; a byte on a socket does.
    """
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    signal.set_wakeup_fd(writer.detach())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return reader


if __name__ == "__main__":
    sys.exit(main())
