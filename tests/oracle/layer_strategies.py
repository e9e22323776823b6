"""Layers with arguments and input shapes made at random, one strategy for each layer of Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

Shape = tuple[int | None, ...]
Draw = Callable[[DrawFn], object]


@dataclass(frozen=True, slots=True)
class Question:
    """A call of a layer or of a function of keras.ops: with its tensors one by one (`spread`), or as one list; on numbers
    (`data`), where some layers refuse what they take as symbols."""

    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    inputs: Sequence[Shape] = ()
    call: Mapping[str, object] = field(default_factory=dict)
    spread: bool = True
    operation: bool = False
    data: bool = False

    def described(self) -> dict[str, object]:
        layer = {"class": self.name, "arguments": self.arguments}
        return {
            "layer": layer,
            "inputs": self.inputs,
            "call": self.call,
            "spread": self.spread,
            "operation": self.operation,
            "data": self.data,
        }

    def on(self, inputs: Sequence[Shape]) -> Question:
        """The same layer on other shapes."""
        return replace(self, inputs=inputs)

    def on_data(self) -> Question:
        """The same call on numbers."""
        return replace(self, data=True)


BATCH = st.sampled_from([None, None, 2])
SIZE = st.integers(1, 6)
AXIS = st.one_of(st.none(), st.integers(4, 12))
FORMAT = st.sampled_from([None, "channels_last", "channels_first"])
FLAG = st.booleans()


def shaped(*axes: SearchStrategy[int | None]) -> SearchStrategy[Shape]:
    """A shape of these axes behind a batch axis."""
    return st.tuples(BATCH, *axes)


ANY = st.lists(SIZE, min_size=1, max_size=4).flatmap(lambda sizes: shaped(*(st.just(size) for size in sizes)))
IMAGE = shaped(AXIS, AXIS, st.sampled_from([1, 3]))
PICTURES = st.sampled_from([(None, 8, 9, 3), (2, 8, 9, 3)])
SEQUENCE = shaped(AXIS, SIZE)


def plain(
    name: str,
    arguments: Mapping[str, SearchStrategy[object]] | None = None,
    shape: SearchStrategy[Shape] = ANY,
    call: Mapping[str, SearchStrategy[object]] | None = None,
) -> SearchStrategy[Question]:
    """A layer on one tensor."""
    return st.builds(
        lambda given, dims, flags: Question(name, given, [dims], flags),
        st.fixed_dictionaries(dict(arguments or {})),
        shape,
        st.fixed_dictionaries(dict(call or {})),
    )


def per_axis(rank: int, sizes: SearchStrategy[int]) -> SearchStrategy[object]:
    """One integer, or one for each axis."""
    return st.one_of(sizes, st.tuples(*(sizes for _ in range(rank))))


def placed(spatial: Sequence[int | None], channels: int | None, data_format: object) -> tuple[int | None, ...]:
    return (channels, *spatial) if data_format == "channels_first" else (*spatial, channels)


@st.composite
def windowed(
    draw: DrawFn,
    name: str,
    rank: int,
    arguments: Callable[[int], Mapping[str, SearchStrategy[object]]],
    *,
    steps: bool = False,
    formats: SearchStrategy[object] = FORMAT,
) -> Question:
    """A layer that slides along `rank` axes, in both data formats."""
    given = {name: draw(strategy) for name, strategy in arguments(rank).items()}
    data_format = draw(formats)
    if data_format is not None:
        given["data_format"] = data_format
    # Convolutional recurrent layers take no variable axis but the batch and the steps.
    spatial = [draw(st.integers(4, 9) if steps else AXIS) for _ in range(rank)]
    front = [draw(st.one_of(st.none(), st.integers(1, 4)))] if steps else []
    return Question(name, given, [(draw(BATCH), *front, *placed(spatial, draw(st.sampled_from([2, 4])), data_format))])


def convolution(rank: int) -> dict[str, SearchStrategy[object]]:
    padding = ["valid", "same", "causal"] if rank == 1 else ["valid", "same"]
    return {
        "filters": st.sampled_from([2, 4]),
        "kernel_size": per_axis(rank, st.integers(1, 4)),
        "strides": per_axis(rank, st.integers(1, 2)),
        "dilation_rate": per_axis(rank, st.sampled_from([1, 1, 2])),
        "padding": st.sampled_from(padding),
        "groups": st.sampled_from([1, 1, 2]),
        "use_bias": FLAG,
    }


def separable(rank: int) -> dict[str, SearchStrategy[object]]:
    found = {name: value for name, value in convolution(rank).items() if name not in ("groups", "strides")}
    return {**found, "strides": st.integers(1, 2), "depth_multiplier": st.integers(1, 2)}


def depthwise(rank: int) -> dict[str, SearchStrategy[object]]:
    return {name: value for name, value in separable(rank).items() if name != "filters"}


def transposed(rank: int) -> dict[str, SearchStrategy[object]]:
    found = {name: value for name, value in convolution(rank).items() if name not in ("groups", "padding")}
    return {
        **found,
        "padding": st.sampled_from(["valid", "same"]),
        "output_padding": st.sampled_from([None, None, 0, 1]),
    }


def convolutional_lstm(rank: int) -> dict[str, SearchStrategy[object]]:
    found = {name: value for name, value in convolution(rank).items() if name not in ("groups", "padding")}
    return {**found, "padding": st.sampled_from(["valid", "same"]), "return_sequences": FLAG, "return_state": FLAG}


def pooling(rank: int) -> dict[str, SearchStrategy[object]]:
    return {
        "pool_size": per_axis(rank, st.integers(1, 4)),
        "strides": st.one_of(st.none(), per_axis(rank, st.integers(1, 3))),
        "padding": st.sampled_from(["valid", "same"]),
    }


def global_pooling(rank: int) -> dict[str, SearchStrategy[object]]:
    return {"keepdims": FLAG}


def adaptive(rank: int) -> dict[str, SearchStrategy[object]]:
    return {"output_size": per_axis(rank, st.integers(1, 4))}


def sides(rank: int) -> SearchStrategy[object]:
    """Padding or cropping in each of the forms that Keras takes."""
    pair = st.tuples(st.integers(0, 3), st.integers(0, 3))
    if rank == 1:
        return st.one_of(st.integers(0, 3), pair)
    return st.one_of(
        st.integers(0, 3), st.tuples(*(st.integers(0, 3) for _ in range(rank))), st.tuples(*(pair for _ in range(rank)))
    )


def recurrent(name: str) -> SearchStrategy[Question]:
    arguments: dict[str, SearchStrategy[object]] = {
        "units": SIZE,
        "use_bias": FLAG,
        "return_sequences": FLAG,
        "return_state": FLAG,
    }
    if name == "GRU":
        arguments["reset_after"] = FLAG
    return plain(name, arguments, SEQUENCE)


@st.composite
def merged(draw: DrawFn, name: str) -> Question:
    """Shapes that differ where broadcasting, an unknown size or nothing at all may bridge them."""
    dims = draw(st.lists(SIZE, min_size=1, max_size=3))
    shapes: list[Shape] = []
    for _ in range(draw(st.integers(2, 3) if name != "Subtract" else st.just(2))):
        other = [draw(st.sampled_from([size, size, 1, None])) for size in dims]
        shapes.append((draw(BATCH), *other[draw(st.sampled_from([0, 0, 0, 1])) :]))
    return Question(name, {}, shapes, spread=False)


@st.composite
def concatenated(draw: DrawFn) -> Question:
    dims = draw(st.lists(SIZE, min_size=1, max_size=3))
    axis = draw(st.integers(-len(dims), len(dims)).filter(bool))
    place = axis - 1 if axis > 0 else axis
    shapes: list[Shape] = []
    for _ in range(draw(st.integers(2, 3))):
        other: list[int | None] = [draw(st.sampled_from([size, size, size, None])) for size in dims]
        other[place] = draw(st.one_of(SIZE, st.none()))
        shapes.append((None, *other))
    return Question("Concatenate", {"axis": axis}, shapes, spread=False)


@st.composite
def dotted(draw: DrawFn) -> Question:
    size, rank = draw(SIZE), draw(st.integers(1, 3))
    left = [draw(SIZE) for _ in range(rank)]
    right = [draw(SIZE) for _ in range(draw(st.integers(1, 3)))]
    axes = (draw(st.integers(1, len(left))), draw(st.integers(1, len(right))))
    left[axes[0] - 1] = right[axes[1] - 1] = size
    given: object = axes[0] if axes[0] == axes[1] and draw(FLAG) else axes
    return Question("Dot", {"axes": given, "normalize": draw(FLAG)}, [(None, *left), (None, *right)], spread=False)


@st.composite
def reshaped(draw: DrawFn) -> Question:
    dims = draw(st.lists(st.sampled_from([1, 2, 3, 4]), min_size=1, max_size=3))
    total = 1
    for size in dims:
        total *= size
    first = draw(st.sampled_from([size for size in range(1, total + 1) if total % size == 0]))
    target: list[int] = draw(st.permutations([first, total // first]))
    if draw(FLAG):
        target[draw(st.integers(0, 1))] = -1
    shape: list[int | None] = [None if draw(st.sampled_from([False] * 4 + [True])) else size for size in dims]
    return Question("Reshape", {"target_shape": tuple(target)}, [(draw(BATCH), *shape)])


@st.composite
def permuted(draw: DrawFn) -> Question:
    dims = draw(st.lists(st.one_of(st.none(), SIZE), min_size=1, max_size=4))
    order = draw(st.permutations(range(1, len(dims) + 1)))
    return Question("Permute", {"dims": tuple(order)}, [(draw(BATCH), *dims)])


@st.composite
def normalized(draw: DrawFn, name: str) -> Question:
    dims = draw(st.lists(SIZE, min_size=1, max_size=3))
    single = st.integers(1, len(dims))
    given: dict[str, object] = {"axis": draw(st.one_of(st.just(-1), single))}
    if name in ("LayerNormalization", "RMSNormalization", "UnitNormalization", "Normalization") and draw(FLAG):
        axes = draw(st.lists(single, min_size=1, max_size=len(dims), unique=True))
        given["axis"] = tuple(sorted(axes))
    if name in ("BatchNormalization", "LayerNormalization", "GroupNormalization"):
        given |= {"center": draw(FLAG), "scale": draw(FLAG)}
    if name == "BatchNormalization":
        given["renorm"] = draw(FLAG)
    if name == "GroupNormalization":
        given["groups"] = draw(st.sampled_from([-1, 1, 2, 3]))
    return Question(name, given, [(draw(BATCH), *dims)])


@st.composite
def attended(draw: DrawFn, name: str) -> Question:
    batch, steps, others, width = draw(BATCH), draw(AXIS), draw(AXIS), draw(SIZE)
    value = draw(SIZE)
    given: dict[str, object] = {"use_scale": draw(FLAG)}
    if name == "Attention":
        given["score_mode"] = draw(st.sampled_from(["dot", "concat"]))
    shapes: list[Shape] = [(batch, steps, width), (batch, others, value)]
    if draw(FLAG) or value != width:
        shapes.append((batch, others, width))
    return Question(name, given, shapes, {"return_attention_scores": draw(FLAG)}, spread=False)


@st.composite
def multi_headed(draw: DrawFn, name: str) -> Question:
    batch, steps, scores = draw(BATCH), draw(AXIS), draw(FLAG)
    # Keras 3.15 declares scores of the query's length on both axes, whatever the value's is.
    others = steps if scores else draw(AXIS)
    heads, size = draw(st.sampled_from([1, 2, 4])), draw(SIZE)
    given: dict[str, object] = {"use_bias": draw(FLAG)}
    if name == "MultiHeadAttention":
        given |= {"num_heads": heads, "key_dim": size, "value_dim": draw(st.one_of(st.none(), SIZE))}
        given["output_shape"] = draw(st.sampled_from([None, None, 5, (5,)]))
    else:
        given |= {"num_query_heads": 4, "num_key_value_heads": heads, "head_dim": size}
    width = draw(SIZE)
    widths = SIZE if name == "MultiHeadAttention" else st.just(width)
    shapes: list[Shape] = [(batch, steps, width), (batch, others, draw(widths))]
    if draw(FLAG):
        shapes.append((batch, others, draw(widths)))
    return Question(name, given, shapes, {"return_attention_scores": scores})


@st.composite
def einsum(draw: DrawFn) -> Question:
    equation, output, shape, axes = draw(
        st.sampled_from(
            [
                ("ab,bc->ac", 5, (None, 3), ["c"]),
                ("abc,cd->abd", (None, 5), (None, 4, 3), ["d"]),
                ("abc,cde->abde", (None, 5, 2), (None, 4, 3), ["d", "de", "e"]),
                ("abcd,cde->abe", (None, 5), (None, 4, 3, 2), ["e"]),
                ("...x,xy->...y", 5, (None, 4, 3), ["y"]),
            ]
        )
    )
    given = {"equation": equation, "output_shape": output, "bias_axes": draw(st.sampled_from([None, *axes]))}
    return Question("EinsumDense", given, [shape])


def wrapped(name: str, inner: SearchStrategy[Question], *, steps: bool = False) -> SearchStrategy[Question]:
    """A layer around another one, `steps` where it works on each step of its input."""

    def around(question: Question, extra: Mapping[str, object], length: int | None) -> Question:
        layer = {"class": question.name, "arguments": question.arguments}
        shape = question.inputs[0]
        return Question(name, {"layer": layer, **extra}, [(shape[0], length, *shape[1:])] if steps else [shape])

    merge = st.sampled_from(["concat", "sum", "mul", "ave", None])
    extra = st.fixed_dictionaries({"merge_mode": merge} if name == "Bidirectional" else {})
    return st.builds(around, inner, extra, AXIS)


def crop(name: str) -> SearchStrategy[Question]:
    return plain(name, {"height": SIZE, "width": SIZE}, IMAGE)


def prelu() -> SearchStrategy[Question]:
    shared = st.sampled_from([None, (1,), (1, 2)])
    return plain("PReLU", {"shared_axes": shared}, shaped(SIZE, SIZE, SIZE))


RANKS = (1, 2, 3)
LAST = st.sampled_from([None, "channels_last"])
RATE = {"rate": st.just(0.25)}
COUNT = {"output_mode": st.sampled_from(["one_hot", "multi_hot", "count"]), "num_tokens": st.just(7)}
AUGMENTING: Mapping[str, Mapping[str, object]] = {
    "AugMix": {"value_range": (0, 1)},
    "AutoContrast": {},
    "ContrastLimitedAdaptiveHistogramEqualization": {},
    "CutMix": {},
    "Equalization": {},
    "MixUp": {},
    "RandAugment": {},
    "RandomBrightness": {"factor": 0.1},
    "RandomColorDegeneration": {"factor": 0.1},
    "RandomColorJitter": {"brightness_factor": 0.1},
    "RandomContrast": {"factor": 0.1},
    "RandomElasticTransform": {"factor": 0.1},
    "RandomErasing": {"factor": 0.1},
    "RandomFlip": {},
    "RandomGaussianBlur": {"factor": 0.1},
    "RandomGrayscale": {"factor": 0.1},
    "RandomHue": {"factor": 0.1},
    "RandomInvert": {"factor": 0.1},
    "RandomPerspective": {"factor": 0.1},
    "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": 0.1},
    "RandomSaturation": {"factor": 0.1},
    "RandomSharpness": {"factor": 0.1},
    "RandomShear": {"x_factor": 0.1},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1},
    "Solarization": {},
}

STRATEGIES: Mapping[str, SearchStrategy[Question]] = {
    **{f"Conv{n}D": windowed(f"Conv{n}D", n, convolution) for n in RANKS},
    **{f"Conv{n}DTranspose": windowed(f"Conv{n}DTranspose", n, transposed) for n in RANKS},
    **{f"SeparableConv{n}D": windowed(f"SeparableConv{n}D", n, separable) for n in (1, 2)},
    **{f"DepthwiseConv{n}D": windowed(f"DepthwiseConv{n}D", n, depthwise) for n in (1, 2)},
    **{f"ConvLSTM{n}D": windowed(f"ConvLSTM{n}D", n, convolutional_lstm, steps=True) for n in RANKS},
    **{f"{kind}Pooling{n}D": windowed(f"{kind}Pooling{n}D", n, pooling) for kind in ("Max", "Average") for n in RANKS},
    **{
        f"Global{kind}Pooling{n}D": windowed(f"Global{kind}Pooling{n}D", n, global_pooling)
        for kind in ("Max", "Average")
        for n in RANKS
    },
    **{
        f"Adaptive{kind}Pooling{n}D": windowed(f"Adaptive{kind}Pooling{n}D", n, adaptive)
        for kind in ("Max", "Average")
        for n in RANKS
    },
    **{
        f"ZeroPadding{n}D": windowed(
            f"ZeroPadding{n}D", n, lambda rank: {"padding": sides(rank)}, formats=LAST if n == 1 else FORMAT
        )
        for n in RANKS
    },
    "Cropping1D": plain("Cropping1D", {"cropping": sides(1)}, SEQUENCE),
    **{f"Cropping{n}D": windowed(f"Cropping{n}D", n, lambda rank: {"cropping": sides(rank)}) for n in (2, 3)},
    "UpSampling1D": plain("UpSampling1D", {"size": SIZE}, SEQUENCE),
    **{f"UpSampling{n}D": windowed(f"UpSampling{n}D", n, lambda rank: {"size": per_axis(rank, SIZE)}) for n in (2, 3)},
    **{name: recurrent(name) for name in ("LSTM", "GRU", "SimpleRNN")},
    **{name: merged(name) for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")},
    "Concatenate": concatenated(),
    "Dot": dotted(),
    "Reshape": reshaped(),
    "Permute": permuted(),
    "Flatten": plain("Flatten", {"data_format": FORMAT}, st.one_of(ANY, shaped(AXIS, AXIS), st.tuples(BATCH))),
    "RepeatVector": plain("RepeatVector", {"n": SIZE}, st.one_of(shaped(SIZE), ANY)),
    "Dense": plain("Dense", {"units": SIZE, "use_bias": FLAG}, st.one_of(ANY, SEQUENCE)),
    "Embedding": plain("Embedding", {"input_dim": SIZE, "output_dim": SIZE, "mask_zero": FLAG}),
    "ReversibleEmbedding": plain(
        "ReversibleEmbedding", {"input_dim": SIZE, "output_dim": SIZE, "tie_weights": FLAG}, shaped(SIZE)
    ),
    "EinsumDense": einsum(),
    **{
        name: normalized(name)
        for name in (
            "BatchNormalization",
            "LayerNormalization",
            "GroupNormalization",
            "RMSNormalization",
            "UnitNormalization",
            "Normalization",
        )
    },
    **{name: attended(name) for name in ("Attention", "AdditiveAttention")},
    **{name: multi_headed(name) for name in ("MultiHeadAttention", "GroupQueryAttention")},
    "TimeDistributed": wrapped(
        "TimeDistributed",
        st.one_of(
            plain("Dense", {"units": SIZE}, shaped(SIZE)),
            windowed("Conv2D", 2, convolution),
            windowed("MaxPooling2D", 2, pooling),
            plain("Flatten", {}, shaped(SIZE, SIZE)),
        ),
        steps=True,
    ),
    "Bidirectional": wrapped("Bidirectional", st.one_of(*(recurrent(name) for name in ("LSTM", "GRU", "SimpleRNN")))),
    "SpectralNormalization": wrapped(
        "SpectralNormalization",
        st.one_of(plain("Dense", {"units": SIZE, "use_bias": FLAG}), windowed("Conv2D", 2, convolution)),
    ),
    "Activation": plain("Activation", {"activation": st.sampled_from(["relu", "softmax", "linear"])}),
    "ActivityRegularization": plain("ActivityRegularization", {"l2": st.just(0.1)}),
    **{name: plain(name, RATE) for name in ("Dropout", "AlphaDropout", "GaussianDropout")},
    "GaussianNoise": plain("GaussianNoise", {"stddev": st.just(0.1)}),
    "SpatialDropout1D": plain("SpatialDropout1D", RATE, SEQUENCE),
    **{f"SpatialDropout{n}D": windowed(f"SpatialDropout{n}D", n, lambda rank: RATE) for n in (2, 3)},
    **{name: plain(name) for name in ("ELU", "LeakyReLU", "ReLU", "Softmax", "Identity", "Masking")},
    "PReLU": prelu(),
    "Rescaling": plain("Rescaling", {"scale": st.just(0.5)}),
    "Resizing": windowed("Resizing", 2, lambda rank: {"height": SIZE, "width": SIZE}),
    "CenterCrop": crop("CenterCrop"),
    "RandomCrop": crop("RandomCrop"),
    "CategoryEncoding": plain("CategoryEncoding", COUNT, st.one_of(shaped(st.just(1)), shaped(SIZE))),
    "Discretization": plain("Discretization", {"bin_boundaries": st.just((0.0, 1.0))}),
    "Hashing": plain("Hashing", {"num_bins": SIZE}),
    **{
        name: plain(name, {key: st.just(value) for key, value in arguments.items()}, PICTURES)
        for name, arguments in AUGMENTING.items()
    },
}

UNTRIED = frozenset(
    {"FlaxLayer", "GRUCell", "HashedCrossing", "InputLayer", "IntegerLookup", "JaxLayer", "LSTMCell", "Lambda", "Layer",
     "MaxNumBoundingBoxes", "MelSpectrogram", "Pipeline", "RNN", "STFTSpectrogram", "SimpleRNNCell",
     "StackedRNNCells", "StringLookup", "TFSMLayer", "TextVectorization", "TorchModuleWrapper", "Wrapper"}
)  # fmt: skip
"""Layers of text, cells, functions and other frameworks, which take no plain tensor or are opaque."""
