"""What a class must do that extends one of Keras's, read from its methods without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from kerascheck.facts.events import Misstep
from kerascheck.facts.missteps import Step
from kerascheck.script.missteps import note
from kerascheck.script.values import ClassValue, FunctionValue, Path
from kerascheck.script.walking import walk

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

_INITIALIZED: Final = frozenset({"Optimizer", "Metric", "Mean", "Sum", "MeanMetricWrapper"})
"""Classes besides layers and models that fail without their own initializer."""

_REGISTERING: Final = frozenset({"register_keras_serializable", "register_serializable"})
_OBJECT: Final = Path(("builtins", "object"))
_OTHERS: Final = frozenset({"Initializer"})
_DATASETS: Final = frozenset({"Sequence", "PyDataset"})
_WEIGHT_ARGUMENTS: Final = ("shape", "initializer", "dtype")


def note_breaches(ev: Evaluator) -> None:
    """Record what Keras will refuse of the classes of a script."""
    for cls in ev.classes:
        base = cls.base
        _registered(ev, cls)
        if base is None or base.parts[0] != "keras" or cls.location.path != ev.path:
            continue
        kind, last = ev.keras_base(cls), base.parts[-1]
        layer, data = kind in ("layer", "model") and last not in _OTHERS, kind == "data" and last in _DATASETS
        if layer or data or last in _INITIALIZED:
            _initializer(ev, cls, data=data)
        if data:
            _items(ev, cls)
        for method in _methods(cls) if layer else ():
            _body(ev, cls, method, is_model=kind == "model")


def _registered(ev: Evaluator, cls: ClassValue) -> None:
    """A class of no library that is registered, and has no `get_config` of its own or from above."""
    known = all(isinstance(base, ClassValue) or base == _OBJECT for owner in cls.order for base in owner.bases)
    named = any("get_config" in owner.scope.names for owner in cls.order)
    if not known or named or not _REGISTERING & set(cls.decorators) or ev.refusals_expected:
        return
    if cls.location.path == ev.path:
        place = replace(cls.location, column=cls.location.column + len("class "), end_line=cls.location.line)
        place = replace(place, end_column=place.column + len(cls.name))
        facts = ev.event_facts(place)
        ev.record(Misstep(**facts, step=Step.NO_CONFIG, subject=cls.name))  # pyright: ignore[reportArgumentType]


def _methods(cls: ClassValue) -> Iterator[FunctionValue]:
    return (member for member in cls.scope.names.values() if isinstance(member, FunctionValue))


def _note(ev: Evaluator, step: Step, method: FunctionValue, place: ast.expr, subject: str, **facts: object) -> None:
    outer, ev.page = ev.page, method.page
    try:
        note(ev, step, place, subject, **facts)
    finally:
        ev.page = outer


def _initializer(ev: Evaluator, cls: ClassValue, *, data: bool) -> None:
    """An `__init__` that does not call that of the class above."""
    method = cls.scope.names.get("__init__")
    if not isinstance(method, FunctionValue) or isinstance(method.node, ast.Lambda) or _is_empty(method.node.body):
        return
    if method.owner is not cls or any(_hands_on(node, method) for node in walk(method.node)):
        return
    facts = {"wanted": ".".join(cls.base.parts[-1:]) if cls.base is not None else "", "sort": "data" if data else ""}
    _note(ev, Step.NO_SUPER, method, _name_of(method), cls.name, keras_3=data, **facts)


def _is_empty(body: list[ast.stmt]) -> bool:
    """Whether a body does nothing: a class that others are to extend."""
    return all(
        isinstance(statement, (ast.Pass, ast.Raise))
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for statement in body
    )


def _hands_on(node: ast.AST, method: FunctionValue) -> bool:
    """Whether a node may call the initializer above: `super()`, `Layer.__init__`, or a method of the class itself."""
    if isinstance(node, ast.Name):
        return node.id == "super"
    if not isinstance(node, ast.Attribute):
        return False
    if node.attr in ("__init__", "__dict__"):
        return True
    own = method.owner
    called = {name for above in own.order for name in above.scope.names} if own is not None else set[str]()
    return isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr in called


def _name_of(method: FunctionValue) -> ast.expr:
    """The name in a `def` statement, as a place."""
    node = method.node
    start = node.col_offset + (len("async def ") if isinstance(node, ast.AsyncFunctionDef) else len("def "))
    place = ast.Name(method.name)
    place.lineno = place.end_lineno = node.lineno
    place.col_offset, place.end_col_offset = start, start + len(method.name)
    return place


def _items(ev: Evaluator, cls: ClassValue) -> None:
    """A data set without `__getitem__` that no other class completes."""
    closed = all(isinstance(base, (ClassValue, Path)) for owner in cls.order for base in owner.bases)
    single = sum(isinstance(base, Path) for owner in cls.order for base in owner.bases) == 1
    extended = any(cls in other.order[1:] for other in ev.classes)
    method = next(_methods(cls), None)
    own = {name for owner in cls.order for name in owner.scope.names}
    # An abstract class is there to be completed elsewhere.
    extended = extended or cls.has_metaclass
    if closed and single and not extended and method is not None and "__getitem__" not in own:
        _note(ev, Step.NO_ITEMS, method, _name_of(method), cls.name)


def _body(ev: Evaluator, cls: ClassValue, method: FunctionValue, *, is_model: bool) -> None:
    own = {name for owner in cls.order for name in owner.scope.names}
    for node in walk(method.node):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and is_model and "layers" not in own:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if _of_self(target) == "layers":
                    _note(ev, Step.RESERVED_NAME, method, target, cls.name, found="layers")
        elif isinstance(node, ast.Call) and (name := _of_self(node.func)) not in own:
            _called(ev, cls, method, node, name)


def _of_self(node: ast.expr) -> str:
    """`self.name` as a name; empty for anything else."""
    plain = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    return node.attr if plain and isinstance(node, ast.Attribute) else ""


def _called(ev: Evaluator, cls: ClassValue, method: FunctionValue, node: ast.Call, name: str) -> None:
    first = node.args[0] if node.args else None
    if name == "add_metric":
        _note(ev, Step.GONE_METHOD, method, node.func, cls.name, found=name, keras_3=True)
    elif name == "add_loss" and (isinstance(first, ast.Lambda) or _is_number(first)):
        sort = "number" if _is_number(first) else "function"
        _note(ev, Step.LOSS_ARGUMENT, method, first or node, cls.name, sort=sort, keras_3=True)
    elif name == "add_weight" and not any(isinstance(argument, ast.Starred) for argument in node.args):
        _weight(ev, cls, method, node)


def _is_number(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))


def _weight(ev: Evaluator, cls: ClassValue, method: FunctionValue, node: ast.Call) -> None:
    """`add_weight("kernel", shape)`: Keras 3 takes shape, initializer and dtype by position."""
    first = node.args[0] if node.args else None
    named = {keyword.arg for keyword in node.keywords}
    twice = [name for name in _WEIGHT_ARGUMENTS[: len(node.args)] if name in named]
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        _note(ev, Step.WEIGHT_ORDER, method, first, cls.name, sort="name", found=first.value, keras_3=True)
    elif len(node.args) > len(_WEIGHT_ARGUMENTS):
        _note(
            ev, Step.WEIGHT_ORDER, method, node.args[3], cls.name, sort="many", found=str(len(node.args)), keras_3=True
        )
    elif twice:
        _note(ev, Step.WEIGHT_ORDER, method, node, cls.name, sort="twice", found=twice[0], keras_3=True)
