"""tf.data: datasets over arrays and files, and what their methods do to rows and elements; the loaders of torch and grain."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind, Encoding, Role, Rows, Step, StepKind
from kerascheck.facts.values import UNKNOWN, Dim, Unknown
from kerascheck.script.handlers import dataset_method, handles
from kerascheck.script.machine import to_value
from kerascheck.script.roles import role_of_path
from kerascheck.script.values import Arguments, ArrayValue, DictValue, ListValue, Opaque, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator


@handles("tensorflow.data.Dataset.from_tensor_slices", "tensorflow.data.Dataset.from_tensors")
def of_arrays(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A dataset over the rows of arrays."""
    parts = components(ev, arguments.get(0, "tensors"), arguments)
    if not parts:
        return ev.array(arguments.node, kind=DataKind.DATASET)
    if path.parts[-1] == "from_tensors":
        parts = [_alone(ev, part) for part in parts]
    first, labels = parts[0], parts[-1]
    return ev.array(
        arguments.node,
        kind=DataKind.DATASET,
        rows=ev.rows_of(first),
        role=first.data.role,
        named_role=first.data.named_role,
        fold=first.data.fold,
        order=first.data.order,
        arrangement=first.data.arrangement,
        history=first.data.history,
        elements=tuple(part.data for part in parts),
        encoding=labels.data.encoding if len(parts) > 1 else Encoding.UNKNOWN,
    )


def _alone(ev: Evaluator, part: ArrayValue) -> ArrayValue:
    """An array as the only element of a dataset."""
    shape = part.data.shape
    return part if isinstance(shape, Unknown) else ev.derive(part, shape=(1, *shape))


@handles(
    "torch.utils.data.DataLoader",
    "torch.utils.data.dataloader.DataLoader",
    "grain.DataLoader",
    "grain.python.DataLoader",
)
def loader(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Batches of which nothing is known but what loads them."""
    return ev.array(arguments.node, kind=DataKind.GENERATOR, origin=path.parts[0], container="loader")


def components(ev: Evaluator, value: object, arguments: Arguments) -> list[ArrayValue]:
    """The arrays in a nest of tuples and dictionaries."""
    if isinstance(value, (tuple, DictValue)):
        items = list(value.items.values()) if isinstance(value, DictValue) else list(value)
        return [part for item in items for part in components(ev, item, arguments)]
    if isinstance(value, ListValue) and value.whole and all(isinstance(item, ArrayValue) for item in value.items):
        return [item for item in value.items if isinstance(item, ArrayValue)]
    found = ev.as_rows(value, None)
    return [found] if found is not None else []


@handles("tensorflow.data.Dataset.from_generator", "tensorflow.data.Dataset.list_files", "tensorflow.data.Dataset.range",
         "tensorflow.data.TFRecordDataset", "tensorflow.data.TextLineDataset", "tensorflow.data.experimental.make_csv_dataset",
         "tensorflow.data.experimental.CsvDataset", "tensorflow.data.Dataset.load", "tensorflow.data.experimental.load")  # fmt: skip
def of_files(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A dataset over records."""
    steps: tuple[Step, ...] = ()
    if (
        arguments.node is not None
        and path.parts[-1] in {"list_files", "make_csv_dataset"}
        and arguments.get(None, "shuffle") is not False
    ):
        steps = (Step(StepKind.SHUFFLED, ev.place(arguments.node), path.parts[-1]),)
    return ev.array(arguments.node, kind=DataKind.DATASET, history=steps)


@handles("tensorflow.data.Dataset.zip")
def zipped(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Datasets side by side."""
    values = arguments.positional[0] if len(arguments.positional) == 1 else tuple(arguments.positional)
    items = ev.iterate(values) or []
    sets = [item for item in items if isinstance(item, ArrayValue)]
    if not sets or len(sets) < len(items):
        return ev.array(arguments.node, kind=DataKind.DATASET)
    elements = tuple(element for each in sets for element in each.data.elements)
    return ev.derive(sets[0], elements=elements, encoding=sets[-1].data.encoding)


@handles("tensorflow_datasets.load")
def load(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Datasets by their names: one, several, or a dictionary; with `with_info` a pair."""
    name, split = arguments.get(0, "name"), arguments.get(1, "split")
    source = ev.cut("tfds", name if isinstance(name, str) else id(name))
    if isinstance(split, (ListValue, tuple)):
        items = split.items if isinstance(split, ListValue) else list(split)
        result: object = ListValue([_named_set(ev, arguments, source, str(item)) for item in items])
    elif isinstance(split, str):
        result = _named_set(ev, arguments, source, split)
    else:
        result = DictValue(
            {part: _named_set(ev, arguments, source, part) for part in ("train", "validation", "test")}, False
        )
    return (result, ev.unknown("info")) if arguments.get(None, "with_info") is True else result


def _named_set(ev: Evaluator, arguments: Arguments, source: int, split: str) -> ArrayValue:
    base = split.partition("[")[0]
    node = arguments.node
    steps = (Step(StepKind.LOADED, ev.place(node), f"tfds {split}"),) if node is not None else ()
    rows = Rows(source, ((ev.cut("tfds split", source), base),), partial="[" in split)
    role = role_of_path(base) if "[" not in split or base != "train" else Role.UNKNOWN
    return ev.array(node, kind=DataKind.DATASET, rows=rows, role=role, history=steps, origin="tfds")


@dataset_method("shuffle")
def shuffle(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """Rows mixed within a buffer, anew in each pass unless it is said otherwise."""
    again = arguments.get(2, "reshuffle_each_iteration", default=True if arguments.complete else UNKNOWN)
    key = ev.draw("tensorflow", "shuffle", seed=arguments.get(1, "seed"))
    facts = {
        "buffer_size": to_value(arguments.get(0, "buffer_size")),
        "reshuffle": to_value(again) if again is not None else True,
    }
    found = ev.shuffled(array, key, node, "shuffle", **facts)
    step = replace(
        found.data.history[-1],
        places=ev.places_of(arguments, "reshuffle_each_iteration", "buffer_size"),
        slot=ev.slot_of(node),
    )
    found.data = replace(found.data, history=(*found.data.history[:-1], step))
    return found


@dataset_method("take", "skip")
def take(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """The first elements, or the rest."""
    name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else "take"
    count = arguments.get(0, "count")
    rows = ev.rows_of(array)
    identity = count if isinstance(count, int) else getattr(count, "key", None) or next(ev.keys)
    cut = ev.cut("taken", rows.source, rows.selection, array.data.arrangement, identity)
    part = "head" if name == "take" else "tail"
    found = ev.stepped(
        array,
        StepKind.SPLIT,
        node,
        name,
        rows=rows.within((cut, part), partial=reshuffles(array.data)),
        arguments={"cut": cut},
    )
    ev.side(cut, "take and skip", array.data, found.data, node)
    return found


def reshuffles(data: DataArray) -> bool:
    """Whether a dataset gives its rows in another order in each pass, so that parts of it overlap."""
    for step in reversed(data.history):
        if step.kind is StepKind.CACHED:
            return False
        if step.kind is StepKind.SHUFFLED and step.by == "shuffle":
            return step.arguments.get("reshuffle") is not False
    return False


@dataset_method("batch", "padded_batch", "ragged_batch")
def batch(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    return ev.stepped(
        array, StepKind.BATCHED, node, "batch", arguments={"batch_size": to_value(arguments.get(0, "batch_size"))}
    )


@dataset_method("repeat")
def repeat(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    return ev.stepped(
        array, StepKind.REPEATED, node, "repeat", arguments={"count": to_value(arguments.get(0, "count"))}
    )


@dataset_method("cache")
def cache(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    return ev.stepped(array, StepKind.CACHED, node, "cache")


@dataset_method("prefetch", "with_options", "ignore_errors", "snapshot", "take_while")
def unchanged(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """The same elements."""
    return ev.derive(array)


@dataset_method("apply", "rebatch")
def applied(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """The same rows, in as many elements as the function that is applied makes of them."""
    return ev.derive(array, elements=tuple(_uncounted(element) for element in array.data.elements))


def _uncounted(element: DataArray) -> DataArray:
    shape = element.shape
    return element if isinstance(shape, Unknown) else replace(element, shape=(UNKNOWN, *shape[1:]))


@dataset_method("unbatch")
def unbatch(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """Single elements again."""
    return ev.derive(array, history=tuple(step for step in array.data.history if step.kind is not StepKind.BATCHED))


@dataset_method("filter")
def filtered(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    return ev.derive(array, rows=ev.rows_of(array).within((next(ev.keys), "in")))


@dataset_method("shard")
def shard(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """Each n-th element."""
    count, index = arguments.get(0, "num_shards"), arguments.get(1, "index")
    if not isinstance(count, int) or not isinstance(index, int):
        return ev.derive(array, rows=ev.rows_of(array).within(partial=True))
    rows = ev.rows_of(array)
    cut = ev.cut("shards", rows.source, rows.selection, array.data.arrangement, count)
    return ev.derive(array, rows=rows.within((cut, str(index)), partial=reshuffles(array.data)))


@dataset_method("concatenate")
def concatenate(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    other = arguments.get(0, "dataset")
    found = ev.joined_rows([array, other], node)
    return ev.derive(found, kind=DataKind.DATASET, elements=array.data.elements)


@dataset_method("enumerate", "window", "flat_map", "interleave", "group_by_window", "scan", "bucket_by_sequence_length")
def other_elements(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """The same rows in elements of another kind."""
    return ev.derive(array, elements=(), encoding=Encoding.UNKNOWN)


@dataset_method("as_numpy_iterator", "__iter__")
def iterate(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    return ev.derive(array, kind=DataKind.GENERATOR)


@dataset_method("map")
def mapped(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """What a function makes of each element."""
    function = arguments.get(0, "map_func")
    batched = array.data.step(StepKind.BATCHED) is not None
    given = [_element(ev, element, batched) for element in array.data.elements]
    given = given or [ev.unknown("element")]
    known = not isinstance(function, (Opaque, Path))
    result = (
        ev.apply(function, Arguments(given, {}, None, complete=bool(array.data.elements)), node)
        if known
        else ev.unknown("map")
    )
    parts = list(result) if isinstance(result, tuple) else [result]
    first = array.data.elements[0].shape if array.data.elements else UNKNOWN
    count = UNKNOWN if isinstance(first, Unknown) or not first else first[0]
    if any(isinstance(part, ArrayValue) for part in parts):
        parts = [ev.array(node, rows=None) if isinstance(part, Opaque) else part for part in parts]
    elements = tuple(_restored(part, batched, count) for part in parts if isinstance(part, ArrayValue))
    whole = len(elements) == len(parts)
    steps = [
        step for element in elements for step in element.history
        if step.kind in (StepKind.AUGMENTED, StepKind.SCALED) and step not in array.data.history
    ]  # fmt: skip
    mapping = Step(StepKind.TRANSFORMED, ev.place(node), "map")
    return ev.derive(
        array,
        history=(*array.data.history, *_unique(steps), mapping),
        elements=elements if whole else (),
        encoding=elements[-1].encoding if whole and len(elements) > 1 else Encoding.UNKNOWN,
    )


def _unique(steps: list[Step]) -> list[Step]:
    found: list[Step] = []
    for step in steps:
        if step not in found:
            found.append(step)
    return found


def _element(ev: Evaluator, data: DataArray, batched: bool) -> object:
    shape = data.shape
    inner = shape if batched or isinstance(shape, Unknown) else shape[1:]
    return ArrayValue(replace(data, key=next(ev.keys), shape=inner))


def _restored(value: ArrayValue, batched: bool, count: Dim) -> DataArray:
    shape = value.data.shape
    return value.data if batched or isinstance(shape, Unknown) else replace(value.data, shape=(count, *shape))
