"""Training loops that a program writes itself: what they train with is a fact like a call of `compile`."""

from __future__ import annotations

import pytest

from kerascheck import check_script
from kerascheck.facts.events import arrays
from kerascheck.facts.own_steps import OwnStep
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import UNKNOWN
from kerascheck.script import read_script

HEAD = """\
import tensorflow as tf
import keras
from keras import layers

(x, y), _ = keras.datasets.mnist.load_data()
data = tf.data.Dataset.from_tensor_slices((x.reshape(-1, 784) / 255.0, y)).shuffle(1000).batch(64)
model = keras.Sequential([keras.Input((784,)), layers.Dense(64, activation="relu"), layers.Dense(10)])
optimizer = keras.optimizers.SGD(learning_rate=0.05)
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
"""
STEP = """
    with tf.GradientTape() as tape:
        logits = model(images, training=True)
        loss = loss_fn(labels, logits)
    gradients = tape.gradient(loss, model.trainable_weights)
    optimizer.apply_gradients(zip(gradients, model.trainable_weights))
"""
LOOP = f"{HEAD}for images, labels in data:{STEP}"
FUNCTION = (
    f"{HEAD}@tf.function\ndef step(images, labels):{STEP}\nfor images, labels in data:\n    step(images, labels)\n"
)
UNCALLED = f"{HEAD}@tf.function\ndef step(images, labels):{STEP}"
SUBCLASS = """\
import tensorflow as tf
import keras
from keras import layers

class Distiller(keras.Model):
    def __init__(self, student, **kwargs):
        super().__init__(**kwargs)
        self.student = student

    def compile(self, optimizer, loss_fn):
        super().compile(optimizer=optimizer)
        self.loss_fn = loss_fn

    def train_step(self, data):
        images, labels = data
        with tf.GradientTape() as tape:
            loss = self.loss_fn(labels, self.student(images, training=True))
        weights = self.student.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return {"loss": loss}

(x, y), (held, held_labels) = keras.datasets.mnist.load_data()
student = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10)])
distiller = Distiller(student)
distiller.compile(keras.optimizers.Adam(0.001), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
distiller.fit(x / 255.0, y, batch_size=64, epochs=3)
"""


def program(text: str) -> TrainingProgram:
    return read_script("train.py", text).program


def codes(text: str) -> list[str]:
    return [finding.code for finding in check_script(text).findings]


@pytest.mark.parametrize(
    "text", [LOOP, FUNCTION, UNCALLED, SUBCLASS], ids=["loop", "function", "uncalled", "train_step"]
)
def test_the_loss_of_an_own_step_belongs_to_the_model_that_it_judges(text: str) -> None:
    facts = program(text)
    graph = next(graph for graph in facts.models.values() if graph.steps)
    (loss,) = [step.losses[0] for step in graph.steps if isinstance(step.losses, tuple)]
    assert loss is not None
    assert (loss.name, loss.from_logits) == ("sparse_categorical_crossentropy", True)
    assert {step.model for step in facts.of(OwnStep)} == {graph.key}


@pytest.mark.parametrize("text", [LOOP, FUNCTION, UNCALLED], ids=["loop", "function", "uncalled"])
def test_the_optimizer_that_applies_gradients_belongs_to_the_model_whose_weights_it_changes(text: str) -> None:
    (graph,) = program(text).models.values()
    (optimizer,) = [step.optimizer for step in graph.steps if step.optimizer is not None]
    assert (optimizer.name, optimizer["learning_rate"]) == ("sgd", 0.05)


def test_the_optimizer_of_compile_is_not_told_again_by_the_step_that_uses_it() -> None:
    assert [step.optimizer for graph in program(SUBCLASS).models.values() for step in graph.steps] == [None]


def test_an_own_step_sees_the_batches_of_the_data() -> None:
    step = next(program(LOOP).of(OwnStep))
    ((images,), (labels,)) = (arrays(step.x), arrays(step.y))
    assert (images.shape, images.maximum, labels.classes) == ((60000, 784), 1.0, 10)


def test_weights_in_a_variable_are_known_as_those_of_their_model() -> None:
    text = LOOP.replace("zip(gradients, model.trainable_weights)", "zip(gradients, weights)")
    (graph,) = program(
        text.replace("    gradients =", "    weights = model.trainable_variables\n    gradients =")
    ).models.values()
    assert any(step.optimizer is not None for step in graph.steps)


FAULTS = {
    "KC304": ("from_logits=True", "from_logits=False"),
    "KC305": ("layers.Dense(10)", 'layers.Dense(10, activation="softmax")'),
    "KC306": ("SparseCategoricalCrossentropy", "CategoricalCrossentropy"),
    "KC311": ("layers.Dense(10)", "layers.Dense(5)"),
    "KC109": (" / 255.0", ""),
    "KC401": ("learning_rate=0.05", "learning_rate=5.0"),
    "KC402": ("learning_rate=0.05", "learning_rate=0.0"),
    "KC405": ("learning_rate=0.05", "learning_rate=0.05, momentum=1.5"),
}


@pytest.mark.parametrize("code", FAULTS)
@pytest.mark.parametrize("text", [LOOP, FUNCTION], ids=["loop", "function"])
def test_rules_about_training_judge_own_steps(code: str, text: str) -> None:
    assert code not in codes(text)
    assert code in codes(text.replace(*FAULTS[code]))


def test_a_function_of_tensorflow_on_logits_is_a_loss_on_logits() -> None:
    call = "tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)"
    text = LOOP.replace("loss_fn(labels, logits)", f"tf.reduce_mean({call})")
    assert "KC305" not in codes(text)
    assert "KC305" in codes(text.replace("layers.Dense(10)", 'layers.Dense(10, activation="softmax")'))


def test_a_metric_kept_inside_the_tape_is_no_loss() -> None:
    text = LOOP.replace("loss_fn(labels, logits)", "keras.metrics.SparseCategoricalAccuracy()(labels, logits)")
    (graph,) = program(text).models.values()
    assert all(step.losses is UNKNOWN for step in graph.steps)


def test_what_an_own_activation_makes_of_the_logits_is_not_held_against_the_model() -> None:
    text = LOOP.replace("loss_fn(labels, logits)", "loss_fn(labels, tf.nn.softmax(logits))").replace(
        "True)\nfor", "False)\nfor"
    )
    assert {"KC304", "KC305"}.isdisjoint(codes(text))


def test_a_rate_that_the_program_sets_itself_is_not_judged() -> None:
    text = LOOP.replace("learning_rate=0.05", "learning_rate=0.0") + "    optimizer.learning_rate.assign(0.1)\n"
    assert "KC402" not in codes(text)


def test_a_loss_outside_the_tape_is_no_training() -> None:
    assert not list(
        program(f"{HEAD}for images, labels in data:\n    print(loss_fn(labels, model(images)))\n").of(OwnStep)
    )


LOSSES = {
    "a function of Keras": "tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))",
    "a function of the backend": "keras.backend.sparse_categorical_crossentropy(labels, logits, True)",
    "a function of TensorFlow": "tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)",
    "a function of TensorFlow 1": "tf.compat.v1.losses.sparse_softmax_cross_entropy(labels, logits)",
    "keywords": "loss_fn(y_true=labels, y_pred=logits) + sum(model.losses)",
    "a function of the program": "tf.nn.compute_average_loss(own(labels, logits), global_batch_size=64)",
}


@pytest.mark.parametrize("way", LOSSES)
def test_a_loss_is_known_however_it_is_computed(way: str) -> None:
    text = LOOP.replace("loss_fn(labels, logits)", LOSSES[way])
    text = text.replace("for images", "def own(given, answered):\n    return loss_fn(given, answered)\nfor images")
    (graph,) = program(text).models.values()
    assert [
        (step.losses[0].name, step.losses[0].from_logits)
        for step in graph.steps
        if isinstance(step.losses, tuple) and step.losses[0] is not None
    ] == [("sparse_categorical_crossentropy", True)]


CALLS = {
    "a strategy": (
        f"{HEAD}strategy = tf.distribute.MirroredStrategy()\ndef step(batch):\n    images, labels = batch{STEP}\n"
        "for batch in data:\n    strategy.run(step, args=(batch,))\n"
    ),
    "a function that is traced later": (
        f"{HEAD}def step(images, labels):{STEP}\nfast = tf.function(step)\nfor images, labels in data:\n    fast(images, labels)\n"
    ),
}


@pytest.mark.parametrize("way", CALLS)
def test_an_own_step_sees_the_data_through(way: str) -> None:
    step = next(program(CALLS[way]).of(OwnStep))
    assert [array.classes for array in arrays(step.y)] == [10]


def test_a_model_of_several_inputs_is_known_behind_its_loss() -> None:
    text = """
import tensorflow as tf
import keras
first, second = keras.Input((4,)), keras.Input((4,))
model = keras.Model([first, second], keras.layers.Dense(1)(keras.layers.Concatenate()([first, second])))
loss_fn = keras.losses.BinaryCrossentropy()
for left, right in tf.data.Dataset.from_tensor_slices((load("left"), load("right"))).batch(8):
    with tf.GradientTape() as tape:
        answer = model([left, right], training=True)
        loss = loss_fn(tf.ones_like(answer), answer)
"""
    assert "KC304" in codes(text)
