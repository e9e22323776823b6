"""Writes kerascheck/keras_api/api.json, the signatures of the installed Keras.

Run with the development environment: `python tools/generate_keras_api.py`; `--check` compares instead of writing.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

TARGET = Path(__file__).parent.parent / "kerascheck" / "keras_api" / "api.json"
METHODS = (
    "compile",
    "fit",
    "evaluate",
    "predict",
    "train_on_batch",
    "test_on_batch",
    "predict_on_batch",
    "save",
    "save_weights",
    "load_weights",
    "summary",
)
UNKNOWN_DEFAULT = {"unknown": True}

Entry = list[object]
Signature = list[Entry]


def plain(default: object) -> object:
    """A default as JSON says it; an object that JSON cannot say is marked."""
    if default is None or isinstance(default, (bool, int, float, str)):
        return default
    if isinstance(default, (tuple, list)):
        return [plain(item) for item in default]
    return UNKNOWN_DEFAULT


def signature(function: Callable[..., object]) -> Signature:
    """The parameters in order: `[name]` for a required one, `[name, default]` for the others."""
    entries: Signature = []
    for name, parameter in inspect.signature(function).parameters.items():
        if name == "self" or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        entries.append([name] if parameter.default is parameter.empty else [name, plain(parameter.default)])
    return entries


def is_open(function: Callable[..., object]) -> bool:
    """Whether a signature takes further keywords."""
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())


def constructor(cls: type) -> Signature:
    """The parameters of a class, with those of its bases that `**kwargs` hands on."""
    own = vars(cls).get("__init__")
    if own is None:
        for base in cls.__mro__[1:]:
            if "__init__" in vars(base):
                own = vars(base)["__init__"]
                break
    entries = signature(own) if callable(own) else []
    if callable(own) and is_open(own):
        for base in cls.__mro__[1:]:
            if base.__module__.startswith("keras") and "__init__" in vars(base):
                names = {entry[0] for entry in entries}
                entries += [
                    entry for entry in signature(vars(base)["__init__"]) if len(entry) > 1 and entry[0] not in names
                ]
                if not is_open(vars(base)["__init__"]):
                    break
    return entries


def public_classes(module: ModuleType, base: type) -> dict[str, type]:
    """Each public class of a module below a base, under every public name."""
    return {
        name: value
        for name in sorted(dir(module))
        if inspect.isclass(value := getattr(module, name)) and issubclass(value, base) and not name.startswith("_")
    }


def classes(module: ModuleType, base: type) -> dict[str, Signature]:
    """The signature of each class, once, under its own name where that is public."""
    public = public_classes(module, base)
    chosen = {value: (value.__name__ if value.__name__ in public else name) for name, value in public.items()}
    return {name: constructor(value) for value, name in sorted(chosen.items(), key=lambda item: item[1])}


def other_names(module: ModuleType, base: type) -> dict[str, str]:
    """The further public names of classes (`Convolution2D`) with the name that their signature stands under."""
    public = public_classes(module, base)
    return {name: value.__name__ for name, value in public.items() if name != value.__name__ in public}


def functions(module: ModuleType) -> list[str]:
    """The public functions of a module."""
    return sorted(
        name
        for name in dir(module)
        if not name.startswith("_") and callable(getattr(module, name)) and not inspect.isclass(getattr(module, name))
    )


def members(module: ModuleType) -> list[str]:
    """Every public name of a module."""
    return sorted(name for name in dir(module) if not name.startswith("_"))


def aliases(registry: dict[str, object]) -> dict[str, str]:
    """String identifiers with the name of what they stand for."""
    return {key: getattr(value, "__name__", str(value)) for key, value in sorted(registry.items())}


def applications() -> dict[str, Signature]:
    """The model builders of keras.applications."""
    return {
        name: signature(getattr(keras.applications, name))
        for name in sorted(dir(keras.applications))
        if callable(getattr(keras.applications, name)) and not name.startswith("_")
    }


def tables() -> dict[str, object]:
    """Everything that kerascheck knows of today's Keras."""
    from keras.src import activations, constraints, initializers, losses, metrics, regularizers

    return {
        "source": "keras",
        "version": keras.__version__,
        "layers": classes(keras.layers, keras.layers.Layer),
        "models": classes(keras.models, keras.models.Model),
        "optimizers": classes(keras.optimizers, keras.optimizers.Optimizer),
        "schedules": classes(keras.optimizers.schedules, keras.optimizers.schedules.LearningRateSchedule),
        "callbacks": classes(keras.callbacks, keras.callbacks.Callback),
        "initializers": classes(keras.initializers, keras.initializers.Initializer),
        "regularizers": classes(keras.regularizers, keras.regularizers.Regularizer),
        "constraints": classes(keras.constraints, keras.constraints.Constraint),
        "losses": classes(keras.losses, keras.losses.Loss),
        "metrics": classes(keras.metrics, keras.metrics.Metric),
        "aliases": {
            "layers": other_names(keras.layers, keras.layers.Layer),
            "initializers": other_names(keras.initializers, keras.initializers.Initializer),
            "regularizers": other_names(keras.regularizers, keras.regularizers.Regularizer),
            "constraints": other_names(keras.constraints, keras.constraints.Constraint),
        },
        "methods": {name: signature(getattr(keras.Model, name)) for name in METHODS},
        "applications": applications(),
        "identifiers": {
            "activations": aliases(activations.ALL_OBJECTS_DICT),
            "constraints": aliases(constraints.ALL_OBJECTS_DICT),
            "initializers": aliases(initializers.ALL_OBJECTS_DICT),
            "losses": aliases(losses.ALL_OBJECTS_DICT),
            "metrics": aliases(metrics.ALL_OBJECTS_DICT),
            "regularizers": aliases(regularizers.ALL_OBJECTS_DICT),
        },
        "operations": functions(keras.ops),
        "utilities": members(keras.utils),
        "backend": members(keras.backend),
        "datasets": members(keras.datasets),
        "modules": sorted(name for name in dir(keras) if isinstance(getattr(keras, name), ModuleType)),
        "root": sorted(name for name in dir(keras) if not name.startswith("_")),
    }


def rendered() -> str:
    """The tables as the checked-in file holds them: one line an entry."""
    lines: list[str] = []
    for section, content in tables().items():
        if isinstance(content, dict) and section not in ("identifiers", "aliases"):
            rows = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in content.items())
            lines.append(f"{json.dumps(section)}: {{\n{rows}\n }}")
        else:
            lines.append(f"{json.dumps(section)}: {json.dumps(content)}")
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when the checked-in file differs")
    text = rendered()
    if parser.parse_args().check:
        return int(TARGET.read_text(encoding="utf-8") != text)
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
