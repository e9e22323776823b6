"""Names: scopes, imports under every alias, and the one canonical path of each Keras name."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence
from functools import cache

from msgspec.structs import replace

from kerascheck.keras_api.names import ApiKind, kind_of
from kerascheck.keras_api.transformers import TRANSFORMERS
from kerascheck.script.api import import_of
from kerascheck.script.core import Core
from kerascheck.script.handlers import HANDLERS
from kerascheck.script.values import ImportedName, ModuleValue, Opaque, Path, Scope
from kerascheck.script.walking import stored_in

# Longest first: each way to name Keras, with the flavour it stands for.
KERAS_ROOTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("tensorflow", "compat", "v1", "keras"), "tf.keras"),
    (("tensorflow", "compat", "v2", "keras"), "tf.keras"),
    (("tensorflow", "_api", "v2", "keras"), "tf.keras"),
    (("tensorflow", "contrib", "keras", "api", "keras"), "tf.keras"),
    (("tensorflow", "contrib", "keras", "python", "keras"), "tf.keras"),
    (("tensorflow", "contrib", "keras"), "tf.keras"),
    (("tensorflow", "python", "keras", "api", "_v2", "keras"), "tf.keras"),
    (("tensorflow", "python", "keras"), "tf.keras"),
    (("tensorflow", "keras"), "tf.keras"),
    (("keras", "api", "_v2", "keras"), "keras"),
    (("keras", "api"), "keras"),
    (("keras", "src", "engine"), "keras"),
    (("keras", "src"), "keras"),
    (("keras", "engine"), "keras"),
    (("tf_keras", "src"), "tf_keras"),
    (("tf_keras",), "tf_keras"),
    (("keras",), "keras"),
)
BUILTINS = frozenset(dir(builtins))


_OF_BOTH = frozenset({("tensorflow", "losses"), ("tensorflow", "metrics")})
METRICS = ("_score", "_matrix", "_report", "_error", "_curve")
MERGES = frozenset({"add", "average", "concatenate", "dot", "maximum", "merge", "minimum", "multiply", "subtract"})
LEARNERS = frozenset({"sklearn", "imblearn", "category_encoders"})


class Names(Core):
    """Name look-up and binding."""

    def canonical(self, parts: tuple[str, ...]) -> Path:
        """The path of a name without alias and flavour; the flavour of Keras is noted."""
        if parts[0] in {"keras", "tensorflow", "tf_keras"}:
            path, flavour = _keras_path(parts)
            if flavour:
                self.flavours.add(flavour)
            return path
        return Path(parts)

    def note_import(
        self, path: Path, written: tuple[str, ...], alias: ast.alias, node: ast.Import | ast.ImportFrom
    ) -> None:
        """Record an imported Keras name as a use of the API, and the names that stand for TensorFlow."""
        if written == ("tensorflow",):
            self.tensorflow_names.add(alias.asname or alias.name)
        if path.parts[0] == "keras" and self.page.path == self.path:
            call = import_of(self, path, written, alias, node)
            call = replace(call, guarded=True) if len(self.frames) in self.guards else call
            self.api_calls.setdefault(("import", self.place(alias)), call)
            self.keras_names[call.bound] = call.flavour

    def module_of(self, scope: Scope) -> Scope:
        """The module scope that a scope belongs to."""
        return scope.module or scope

    def inner_scope(self) -> Scope:
        """A scope inside the current one."""
        return Scope(parent=self.scope, module=self.module_of(self.scope))

    def assign(self, name: str, value: object) -> None:
        """Bind a name where Python would."""
        scope = self.scope
        if name in scope.globals:
            scope = self.module_of(scope)
        elif name in scope.outer:
            outer = scope.parent
            while outer is not None and name not in outer.names:
                outer = outer.parent
            scope = outer or scope
        self.touch(scope)
        scope.names[name] = value

    def look_up(self, name: str) -> object:
        """The value of a name: local, enclosing, module, star imports, builtins."""
        scope: Scope | None = self.scope
        while scope is not None:
            if name in scope.names:
                value = scope.names[name]
                return value if type(value) is not ImportedName else self.resolved(scope, name)
            scope = scope.parent
        if name == "__name__":
            return "__main__"
        if name == "__file__" and self.page.file is not None:
            return f"./{self.page.file.name}"
        if name in BUILTINS:
            return Path(("builtins", name))
        return self._starred(name)

    def resolved(self, scope: Scope, name: str) -> object:
        """The value of a name of a scope; one that was imported is looked up in its module."""
        value = scope.names[name]
        if isinstance(value, ImportedName):
            # A cycle of imports ends here: while the name is looked up it is unknown.
            scope.names[name] = self.unknown(f"import {name}")
            value = scope.names[name] = self.name_in(value.module, value.name)
        return value

    def is_missing(self, value: object) -> bool:
        """Whether a look-up in a module found nothing."""
        return isinstance(value, Opaque) and "." in value.origin

    def _starred(self, name: str) -> object:
        """A name that only `from module import *` can have brought."""
        stars = self.module_of(self.scope).stars
        for module in reversed(stars):
            if isinstance(module, ModuleValue):
                value = self.name_in(module, name)
                if not self.is_missing(value):
                    return value
        libraries = [module for module in reversed(stars) if isinstance(module, Path)]
        known = self.of_libraries(libraries, name)
        if known is not None:
            return known
        keras = [module for module in libraries if module.parts[0] == "keras"]
        if keras:
            owner = next((module for module in keras if module.parts[-1] == "layers"), keras[0])
            return self.canonical((*owner.parts, name))
        # A name that nothing binds is the same unknown value each time.
        module = self.module_of(self.scope)
        value = module.names[name] = self.unknown(f"name {name}")
        return value

    def of_libraries(self, modules: Sequence[object], name: str) -> Path | None:
        """The path of a name that one of the modules of libraries, all names of which are imported, is known to have."""
        for module in modules:
            if isinstance(module, Path) and _is_known(module, name):
                return self.canonical((*module.parts, name))
        return None

    def forget_assigned(self, body: Sequence[ast.stmt]) -> None:
        """Widen the numbers that a loop of unknown length assigns."""
        for name in stored_in(body):
            if isinstance(self.scope.names.get(name), (bool, int, float, str)):
                self.assign(name, self.unknown("loop"))


_SPLITTING = (("sklearn", "model_selection"), ("sklearn", "cross_validation"))


@cache
def _keras_path(parts: tuple[str, ...]) -> tuple[Path, str]:
    """The path of a name of Keras under whatever root, and the flavour of Keras that the root shows."""
    for root, flavour in KERAS_ROOTS:
        if parts[: len(root)] == root:
            return Path(("keras", *parts[len(root) :])), flavour
    if parts[:2] == ("tensorflow", "optimizers") or (parts[:2] in _OF_BOTH and parts[2:] and parts[2][0].isupper()):
        # TensorFlow 2 has these of Keras under shorter names; its functions of the same modules are those of TensorFlow 1.
        return Path(("keras", *parts[1:])), "tf.keras"
    return Path(parts), ""


def _is_known(module: Path, name: str) -> bool:
    """Whether a library's module is known to have a name."""
    if module.parts[0] == "keras" and kind_of((*module.parts[1:], name)) is not ApiKind.OTHER:
        return True
    if module.parts == ("keras", "layers") and name in MERGES:
        return True
    if module.parts[:2] == ("sklearn", "metrics") and name.endswith(METRICS):
        return True
    if module.parts in _SPLITTING and name.endswith(("KFold", "Split", "LeaveOneOut", "SearchCV")):
        return True
    return (*module.parts, name) in HANDLERS or (module.parts[0] in LEARNERS and name in TRANSFORMERS)
