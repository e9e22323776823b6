"""Preprocessing and image augmentation layers."""

from __future__ import annotations

from collections.abc import Mapping

from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown
from kerascheck.shapes.call import Call, ParameterFunction, Refusal, ShapeFunction, integer, replaced, written
from kerascheck.shapes.core import unchanged

_IMAGES = [
    "AugMix",
    "AutoContrast",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "CutMix",
    "Equalization",
    "MixUp",
    "RandAugment",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "Solarization",
]
"""Layers for one image, or for a batch of them, that keep its shape."""


def image(call: Call) -> list[Shape]:
    """An image has height, width and channels."""
    dims = call.dims()
    name = call.layer.class_name
    # `RandomContrast` of Keras 2 takes more axes.
    if dims is not None and (len(dims) < 3 or (len(dims) > 4 and name != "RandomContrast")):
        raise Refusal("rank", f"takes one image or a batch of them, with 3 or 4 axes, got {written(dims)}", 0)
    channels = dims[-1] if dims is not None else UNKNOWN
    if name == "RandomColorDegeneration" and channels != 3 and isinstance(channels, int) and not call.channels_first():
        raise Refusal("shape", f"takes images of 3 channels, got {written(call.input)}")
    return [call.input]


def resized(call: Call) -> list[Shape]:
    """Resizing, CenterCrop, RandomCrop: height and width become the arguments'."""
    image(call)
    dims = call.dims()
    first = call.channels_first()
    if dims is None or isinstance(first, Unknown) or len(dims) not in (3, 4):
        return [UNKNOWN]
    height = -2 if first else -3
    tall: Dim = call.size("height")
    wide: Dim = call.size("width")
    return [replaced(replaced(dims, height, tall), height + 1, wide)]


def random_height(call: Call) -> list[Shape]:
    """RandomHeight and RandomWidth of Keras 2: the size of an image varies."""
    dims = call.dims()
    if dims is None or len(dims) < 3:
        return [UNKNOWN]
    return [replaced(dims, -3 if call.layer.class_name == "RandomHeight" else -2, None)]


def category_encoding(call: Call) -> list[Shape]:
    dims = call.dims()
    tokens = call.size("num_tokens")
    mode = call.value("output_mode")
    if dims is None or isinstance(mode, Unknown):
        return [UNKNOWN]
    if mode == "one_hot":
        return [replaced(dims, -1, tokens) if dims[-1] == 1 else (*dims, tokens)]
    return [(*dims[:-1], tokens)]


def looked_up(call: Call) -> list[Shape]:
    """StringLookup and IntegerLookup: indices of the input's shape, or one axis as long as the vocabulary."""
    dims = call.dims()
    mode = call.value("output_mode")
    if dims is None or mode == "int":
        return [call.input]
    if isinstance(mode, Unknown):
        return [UNKNOWN]
    long = mode == "one_hot" and dims[-1] != 1
    return [(*dims, UNKNOWN) if long else (*dims[:-1], UNKNOWN)]


def vectorized(call: Call) -> list[Shape]:
    """TextVectorization: a sequence of indices, or one axis as long as the vocabulary."""
    dims = call.dims()
    mode = call.value("output_mode")
    batch: Dim = dims[0] if dims else None
    if call.value("split") is None or call.value("ragged") is not False:
        return [UNKNOWN]
    if mode != "int":
        tokens = call.value("max_tokens") if call.value("pad_to_max_tokens") is True else UNKNOWN
        return [UNKNOWN if isinstance(mode, Unknown) else (batch, integer(tokens))]
    length = call.value("output_sequence_length")
    return [(batch, None if length is None else integer(length))]


SHAPES: Mapping[str, ShapeFunction] = {
    **dict.fromkeys(_IMAGES, image),
    **dict.fromkeys(("Rescaling", "Discretization", "Hashing"), unchanged),
    **dict.fromkeys(("Resizing", "CenterCrop", "RandomCrop"), resized),
    **dict.fromkeys(("RandomHeight", "RandomWidth"), random_height),
    "CategoryEncoding": category_encoding,
    **dict.fromkeys(("StringLookup", "IntegerLookup"), looked_up),
    "TextVectorization": vectorized,
}

PARAMETERS: Mapping[str, ParameterFunction] = {}
