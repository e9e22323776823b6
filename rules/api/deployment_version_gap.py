"""The versions that a project pins cannot be installed together, or are not those that its scripts are written for.

## What it does

Reads what is installed beside a script: `requirements.txt`, `pyproject.toml`, `setup.cfg`, `setup.py`, `Pipfile`, the pip part
of `environment.yml`, the `!pip install` lines of a notebook, and the head of a script that names its own dependencies. Of Keras, TensorFlow, tf-keras, NumPy and Python it reports
pins of which no combination works: a Keras that a release of TensorFlow refuses, NumPy 2 beside a TensorFlow that was built for
NumPy 1, a tf-keras of another number than its TensorFlow, a Python for which TensorFlow has no wheel. It also reports a pin of
Keras 3 where a script uses what Keras 3 dropped, and a pin of Keras 2 where it uses what came with Keras 3.

## Why it matters

pip stops with `ResolutionImpossible`, or installs what fails at `import tensorflow`: on the machine that trains, or on the one
that is to serve the model, and not on the one where it was written.

## Bad

```python
# /// script
# requires-python = ">=3.10"
# dependencies = [
#     "tensorflow==2.15.0",
#     "numpy>=2.0",  # KC611
# ]
# ///
import keras
```

```python
# /// script
# dependencies = [
#     "keras==3.3.3",  # KC611
#     "tensorflow==2.15.1",
# ]
# ///
import keras
```

```python
# /// script
# dependencies = [
#     "keras==2.15.0",  # KC611
#     "numpy<2",
# ]
# ///
from keras import ops
```

## Good

```python
# /// script
# requires-python = ">=3.10"
# dependencies = [
#     "tensorflow==2.18.0",
#     "numpy>=2.0,<2.1",
# ]
# ///
import keras
```

## Known limits

A range that leaves one working combination is not reported, nor are requirements with a marker, packages of conda, and releases
of TensorFlow after 2.21. Each file is judged by itself: two requirements files may be meant for two machines.

## References

- <https://keras.io/getting_started/#compatibility-matrix>
- <https://www.tensorflow.org/install/source#tested_build_configurations>
- <https://numpy.org/doc/stable/numpy_2_0_migration_guide.html>
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kerascheck.facts.usage import ApiCall, KerasUsage
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

if TYPE_CHECKING:
    from kerascheck.facts.requirements import Requirement, Span
    from kerascheck.keras_api.releases import Release


@rule("KC611", "deployment-version-gap", Severity.WARNING, since="0.1", group="migration")
def deployment_version_gap(usage: KerasUsage) -> Iterator[Finding]:
    if not usage.requirements:
        return
    from kerascheck.keras_api.releases import PACKAGES

    for group in usage.requirements:
        named = {requirement.name: requirement for requirement in group}
        tensorflow = named.get("tensorflow")
        found = [finding for name in PACKAGES if (finding := _beside_tensorflow(tensorflow, named.get(name)))]
        found += _tf_keras(named.get("tf-keras"), tensorflow)
        found += _python(named.get("keras"), named.get("python"))
        yield from found or _written_otherwise(usage, [named.get("keras"), tensorflow])


def _beside_tensorflow(tensorflow: Requirement | None, other: Requirement | None) -> Finding | None:
    """A package that none of the releases of TensorFlow goes with that are left."""
    from kerascheck.keras_api.releases import LAST, PACKAGES, RELEASES

    if tensorflow is None or other is None or tensorflow.span.meets(LAST):
        return None
    left = [release for release in RELEASES if release.span.meets(tensorflow.span)]
    if not left or any(release.of(other.name).meets(other.span) for release in left):
        return None
    fitting = [release for release in RELEASES if release.of(other.name).meets(other.span)]
    package, last = PACKAGES[other.name], left[-1]
    return _conflict(
        other,
        tensorflow,
        f"TensorFlow {_number(last)} goes with {package} {_words(last.of(other.name))}",
        f"pin {package} {_words(last.of(other.name))}" + (f", or TensorFlow {_number(fitting[-1])}" if fitting else ""),
    )


def _conflict(one: Requirement, other: Requirement, reason: str, advice: str) -> Finding:
    return Finding(
        message=f"`{one.written}` and `{other.written}` do not work together: {reason}",
        location=one.location,
        label="does not fit the other pin",
        help=advice,
        related=(Related(other.location, f"`{other.written}` is asked for here"),),
    )


def _number(release: Release) -> str:
    return ".".join(map(str, release.version))


def _words(versions: Span) -> str:
    """A span as a reader of pins says it."""
    from kerascheck.facts.requirements import NEVER

    low = ".".join(map(str, versions.low[:3])).removesuffix(".0") if any(versions.low) else ""
    high = ".".join(map(str, versions.high[:3])).removesuffix(".0") if versions.high != NEVER else ""
    if not high:
        return f"from {low} on"
    return f"from {low} to below {high}" if low else f"below {high}"


def _tf_keras(own: Requirement | None, tensorflow: Requirement | None) -> Iterator[Finding]:
    """A tf-keras whose number is none of those that TensorFlow may have."""
    from kerascheck.facts.requirements import span
    from kerascheck.keras_api.releases import FIRST_TF_KERAS

    if own is None or tensorflow is None or own.span.low[0] != 2 or own.span.low[1] < FIRST_TF_KERAS:
        return
    minor = own.span.low[1]
    last = own.span.high[1] if own.span.high[0] == 2 else None
    if last is None:
        return
    fitting = span((2, minor), (2, last + 1))
    if not fitting.meets(tensorflow.span):
        yield _conflict(
            own,
            tensorflow,
            f"tf-keras 2.{minor} asks for TensorFlow 2.{minor}",
            "pin tf-keras and TensorFlow to the same minor release",
        )


def _python(keras: Requirement | None, python: Requirement | None) -> Iterator[Finding]:
    from kerascheck.keras_api.releases import KERAS_3, PYTHON_OF_KERAS_3

    if keras is None or python is None or keras.span.low < KERAS_3.low or PYTHON_OF_KERAS_3.meets(python.span):
        return
    yield _conflict(
        keras, python, "Keras 3 asks for Python 3.9 or later", "ask for Python 3.9 or later, or pin Keras below 3"
    )


def _written_otherwise(usage: KerasUsage, pins: Sequence[Requirement | None]) -> Iterator[Finding]:
    """A pin of one generation of Keras, and a script that uses what only another has."""
    for pin in pins:
        generation = _generation(pin)
        if pin is None or generation is None or pin.optional:
            continue
        call = next((call for call in usage.calls if _is_missing(call, usage, generation)), None)
        if call is not None:
            yield Finding(
                message=f"`{pin.written}` brings Keras {generation}, which has not all that the scripts of this project use",
                location=pin.location,
                label=f"Keras {generation}",
                help="pin the Keras that the scripts are written for, or move them to the one that is pinned",
                related=(Related(call.name_place, f"`{call.qualified}` is not in Keras {generation}"),),
            )
        return


def _generation(pin: Requirement | None) -> int | None:
    """The generation of Keras that a pin of Keras or TensorFlow leaves; None where it leaves several."""
    from kerascheck.facts.requirements import span
    from kerascheck.keras_api.releases import KERAS_3

    if pin is None:
        return None
    first = KERAS_3 if pin.name == "keras" else span((2, 16))
    if pin.span.low >= first.low:
        return 3
    before = span((2,), first.low) if pin.name == "keras" else span((2, 6), first.low)
    return 2 if pin.span.low >= before.low and not pin.span.meets(first) else None


def _is_missing(call: ApiCall, usage: KerasUsage, generation: int) -> bool:
    """Whether the pinned Keras is proven to lack a name that another has."""
    from kerascheck.keras_api import history
    from kerascheck.keras_api.removals import removed

    parts = tuple(part for part in call.qualified.split(".")[1:] if part != "*")
    if call.is_call or not parts or not call.qualified.startswith("keras.") or usage.is_of_tf_keras(call):
        return False
    if generation == 3:
        removal = removed(parts, usage.newest(call))
        return removal is not None and removal.gone <= (3, 0)
    return history.has("3", parts) and not history.has("2", parts) and not history.has("2.last", parts)
