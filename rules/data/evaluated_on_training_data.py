"""The only score of a model is taken on the rows that it was fitted on.

## What it does

For each model that was fitted without validation data it looks at what is evaluated afterwards. It warns at the
`evaluate` call when that call scores training rows and nothing else is ever evaluated or predicted with the model.

## Why it matters

A model that has memorized its training rows scores perfectly on them and fails on the first new row. The number that is
printed or published answers a question that nobody asks.

## Bad

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense, Dropout

data = np.loadtxt("diabetes.csv", delimiter=",")
x, y = data[:, :8], data[:, 8]
model = Sequential([Input((8,)), Dropout(0.1), Dense(12, "relu"), Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, batch_size=10, epochs=150)
print(model.evaluate(x, y, batch_size=10))  # KC104
```

## Good

```python
import numpy as np
from keras import Input, Sequential
from keras.layers import Dense, Dropout
from sklearn.model_selection import train_test_split

data = np.loadtxt("diabetes.csv", delimiter=",")
x_train, x_test, y_train, y_test = train_test_split(data[:, :8], data[:, 8], test_size=0.2, random_state=1)
model = Sequential([Input((8,)), Dropout(0.1), Dense(12, "relu"), Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=10, epochs=150)
print("train:", model.evaluate(x_train, y_train, batch_size=10))
print("test:", model.evaluate(x_test, y_test, batch_size=10))
```

## Known limits

Scores that other programs compute from a saved model are not seen.

## References

- Hastie, Tibshirani, Friedman: The Elements of Statistical Learning, section 7.2
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.data import DataArray
from kerascheck.facts.training import Data, Evaluation, Fit, TrainingProgram, arrays
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule


@rule("KC104", "evaluated-on-training-data", Severity.WARNING, since="0.1")
def evaluated_on_training_data(program: TrainingProgram) -> Iterator[Finding]:
    for model in dict.fromkeys(fit.model for fit in program.of(Fit)):
        if isinstance(model, Unknown):
            continue
        fits = [fit for fit in program.of(Fit) if fit.model == model]
        uses = [use for use in program.of(Evaluation) if use.model == model and use.order > fits[0].order]
        scores = [use for use in uses if use.method.startswith(("evaluate", "test_on"))]
        if not scores or any(_is_validated(fit) for fit in fits):
            continue
        trained = [array for fit in fits for array in arrays(fit.x)]
        if all(_holds(trained, use.x) for use in uses):
            yield _finding(scores[0], fits[0])


def _is_validated(fit: Fit) -> bool:
    absent = fit.validation_x is None and not fit.unexpanded and not fit.arguments.get("validation_split")
    return not absent


def _holds(trained: list[DataArray], data: Data) -> bool:
    judged = arrays(data)
    return bool(judged) and all(any(array.holds(part) for array in trained) for part in judged)


def _finding(score: Evaluation, fit: Fit) -> Finding:
    judged = arrays(score.x)[0]
    name = f"`{judged.name}`" if judged.name else "this data"
    return Finding(
        message=f"{name} holds the rows that the model was fitted on, and no other row is ever scored: the result shows how well it remembers, not how well it predicts",
        location=score.place("x"),
        help="hold a test part out before `fit`, for instance with `train_test_split`, and evaluate that",
        label="training rows",
        related=(Related(fit.place("x"), "fitted on these rows here"),),
    )
