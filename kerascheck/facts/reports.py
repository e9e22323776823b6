"""What each epoch of a training reports: the names that callbacks, file names and `History` know."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from kerascheck.facts.events import Fit
from kerascheck.facts.graph import GraphKind, LayerKind, Loss
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.keras_api.identifiers import metric as metric_of
from kerascheck.keras_api.identifiers import snake

RENAMED: Final = {"acc": "accuracy", "accuracy": "acc"}
"""Before Keras 2.3 `accuracy` was reported as `acc`; later Keras reports either as it was compiled."""

_RATES: Final = frozenset({"lr", "learning_rate"})


class Reported(Struct, frozen=True):
    """The names that an epoch reports, without `val_`.

    `whole` when nothing but the loss and the compiled metrics can report: one output, no layer, model or callback of the
    author's own. `validated` unless there is proven to be no validation data, nor a callback that could stand in for it.
    """

    names: frozenset[str]
    whole: bool
    validated: bool

    def has(self, name: str) -> bool:
        """Whether a name is reported, by any spelling of the metric but the one that Keras 2.3 changed."""
        base = name.removeprefix("val_")
        plain = re.sub(r"_\d+$", "", base)
        if base in self.names or plain in self.names or base in _RATES:
            return True
        known = metric_of(plain)
        return any(
            known is not None and known == metric_of(other) and RENAMED.get(plain) != other for other in self.names
        )

    def is_old(self, name: str) -> bool:
        """Whether it is the name of another Keras for a metric that is reported."""
        return not self.has(name) and RENAMED.get(name.removeprefix("val_")) in self.names

    def today(self, name: str) -> str | None:
        """The name under which the metric of an old name is reported."""
        base = name.removeprefix("val_")
        renamed = RENAMED.get(base)
        if renamed is None or renamed not in self.names:
            return None
        return name.removesuffix(base) + renamed

    def lacks(self, name: str) -> bool:
        """Whether a name is proven never to be reported."""
        if name.startswith("val_") and not self.validated:
            return True
        return not self.has(name) and (self.whole or self.is_old(name))


def lacks_validation(fit: Fit) -> bool:
    """Whether a fit is proven to report nothing on validation data: there is none, and no callback that brings its own."""
    return (
        not fit.unexpanded
        and not _may_report(fit)
        and fit.validation_x is None
        and fit.arguments.get("validation_split", 0) in (0, None)
    )


def reported(program: TrainingProgram, fit: Fit) -> Reported | None:
    """What the epochs of a fit report; None where the compiled metrics are not known."""
    if fit.compile is None or isinstance(fit.compile.metrics, Unknown):
        return None
    if fit.compile.arguments.get("weighted_metrics") is not None:
        return None
    names = [_name(metric) for metric in fit.compile.metrics]
    if None in names:
        return None
    known = frozenset({"loss", *(name for name in names if name is not None)})
    return Reported(known, _is_whole(program, fit), not lacks_validation(fit))


def _may_report(fit: Fit) -> bool:
    """Whether a callback of the author's own may report further quantities."""
    if isinstance(fit.callbacks, Unknown):
        return True
    return any(callback.custom or callback.name == "LambdaCallback" for callback in fit.callbacks)


def _is_whole(program: TrainingProgram, fit: Fit) -> bool:
    graph = program.graph(fit.model)
    if graph is None or graph.kind is GraphKind.SUBCLASSED or len(graph.outputs) != 1:
        return False
    return not any(layer.kind is LayerKind.CUSTOM for layer in graph.every_layer()) and not _may_report(fit)


def _name(metric: Loss) -> str | None:
    given = metric.arguments.get("name")
    if isinstance(given, str):
        return given
    if given is not None or not metric.written:
        return None
    return snake(metric.written) if metric.written[:1].isupper() else metric.written
