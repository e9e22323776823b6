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

from kerascheck.facts.data import DataArray, Role
from kerascheck.facts.events import Comparison, Data, Evaluation, Fit, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import Unknown
from kerascheck.findings import Finding, Related, Severity
from kerascheck.rule import rule

FEW = 16
"""A table of so few numbers is all there is, as that of a logic gate."""


@rule("KC104", "evaluated-on-training-data", Severity.WARNING, since="0.1", group="leakage")
def evaluated_on_training_data(program: TrainingProgram) -> Iterator[Finding]:
    for model in dict.fromkeys(fit.model for fit in program.of(Fit)):
        if isinstance(model, Unknown):
            continue
        fits = [fit for fit in program.of(Fit) if fit.model == model]
        if any(fit.is_tested for fit in fits):
            continue
        uses = [use for use in program.of(Evaluation) if use.model == model and use.order > fits[0].order]
        compared = {array.prediction for comparison in program.of(Comparison) for array in comparison.arrays}
        scores = [use for use in uses if _is_score(use, compared)]
        trained = [array for fit in fits for array in arrays(fit.x)]
        if not scores or any(_is_validated(fit) for fit in fits) or any(map(_is_made, trained)):
            continue
        if any(
            _holds(trained, use.x) for use in program.of(Evaluation) if use.model == model and use.order < fits[0].order
        ):
            # Scored before and after: a check that training works.
            continue
        if all(_holds(trained, use.x) or _is_no_score(use, trained, compared) for use in uses):
            scores = [score for score in scores if _holds(trained, score.x)]
            if scores:
                yield _finding(scores[0], fits[0])


def _is_made(array: DataArray) -> bool:
    """Whether the rows are random, constant, or a few numbers in the source: there is nothing to predict."""
    if array.origin in ("random", "constant"):
        return True
    rows = array.shape[0] if isinstance(array.shape, tuple) and array.shape else None
    return array.origin == "literal" and array.dtype != "str" and isinstance(rows, int) and rows <= FEW


def _is_validated(fit: Fit) -> bool:
    absent = fit.validation_x is None and not fit.unexpanded and not fit.arguments.get("validation_split")
    return not absent


def _holds(trained: list[DataArray], data: Data) -> bool:
    judged = arrays(data)
    known = bool(judged) and not any(part.named_role in (Role.VALIDATION, Role.TEST) for part in judged)
    return known and all(any(array.holds(part) for array in trained) for part in judged)


def _is_score(use: Evaluation, compared: set[int | None]) -> bool:
    """Whether a call scores the model: `evaluate`, or predictions for all rows that are compared with the labels."""
    if use.method.startswith(("evaluate", "test_on")):
        return True
    whole = all(array.rows is not None and not array.rows.partial for array in arrays(use.x))
    return use.order in compared and whole


def _is_no_score(use: Evaluation, trained: list[DataArray], compared: set[int | None]) -> bool:
    """Whether predictions are made for rows of another file and never compared with anything."""
    if not use.method.startswith("predict") or use.order in compared:
        return False
    sources = {array.rows.source for array in trained if array.rows is not None}
    return all(array.path and array.rows is not None and array.rows.source not in sources for array in arrays(use.x))


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
