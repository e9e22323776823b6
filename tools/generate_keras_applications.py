"""Writes kerascheck/keras_api/applications.json: the networks of the installed keras.applications, measured.

Run with the development environment: `python tools/generate_keras_applications.py`; `--check` compares instead of writing.
Nothing is downloaded, and no variable is filled: every network is built without weights, and counted.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras.src.applications import imagenet_utils
from keras.src.backend.common.stateless_scope import StatelessScope

TARGET = Path(__file__).parent.parent / "kerascheck" / "keras_api" / "applications.json"
HALVINGS = 32
"""Every network halves its maps five times."""

USUAL_SIDE = 224
"""The side of ImageNet's images for a network that takes images of any size where none is given."""

WIDTHS: Mapping[str, tuple[Mapping[str, object], ...]] = {
    "MobileNet": tuple({"alpha": alpha} for alpha in (0.25, 0.5, 0.75)),
    "MobileNetV2": tuple({"alpha": alpha} for alpha in (0.35, 0.5, 0.75, 1.3, 1.4)),
    **dict.fromkeys(("MobileNetV3Small", "MobileNetV3Large"), ({"alpha": 0.75}, {"minimalistic": True})),
}
"""The widths other than the usual one that ImageNet weights exist for."""

SIDES: Mapping[str, tuple[int, ...]] = {
    "MobileNet": (128, 160, 192, 224),
    "MobileNetV2": (96, 128, 160, 192, 224),
}
"""The sides that a network with its head has ImageNet weights for, where it has them for several."""

Count = list[int]


def builders() -> dict[str, Callable[..., keras.Model]]:
    """The functions of keras.applications that make a network, by name."""
    return {
        name: getattr(keras.applications, name)
        for name in sorted(dir(keras.applications))
        if name[:1].isupper() and callable(getattr(keras.applications, name))
    }


def built(builder: Callable[..., keras.Model], **arguments: object) -> keras.Model:
    """A network without weights, whose variables are declared and never filled."""
    keras.backend.clear_session()
    with StatelessScope(initialize_variables=False):
        return builder(weights=None, **arguments)


def counted(model: keras.Model) -> Count:
    """All weights, and those that training changes."""
    return [sum(math.prod(weight.shape) for weight in weights) for weights in (model.weights, model.trainable_weights)]


def difference(left: Count, right: Count, divisor: int = 1) -> Count:
    pairs = [divmod(a - b, divisor) for a, b in zip(left, right, strict=True)]
    assert all(rest == 0 for _, rest in pairs), (left, right, divisor)
    return [quotient for quotient, _ in pairs]


def asked_for(builder: Callable[..., keras.Model]) -> dict[str, int]:
    """The least side and the default side that a network hands to the check of its input shape."""
    found: dict[str, object] = {}
    original = imagenet_utils.obtain_input_shape

    def watched(*args: object, **kwargs: object) -> object:
        found.update({name: kwargs[name] for name in ("default_size", "min_size")})
        return original(*args, **kwargs)

    imagenet_utils.obtain_input_shape = watched
    try:
        built(builder)
    finally:
        imagenet_utils.obtain_input_shape = original
    return {name: size for name, size in found.items() if isinstance(size, int)}


def least_of(builder: Callable[..., keras.Model]) -> int:
    """The least side that a network takes which checks its input by itself."""
    for size in range(1, 224):
        try:
            built(builder, include_top=False, input_shape=(size, size, 3))
        except ValueError:
            continue
        return size
    raise AssertionError(builder)


def scaling_of(module: str) -> str:
    """What the `preprocess_input` of a module does to pixels from 0 to 255."""
    colours = np.stack([np.arange(256.0)] * 3, axis=-1).reshape(1, 16, 16, 3)
    scaled = np.asarray(getattr(keras.applications, module).preprocess_input(colours.copy()))
    low, high = round(float(scaled.min()), 2), round(float(scaled.max()), 2)
    return {(0.0, 255.0): "none", (-1.0, 1.0): "tf", (-123.68, 151.06): "caffe", (-2.12, 2.64): "torch"}[low, high]


def offset_of(builder: Callable[..., keras.Model], side: int) -> int:
    """What is added to a side before it is divided by 32 and cut off to give the side of the last maps.

    Floors of quotients fold into one: what is measured is the side at which the maps grow by one.
    """
    maps = maps_of(builder, side)
    low, high = side, side + HALVINGS
    assert maps_of(builder, high) == maps + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if maps_of(builder, middle) == maps else (low, middle)
    return (maps + 1) * HALVINGS - high


def maps_of(builder: Callable[..., keras.Model], size: int) -> int:
    # Of a fixed size: some networks pad an image of unknown size otherwise.
    return int(built(builder, include_top=False, input_shape=(size, size, 3)).output_shape[1])


def sizes(
    builder: Callable[..., keras.Model], side: int, offset: int, arguments: Mapping[str, object]
) -> dict[str, object]:
    """How many weights a network has: `body` and what each further input `channel` adds, `head` without the last layer,
    what the `head` has for each `cell` of the last maps, and the `features` that the last layer takes."""
    body = built(builder, include_top=False, input_shape=(side, side, 3), **arguments)
    grey = built(builder, include_top=False, input_shape=(side + 1, side + 1, 1), **arguments)
    for model, size in ((body, side), (grey, side + 1)):
        assert model.output_shape[1] == (size + offset) // HALVINGS, (builder, size, model.output_shape)
    model = built(builder, input_shape=(side, side, 3), classes=1000, **arguments)
    whole, full = counted(model), counted(body)
    last, rest = difference(whole, counted(built(builder, input_shape=(side, side, 3), classes=10, **arguments)), 990)
    assert last == rest
    cell = [0, 0]
    if any(isinstance(layer, keras.layers.Flatten) for layer in model.layers):
        larger = counted(built(builder, input_shape=(side * 2, side * 2, 3), classes=1000, **arguments))
        cell = difference(larger, whole, 3 * ((side + offset) // HALVINGS) ** 2)
    return {
        "channels": int(body.output_shape[-1]),
        "body": full,
        "channel": difference(full, counted(grey), 2),
        "head": difference(difference(whole, full), [1000 * last] * 2),
        "cell": cell,
        "features": last - 1,
    }


def entries() -> Iterator[dict[str, object]]:
    """One entry a network, and one for each further width."""
    offsets: dict[str, int] = {}
    for name, builder in builders().items():
        module = builder.__module__.rpartition(".")[2]
        asked = asked_for(builder)
        side = asked.get("default_size", USUAL_SIDE)
        least = asked["min_size"] if asked else least_of(builder)
        # The members of a family halve their maps alike, which `sizes` checks for two sides of each.
        family = name if module == "nasnet" else module
        offset = offsets.setdefault(family, offset_of(builder, side) if family not in offsets else 0)
        common = {"module": module, "scaling": scaling_of(module), "side": side, "least": least,
                  "sides": list(SIDES.get(name, (side,))), "offset": offset}  # fmt: skip
        for arguments in ({}, *WIDTHS.get(name, ())):
            yield {"name": name, "arguments": dict(arguments), **common, **sizes(builder, side, offset, arguments)}
            print(name, arguments, file=sys.stderr)


def document() -> str:
    lines = ",\n".join("  " + json.dumps(entry) for entry in entries())
    return (
        f'{{\n "source": "keras.applications",\n "version": "{keras.__version__}",\n "networks": [\n{lines}\n ]\n}}\n'
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    text = document()
    if parser.parse_args().check:
        return int(TARGET.read_text(encoding="utf-8") != text)
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
