"""A deep or long recurrent network without gradient clipping.

## What it does

Finds models with three or more recurrent layers, or with a recurrent layer over 250 steps or more, whose optimizer clips
no gradients.

## Why it matters

The gradient of a recurrent layer is a product over all steps. Now and then it becomes very large; one such step throws
the weights far away, which shows as a sudden jump of the loss or as NaN after hours of good training. Clipping costs
nothing and only acts on those steps.

## Bad

```python
from keras import Input, Sequential
from keras.layers import LSTM, Dense

model = Sequential([Input((1000, 8)), LSTM(64), Dense(1)])
model.compile("adam", "mse", metrics=["mae"])  # KC408
```

## Good

```python
from keras import Input, Sequential
from keras.layers import LSTM, Dense
from keras.optimizers import Adam

model = Sequential([Input((1000, 8)), LSTM(64), Dense(1)])
model.compile(Adam(clipnorm=1.0), "mse", metrics=["mae"])
```

## Known limits

The thresholds are the options `layers` and `steps`. Clipping in a training loop of the script's own is not seen.

## References

- Pascanu, Mikolov, Bengio, On the difficulty of training recurrent neural networks (ICML 2013)
- <https://keras.io/api/optimizers/> (`clipnorm`, `clipvalue`, `global_clipnorm`)
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.graph import ModelGraph, Node
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.folding import folded
from kerascheck.rule import Options, rule

RECURRENT = frozenset({"LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")
THRESHOLDS = {"layers": 3, "steps": 250}


@rule("KC408", "no-gradient-clipping", Severity.INFO, since="0.1", options=THRESHOLDS, mentions=("LSTM", "GRU", "RNN"))
def no_gradient_clipping(graph: ModelGraph, options: Options) -> Iterator[Finding]:
    yield from folded(_found(graph, options))


def _found(graph: ModelGraph, options: Options) -> Iterator[Finding]:
    recurrent = [node for node in graph.nodes if (node.layer.inner or node.layer).class_name in RECURRENT]
    layers = len({node.layer.key for node in recurrent})
    longest = max(recurrent, key=_steps, default=None)
    if longest is None:
        return
    if _steps(longest) >= options.number("steps", THRESHOLDS["steps"]):
        told = f"`{longest.layer.label}` runs over {_steps(longest)} steps"
    elif layers >= options.number("layers", THRESHOLDS["layers"]):
        told = f"{layers} recurrent layers are stacked"
    else:
        return
    for compiled in graph.compiles:
        optimizer = compiled.optimizer
        if optimizer is None or isinstance(optimizer.name, Unknown):
            continue
        if all(name not in optimizer.arguments or optimizer[name] is None for name in CLIPS):
            yield Finding(
                message=f"{told} and `{optimizer.label}` clips no gradients: one large step can throw the weights far away",
                location=optimizer.location,
                label="no clipping",
                help="add `clipnorm=1.0` to the optimizer",
                related=(Related(longest.layer.location, "the recurrent layer"),)
                if longest.layer.location.line
                else (),
                layer=longest.layer.address,
            )


def _steps(node: Node) -> int:
    shape = node.input_shape
    steps = shape[1] if not isinstance(shape, Unknown) and len(shape) > 2 else 0
    return steps if isinstance(steps, int) else 0
