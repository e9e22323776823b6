"""A file that is made to exhaust or to mislead whoever opens it.

## What it does

Finds members of an archive and arrays of HDF5 that claim to be far larger than what is stored of them; names that lead out of
the folder into which they are unpacked; two members of one name, and two values for one key of a configuration; symbolic
links and encrypted members; groups that hold themselves; and configurations that are nested, long or numerous beyond what a
loader can read.

## Why it matters

Loading allocates what is claimed, and the process dies for want of memory (CVE-2026-0897). A name with `..` writes over files
outside the folder (CVE-2026-12479, CVE-2025-12060). Of two members or values of one name a scanner may read the one, and
Keras the other.

## Bad

```python
import zipfile

from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(1)])
model.save("climbing.keras")  # KC804
with zipfile.ZipFile("climbing.keras", "a") as archive:
    archive.writestr("assets/../../notes.txt", "a name that leads out of the folder")
```

```python
import h5py
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu", name="hidden"), Dense(1)])
model.save("claiming.h5")  # KC804
with h5py.File("claiming.h5", "a") as file:
    file["model_weights/hidden"].create_dataset("extra", (1 << 20, 1 << 20), "f4", chunks=(1 << 10, 1 << 10))
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(1)])
model.save("model.keras")
```

## Known limits

Claims count from 4 GiB and a hundredfold of what is stored on (256 MiB for assets, a thousandfold for arrays of HDF5): these
are the limits of Keras itself.

## References

- CVE-2026-0897, GHSA-xfhx-r7ww-5995, GHSA-mgx6-5cf9-rr43: declared shapes
- CVE-2026-12479, CVE-2025-12060: names that lead out of a folder
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule

_HELP = "do not load it, nor unpack it with a tool that follows what it says; get the model from its source"


@rule("KC804", "hostile-container", Severity.ERROR, since="0.1", group="security")
def hostile_container(saved: SavedModel) -> Iterator[Finding]:
    for said in _said(saved):
        yield Finding(said, saved.location, help=_HELP)


def _said(saved: SavedModel) -> Iterator[str]:
    found, named = saved.container, saved.mentions
    for claim in found.claims:
        yield (
            f"`{claim.place}` claims {_size(claim.declared)} and stores {_size(claim.stored)} of it: loading it takes up that "
            "much memory (CVE-2026-0897)"
        )
    for name in found.escaping:
        yield f"the member `{_shown(name)}` leads out of the folder into which the archive is unpacked (CVE-2025-12060)"
    for name in named.escaping:
        yield (
            f"the configuration calls an object `{_shown(name)}`, which leads out of the folder where its assets are kept "
            "(CVE-2026-12479)"
        )
    for name in found.repeated:
        yield f"the archive holds two members `{_shown(name)}`: which of them is read depends on the reader"
    if named.repeated:
        keys = ", ".join(f"`{_shown(key)}`" for key in named.repeated[:4])
        yield f"the configuration gives two values for one key ({keys}): which of them counts depends on the reader"
    for member in found.members:
        if member.link:
            yield f"the member `{_shown(member.name)}` is a symbolic link, which points out of the archive once unpacked"
        if member.encrypted:
            yield f"the member `{_shown(member.name)}` is encrypted: no Keras can load it, and no scanner look into it"
    for group in found.loops:
        yield f"the group `{group}` holds itself, so that a reader that follows it never comes to an end"
    if found.deep:
        yield f"it is made to exhaust its reader: {found.deep}"


def _shown(name: str) -> str:
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in name)[:80]


def _size(count: int) -> str:
    for unit, size in (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count:,} bytes"
