"""Training that a program writes itself: the losses inside a gradient tape, the optimizers that apply gradients, `train_step`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kerascheck.facts.events import Data, Event, LibraryCall
from kerascheck.facts.graph import Compile, Loss
from kerascheck.facts.own_steps import OwnStep
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.keras_api import normalize
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    FunctionValue,
    InstanceValue,
    ListValue,
    LossValue,
    ModelValue,
    Opaque,
    OptimizerValue,
    Path,
    TensorValue,
)
from kerascheck.script.walking import walk

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

_ON_LOGITS: Final = {
    "sigmoid_cross_entropy_with_logits": "binary_crossentropy",
    "softmax_cross_entropy_with_logits": "categorical_crossentropy",
    "softmax_cross_entropy_with_logits_v2": "categorical_crossentropy",
    "sparse_softmax_cross_entropy_with_logits": "sparse_categorical_crossentropy",
}
"""The functions of TensorFlow that are these losses of Keras with `from_logits=True`."""

_OF_TENSORFLOW_1: Final = {
    "sigmoid_cross_entropy": "binary_crossentropy",
    "softmax_cross_entropy": "categorical_crossentropy",
    "sparse_softmax_cross_entropy": "sparse_categorical_crossentropy",
}
"""The functions of `tf.losses` in TensorFlow 1 that are these losses with `from_logits=True`."""

_MODULES: Final = frozenset({"losses", "objectives", "backend"})
_TARGETS: Final = ("y_true", "target", "labels", "onehot_labels", "multi_class_labels")
_PREDICTIONS: Final = ("y_pred", "output", "logits")


def note_loss(ev: Evaluator, function: object, arguments: Arguments, node: ast.expr) -> None:
    """Inside a tape: record the loss that judges what a model gives."""
    loss = _loss_of(ev, function, arguments, node)
    if loss is None:
        return
    # The functions on logits take them in either order, and are called by keywords.
    named = isinstance(function, Path) and function.parts[-1] in _ON_LOGITS
    targets = arguments.get(None if named else 0, *_TARGETS)
    found = _model_behind(ev, arguments.get(None if named else 1, *_PREDICTIONS))
    if found is None:
        return
    model, x = found
    place = ev.place(node)
    compiled = Compile(None, (loss,), UNKNOWN, place, places={"loss": loss.location})
    known = next((step for step in model.steps if step.location == place and step.losses), None)
    if known is None:
        model.steps.append(compiled)
    y: Data = ev.data_fact(targets) if targets is not None else UNKNOWN
    ev.record(OwnStep(**ev.event_facts(place), model=model.key, x=x, y=y, compile=known or compiled))  # pyright: ignore[reportArgumentType]


def _loss_of(ev: Evaluator, function: object, arguments: Arguments, node: ast.expr) -> Loss | None:
    """The loss that a call computes; None for any other call."""
    if isinstance(function, LossValue):
        # A metric that is kept in the tape is no loss.
        return function.loss if normalize.loss(function.loss.written) is not None else None
    if isinstance(function, (FunctionValue, InstanceValue)):
        two = len(arguments.positional) == 2 and not arguments.keywords
        return _own_loss(ev, function, node) if two else None
    if not isinstance(function, Path):
        return None
    name = function.parts[-1]
    if function.parts[0] == "tensorflow" and name in _ON_LOGITS:
        return Loss(_ON_LOGITS[name], ev.place(node), True, written=name)
    if name in _OF_TENSORFLOW_1 and "losses" in function.parts[:-1]:
        return Loss(_OF_TENSORFLOW_1[name], ev.place(node), True, written=name)
    if function.parts[0] != "keras" or not _MODULES & set(function.parts[1:-1]) or name[:1].isupper():
        return None
    known = normalize.loss(name)
    if known is None:
        return None
    logits = arguments.get(2, "from_logits", default=False if arguments.complete else UNKNOWN)
    return Loss(known, ev.place(node), logits if isinstance(logits, bool) else UNKNOWN, written=name)


def _own_loss(ev: Evaluator, function: FunctionValue | InstanceValue, node: ast.expr) -> Loss | None:
    """A loss that the program writes itself, told by the names of its parameters."""
    if isinstance(function, InstanceValue):
        base = function.cls.base
        return ev.loss_fact(function, ev.place(node)) if base is not None and base.parts[-1] == "Loss" else None
    names = [parameter.arg for parameter in function.node.args.args[-2:]]
    return ev.loss_fact(function, ev.place(node)) if names == ["y_true", "y_pred"] else None


def _model_behind(ev: Evaluator, value: object) -> tuple[ModelValue, Data] | None:
    """The model whose only output a value is, and what it was called on."""
    if isinstance(value, TensorValue):
        producer = ev.assembly.producer(value.tensor)
        if producer is None or len(producer.outputs) != 1:
            return None
        model = next((model for model in ev.models if model.key == producer.layer.key), None)
        return (model, UNKNOWN) if model is not None else None
    if isinstance(value, (ArrayValue, Opaque)):
        return ev.answers.get(value.key if isinstance(value, Opaque) else value.data.key)
    return None


def note_applied(ev: Evaluator, subject: OptimizerValue, arguments: Arguments, node: ast.expr) -> None:
    """`optimizer.apply_gradients(zip(gradients, model.trainable_variables))`."""
    optimizer, place = subject.optimizer, ev.place(node)
    for model in _weights_in(
        ev, [*arguments.positional_nodes, *(word.value for word in arguments.keyword_nodes.values())]
    ):
        if not any(optimizer.key in _optimizers(known) for known in (model, *ev.models)):
            model.steps.append(Compile(optimizer, UNKNOWN, UNKNOWN, place))


def _optimizers(model: ModelValue) -> set[int]:
    return {step.optimizer.key for step in (*model.compiles, *model.steps) if step.optimizer is not None}


def _weights_in(ev: Evaluator, nodes: list[ast.expr]) -> Iterator[ModelValue]:
    """The models whose weights an expression names, also by a variable that holds them."""
    for argument in nodes:
        for node in walk(argument):
            if isinstance(node, ast.Attribute) and node.attr.startswith("trainable_"):
                owner = ev.evaluate(node.value)
            elif isinstance(node, ast.Name):
                held = ev.look_up(node.id)
                owner = ev.weights_of.get(held.key) if isinstance(held, Opaque) else None
            else:
                continue
            model = owner.model if isinstance(owner, InstanceValue) else owner
            if isinstance(model, ModelValue):
                yield model


def run_train_step(ev: Evaluator, model: ModelValue, x: object, y: object) -> None:
    """What `fit` does with a model that brings a `train_step` of its own: one batch of it."""
    instance = model.instance
    step = ev.class_attribute(instance.cls, "train_step") if instance is not None else None
    if instance is None or not isinstance(step, FunctionValue) or id(step.node) in ev.called:
        return
    batch = _batch(ev, x)
    data = batch if y is None else (batch, _batch(ev, y))
    before = len(ev.events)
    ev.undecided += 1
    try:
        ev.call_function(ev.bound(step, instance), Arguments([data], {}, None))
    finally:
        ev.undecided -= 1
    # All else that a step does belongs to the training, and is no use of the models besides it.
    ev.events[before:] = [event for event in ev.events[before:] if _is_of_training(event)]


def _is_of_training(event: Event) -> bool:
    return isinstance(event, OwnStep) or (isinstance(event, LibraryCall) and event.name.endswith("GradientTape"))


def _batch(ev: Evaluator, value: object) -> object:
    if not isinstance(value, ArrayValue):
        return value if isinstance(value, (tuple, ListValue)) else ev.unknown("batch")
    if value.data.elements:
        return ev.part_of(value)
    shape = value.data.shape
    return ev.derive(value, shape=shape if isinstance(shape, Unknown) else (None, *shape[1:]))
