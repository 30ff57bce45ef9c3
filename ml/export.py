"""Export for serving: `python -m ml.export --profile lite2+lite0 --output DIR`, or what a training
run has learned: `python -m ml.export --run DIR --output DIR`.

Writes DIR/<model name>/<version>/ as `ml.contract` lays it out, in about half a
minute on two cores, and prints one JSON object. A version that exists is never
overwritten; without --version the next free number is taken.

`--of MODELS/NAME/VERSION --variant int8|bf16` makes a smaller copy of an export, NAME-int8 or
NAME-bf16 (`ml.variants`).

`--profile local` exports local features for verification, which need no training; `--run DIR
--local` those of a trained attention.

`ensure_exported` is for set-up: it checks checksums (about 0.1 s) and exports,
in a process of its own, only what is missing. The caller never imports
TensorFlow.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from ml.contract import (
    DEFAULT_PROFILE,
    EXPORTED_PROFILES,
    LOCAL_PROFILE,
    Labels,
    Profile,
    profile_named,
    read_labels,
)
from ml.export_folder import (
    IncompleteExport,
    VersionExists,
    checked_labels,
    version_folders,
    write_export,
)


class ExportFailed(Exception):
    """The export process ended with an error."""


def ensure_exported(output: Path, profile: str = DEFAULT_PROFILE) -> Path:
    """The newest whole export of a profile under output, made when there is none.

    A folder that is damaged, or made by an older recipe of this code, is left
    alone and the next version is written. Raises UnknownProfile, ExportFailed.
    """
    wanted = profile_named(profile)
    found = newest_export(output, wanted)
    if found is not None:
        return found
    process = subprocess.run(
        [sys.executable, "-m", "ml.export", "--profile", wanted.name, "--output", str(output)],
        cwd=Path(__file__).resolve().parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    found = newest_export(output, wanted)
    if found is None:  # two at once: one may fail because the other was faster
        raise ExportFailed(f"export of {wanted.name} failed:\n{process.stderr[-4000:]}")
    return found


def newest_export(output: Path, profile: Profile) -> Path | None:
    """The newest whole export of this profile and recipe, or None."""
    for folder in version_folders(Path(output).resolve(), profile.model_name):
        try:
            labels = checked_labels(folder)
        except IncompleteExport:
            continue
        if (labels.profile, labels.recipe) == (profile.name, profile.recipe):
            return folder
    return None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ml.export", description=__doc__.split(":")[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--profile", choices=EXPORTED_PROFILES, default=DEFAULT_PROFILE)
    what.add_argument("--run", type=Path, metavar="DIR", help="the folder of a training run")
    what.add_argument("--of", type=Path, metavar="DIR", help="an export to make a variant of")
    parser.add_argument("--variant", choices=("int8", "bf16"), help="smaller numbers, with --of")
    parser.add_argument(
        "--local", action="store_true", help="of a run: its local features, with DELF's attention"
    )
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="DIR",
        help="to calibrate int8 on, or fit the PCA of local features",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--version", type=int, metavar="N", help="default: the next free number")
    options = parser.parse_args(arguments)
    if (options.of is None) != (options.variant is None):
        parser.error("--of and --variant go together")
    started = time.monotonic()
    if options.of:
        labels, folder = _write_variant(options)
    else:
        labels, folder = _write(options.run or profile_named(options.profile), options)
    print(
        json.dumps(
            {
                "model": labels.model,
                "version": labels.version,
                "profile": labels.profile,
                "folder": str(folder),
                "seconds": round(time.monotonic() - started, 1),
            }
        )
    )
    return 0


def _next_version(output: Path, model_name: str) -> int:
    folders = version_folders(output, model_name)
    return int(folders[0].name) + 1 if folders else 1


def _write_variant(options: argparse.Namespace) -> tuple[Labels, Path]:
    # Here and not above: as TensorFlow below, for ensure_exported's callers.
    from ml.pictures import DRAWN_PICTURES, NoPictures
    from ml.variants import NoVariant, Variant

    pictures = options.pictures or DRAWN_PICTURES
    try:
        variant = Variant(options.of, options.variant, pictures)
        version = options.version or _next_version(options.output, variant.model_name)
        folder = write_export(variant, options.output, version)
    except (IncompleteExport, NoVariant, NoPictures, VersionExists) as error:
        raise SystemExit(f"ml.export: {error}") from error
    return read_labels(folder), folder


def _write(source: Profile | Path, options: argparse.Namespace) -> tuple[Labels, Path]:
    # Read when TensorFlow and Keras are imported: errors only, and the backend
    # that can write a SavedModel.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    # Here and not above: TensorFlow takes seconds and 600 MB that
    # ensure_exported's callers must not pay.
    from ml.exporting import profile_to_export, run_to_export
    from ml.local_exporting import local_profile_to_export, local_run_to_export
    from ml.training import NothingTrained

    try:
        if source == LOCAL_PROFILE:
            to_export = local_profile_to_export(options.pictures)
        elif isinstance(source, Profile):
            to_export = profile_to_export(source)
        elif options.local:
            to_export = local_run_to_export(source, options.pictures)
        else:
            to_export = run_to_export(source)
        version = options.version or _next_version(options.output, to_export.model_name)
        folder = write_export(to_export, options.output, version)
    except (VersionExists, NothingTrained) as error:
        raise SystemExit(f"ml.export: {error}") from error
    return read_labels(folder), folder


if __name__ == "__main__":
    sys.exit(main())
