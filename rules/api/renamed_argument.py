"""A call uses argument names of an earlier Keras.

## What it does

Compares the keywords of layers, models, optimizers, callbacks and of `fit` and its kin with tables of Keras 1.2, 2.3, the
last 2.x and 3. Kernel sizes as two numbers (`Convolution2D(32, 3, 3)`) are Keras 1 too. One finding speaks for one call.

It is an error where the Keras that the script aims at is known (`target-keras`, or imports that only it has) and refuses
the call; `tensorflow.keras` never took the names of Keras 1. A script that aims at Keras 1 is left alone.

## Why it matters

Keras 2.0 renamed most arguments and translated the old names until 2.3; every later version stops with a `TypeError` or
`ValueError`. Some old names are worse than refused: an optimizer of Keras 2.11 ignores `lr`, Keras 3 ignores `decay`, and
`Convolution2D(32, 3, 3)` becomes a convolution with stride 3.

## Bad

```python
from keras.layers import Dense, Dropout
from keras.models import Sequential

model = Sequential()
model.add(Dense(output_dim=64, input_dim=20, init="uniform", activation="relu"))  # KC601
model.add(Dropout(p=0.5))  # KC601
model.add(Dense(output_dim=1, activation="sigmoid"))  # KC601
```

```python
from tensorflow.keras.layers import Conv2D

layer = Conv2D(32, (3, 3), border_mode="same", dim_ordering="tf")  # KC601
```

```python
from keras.layers import Convolution2D

layer = Convolution2D(
    32,
    3,  # KC601
    3,
)
```

```python
from keras.datasets import mnist
from keras.layers import Dense, Dropout, Input
from keras.models import Model

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train.reshape(-1, 784) / 255, x_test.reshape(-1, 784) / 255
inputs = Input((784,))
model = Model(input=inputs, output=Dense(10, activation="softmax")(Dropout(0.2)(inputs)))  # KC601
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=128, nb_epoch=10, validation_split=0.1)  # KC601
print(model.evaluate(x_test, y_test, batch_size=128))
```

```python
from keras.optimizers import SGD

optimizer = SGD(lr=0.01, decay=1e-6, momentum=0.9, nesterov=True)  # KC601
```

## Good

```python
from keras.layers import Conv2D, Dense, Dropout

hidden = Dense(units=64, kernel_initializer="uniform", activation="relu")
dropout = Dropout(rate=0.5)
convolution = Conv2D(32, (3, 3), padding="same", data_format="channels_last")
```

```python
from keras.optimizers import SGD
from keras.optimizers.schedules import InverseTimeDecay

optimizer = SGD(InverseTimeDecay(0.01, decay_steps=1, decay_rate=1e-6), momentum=0.9, nesterov=True)
```

## Known limits

`Conv2D(32, 3, 3)` is a stride of 3 in Keras 2 and 3 and a kernel of 3 x 3 in Keras 1: it is reported only when another
argument proves Keras 1. No fix is offered where the new argument means something else (`samples_per_epoch` counts samples,
`steps_per_epoch` batches).

## References

- <https://github.com/keras-team/keras/wiki/Keras-2.0-release-notes>
- <https://keras.io/guides/migrating_to_keras_3/>
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kerascheck.facts.usage import ApiCall, KerasUsage
from kerascheck.findings import Edit, Finding, Fix, Location, Related, Severity
from kerascheck.keras_api.changes import Change, of_call
from kerascheck.keras_api.kernels import kernel_values
from kerascheck.rule import rule


class Old(Struct, frozen=True):
    """An argument of a call that today's Keras has under another name or not at all."""

    name: str
    change: Change
    place: Location
    edits: tuple[Edit, ...] = ()


@rule("KC601", "renamed-argument", Severity.WARNING, since="0.1", group="migration", fixable=True)
def renamed_argument(usage: KerasUsage) -> Iterator[Finding]:
    if usage.target == 1:
        return
    for call in usage.calls:
        if not call.is_call or usage.is_of_tf_keras(call) or not (found := list(_old(call))):
            # The package `tf_keras` still takes most of them.
            continue
        found.sort(key=lambda old: (old.place.line, old.place.column))
        first, *others = found
        edits = tuple(edit for old in found for edit in old.edits)
        yield Finding(
            message=_message(call, found, usage),
            location=first.place,
            label=_label(first),
            help=_help(found),
            severity=Severity.ERROR if _refusing(call, found, usage) else Severity.WARNING,
            related=tuple(Related(old.place, _label(old)) for old in others),
            fix=Fix(edits) if edits else None,
        )


def _old(call: ApiCall) -> Iterator[Old]:
    changes = of_call(call.qualified)
    for name, place in call.keywords.items():
        change = changes.get(name)
        if change is not None and change.new not in call.keywords:
            yield Old(name, change, place, _edits(call, name, change))
    kernel = kernel_values(call, changes.keys() & call.keywords.keys())
    if kernel:
        places = [call.positional_places[index] for index in kernel]
        yield Old("nb_row, nb_col", KERNEL, places[0], (_insert(places[0], "(", False), _insert(places[-1], ")", True)))


KERNEL = Change("kernel_size", note="write the kernel as one tuple")


def _edits(call: ApiCall, name: str, change: Change) -> tuple[Edit, ...]:
    if not change.automatic:
        return ()
    if not change.new:
        droppable = name != "mode" or call.values.get(name) == 0
        return (Edit(call.removals[name], ""),) if droppable and name in call.removals else ()
    rename = Edit(call.keywords[name], change.new)
    if not change.values:
        return (rename,)
    value = call.values.get(name)
    replacement = change.values.get(value) if isinstance(value, (str, int)) else None
    return (rename, Edit(call.places[name], replacement)) if replacement is not None else ()


def _insert(place: Location, text: str, behind: bool) -> Edit:
    line, column = (place.end_line, place.end_column) if behind else (place.line, place.column)
    return Edit(Location(place.path, line, column, line, column, place.cell), text)


def _refusing(call: ApiCall, found: list[Old], usage: KerasUsage) -> list[Old]:
    """The arguments that the Keras aimed at is proven to refuse."""
    in_tensorflow = usage.is_of_tensorflow(call)
    return [
        old
        for old in found
        if (old.change.never_in_tensorflow and in_tensorflow)
        or (old.change.refused is not None and usage.is_past(old.change.refused))
    ]


def _message(call: ApiCall, found: list[Old], usage: KerasUsage) -> str:
    refusing, refused = _refusing(call, found, usage), [old.change.refused for old in found if old.change.refused]
    if len(found) == 1 and found[0].change is KERNEL and len(call.positional_values) == 3:
        # Nothing fails: the next parameter is there to take it.
        since = "" if refusing else f"since Keras {_written(max(refused))}, "
        size, stride = call.positional_values[1:]
        moves = f"its window moves {stride} places at a time" if stride != 1 else f"its window is {size} by {size}"
        return f"{since}`{call.name}` takes the second kernel size for `strides`: {moves}"
    names = _listed([f"`{old.name}`" for old in found])
    plural = len(found) > 1
    if refusing:
        return f"`{call.name}` does not take {names}: the call fails"
    if not refused:
        verb = "are" if plural else "is"
        return (
            f"{names} of `{call.name}` {verb} deprecated since Keras {_written(max(old.change.since for old in found))}"
        )
    argument = "arguments" if plural else "argument"
    return f"since Keras {_written(max(refused))}, `{call.name}` has no {argument} {names}"


def _written(release: tuple[int, int]) -> str:
    return ".".join(map(str, release))


def _label(old: Old) -> str:
    return f"now `{old.change.new}`" if old.change.new else "no longer an argument"


def _help(found: list[Old]) -> str:
    renamed = [old for old in found if old.change.new and not old.change.note]
    steps: list[str] = []
    if renamed:
        steps.append(f"write {_listed([f'`{old.change.new}`' for old in renamed])}")
    for old in found:
        if old.change.note:
            steps.append(f"for `{old.name}`: {old.change.note}" if len(found) > 1 else old.change.note)
    dropped = [f"`{old.name}`" for old in found if not old.change.new and not old.change.note]
    if dropped:
        steps.append(f"leave out {_listed(dropped)}")
    return "; ".join(steps)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
