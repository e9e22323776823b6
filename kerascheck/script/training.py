"""Compile, fit, evaluate and predict: the calls a run is judged by."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerascheck.facts.data import DataArray, DataKind, Role
from kerascheck.facts.graph import Compile, GraphKind, Loss, Optimizer
from kerascheck.facts.training import Callback, Compiled, Data, Evaluation, Fit
from kerascheck.facts.values import UNKNOWN, Unknown, Value
from kerascheck.findings import Location
from kerascheck.keras_api import normalize
from kerascheck.script.graphs import Graphs, argument_places, shape_fact
from kerascheck.script.machine import mapping_of, to_value, values_of
from kerascheck.script.values import (
    Arguments,
    ArrayValue,
    CallbackValue,
    ClassValue,
    DictValue,
    FunctionValue,
    HistoryValue,
    InstanceValue,
    LayerValue,
    ListValue,
    LossValue,
    ModelValue,
    Opaque,
    OptimizerValue,
    Path,
    TensorValue,
)

if TYPE_CHECKING:
    pass

FITS = frozenset({"fit", "fit_generator", "train_on_batch"})
EVALUATIONS = frozenset(
    {
        "evaluate",
        "evaluate_generator",
        "predict",
        "predict_generator",
        "predict_classes",
        "predict_proba",
        "test_on_batch",
        "predict_on_batch",
    }
)
DATA_ARGUMENTS = frozenset({"x", "y", "validation_data", "callbacks"})


class Training(Graphs):
    """Methods of models."""

    def call_method(self, subject: object, name: str, arguments: Arguments, node: ast.expr) -> object:
        """`subject.name(arguments)`."""
        match subject:
            case ModelValue():
                return self._model_method(subject, name, arguments, node)
            case LayerValue():
                return self._layer_method(subject, name, arguments, node)
            case TensorValue():
                return self.operation(node, name, [subject, *arguments.positional])
            case _:
                return self.data_method(subject, name, arguments, node)

    def _layer_method(self, value: LayerValue, name: str, arguments: Arguments, node: ast.expr) -> object:
        if name in {"__call__", "call"}:
            return self.call_layer(value, arguments, node)
        if name == "adapt":
            return None
        return self.unknown(f"layer.{name}")

    def _model_method(self, model: ModelValue, name: str, arguments: Arguments, node: ast.expr) -> object:
        if isinstance(node, ast.Call):
            self.note_call(name, f"Model.{name}", arguments, node)
        if name == "add" and model.kind is GraphKind.SEQUENTIAL:
            self.add(model, arguments.get(0, "layer"), node)
            return None
        if name == "pop" and model.chain:
            self.touch(model)
            model.chain.pop()
            model.outputs = (model.chain[-1][1],) if model.chain else model.inputs
            return None
        if name == "compile":
            return self._compile(model, arguments, node)
        if name in FITS:
            return self._fit(model, name, arguments, node)
        if name in EVALUATIONS:
            return self._evaluation(model, name, arguments, node)
        if name == "build":
            shape = shape_fact(to_value(arguments.get(0, "input_shape")))
            if model.chain and not isinstance(shape, Unknown) and isinstance(model.inputs[0].shape, Unknown):
                self.rebuild(model, shape)
            return None
        if name == "get_layer":
            return self._get_layer(model, arguments)
        if name in {"__call__", "call"}:
            return self.call_model(model, arguments, node)
        return self.unknown(f"model.{name}")

    def _get_layer(self, model: ModelValue, arguments: Arguments) -> object:
        layers = self.layers_of(model)
        name, index = arguments.get(0, "name"), arguments.get(1, "index")
        if isinstance(layers, ListValue):
            if isinstance(index, int) and layers.whole and -len(layers.items) <= index < len(layers.items):
                return layers.items[index]
            for item in layers.items:
                if isinstance(item, LayerValue) and item.layer.name == name:
                    return item
        return self.unknown("get_layer")

    def _compile(self, model: ModelValue, arguments: Arguments, node: ast.expr) -> object:
        found = normalize.method(
            "compile", values_of(arguments.positional), mapping_of(arguments.keywords), complete=arguments.complete
        )
        sources = found.sources if found is not None else {}
        location = self.place(node)
        places = argument_places(self, arguments, sources)

        def given(name: str, index: int) -> object:
            return arguments.get(index, name)

        complete = arguments.complete
        optimizer = given("optimizer", 0)
        loss = given("loss", 1)
        metrics = arguments.get(2, "metrics") if not isinstance(loss, Unknown) else None
        values = mapping_of(arguments.keywords)
        compiled = Compile(
            optimizer=self.optimizer_fact(optimizer, places.get("optimizer", location))
            if complete or optimizer
            else None,
            losses=self._losses(model, loss, places.get("loss", location)) if complete or loss else UNKNOWN,
            metrics=self._metrics(metrics, places.get("metrics", location)) if complete or metrics else UNKNOWN,
            location=location,
            arguments=values,
            places=places,
        )
        self.touch(model)
        model.compiles.append(compiled)
        self.record(Compiled(**self.event_facts(location), model=model.key, compile=compiled))  # pyright: ignore[reportArgumentType]
        return None

    def optimizer_fact(self, value: object, location: Location) -> Optimizer | None:
        """The optimizer that a value given to compile stands for."""
        if isinstance(value, OptimizerValue):
            return value.optimizer
        if isinstance(value, str):
            found = normalize.optimizer(value, (), {})
            if found is not None:
                return Optimizer(next(self.keys), found.name, found.arguments, location)
            return Optimizer(next(self.keys), UNKNOWN, {}, location)
        if value is None:
            return None
        return Optimizer(next(self.keys), UNKNOWN, {}, location)

    def _losses(self, model: ModelValue, value: object, location: Location) -> tuple[Loss | None, ...] | Unknown:
        count = len(model.outputs)
        if isinstance(value, (ListValue, tuple)):
            items = value.items if isinstance(value, ListValue) else list(value)
            if isinstance(value, ListValue) and not value.whole:
                return UNKNOWN
            losses = tuple(self.loss_fact(item, location) for item in items)
            return losses if len(losses) == count or not count else UNKNOWN
        if isinstance(value, DictValue):
            return self._named_losses(model, value, location)
        loss = self.loss_fact(value, location)
        return (loss,) * max(count, 1)

    def _named_losses(
        self, model: ModelValue, value: DictValue, location: Location
    ) -> tuple[Loss | None, ...] | Unknown:
        producers = [self.assembly.producer(tensor) for tensor in model.outputs]
        names = [producer.layer.name if producer is not None else "" for producer in producers]
        if not value.whole or len(set(names)) != len(names) or not set(value.items) <= set(names):
            return UNKNOWN
        return tuple(self.loss_fact(value.items[name], location) if name in value.items else None for name in names)

    def loss_fact(self, value: object, location: Location, *, metric: bool = False) -> Loss | None:
        """The loss or metric that a value stands for."""
        known = normalize.metric if metric else normalize.loss
        if value is None:
            return None
        if isinstance(value, LossValue):
            return value.loss
        if isinstance(value, str):
            return Loss(known(value) or UNKNOWN, location, written=value)
        if isinstance(value, Path):
            name = known(value.parts[-1]) if value.parts[0] == "keras" else None
            return Loss(name or UNKNOWN, location, written=value.parts[-1])
        if isinstance(value, FunctionValue):
            self.called.add(id(value.node))
            return Loss(value.name, location, UNKNOWN, custom=True, written=value.name)
        if isinstance(value, InstanceValue):
            return Loss(value.cls.name, location, UNKNOWN, custom=True, written=value.cls.name)
        return Loss(UNKNOWN, location, UNKNOWN)

    def _metrics(self, value: object, location: Location) -> tuple[Loss, ...] | Unknown:
        if value is None:
            return ()
        if isinstance(value, ListValue) and value.whole:
            found: list[Loss] = []
            for item in value.items:
                if isinstance(item, (ListValue, tuple, DictValue)):
                    return UNKNOWN
                loss = self.loss_fact(item, location, metric=True)
                if loss is not None:
                    found.append(loss)
            return tuple(found)
        if isinstance(value, (str, LossValue)):
            loss = self.loss_fact(value, location, metric=True)
            return (loss,) if loss is not None else ()
        return UNKNOWN

    def _fit(self, model: ModelValue, method: str, arguments: Arguments, node: ast.expr) -> object:
        found = normalize.method(
            method, values_of(arguments.positional), mapping_of(arguments.keywords), complete=arguments.complete
        )
        sources: Mapping[str, tuple[int | str, ...]] = found.sources if found is not None else {}
        location = self.place(node)
        x = self._argument(arguments, sources, "x")
        y = self._argument(arguments, sources, "y")
        x_data, y_data = self.as_data(x, arguments, sources, "x"), self.as_data(y, arguments, sources, "y")
        if method == "fit_generator" and isinstance(x_data, Unknown):
            x_data = self._generic(DataKind.GENERATOR, node)
        self._shape_from(model, x_data)
        validation_x, validation_y = self._validation(arguments, sources)
        facts = self.event_facts(location)
        event = Fit(
            **facts,  # pyright: ignore[reportArgumentType]
            method=method,
            model=model.key,
            x=x_data,
            y=y_data,
            validation_x=validation_x,
            validation_y=validation_y,
            callbacks=self.callback_facts(self._argument(arguments, sources, "callbacks")),
            arguments=self._plain(found.arguments if found is not None else {}),
            places=argument_places(self, arguments, sources),
            result_used=id(node) not in self.discarded,
            unexpanded=not arguments.complete,
            compile=model.compiles[-1] if model.compiles else None,
        )
        self.record(event)
        return HistoryValue(event.order)

    @staticmethod
    def _plain(arguments: Mapping[str, Value]) -> dict[str, Value]:
        return {name: value for name, value in arguments.items() if name not in DATA_ARGUMENTS}

    @staticmethod
    def _argument(arguments: Arguments, sources: Mapping[str, tuple[int | str, ...]], name: str) -> object:
        for source in sources.get(name, ()):
            if isinstance(source, int):
                return arguments.positional[source]
            return arguments.keywords.get(source)
        return None

    def _argument_node(
        self, arguments: Arguments, sources: Mapping[str, tuple[int | str, ...]], name: str
    ) -> ast.expr | None:
        for source in sources.get(name, ()):
            if isinstance(source, int):
                return arguments.positional_nodes[source] if source < len(arguments.positional_nodes) else None
            if source in arguments.keyword_nodes:
                return arguments.keyword_nodes[source].value
        return None

    def as_data(
        self, value: object, arguments: Arguments, sources: Mapping[str, tuple[int | str, ...]], name: str
    ) -> Data:
        """What is known of a data argument."""
        return self.data_fact(value, self._argument_node(arguments, sources, name))

    def data_fact(self, value: object, node: ast.expr | None = None) -> Data:
        """The data that a value is; an unknown one keeps the name it was given by."""
        if value is None:
            return None
        if isinstance(value, ArrayValue):
            return value.data
        if isinstance(value, InstanceValue):
            return UNKNOWN
        if isinstance(value, tuple):
            return tuple(self.data_fact(item) for item in value)
        if isinstance(value, ListValue):
            arrays = value.items and all(isinstance(item, (ArrayValue, Opaque)) for item in value.items)
            if arrays and value.whole:
                nodes = node.elts if isinstance(node, (ast.List, ast.Tuple)) else []
                matched = nodes if len(nodes) == len(value.items) else [None] * len(value.items)
                return tuple(self.data_fact(item, part) for item, part in zip(value.items, matched, strict=True))
            return self._named_data(value, node, DataKind.ARRAY)
        if isinstance(value, Opaque):
            return self._named_data(value, node, DataKind.UNKNOWN)
        return UNKNOWN

    def _named_data(self, value: object, node: ast.expr | None, kind: DataKind) -> Data:
        from kerascheck.script.evaluator import named_role

        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if not name:
            name = self.data_names.get(id(value), (None, ""))[1]
        if not name or node is None:
            return UNKNOWN
        key = value.key if isinstance(value, Opaque) and value.key else id(value)
        return DataArray(key, name, self.place(node), kind=kind, named_role=named_role(name))

    def _generic(self, kind: DataKind, node: ast.expr) -> DataArray:
        return DataArray(next(self.keys), "", self.place(node), kind=kind)

    def _validation(self, arguments: Arguments, sources: Mapping[str, tuple[int | str, ...]]) -> tuple[Data, Data]:
        value = self._argument(arguments, sources, "validation_data")
        node = self._argument_node(arguments, sources, "validation_data")
        if value is None:
            return (None, None) if arguments.complete or "validation_data" in sources else (UNKNOWN, UNKNOWN)
        items = value.items if isinstance(value, ListValue) and value.whole else value
        if isinstance(items, (list, tuple)) and len(items) in (2, 3):
            nodes = (
                node.elts if isinstance(node, (ast.Tuple, ast.List)) and len(node.elts) == len(items) else [None, None]
            )
            return self.data_fact(items[0], nodes[0]), self.data_fact(items[1], nodes[1])
        return self.data_fact(value, node), None

    def _shape_from(self, model: ModelValue, data: Data) -> None:
        if (
            isinstance(data, DataArray)
            and data.kind is DataKind.ARRAY
            and not isinstance(data.shape, Unknown)
            and model.chain
            and isinstance(model.inputs[0].shape, Unknown)
        ):
            self.rebuild(model, (None, *data.shape[1:]))

    def _evaluation(self, model: ModelValue, method: str, arguments: Arguments, node: ast.expr) -> object:
        found = normalize.method(
            method, values_of(arguments.positional), mapping_of(arguments.keywords), complete=arguments.complete
        )
        sources: Mapping[str, tuple[int | str, ...]] = found.sources if found is not None else {}
        location = self.place(node)
        x = self.as_data(self._argument(arguments, sources, "x"), arguments, sources, "x")
        self.record(
            Evaluation(
                **self.event_facts(location),  # pyright: ignore[reportArgumentType]
                method=method,
                model=model.key,
                x=x if x is not None else self.data_fact(arguments.get(0), None) or UNKNOWN,
                y=self.as_data(self._argument(arguments, sources, "y"), arguments, sources, "y"),
                arguments=self._plain(found.arguments if found is not None else {}),
                places=argument_places(self, arguments, sources),
                unexpanded=not arguments.complete,
            )
        )
        if method.startswith("predict"):
            return self.array(node, role=Role.UNKNOWN)
        return self.unknown("evaluate")

    def callback_facts(self, value: object) -> tuple[Callback, ...] | Unknown:
        """The callbacks of a list given to fit."""
        if value is None:
            return ()
        items = value.items if isinstance(value, ListValue) and value.whole else value
        if isinstance(items, CallbackValue):
            return (items.callback,)
        if isinstance(items, (list, tuple)):
            if all(isinstance(item, CallbackValue) for item in items):
                return tuple(item.callback for item in items if isinstance(item, CallbackValue))
        return UNKNOWN

    def custom_callback(self, cls: ClassValue, node: ast.expr) -> CallbackValue:
        """A callback of a class of the program."""
        callback = Callback(next(self.keys), cls.name, {}, self.place(node), custom=True)
        self.callbacks.append(callback)
        return CallbackValue(callback)

    def loss_object(self, written: str, arguments: Arguments, node: ast.expr, *, metric: bool) -> LossValue:
        """A loss or metric made by its Keras class."""
        name = (normalize.metric if metric else normalize.loss)(written)
        logits = arguments.keywords.get("from_logits", False if arguments.complete else UNKNOWN)
        if "from_logits" not in arguments.keywords and arguments.positional and not metric:
            logits = arguments.positional[0]
        return LossValue(
            Loss(
                name or UNKNOWN,
                self.place(node),
                logits if isinstance(logits, bool) else UNKNOWN,
                written=written,
                arguments=mapping_of(arguments.keywords),
            )
        )

    def optimizer_object(self, written: str, arguments: Arguments, node: ast.expr) -> OptimizerValue:
        """An optimizer made by its Keras class."""
        found = normalize.optimizer(
            written, values_of(arguments.positional), mapping_of(arguments.keywords), complete=arguments.complete
        )
        place = self.place(node)
        if found is None:
            return OptimizerValue(Optimizer(next(self.keys), UNKNOWN, {}, place))
        return OptimizerValue(
            Optimizer(
                next(self.keys),
                found.name,
                found.arguments,
                place,
                frozenset(found.sources),
                argument_places(self, arguments, found.sources),
            )
        )

    def callback_object(self, written: str, arguments: Arguments, node: ast.expr) -> CallbackValue:
        """A callback made by its Keras class."""
        found = normalize.callback(
            written, values_of(arguments.positional), mapping_of(arguments.keywords), complete=arguments.complete
        )
        place = self.place(node)
        callback = Callback(next(self.keys), written, {}, place, custom=True)
        if found is not None:
            callback = replace(
                callback,
                name=found.name,
                arguments=found.arguments,
                given=frozenset(found.sources),
                places=argument_places(self, arguments, found.sources),
                custom=False,
            )
        self.callbacks.append(callback)
        return CallbackValue(callback)
