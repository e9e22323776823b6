"""Attention layers and EinsumDense."""

from __future__ import annotations

from collections.abc import Mapping

from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown, Value
from kerascheck.shapes.call import Call, ParameterFunction, ShapeFunction, add, integer, product, times


def attention(call: Call) -> list[Shape]:
    """Attention and AdditiveAttention: the query's axes with the value's last one."""
    query, value = pair(call)
    if isinstance(query, Unknown) or isinstance(value, Unknown):
        return [UNKNOWN]
    output = (*query[:-1], value[-1])
    scores = call.arguments.get("return_attention_scores", False)
    if isinstance(scores, Unknown):
        return [UNKNOWN]
    return [output, (*query[:-1], value[-2])] if scores else [output]


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
    query, _ = pair(call)
    if isinstance(query, Unknown):
        return [UNKNOWN]
    if call.arguments.get("return_attention_scores", False) is not False:
        return [UNKNOWN, UNKNOWN]
    shape = call.layer.config.get("output_shape")
    if shape is None:
        return [query]
    sizes = shape if isinstance(shape, tuple) else (shape,)
    return [UNKNOWN if isinstance(shape, Unknown) else (*query[:-1], *(integer(size) for size in sizes))]


def multi_head_parameters(call: Call) -> int | Unknown:
    """Query, key, value and output projections; the key is the third input, or else the value."""
    if len(call.inputs) < 2 or call.layer.config.get("output_shape") is not None:
        return UNKNOWN
    query, value = call.inputs[0], call.inputs[1]
    masks = sum(name.endswith("mask") and given is not None for name, given in call.arguments.items())
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
        (times(heads, wide), query[-1]),
    )
    biased = call.flag("use_bias")
    total: Dim = UNKNOWN if isinstance(biased, Unknown) else 0
    for source, target in projections:
        total = add(total, add(times(source, target), target if biased else 0))
    return total if isinstance(total, int) else UNKNOWN


def equation(value: Value) -> tuple[str, str, str] | None:
    """The letters of the input, the kernel and the output of an einsum; None for an ellipsis, which is rare."""
    if not isinstance(value, str) or "->" not in value or "," not in value or "." in value:
        return None
    inputs, output = value.replace(" ", "").split("->")
    left, kernel = inputs.split(",")
    return left, kernel, output


def letters(call: Call) -> tuple[dict[str, Dim], tuple[str, str, str]] | None:
    """What each letter of the equation stands for."""
    parts = equation(call.value("equation"))
    dims = call.dims()
    if parts is None or dims is None or len(parts[0]) != len(dims):
        return None
    sizes: dict[str, Dim] = dict(zip(parts[0], dims, strict=True))
    shape = call.value("output_shape")
    wanted = shape if isinstance(shape, tuple) else (shape,)
    for letter, size in zip(reversed(parts[2]), reversed(wanted), strict=False):
        if size is not None:
            sizes[letter] = integer(size)
    return sizes, parts


def einsum(call: Call) -> list[Shape]:
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
