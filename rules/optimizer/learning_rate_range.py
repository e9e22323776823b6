"""A learning rate outside of what the optimizer can work with.

## What it does

Looks at learning rates that are written out as numbers, of the optimizers of `compile` and of those that apply the
gradients of a training loop. A negative rate and one of 1 or more are errors; a warning for the
Adam family and RMSprop above 0.01 or below 1e-6, for SGD above 0.1, and for SGD from 0.1 on where a regression loss has
gradients as large as the targets. Adadelta, whose own rate is 1, is left out; so are SGD with clipped gradients, fits whose
rate a callback sets, and models without a non-linearity, unless a step is longer than their weights are at the start.

A pretrained base of `keras.applications` that was frozen in a first training and is made trainable for a second one is fine-tuned:
there a rate of 0.001 (Adam family and RMSprop) or 0.01 (SGD) is a warning, also where it is the default.

## Why it matters

The Adam family moves every weight by about the rate itself at each step: at 0.1 the weights jump past every minimum, the
loss stands still or explodes, and units with relu die. A negative rate climbs the loss. A rate far too small leaves the
model where it started. While fine-tuning, a full rate undoes within a few steps what the base has learned on millions of images.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense
from keras.optimizers import Adam

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10, activation="softmax")])
model.compile(Adam(learning_rate=0.1), "categorical_crossentropy", metrics=["accuracy"])  # KC401
```

```python
from keras import Input, Sequential
from keras.layers import Dense
from keras.optimizers import SGD

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10, activation="softmax")])
optimizer = SGD(-0.01)  # KC401
model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
```

A regression:

```python
from keras import Input, Sequential
from keras.layers import Dense
from keras.optimizers import SGD

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(1)])
model.compile(SGD(0.1), "mse", metrics=["mae"])  # KC401
```

Fine-tuning:

```python
import keras

base = keras.applications.EfficientNetB0(include_top=False, pooling="avg", input_shape=(224, 224, 3))
base.trainable = False
inputs = keras.Input((224, 224, 3))
outputs = keras.layers.Dense(5, "softmax")(keras.layers.Dropout(0.2)(base(inputs, training=False)))
model = keras.Model(inputs, outputs)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
training, validation = keras.utils.image_dataset_from_directory(
    "flowers", validation_split=0.2, subset="both", seed=1, image_size=(224, 224)
)
model.fit(training, epochs=10, validation_data=validation)
base.trainable = True
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])  # KC401
model.fit(training, epochs=10, validation_data=validation)
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense
from keras.optimizers import Adam

model = Sequential([Input((20,)), Dense(64, activation="relu"), Dense(10, activation="softmax")])
model.compile(Adam(learning_rate=1e-3), "categorical_crossentropy", metrics=["accuracy"])
```

## Known limits

What is right depends on batch size and scaling; the bounds are wide, and a rate left at its default is never reported.
Plain SGD below 0.5 is a hint only; several rates that one line tries one after the other are left alone. Very small rates
of SGD are used on data that is not scaled and are not reported. A pretrained base that is trained from the start, without a
training in which it is frozen, or at a tenth of the rate before, is left alone.

## References

- Schoop, Huang, Hartmann, UMLAUT: Debugging Deep Learning Programs (CHI 2021), bounds of the rate
- <https://keras.io/api/optimizers/>
- <https://keras.io/guides/transfer_learning/#finetuning>
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerascheck.facts.applications import Base, bases
from kerascheck.facts.events import Compiled, Fit
from kerascheck.facts.freezing import Change, changes, keys_of
from kerascheck.facts.graph import Compile, ModelGraph, Optimizer
from kerascheck.facts.optimizers import ADAPTIVE, is_nonlinear, is_rescheduled, is_set_by_callback, number, start_scale
from kerascheck.facts.outputs import REGRESSION, fits_of
from kerascheck.facts.training import TrainingProgram
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import Options, rule

STEADY = ADAPTIVE | {"rmsprop"}
OWN_SCALE = frozenset({"adadelta", "ftrl", "adafactor"})
BOUNDED = frozenset({"huber", "log_cosh", "mean_absolute_error"})
"""Losses whose gradients do not grow with the distance from the target."""

BOUNDS = {
    "adaptive-highest": 0.01,
    "adaptive-lowest": 1e-6,
    "sgd-highest": 0.1,
    "tuning-adaptive": 0.001,
    "tuning-sgd": 0.01,
}


@rule("KC401", "learning-rate-range", Severity.WARNING, since="0.1", options=BOUNDS)
def learning_rate_range(graph: ModelGraph, program: TrainingProgram | None, options: Options) -> Iterator[Finding]:
    for compiled in graph.trained_with:
        optimizer = compiled.optimizer
        if optimizer is None or "learning_rate" not in optimizer.given:
            continue
        rate = number(optimizer, "learning_rate")
        if rate is None or _is_overwritten(graph, program, compiled, optimizer) or _is_tried(program, optimizer):
            continue
        told = _told(graph, compiled, optimizer, rate, options)
        if told is not None:
            yield _finding(optimizer, rate, *told)
    if program is not None:
        for base in bases(graph):
            yield from _fine_tuned(graph, program, base, options)


def _fine_tuned(graph: ModelGraph, program: TrainingProgram, base: Base, options: Options) -> Iterator[Finding]:
    """A rate for new weights where a base that was frozen before goes on learning."""
    fits = [fit for fit in program.of(Fit) if fit.model == graph.key and fit.certain]
    opened = _opened(program, base, fits) if base.is_pretrained and len(fits) > 1 else None
    if opened is None:
        return
    fit = next(fit for fit in fits if fit.order > opened.order)
    compiled = [event for event in program.of(Compiled) if event.model == graph.key and event.order < fit.order]
    call = compiled[-1].compile if compiled and compiled[-1].order > opened.order else None
    optimizer = call.optimizer if call is not None else None
    if call is None or optimizer is None or is_rescheduled(program, optimizer, fit):
        return
    rate, name = number(optimizer, "learning_rate"), "adaptive" if optimizer.name in STEADY else "sgd"
    if rate is None or optimizer.name not in STEADY | {"sgd"}:
        return
    first = [event.compile.optimizer for event in compiled if event.order < opened.order and event.compile is not None]
    before = number(first[-1], "learning_rate") if first and first[-1] is not None else None
    if before is not None and rate * 9 < before:
        return  # A tenth of the rate before, which is what tuning asks for.
    if rate >= options.number(f"tuning-{name}", BOUNDS[f"tuning-{name}"]):
        yield Finding(
            message=f"`{optimizer.label}` fine-tunes the pretrained `{base.layer.label}` at a rate of {rate:g}, as for new weights: its first steps undo what the base has learned",
            location=optimizer.place("learning_rate")
            if "learning_rate" in optimizer.given
            else call.place("optimizer"),
            label="a full rate",
            help=f"compile with a rate that is 10 to 100 times smaller, such as {rate / 100:g}",
            severity=Severity.WARNING,
            related=(Related(opened.event.location, "made trainable here"),),
        )


def _opened(program: TrainingProgram, base: Base, fits: Sequence[Fit]) -> Change | None:
    """The change between two trainings that makes a base, or a part of it, trainable after it was frozen in the first."""
    keys = {base.layer.key, base.node.layer.key} | keys_of(base.layer.model)
    mine = [change for change in changes(program) if change.keys & keys and change.event.certain]
    for change in mine:
        before = [other.trainable for other in mine if other.order < change.order]
        frozen = bool(before) and before[-1] is False
        between = any(fit.order < change.order for fit in fits) and any(fit.order > change.order for fit in fits)
        first = next((other for other in mine if other.trainable is False), None)
        if change.trainable is True and frozen and between and first is not None and first.order < fits[0].order:
            return change
    return None


def _is_overwritten(
    graph: ModelGraph, program: TrainingProgram | None, compiled: Compile, optimizer: Optimizer
) -> bool:
    if program is None:
        return False
    in_hand = optimizer.key in program.rates_in_hand
    return in_hand or any(is_set_by_callback(program, optimizer, fit) for fit in fits_of(program, graph, compiled))


def _is_tried(program: TrainingProgram | None, optimizer: Optimizer) -> bool:
    """Whether the line gives several rates, one a model: a search finds out which is good."""
    if program is None:
        return False
    compiles = (event.compile for event in program.of(Compiled) if event.compile is not None)
    made = (found.optimizer for found in compiles if found.optimizer is not None)
    rates = {number(found, "learning_rate") for found in made if found.location == optimizer.location}
    return len(rates - {None}) > 1


def _told(
    graph: ModelGraph, compiled: Compile, optimizer: Optimizer, rate: float, options: Options
) -> tuple[Severity, str, str] | None:
    if rate < 0:
        return Severity.ERROR, "every step climbs the loss instead of going down", "write a positive rate"
    clipped = any(number(optimizer, name) is not None for name in ("clipnorm", "clipvalue", "global_clipnorm"))
    if optimizer.name in OWN_SCALE or (optimizer.name == "sgd" and clipped):
        return None
    if not is_nonlinear(graph):
        return _of_linear(graph, optimizer, rate)
    if rate >= 1:
        return Severity.ERROR, "steps this long leave every minimum behind and the loss explodes", "try 0.001"
    if optimizer.name in STEADY:
        highest = options.number("adaptive-highest", BOUNDS["adaptive-highest"])
        if rate > highest:
            told = f"each step moves every weight by about {rate:g}, and the loss easily stands still or explodes"
            return Severity.WARNING, told, "try 0.001"
        if 0 < rate < options.number("adaptive-lowest", BOUNDS["adaptive-lowest"]):
            return (
                Severity.WARNING,
                f"each step moves a weight by about {rate:g}: the model stays where it started",
                "try 0.001",
            )
    if optimizer.name == "sgd":
        highest = options.number("sgd-highest", BOUNDS["sgd-highest"])
        regression = _is_regression(compiled)
        if rate > highest or (rate == highest and regression):
            why = "under a loss whose gradients grow with the targets" if regression else "without clipped gradients"
            # Small networks of one or two layers are trained at such rates, without momentum, in many textbooks.
            usual = rate < 0.5 and not regression and not number(optimizer, "momentum")
            level = Severity.INFO if usual else Severity.WARNING
            return level, f"steps this long {why} easily make the loss explode", "try 0.01"
    return None


def _of_linear(graph: ModelGraph, optimizer: Optimizer, rate: float) -> tuple[Severity, str, str] | None:
    """A stack of linear layers bears a high rate, but not steps longer than the weights themselves are."""
    scale = start_scale(graph)
    if optimizer.name not in STEADY or scale is None or rate <= scale or rate < 0.1:
        return None
    told = f"each step moves every weight by about {rate:g}, and they start around {scale:.2g}"
    return Severity.WARNING, told, "try 0.001"


def _is_regression(compiled: Compile) -> bool:
    losses = compiled.losses if isinstance(compiled.losses, tuple) else ()
    return any(loss is not None and loss.name in REGRESSION - BOUNDED for loss in losses)


def _finding(optimizer: Optimizer, rate: float, severity: Severity, told: str, help_: str) -> Finding:
    return Finding(
        message=f"`{optimizer.label}` runs at a learning rate of {rate:g}: {told}",
        location=optimizer.place("learning_rate"),
        label="out of range" if severity is Severity.ERROR else "unusual rate",
        help=f"{help_}, and change it by factors of 3 from there",
        severity=severity,
    )
