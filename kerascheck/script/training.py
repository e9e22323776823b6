"""Fit, evaluate and predict: the calls a run is judged by."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from kerascheck.facts.data import DataArray, DataKind
from kerascheck.facts.events import Choice, Data, Evaluation, Fit, Search
from kerascheck.facts.graph import GraphKind
from kerascheck.facts.values import UNKNOWN, Unknown, Value
from kerascheck.keras_api import normalize
from kerascheck.script.compiles import Compiles
from kerascheck.script.freezing import SomeLayers
from kerascheck.script.handlers import METHODS
from kerascheck.script.layers import shape_fact
from kerascheck.script.loop_facts import follows
from kerascheck.script.machine import mapping_of, to_value, values_of
from kerascheck.script.missteps import check_adapted, check_reset, place_of
from kerascheck.script.model_missteps import check_added, check_built, check_get_layer, check_gone, check_layers
from kerascheck.script.roles import named_role
from kerascheck.script.unseen import OF_MODELS, REPLICATED, is_compiled_otherwise, is_search, shows_a_model
from kerascheck.script.uses import built_by_call, note_library_call, note_use
from kerascheck.script.values import (
    TRIED,
    Arguments,
    ArrayValue,
    FunctionValue,
    HistoryValue,
    InstanceValue,
    LayerValue,
    ListValue,
    ModelValue,
    ObjectValue,
    Opaque,
    OptimizerValue,
    Path,
    SuperValue,
    TensorValue,
)
from kerascheck.script.writing import argument_places

SCORE = "score "
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
RESETS = frozenset({"reset_states", "reset_state"})
APPLYING = frozenset({"apply_gradients", "minimize"})
DATA_ARGUMENTS = frozenset({"x", "y", "validation_data", "callbacks"})


if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator


class Training(Compiles):
    """Methods of models."""

    def call_method(self, subject: object, name: str, arguments: Arguments, node: ast.expr) -> object:
        """`subject.name(arguments)`."""
        match subject:
            case ModelValue():
                return self._model_method(subject, name, arguments, node)
            case LayerValue():
                return self._layer_method(subject, name, arguments, node)
            case SuperValue(instance=InstanceValue() as instance):
                return self.initialize(instance, arguments, node)
            case ObjectValue():
                return self._object_method(subject, name, arguments, node)
            case TensorValue():
                return self.tensor_method(subject, name, arguments, node)
            case SomeLayers(model=ModelValue() as model) if name == "set_weights":
                note_use(self, model, name, arguments, node)
                return None
            case OptimizerValue() if name in APPLYING:
                self._applied(subject, arguments, node)
                return self.unknown(name)
            case Opaque() if name in REPLICATED and isinstance(arguments.get(0, "fn"), FunctionValue):
                return self._replicated(subject, arguments, node)
            case Opaque() if name == "search" and is_search(subject.origin, arguments):
                return self.tuner_search(arguments, node)
            case Opaque() if (model := self._unseen_model(subject, name, arguments, node)) is not None:
                return self._model_method(model, name, arguments, node)
            case _:
                return self.data_method(subject, name, arguments, node)

    def _applied(self, subject: OptimizerValue, arguments: Arguments, node: ast.expr) -> None:
        from kerascheck.script.own_steps import note_applied

        note_applied(cast("Evaluator", self), subject, arguments, node)

    def _replicated(self, subject: Opaque, arguments: Arguments, node: ast.expr) -> object:
        """`strategy.run(step, args=(batch,))`: the function runs on each device."""
        given = arguments.get(1, "args", default=())
        items = self.iterate(given)
        if items is None:
            return self.data_method(subject, "run", arguments, node)
        return self.apply(arguments.get(0, "fn"), Arguments(items, {}, None), node)

    def _object_method(self, subject: ObjectValue, name: str, arguments: Arguments, node: ast.expr) -> object:
        handler = METHODS.get(f"{subject.path}.{name}")
        if handler is None:
            return self.unknown_call(self.unknown(f"{subject.path}.{name}"), arguments, node)
        return handler(cast("Evaluator", self), subject, arguments)

    def tuner_search(self, arguments: Arguments, node: ast.expr) -> object:
        """`tuner.search(x, y, validation_data=...)`."""
        found = normalize.method("fit", values_of(arguments.positional), mapping_of(arguments.keywords))
        sources: Mapping[str, tuple[int | str, ...]] = found.sources if found is not None else {}
        validation_x, _ = self._validation(arguments, sources)
        self.record(
            Search(
                **self.event_facts(self.place(node)),  # pyright: ignore[reportArgumentType]
                x=self.as_data(self._argument(arguments, sources, "x"), arguments, sources, "x"),
                y=self.as_data(self._argument(arguments, sources, "y"), arguments, sources, "y"),
                validation_x=validation_x,
                places=argument_places(self.page, arguments, sources),
            )
        )
        return self.unknown("search")

    def note_choice(self, values: Sequence[object], node: ast.expr) -> None:
        """Record that a score decides something in a loop."""
        for value in values:
            if isinstance(value, Opaque) and value.origin.startswith(SCORE) and self.loops:
                order = value.origin.removeprefix(SCORE)
                facts = self.event_facts(self.place(node))
                self.record(Choice(**facts, evaluation=int(order)))  # pyright: ignore[reportArgumentType]

    def _unseen_model(self, subject: Opaque, name: str, arguments: Arguments, node: ast.expr) -> ModelValue | None:
        """The model that an unknown object turns out to be."""
        if name not in OF_MODELS or not subject.key or (name == "compile" and is_compiled_otherwise(subject.origin)):
            return None
        model = self.unseen.get(subject.key)
        if model is None and shows_a_model(subject.origin, name, arguments):
            model = self.unseen[subject.key] = ModelValue(next(self.keys), "", GraphKind.SUBCLASSED, self.place(node))
        return model

    def _layer_method(self, value: LayerValue, name: str, arguments: Arguments, node: ast.expr) -> object:
        if name in {"__call__", "call"}:
            return self.call_layer(value, arguments, node)
        if name == "adapt":
            check_adapted(self, value, node)
        if name in {"adapt", "set_vocabulary", "set_weights", "load_assets"}:
            self.adapted(value, name, arguments, node)
            return None
        if name in {"add_weight", "add_variable"}:
            return self.add_weight(value, arguments)
        value.is_built = value.is_built or (name == "build" and value.instance is None)
        if name == "get_config":
            return ObjectValue("keras.layer_config", {"layer": value})
        if name in RESETS:
            check_reset(self, value, name, node)
            note_library_call(self, Path(("Layer", name)), arguments, node)
        return self.unknown(f"layer.{name}")

    def _model_method(self, model: ModelValue, name: str, arguments: Arguments, node: ast.expr) -> object:
        if isinstance(node, ast.Call):
            plain = model.kind is GraphKind.SEQUENTIAL or (model.kind is GraphKind.FUNCTIONAL and bool(model.outputs))
            certain = plain and model.instance is None
            self.note_call(name, f"Model.{name}", arguments, node, certain=certain)
        if name == "add" and model.kind is GraphKind.SEQUENTIAL:
            if model.compiles:
                note_use(self, model, name, arguments, node)
            check_added(self, model, arguments.get(0, "layer"), place_of(arguments, 0, "layer", node))
            self.add(model, arguments.get(0, "layer"), node)
            return None
        if name == "pop" and model.chain:
            self.touch(model)
            model.chain.pop()
            model.outputs = (model.chain[-1][1],) if model.chain else model.inputs
            return None
        if name == "compile":
            return self._compile(model, arguments, node)
        if name in FITS or name in EVALUATIONS:
            check_layers(self, model, node)
        if name in FITS:
            return self._fit(model, name, arguments, node)
        if name in EVALUATIONS:
            built_by_call(model)
            return self._evaluation(model, name, arguments, node)
        if name == "build":
            shape = shape_fact(to_value(arguments.get(0, "input_shape")))
            check_built(self, model, shape, place_of(arguments, 0, "input_shape", node))
            model.is_built = True
            self.build(model, shape)
            return None
        if name == "get_layer":
            return self._get_layer(model, arguments, node)
        if name in {"__call__", "call"}:
            return self.call_model(model, arguments, node)
        check_gone(self, model, name, node)
        note_use(self, model, name, arguments, node)
        if name in {"save", "export"}:
            self.saved[self.path_identity(arguments.get(0, "filepath"))] = model
        if name in {"to_json", "to_yaml", "get_config"}:
            return ObjectValue("keras.json", {"model": model})
        return self.unknown(f"model.{name}")

    def _get_layer(self, model: ModelValue, arguments: Arguments, node: ast.expr) -> object:
        layers = self.layers_of(model)
        check_get_layer(self, model, layers, arguments, node)
        name, index = arguments.get(0, "name"), arguments.get(1, "index")
        if isinstance(layers, ListValue):
            if isinstance(index, int) and layers.whole and -len(layers.items) <= index < len(layers.items):
                return layers.items[index]
            for item in layers.items:
                if isinstance(item, LayerValue) and item.layer.name == name:
                    return item
        return SomeLayers("get_layer", next(self.keys), model)

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
        unbuilt = model.lacks_weights
        built_by_call(model)
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
            validation_list=isinstance(self._argument_node(arguments, sources, "validation_data"), ast.List),
            validation_weighted=_count(self._argument(arguments, sources, "validation_data")) > 2,
            unbuilt=unbuilt,
            callbacks=self.callback_facts(self._argument(arguments, sources, "callbacks")),
            arguments=self._plain(found.arguments if found is not None else {}),
            places=argument_places(self.page, arguments, sources),
            result_used=id(node) not in self.discarded,
            tried=_tried(arguments, sources),
            unexpanded=not arguments.complete,
            compile=model.compiles[-1] if model.compiles else None,
            slot=self._slot(node),
            name_place=self.name_place(node),
        )
        self.record(event)
        self._keep_checkpoints(model, event)
        if model.instance is not None:
            from kerascheck.script.own_steps import run_train_step

            run_train_step(cast("Evaluator", self), model, x, y)
        return HistoryValue(event.order)

    def _keep_checkpoints(self, model: ModelValue, event: Fit) -> None:
        """What a ModelCheckpoint writes can be loaded from its path."""
        for callback in event.callbacks if isinstance(event.callbacks, tuple) else ():
            if callback.key in self.checkpoints and callback["save_weights_only"] is False:
                self.saved[self.checkpoints[callback.key]] = model

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
            if arrays and value.whole and not value.growth:
                nodes = node.elts if isinstance(node, (ast.List, ast.Tuple)) else []
                matched = nodes if len(nodes) == len(value.items) else [None] * len(value.items)
                return tuple(self.data_fact(item, part) for item, part in zip(value.items, matched, strict=True))
            return self.gathered_fact(value, node) or self._named_data(value, node, DataKind.ARRAY)
        if isinstance(value, Opaque):
            return self._named_data(value, node, DataKind.UNKNOWN)
        return UNKNOWN

    def _named_data(self, value: object, node: ast.expr | None, kind: DataKind) -> Data:
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
        # Rows of different lengths have no shape that a model could be built for.
        if isinstance(data, DataArray) and data.kind is DataKind.ARRAY and data.dtype != "object":
            self.build(model, data.shape)

    def _follows_loop(self, value: ast.expr) -> bool:
        """Whether a value is made from what the innermost loop of this function runs over."""
        node, depth = self.loop_nodes[-1] if self.loop_nodes else (None, 0)
        return node is not None and depth == len(self.frames) and follows(node, value)

    def _evaluation(self, model: ModelValue, method: str, arguments: Arguments, node: ast.expr) -> object:
        found = normalize.method(
            method, values_of(arguments.positional), mapping_of(arguments.keywords), complete=arguments.complete
        )
        sources: Mapping[str, tuple[int | str, ...]] = found.sources if found is not None else {}
        location = self.place(node)
        x = self.as_data(self._argument(arguments, sources, "x"), arguments, sources, "x")
        value = self._argument_node(arguments, sources, "x")
        self.record(
            Evaluation(
                **self.event_facts(location),  # pyright: ignore[reportArgumentType]
                method=method,
                model=model.key,
                x=x if x is not None else self.data_fact(arguments.get(0), None) or UNKNOWN,
                y=self.as_data(self._argument(arguments, sources, "y"), arguments, sources, "y"),
                arguments=self._plain(found.arguments if found is not None else {}),
                places=argument_places(self.page, arguments, sources),
                unexpanded=not arguments.complete,
                slot=self._slot(node),
                name_place=self.name_place(node),
                follows_loop=value is not None and self._follows_loop(value),
            )
        )
        if method.startswith("predict"):
            return self.predicted(x, next(iter(self.events[-1:])), node)
        return self.unknown(f"{SCORE}{self.events[-1].order}")


def _tried(arguments: Arguments, sources: Mapping[str, tuple[int | str, ...]]) -> frozenset[str]:
    """The arguments of which a search tries one value after the other."""
    given = {key for key, value in arguments.keywords.items() if isinstance(value, Opaque) and value.origin == TRIED}
    return frozenset(name for name, keys in sources.items() if given.intersection(keys)) if given else frozenset()


def _count(value: object) -> int:
    """The number of parts of what is known to be a tuple or a whole list."""
    items = value.items if isinstance(value, ListValue) and value.whole else value
    return len(items) if isinstance(items, (list, tuple)) else 0
