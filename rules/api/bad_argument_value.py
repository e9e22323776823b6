"""An argument has a value that Keras refuses.

## What it does

Looks at values that are written out: words that an argument does not know (`padding="samee"`, `mode="maximum"`), sizes that
are not positive (`units=0`), values of another kind than the argument takes (`padding=1`, `kernel_size=2.5`, three numbers for
two axes, a list of activations, a number where a regularizer is expected), numbers outside their range
(`ReduceLROnPlateau(factor=10)`), axes that are no permutation, a `validation_split` outside 0 to 1, and arguments that do not go
together: strides with dilation, two ways to say one thing, an option that another one rules out, layers of a `Bidirectional` that
go the same way, an initializer for matrices on a kernel that is none.

What each argument of each class takes was tried out in Keras 3 and in tf_keras: a value is reported where both refuse it, and
one that only Keras 3 refuses where the script is known to aim at it.

## Why it matters

The call stops with a `ValueError` or `TypeError`, for some only when the model is first called. An unknown `mode` of a callback
is a warning: Keras decides by the name of the metric then.

## Bad

```python
from keras.callbacks import EarlyStopping
from keras.layers import Conv2D, Dense

kernel = Conv2D(32, 3, padding="samee")  # KC606
hidden = Dense(0, activation="relu")  # KC606
stop = EarlyStopping(mode="maximum")  # KC606
```

```python
from keras.callbacks import ReduceLROnPlateau
from keras.layers import Conv2D, Permute
from keras.metrics import AUC

slower = ReduceLROnPlateau(factor=10, patience=3)  # KC606
kernel = Conv2D(32, 3, strides=2, dilation_rate=2)  # KC606
swapped = Permute((0, 2, 1))  # KC606
area = AUC(curve="precision-recall")  # KC606
```

```python
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dropout(0.2), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, epochs=10, validation_split=20)  # KC606
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
from keras import layers

down = layers.MaxPooling2D(pool_size=(2, 2, 2))  # KC606
kernel = layers.Conv2D(32, 3, padding=1)  # KC606
wide = layers.Conv2D(32, 2.5, padding="same")  # KC606
hidden = layers.Dense(64, activation=["relu", "tanh"])  # KC606
small = layers.Dense(64, kernel_regularizer=0.01)  # KC606
steps = layers.TimeDistributed("dense")  # KC606
```

```python
import keras
from keras import layers

both = layers.Bidirectional(layers.LSTM(8), backward_layer=layers.LSTM(8))  # KC606
larger = layers.Conv2DTranspose(16, 3, strides=2, dilation_rate=2)  # KC606
words = layers.TextVectorization(output_mode="multi_hot", output_sequence_length=20)  # KC606
bins = layers.Discretization(num_bins=4, bin_boundaries=[0.5, 1.5])  # KC606
space = keras.utils.FeatureSpace({"age": "number"})  # KC606
```

## Good

```python
from keras.callbacks import EarlyStopping
from keras.layers import Conv2D, Dense

kernel = Conv2D(32, 3, padding="same")
hidden = Dense(64, activation="relu")
stop = EarlyStopping(mode="max")
```

```python
from keras.callbacks import ReduceLROnPlateau
from keras.layers import Conv2D, Permute
from keras.metrics import AUC

slower = ReduceLROnPlateau(factor=0.1, patience=3)
kernel = Conv2D(32, 3, dilation_rate=2)
swapped = Permute((2, 1))
area = AUC(curve="PR")
```

```python
from keras import layers, regularizers

down = layers.MaxPooling2D(pool_size=(2, 2))
kernel = layers.Conv2D(32, 3, padding="same")
hidden = layers.Dense(64, activation="relu")
small = layers.Dense(64, kernel_regularizer=regularizers.L2(0.01))
steps = layers.TimeDistributed(layers.Dense(8))
```

## Known limits

Values that are computed are left alone. Rates, momenta and names of losses, metrics and activations have rules of their own.

## References

- <https://keras.io/api/layers/>
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from kerascheck.facts.usage import ApiCall, KerasUsage
from kerascheck.facts.values import Symbol, Value
from kerascheck.findings import Finding, Location, Severity
from kerascheck.keras_api import refusals, tables
from kerascheck.keras_api.agreements import DEFAULTS, POSITIONS, checks_of
from kerascheck.keras_api.argument_checks import Disagreement
from kerascheck.keras_api.binding import NOTHING, Normalized, bind, finish
from kerascheck.keras_api.bounds import Range, Words, bound_of
from kerascheck.keras_api.layers import is_first_generation, parameters_of
from kerascheck.keras_api.normalize import callback, layer
from kerascheck.keras_api.values import must_be_positive
from kerascheck.rule import rule

TOGETHER: Final = frozenset({"AUC", "IoU", "OneHotIoU", "OptimizerMap"})
"""Classes with arguments that must fit one another."""
CATEGORICAL: Final = frozenset({"CategoricalCrossentropy", "CategoricalFocalCrossentropy"})
WRAPPERS: Final = frozenset({"LossScaleOptimizer", "MultiOptimizer"})
OLD_WORDS: Final = {"border_mode": ("full",), "dim_ordering": ("th", "tf", "default")}


class _Argument(Struct, frozen=True):
    """An argument under today's name, with its value as written, and the name that it was written under."""

    name: str
    value: Value
    place: Location
    written: str


@rule("KC606", "bad-argument-value", Severity.ERROR, since="0.1")
def bad_argument_value(usage: KerasUsage) -> Iterator[Finding]:
    for call in usage.calls:
        if not call.is_call:
            continue
        if call.qualified == "Model.fit":
            yield from (*_split(call), *_frequency(call)) if call.certain else ()
            continue
        if call.name in TOGETHER:
            yield from _together(call)
        if usage.refusal is not None:
            yield from _only_in_3(call, usage.refusal)
        told: set[Location] = set()
        key = refusals.key_of(call.qualified)
        for finding in (*_of_each(call, key), *_agreeing(call, key, usage)):
            if finding.location not in told:
                told.add(finding.location)
                yield finding


def _of_each(call: ApiCall, key: str) -> Iterator[Finding]:
    """The arguments that are refused whatever the others are."""
    if not key or not _is_odd(call, key):
        return
    found = _normalized(call, key)
    for argument in _arguments(call, key, found):
        finding = _judged(call, key, argument)
        if finding is not None:
            yield finding
    if found is not None:
        yield from _permuted(call, found)


def _agreeing(call: ApiCall, key: str, usage: KerasUsage) -> Iterator[Finding]:
    """The arguments that do not go together, or keep to no range of the class."""
    key = key or call.qualified.partition(".")[2]
    checks = checks_of(key, call.values)
    if not checks or not call.complete or _may_be_more_than_none(call):
        return
    found = _normalized(call, key) or _bound(call, key)
    places = {argument.name: argument for argument in _arguments(call, key, found)}
    given = {**DEFAULTS.get(key, NOTHING), **call.values, **found.arguments}
    for wrong in (check(given) for check in checks):
        if wrong is None or (wrong.keras_3 and (usage.refusal is None or usage.is_of_tf_keras(call))):
            continue
        argument = places.get(wrong.argument)
        if not all(_stands(places[name]) for name in wrong.beside if name in places):
            continue
        if argument is not None and _stands(argument):
            yield _disagreeing(argument.place, f"`{argument.written}` of `{call.name}`", wrong, usage)
        elif not wrong.argument:
            yield _disagreeing(call.name_place, f"`{call.name}`", wrong, usage)


def _bound(call: ApiCall, key: str) -> Normalized:
    """The arguments of what is no layer and no callback, under their names."""
    own = POSITIONS.get(key)
    section, _, name = key.partition(".")
    parameters = () if own is not None else tables.signature(section, name) or ()
    order = own if own is not None else refusals.positions(key)
    bound = bind(order, call.positional_values, call.values)
    return finish(call.name, parameters, bound, complete=True, defaults=DEFAULTS.get(key, NOTHING))


def _may_be_more_than_none(call: ApiCall) -> bool:
    """Whether an argument is None by way of a name: the default of a parameter, in whose stead a call may give something."""
    keywords = ((value, call.places.get(name)) for name, value in call.values.items())
    positional = zip(call.positional_values, call.positional_places, strict=False)
    return any(
        value is None and place is not None and place.end_column - place.column != len("None")
        for value, place in (*keywords, *positional)
    )


def _stands(argument: _Argument) -> bool:
    """Whether a value stands in the source as it is; an object is what was made for this call."""
    return not isinstance(argument.value, (int, float, str, tuple)) or _is_written(argument.place, argument.value)


def _disagreeing(place: Location, subject: str, wrong: Disagreement, usage: KerasUsage) -> Finding:
    effect = "" if wrong.warns else ": Keras 3 refuses it" if wrong.keras_3 else ": the call fails"
    return Finding(
        message=f"{subject} {wrong.text}{effect}",
        location=place,
        label="deprecated or slow" if wrong.warns else "refused by Keras",
        help=wrong.advice,
        severity=Severity.WARNING if wrong.warns else usage.refusal if wrong.keras_3 else None,
    )


def _is_odd(call: ApiCall, key: str) -> bool:
    """Whether any value is worth a closer look; most calls have none."""
    if call.name == "Permute":
        return True
    names = (*refusals.positions(key), *("",) * len(call.positional_values))
    positional = zip(names, call.positional_values, strict=False)
    return any(_may_be_refused(key, name, value) for name, value in (*positional, *call.values.items()))


def _may_be_refused(key: str, name: str, value: Value) -> bool:
    kind = refusals.kind(value)
    if kind in refusals.refused(key, name) or kind in ("zero", "negative"):
        return True
    if isinstance(value, tuple):
        return any(refusals.kind(part) in ("zero", "negative") for part in value)
    return bound_of(key, name) is not None or (
        isinstance(value, str)
        and (name in OLD_WORDS or value.lower() not in (refusals.words(key, name) or value.lower()))
    )


def _normalized(call: ApiCall, key: str) -> Normalized | None:
    if key.startswith("layers."):
        return layer(call.name, call.positional_values, call.values, complete=call.complete)
    if key.startswith("callbacks."):
        return callback(call.name, call.positional_values, call.values, complete=call.complete)
    return None


def _arguments(call: ApiCall, key: str, found: Normalized | None) -> Iterator[_Argument]:
    """The arguments that are written in one piece."""
    sources: Mapping[str, tuple[int | str, ...]] = (
        found.sources
        if found is not None
        else {name: (name,) for name in call.values}
        | {name: (index,) for index, name in enumerate(refusals.positions(key)[: len(call.positional_values)])}
    )
    for name, (source, *further) in sources.items():
        if further:
            continue
        if isinstance(source, str) and source in call.places:
            yield _Argument(name, call.values[source], call.places[source], source)
        elif isinstance(source, int) and source < len(call.positional_places):
            yield _Argument(name, call.positional_values[source], call.positional_places[source], name)


def _judged(call: ApiCall, key: str, argument: _Argument) -> Finding | None:
    value, bound = argument.value, bound_of(key, argument.name)
    if isinstance(value, str):
        words = bound.words if isinstance(bound, Words) else refusals.words(key, argument.name)
        if words and value.lower() not in (*words, *OLD_WORDS.get(argument.written, ())):
            return _unknown(call, argument, words, forgiven=isinstance(bound, Words) and bound.forgiven)
    if not _is_written(argument.place, value):
        return None
    size = _not_positive(value)
    if size is not None and must_be_positive(key.partition(".")[2], argument.name):
        return _refused(
            call,
            argument,
            f"is {size:g}, which must be a positive number",
            "not positive",
            "give a number of at least 1",
        )
    if (
        isinstance(bound, Range)
        and isinstance(value, (int, float))
        and not isinstance(value, bool)
        and not bound.holds(value)
    ):
        text = f"is {value:g}, but it must be {bound.text}"
        return _refused(call, argument, text, "outside its range", f"give a number {bound.text}")
    if refusals.kind(value) in refusals.refused(key, argument.name) and not _is_old(call, key, argument):
        shown = f'"{value}"' if isinstance(value, str) else str(value)
        taken = refusals.taken(key, argument.name)
        return _refused(call, argument, f"is {shown}, but it takes {taken}", "not of this kind", f"give {taken}")
    return None


def _refused(call: ApiCall, argument: _Argument, what: str, label: str, advice: str) -> Finding:
    return Finding(
        message=f"`{argument.written}` of `{call.name}` {what}: the call fails",
        location=argument.place,
        label=label,
        help=advice,
    )


def _unknown(call: ApiCall, argument: _Argument, words: Sequence[str], *, forgiven: bool) -> Finding:
    from difflib import get_close_matches

    near = get_close_matches(str(argument.value).lower(), words, n=1)
    choice = " or ".join(f'"{word}"' for word in words)
    result = "Keras warns and decides by itself" if forgiven else "the call fails"
    return Finding(
        message=f'`{argument.written}="{argument.value}"` is no value that `{call.name}` knows: {result}',
        location=argument.place,
        label="not a known value",
        help=f'write `"{near[0]}"`' if near else f"use {choice}",
        severity=Severity.WARNING if forgiven else None,
    )


def _is_old(call: ApiCall, key: str, argument: _Argument) -> bool:
    """Whether a call is in the spelling of Keras 1, whose arguments took other values."""
    if argument.written != argument.name:
        return True
    section, _, name = key.partition(".")
    if section != "layers" or not parameters_of(name):
        return False
    return is_first_generation(call.name, name, call.positional_values, call.values)


def _permuted(call: ApiCall, found: Normalized) -> Iterator[Finding]:
    axes = found.arguments.get("dims") if found.name == "Permute" else None
    place = next((given.place for given in _arguments(call, "", found) if given.name == "dims"), None)
    if place is None or not isinstance(axes, tuple):
        return
    numbers = [axis for axis in axes if isinstance(axis, int)]
    if len(numbers) == len(axes) and sorted(numbers) != list(range(1, len(axes) + 1)):
        yield Finding(
            message=f"`{call.name}` takes each axis behind the batch axis once, from 1 on, and is given {axes}: the call fails",
            location=place,
            label="no permutation",
            help=f"order the numbers 1 to {len(axes)}"
            if 0 not in numbers
            else "leave out the batch axis, and count from 1",
        )


def _not_positive(value: Value) -> float | None:
    """The first number in a size that is not positive."""
    for part in value if isinstance(value, tuple) else (value,):
        if isinstance(part, (int, float)) and not isinstance(part, bool) and part <= 0:
            return part
    return None


def _is_written(place: Location, value: Value) -> bool:
    """Whether a value stands in the source as it is, by the room that it takes; a computed one may be something else."""
    shown = f'"{value}"' if isinstance(value, str) else str(value)
    texts = {shown, shown.replace(" ", ""), shown.removesuffix("0"), shown.replace(",)", ")")}
    if isinstance(value, tuple):
        texts.update(map(str, value))
    return place.line == place.end_line and place.end_column - place.column in map(len, texts)


def _split(call: ApiCall) -> Iterator[Finding]:
    value = call.values.get("validation_split")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and not 0 <= value < 1:
        share = f"{value / 100:g}" if 1 < value < 100 else "0.2"
        yield Finding(
            message=f"`validation_split` is {value:g}, but it is a share and must lie between 0 and 1: the call fails",
            location=call.places["validation_split"],
            label="not a share",
            help=f"write `{share}` for that part of the rows",
        )


def _frequency(call: ApiCall) -> Iterator[Finding]:
    value = call.values.get("validation_freq")
    if isinstance(value, (str, float)):
        yield Finding(
            message=f"`validation_freq` is {value!r}, but it takes a whole number or a list of epochs: the call fails",
            location=call.places["validation_freq"],
            label="no whole number",
            help="write after how many epochs to validate, such as `validation_freq=2`",
        )


def _only_in_3(call: ApiCall, level: Severity) -> Iterator[Finding]:
    """Values that Keras 3 alone refuses."""
    if call.name in CATEGORICAL and isinstance(call.values.get("axis"), bool):
        argument, wanted = "axis", "a whole number"
    elif isinstance(call.values.get("seed"), str) and call.qualified.startswith("keras.initializers."):
        argument, wanted = "seed", "a whole number or a `SeedGenerator`"
    else:
        return
    yield Finding(
        message=f"`{argument}` of `{call.name}` is {call.values[argument]!r}, but Keras 3 takes {wanted}: it raises a ValueError",
        location=call.places[argument],
        label="not of this kind",
        help=f"give {wanted}",
        severity=level,
    )


def _together(call: ApiCall) -> Iterator[Finding]:
    """Arguments of metrics and optimizers that do not fit one another."""
    given = dict(call.values)
    if call.name == "AUC":
        labels = given.get("num_labels")
        if (
            isinstance(labels, int)
            and call.complete
            and call.positional < 7
            and given.get("multi_label", False) is False
        ):
            yield _odd_one(
                call, "num_labels", "goes with `multi_label=True` only", "leave it out, or add `multi_label=True`"
            )
    elif call.name == "OptimizerMap":
        first = call.positional_values[0] if call.positional_values else given.get("default_optimizer")
        if isinstance(first, str):
            yield _odd_one(
                call, "default_optimizer", "is a name, where an optimizer is wanted", "make the optimizer: `Adam()`"
            )
        others = call.positional_values[1] if len(call.positional_values) > 1 else given.get("optimizer_map")
        if isinstance(others, (str, tuple)):
            yield _odd_one(call, "optimizer_map", "is no dictionary", "map patterns of variables to optimizers")
        held = [first, *(others.values() if isinstance(others, Mapping) else ())]
        wrapped = next((item.name for item in held if isinstance(item, Symbol) and item.name in WRAPPERS), None)
        if wrapped is not None:
            argument = "default_optimizer" if isinstance(first, Symbol) and first.name == wrapped else "optimizer_map"
            yield _odd_one(
                call,
                argument,
                f"holds a `{wrapped}`, which a `MultiOptimizer` does not take",
                "give the optimizer itself",
            )
        elif isinstance(others, Mapping) and any(isinstance(item, str) for item in others.values()):
            yield _odd_one(
                call, "optimizer_map", "holds a name, where optimizers are wanted", "make each optimizer: `SGD()`"
            )
    else:
        names = ("num_classes", "target_class_ids")
        given = dict(zip(names, call.positional_values, strict=False)) | given
        classes, targets = (given.get(name) for name in names)
        known = [target for target in targets if isinstance(target, int)] if isinstance(targets, tuple) else []
        if isinstance(classes, int) and known and max(known) >= classes:
            what = f"names class {max(known)}, and the {classes} classes are 0 to {classes - 1}"
            yield _odd_one(call, "target_class_ids", what, "number the classes from 0")


def _odd_one(call: ApiCall, argument: str, what: str, advice: str) -> Finding:
    """An argument by name or as the first or second without one."""
    index = 0 if argument == "default_optimizer" else 1
    positional = call.positional_places[index] if index < len(call.positional_places) else call.location
    return Finding(
        message=f"`{argument}` of `{call.name}` {what}: the call fails",
        location=call.places.get(argument, positional),
        label="does not fit",
        help=advice,
    )
