"""Pickles, programs and archives inside a model file.

## What it does

Looks at every member of an archive, at what stands in front of and behind it, at arrays and attributes of HDF5 that hold no
numbers, and at the headers of weights in NumPy archives. It tells what the first bytes or the name say: a pickle, an array of
Python objects, an executable, a script, an archive. Nothing is unpickled.

## Why it matters

Keras writes none of these. A pickle runs code when it is loaded: NumPy archives with objects did so in every Keras before
3.9. A program or script waits for somebody to start it, and bytes around an archive make it two files in one, of which each
reader sees another.

## Bad

```python
import zipfile

from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(1)])
model.save("carrying.keras")  # KC809
with zipfile.ZipFile("carrying.keras", "a") as archive:
    archive.writestr("assets/setup.py", "print('carried along')")
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(1)])
model.save("model.keras")
```

## Known limits

Of members that are packed only the beginning is looked at, and at most two thousand of them.

## References

- https://docs.python.org/3/library/pickle.html
- https://numpy.org/doc/stable/reference/generated/numpy.load.html: `allow_pickle`
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.container import Content, ContentKind
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule

_DANGERS = {
    ContentKind.PICKLE: "whoever unpickles it runs its code",
    ContentKind.OBJECTS: "loading them runs code in Keras before 3.9",
    ContentKind.EXECUTABLE: "a program has no business in a model",
    ContentKind.SOURCE: "a program has no business in a model",
    ContentKind.ARCHIVE: "a model holds no archives of its own",
    ContentKind.BYTES: "they make two files in one, and no Keras writes them",
}


@rule("KC809", "pickle-or-foreign-content", Severity.ERROR, since="0.1", group="security")
def pickle_or_foreign_content(saved: SavedModel) -> Iterator[Finding]:
    for content in saved.container.contents:
        yield Finding(
            f"{_subject(content)} ({content.size:,} bytes): {_DANGERS[content.kind]}",
            saved.location,
            help="do not load it; get the model from its source, or take this part out",
        )


def _subject(content: Content) -> str:
    around = content.place.startswith("the ")
    name = content.place if around else f"`{content.place}`"
    match content.kind:
        case ContentKind.BYTES:
            return f"{name} belong to no model"
        case ContentKind.OBJECTS:
            return f"{name} holds {content.kind.value}"
        case _:
            return f"{name} {'are' if content.place.startswith('the bytes') else 'is'} {content.kind.value}"
