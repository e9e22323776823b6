"""The script uses names that only Python 2 has.

## What it does

Finds Python 2 syntax (`print` without brackets), and `xrange`, `raw_input`, `unicode`, `cPickle`, `urllib2`, `dict.iteritems()` and the like, where the script neither defines
them nor only tries to import them. One finding speaks for the whole file.

## Why it matters

No Keras that still runs on Python 2 can be installed beside today's TensorFlow, and Python 3 stops at the first of these names
with a `NameError`, `ImportError` or `AttributeError`, perhaps only after the training.

## Bad

```python
import keras

layers = {"hidden": 64}
for name, units in layers.iteritems():  # KC610
    print(name, keras.layers.Dense(units))
for epoch in xrange(3):
    print(epoch)
```

## Good

```python
import keras

layers = {"hidden": 64}
for name, units in layers.items():
    print(name, keras.layers.Dense(units))
for epoch in range(3):
    print(epoch)
```

## Known limits

Names that only Python 2 syntax gives away, such as `dict.keys()` taken for a list, are not seen.

## References

- <https://docs.python.org/3/howto/pyporting.html>
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kerascheck.facts.usage import KerasUsage
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

TODAY: Final = {
    "xrange": "`range`",
    "raw_input": "`input`",
    "unicode": "`str`",
    "basestring": "`str`",
    "unichr": "`chr`",
    "long": "`int`",
    "execfile": "`exec(open(...).read())`",
    "cPickle": "`pickle`",
    "urllib2": "`urllib.request`",
    "ConfigParser": "`configparser`",
    "Queue": "`queue`",
    "StringIO": "`io.StringIO`",
    "httplib": "`http.client`",
    "commands": "`subprocess`",
    "Tkinter": "`tkinter`",
    "iteritems": "`items`",
    "itervalues": "`values`",
    "iterkeys": "`keys`",
    "has_key": "`in`",
}


@rule("KC610", "python2-source", Severity.WARNING, since="0.1", group="migration")
def python2_source(usage: KerasUsage) -> Iterator[Finding]:
    if not usage.calls:
        return
    if usage.python2 is not None:
        yield Finding(
            message="the script is written in Python 2, which no Keras of today runs on",
            location=usage.python2,
            label="Python 2 syntax",
            help="rewrite it for Python 3; `futurize` does most of it",
            related=tuple(Related(place, f"`{name}`: use {TODAY[name]}") for name, place in usage.old_names),
        )
        return
    if not usage.old_names:
        return
    (name, place), *others = usage.old_names
    yield Finding(
        message=f"`{name}` is a name of Python 2: Python 3, the only one that today's Keras runs on, stops here",
        location=place,
        label="gone since Python 3.0",
        help=f"use {TODAY[name]}",
        related=tuple(Related(other, f"`{again}`: use {TODAY[again]}") for again, other in others),
    )
