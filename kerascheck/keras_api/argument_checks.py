"""Checks of the arguments of one call beyond the kinds and words of each: ranges, and values that go together.

Sources: the constructors of keras 3.15 and of tf_keras 2.21. What tf_keras lets pass is marked, where it has the class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias, TypeGuard

from msgspec import Struct

from kerascheck.facts.values import UNKNOWN, Symbol, Unknown, Value

INFINITY: Final = float("inf")


class Disagreement(Struct, frozen=True):
    """What is wrong: a predicate to the argument, and what to write; without `argument` one is missing.

    `beside` names the other arguments that take part, `keras_3` when an earlier Keras lets it pass, `warns` when Keras goes on.
    """

    argument: str
    text: str
    advice: str
    keras_3: bool = False
    warns: bool = False
    beside: tuple[str, ...] = ()


Given: TypeAlias = "Mapping[str, Value]"
Check: TypeAlias = "Callable[[Given], Disagreement | None]"


def number(
    argument: str, low: float = -INFINITY, high: float = INFINITY, *, old: bool = False, whole: bool = False
) -> Check:
    """A number, or several, within a range; `old` where an earlier Keras takes others, `whole` for a whole number or None."""
    text = f"at least {low:g}" if high == INFINITY else f"between {low:g} and {high:g}"

    def check(given: Given) -> Disagreement | None:
        value = given.get(argument, UNKNOWN)
        if whole and isinstance(value, (str, float, tuple)):
            return Disagreement(argument, f"is {shown(value)}, but it takes a whole number {text}", "give one", old)
        for part in parts_of(value):
            if is_number(part) and not low <= part <= high:
                return Disagreement(argument, f"is {part:g}, but it must be {text}", f"give a number {text}", old)
        return None

    return check


def factor(argument: str, low: float, high: float, *, old: bool = False) -> Check:
    """A number, or two that reach into a range; `old` where an earlier Keras takes three."""

    def check(given: Given) -> Disagreement | None:
        value = given.get(argument, UNKNOWN)
        text = f"a number or two from {low:g} to {high:g}"
        if isinstance(value, tuple) and len(value) != 2:
            return Disagreement(argument, f"is {shown(value)}, but it takes {text}", f"give {text}", old)
        if isinstance(value, tuple):
            first, second = value
            if is_number(first) and is_number(second) and (first > high or second < low):
                return Disagreement(argument, f"is {shown(value)}, but it takes {text}", f"give {text}")
        elif is_number(value) and not low <= value <= high:
            return Disagreement(argument, f"is {shown(value)}, but it takes {text}", f"give {text}")
        return None

    return check


def one_of(argument: str, *values: Value, old: bool = False) -> Check:
    """One of a few values."""
    choice = " or ".join(shown(value) for value in values)

    def check(given: Given) -> Disagreement | None:
        value = given.get(argument, UNKNOWN)
        if is_plain(value) and value not in values:
            return Disagreement(argument, f"is {shown(value)}, but it takes {choice}", f"use {choice}", old)
        return None

    return check


def kinds(argument: str, what: str, refuses: Callable[[Value], bool], *, old: bool = False) -> Check:
    """Values of other kinds than `what` says."""

    def check(given: Given) -> Disagreement | None:
        value = given.get(argument, UNKNOWN)
        if isinstance(value, Unknown) or not refuses(value):
            return None
        return Disagreement(argument, f"is {shown(value)}, but it takes {what}", f"give {what}", old)

    return check


def apart(first: str, second: str) -> Check:
    """Two arguments of which one may be given."""

    def check(given: Given) -> Disagreement | None:
        if is_set(given.get(first, UNKNOWN)) and is_set(given.get(second, UNKNOWN)):
            return Disagreement(first, f"is given together with `{second}`", "keep one of the two", beside=(second,))
        return None

    return check


def needs(argument: str, other: str, *values: Value, old: bool = False) -> Check:
    """An argument that goes with certain values of another only; with any but None where none are named."""
    choice = " or ".join(shown(value) for value in values)

    def check(given: Given) -> Disagreement | None:
        value = given.get(other, UNKNOWN)
        if not is_set(given.get(argument, UNKNOWN)) or isinstance(value, (Unknown, Symbol)):
            return None
        if not values and value is None:
            return Disagreement(argument, f"is given without `{other}`", f"give `{other}` too", old, beside=(other,))
        if values and value not in values:
            return Disagreement(
                argument,
                f"is given where `{other}` is {shown(value)}",
                f"use it with `{other}={choice}`",
                old,
                beside=(other,),
            )
        return None

    return check


def required(*arguments: str, old: bool = False) -> Check:
    """Arguments of which one must be given, although each has a default."""
    choice = " or ".join(f"`{argument}`" for argument in arguments)

    def check(given: Given) -> Disagreement | None:
        if all(given.get(argument, UNKNOWN) is None for argument in arguments):
            return Disagreement("", f"is given no {choice}", f"give {choice}", old)
        return None

    return check


def against_strides(given: Given) -> Disagreement | None:
    if largest(given.get("strides", UNKNOWN)) > 1 and largest(given.get("dilation_rate", UNKNOWN)) > 1:
        return Disagreement(
            "dilation_rate", "is above 1 together with `strides`", "leave one of them at 1", beside=("strides",)
        )
    return None


def below_strides(given: Given) -> Disagreement | None:
    padding, strides = given.get("output_padding", UNKNOWN), given.get("strides", UNKNOWN)
    paddings = padding if isinstance(padding, tuple) else (padding,) * 3
    steps = strides if isinstance(strides, tuple) else (strides,) * 3
    for added, step in zip(paddings, steps, strict=False):
        if is_number(added) and is_number(step) and added >= step:
            return Disagreement(
                "output_padding",
                f"is {added:g}, and `strides` is {step:g}",
                "give less than `strides`",
                beside=("strides",),
            )
    return None


def shared_heads(given: Given) -> Disagreement | None:
    queries, keys = given.get("num_query_heads", UNKNOWN), given.get("num_key_value_heads", UNKNOWN)
    if isinstance(queries, int) and isinstance(keys, int) and keys > 0 and queries % keys:
        text = f"is {keys}, which does not divide the {queries} heads of `num_query_heads`"
        return Disagreement("num_key_value_heads", text, f"give a divisor of {queries}", beside=("num_query_heads",))
    return None


def without_dropout(given: Given) -> Disagreement | None:
    rate = given.get("dropout", UNKNOWN)
    if given.get("flash_attention") is True and is_number(rate) and rate > 0:
        return Disagreement(
            "dropout",
            "is given together with `flash_attention`, which has none",
            "set it to 0",
            beside=("flash_attention",),
        )
    return None


def clipping(given: Given) -> Disagreement | None:
    """`renorm_clipping` of `BatchNormalization`."""
    value = given.get("renorm_clipping", UNKNOWN)
    if not isinstance(value, Mapping):
        return None
    surplus = [key for key in value if key not in ("rmin", "rmax", "dmax")]
    if surplus:
        return Disagreement("renorm_clipping", f"has the key `{surplus[0]}`", "use the keys `rmin`, `rmax` and `dmax`")
    low, high, shift = (value.get(key, UNKNOWN) for key in ("rmin", "rmax", "dmax"))
    if is_number(low) and is_number(high) and high < low:
        return Disagreement("renorm_clipping", f"has an `rmax` of {high:g} below its `rmin`", "exchange the two", True)
    if is_number(shift) and shift < 0:
        return Disagreement("renorm_clipping", f"has a `dmax` of {shift:g}", "give a `dmax` of at least 0", True)
    return None


def deprecated_scaling(given: Given) -> Disagreement | None:
    if given.get("rms_scaling") is True:
        text = "divides by another number than it should, and is deprecated"
        return Disagreement("rms_scaling", text, "use `RMSNormalization`", warns=True)
    return None


def noise(given: Given) -> Disagreement | None:
    """`noise_shape` of `Dropout`."""
    value, what = given.get("noise_shape", UNKNOWN), "sizes or None for each axis"
    if isinstance(value, (str, int, float)):
        return Disagreement("noise_shape", f"is {shown(value)}, but it takes {what}", f"give {what}", True)
    parts = value if isinstance(value, tuple) else ()
    if any(isinstance(part, (str, float)) or (is_number(part) and part <= 0) for part in parts):
        return Disagreement("noise_shape", f"is {shown(value)}, but it takes {what}", f"give {what}", True)
    return None


def backward(given: Given) -> Disagreement | None:
    """The two layers of a `Bidirectional`."""
    one, other = given.get("layer", UNKNOWN), given.get("backward_layer", UNKNOWN)
    if not isinstance(one, Symbol) or not isinstance(other, Symbol):
        return None
    ways = [layer.arguments.get("go_backwards", UNKNOWN) for layer in (one, other)]
    if ways[0] == ways[1] and isinstance(ways[0], bool):
        text = "goes the same way as the other layer"
        return Disagreement("backward_layer", text, "make it with `go_backwards=True`")
    for name in ("stateful", "return_sequences", "return_state"):
        here, there = one.arguments.get(name, UNKNOWN), other.arguments.get(name, UNKNOWN)
        if isinstance(here, bool) and isinstance(there, bool) and here != there:
            text = f"has `{name}={there}`, and the other layer has {here}"
            return Disagreement("backward_layer", text, f"give both the same `{name}`")
    return None


def hashed_type(given: Given) -> Disagreement | None:
    kind = given.get("dtype", UNKNOWN)
    if given.get("output_mode") == "int" and isinstance(kind, str) and kind not in ("int32", "int64"):
        return Disagreement(
            "dtype", f'is "{kind}", and hashes are whole numbers', 'use `"int64"`', True, beside=("output_mode",)
        )
    return None


def salted(given: Given) -> Disagreement | None:
    """`salt` of `IntegerLookup`, whose tokens are numbers."""
    if is_set(given.get("salt", UNKNOWN)) and given.get("oov_method") == "floormod":
        return Disagreement(
            "salt", "is given without `farmhash`", 'give `oov_method="farmhash"`', beside=("oov_method",)
        )
    return None


def weighted(given: Given) -> Disagreement | None:
    known = is_set(given.get("vocabulary", UNKNOWN)) and given.get("idf_weights", UNKNOWN) is None
    if known and given.get("output_mode") in ("tf_idf", "tf-idf"):
        return Disagreement(
            "vocabulary",
            "is given without `idf_weights`, which tf-idf needs",
            "give `idf_weights` too",
            beside=("output_mode", "idf_weights"),
        )
    return None


def at_least(argument: str, other: str) -> Check:
    """An argument that is no smaller than another."""

    def check(given: Given) -> Disagreement | None:
        value, least = given.get(argument, UNKNOWN), given.get(other, UNKNOWN)
        if is_number(value) and is_number(least) and value < least:
            text = f"is {value:g}, below the {least:g} of `{other}`"
            return Disagreement(argument, text, f"give at least `{other}`", beside=(other,))
        return None

    return check


def stepping(given: Given) -> Disagreement | None:
    step, length = given.get("frame_step", UNKNOWN), given.get("frame_length", UNKNOWN)
    if is_number(step) and is_number(length) and not 1 <= step <= length:
        text = f"is {step:g}, but it must be from 1 to the {length:g} of `frame_length`"
        return Disagreement("frame_step", text, "give a smaller step", beside=("frame_length",))
    return None


def power_of_two(given: Given) -> Disagreement | None:
    length = given.get("fft_length", UNKNOWN)
    if isinstance(length, int) and length > 0 and length & -length != length:
        text = f"is {length}, which is no power of two: the transform is slow"
        return Disagreement("fft_length", text, "give a power of two", warns=True)
    return None


def moments(given: Given) -> Disagreement | None:
    """`mean` and `variance` of `Normalization`."""
    mean, variance = given.get("mean", UNKNOWN), given.get("variance", UNKNOWN)
    if isinstance(mean, Unknown) or isinstance(variance, Unknown):
        return None
    if (mean is None) != (variance is None):
        missing = "mean" if mean is None else "variance"
        return Disagreement(
            "variance" if mean is None else "mean",
            f"is given without `{missing}`",
            "give both",
            beside=("mean", "variance"),
        )
    one, other, axis = shape_of(mean), shape_of(variance), given.get("axis", UNKNOWN)
    if one is None or other is None:
        return None
    if one != other:
        return Disagreement(
            "variance",
            f"has the shape {other}, and `mean` has {one}",
            "give both one shape",
            True,
            beside=("mean", "variance"),
        )
    count = len(axis) if isinstance(axis, tuple) else 0 if axis is None else 1
    if not isinstance(axis, Unknown) and len(one) > count:
        return Disagreement(
            "mean",
            f"has {len(one)} axes, and the layer {count}",
            "give one number a feature",
            True,
            beside=("mean", "variance"),
        )
    return None


def shape_of(value: Value) -> tuple[int, ...] | None:
    """The shape of numbers that are written out; None for anything else."""
    if is_number(value):
        return ()
    if not isinstance(value, tuple) or not value:
        return None
    inner = {shape_of(part) for part in value}
    first = next(iter(inner))
    return (len(value), *first) if len(inner) == 1 and first is not None else None


def joined_mode(argument: str, text: str) -> Check:
    """An argument of `TextVectorization` that only whole numbers as output take."""

    def check(given: Given) -> Disagreement | None:
        mode = given.get("output_mode", UNKNOWN)
        if isinstance(mode, str) and mode != "int" and is_set(given.get(argument, UNKNOWN)):
            return Disagreement(argument, f'is given where `output_mode` is "{mode}"', text, beside=("output_mode",))
        return None

    return check


def crossed(given: Given) -> Disagreement | None:
    """`crosses` of `FeatureSpace`."""
    features, crosses = given.get("features", UNKNOWN), given.get("crosses", UNKNOWN)
    if not isinstance(crosses, tuple) or not crosses:
        return None
    names = {name for cross in crosses if isinstance(cross, tuple) for name in cross if isinstance(name, str)}
    unknown = sorted(names - features.keys()) if isinstance(features, Mapping) else []
    if unknown:
        return Disagreement(
            "crosses", f"names `{unknown[0]}`, which is no feature", "name features of the first argument"
        )
    if given.get("crossing_dim", UNKNOWN) in (None, 0):
        return Disagreement("crosses", "is given without `crossing_dim`", "give `crossing_dim` too")
    return None


FEATURES: Final = frozenset(
    {"float", "float_normalized", "float_rescaled", "float_discretized", "integer_categorical", "string_categorical"}
    | {"integer_hashed", "string_hashed"}
)


def featured(given: Given) -> Disagreement | None:
    features = given.get("features", UNKNOWN)
    if features is None or (isinstance(features, Mapping) and not features):
        return Disagreement("features", "has no feature", "name at least one feature")
    for name, kind in features.items() if isinstance(features, Mapping) else ():
        if isinstance(kind, str) and kind not in FEATURES:
            return Disagreement(
                "features", f'gives `{name}` the kind "{kind}"', f"use one of {', '.join(sorted(FEATURES))}"
            )
    return None


def without(argument: str) -> Check:
    """An argument that a class takes from the one above it only to refuse it."""

    def check(given: Given) -> Disagreement | None:
        if is_set(given.get(argument, UNKNOWN)) and argument in given:
            return Disagreement(argument, "is no argument of this layer", "leave it out")
        return None

    return check


def odd(argument: str) -> Check:
    def check(given: Given) -> Disagreement | None:
        value = given.get(argument, UNKNOWN)
        if any(isinstance(part, int) and part % 2 == 0 for part in (value if isinstance(value, tuple) else (value,))):
            return Disagreement(argument, f"is {shown(value)}, but it must be odd", "give an odd number")
        return None

    return check


def pair(argument: str) -> Check:
    return kinds(argument, "two numbers", lambda value: not isinstance(value, tuple) or len(value) != 2)


def parts_of(value: Value) -> Iterator[Value]:
    """What stands in a nest of lists."""
    if isinstance(value, tuple):
        for part in value:
            yield from parts_of(part)
    else:
        yield value


def is_number(value: Value) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_plain(value: Value) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def is_set(value: Value) -> bool:
    """Whether a value is proven to be given and no mere default."""
    return not isinstance(value, Unknown) and value is not None and value is not False


def largest(size: Value) -> float:
    """The largest number of a size that is known whole; 0 for any other."""
    parts = size if isinstance(size, tuple) else (size,)
    numbers = [part for part in parts if isinstance(part, int)]
    return max(numbers, default=0) if len(numbers) == len(parts) else 0


def shown(value: Value) -> str:
    """A value as the source would have it."""
    return f'"{value}"' if isinstance(value, str) else str(value)
