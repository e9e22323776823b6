"""Functions on tensors: the order of their arguments in keras.ops, keras.backend, tf and numpy.

Sources: keras.ops of Keras 3.15, keras/backend/tensorflow_backend.py of Keras 2.3.1, the Python API of TensorFlow 2.18
and 1.15, numpy 2.3. Where they name one argument differently the name is the one that `kerascheck.shapes` asks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

_REDUCTION = ("x", "axis", "keepdims")
_AXIS = ("x", "axis")
_REDUCTIONS = (
    *("mean", "sum", "max", "min", "prod", "any", "all", "std", "var", "logsumexp", "amax", "amin", "count_nonzero"),
    *("reduce_mean", "reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "reduce_any", "reduce_all"),
    *("reduce_std", "reduce_variance", "reduce_logsumexp", "norm"),
)

_ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(_REDUCTIONS, _REDUCTION),
    **dict.fromkeys(
        ("argmax", "argmin", "softmax", "log_softmax", "expand_dims", "squeeze", "stack", "unstack"), _AXIS
    ),
    **dict.fromkeys(("concat", "concatenate", "l2_normalize", "cumsum", "flip", "reverse", "sort", "argsort"), _AXIS),
    "reshape": ("x", "shape"),
    "transpose": ("x", "axes"),
    "permute_dimensions": ("x", "pattern"),
    "moveaxis": ("x", "source", "destination"),
    "swapaxes": ("x", "axis1", "axis2"),
    "one_hot": ("x", "num_classes", "axis"),
    "cast": ("x", "dtype"),
    "clip": ("x", "x_min", "x_max"),
    "clip_by_value": ("x", "x_min", "x_max"),
    "tile": ("x", "repeats"),
    "repeat": ("x", "repeats", "axis"),
    "repeat_elements": ("x", "repeats", "axis"),
    "split": ("x", "indices_or_sections", "axis"),
    "array_split": ("x", "indices_or_sections", "axis"),
    "pad": ("x", "pad_width"),
    "take": ("x", "indices", "axis"),
    "gather": ("x", "indices", "axis"),
    "top_k": ("x", "k"),
    "matmul": ("x1", "x2"),
    "dot": ("x1", "x2"),
    "batch_dot": ("x1", "x2", "axes"),
    "where": ("condition", "x1", "x2"),
    "switch": ("condition", "x1", "x2"),
    "einsum": ("subscripts",),
    "dropout": ("x", "rate"),
    "conv2d": ("x", "kernel", "strides", "padding"),
    "resize": ("x", "size"),
    "resize_images": ("x", "height_factor", "width_factor", "data_format"),
    "roll": ("x", "shift", "axis"),
    "broadcast_to": ("x", "shape"),
    "space_to_depth": ("x", "block_size"),
    "depth_to_space": ("x", "block_size"),
}

_RENAMED: Final[Mapping[str, str]] = {
    "newshape": "shape",
    "new_shape": "shape",
    "perm": "axes",
    "keep_dims": "keepdims",
    "dim": "axis",
    "concat_dim": "axis",
    "depth": "num_classes",
    "multiples": "repeats",
    "rep": "repeats",
    "num_or_size_splits": "indices_or_sections",
    "paddings": "pad_width",
}

# `tf.einsum` and `keras.ops.einsum` take the equation before the tensors.
LATE: Final = frozenset({"einsum"})
UNARY_DEFAULT: Final = ("x", "x2", "x3")


def order_of(name: str) -> Sequence[str]:
    """The names of an operation's positional arguments."""
    return _ORDERS.get(name, UNARY_DEFAULT)


def renamed(keyword: str) -> str:
    """The name of a keyword argument that shape inference asks for."""
    return _RENAMED.get(keyword, keyword)
