"""Attention layers and EinsumDense."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import ascii_uppercase

from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown, Value
from kerascheck.shapes.call import (
    Call,
    ParameterFunction,
    Refusal,
    ShapeFunction,
    add,
    differ,
    integer,
    product,
    times,
    written,
)

_EQUATIONS = (
    r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)",
    r"\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)",
    r"([a-zA-Z]{2,})\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\.",
)
"""The forms of an equation: input, kernel and output; with any axes in front, or behind."""


def attention(call: Call) -> list[Shape]:
    """Attention and AdditiveAttention: the query's axes with the value's last one."""
    query, value = pair(call)
    _meeting(call, query, call.inputs[2] if len(call.inputs) == 3 else value, value)
    if isinstance(query, Unknown) or isinstance(value, Unknown) or len(query) < 2 or len(value) < 2:
        return [UNKNOWN]
    output = (*query[:-1], value[-1])
    scores = call.arguments.get("return_attention_scores", False)
    if isinstance(scores, Unknown):
        return [UNKNOWN]
    return [output, (*query[:-1], value[-2])] if scores else [output]


def _meeting(call: Call, query: Shape, key: Shape, value: Shape) -> None:
    """The query is multiplied by, or added to, the key; there is a value for each key."""
    if isinstance(query, Unknown) or isinstance(key, Unknown) or isinstance(value, Unknown) or "mask" in call.arguments:
        return
    if len(query) != 3 or len(key) != 3 or len(value) != 3:
        return
    if differ(query[-1], key[-1]) and 1 not in (query[-1], key[-1]):
        raise Refusal("shape", f"needs query and key of one size, got {written(query)} and {written(key)}")
    if differ(key[1], value[1]):
        raise Refusal("shape", f"needs as many values as keys, got {written(value)} and {written(key)}")


def pair(call: Call) -> tuple[Shape, Shape]:
    """The query's and the value's shape."""
    return (call.inputs[0], call.inputs[1]) if len(call.inputs) > 1 else (UNKNOWN, UNKNOWN)


def attention_parameters(call: Call) -> int | Unknown:
    scaled = call.layer.config.get("use_scale", False)
    if call.layer.class_name == "Attention":
        weights = call.layer.config.get("score_mode", "dot")
        if isinstance(scaled, Unknown) or isinstance(weights, Unknown):
            return UNKNOWN
        return int(bool(scaled)) + int(weights == "concat")
    query = call.input
    if isinstance(query, Unknown) or isinstance(scaled, Unknown):
        return UNKNOWN
    return 0 if not scaled else query[-1] if isinstance(query[-1], int) else UNKNOWN


def multi_head(call: Call) -> list[Shape]:
    query, value = pair(call)
    if isinstance(query, Unknown):
        return [UNKNOWN]
    _projected(call, query)
    shape = call.layer.config.get("output_shape")
    sizes = shape if isinstance(shape, tuple) else (shape,)
    output: Shape = query if shape is None else (*query[:-1], *(integer(size) for size in sizes))
    if isinstance(shape, Unknown):
        output = UNKNOWN
    scores = call.arguments.get("return_attention_scores", False)
    if isinstance(scores, Unknown):
        return [UNKNOWN]
    return [output, attention_scores(call, query, value)] if scores else [output]


def _projected(call: Call, query: Shape) -> None:
    """Keys and values come in pairs; grouped queries are as wide as the values."""
    value, key = (call.inputs[1], call.inputs[-1]) if len(call.inputs) > 1 else (UNKNOWN, UNKNOWN)
    masked = any(name.endswith("mask") and name != "use_causal_mask" for name in call.arguments)
    if isinstance(value, Unknown) or isinstance(key, Unknown) or isinstance(query, Unknown) or masked:
        return
    names = [name for name in call.arguments if name in ("value", "key")]
    grouped = call.layer.class_name != "MultiHeadAttention" and names[:1] != ["key"]
    if grouped and differ(query[-1], value[-1]):
        raise Refusal("shape", f"needs query and value of one size, got {written(query)} and {written(value)}")
    if len(call.inputs) == 3 and len(key) == len(value) and any(map(differ, value[1:-1], key[1:-1])):
        raise Refusal("shape", f"needs as many values as keys, got {written(call.inputs[1])} and {written(key)}")


def attention_scores(call: Call, query: Shape, value: Shape) -> Shape:
    """One weight for each head and each pair of steps."""
    if isinstance(query, Unknown) or isinstance(value, Unknown) or len(query) != 3 or len(value) != 3:
        return UNKNOWN
    heads = call.size("num_heads" if call.layer.class_name == "MultiHeadAttention" else "num_query_heads")
    return (query[0], heads, query[1], value[1])


def multi_head_parameters(call: Call) -> int | Unknown:
    """Query, key, value and output projections; the key is the third input, or else the value."""
    shape = call.layer.config.get("output_shape")
    if len(call.inputs) < 2 or isinstance(shape, Unknown):
        return UNKNOWN
    query, value = call.inputs[0], call.inputs[1]
    masks = sum(
        name.endswith("mask") and name != "use_causal_mask" and given is not None
        for name, given in call.arguments.items()
    )
    key = call.inputs[2] if len(call.inputs) - masks > 2 else value
    if isinstance(query, Unknown) or isinstance(value, Unknown) or isinstance(key, Unknown):
        return UNKNOWN
    if call.layer.class_name == "MultiHeadAttention":
        heads = key_heads = call.size("num_heads")
        size = call.size("key_dim")
    else:
        heads, key_heads, size = call.size("num_query_heads"), call.size("num_key_value_heads"), call.size("head_dim")
    value_size = call.layer.config.get("value_dim")
    wide = size if value_size is None else integer(value_size)
    projections: tuple[tuple[Dim, Dim], ...] = (
        (query[-1], times(heads, size)),
        (key[-1], times(key_heads, size)),
        (value[-1], times(key_heads, wide)),
        (times(heads, wide), output_width(shape, query[-1])),
    )
    biased = call.flag("use_bias")
    total: Dim = UNKNOWN if isinstance(biased, Unknown) else 0
    for source, target in projections:
        total = add(total, add(times(source, target), target if biased else 0))
    return total if isinstance(total, int) else UNKNOWN


def output_width(shape: Value, query: Dim) -> Dim:
    """The features of the output projection: those of the query unless the layer is told otherwise."""
    if shape is None:
        return query
    return product(tuple(integer(size) for size in (shape if isinstance(shape, tuple) else (shape,))))


def equation(value: Value, rank: int) -> tuple[str, str, str] | None:
    """The letters of the input, the kernel and the output of an einsum on an input of a rank."""
    if not isinstance(value, str) or value.count("->") != 1 or value.count(",") != 1:
        return None
    inputs, output = value.replace(" ", "").split("->")
    left, kernel = inputs.split(",")
    # Letters that no equation uses stand for the axes of an ellipsis.
    spare = ascii_uppercase[: max(rank - len(left.replace("...", "")), 0)]
    parts = left.replace("...", spare), kernel, output.replace("...", spare)
    return None if any("." in part for part in parts) else parts


def letters(call: Call) -> tuple[dict[str, Dim], tuple[str, str, str]] | None:
    """What each letter of the equation stands for."""
    dims = call.dims()
    parts = None if dims is None else equation(call.value("equation"), len(dims))
    if parts is None or dims is None or len(parts[0]) != len(dims):
        return None
    sizes: dict[str, Dim] = dict(zip(parts[0], dims, strict=True))
    shape = call.value("output_shape")
    wanted = shape if isinstance(shape, tuple) else (shape,)
    for letter, size in zip(reversed(parts[2]), reversed(wanted), strict=False):
        # A size that is left out is variable, whatever the input says.
        sizes[letter] = None if size is None else integer(size)
    return sizes, parts


def check_equation(call: Call) -> None:
    """Refuse an equation that Keras does not read, and letters that stand for nothing."""
    text = call.value("equation")
    if not isinstance(text, str):
        return
    matched = next((found for form in _EQUATIONS if (found := re.match(form, text))), None)
    if matched is None:
        raise Refusal("shape", f"cannot read the equation `{text}`, which is no `ab,bc->ac`")
    source, kernel, output = matched.groups()
    bias = call.value("bias_axes")
    lost = [letter for letter in output if letter not in source + kernel]
    loose = [letter for letter in kernel if letter not in source + output]
    wrong = [letter for letter in bias if letter not in output] if isinstance(bias, str) else []
    for letters_found, problem in (
        (lost, "gives the axis `{}`, which neither the input nor the kernel has"),
        (loose, "has the axis `{}` in its kernel alone"),
        (wrong, "has a bias along `{}`, which is no axis of its output"),
    ):
        if letters_found:
            raise Refusal("shape", problem.format(letters_found[0]) + f", in `{text}`")


def check_sizes(call: Call) -> None:
    """Refuse an output that is told another size for an axis that it has from the input."""
    dims = call.dims()
    parts = None if dims is None else equation(call.value("equation"), len(dims))
    shape = call.value("output_shape")
    wanted = shape if isinstance(shape, tuple) else (shape,)
    if parts is None or dims is None or len(parts[0]) != len(dims) or "..." in str(call.value("equation")):
        return
    given = dict(zip(parts[0], dims, strict=True))
    for letter, size in zip(reversed(parts[2]), reversed(wanted), strict=False):
        told, has = integer(size), given.get(letter, UNKNOWN)
        if differ(told, has) or (isinstance(told, int) and has is None):
            raise Refusal("shape", f"is told {told} for the axis `{letter}`, where the input {written(dims)} has {has}")


def einsum(call: Call) -> list[Shape]:
    check_equation(call)
    check_sizes(call)
    found = letters(call)
    if found is None:
        return [UNKNOWN]
    sizes, (_, _, output) = found
    return [tuple(sizes.get(letter, UNKNOWN) for letter in output)]


def einsum_parameters(call: Call) -> int | Unknown:
    found = letters(call)
    if found is None:
        return UNKNOWN
    sizes, (_, kernel, _) = found
    total = product(tuple(sizes.get(letter, UNKNOWN) for letter in kernel))
    bias = call.layer.config.get("bias_axes")
    if isinstance(bias, str):
        total = add(total, product(tuple(sizes.get(letter, UNKNOWN) for letter in bias)))
    elif bias is not None:
        return UNKNOWN
    return total if isinstance(total, int) else UNKNOWN


SHAPES: Mapping[str, ShapeFunction] = {
    "Attention": attention,
    "AdditiveAttention": attention,
    "MultiHeadAttention": multi_head,
    "GroupQueryAttention": multi_head,
    "GroupedQueryAttention": multi_head,
    "EinsumDense": einsum,
}

PARAMETERS: Mapping[str, ParameterFunction] = {
    "Attention": attention_parameters,
    "AdditiveAttention": attention_parameters,
    "MultiHeadAttention": multi_head_parameters,
    "GroupQueryAttention": multi_head_parameters,
    "GroupedQueryAttention": multi_head_parameters,
    "EinsumDense": einsum_parameters,
}
