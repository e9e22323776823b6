"""Models that scikit-learn or a tuner builds and trains: wrappers, pipelines, cross-validation, searches, hypermodels."""

from __future__ import annotations

import pytest

from kerascheck import check_script
from kerascheck.facts.data import Role, StepKind
from kerascheck.facts.events import Evaluation, Fit, Search, arrays
from kerascheck.facts.training import TrainingProgram
from kerascheck.facts.values import UNKNOWN
from kerascheck.script import read_script

HEAD = """\
import keras
import keras_tuner
import pandas as pd
from keras.layers import Dense, Dropout, Flatten
from keras.wrappers import SKLearnClassifier
from scikeras.wrappers import KerasClassifier
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

keras.utils.set_random_seed(1)
table = pd.read_csv("table.csv").values
x, y = table[:, :8], table[:, 8]

def build(units=12, rate=0.2, optimizer="adam"):
    model = keras.Sequential([keras.Input((8,)), Dense(units, activation="relu"), Dropout(rate), Dense(1, activation="sigmoid")])
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model

"""
CROSS = "print(cross_val_score(KerasClassifier(model=build, epochs=100, batch_size=5), x, y, cv=5).mean())\n"
SPLIT = "x, held, y, held_labels = train_test_split(x, y, random_state=1, stratify=y)\n"


def program(text: str) -> TrainingProgram:
    return read_script("train.py", HEAD + text).program


def fits(text: str) -> list[Fit]:
    return list(program(text).of(Fit))


def loud(text: str) -> list[str]:
    found = check_script(HEAD + text).findings
    return [finding.code for finding in found if finding.severity is not None and finding.severity.label != "info"]


def test_cross_validation_trains_on_some_folds_and_judges_another() -> None:
    facts = program(CROSS)
    (fit,), (judged,) = list(facts.of(Fit)), list(facts.of(Evaluation))
    assert dict(fit.arguments) == {"epochs": 100, "batch_size": 5}
    ((trained,), (held,)) = arrays(fit.x), arrays(judged.x)
    assert trained.disjoint(held)
    assert [graph.parameters for graph in facts.models.values()] == [121]
    assert loud(CROSS) == []


def test_the_wrapper_of_a_cross_validation_that_sets_no_epochs_trains_for_one() -> None:
    assert "KC504" in loud(CROSS.replace("epochs=100, ", ""))


def test_a_scaler_fitted_before_the_folds_leaks_and_one_in_a_pipeline_does_not() -> None:
    assert "KC105" in loud("x = StandardScaler().fit_transform(x)\n" + CROSS)
    piped = CROSS.replace("KerasClassifier(", "make_pipeline(StandardScaler(), KerasClassifier(").replace(
        ", x,", "), x,"
    )
    assert loud(piped) == []
    (fit,) = fits(piped)
    assert arrays(fit.x)[0].step(StepKind.SCALED) is not None


def test_what_a_search_varies_is_not_known_and_a_single_value_is() -> None:
    text = """
grid = {"epochs": [10, 20], "batch_size": [16], "model__units": [8, 32], "model__rate": [0.5]}
search = GridSearchCV(KerasClassifier(build, verbose=0), grid, cv=3)
search.fit(x, y)
"""
    facts = program(text)
    (fit,) = facts.of(Fit)
    (graph,) = facts.models.values()
    assert (fit.arguments["epochs"], fit.arguments["batch_size"], fit.arguments["verbose"]) == (UNKNOWN, 16, 0)
    assert fit.tried == {"epochs"}
    assert (graph.layers[1]["units"], graph.layers[2]["rate"]) == (UNKNOWN, 0.5)
    assert len(list(facts.of(Search))) == 1
    assert loud(text) == []


def test_a_search_over_a_pipeline_names_its_settings_by_the_step() -> None:
    text = """
pipe = Pipeline([("scale", StandardScaler()), ("net", KerasClassifier(build, epochs=5))])
RandomizedSearchCV(pipe, {"net__model__optimizer": ["sgd", "adam"], "net__batch_size": [8]}, n_iter=2).fit(x, y)
"""
    (fit,) = fits(text)
    assert dict(fit.arguments) == {"epochs": 5, "batch_size": 8}
    assert loud(text) == []


def test_the_best_of_a_search_is_judged_on_the_rows_that_it_is_given() -> None:
    facts = program(
        SPLIT
        + "search = GridSearchCV(KerasClassifier(build), {'epochs': [3, 5]}).fit(x, y)\nprint(search.score(held, held_labels))\n"
    )
    *_, judged = facts.of(Evaluation)
    assert arrays(judged.x)[0].role is Role.TEST


def test_a_pipeline_hands_on_what_its_steps_make_of_the_data() -> None:
    text = SPLIT + (
        "pipe = make_pipeline(StandardScaler(), KerasClassifier(build, epochs=9, batch_size=8))\n"
        "pipe.fit(x, y)\nprint(pipe.score(held, held_labels))\n"
    )
    facts = program(text)
    (fit,), (judged,) = list(facts.of(Fit)), list(facts.of(Evaluation))
    step = arrays(fit.x)[0].step(StepKind.SCALED)
    assert step is not None and step.transformer is not None
    assert arrays(judged.x)[0].passed(step.transformer)
    assert loud(text) == []


def test_what_a_build_function_leaves_uncompiled_the_wrapper_compiles() -> None:
    text = """
def plain():
    return keras.Sequential([keras.Input((8,)), Dense(4, activation="relu"), Dense(1, activation="sigmoid")])
KerasClassifier(plain, loss="categorical_crossentropy", optimizer="adam", epochs=5).fit(x, y)
"""
    graph = next(iter(program(text).models.values()))
    assert graph.compiles[0].optimizer is not None
    assert graph.compiles[0].optimizer.name == "adam"
    assert "KC303" in loud(text)


def test_the_wrapper_of_keras_3_hands_the_data_and_its_arguments_to_the_build_function() -> None:
    text = """
def made(X, y, sizes):
    model = keras.Sequential([keras.Input((8,)), *(Dense(size, activation="relu") for size in sizes), Dense(1)])
    model.compile("adam", "mse")
    return model
SKLearnClassifier(made, model_kwargs={"sizes": [4, 2]}, fit_kwargs={"epochs": 7}).fit(x, y)
"""
    facts = program(text)
    graph = next(iter(facts.models.values()))
    assert [layer["units"] for layer in graph.layers[1:]] == [4, 2, 1]
    assert [dict(fit.arguments) for fit in facts.of(Fit)] == [{"epochs": 7}]


TUNED = """
class Net(keras_tuner.HyperModel):
    def __init__(self, classes):
        self.classes = classes

    def build(self, hp):
        model = keras.Sequential([Flatten()])
        for index in range(hp.Int("layers", 1, 3)):
            model.add(Dense(hp.Int(f"units_{index}", 32, 512), activation=hp.Choice("activation", ["relu"])))
        if hp.Boolean("dropout"):
            model.add(Dropout(0.25))
        model.add(Dense(self.classes, activation="softmax"))
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def fit(self, hp, model, *args, **kwargs):
        return model.fit(*args, batch_size=hp.Choice("batch", [16, 32]), **kwargs)

(x, y), (held, held_labels) = keras.datasets.mnist.load_data()
x, held = x / 255, held / 255
tuner = keras_tuner.RandomSearch(Net(10), objective="val_accuracy", max_trials=3)
tuner.search(x, y, epochs=5, validation_split=0.2)
model = tuner.hypermodel.build(tuner.get_best_hyperparameters()[0])
history = model.fit(x, y, epochs=5, batch_size=32, validation_split=0.2)
print(model.evaluate(held, held_labels, batch_size=32), history.history["val_loss"])
"""


def test_a_tuner_builds_its_hypermodel_and_trains_it_as_that_says() -> None:
    facts = program(TUNED)
    assert [(fit.arguments["epochs"], fit.arguments["batch_size"]) for fit in facts.of(Fit)] == [(5, UNKNOWN), (5, 32)]
    assert [event.model for event in facts.of(Evaluation)] == [list(facts.of(Fit))[1].model]
    assert loud(TUNED) == []


@pytest.mark.parametrize(
    "text",
    [
        TUNED.replace('"softmax"', '"sigmoid"'),
        TUNED.replace("validation_split=0.2)\nmodel", "validation_data=(held, held_labels))\nmodel"),
    ],
)
def test_rules_judge_what_a_tuner_builds_and_searches(text: str) -> None:
    assert {"KC303", "KC120"} & set(loud(text))
