"""Calls of functions of keras.ops made at random."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from oracle.layer_strategies import Question, Shape

SIZE = st.sampled_from([1, 2, 3, 4, None])
BATCH = st.sampled_from([None, None, 2])


@st.composite
def shapes(draw: DrawFn, most: int = 3) -> Shape:
    return (draw(BATCH), *draw(st.lists(SIZE, max_size=most)))


def called(name: str, inputs: list[Shape], call: Mapping[str, object], *, spread: bool = True) -> Question:
    return Question(name, {}, inputs, call, spread, operation=True)


def paired(name: str) -> SearchStrategy[Question]:
    return st.builds(lambda left, right: called(name, [left, right], {}), shapes(), shapes())


def single(name: str) -> SearchStrategy[Question]:
    return shapes().map(lambda shape: called(name, [shape], {}))


@st.composite
def reduced(draw: DrawFn, name: str) -> Question:
    shape = draw(shapes())
    place = st.integers(-len(shape), len(shape) - 1)
    axis = draw(st.one_of(st.none(), place))
    if name != "argmax" and len(shape) > 1 and draw(st.booleans()):
        axis = (0, len(shape) - 1)
    return called(name, [shape], {"axis": axis, "keepdims": draw(st.booleans())})


@st.composite
def along(draw: DrawFn, name: str, extra: int = 0) -> Question:
    shape = draw(shapes())
    rank = len(shape) + extra
    return called(name, [shape], {"axis": draw(st.integers(-rank, rank - 1))})


@st.composite
def transposed(draw: DrawFn) -> Question:
    shape = draw(shapes())
    order = tuple(draw(st.permutations(range(len(shape)))))
    return called("transpose", [shape], draw(st.sampled_from([{}, {"axes": order}])))


@st.composite
def reshaped(draw: DrawFn) -> Question:
    target = tuple(draw(st.lists(st.sampled_from([-1, 1, 2, 3, 4, 6]), min_size=1, max_size=3)))
    return called("reshape", [draw(shapes())], {"newshape": target})


@st.composite
def joined(draw: DrawFn, name: str) -> Question:
    shape = draw(shapes())
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    other = list(shape)
    if name == "concatenate":
        other[axis] = draw(SIZE)
    return called(name, [shape, tuple(other)], {"axis": axis}, spread=False)


OPERATIONS: Mapping[str, SearchStrategy[Question]] = {
    **{name: paired(name) for name in ("add", "subtract", "multiply", "divide", "maximum", "power", "matmul", "equal")},
    **{name: single(name) for name in ("relu", "sigmoid", "tanh", "exp", "sqrt", "abs", "cumsum", "square")},
    **{name: reduced(name) for name in ("mean", "sum", "max", "min", "prod", "std", "var", "argmax")},
    "expand_dims": along("expand_dims", 1),
    "squeeze": along("squeeze"),
    "softmax": along("softmax"),
    "transpose": transposed(),
    "reshape": reshaped(),
    "concatenate": joined("concatenate"),
    "stack": joined("stack"),
}
