"""Uses of a model that are neither training nor judging: saved, loaded, handed to a function that is not known."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from kerascheck.facts.events import HistoryRead, LibraryCall, ModelUse
from kerascheck.facts.values import Value
from kerascheck.findings import Location
from kerascheck.keras_api.names import ApiKind, kind_of
from kerascheck.script.machine import Machine, mapping_of, to_value, values_of
from kerascheck.script.values import (
    Arguments,
    CallbackValue,
    DictValue,
    FunctionValue,
    HistoryValue,
    InstanceValue,
    ListValue,
    MethodValue,
    ModelValue,
    Path,
)

_POSITIONAL = {
    "save": ("filepath", "overwrite"),
    "save_weights": ("filepath", "overwrite"),
    "load_weights": ("filepath", "skip_mismatch"),
    "export": ("filepath",),
    "get_layer": ("name", "index"),
}
WATCHED: Final = frozenset(
    {"seed", "set_seed", "set_random_seed", "manual_seed", "enable_op_determinism", "default_rng", "clear_session"}
    | {"load_model", "clone_model", "model_from_json", "model_from_yaml", "from_config", "GradientTape", "get_updates", "gradients", "value_and_grad", "minimize", "apply_gradients", "function"}
    | {"Session", "InteractiveSession", "ConfigProto", "GPUOptions", "placeholder", "get_default_graph", "set_session"}
    | {"global_variables_initializer", "disable_eager_execution", "disable_v2_behavior", "run_functions_eagerly"}
    | {"autolog", "init", "concat", "tile", "reset_default_graph", "Graph", "get_session", "get_variable"}
)  # fmt: skip
"""The last parts of the library functions that facts hold every call of."""

_CODE: Final = frozenset({FunctionValue, MethodValue, InstanceValue})
_HARMLESS = frozenset({"plot_model", "model_to_dot", "clone_model", "print_summary", "clear_session", "count_params"})


_HOLDING: Final = frozenset({ModelValue, CallbackValue, InstanceValue, ListValue, DictValue, tuple})
"""The values that are models or callbacks, or may hold some."""


def note_use(machine: Machine, model: ModelValue, use: str, arguments: Arguments, node: ast.expr) -> None:
    """Record a method of a model, or another use of it."""
    values: dict[str, Value] = {}
    places: dict[str, Location] = {}
    names = _POSITIONAL.get(use, ())
    for name, value, place in zip(names, arguments.positional, arguments.positional_nodes, strict=False):
        values[name], places[name] = to_value(value), machine.place(place)
    for name, value in arguments.keywords.items():
        values[name] = to_value(value)
    for name, keyword in arguments.keyword_nodes.items():
        places[name] = machine.place(keyword.value)
    record_use(machine, model, use, node, values, places)


def record_use(
    machine: Machine,
    model: ModelValue,
    use: str,
    node: ast.expr | ast.stmt,
    values: dict[str, Value] | None = None,
    places: dict[str, Location] | None = None,
) -> None:
    """Record a use of a model at a place."""
    machine.record(
        ModelUse(
            **machine.event_facts(machine.place(node)),  # pyright: ignore[reportArgumentType]
            use=use,
            model=model.key,
            arguments=values or {},
            places=places or {},
            unbuilt=model.lacks_weights,
        )
    )


def note_passed(machine: Machine, function: object, arguments: Arguments, node: ast.expr) -> None:
    """Record that models went into a function of which nothing is known; building another model of them is no such use."""
    if not (machine.models or machine.callbacks):
        return
    given = arguments.values
    kinds = set(map(type, given))
    if not kinds.isdisjoint(_CODE) and not _is_of_keras(function):
        # The function may call what it is handed, and that any model.
        for model in machine.models:
            model.is_built = True
    if kinds.isdisjoint(_HOLDING) or (isinstance(function, Path) and not _takes_over(function.parts)):
        return
    for model in models_in(given):
        record_use(machine, model, "passed", node)
    note_callbacks(machine, given)


def _is_of_keras(function: object) -> bool:
    return isinstance(function, Path) and function.parts[0] == "keras"


def built_by_call(model: ModelValue) -> None:
    """Remember that a call may have given a model its weights, and with it the models that its object holds."""
    model.is_built = True
    if model.instance is not None:
        for inner in models_in(list(model.instance.attributes.values()), 1):
            inner.is_built = True


def note_callbacks(machine: Machine, values: list[object], depth: int = 0) -> None:
    """Remember the callbacks that leave the code that is followed."""
    for value in values:
        match value:
            case CallbackValue(callback=callback):
                machine.callbacks_elsewhere.add(callback.key)
            case ListValue(items=items) if depth < 3:
                note_callbacks(machine, items, depth + 1)
            case tuple() if depth < 3:
                note_callbacks(machine, list(value), depth + 1)
            case DictValue(items=entries) if depth < 3:
                note_callbacks(machine, list(entries.values()), depth + 1)
            case InstanceValue(attributes=attributes) if depth < 2:
                note_callbacks(machine, list(attributes.values()), depth + 1)
            case _:
                pass


def note_curve(machine: Machine, owner: HistoryValue, key: object, node: ast.Subscript) -> object:
    """Record `history.history["loss"]`."""
    if owner.curves and isinstance(key, str):
        facts = machine.event_facts(machine.place(node.slice))
        machine.record(HistoryRead(**facts, fit=owner.order, key=key))  # pyright: ignore[reportArgumentType]
    return machine.unknown("history")


def note_library_call(machine: Machine, path: Path, arguments: Arguments, node: ast.expr) -> None:
    """Record a call of a library function that matters to training."""
    called = node.func if isinstance(node, ast.Call) else node
    machine.record(
        LibraryCall(
            **machine.event_facts(machine.place(node)),  # pyright: ignore[reportArgumentType]
            name=path.dotted,
            arguments=mapping_of(arguments.keywords),
            positional=tuple(values_of(arguments.positional)),
            name_place=machine.place(called),
        )
    )


@lru_cache(maxsize=1024)
def _takes_over(parts: tuple[str, ...]) -> bool:
    if parts[0] == "builtins":
        return False
    if parts[0] != "keras":
        return True
    return kind_of(parts[1:]) is ApiKind.OTHER and parts[-1] not in _HARMLESS


def models_in(values: list[object], depth: int = 0) -> Iterator[ModelValue]:
    """The models among values, in lists, tuples and dictionaries too."""
    for value in values:
        match value:
            case ModelValue():
                yield value
            case InstanceValue(model=ModelValue() as model):
                yield model
            case InstanceValue(attributes=attributes) if depth < 2:
                yield from models_in(list(attributes.values()), depth + 1)
            case ListValue(items=items) if depth < 3:
                yield from models_in(items, depth + 1)
            case tuple() if depth < 3:
                yield from models_in(list(value), depth + 1)
            case DictValue(items=entries) if depth < 3:
                yield from models_in(list(entries.values()), depth + 1)
            case _:
                pass
