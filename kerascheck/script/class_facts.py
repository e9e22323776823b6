"""What the layer and model classes of a script hold and do in `call`, read from their methods without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from kerascheck.facts.classes import CustomClass, InnerCall, Made, Training, Untracked, UnusedLayer
from kerascheck.facts.families import DROPOUTS, KERNELS, NOISE
from kerascheck.findings import Location
from kerascheck.keras_api.layers import class_of
from kerascheck.keras_api.names import ApiKind, kind_of
from kerascheck.script.source import Unit
from kerascheck.script.values import ClassValue, FunctionValue, LayerValue, Path, Scope
from kerascheck.script.walking import stored_names, walk

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

_WEIGHTED: Final = KERNELS | {
    "BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization", "Embedding", "PReLU",
    "MultiHeadAttention", "GroupQueryAttention", "Bidirectional", "TimeDistributed",
}  # fmt: skip
_RANDOM: Final = DROPOUTS | NOISE
_DROPOUT_FUNCTIONS: Final = frozenset(
    {"tensorflow.nn.dropout", "tensorflow.compat.v1.nn.dropout", "keras.backend.dropout", "keras.random.dropout"}
)
_REGISTERING: Final = frozenset({"register_keras_serializable", "register_serializable"})
_HIDING: Final = frozenset({"collections.deque", "numpy.array", "numpy.asarray"})
_OWN_STEPS: Final = ("train_step", "compute_loss", "compute_loss_and_updates", "fit")
_OWN_TRACKING: Final = ("trainable_variables", "trainable_weights", "weights", "variables", "_flatten_layers")
_NOT_CALLED: Final = frozenset({"__init__", "build", "get_config", "from_config", "compute_output_shape"})
_EVERYTHING: Final = frozenset({"__dict__", "layers", "_layers", "submodules"})
"""What reads all attributes at once."""
_NOTHING: Final[Mapping[str, str]] = {}


def class_facts(ev: Evaluator, units: Sequence[Unit]) -> tuple[CustomClass, ...]:
    """The layer and model classes of a script, in order."""
    source = _Source(units)
    return tuple(
        _Reader(ev, cls).facts(source)
        for cls in ev.classes
        if cls.location.path == ev.path and ev.keras_base(cls) in ("layer", "model")
    )


class _Source:
    """What a script reads, found out only where a class may hold a layer that nothing reads."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = units

    @cached_property
    def attributes(self) -> frozenset[str]:
        """The names of all attributes that are read, of whatever object, and the strings, which may name one."""
        return frozenset(name for unit in self.units for name in _read_attributes(unit.tree))


class _Held(Struct, frozen=True):
    """What an attribute holds: a Keras layer, a class of the program, or something of neither kind."""

    keras: str = ""
    own: ClassValue | None = None
    hidden_in: str = ""
    location: Location | None = None


class _Around(Struct, frozen=True):
    """What encloses a piece of `call`."""

    mode: bool = False  # a test of `training`
    once: bool = False  # a test of the state of the object, as in `if self.dense is None`
    variables: Mapping[str, str] = field(default_factory=dict[str, str])


class _Reader:
    """Reads one class."""

    def __init__(self, ev: Evaluator, cls: ClassValue) -> None:
        self.ev = ev
        self.cls = cls
        self.methods: dict[str, FunctionValue] = {}
        for owner in reversed(cls.order):
            self.methods |= {name: item for name, item in owner.scope.names.items() if isinstance(item, FunctionValue)}
        self.held = self._attributes()
        self.calls: list[InnerCall] = []
        self.made: list[Made] = []
        self.dropouts: list[Location] = []
        self.untracked: dict[str, Untracked] = {}
        self.entered: set[str] = set()
        self.globals = ev.module_of(ev.scope).names

    def facts(self, source: _Source) -> CustomClass:
        call = self.methods.get("call")
        if call is not None:
            self._enter("call", _Around())
        return CustomClass(
            name=self.cls.name,
            is_model=self.ev.keras_base(self.cls) == "model",
            location=_name_place(self.cls),
            parameters=tuple(_own_parameters(self.methods.get("__init__"))),
            has_get_config="get_config" in self.methods,
            registered=bool(_REGISTERING & set(self.cls.decorators)),
            takes_training=call is not None and "training" in _parameters(call),
            calls=tuple(self.calls),
            made_in_call=tuple(self.made),
            dropouts=tuple(self.dropouts),
            untracked=tuple(self.untracked.values()) if not any(name in self.methods for name in _OWN_TRACKING) else (),
            unused=tuple(self._unused(source)) if call is not None else (),
            trains_itself=any(name in self.methods for name in _OWN_STEPS),
        )

    def _unused(self, source: _Source) -> Iterator[UnusedLayer]:
        own = {name for method in self.methods.values() for name in _read_attributes(method.node)}
        for name, held in self.held.items():
            if not held.keras or name in own or held.location is None:
                continue
            if name not in source.attributes and not _EVERYTHING & source.attributes:
                yield UnusedLayer(name, held.keras, held.location)

    def _attributes(self) -> dict[str, _Held]:
        held: dict[str, _Held] = {}
        for method in self.methods.values():
            for node in walk(method.node):
                targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
                value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
                if value is None:
                    continue
                for name in (_self_attribute(target) for target in targets):
                    if name and (found := self._classified(value, method)) is not None:
                        held.setdefault(name, found)
        return held

    def _classified(self, value: ast.expr, method: FunctionValue) -> _Held | None:
        """What an assigned value is, by the first layer or object of the program that is made in it."""
        container = self._name(value.func, method) if isinstance(value, ast.Call) else None
        hidden = container.dotted if isinstance(container, Path) and container.dotted in _HIDING else ""
        for node in walk(value):
            if not isinstance(node, ast.Call):
                continue
            made = self._name(node.func, method)
            if isinstance(made, ClassValue):
                return _Held(own=made, hidden_in=hidden, location=self._place(node, method))
            if name := layer_class(made):
                return _Held(keras=name, hidden_in=hidden, location=self._place(node, method))
        return None

    def _name(self, node: ast.expr, method: FunctionValue) -> object:
        """What a dotted name stands for where a method was defined; None for anything else."""
        match node:
            case ast.Name(id=name):
                return _looked_up(self.ev, name, method.scope)
            case ast.Attribute(value=owner, attr=name):
                found = self._name(owner, method)
                return self.ev.attribute(found, name, node) if isinstance(found, Path) else None
            case _:
                return None

    def _place(self, node: ast.expr, method: FunctionValue) -> Location:
        outer, self.ev.page = self.ev.page, method.page
        try:
            return self.ev.place(node)
        finally:
            self.ev.page = outer

    def _enter(self, name: str, around: _Around) -> None:
        method = self.methods.get(name)
        if method is None or name in self.entered or isinstance(method.node, ast.Lambda):
            return
        self.entered.add(name)
        for statement in method.node.body:
            self._visit(statement, method, around)

    def _visit(self, node: ast.AST, method: FunctionValue, around: _Around) -> None:
        match node:
            case ast.If(test=test) | ast.IfExp(test=test):
                self._visit(test, method, around)
                inner = _inside(test, around)
                for part in ast.iter_child_nodes(node):
                    if part is not test:
                        self._visit(part, method, inner)
                return
            case ast.For(target=target, iter=source):
                around = _Around(around.mode, around.once, {**around.variables, **_loop_names(target, source)})
            case ast.Lambda() | ast.FunctionDef():
                # Whoever takes the function decides how often it is called.
                around = _Around(around.mode, True, around.variables)
            case ast.Call():
                self._call(node, method, around)
            case ast.Name(id=name, ctx=ast.Load()) if isinstance(value := self.globals.get(name), LayerValue):
                self._global(node, name, value.layer.class_name, method)
            case _:
                pass
        for child in ast.iter_child_nodes(node):
            self._visit(child, method, around)

    def _call(self, node: ast.Call, method: FunctionValue, around: _Around) -> None:
        attribute, bypasses = _called_attribute(node.func, around.variables)
        if attribute in self.methods and not bypasses:
            if attribute not in _NOT_CALLED:
                self._enter(attribute, around)
            return
        held = self.held.get(attribute)
        if held is not None:
            self._held_call(node, attribute, held, (method, around), bypasses)
        elif not attribute:
            self._making(node, method, around)
        elif attribute in {"add_weight", "add_variable"} and not around.once:
            self.made.append(Made("add_weight", self._place(node, method), True))

    def _held_call(
        self, node: ast.Call, attribute: str, held: _Held, at: tuple[FunctionValue, _Around], bypasses: bool
    ) -> None:
        method, around = at
        place = self._place(node, method)
        if held.keras and held.hidden_in and held.keras in _WEIGHTED and held.location is not None:
            self._untracked(attribute, f"`{held.hidden_in}`", (held.keras,), held.location)
        elif held.own is not None and held.location is not None:
            self._plain_holder(attribute, held.own, held.location)
        elif held.keras:
            training = Training.PASSED if around.mode else _training(node)
            self.calls.append(InnerCall(attribute, held.keras, place, training, bypasses))

    def _plain_holder(self, attribute: str, own: ClassValue, place: Location) -> None:
        """An object of a class that Keras does not look into, with layers in its attributes."""
        if own.base is not None or self.ev.keras_base(own):
            return
        inner = _Reader(self.ev, own).held.values()
        layers = tuple(sorted({held.keras for held in inner if held.keras in _WEIGHTED}))
        if layers and not self._is_shared(attribute):
            self._untracked(attribute, f"`{own.name}`, which is no Layer", layers, place)

    def _is_shared(self, attribute: str) -> bool:
        """Whether something of the object is kept in an attribute of its own, where Keras may find it."""
        for method in self.methods.values():
            for node in walk(method.node):
                if isinstance(node, ast.Assign) and any(_self_attribute(target) for target in node.targets):
                    inner = (part.value for part in walk(node.value) if isinstance(part, ast.Attribute))
                    if any(_self_attribute(part) == attribute for part in inner):
                        return True
        return False

    def _untracked(self, name: str, where: str, layers: tuple[str, ...], place: Location) -> None:
        self.untracked.setdefault(name, Untracked(name, where, layers, place))

    def _global(self, node: ast.Name, name: str, made: str, method: FunctionValue) -> None:
        """A layer that `call` takes from outside the class."""
        if made in _WEIGHTED and name not in _parameters(method) and name not in stored_names(method.node):
            self._untracked(name, "a global name", (made,), self._place(node, method))

    def _making(self, node: ast.Call, method: FunctionValue, around: _Around) -> None:
        made = self._name(node.func, method)
        drops = isinstance(made, Path) and made.dotted in _DROPOUT_FUNCTIONS
        if drops and not around.mode and not _mentions(node, "training"):
            self.dropouts.append(self._place(node, method))
        if around.once:
            return
        place = self._place(node, method)
        if isinstance(made, Path) and made.dotted in {"tensorflow.Variable", "keras.Variable"}:
            self.made.append(Made("Variable", place, True))
        elif isinstance(made, ClassValue) and self.ev.keras_base(made) in ("layer", "model"):
            inner = _Reader(self.ev, made).held.values()
            weighted = any(held.keras in _WEIGHTED for held in inner)
            self.made.append(Made(made.name, place, weighted))
        elif name := layer_class(made):
            self.made.append(Made(name, place, name in _WEIGHTED, name in _RANDOM))


def _read_attributes(tree: ast.AST) -> Iterator[str]:
    for node in walk(tree):
        if type(node) is ast.Attribute:
            if type(node.ctx) is ast.Load:
                yield node.attr
        elif type(node) is ast.Constant and type(node.value) is str:
            yield node.value


def layer_class(value: object) -> str:
    """Today's name of the Keras layer class that a value is; empty for any other."""
    if isinstance(value, Path) and value.parts[0] == "keras" and kind_of(value.parts[1:]) is ApiKind.LAYER:
        return class_of(value.parts[-1]) or ""
    return ""


def _looked_up(ev: Evaluator, name: str, scope: Scope) -> object:
    outer, ev.scope = ev.scope, scope
    try:
        return ev.look_up(name)
    finally:
        ev.scope = outer


def _name_place(cls: ClassValue) -> Location:
    start = cls.location
    column = start.column + len("class ")
    return Location(start.path, start.line, column, start.line, column + len(cls.name), start.cell)


def _parameters(method: FunctionValue) -> list[str]:
    spec = method.node.args
    return [parameter.arg for parameter in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]


def _own_parameters(method: FunctionValue | None) -> Iterable[str]:
    """The parameters of an initializer that are not Keras's own."""
    if method is None:
        return ()
    return (name for name in _parameters(method)[1:] if name not in {"name", "dtype", "trainable", "dynamic"})


def _self_attribute(node: ast.expr | None) -> str:
    """`self.name` as a name; empty for anything else."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return node.attr
    return ""


def _called_attribute(function: ast.expr, variables: Mapping[str, str]) -> tuple[str, bool]:
    """The attribute of the object that is called, also through `[i]` or a loop; whether by `.call`."""
    bypasses = isinstance(function, ast.Attribute) and function.attr == "call" and not _self_attribute(function)
    target = function.value if bypasses and isinstance(function, ast.Attribute) else function
    if isinstance(target, ast.Name):
        return variables.get(target.id, ""), bypasses
    while isinstance(target, ast.Subscript):
        target = target.value
    return _self_attribute(target), bypasses


def _loop_names(target: ast.expr, source: ast.expr) -> Mapping[str, str]:
    """The loop variables with the attribute that they run over."""
    found = [name for node in walk(source) if isinstance(node, ast.expr) and (name := _self_attribute(node))]
    names = [node.id for node in walk(target) if isinstance(node, ast.Name)]
    if len(found) == 1:
        return dict.fromkeys(names, found[0])
    return dict(zip(names, found, strict=False)) if len(found) == len(names) else _NOTHING


def _inside(test: ast.expr, around: _Around) -> _Around:
    """What a branch is enclosed by."""
    mode = around.mode or any(_mentions(test, name) for name in ("training", "learning_phase", "train"))
    once = around.once or any(isinstance(node, ast.expr) and _self_attribute(node) for node in walk(test))
    return _Around(mode, once or _mentions(test, "hasattr"), around.variables)


def _mentions(node: ast.AST, name: str) -> bool:
    return any(_is_named(part, name) for part in walk(node))


def _is_named(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Name(id=found) | ast.Attribute(attr=found) | ast.keyword(arg=found):
            return found == name
        case _:
            return False


def _training(node: ast.Call) -> Training:
    """What a call says of the mode of training."""
    if any(keyword.arg is None for keyword in node.keywords) or len(node.args) > 1:
        return Training.PASSED
    value = next((keyword.value for keyword in node.keywords if keyword.arg == "training"), None)
    match value:
        case None | ast.Constant(value=None):
            return Training.ABSENT
        case ast.Constant(value=True):
            return Training.TRUE
        case ast.Constant(value=False):
            return Training.FALSE
        case _:
            return Training.PASSED
