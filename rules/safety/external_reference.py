"""A model that takes data from outside its file.

## What it does

Finds external links, external storage and virtual data sets in HDF5 files and in the weights of `.keras` archives (links
inside the file are a warning, as no Keras writes them), and vocabularies that are given by a path or address, which loading
opens. A path that stays in the folder of the model is a warning.

## Why it matters

Loading reads what the link or path names: a secret file ends up in the weights or in a vocabulary, and with them wherever
the model goes, or an address is called from inside a network. With the honest file the model breaks as soon as it is moved.

## Bad

```python
import h5py
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu", name="hidden"), Dense(1)])
model.save("linked.h5")  # KC803
with h5py.File("linked.h5", "a") as file:
    file["model_weights/hidden/extra"] = h5py.ExternalLink("elsewhere.h5", "/data")
```

```python
import json
import zipfile

from keras import Input, Model
from keras.layers import StringLookup

inputs = Input((1,), dtype="string")
Model(inputs, StringLookup(vocabulary=["a", "b"])(inputs)).save("honest.keras")
with zipfile.ZipFile("honest.keras") as source, zipfile.ZipFile("reading.keras", "w") as target:
    config = json.loads(source.read("config.json"))
    config["config"]["layers"][1]["config"]["vocabulary"] = "/etc/hostname"
    for name in source.namelist():
        target.writestr(name, json.dumps(config) if name == "config.json" else source.read(name))  # KC803
```

## Good

```python
from keras import Input, Model
from keras.layers import StringLookup

inputs = Input((1,), dtype="string")
Model(inputs, StringLookup(vocabulary=["a", "b"])(inputs)).save("model.keras")
```

## Known limits

With `--no-weights` the structure of the file is not read, and links are not seen.

## References

- CVE-2026-1669, GHSA-3m4q-jmj6-r34q: links, external storage and virtual data sets
- CVE-2025-12058, GHSA-qg93-c7p6-gg7f: vocabularies by path or address
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.container import Reference
from kerascheck.findings import Finding, Severity
from kerascheck.folding import folded
from kerascheck.rule import rule

_LOOKUPS = frozenset({"StringLookup", "IntegerLookup", "TextVectorization", "IndexLookup"})
_FILES = ("vocabulary", "idf_weights")
_OUTSIDE = r"[A-Za-z][\w+.-]*://|[/\\~]|[A-Za-z]:|.*(?:^|[/\\])\.\.(?:[/\\]|$)"


@rule("KC803", "external-reference", Severity.ERROR, since="0.1", group="security")
def external_reference(saved: SavedModel) -> Iterator[Finding]:
    references = saved.container.references
    yield from folded(_link(saved, reference) for reference in references if reference.kind.leaves)
    yield from folded(_soft(saved, reference) for reference in references if not reference.kind.leaves)
    for item in saved.mentions.objects:
        if item.class_name.rpartition(">")[2] not in _LOOKUPS:
            continue
        for argument in _FILES:
            text = item.texts.get(argument)
            if text:
                yield _file(saved, item.layer, argument, text)


def _link(saved: SavedModel, reference: Reference) -> Finding:
    return Finding(
        f"`{reference.path}` is {reference.kind.value} to `{reference.target}`: loading the model reads that file in place of "
        "what is stored here (CVE-2026-1669)",
        saved.location,
        help="do not load it; Keras never writes such a file, and 3.12.3 and 3.15.0 are the first that refuse all of these",
    )


def _soft(saved: SavedModel, reference: Reference) -> Finding:
    return Finding(
        f"`{reference.path}` is a soft link to `{reference.target}`, which no Keras writes, and which newer ones refuse "
        "(CVE-2026-1669)",
        saved.location,
        help="save the model anew",
        severity=Severity.WARNING,
    )


def _file(saved: SavedModel, layer: str, argument: str, text: str) -> Finding:
    outside = re.match(_OUTSIDE, text) is not None
    return Finding(
        f"`{layer.rsplit('/', 1)[-1]}` takes its `{argument}` from `{text}`, which loading the model opens (CVE-2025-12058)",
        saved.place(layer),
        help="give the words as a list, or `adapt` the layer: both are kept inside the model",
        layer=layer,
        severity=Severity.ERROR if outside else Severity.WARNING,
    )
