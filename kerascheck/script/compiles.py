"""Optimizers, losses, metrics, callbacks, and the compile call that brings them together."""

from __future__ import annotations

import ast

from msgspec.structs import replace

from kerascheck.facts.events import Callback, Compiled
from kerascheck.facts.graph import Compile, GraphKind, LayerKind, Loss, Optimizer, Tensor
from kerascheck.facts.missteps import Step
from kerascheck.facts.values import UNKNOWN, Unknown, Value
from kerascheck.findings import Location
from kerascheck.keras_api import normalize
from kerascheck.script.layers import snake_case
from kerascheck.script.machine import DEPTH_LIMIT, mapping_of, values_of
from kerascheck.script.missteps import note
from kerascheck.script.subclasses import Subclasses
from kerascheck.script.traced import body_of, parameters_of, samples_of
from kerascheck.script.unseen import name_of
from kerascheck.script.values import (
    Arguments,
    CallbackValue,
    ChoiceValue,
    ClassValue,
    DictValue,
    FunctionValue,
    InstanceValue,
    ListValue,
    LossValue,
    MethodValue,
    ModelValue,
    Opaque,
    OptimizerValue,
    Path,
)
from kerascheck.script.walking import walk
from kerascheck.script.writing import argument_places

# Weights that are averaged hold a training back as stopping it in time does.
STOPPING = frozenset({"EarlyStopping", "SwapEMAWeights"})
RATES = frozenset({"lr", "learning_rate", "_lr", "_learning_rate"})


class Compiles(Subclasses):
    """What a model is trained with."""

    def _compile(self, model: ModelValue, arguments: Arguments, node: ast.expr) -> object:
        found = normalize.method(
            "compile", values_of(arguments.positional), mapping_of(arguments.keywords), complete=arguments.complete
        )
        sources = found.sources if found is not None else {}
        location = self.place(node)
        places = argument_places(self.page, arguments, sources)

        def given(name: str, index: int) -> object:
            return arguments.get(index, name)

        complete = arguments.complete
        optimizer = given("optimizer", 0)
        loss = given("loss", 1)
        metrics = arguments.get(2, "metrics") if not isinstance(loss, Unknown) else None
        values = {**(found.arguments if found is not None else {}), **mapping_of(arguments.keywords)}
        compiled = Compile(
            optimizer=self.optimizer_fact(optimizer, places.get("optimizer", location))
            if complete or optimizer
            else None,
            losses=self._losses(model, loss, places.get("loss", location), _argument(arguments, 1, "loss"))
            if complete or loss
            else UNKNOWN,
            metrics=self._metrics(metrics, places.get("metrics", location), _argument(arguments, 2, "metrics"))
            if complete or metrics
            else UNKNOWN,
            location=location,
            arguments=values,
            places=places,
            outputs=self._output_names(model),
            by_key=isinstance(model.output_structure, DictValue),
            complete=complete,
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
                return Optimizer(next(self.keys), found.name, found.arguments, location, written=value)
            return Optimizer(next(self.keys), UNKNOWN, {}, location, written=value)
        if value is None:
            return None
        if isinstance(value, ChoiceValue):
            return self._one_of(value, location)
        written = name_of(value.origin) if isinstance(value, Opaque) else ""
        return Optimizer(next(self.keys), UNKNOWN, {}, location, written=written)

    def _one_of(self, choice: ChoiceValue, location: Location) -> Optimizer:
        """What is known of an optimizer that a branch decides."""
        found = [option.optimizer for option in choice.options if isinstance(option, OptimizerValue)]
        if len(found) < len(choice.options) or len({optimizer.name for optimizer in found}) > 1:
            return Optimizer(next(self.keys), UNKNOWN, {}, location)
        first, *others = found
        agreed = {
            name: value if all(other[name] == value for other in others) else UNKNOWN
            for name, value in first.arguments.items()
        }
        return replace(first, arguments=agreed)

    def _losses(
        self, model: ModelValue, value: object, location: Location, node: ast.expr | None
    ) -> tuple[Loss | None, ...] | Unknown:
        count = len(model.outputs)
        if isinstance(value, (ListValue, tuple)):
            items = value.items if isinstance(value, ListValue) else list(value)
            if isinstance(value, ListValue) and not value.whole:
                return UNKNOWN
            places = self._item_places(node, len(items), location)
            losses = tuple(self.loss_fact(item, place) for item, place in zip(items, places, strict=True))
            return losses if len(losses) == count or not count else UNKNOWN
        if isinstance(value, DictValue):
            return self._named_losses(model, value, location, node)
        loss = self.loss_fact(value, location)
        return (loss,) * max(count, 1)

    def _named_losses(
        self, model: ModelValue, value: DictValue, location: Location, node: ast.expr | None
    ) -> tuple[Loss | None, ...] | Unknown:
        if not model.outputs:
            self.trace_model(model)
        producers = [self.assembly.producer(tensor) for tensor in model.outputs]
        names = [producer.layer.name if producer is not None else "" for producer in producers]
        structure = model.output_structure
        if isinstance(structure, DictValue) and structure.whole and len(structure.items) == len(names):
            names = sorted(map(str, structure.items))
        if not value.whole or len(set(names)) != len(names) or not set(value.items) <= set(names):
            return UNKNOWN
        places = dict(zip(value.items, self._item_places(node, len(value.items), location), strict=True))
        return tuple(self.loss_fact(value.items[name], places[name]) if name in value.items else None for name in names)

    def _output_names(self, model: ModelValue) -> tuple[str, ...]:
        """What a dictionary of losses calls the outputs of a functional model."""
        if model.kind is not GraphKind.FUNCTIONAL or model.gaps:
            return ()
        if isinstance(model.output_structure, DictValue):
            return tuple(sorted(str(key) for key in model.output_structure.items))
        return tuple(self._output_name(tensor) for tensor in model.outputs)

    def _output_name(self, tensor: Tensor) -> str:
        producer = self.assembly.producer(tensor)
        layer = producer.layer if producer is not None else None
        if layer is None or layer.kind is not LayerKind.BUILTIN:
            return "*"
        if "name" not in layer.given:
            return f"{snake_case(layer.class_name)}*"
        return layer.name if layer.config.get("name") == layer.name else "*"

    def loss_fact(self, value: object, location: Location, *, metric: bool = False) -> Loss | None:
        """The loss or metric that a value stands for."""
        known = normalize.metric if metric else normalize.loss
        if value is None:
            return None
        if isinstance(value, LossValue):
            return value.loss
        if isinstance(value, str):
            return Loss(known(value) or UNKNOWN, location, written=value, quoted=True)
        if isinstance(value, Path):
            name = known(value.parts[-1]) if value.parts[0] == "keras" else None
            return Loss(name or UNKNOWN, location, written=value.parts[-1])
        if isinstance(value, FunctionValue):
            self.called.add(id(value.node))
            return self._own_loss(value, value.name, location)
        if isinstance(value, InstanceValue):
            return self._own_loss(value, value.cls.name, location)
        if isinstance(value, Opaque) and (name := name_of(value.origin)):
            return Loss(name, location, UNKNOWN, custom=True, written=name)
        return Loss(UNKNOWN, location, UNKNOWN)

    def _own_loss(self, value: FunctionValue | InstanceValue, name: str, location: Location) -> Loss:
        from kerascheck.script.evaluator import Evaluator

        assert isinstance(self, Evaluator)
        parameters = parameters_of(value) if isinstance(value, FunctionValue) else ()
        return Loss(
            name, location, UNKNOWN, custom=True, written=name, body=body_of(self, value), parameters=parameters
        )

    def _item_places(self, node: ast.expr | None, count: int, location: Location) -> list[Location]:
        """Where each item of a list or dictionary stands that is written out; else where the whole does."""
        items = (
            node.elts if isinstance(node, (ast.List, ast.Tuple)) else node.values if isinstance(node, ast.Dict) else []
        )
        return [self.place(item) for item in items] if len(items) == count else [location] * count

    def _metrics(self, value: object, location: Location, node: ast.expr | None) -> tuple[Loss, ...] | Unknown:
        if value is None:
            return ()
        if isinstance(value, ListValue) and value.whole:
            found: list[Loss] = []
            places = self._item_places(node, len(value.items), location)
            for item, place in zip(value.items, places, strict=True):
                if isinstance(item, (ListValue, tuple, DictValue)):
                    return UNKNOWN
                loss = self.loss_fact(item, place, metric=True)
                if loss is not None:
                    found.append(loss)
            return tuple(found)
        if isinstance(value, (str, LossValue)):
            loss = self.loss_fact(value, location, metric=True)
            return (loss,) if loss is not None else ()
        return UNKNOWN

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
                places={name: self.place(keyword.value) for name, keyword in arguments.keyword_nodes.items()},
                slot=self._slot(node),
            )
        )

    def optimizer_attribute(self, value: OptimizerValue, name: str, node: ast.expr) -> object:
        """`optimizer.name`; a rate that is taken in hand may be set."""
        if name in RATES:
            if value.optimizer.name == "multi_optimizer":
                note(self, Step.SEVERAL_RATES, node, value.optimizer.label, found=name)
            self.rates_in_hand.add(value.optimizer.key)
            return self.unknown(f"optimizer.{name}")
        return MethodValue(value, name)

    def optimizer_object(self, written: str, arguments: Arguments, node: ast.expr) -> OptimizerValue:
        """An optimizer made by its Keras class."""
        found = normalize.optimizer(
            written, values_of(arguments.positional), mapping_of(arguments.keywords), complete=arguments.complete
        )
        place = self.place(node)
        if found is None:
            return OptimizerValue(Optimizer(next(self.keys), UNKNOWN, {}, place, written=written))
        return OptimizerValue(
            Optimizer(
                next(self.keys),
                found.name,
                found.arguments,
                place,
                frozenset(found.sources),
                argument_places(self.page, arguments, found.sources),
                written,
                self._slot(node),
                self.loops > 0,
            )
        )

    def callback_object(self, written: str, arguments: Arguments, node: ast.expr) -> CallbackValue:
        """A callback made by its Keras class."""
        found = normalize.callback(
            written, values_of(arguments.positional), mapping_of(arguments.keywords), complete=arguments.complete
        )
        place = self.place(node)
        # A name that Keras never had is a change to Keras itself; what it does is in the name.
        callback = Callback(next(self.keys), written, {}, place, custom=True, may_stop="stop" in written.lower())
        if found is not None:
            callback = replace(
                callback,
                name=found.name,
                arguments=found.arguments,
                given=frozenset(found.sources),
                places=argument_places(self.page, arguments, found.sources),
                custom=False,
                may_stop=found.name in STOPPING,
                samples=self._samples(found.name, arguments),
                slot=self._slot(node),
            )
        if callback.name == "ModelCheckpoint":
            self.checkpoints[callback.key] = self.path_identity(arguments.get(0, "filepath"))
        self.callbacks.append(callback)
        return CallbackValue(callback)

    def _samples(self, name: str, arguments: Arguments) -> tuple[tuple[int, Value], ...] | Unknown:
        """What the function of a LearningRateScheduler gives epoch by epoch."""
        from kerascheck.script.evaluator import Evaluator

        schedule = arguments.get(0, "schedule")
        assert isinstance(self, Evaluator)
        if name != "LearningRateScheduler" or not isinstance(schedule, FunctionValue):
            return UNKNOWN
        return samples_of(self, schedule)

    def custom_callback(self, cls: ClassValue, node: ast.expr) -> CallbackValue:
        """A callback of a class of the program."""
        callback = Callback(next(self.keys), cls.name, {}, self.place(node), custom=True, may_stop=_may_stop(cls))
        self.callbacks.append(callback)
        return CallbackValue(callback)

    def callback_facts(self, value: object) -> tuple[Callback, ...] | Unknown:
        """The callbacks of a list given to fit."""
        if value is None:
            return ()
        items = value.items if isinstance(value, ListValue) and value.whole else value
        if isinstance(items, CallbackValue):
            return (items.callback,)
        if not isinstance(items, (list, tuple)):
            return UNKNOWN
        callbacks = [item.callback for item in items if isinstance(item, CallbackValue)]
        return tuple(callbacks) if len(callbacks) == len(items) else UNKNOWN


def _argument(arguments: Arguments, index: int, name: str) -> ast.expr | None:
    """The source of an argument."""
    keyword = arguments.keyword_nodes.get(name)
    if keyword is not None:
        return keyword.value
    return arguments.positional_nodes[index] if index < len(arguments.positional_nodes) else None


def _may_stop(cls: ClassValue, depth: int = 0) -> bool:
    """Whether a callback of the program, or one that it extends, can end the training."""
    for base in cls.bases:
        known = isinstance(base, Path) and base.parts[-1] == "Callback"
        if not known and not (isinstance(base, ClassValue) and depth < DEPTH_LIMIT and not _may_stop(base, depth + 1)):
            return True
    bodies = [member.node for member in cls.scope.names.values() if isinstance(member, FunctionValue)]
    return any(
        isinstance(node, ast.Attribute) and node.attr == "stop_training" for body in bodies for node in walk(body)
    )
