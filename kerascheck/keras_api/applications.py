"""The pretrained networks of `keras.applications`: what they want as input and what they put out.

Source: keras.applications of Keras 3.15, `preprocess_input` and `obtain_input_shape` of each module.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from kerascheck.facts.values import UNKNOWN, Dim


class Scaling(enum.Enum):
    """What `preprocess_input` makes of pixels from 0 to 255."""

    CAFFE = "caffe"  # BGR, minus the mean of each channel
    TF = "tf"  # from -1 to 1
    TORCH = "torch"  # mean 0 and deviation 1 of each channel
    NONE = "none"  # nothing: the network scales itself


class Rounding(enum.Enum):
    """What a network does with an odd side each time that it halves the maps."""

    DOWN = "down"
    UP = "up"
    MIXED = "mixed"
    OTHER = "other"  # windows without padding: no plain halving


class Application(Struct, frozen=True):
    """A network: its module, the scaling it was trained with, side of its images, least side, channels of its last maps."""

    module: str
    scaling: Scaling
    side: int
    least: int
    channels: int
    rounding: Rounding

    def maps(self, side: Dim) -> Dim:
        """The side of the last maps for images of a side."""
        if not isinstance(side, int) or self.rounding is Rounding.OTHER:
            return None if side is None else UNKNOWN
        for step in range(5):
            up = self.rounding is Rounding.UP or (self.rounding is Rounding.MIXED and step < 2)
            side = -(-side // 2) if up else side // 2
        return side


def _family(
    module: str, scaling: Scaling, rounding: Rounding, members: Mapping[str, int], side: int = 224, least: int = 32
) -> dict[str, Application]:
    return {name: Application(module, scaling, side, least, size, rounding) for name, size in members.items()}


def _sized(module: str, members: Mapping[str, tuple[int, int]]) -> dict[str, Application]:
    return {
        name: Application(module, Scaling.NONE, side, 32, channels, Rounding.UP)
        for name, (side, channels) in members.items()
    }


APPLICATIONS: Final[Mapping[str, Application]] = {
    **_family("vgg16", Scaling.CAFFE, Rounding.DOWN, {"VGG16": 512}),
    **_family("vgg19", Scaling.CAFFE, Rounding.DOWN, {"VGG19": 512}),
    **_family("resnet", Scaling.CAFFE, Rounding.UP, {"ResNet50": 2048, "ResNet101": 2048, "ResNet152": 2048}),
    **_family("resnet_v2", Scaling.TF, Rounding.UP, {"ResNet50V2": 2048, "ResNet101V2": 2048, "ResNet152V2": 2048}),
    **_family("inception_v3", Scaling.TF, Rounding.OTHER, {"InceptionV3": 2048}, 299, 75),
    **_family("inception_resnet_v2", Scaling.TF, Rounding.OTHER, {"InceptionResNetV2": 1536}, 299, 75),
    **_family("xception", Scaling.TF, Rounding.UP, {"Xception": 2048}, 299, 71),
    **_family("mobilenet", Scaling.TF, Rounding.DOWN, {"MobileNet": 1024}),
    **_family("mobilenet_v2", Scaling.TF, Rounding.UP, {"MobileNetV2": 1280}),
    **_family("mobilenet_v3", Scaling.NONE, Rounding.UP, {"MobileNetV3Small": 576, "MobileNetV3Large": 960}),
    **_family("nasnet", Scaling.TF, Rounding.UP, {"NASNetMobile": 1056}),
    **_family("nasnet", Scaling.TF, Rounding.OTHER, {"NASNetLarge": 4032}, 331),
    **_family(
        "densenet", Scaling.TORCH, Rounding.MIXED, {"DenseNet121": 1024, "DenseNet169": 1664, "DenseNet201": 1920}
    ),
    **_family(
        "convnext",
        Scaling.NONE,
        Rounding.DOWN,
        {"ConvNeXtTiny": 768, "ConvNeXtSmall": 768, "ConvNeXtBase": 1024, "ConvNeXtLarge": 1536, "ConvNeXtXLarge": 2048},
    ),
    **_sized(
        "efficientnet",
        {"EfficientNetB0": (224, 1280), "EfficientNetB1": (240, 1280), "EfficientNetB2": (260, 1408),
         "EfficientNetB3": (300, 1536), "EfficientNetB4": (380, 1792), "EfficientNetB5": (456, 2048),
         "EfficientNetB6": (528, 2304), "EfficientNetB7": (600, 2560)},
    ),
    **_sized(
        "efficientnet_v2",
        {"EfficientNetV2B0": (224, 1280), "EfficientNetV2B1": (240, 1280), "EfficientNetV2B2": (260, 1408),
         "EfficientNetV2B3": (300, 1536), "EfficientNetV2S": (384, 1280), "EfficientNetV2M": (480, 1280),
         "EfficientNetV2L": (480, 1280)},
    ),
}  # fmt: skip

MODULES: Final[Mapping[str, Scaling]] = {
    **{application.module: application.scaling for application in APPLICATIONS.values()},
    "resnet50": Scaling.CAFFE,
}
"""What the `preprocess_input` of each module does."""

RANGES: Final[Mapping[Scaling, tuple[float, float]]] = {
    Scaling.CAFFE: (-123.68, 151.061),
    Scaling.TF: (-1.0, 1.0),
    Scaling.TORCH: (-2.118, 2.64),
}
"""The values that come out where pixels from 0 to 255 go in."""

# MobileNet has ImageNet weights with a head for these sides.
SEVERAL_SIDES: Final[Mapping[str, tuple[int, ...]]] = {
    "MobileNet": (128, 160, 192, 224),
    "MobileNetV2": (96, 128, 160, 192, 224),
}
