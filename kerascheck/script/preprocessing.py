"""Methods of preprocessing objects and of plain Python containers."""

from __future__ import annotations

import ast

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind, Encoding, Step, StepKind
from kerascheck.facts.training import Fitting
from kerascheck.facts.values import UNKNOWN
from kerascheck.script.training import Training
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    ClassValue,
    DictValue,
    GeneratorValue,
    ListValue,
    TransformerValue,
)

FIT_METHODS = frozenset(
    {"fit", "fit_transform", "fit_resample", "partial_fit", "fit_on_texts", "fit_on_sequences", "adapt"}
)
CLASS_MODES: dict[object, Encoding] = {
    "categorical": Encoding.ONE_HOT,
    "binary": Encoding.INTEGER,
    "sparse": Encoding.INTEGER,
    "int": Encoding.INTEGER,
}
ONE_HOT = frozenset({"OneHotEncoder", "LabelBinarizer"})


class Preprocessing(Training):
    """What scalers, encoders, tokenizers, generators and containers do."""

    def preprocessing_method(self, subject: object, name: str, arguments: Arguments, node: ast.expr) -> object:
        """A method of an object that is neither model nor data."""
        if isinstance(subject, TransformerValue):
            return self._transformer_method(subject, name, arguments, node)
        if isinstance(subject, GeneratorValue):
            return self._generator_method(subject, name, arguments, node)
        return self.unknown_call(subject, arguments, node)

    def _transformer_method(self, subject: TransformerValue, name: str, arguments: Arguments, node: ast.expr) -> object:
        first = arguments.get(0, "X", "y", "texts", "data", "raw_documents")
        target = arguments.get(1, "y")
        if name in FIT_METHODS:
            place = self.place(node)
            called = node.func if isinstance(node, ast.Call) else node
            end = self.place(called)
            fact = self.data_fact(first, arguments.positional_nodes[0] if arguments.positional_nodes else None)
            self.record(
                Fitting(
                    **self.event_facts(place),  # pyright: ignore[reportArgumentType]
                    transformer=subject.name,
                    key=subject.key,
                    method=name,
                    data=fact if isinstance(fact, DataArray) else None,
                    labels_used=target is not None,
                    method_place=replace(end, line=end.end_line, column=end.end_column - len(name)),
                )
            )
        if name in {"fit", "partial_fit", "fit_on_texts"}:
            return subject
        if name in {"transform", "fit_transform"} and isinstance(first, ArrayValue):
            return self._transformed(subject, first, node)
        return self.unknown(f"{subject.name}.{name}")

    def _transformed(self, subject: TransformerValue, array: ArrayValue, node: ast.expr) -> ArrayValue:
        place = self.place(node)
        encoder = "Encoder" in subject.name or "Binarizer" in subject.name
        step = Step(StepKind.ENCODED if encoder else StepKind.SCALED, place, subject.name, subject.key)
        encoding = array.data.encoding
        if subject.name in ONE_HOT:
            encoding = Encoding.ONE_HOT if subject.name == "OneHotEncoder" else Encoding.UNKNOWN
        elif subject.name == "LabelEncoder":
            encoding = Encoding.INTEGER
        scaler = "Scaler" in subject.name
        return self.derive(
            array,
            history=(*array.data.history, step),
            location=place,
            encoding=encoding,
            minimum=UNKNOWN,
            maximum=UNKNOWN,
            shape=array.data.shape if scaler else UNKNOWN,
        )

    def _generator_method(self, subject: GeneratorValue, name: str, arguments: Arguments, node: ast.expr) -> object:
        if not name.startswith("flow"):
            return None
        shuffle = arguments.get(None, "shuffle", default=True)
        place = self.place(node)
        steps = (Step(StepKind.LOADED, place, name),)
        if subject.augments:
            steps = (*steps, Step(StepKind.AUGMENTED, place, "ImageDataGenerator", subject.key))
        if shuffle is True:
            steps = (*steps, Step(StepKind.SHUFFLED, place, name))
        return self.array(node, kind=DataKind.GENERATOR, history=steps, encoding=self._flow_encoding(name, arguments))

    @staticmethod
    def _flow_encoding(name: str, arguments: Arguments) -> Encoding:
        """How the labels that a generator yields are written."""
        if name == "flow":
            labels = arguments.get(1, "y")
            return labels.data.encoding if isinstance(labels, ArrayValue) else Encoding.UNKNOWN
        position = {"flow_from_directory": 4, "flow_from_dataframe": 8}.get(name)
        default = "categorical" if position is not None and arguments.complete else None
        mode = arguments.get(position, "class_mode", default=default)
        return CLASS_MODES.get(mode, Encoding.UNKNOWN) if isinstance(mode, str) else Encoding.UNKNOWN

    def generator_of(self, node: ast.AST, name: str) -> ArrayValue:
        """What a call of a generator function gives."""
        statement = node if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else None
        return self.array(statement, kind=DataKind.GENERATOR, origin=name)

    def sequence_of(self, cls: ClassValue, node: ast.expr) -> ArrayValue:
        """An object of a Sequence or PyDataset class of the program."""
        return self.array(node, kind=DataKind.GENERATOR, origin=cls.name)

    def container_method(self, subject: ListValue | DictValue, name: str, arguments: Arguments) -> object:
        """A method of a list or dictionary."""
        first = arguments.get(0)
        if isinstance(subject, DictValue):
            return self._dictionary_method(subject, name, arguments)
        self.touch(subject)
        if name in {"append", "add"}:
            if self.undecided and self.loops:
                subject.whole = False
            if len(subject.items) < 100_000:
                subject.items.append(first)
            return None
        if name == "extend":
            items = self.iterate(first)
            subject.items.extend(items or ())
            subject.whole = subject.whole and items is not None
            return None
        if name == "insert" and isinstance(first, int):
            subject.items.insert(first, arguments.get(1))
            return None
        if name == "pop":
            index = first if isinstance(first, int) else -1
            if subject.items and -len(subject.items) <= index < len(subject.items):
                return subject.items.pop(index)
        if name == "reverse":
            subject.items.reverse()
            return None
        if name == "copy":
            return ListValue(list(subject.items), subject.whole)
        if name in {"count", "index"}:
            return self.unknown(name)
        subject.whole = False
        return self.unknown(f"list.{name}")

    def _dictionary_method(self, subject: DictValue, name: str, arguments: Arguments) -> object:
        first = arguments.get(0)
        plain = isinstance(first, (str, int, float, bool, bytes))
        if name in {"get", "pop", "setdefault"} and plain:
            if first in subject.items:
                return subject.items[first]
            return arguments.get(1) if subject.whole else self.unknown("key")
        if name in {"items", "keys", "values"}:
            listed: list[object] = list(getattr(subject.items, name)())
            return ListValue(listed, subject.whole)
        self.touch(subject)
        if name == "update":
            if isinstance(first, DictValue):
                subject.items.update(first.items)
                subject.whole = subject.whole and first.whole
            elif first is not None:
                subject.whole = False
            subject.items.update(arguments.keywords)
            return None
        if name == "copy":
            return DictValue(dict(subject.items), subject.whole)
        subject.whole = False
        return self.unknown(f"dict.{name}")

    def text_method(self, subject: str, name: str, arguments: Arguments) -> object:
        """A method of a string, computed when all arguments are plain."""
        values = [*arguments.positional, *arguments.keywords.values()]
        if name == "join" and isinstance(arguments.get(0), ListValue):
            items = arguments.get(0)
            texts = items.items if isinstance(items, ListValue) and items.whole else [None]
            return subject.join(texts) if all(isinstance(t, str) for t in texts) else self.unknown("text")  # pyright: ignore[reportArgumentType]
        if name in {"format", "lower", "upper", "strip", "replace", "startswith", "endswith", "title", "split"} and all(
            isinstance(value, (str, int, float, bool)) for value in values
        ):
            try:
                found = getattr(subject, name)(*arguments.positional, **arguments.keywords)
            except (TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError):
                return self.unknown("text")
            if isinstance(found, list):
                return ListValue(list(found))
            return found if not isinstance(found, str) or len(found) < 10_000 else self.unknown("text")
        return self.unknown("text")
