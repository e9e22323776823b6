"""What a configuration names: classes, functions, code and files that loading it would look for, build, run or read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct, field

REACHING_OPERATIONS: Final = frozenset(
    {"EagerPyFunc", "ImmutableConst", "MatchingFiles", "PyFunc", "PyFuncStateless", "ReadFile", "WriteFile"}
)
"""Operations of TensorFlow that touch files or run Python."""


class NamedObject(Struct, frozen=True):
    """An object that a configuration describes by `class_name`, at any depth.

    `layer` is the path of the innermost layer around it, `key` the argument that holds it (empty for a layer itself).
    `module` and `registered` are empty where the file does not give them. For a function, `class_name` is `function` and
    `function` its name. `texts` has the arguments that are texts.
    """

    layer: str
    key: str
    class_name: str
    module: str = ""
    registered: str = ""
    function: str = ""
    texts: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def name(self) -> str:
        """The name of the class or function itself."""
        return self.function or self.class_name

    @property
    def qualified(self) -> str:
        return f"{self.module}.{self.name}" if self.module else self.name


class EmbeddedCode(Struct, frozen=True):
    """Python bytecode in a configuration: in the argument `key` of a layer, `size` bytes in an `encoding`.

    `names` are the texts that stand in it (variables, attributes, constants), in order, `source` the file that it was
    compiled from, `python` the major version whose bytecode it is. It was never decoded beyond these.
    """

    layer: str
    key: str
    encoding: str
    size: int
    names: tuple[str, ...] = ()
    source: str = ""
    python: int = 3


class LooseText(Struct, frozen=True):
    """A text under a key that may name a file or an address, or one that is an address."""

    layer: str
    key: str
    text: str


class Mentions(Struct, frozen=True):
    """All that a configuration names, in its order.

    `tags` are the Python objects that a YAML text asks its loader to make, `escaping` the names of layers and objects
    that lead out of a folder, `repeated` the keys that a JSON text gives two values, `operations` the operations of a
    TensorFlow graph.
    """

    objects: tuple[NamedObject, ...] = ()
    codes: tuple[EmbeddedCode, ...] = ()
    texts: tuple[LooseText, ...] = ()
    tags: tuple[str, ...] = ()
    escaping: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
