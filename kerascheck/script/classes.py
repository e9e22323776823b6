"""Classes of the program and their objects."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from msgspec.structs import replace

from kerascheck.script.functions import Functions
from kerascheck.script.missteps import check_body, check_keywords
from kerascheck.script.values import (
    Arguments,
    ClassValue,
    FunctionValue,
    InstanceValue,
    MethodValue,
    ObjectValue,
    Path,
    SuperValue,
)
from kerascheck.script.walking import walk

_PLAIN_BASES = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"})
_MODELS = frozenset({"Model", "Sequential", "Functional", "Container", "Network"})
_DATA = frozenset({"Sequence", "PyDataset", "Iterator", "DirectoryIterator", "NumpyArrayIterator"})
_LAYER_NAMES = frozenset({"Layer", "Wrapper", "RNN", "Initializer"})
_RECORDS = frozenset({"dataclass", "dataclasses", "define", "attrs", "frozen", "s"})


class Classes(Functions):
    """Classes of the program and their objects."""

    def make_class(self, node: ast.ClassDef, bases: tuple[object, ...]) -> ClassValue:
        """The class that a statement makes; its body has not run yet."""
        scope = self.inner_scope()
        own = any(keyword.arg == "metaclass" for keyword in node.keywords)
        cls = ClassValue(node.name, bases, scope, self.place(node), has_metaclass=own)
        cls.order = (cls, *_ancestors(bases))
        above = [path for path in _library_bases(cls) if path.dotted not in _PLAIN_BASES]
        # Beside a class of Keras one of another library, or of a module that is not there, is a mixin.
        cls.base = next((path for path in above if path.parts[0] == "keras"), next(iter(above), None))
        cls.decorators = tuple(_decorator(item) for item in node.decorator_list)
        cls.is_record = any(name in _RECORDS for name in cls.decorators)
        cls.is_record = cls.is_record or (cls.base is not None and cls.base.parts[-1] == "NamedTuple")
        cls.fields = (
            *(name for base in reversed(cls.order[1:]) for name in base.fields),
            *(part.target.id for part in node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)),
        )  # fmt: skip
        return cls

    def record_class(self, name: str, fields: list[str], node: ast.expr) -> ClassValue:
        """The class that `namedtuple(name, fields)` gives."""
        cls = ClassValue(name, (), self.inner_scope(), self.place(node), fields=tuple(fields), is_record=True)
        cls.order = (cls,)
        return cls

    def finish_class(self, cls: ClassValue) -> None:
        """Settle the members of a class, once its body has run."""
        members = cls.scope.names
        for name, member in members.items():
            if isinstance(member, FunctionValue) and member.owner is None:
                member.owner = cls
                # A class body is no enclosing scope of its methods.
                member.scope = cls.scope.parent or cls.scope
            elif self.keras_base(cls) == "enum" and not name.startswith("_"):
                members[name] = InstanceValue(cls, {"value": member, "name": name})

    def instantiate(self, cls: ClassValue, arguments: Arguments, node: ast.expr) -> object:
        """An object of a class of the program."""
        instance = InstanceValue(cls)
        match self.keras_base(cls):
            case "callback":
                return self.custom_callback(cls, node)
            case "data":
                return self.sequence_of(cls, node, arguments)
            case "enum" | "other":
                return self.unknown(f"object of {cls.name}")
            case "layer" | "model":
                self.adopt(instance, arguments, node)
            case _:
                pass
        initializer = self.class_attribute(cls, "__init__")
        if isinstance(initializer, FunctionValue):
            if arguments.keyword_nodes and (instance.layer is not None or instance.model is not None):
                check_keywords(self, cls, initializer, arguments)
            self.call_function(self.bound(initializer, instance), arguments)
        elif cls.is_record:
            self._fill(instance, arguments, node)
        elif instance.model is not None or instance.layer is not None:
            self.initialize(instance, arguments, node)
        return instance

    def _fill(self, instance: InstanceValue, arguments: Arguments, node: ast.expr) -> None:
        """The attributes of a record, from its arguments and its class's defaults."""
        fields = tuple(dict.fromkeys(instance.cls.fields))
        given = {**dict(zip(fields, arguments.positional, strict=False)), **arguments.keywords}
        for name in fields:
            if name in given:
                instance.attributes[name] = given[name]
                continue
            default = self.class_attribute(instance.cls, name)
            if isinstance(default, ObjectValue) and default.path == "dataclasses.field":
                default = self._from_field(default, node)
            known = arguments.complete and default is not None
            instance.attributes[name] = default if known else self.unknown(f"field {name}")
        after = self.class_attribute(instance.cls, "__post_init__")
        if isinstance(after, FunctionValue):
            self.call_function(self.bound(after, instance), Arguments([], {}, None))

    def _from_field(self, field: ObjectValue, node: ast.expr) -> object:
        if "default_factory" in field.attributes:
            return self.apply(field.attributes["default_factory"], Arguments([], {}, None), node)
        return field.attributes.get("default")

    def keras_base(self, cls: ClassValue) -> str:
        """What a class of the program extends: layer, model, callback, data, enum, other, or nothing of these."""
        base = cls.base
        if base is None:
            return ""
        last = base.parts[-1]
        if base.parts[0] == "keras":
            if last in _MODELS:
                return "model"
            if last in _DATA:
                return "data"
            if last.endswith("Callback") or "callbacks" in base.parts:
                return "callback"
            return "layer" if "layers" in base.parts or last in _LAYER_NAMES else "other"
        if base.parts[0] == "enum":
            return "enum"
        return "other" if base.parts[0] == "builtins" else ""

    def class_attribute(self, cls: ClassValue, name: str) -> object:
        """An attribute of a class or its bases; None for none."""
        for owner in cls.order:
            if name in owner.scope.names:
                return owner.scope.names[name]
        return None

    def bound(self, function: FunctionValue, instance: object) -> FunctionValue:
        """A method with its object set."""
        if function.is_static:
            return function
        first = instance.cls if function.is_class_method and isinstance(instance, InstanceValue) else instance
        return replace(function, first=(first,))

    def instance_attribute(self, instance: InstanceValue, name: str, node: ast.expr) -> object:
        """`instance.name`."""
        if name in instance.attributes:
            return instance.attributes[name]
        found = self.class_attribute(instance.cls, name)
        if isinstance(found, FunctionValue):
            method = self.bound(found, instance)
            return self.call_function(method, Arguments([], {}, None)) if found.is_property else method
        if found is not None:
            return found
        if name == "__class__":
            return instance.cls
        if name == "__dict__":
            return self.unknown("__dict__")
        if instance.model is not None or instance.layer is not None:
            return self.inherited_attribute(instance, name, node)
        if self.uncalled and self._set_by_method(instance, name):
            return instance.attributes[name]
        base = instance.cls.base
        # What a class has from one that is not there is told by the name of that class.
        origin = f"attribute {name}" if base is None or base.parts[0] == "keras" else f"call {base.dotted}.{name}"
        value = instance.attributes[name] = self.unknown(origin)
        return value

    def _set_by_method(self, instance: InstanceValue, name: str) -> bool:
        """Of an object that nobody uses, run the method which sets an attribute before it is read; whether that is one."""
        for owner in instance.cls.order:
            for member in list(owner.scope.names.values()):
                if isinstance(member, FunctionValue) and name in self._attributes_set(member.node):
                    if not any(frame.node is member.node for frame in self.frames):
                        self.call_function(self.bound(member, instance), Arguments([], {}, None))
                    if name in instance.attributes:
                        return True
        return False

    def _attributes_set(self, method: ast.AST) -> frozenset[str]:
        found = self.setters.get(method)
        if found is None:
            stored = (
                node for node in walk(method) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
            )
            found = frozenset(
                node.attr for node in stored if isinstance(node.value, ast.Name) and node.value.id == "self"
            )
            self.setters[method] = found
        return found

    def super_attribute(self, parent: SuperValue, name: str, node: ast.expr) -> object:
        """`super().name`."""
        instance = parent.instance
        cls = instance.cls if isinstance(instance, InstanceValue) else instance
        order = cls.order if isinstance(cls, ClassValue) else ()
        later = order[order.index(parent.cls) + 1 :] if parent.cls in order else parent.cls.order[1:]
        for owner in later:
            found = owner.scope.names.get(name)
            if isinstance(found, FunctionValue):
                method = self.bound(found, instance)
                return self.call_function(method, Arguments([], {}, None)) if found.is_property else method
            if found is not None:
                return found
        if isinstance(instance, InstanceValue) and (instance.model is not None or instance.layer is not None):
            return MethodValue(parent, name) if name == "__init__" else self.inherited_attribute(instance, name, node)
        return self.unknown("super")

    def class_member(self, cls: ClassValue, name: str) -> object:
        """`Class.name`."""
        found = self.class_attribute(cls, name)
        if isinstance(found, FunctionValue) and found.is_class_method:
            return replace(found, first=(cls,))
        if found is None and name in {"__name__", "__qualname__"}:
            return cls.name
        return found if found is not None else self.unknown(name)

    def call_instance(self, instance: InstanceValue, arguments: Arguments, node: ast.expr) -> object:
        """`instance(arguments)`."""
        if instance.layer is not None or instance.model is not None:
            check_body(self, instance, node)
        if instance.layer is not None:
            return self.call_layer(instance.layer, arguments, node)
        if instance.model is not None:
            return self.call_model(instance.model, arguments, node)
        method = self.class_attribute(instance.cls, "__call__")
        if isinstance(method, FunctionValue):
            return self.call_function(self.bound(method, instance), arguments)
        return self.unknown_call(instance, arguments, node)


def _ancestors(bases: tuple[object, ...]) -> tuple[ClassValue, ...]:
    """The classes of the program above a class, each once, nearest first."""
    found = [owner for base in bases if isinstance(base, ClassValue) for owner in base.order]
    return tuple(dict.fromkeys(reversed(found)))[::-1]


def _library_bases(cls: ClassValue) -> Iterator[Path]:
    for owner in cls.order:
        yield from (base for base in owner.bases if isinstance(base, Path))


def _decorator(node: ast.expr) -> str:
    target = node.func if isinstance(node, ast.Call) else node
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
