"""An argument has a value that Keras refuses.

## What it does

Looks at values that are written out: words that an argument does not know (`padding="samee"`, `mode="maximum"`), sizes that
are not positive (`units=0`), numbers outside their range (`ReduceLROnPlateau(factor=10)`), a list of activations, strides together
with dilation, axes that are no permutation, a `validation_split` outside 0 to 1.

## Why it matters

The call stops with a `ValueError`, for some only when the model is first called.

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

## Known limits

Rates, momenta and names of losses, metrics and activations have rules of their own.

## References

- <https://keras.io/api/layers/>
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from kerascheck.facts.training import ApiCall, KerasUsage
from kerascheck.facts.values import Value
from kerascheck.findings import Finding, Location, Severity
from kerascheck.keras_api.binding import Normalized
from kerascheck.keras_api.bounds import BOUNDS, Range, Words
from kerascheck.keras_api.names import ApiKind, kind_of
from kerascheck.keras_api.normalize import callback, layer
from kerascheck.keras_api.values import allowed, must_be_positive
from kerascheck.rule import rule

WORDS: Final = frozenset(
    {"padding", "data_format", "merge_mode", "interpolation", "mode", "border_mode", "dim_ordering"}
)
USUAL: Final = frozenset({"same", "valid", "channels_last", "channels_first", "auto", "min", "max", "relu", "softmax"})


@rule("KC606", "bad-argument-value", Severity.ERROR, since="0.1")
def bad_argument_value(usage: KerasUsage) -> Iterator[Finding]:
    for call in usage.calls:
        if not call.is_call:
            continue
        if call.qualified == "Model.fit" and call.certain:
            yield from _split(call)
            continue
        if call.name in BOUNDS and kind_of(tuple(call.qualified.split(".")[1:])) is not ApiKind.OTHER:
            yield from _bounded(call)
        found = _normalized(call) if _is_odd(call) else None
        if found is None:
            continue
        for argument in found.sources:
            place = _place(call, found.sources, argument)
            if place is not None:
                yield from _judged(call, found, argument, place)
        yield from _dilated(call, found)
        yield from _permuted(call, found)


def _is_odd(call: ApiCall) -> bool:
    """Whether any value is worth a closer look: a word that is not a common one, a list, a number that is not positive."""
    if "dilation_rate" in call.values or call.name == "Permute":
        return True
    if any(isinstance(value, str) and name in WORDS and value not in USUAL for name, value in call.values.items()):
        return True
    for value in (*call.positional_values, *call.values.values()):
        if isinstance(value, tuple):
            if any(isinstance(part, str) or _is_small(part) for part in value):
                return True
        elif _is_small(value):
            return True
    return any(isinstance(value, str) and value not in USUAL for value in call.positional_values)


def _is_small(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value <= 0


def _normalized(call: ApiCall) -> Normalized | None:
    match kind_of(tuple(call.qualified.split(".")[1:])):
        case ApiKind.LAYER if call.name != "Input":
            return layer(call.name, call.positional_values, call.values, complete=call.complete)
        case ApiKind.CALLBACK:
            return callback(call.name, call.positional_values, call.values, complete=call.complete)
        case _:
            return None


def _place(call: ApiCall, sources: Mapping[str, tuple[int | str, ...]], argument: str) -> Location | None:
    """Where the value of an argument stands, when it is written in one piece."""
    if len(sources[argument]) != 1:
        return None
    source = sources[argument][0]
    if isinstance(source, str):
        return call.places.get(source)
    return call.positional_places[source] if source < len(call.positional_places) else None


def _judged(call: ApiCall, found: Normalized, argument: str, place: Location) -> Iterator[Finding]:
    value = found.arguments.get(argument)
    words = allowed(found.name, argument)
    if words is not None and isinstance(value, str) and value.lower() not in words:
        yield _unknown(call, argument, value, [word for word in words if isinstance(word, str)], place)
    elif (
        must_be_positive(found.name, argument)
        and (size := _not_positive(value)) is not None
        and _is_written(place, value)
    ):
        yield Finding(
            message=f"`{argument}` of `{call.name}` is {size:g}, which must be a positive number: the call fails",
            location=place,
            label="not positive",
            help="give a number of at least 1",
        )
    elif argument == "activation" and isinstance(value, tuple):
        yield Finding(
            message=f"`activation` of `{call.name}` is a list, but a layer has one activation: the call fails",
            location=place,
            label="one activation only",
            help="give one name, and add further activations as `Activation` layers",
        )


def _unknown(call: ApiCall, argument: str, value: str, words: Sequence[str], place: Location) -> Finding:
    from difflib import get_close_matches

    near = get_close_matches(value.lower(), words, n=1)
    choice = " or ".join(f'"{word}"' for word in words)
    return Finding(
        message=f'`{argument}="{value}"` is no value that `{call.name}` knows: the call fails',
        location=place,
        label="not a known value",
        help=f'write `"{near[0]}"`' if near else f"use {choice}",
    )


def _bounded(call: ApiCall) -> Iterator[Finding]:
    for argument, bound in BOUNDS[call.name].items():
        value, place = call.values.get(argument), call.places.get(argument)
        if place is None and bound.position is not None and bound.position < len(call.positional_places):
            value, place = call.positional_values[bound.position], call.positional_places[bound.position]
        if place is None or isinstance(value, bool):
            continue
        match bound, value:
            case Words(words=words), str() if value.lower() not in words:
                yield _unknown(call, argument, value, words, place)
            case Range(), int() | float() if not bound.holds(value) and _is_written(place, value):
                yield Finding(
                    message=f"`{argument}` of `{call.name}` is {value:g}, but it must be {bound.text}: the call fails",
                    location=place,
                    label="outside its range",
                    help=f"give a number {bound.text}",
                )
            case _:
                continue


def _dilated(call: ApiCall, found: Normalized) -> Iterator[Finding]:
    strides, dilation = found.arguments.get("strides"), found.arguments.get("dilation_rate")
    place = call.places.get("dilation_rate")
    if found.name in ("Conv1D", "Conv2D", "Conv3D") and place and _largest(strides) > 1 and _largest(dilation) > 1:
        yield Finding(
            message=f"`{call.name}` is given strides and a dilation above 1, which do not go together: the call fails",
            location=place,
            label="not with strides",
            help="leave one of them at 1",
        )


def _largest(size: Value) -> float:
    """The largest number of a size that is known whole; 0 for any other."""
    parts = size if isinstance(size, tuple) else (size,)
    numbers = [part for part in parts if isinstance(part, int)]
    return max(numbers, default=0) if len(numbers) == len(parts) else 0


def _permuted(call: ApiCall, found: Normalized) -> Iterator[Finding]:
    axes = found.arguments.get("dims") if found.name == "Permute" else None
    place = _place(call, found.sources, "dims") if "dims" in found.sources else None
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
    """Whether a number stands in the source as it is, by the room that it takes; a computed one may be something else."""
    texts = {
        str(value),
        str(value).replace(" ", ""),
        str(value).removesuffix("0"),
        *(str(part) for part in (value if isinstance(value, tuple) else ())),
    }
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
