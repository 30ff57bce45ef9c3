"""The training loop: shards and a configuration in, checkpoints and a log out.

A run lives in one folder: config.json, classes.json, log.jsonl (one line for each evaluation)
and checkpoint-<step>.npz. Started again, it goes on from its last checkpoint exactly as it
would have gone on. Imports TensorFlow.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from ml.data.input_pipeline import (
    Classes,
    evaluation_batches,
    has,
    read_classes,
    training_batches,
)
from ml.models.arcface_head import ArcFaceHead, dynamic_margins
from ml.models.network import training_network
from ml.training_config import Stage, TrainingConfig

CONFIG_FILE = "config.json"
CLASSES_FILE = "classes.json"
LOG_FILE = "log.jsonl"
KEPT_CHECKPOINTS = 2


class OtherRun(ValueError):
    """The folder holds a run with another configuration or other classes."""


class NothingTrained(ValueError):
    """A folder holds no run, or one without a checkpoint."""


class Trained(NamedTuple):
    """What a run has learned; labels in the order of the head's numbers."""

    config: TrainingConfig
    labels: list[str]
    network: keras.Model
    heads: dict[str, keras.layers.Layer]


class Evaluation(NamedTuple):
    """On the pictures kept out: mean loss without margins, share named right."""

    loss: float
    top1: float


class Result(NamedTuple):
    """Where a run ended."""

    step: int
    stopped_early: bool
    training_loss: float
    held_out: Evaluation


class Place(NamedTuple):
    """Where in a run a step lies: its stage, and the step inside that stage."""

    stage: Stage
    first_step: int
    end_step: int


def train(config: TrainingConfig, shards: str, output: Path) -> Result:
    """Train until the steps, the epochs or the patience end; take up what output holds.

    Raises NoShards, OtherRun, InvalidConfig.
    """
    classes = read_classes(shards)
    run = Run(config, classes, output)
    run.restore()
    if run.step == 0 and config.imprinted:
        run.imprint(shards)
    for place in run.remaining_places():
        if run.stopped_early:
            break
        run.train_stage(place, shards)
    return Result(run.step, run.stopped_early, run.training_loss, run.evaluate(shards))


class Run:
    """The network, heads, optimizers and progress of one run."""

    def __init__(self, config: TrainingConfig, classes: Classes, output: Path) -> None:
        self.config = config
        self.classes = classes
        self.output = Path(output)
        self._claim_folder()
        keras.utils.set_random_seed(config.seed)
        keras.mixed_precision.set_global_policy(
            "mixed_bfloat16" if config.mixed_precision else "float32"
        )
        self.strategy = _strategy(config.strategy)
        self.writes = _is_chief(self.strategy)
        with self.strategy.scope():
            self.network = training_network(config)
            self.heads = {
                name: _head(name, config, classes, output.shape)
                for name, output in self.network.output.items()
            }
            self.optimizers = (_optimizer(config), _optimizer(config))
            for optimizer, variables in zip(
                self.optimizers, self._trainable_variables(), strict=True
            ):
                optimizer.build(variables)
        # The same in every process of a run: pretrained weights, or random ones of its seed.
        self.starts = (
            [variable.numpy() for variable in self.network.trainable_variables]
            if config.anchor
            else []
        )
        self.step = 0
        self.training_loss = math.nan
        self.best_loss = math.inf
        self.without_progress = 0
        self.total_steps = sum(place.end_step - place.first_step for place in self._places())

    @property
    def stopped_early(self) -> bool:
        return 0 < self.config.patience <= self.without_progress

    # progress

    def _places(self) -> list[Place]:
        places, first = [], 0
        for stage in self.config.stages:
            pictures = int(self.classes.counts.sum())
            steps = max(1, pictures // stage.batch) * stage.epochs
            if self.config.steps:
                steps = min(
                    steps if len(self.config.stages) > 1 else self.config.steps,
                    self.config.steps - first,
                )
            if steps > 0:
                places.append(Place(stage, first, first + steps))
                first += steps
        return places

    def remaining_places(self) -> list[Place]:
        """The stages that are not done, the present one from its own first step."""
        return [place for place in self._places() if place.end_step > self.step]

    def imprint(self, shards: str) -> None:
        """Begin with the mean embedding of each class as its center."""
        size = self.network.output["embedding"].shape[-1]
        sums = np.zeros((len(self.classes.labels), size), np.float64)
        counts = np.zeros(len(self.classes.labels), np.int64)
        stage = self.config.stages[0]
        for images, labels in evaluation_batches(
            shards, "train", side=stage.side, batch=stage.batch
        ):
            embeddings = self.network(images, training=False)["embedding"].numpy()
            np.add.at(sums, labels.numpy(), embeddings)
            np.add.at(counts, labels.numpy(), 1)
        centers = sums / np.maximum(counts, 1)[:, None]
        self.heads["embedding"].imprint(centers, sums.sum(axis=0) / counts.sum())

    def train_stage(self, place: Place, shards: str) -> None:
        batches = training_batches(
            shards,
            side=place.stage.side,
            batch=place.stage.batch,
            augmentation=self.config.augmentation,
            seed=self.config.seed + place.first_step,
            class_balanced=self.config.class_balanced,
            skip_batches=self.step - place.first_step,
        )
        distributed = iter(self.strategy.experimental_distribute_dataset(batches))
        step_function = self._step_function()
        losses = []
        while self.step < place.end_step and not self.stopped_early:
            self._set_learning_rates()
            losses.append(float(step_function(next(distributed), tf.constant(self.step))))
            self.step += 1
            is_last = self.step == place.end_step
            if self.step % self.config.evaluate_every == 0 or is_last:
                self.training_loss = float(np.mean(losses))
                losses = []
                self._note(self.evaluate(shards, place.stage.side))
            if self.writes and (self.step % self.config.checkpoint_every == 0 or is_last):
                self.save()

    def _step_function(self):
        @tf.function
        def step(batch, number):
            losses = self.strategy.run(self._train_on, (batch, number))
            return self.strategy.reduce(tf.distribute.ReduceOp.MEAN, losses, axis=None)

        return step

    def _train_on(self, batch, number):
        images, labels = batch
        with tf.GradientTape() as tape:
            loss = self.loss(images, labels, number)
        variables = self._trainable_variables()
        gradients = tape.gradient(loss, variables)
        if self.config.clip_norm:
            flat, _ = tf.clip_by_global_norm([*gradients[0], *gradients[1]], self.config.clip_norm)
            gradients = flat[: len(variables[0])], flat[len(variables[0]) :]
        for optimizer, own_gradients, own in zip(
            self.optimizers, gradients, variables, strict=True
        ):
            optimizer.apply(own_gradients, own)
        return loss

    def loss(self, images, labels, number):
        """Cross-entropy of a batch, with the margins, mean over pictures and summed over heads.

        number seeds the sampled classes.
        """
        outputs = self.network(images, training=True)
        total = 0.0
        if "pooled" in outputs:
            total += self._cross_entropy(self.heads["pooled"](outputs["pooled"]), labels)
        if "embedding" in outputs:
            total += self._embedding_loss(outputs["embedding"], labels, number)
        if self.config.anchor:
            total += self.config.anchor * tf.add_n(
                [
                    tf.reduce_sum(tf.square(variable - start))
                    for variable, start in zip(
                        self.network.trainable_variables, self.starts, strict=True
                    )
                ]
            )
        return total

    def _embedding_loss(self, embeddings, labels, number):
        head = self.heads["embedding"]
        if 0 < self.config.sampled_negatives < len(self.classes.labels):
            return self._cross_entropy(
                *head.sampled(embeddings, labels, self.config.sampled_negatives, number)
            )
        return self._cross_entropy(head(embeddings, labels), labels)

    def _cross_entropy(self, logits, columns):
        targets = tf.one_hot(columns, tf.shape(logits)[1])
        return tf.reduce_mean(
            keras.losses.categorical_crossentropy(
                targets, logits, from_logits=True, label_smoothing=self.config.label_smoothing
            )
        )

    def _set_learning_rates(self) -> None:
        for optimizer, rate in zip(
            self.optimizers,
            (self.config.learning_rate, self.config.head_learning_rate),
            strict=True,
        ):
            optimizer.learning_rate.assign(
                learning_rate(
                    rate or self.config.learning_rate,
                    self.step,
                    self.total_steps,
                    self.config.warmup_steps,
                )
            )

    def evaluate(self, shards: str, side: int = 0) -> Evaluation:
        """Loss and top-1 on held-out pictures, or on the training ones where none are kept out."""
        stage = self.config.stages[-1]
        split = "held_out" if has(shards, "held_out") else "train"
        losses, right, count = 0.0, 0, 0
        batches = evaluation_batches(shards, split, side=side or stage.side, batch=stage.batch)
        for images, labels in batches:
            logits = self._answers(images)
            losses += float(
                tf.reduce_sum(
                    keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
                )
            )
            right += int(np.sum(np.argmax(logits, axis=1) == labels.numpy()))
            count += len(labels)
        return self._agreed(Evaluation(losses / max(count, 1), right / max(count, 1)))

    def _agreed(self, evaluation: Evaluation) -> Evaluation:
        """The mean over all workers: batch statistics differ a little, and all stop together."""
        if self.config.strategy != "multi_worker":
            return evaluation
        own = self.strategy.run(lambda: tf.constant(evaluation))
        mean = self.strategy.reduce(tf.distribute.ReduceOp.MEAN, own, axis=None)
        return Evaluation(*mean.numpy().tolist())

    def _answers(self, images):
        if not hasattr(self, "_answer"):
            # Where both are learned, the embedding is what the landmark is named by.
            name = next(name for name in ("embedding", "pooled") if name in self.heads)
            self._answer = tf.function(
                lambda pictures: self.heads[name](self.network(pictures, training=False)[name]),
                reduce_retracing=True,
            )
        return self._answer(images)

    def _note(self, evaluation: Evaluation) -> None:
        if evaluation.loss < self.best_loss:
            self.best_loss = evaluation.loss
            self.without_progress = 0
        else:
            self.without_progress += 1
        line = {
            "step": self.step,
            "of": self.total_steps,
            "training_loss": round(self.training_loss, 5),
            "held_out_loss": round(evaluation.loss, 5),
            "held_out_top1": round(evaluation.top1, 5),
            "learning_rate": float(self.optimizers[0].learning_rate.numpy()),
            "at": round(time.time(), 1),
        }
        if not self.writes:
            return
        with (self.output / LOG_FILE).open("a") as log:
            log.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)

    # checkpoints

    def _claim_folder(self) -> None:
        self.output.mkdir(parents=True, exist_ok=True)
        for name, text in (
            (CONFIG_FILE, self.config.to_json()),
            (CLASSES_FILE, json.dumps(self.classes.labels, ensure_ascii=False)),
        ):
            file = self.output / name
            if file.exists() and file.read_text() != text:
                raise OtherRun(f"{file} is of another run; choose another folder")
            file.write_text(text)

    def _trainable_variables(self) -> tuple[list[tf.Variable], list[tf.Variable]]:
        heads = [variable for head in self.heads.values() for variable in head.trainable_variables]
        return self.network.trainable_variables, heads

    def _variables(self) -> Iterator[tf.Variable]:
        yield from self.network.variables
        for head in self.heads.values():
            yield from head.variables
        for optimizer in self.optimizers:
            yield from optimizer.variables

    def save(self) -> Path:
        """Write checkpoint-<step>.npz, whole or not at all, and drop older ones."""
        arrays = {str(place): one.numpy() for place, one in enumerate(self._variables())}
        progress = np.array([self.step, self.best_loss, self.without_progress, self.training_loss])
        target = self.output / f"checkpoint-{self.step:08d}.npz"
        building = target.with_suffix(".building")
        with building.open("wb") as file:
            np.savez(file, progress=progress, **arrays)
        os.replace(building, target)
        for old in checkpoints(self.output)[:-KEPT_CHECKPOINTS]:
            old.unlink()
        return target

    def restore(self) -> None:
        """Go back to the last checkpoint of the folder, if there is one."""
        found = checkpoints(self.output)
        if not found:
            return
        with np.load(found[-1], allow_pickle=False) as arrays:
            for place, variable in enumerate(self._variables()):
                variable.assign(arrays[str(place)])
            step, self.best_loss, without_progress, self.training_loss = arrays["progress"].tolist()
        self.step, self.without_progress = int(step), int(without_progress)


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints of a run, oldest first."""
    return sorted(Path(folder).glob("checkpoint-*.npz"))


def load_trained(folder: Path) -> Trained:
    """The network and heads of a run at its last checkpoint; raises NothingTrained."""
    found = checkpoints(folder)
    try:
        config = TrainingConfig.from_json((Path(folder) / CONFIG_FILE).read_bytes())
        labels = json.loads((Path(folder) / CLASSES_FILE).read_bytes())
    except (OSError, ValueError) as error:
        raise NothingTrained(f"{folder} holds no training run: {error}") from error
    if not found:
        raise NothingTrained(f"{folder} holds no checkpoint yet")
    classes = Classes(labels, np.ones(len(labels), np.int64))
    # The checkpoint has every weight: none is fetched again.
    network = training_network(config.with_values({"weights": None}))
    heads = {
        name: _head(name, config, classes, output.shape) for name, output in network.output.items()
    }
    variables = [*network.variables]
    for head in heads.values():
        variables += head.variables
    with np.load(found[-1], allow_pickle=False) as arrays:
        for place, variable in enumerate(variables):
            variable.assign(arrays[str(place)])
    return Trained(config, labels, network, heads)


def learning_rate(peak: float, step: int, total: int, warmup: int) -> float:
    """Linear to `peak` in the first `warmup` steps, then half a cosine down to 0 at `total`."""
    if step < warmup:
        return peak * (step + 1) / warmup
    share = (step - warmup) / max(1, total - warmup)
    return peak * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


def _head(name: str, config: TrainingConfig, classes: Classes, shape) -> keras.layers.Layer:
    """Build what classifies one output: ArcFace for the embedding, plain softmax for DELF."""
    if name == "pooled":
        head = keras.layers.Dense(len(classes.labels), dtype="float32", name="pooled_head")
    else:
        head = ArcFaceHead(
            len(classes.labels),
            scale=config.scale,
            margins=_margins(config, classes),
            subcenters=config.subcenters,
            centred=config.imprinted,
            name="head",
        )
    head.build((None, shape[-1]))
    return head


def _margins(config: TrainingConfig, classes: Classes):
    if config.dynamic_margins is None:
        return config.margin
    return dynamic_margins(np.maximum(classes.counts, 1), *config.dynamic_margins)


def _optimizer(config: TrainingConfig) -> keras.optimizers.Optimizer:
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(
            config.learning_rate, momentum=0.9, weight_decay=config.weight_decay or None
        )
    return keras.optimizers.AdamW(config.learning_rate, weight_decay=config.weight_decay)


def _strategy(name: str) -> tf.distribute.Strategy:
    if name == "mirrored":
        return tf.distribute.MirroredStrategy()
    if name == "multi_worker":
        return tf.distribute.MultiWorkerMirroredStrategy()
    return tf.distribute.get_strategy()


def _is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Of several workers with one folder, one writes log and checkpoints."""
    cluster = strategy.cluster_resolver
    return cluster is None or cluster.task_type in (None, "", "chief") or cluster.task_id == 0
