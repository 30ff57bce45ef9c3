"""Train a configuration: `python -m ml.train --config NAME --shards DIR --output DIR`.

`--set field=value` changes single fields (JSON values). Prints a JSON line for each evaluation
and one at the end. Interrupted and started again with the same arguments, it goes on where its
last checkpoint is. `ml/configs` lists the runs; `python -m ml.data.shards` makes shards.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from ml.training_config import InvalidConfig, TrainingConfig, config_named


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ml.train", description=__doc__.split(":")[0])
    parser.add_argument("--config", required=True, metavar="NAME")
    parser.add_argument("--shards", required=True, metavar="DIR")
    parser.add_argument("--output", required=True, type=Path, metavar="DIR")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    options = parser.parse_args(arguments)
    try:
        config = changed(config_named(options.config), options.set)
    except InvalidConfig as error:
        parser.error(str(error))
    # Read when TensorFlow and Keras are imported.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    # Here and not above: a wrong argument is said without waiting for TensorFlow.
    from ml.data.input_pipeline import NoShards
    from ml.training import OtherRun, train

    try:
        result = train(config, options.shards, options.output)
    except (NoShards, OtherRun, InvalidConfig) as error:
        print(f"ml.train: {error}", file=sys.stderr)
        return 2
    print(
        json.dumps(
            {
                "config": config.name,
                "step": result.step,
                "stopped_early": result.stopped_early,
                "training_loss": round(result.training_loss, 5),
                "held_out_loss": round(result.held_out.loss, 5),
                "held_out_top1": round(result.held_out.top1, 5),
            }
        )
    )
    return 0


def changed(config: TrainingConfig, assignments: list[str]) -> TrainingConfig:
    """The configuration with `field=value` texts applied; raises InvalidConfig."""
    values = {}
    for assignment in assignments:
        name, _, text = assignment.partition("=")
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return config.with_values(values)


if __name__ == "__main__":
    sys.exit(main())
