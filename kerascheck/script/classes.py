"""Classes of the program and their objects."""

from __future__ import annotations

import ast

from kerascheck.script.functions import Functions
from kerascheck.script.machine import DEPTH_LIMIT
from kerascheck.script.values import (
    Arguments,
    ClassValue,
    FunctionValue,
    InstanceValue,
    MethodValue,
    Opaque,
    Path,
    SuperValue,
)

RECURSION_BOUND = 3
KERAS_MODEL_CLASSES = frozenset({"Model", "Sequential", "Functional"})
# Decorators that leave the function's meaning as it is.
TRANSPARENT = frozenset(
    {"function", "wraps", "staticmethod", "classmethod", "abstractmethod", "njit", "jit", "override"}
)


class Classes(Functions):
    """Classes of the program and their objects."""

    classes: list[ClassValue]

    def instantiate(self, cls: ClassValue, arguments: Arguments, node: ast.expr) -> object:
        """An object of a class of the program."""
        base = self.keras_base(cls)
        instance = InstanceValue(cls)
        if base == "layer":
            instance.layer = self.custom_layer(cls, arguments, node)
        elif base == "model":
            instance.model = self.subclassed_model(cls, arguments, node)
        elif base == "callback":
            return self.custom_callback(cls, node)
        elif base == "data":
            return self.sequence_of(cls, node)
        elif base == "other":
            return self.unknown(f"object of {cls.name}")
        initializer = self.class_attribute(cls, "__init__")
        if isinstance(initializer, FunctionValue):
            self.call_function(self._bind_method(initializer, instance), arguments)
        return instance

    def keras_base(self, cls: ClassValue, depth: int = 0) -> str:
        """What Keras class a class of the program extends: layer, model, callback, data, other, or none."""
        for base in cls.bases:
            if isinstance(base, ClassValue) and depth < DEPTH_LIMIT:
                if found := self.keras_base(base, depth + 1):
                    return found
            elif isinstance(base, Path):
                last = base.parts[-1]
                if base.parts[0] == "keras":
                    if last in KERAS_MODEL_CLASSES:
                        return "model"
                    if last in {"Sequence", "PyDataset"}:
                        return "data"
                    return "callback" if last.endswith("Callback") else "layer" if "layers" in base.parts else "other"
                if base.dotted not in {"builtins.object", "enum.Enum", "abc.ABC", "typing.NamedTuple"}:
                    return "other" if base.parts[0] == "builtins" else ""
        return ""

    def class_attribute(self, cls: ClassValue, name: str, depth: int = 0) -> object:
        """An attribute of a class or its bases; None for none."""
        if name in cls.scope.names:
            return cls.scope.names[name]
        for base in cls.bases:
            if isinstance(base, ClassValue) and depth < DEPTH_LIMIT:
                found = self.class_attribute(base, name, depth + 1)
                if found is not None:
                    return found
        return None

    def _bind_method(self, function: FunctionValue, instance: object) -> FunctionValue:
        if function.is_static:
            return function
        return FunctionValue(
            function.node,
            function.scope.parent or function.scope,
            function.name,
            function.cell,
            function.defaults,
            function.keyword_defaults,
            function.owner,
            instance,
            True,
        )

    def instance_attribute(self, instance: InstanceValue, name: str, node: ast.expr) -> object:
        """`instance.name`."""
        if name in instance.attributes:
            return instance.attributes[name]
        found = self.class_attribute(instance.cls, name)
        if isinstance(found, FunctionValue):
            method = self._bind_method(found, instance)
            return self.call_function(method, Arguments([], {}, None)) if found.is_property else method
        if found is not None:
            return found
        if instance.model is not None:
            return self.attribute(instance.model, name, node)
        if instance.layer is not None:
            return self.attribute(instance.layer, name, node)
        return self.unknown(f"attribute {name}")

    def super_attribute(self, parent: SuperValue, name: str) -> object:
        """`super().name`."""
        for base in parent.cls.bases:
            if isinstance(base, ClassValue):
                found = self.class_attribute(base, name)
                if isinstance(found, FunctionValue):
                    return self._bind_method(found, parent.instance)
                if found is not None:
                    return found
        instance = parent.instance
        if isinstance(instance, InstanceValue) and instance.model is not None and name != "__init__":
            return MethodValue(instance.model, name)
        return Opaque("super")

    def _call_instance(self, instance: InstanceValue, arguments: Arguments, node: ast.expr) -> object:
        if instance.layer is not None:
            return self.call_layer(instance.layer, arguments, node)
        if instance.model is not None:
            return self.call_model(instance.model, arguments, node)
        method = self.class_attribute(instance.cls, "__call__")
        if isinstance(method, FunctionValue):
            return self.call_function(self._bind_method(method, instance), arguments)
        return self.unknown_call(instance, arguments, node)
