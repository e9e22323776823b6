"""Objects that learn from data and change it, and what makes batches of it."""

from __future__ import annotations

import ast

from msgspec.structs import replace

from kerascheck.facts.data import Batch, DataArray, DataKind, Encoding, Role, Rows, Step, StepKind
from kerascheck.facts.values import UNKNOWN, Shape
from kerascheck.keras_api.transformers import MAKES_ROWS, Learned, learned
from kerascheck.script.container_methods import ContainerMethods
from kerascheck.script.handlers import GENERATOR_METHODS, TRANSFORMER_METHODS
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    ClassValue,
    FunctionValue,
    GeneratorValue,
    ListValue,
    Opaque,
    SplitterValue,
    TransformerValue,
)
from kerascheck.script.walking import walk

FIT_METHODS = frozenset({"fit", "fit_transform", "fit_resample", "fit_sample", "partial_fit", "fit_on_texts", "adapt"})
RESAMPLE = frozenset({"fit_resample", "fit_sample"})
APPLIED = frozenset({"transform", "fit_transform", "texts_to_sequences", "texts_to_matrix", "sequences_to_matrix"})
KINDS = {
    Learned.CATEGORIES: StepKind.ENCODED,
    Learned.TARGET: StepKind.ENCODED,
    Learned.VOCABULARY: StepKind.ENCODED,
    Learned.CHOICE: StepKind.SELECTED,
    Learned.NOTHING: StepKind.TRANSFORMED,
}


class Preprocessing(ContainerMethods):
    """What scalers, encoders, tokenizers, splitters and generators do."""

    def preprocessing_method(self, subject: object, name: str, arguments: Arguments, node: ast.expr) -> object:
        """A method of an object that is neither model nor data."""
        if isinstance(subject, TransformerValue):
            return self._transformer_method(subject, name, arguments, node)
        if isinstance(subject, SplitterValue):
            return self._folds(subject, name, arguments, node)
        if isinstance(subject, GeneratorValue):
            handler = GENERATOR_METHODS.get(name)
            return handler(self, subject, arguments, node) if handler is not None else None  # pyright: ignore[reportArgumentType]
        return self.unknown_call(subject, arguments, node)

    def as_rows(self, value: object, node: ast.expr | None) -> ArrayValue | None:
        """Data that is handed to a preprocessing step; something unknown keeps its identity and its name."""
        found = self.as_array(value, node)
        if found is not None or not isinstance(value, Opaque):
            return found
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._joined_unknown(node)
        fact = self.data_fact(value, node)
        if isinstance(fact, DataArray):
            return ArrayValue(replace(fact, rows=Rows(self.cut("opaque", fact.key)), kind=DataKind.ARRAY))
        return None

    def _joined_unknown(self, node: ast.BinOp) -> ArrayValue | None:
        """`train_texts + test_texts` of lists that are known by their names."""
        sides = [node.left, node.right]
        plain = all(isinstance(side, (ast.Name, ast.Attribute, ast.BinOp)) for side in sides)
        parts = [self.as_rows(self.evaluate(side), side) for side in sides] if plain else []
        known = [part for part in parts if part is not None]
        return self.joined_rows(known, node) if len(known) == len(sides) else None

    def _transformer_method(self, subject: TransformerValue, name: str, arguments: Arguments, node: ast.expr) -> object:
        handler = TRANSFORMER_METHODS.get(f"{subject.name}.{name}")
        first = arguments.get(0, "X", "y", "texts", "data", "raw_documents", "sequences")
        place = arguments.positional_nodes[0] if arguments.positional_nodes else None
        array = self.as_rows(first, place)
        if name in FIT_METHODS:
            self._fit_step(subject, name, array, arguments, node)
        if handler is not None and array is not None:
            return handler(self, subject, array, arguments, node)  # pyright: ignore[reportArgumentType]
        if name in RESAMPLE:
            return self._resampled(subject, array, arguments, node)
        if name in APPLIED:
            return self.transformed(subject, array, node, name) if array is not None else self.array(node)
        if name == "inverse_transform" and array is not None:
            return self._restored(subject, array, node)
        if name in FIT_METHODS or name == "set_params":
            return subject
        return self.unknown(f"{subject.name}.{name}")

    def _fit_step(
        self, subject: TransformerValue, method: str, array: ArrayValue | None, arguments: Arguments, node: ast.expr
    ) -> None:
        labels = arguments.get(1, "y")
        data = array.data if array is not None else None
        if learned(subject.name) is Learned.SEVERAL:
            for part in self.steps_in(subject):
                self.fitted(part.name, subject.key, method, data, node, labels_used=labels is not None)
            return
        self.fitted(subject.name, subject.key, method, data, node, labels_used=labels is not None)

    def steps_in(self, subject: TransformerValue) -> list[TransformerValue]:
        """The preprocessing objects in a pipeline or column transformer, nested ones too."""
        found: list[TransformerValue] = []
        stack: list[object] = list(subject.arguments.values())
        while stack:
            value = stack.pop()
            if isinstance(value, TransformerValue):
                if learned(value.name) is Learned.SEVERAL:
                    stack.extend(value.arguments.values())
                else:
                    found.append(value)
            elif isinstance(value, (ListValue, tuple)):
                stack.extend(value.items if isinstance(value, ListValue) else value)
        return found

    def transformed(self, subject: TransformerValue, array: ArrayValue, node: ast.expr, method: str) -> ArrayValue:
        """`transformer.transform(array)`."""
        kind = learned(subject.name)
        parts = self.steps_in(subject) if kind is Learned.SEVERAL else [subject]
        if kind is Learned.SEVERAL:
            scales = any(learned(part.name) is Learned.SCALE for part in parts)
            step = StepKind.SCALED if scales else StepKind.TRANSFORMED
        else:
            step = KINDS.get(kind, StepKind.SCALED)
        facts: dict[str, object] = {"minimum": UNKNOWN, "maximum": UNKNOWN, "container": "", "columns": ()}
        facts |= {"shape": array.data.shape if kind is Learned.SCALE else _rows_only(array.data.shape)}
        if kind in (Learned.SCALE, Learned.PROJECTION):
            facts |= {"dtype": "float64", "encoding": _after_scaling(array.data.encoding)}
        elif kind is not Learned.FILLING:
            facts |= {"dtype": UNKNOWN, "encoding": Encoding.UNKNOWN}
        if subject.name in {"MinMaxScaler", "MaxAbsScaler"} and method == "fit_transform":
            low, high = _feature_range(subject)
            facts |= {"minimum": low, "maximum": high}
        return self.stepped(array, step, node, subject.name, transformer=subject.key, **facts)

    def _restored(self, subject: TransformerValue, array: ArrayValue, node: ast.expr) -> ArrayValue:
        """`transformer.inverse_transform(array)`: the values before."""
        kept = tuple(step for step in array.data.history if step.transformer != subject.key)
        step = Step(StepKind.TRANSFORMED, self.place(node), "inverse_transform")
        unknown = {"minimum": UNKNOWN, "maximum": UNKNOWN, "encoding": Encoding.UNKNOWN, "dtype": UNKNOWN}
        return self.derive(array, history=(*kept, step), **unknown)

    def _resampled(
        self, subject: TransformerValue, array: ArrayValue | None, arguments: Arguments, node: ast.expr
    ) -> object:
        """`sampler.fit_resample(x, y)`: rows copied, invented or left out."""
        key = self.cut("resampled", subject.key, self.place(node))
        found: list[object] = []
        values = [
            array,
            self.as_rows(
                arguments.get(1, "y"), arguments.positional_nodes[1] if len(arguments.positional_nodes) > 1 else None
            ),
        ]
        for position, value in enumerate(values):
            value = value or self.array(node, labels=position == 1)
            kind = StepKind.RESAMPLED if subject.name in MAKES_ROWS else StepKind.SELECTED
            rows = Rows(key) if subject.name in MAKES_ROWS else self.rows_of(value).within((key, "in"))
            found.append(
                self.stepped(
                    value,
                    kind,
                    node,
                    subject.name,
                    rows=rows,
                    shape=_without_count(value.data.shape),
                    arrangement=(),
                    container=value.data.container,
                )
            )
        return tuple(found)

    def _folds(self, subject: SplitterValue, name: str, arguments: Arguments, node: ast.expr) -> object:
        """`folds.split(x, y)`: pairs of positions, of which one pair stands for all."""
        if name != "split":
            splits = subject.arguments.get("n_splits", 5)
            return splits if isinstance(splits, int) else self.unknown(f"{subject.name}.{name}")
        cut = self.cut("folds", subject.key, self.place(node))
        shuffled = subject.name.endswith("ShuffleSplit") or subject.arguments.get("shuffle") is True
        values = [self.as_rows(value, None) for value in (arguments.get(0, "X"), arguments.get(1, "y"))]
        given = [array for array in values if array is not None]
        parts: list[ArrayValue] = []
        for part, role in (("train", Role.TRAIN), ("test", Role.TEST)):
            positions = self.array(
                node,
                rows=Rows(cut, ((cut, part),)),
                role=role,
                fold=True,
                dtype="int64",
                shape=(UNKNOWN,),
                history=(Step(StepKind.SPLIT, self.place(node), subject.name),),
            )
            positions.positions = True
            parts.append(positions)
        outputs = [self.picked(array, part, node) for array in given for part in parts] or parts
        seeded = subject.arguments.get("random_state") is not None
        self.split_event(subject.name, cut, given, outputs, node, shuffle=shuffled, seeded=seeded)
        return ListValue([tuple(parts)], whole=False)

    def generator_of(self, node: ast.AST, name: str, arguments: Arguments | None = None) -> ArrayValue:
        """What a call of a generator function gives."""
        statement = node if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else None
        found = self._batches(statement, name, arguments)
        steps = (Step(StepKind.REPEATED, found.data.location, name),) if statement and is_endless(statement) else ()
        batch = self._batch(statement, ast.Yield) if statement else None
        found.data = replace(found.data, container="yields", history=steps, batch=batch)
        return found

    def sequence_of(self, cls: ClassValue, node: ast.expr, arguments: Arguments | None = None) -> ArrayValue:
        """An object of a Sequence or PyDataset class of the program."""
        found = self._batches(node, cls.name, arguments)
        method = self.class_attribute(cls, "__getitem__")
        if isinstance(method, FunctionValue):
            found.data = replace(found.data, batch=self._batch(method.node, ast.Return))
        return found

    def _batch(self, function: ast.AST, kind: type[ast.Yield] | type[ast.Return]) -> Batch | None:
        """What the lines that give a batch agree on."""
        nodes = _own(function)
        values = [node.value for node in nodes if isinstance(node, kind)]
        kinds = {_shape_of(value) for value in values}
        first = values[0] if values else None
        if len(kinds) != 1 or first is None or any(isinstance(node, ast.YieldFrom) for node in nodes):
            return None
        name, parts = kinds.pop()
        return Batch(name, parts, self.place(first)) if name else None

    def _batches(self, node: ast.expr | ast.stmt | None, name: str, arguments: Arguments | None) -> ArrayValue:
        """A generator of the program: its rows come from the data that it was given."""
        values = [*arguments.positional, *arguments.keywords.values()] if arguments is not None else []
        given = [found.data for value in values if (found := self.as_array(value)) is not None]
        roles = {data.role for data in given if data.role is not Role.UNKNOWN}
        role = roles.pop() if len(roles) == 1 else Role.UNKNOWN
        found = self.array(node, kind=DataKind.GENERATOR, origin=name, role=role, parts=tuple(given))
        if given and arguments is not None and arguments.complete:
            # Two that are made alike give the same rows.
            named = tuple((word, _identity(value)) for word, value in sorted(arguments.keywords.items()))
            key = self.cut("batches", name, tuple(map(_identity, arguments.positional)), named)
            found.data = replace(found.data, rows=Rows(key))
        return found


def _own(function: ast.AST) -> list[ast.AST]:
    """The nodes of a function that belong to no other function inside of it."""
    waiting: list[ast.AST] = list(ast.iter_child_nodes(function))
    found: list[ast.AST] = []
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def _shape_of(value: ast.expr | None) -> tuple[str, int]:
    """What is written as a batch, and of how many parts; the empty text for anything that is not written out."""
    match value:
        case ast.Tuple(elts=elements) | ast.List(elts=elements) if not any(
            isinstance(element, ast.Starred) for element in elements
        ):
            return ("tuple" if isinstance(value, ast.Tuple) else "list", len(elements))
        case ast.Call(func=ast.Attribute(attr="array" | "asarray", value=ast.Name(id="np" | "numpy"))):
            return ("array", 1)
        case _:
            return ("", 0)


def _identity(value: object) -> object:
    """What tells an argument of a generator from another one."""
    if isinstance(value, (bool, int, float, str)) or value is None:
        return (type(value).__name__, value)
    return value.data.key if isinstance(value, ArrayValue) else id(value)


def is_endless(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a generator function yields for ever: all its yields stand in a `while True` that nothing leaves."""
    loops = [node for node in walk(function) if isinstance(node, ast.While) and _is_true(node.test)]
    if not loops or any(isinstance(node, (ast.Return, ast.Raise)) for node in walk(function)):
        return False
    return any(
        any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in walk(loop)) and not _breaks(loop.body)
        for loop in loops
    )


def _is_true(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and bool(test.value)


def _breaks(body: list[ast.stmt]) -> bool:
    """Whether a break leaves the loop that a body belongs to."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Break):
            return True
        if not isinstance(node, (ast.For, ast.While, ast.FunctionDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(node))
    return False


def _after_scaling(encoding: Encoding) -> Encoding:
    return Encoding.CONTINUOUS if encoding is Encoding.CONTINUOUS else Encoding.UNKNOWN


def _rows_only(shape: Shape) -> Shape:
    return (shape[0], UNKNOWN) if isinstance(shape, tuple) and shape else UNKNOWN


def _without_count(shape: Shape) -> Shape:
    return (UNKNOWN, *shape[1:]) if isinstance(shape, tuple) and shape else UNKNOWN


def _feature_range(subject: TransformerValue) -> tuple[object, object]:
    if subject.name == "MaxAbsScaler":
        return -1.0, 1.0
    given = subject.arguments.get("feature_range", (0, 1))
    items = given.items if isinstance(given, ListValue) else given
    if isinstance(items, (list, tuple)) and len(items) == 2 and all(isinstance(item, (int, float)) for item in items):
        return items[0], items[1]
    return UNKNOWN, UNKNOWN
