"""Names: scopes, imports under every alias, and the one canonical path of each Keras name."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence

from kerascheck.keras_api.names import ApiKind, kind_of
from kerascheck.script.api import import_of
from kerascheck.script.core import Core
from kerascheck.script.values import Path, Scope

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


class Names(Core):
    """Name look-up and binding."""

    star_imports: list[Path]

    def canonical(self, parts: tuple[str, ...]) -> Path:
        """The path of a name without alias and flavour; the flavour of Keras is noted."""
        if parts[0] in {"keras", "tensorflow", "tf_keras"}:
            for root, flavour in KERAS_ROOTS:
                if parts[: len(root)] == root:
                    if len(parts) > len(root):
                        self.flavours.add(flavour)
                    return Path(("keras", *parts[len(root) :]))
        return Path(parts)

    def note_import(
        self, path: Path, written: tuple[str, ...], alias: ast.alias, node: ast.Import | ast.ImportFrom
    ) -> None:
        """Record an imported Keras name as a use of the API."""
        if path.parts[0] == "keras" and len(path.parts) > 1:
            self.api_calls.setdefault(("import", self.place(alias)), import_of(self, path, written, alias, node))

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
                return scope.names[name]
            scope = scope.parent
        if name == "__name__":
            return "__main__"
        if name in BUILTINS:
            return Path(("builtins", name))
        starred = [module for module in reversed(self.star_imports) if module.parts[0] == "keras"]
        for module in starred:
            if kind_of((*module.parts[1:], name)) is not ApiKind.OTHER:
                return self.canonical((*module.parts, name))
        if starred:
            return self.canonical((*starred[0].parts, name))
        return self.unknown(f"name {name}")

    def forget_assigned(self, body: Sequence[ast.stmt]) -> None:
        """Widen the numbers that a loop of unknown length assigns."""
        names = {
            node.id
            for statement in body
            for node in ast.walk(statement)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        for name in names:
            if isinstance(self.scope.names.get(name), (bool, int, float, str)):
                self.assign(name, self.unknown("loop"))
