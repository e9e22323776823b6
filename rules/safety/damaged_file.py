"""A file that is cut off, changed, or not all there.

## What it does

Says why a file, or a part of it, could not be read: truncated, not decodable, contradicting itself, a member missing, weights
whose bytes do not match their checksum, layers or arrays that the file lists and does not hold, files of weights that are
missing among those that an index or a TensorFlow.js model lists, and files on which the HDF5 library crashed, in a process of its own.
What could be read besides is checked as usual.

## Why it matters

The usual causes are a save or download that was interrupted, a full disk, and version control that changed the line ends of a
binary file. Keras fails to load it with a message that says something else, or loads what is left.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(1)])
model.save("cut.h5")  # KC807
with open("cut.h5", "r+b") as file:
    file.truncate(3000)
```

```python
import h5py
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu", name="hidden"), Dense(1)])
model.save("interrupted.h5")  # KC807
with h5py.File("interrupted.h5", "a") as file:
    del file["model_weights/hidden"]
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(1)])
model.save("model.h5")
```

## Known limits

The checksum is that of the archive, and is compared up to 64 MiB of weights; HDF5 files have none.

## References

- https://keras.io/api/models/model_saving_apis/model_saving_and_loading/
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.container import Damage
from kerascheck.findings import Finding, Severity
from kerascheck.folding import folded
from kerascheck.rule import rule


@rule("KC807", "damaged-file", Severity.ERROR, since="0.1")
def damaged_file(saved: SavedModel) -> Iterator[Finding]:
    fatal = [damage for damage in saved.container.damages if damage.fatal]
    for damage in fatal:
        yield Finding(
            f"the file could not be read: {damage.message}",
            saved.location,
            help="fetch or save it anew; a binary file must not pass through a change of line ends",
        )
    if not fatal:
        yield from folded(_part(saved, damage) for damage in saved.container.damages)


def _part(saved: SavedModel, damage: Damage) -> Finding:
    known = saved.layer(damage.place) is not None
    return Finding(
        damage.message,
        saved.place(damage.place if known else ""),
        help="fetch or save it anew: what is said of the rest of the file holds for what could be read",
        layer=damage.place if known else None,
    )
