"""A configuration that has its loader import, build or call what no model needs.

## What it does

Looks at every object that a configuration names, at any depth. It finds modules of Python itself and packages that run
commands, open files or connections; functions of Keras and TensorFlow that are no part of a model (`get_file`, `load_model`,
`enable_unsafe_deserialization`, `py_function`, `read_file` …); `TorchModuleWrapper`, which unpickles, and `TFSMLayer`, which
loads a second model from a path; Python tags in YAML; and operations that read or write files in a TensorFlow graph.

## Why it matters

Before Keras 3.9, loading a model called whatever its configuration named, with arguments from the file (CVE-2025-1550);
later releases closed the ways through Keras's own functions one by one (CVE-2025-8747, CVE-2025-9906, CVE-2025-49655,
CVE-2026-1462). No model that Keras wrote from honest code holds such a name.

## Bad

```python
import json
import zipfile

from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation="relu", name="hidden"), Dense(1)])
model.save("honest.keras")
with zipfile.ZipFile("honest.keras") as source, zipfile.ZipFile("gadget.keras", "w") as target:
    config = json.loads(source.read("config.json"))
    config["config"]["layers"][1]["config"]["activation"] = {
        "module": "os",
        "class_name": "function",
        "config": "getcwd",
        "registered_name": "getcwd",
    }
    for name in source.namelist():
        target.writestr(name, json.dumps(config) if name == "config.json" else source.read(name))  # KC802
```

## Good

Functions of Keras by their name are what models are made of. A layer of a user's own module is nothing unsafe either: KC805
lists what a loader has to bring along.

```python
import keras
from keras import Input, Sequential
from keras.layers import Dense

model = Sequential([Input((4,)), Dense(8, activation=keras.activations.relu), Dense(1)])
model.save("model.keras")
```

## Known limits

Modules that are neither Python's nor known for such uses are not judged: what they do when they are imported is not known.

## References

- CVE-2021-37678, CVE-2025-1550, CVE-2025-8747, CVE-2025-9906, CVE-2025-49655, CVE-2025-12060, CVE-2026-1462
- GHSA-48g7-3x6r-xfhp, GHSA-c9rc-mg46-23w3, GHSA-4f3f-g24h-fr8m
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.mentions import REACHING_OPERATIONS, NamedObject
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule

_KERAS = frozenset({"keras", "tf_keras", "tensorflow", "keras_hub", "keras_cv", "keras_nlp"})
_APART = frozenset({"saving", "utils", "config", "backend", "datasets", "export", "distribution"})
"""Parts of Keras that hold no class of a model."""
_NOT_MODELLING = {
    "audio_dataset_from_directory": "CVE-2025-8747",
    "clear_session": "CVE-2025-8747",
    "deserialize_keras_object": "CVE-2025-8747",
    "enable_unsafe_deserialization": "CVE-2025-9906",
    "get_file": "CVE-2025-8747, CVE-2025-12060",
    "image_dataset_from_directory": "CVE-2025-8747",
    "load_img": "CVE-2025-8747",
    "load_model": "CVE-2025-8747",
    "load_weights": "CVE-2025-8747",
    "model_from_json": "CVE-2025-8747",
    "model_from_yaml": "CVE-2021-37678",
    "register_keras_serializable": "CVE-2025-8747",
    "save_img": "CVE-2025-8747",
    "save_model": "CVE-2025-8747",
    "save_weights": "CVE-2025-8747",
    "serialize_keras_object": "CVE-2025-8747",
    "text_dataset_from_directory": "CVE-2025-8747",
}
_TENSORFLOW = REACHING_OPERATIONS | frozenset(
    {
        "load_library",
        "load_op_library",
        "matching_files",
        "numpy_function",
        "py_func",
        "py_function",
        "read_file",
        "write_file",
    }
)
"""Operations that touch files or run Python, by either of their names."""
_PACKAGES = frozenset(
    {
        "IPython",
        "aiohttp",
        "boto3",
        "cloudpickle",
        "dill",
        "fabric",
        "fsspec",
        "httpx",
        "invoke",
        "joblib",
        "jsonpickle",
        "nbconvert",
        "paramiko",
        "pexpect",
        "pip",
        "pkg_resources",
        "plumbum",
        "psutil",
        "requests",
        "setuptools",
        "sh",
        "torch",
        "urllib3",
        "yaml",
    }
)
"""Packages that run commands, unpickle, or open connections."""
_FILE_FUNCTIONS = frozenset(
    {"eval", "fromfile", "genfromtxt", "load", "loadtxt", "memmap", "read_pickle", "save", "savetxt", "to_pickle"}
)
_NUMBERS = frozenset({"numpy", "pandas", "scipy"})
_BUILTINS = frozenset(
    {"__import__", "breakpoint", "compile", "delattr", "eval", "exec", "getattr", "globals", "input", "open", "setattr"}
)


@rule("KC802", "unsafe-class", Severity.ERROR, since="0.1", group="security")
def unsafe_class(saved: SavedModel) -> Iterator[Finding]:
    said: set[tuple[str, str]] = set()
    for item in saved.mentions.objects:
        cause = _cause(item)
        if cause and (item.layer, item.qualified) not in said:
            said.add((item.layer, item.qualified))
            yield _finding(saved, item, *cause)
    for tag in saved.mentions.tags:
        yield Finding(
            f"the YAML asks its loader for the Python object `{tag}`: `model_from_yaml` made any object, and ran any code "
            "(CVE-2021-37678)",
            saved.location,
            help="do not load it; get the architecture as JSON from its source",
        )
    for operation in saved.mentions.operations:
        if operation in _TENSORFLOW:
            yield Finding(
                f"the graph holds the operation `{operation}`, which reaches out of the model whenever it predicts",
                saved.location,
                help="do not run it unless you trust whoever made it",
            )


def _cause(item: NamedObject) -> tuple[str, str] | None:
    """What loading does with an object, and the advisory; None for a harmless one."""
    name, root = item.name, item.module.partition(".")[0]
    if item.class_name == "TorchModuleWrapper" and root in {"", *_KERAS}:
        return "unpickles a PyTorch module, which runs code", "CVE-2025-49655"
    if item.class_name == "TFSMLayer" and root in {"", *_KERAS}:
        return f"loads a second model, from `{item.texts.get('filepath', '?')}`", "CVE-2026-1462"
    if item.class_name in ("TFOpLambda", "TensorFlowOpLayer") or root == "tensorflow":
        function = item.texts.get("function", name).rpartition(".")[2]
        return (
            ("calls a function that touches files or runs Python", "CVE-2025-1550") if function in _TENSORFLOW else None
        )
    if root in _KERAS:
        return _in_keras(item, root)
    if root == "builtins":
        return ("calls a function of Python itself", "CVE-2025-1550") if name in _BUILTINS else None
    if root in _NUMBERS:
        known = name in _FILE_FUNCTIONS or ".f2py" in item.module or ".testing" in item.module
        return ("calls a function that opens files", "CVE-2025-1550") if known else None
    if root in _PACKAGES or (root in sys.stdlib_module_names and root not in ("__main__", "__mp_main__")):
        return "imports a module that no model needs, and calls it with arguments from the file", "CVE-2025-1550"
    return None


def _in_keras(item: NamedObject, root: str) -> tuple[str, str] | None:
    advisory = _NOT_MODELLING.get(item.name)
    parts = item.module.split(".")
    inner = parts[2] if len(parts) > 2 and parts[1] == "src" else parts[1] if len(parts) > 1 else ""
    if advisory is not None:
        return "calls a function that is no part of a model", advisory
    if inner in _APART and item.class_name == "function":
        return "calls a function that is no part of a model", "CVE-2025-8747"
    return None


def _finding(saved: SavedModel, item: NamedObject, does: str, advisory: str) -> Finding:
    where = f" in `{item.key}`" if item.key else ""
    return Finding(
        f"the configuration names `{item.qualified}`{where}: loading it {does} ({advisory})",
        saved.place(item.layer),
        help="do not load it; Keras 3.12.4 and 3.15.1 are the first that refuse all of these",
        layer=item.layer or None,
    )
