"""What the rules about optimizers and learning rates say, and above all where they are silent."""

from __future__ import annotations

import pytest

from kerascheck import Config, Finding, Severity, check_script
from kerascheck.config import Choice

HEAD = """
import numpy as np
import tensorflow as tf
import keras
from keras import Input, Model, Sequential, callbacks, layers, optimizers, regularizers
from keras.layers import *
from keras.optimizers import *
"""


def found(body: str, *codes: str) -> list[Finding]:
    report = check_script(HEAD + body, config=Config().override(Choice(extend_select=codes)))
    assert not report.fault
    return [finding for finding in report.findings if finding.code in codes]


RATES = {
    "negative": ("Adam(-0.001)", "'mse'", "'relu'", Severity.ERROR),
    "one": ("RMSprop(1.0)", "'mse'", "'relu'", Severity.ERROR),
    "high for adam": ("Adam(lr=0.1)", "'binary_crossentropy'", "'relu'", Severity.WARNING),
    "small for adam": ("Adam(1e-8)", "'binary_crossentropy'", "'relu'", Severity.WARNING),
    "the bound for adam": ("Adam(0.01)", "'binary_crossentropy'", "'relu'", None),
    "high for sgd": ("SGD(0.5)", "'binary_crossentropy'", "'relu'", Severity.WARNING),
    "sgd with classes": ("SGD(0.1)", "'binary_crossentropy'", "'relu'", None),
    "sgd with numbers": ("SGD(0.1)", "'mse'", "'relu'", Severity.WARNING),
    "sgd with clipped gradients": ("SGD(1.0, clipnorm=1.0)", "'mse'", "'relu'", None),
    "sgd, very small": ("SGD(1e-8)", "'mse'", "'relu'", None),
    "adadelta's own": ("Adadelta(1.0)", "'mse'", "'relu'", None),
    "a small linear model": ("Adam(0.1)", "'mse'", "None", None),
    "the default": ("'adam'", "'mse'", "'relu'", None),
    "a rate that is not known": ("Adam(other.rate)", "'mse'", "'relu'", None),
    "a schedule": ("Adam(optimizers.schedules.ExponentialDecay(0.5, 1000, 0.9))", "'mse'", "'relu'", None),
}


@pytest.mark.parametrize("case", RATES, ids=str)
def test_rates_are_judged_by_optimizer_loss_and_model(case: str) -> None:
    optimizer, loss, activation, severity = RATES[case]
    body = f"""
import other
model = Sequential([Input((4,)), Dense(8, activation={activation}), Dense(1)])
model.compile({optimizer}, {loss})
"""
    assert [finding.severity for finding in found(body, "KC401")] == ([severity] if severity is not None else [])


def test_a_wide_linear_model_does_not_bear_steps_longer_than_its_weights() -> None:
    body = """
model = Sequential([Input((9216,)), Dense(100), Dense(30)])
model.compile(Adam(0.1), 'mse')
"""
    assert len(found(body, "KC401")) == 1


SETTERS = {
    "nothing": ("[]", True),
    "a schedule callback": ("[callbacks.LearningRateScheduler(lambda epoch: 1e-3)]", False),
    "a search for the rate": ("[other.LRFinder()]", False),
    "a callback that only reports": ("[callbacks.CSVLogger('log.csv')]", True),
    "callbacks that are not known": ("other.callbacks()", False),
}


@pytest.mark.parametrize("case", SETTERS, ids=str)
def test_a_rate_that_something_writes_over_is_not_judged(case: str) -> None:
    given, wrong = SETTERS[case]
    body = f"""
import other
model = Sequential([Input((4,)), Dense(8, activation='relu'), Dense(1)])
model.compile(SGD(5.0), 'mse')
model.fit(other.x(), other.y(), epochs=3, callbacks={given})
"""
    assert bool(found(body, "KC401")) == wrong


ZERO = {
    "nothing sets it": ("model.fit(x, y, epochs=3)", True),
    "a callback sets it": ("model.fit(x, y, callbacks=[callbacks.LearningRateScheduler(lambda e: 0.1)])", False),
    "the script sets it": ("keras.backend.set_value(model.optimizer.lr, 0.1)\nmodel.fit(x, y)", False),
    "the script assigns it": ("model.optimizer.learning_rate = 0.1\nmodel.fit(x, y)", False),
    "it is fitted elsewhere": ("other.train(model)", False),
}


@pytest.mark.parametrize("case", ZERO, ids=str)
def test_a_rate_of_zero_is_found_where_nothing_sets_another(case: str) -> None:
    rest, wrong = ZERO[case]
    body = f"""
import other
x, y = other.data()
model = Sequential([Input((4,)), Dense(1)])
model.compile(SGD(0.0, momentum=0.9), 'mse')
{rest}
"""
    assert len(found(body, "KC402")) == wrong


COMPETING = {
    "a schedule object and a plateau": ("Adam(rate)", "[plateau]", Severity.ERROR),
    "a schedule object and a scheduler": ("Adam(rate)", "[scheduler]", Severity.ERROR),
    "two callbacks": ("'adam'", "[scheduler, plateau]", Severity.WARNING),
    "decay and a plateau": ("SGD(0.1, decay=1e-4)", "[plateau]", Severity.WARNING),
    "no decay and a plateau": ("SGD(0.1, decay=0.0)", "[plateau]", None),
    "a schedule object alone": ("Adam(rate)", "[]", None),
    "a plateau alone": ("'adam'", "[plateau]", None),
}


@pytest.mark.parametrize("case", COMPETING, ids=str)
def test_schedules_that_fight_over_one_rate_are_found(case: str) -> None:
    optimizer, given, severity = COMPETING[case]
    body = f"""
import other
rate = optimizers.schedules.ExponentialDecay(1e-3, 1000, 0.9)
plateau = callbacks.ReduceLROnPlateau()
scheduler = callbacks.LearningRateScheduler(lambda epoch: 1e-3 * 0.9**epoch)
model = Sequential([Input((4,)), Dense(1)])
model.compile({optimizer}, 'mse')
model.fit(other.x(), other.y(), validation_split=0.1, callbacks={given})
"""
    assert [finding.severity for finding in found(body, "KC403")] == ([severity] if severity is not None else [])


PLAIN = {
    "many epochs": ("'sgd'", "epochs=100", True),
    "a few epochs": ("'sgd'", "epochs=3", False),
    "momentum": ("SGD(0.01, momentum=0.9)", "epochs=100", False),
    "decay": ("SGD(0.01, decay=1e-6)", "epochs=100", False),
    "a plateau": ("'sgd'", "epochs=100, callbacks=[callbacks.ReduceLROnPlateau()]", False),
    "adam": ("'adam'", "epochs=100", False),
}


@pytest.mark.parametrize("case", PLAIN, ids=str)
def test_plain_gradient_descent_is_hinted_at_over_many_epochs(case: str) -> None:
    optimizer, fitted, wrong = PLAIN[case]
    body = f"""
import other
model = Sequential([Input((4,)), Dense(1)])
model.compile({optimizer}, 'mse')
model.fit(other.x(), other.y(), {fitted})
"""
    assert len(found(body, "KC404")) == wrong


NUMBERS = {
    "momentum above 1": ("SGD(0.01, momentum=9)", [Severity.ERROR]),
    "momentum": ("SGD(0.01, momentum=0.9)", []),
    "beta of 1": ("Adam(beta_1=1.0)", [Severity.ERROR]),
    "betas of a GAN": ("Adam(2e-4, beta_1=0.5)", []),
    "betas swapped": ("Adam(beta_1=0.999, beta_2=0.9)", [Severity.WARNING]),
    "clipping at nothing": ("Adam(clipnorm=0)", [Severity.ERROR]),
    "two ways to clip": ("Adam(clipnorm=1.0, clipvalue=0.5)", [Severity.WARNING]),
    "epsilon of 0": ("Adam(epsilon=0.0)", [Severity.WARNING]),
    "no epsilon": ("Adam(epsilon=None)", []),
    "nesterov alone": ("SGD(0.01, nesterov=True)", [Severity.WARNING]),
    "nesterov": ("SGD(0.01, momentum=0.9, nesterov=True)", []),
    "the old order of arguments": ("SGD(0.01, 0.9, 1e-6, True)", []),
}


@pytest.mark.parametrize("case", NUMBERS, ids=str)
def test_the_other_numbers_of_an_optimizer_are_judged(case: str) -> None:
    optimizer, severities = NUMBERS[case]
    body = f"model = Sequential([Input((4,)), Dense(1)])\nmodel.compile({optimizer}, 'mse')"
    assert [finding.severity for finding in found(body, "KC405")] == severities


SCHEDULES = {
    "falling": ("lambda epoch: 0.1 * 0.9**epoch", None),
    "a warm-up": ("lambda epoch: 1e-4 * (epoch + 1)", None),
    "a search for the rate": ("lambda epoch: 1e-8 * 10 ** (epoch / 20)", None),
    "a product with the rate": ("lambda epoch, rate: rate * 0.9", None),
    "an optional rate": ("lambda epoch, rate=0.1: 0.1 * 0.9**epoch", None),
    "steps": ("steps", None),
    "nothing in some epochs": ("forgets", Severity.ERROR),
    "a whole number": ("lambda epoch: 1", Severity.ERROR),
    "always the same": ("lambda epoch: 1e-3", Severity.WARNING),
    "below zero": ("lambda epoch: 0.01 - 0.001 * epoch", Severity.ERROR),
    "zero after a few epochs": ("lambda epoch: 0.1 if epoch < 5 else 0.0", Severity.ERROR),
    "zero at the end": ("lambda epoch: 0.1 * (1 - epoch / 49)", None),
    "three arguments": ("lambda epoch, rate, more: 0.1", Severity.ERROR),
    "something that is not known": ("lambda epoch: other.rate(epoch)", None),
    "a function of another module": ("other.schedule", None),
}


@pytest.mark.parametrize("case", SCHEDULES, ids=str)
def test_a_schedule_is_run_on_paper(case: str) -> None:
    schedule, severity = SCHEDULES[case]
    body = f"""
import math
import other
def steps(epoch):
    return 0.1 * math.pow(0.5, math.floor((1 + epoch) / 10))
def forgets(epoch):
    if epoch < 10:
        return 0.1
model = Sequential([Input((4,)), Dense(1)])
model.compile('sgd', 'mse')
model.fit(other.x(), other.y(), epochs=50, callbacks=[callbacks.LearningRateScheduler({schedule})])
"""
    assert [finding.severity for finding in found(body, "KC406")] == ([severity] if severity is not None else [])


def test_a_schedule_that_compares_a_global_with_its_bounds_gives_one_rate() -> None:
    body = """
import other
epochs = 300
def schedule(epoch):
    rate = 1e-3
    if epochs > 180:
        rate *= 0.5e-3
    elif epochs > 80:
        rate *= 1e-1
    return rate
model = Sequential([Input((4,)), Dense(1)])
model.compile('adam', 'mse')
model.fit(other.x(), other.y(), epochs=epochs, callbacks=[callbacks.LearningRateScheduler(schedule)])
"""
    (finding,) = found(body, "KC406")
    assert "5e-07" in finding.message


def test_steps_of_a_schedule_object_are_no_epochs() -> None:
    body = """
model = Sequential([Input((4,)), Dense(1)])
model.compile(Adam(optimizers.schedules.CosineDecay(1e-3, decay_steps={steps})), 'mse')
model.fit(np.zeros((1000, 4)), np.zeros((1000, 1)), epochs=40, batch_size={batch})
"""
    assert len(found(body.format(steps=40, batch=10), "KC406")) == 1
    assert found(body.format(steps=4000, batch=10), "KC406") == []
    assert found(body.format(steps=40, batch=1000), "KC406") == []


SHARED = {
    "two models": (
        "one.compile(optimizer, 'mse')\none.fit(x, y)\ntwo.compile(optimizer, 'mse')\ntwo.fit(x, y)",
        True,
    ),
    "one model twice": (
        "one.compile(optimizer, 'mse')\none.fit(x, y)\none.compile(optimizer, 'mse')\none.fit(x, y)",
        False,
    ),
    "only one is trained": ("one.compile(optimizer, 'mse')\none.fit(x, y)\ntwo.compile(optimizer, 'mse')", False),
    "by name": ("one.compile('adam', 'mse')\none.fit(x, y)\ntwo.compile('adam', 'mse')\ntwo.fit(x, y)", False),
    "a new one in each round": (
        "for width in other.widths():\n    model = Sequential([Input((4,)), Dense(width)])\n"
        "    model.compile(Adam(1e-3), 'mse')\n    model.fit(x, y)",
        False,
    ),
    "the same in each round": (
        "for width in other.widths():\n    model = Sequential([Input((4,)), Dense(width)])\n"
        "    model.compile(optimizer, 'mse')\n    model.fit(x, y)",
        True,
    ),
}


@pytest.mark.parametrize("case", SHARED, ids=str)
def test_one_optimizer_for_two_models_is_found(case: str) -> None:
    rest, wrong = SHARED[case]
    body = f"""
import other
x, y = other.data()
optimizer = Adam(1e-3)
one, two = Sequential([Input((4,)), Dense(1)]), Sequential([Input((4,)), Dense(2)])
{rest}
"""
    assert len(found(body, "KC407")) == wrong


RECURRENT = {
    "long": ("[Input((1000, 8)), LSTM(16), Dense(1)]", "'adam'", True),
    "deep": (
        "[Input((9, 8)), GRU(8, return_sequences=True), GRU(8, return_sequences=True), GRU(8), Dense(1)]",
        "'adam'",
        True,
    ),
    "clipped": ("[Input((1000, 8)), LSTM(16), Dense(1)]", "Adam(clipvalue=0.5)", False),
    "short": ("[Input((30, 8)), LSTM(16), Dense(1)]", "'adam'", False),
    "no recurrence": ("[Input((1000, 8)), Conv1D(16, 3), Dense(1)]", "'adam'", False),
}


@pytest.mark.parametrize("case", RECURRENT, ids=str)
def test_deep_or_long_recurrence_without_clipping_is_hinted_at(case: str) -> None:
    stack, optimizer, wrong = RECURRENT[case]
    body = f"model = Sequential({stack})\nmodel.compile({optimizer}, 'mse')"
    assert len(found(body, "KC408")) == wrong


DECAYS = {
    "both": ("AdamW(weight_decay=0.01)", "kernel_regularizer=regularizers.l2(1e-4)", True),
    "decay of any optimizer": ("SGD(0.1, weight_decay=1e-4)", "kernel_regularizer='l2'", True),
    "the regularizer alone": ("'adam'", "kernel_regularizer='l2'", False),
    "the decay alone": ("AdamW()", "", False),
    "a sparse penalty": ("AdamW()", "kernel_regularizer=regularizers.l1(1e-4)", False),
    "a penalty on the output": ("AdamW()", "activity_regularizer='l2'", False),
}


@pytest.mark.parametrize("case", DECAYS, ids=str)
def test_weights_that_are_decayed_twice_are_found(case: str) -> None:
    optimizer, penalty, wrong = DECAYS[case]
    body = f"model = Sequential([Input((4,)), Dense(1, {penalty})])\nmodel.compile({optimizer}, 'mse')"
    assert len(found(body, "KC409")) == wrong


TUNED = {
    "the default": ("base.trainable = False", "base.trainable = True", "'adam'", 1),
    "a full rate": ("base.trainable = False", "base.trainable = True", "Adam(1e-3)", 1),
    "some of its layers": ("base.trainable = False", "base.trainable = True\nfor layer in base.layers[:100]:\n    layer.trainable = False", "RMSprop(1e-3)", 1),
    "sgd": ("base.trainable = False", "base.trainable = True", "SGD(0.01)", 1),
    "a low rate": ("base.trainable = False", "base.trainable = True", "Adam(1e-5)", 0),
    "sgd, slowly": ("base.trainable = False", "base.trainable = True", "SGD(1e-4, momentum=0.9)", 0),
    "never frozen": ("", "base.trainable = True", "Adam(1e-3)", 0),
    "still frozen": ("base.trainable = False", "", "Adam(1e-3)", 0),
    "frozen later": ("", "base.trainable = False", "Adam(1e-3)", 0),
    "adadelta": ("base.trainable = False", "base.trainable = True", "Adadelta(1.0)", 0),
}  # fmt: skip


@pytest.mark.parametrize("case", TUNED, ids=str)
def test_a_base_that_was_frozen_is_tuned_at_a_low_rate(case: str) -> None:
    first, then, optimizer, count = TUNED[case]
    body = f"""
import other
x, y = other.data()
base = keras.applications.MobileNetV2(include_top=False, pooling='avg', input_shape=(96, 96, 3))
{first}
model = Sequential([Input((96, 96, 3)), base, Dense(5, activation='softmax')])
model.compile('adam', 'sparse_categorical_crossentropy')
model.fit(x, y)
{then}
model.compile({optimizer}, 'sparse_categorical_crossentropy')
model.fit(x, y)
"""
    assert len(found(body, "KC401")) == count


def test_a_base_without_weights_of_its_own_may_be_trained_at_a_full_rate() -> None:
    body = """
import other
x, y = other.data()
base = keras.applications.MobileNetV2(include_top=False, weights=None, pooling='avg', input_shape=(96, 96, 3))
base.trainable = False
model = Sequential([Input((96, 96, 3)), base, Dense(5, activation='softmax')])
model.compile('adam', 'mse')
model.fit(x, y)
base.trainable = True
model.compile('adam', 'mse')
model.fit(x, y)
"""
    assert found(body, "KC401") == []


STEP = """    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
"""
INNER = STEP.replace("    ", "        ", 1).replace("\n    ", "\n        ").rstrip(" ")
MODEL = "import other\nmodel = Sequential([Input((4,)), Dense(1)])\n"
FRESH = {
    "in a loop": (f"{MODEL}for x in other.batches():\n    optimizer = Adam(1e-3)\n{STEP}", 1),
    "in a step that fit calls": (f"class Own(Model):\n  def train_step(self, x):\n    model = self\n    optimizer = Adam()\n{STEP}", 0),
    "in a function that a loop calls": (f"{MODEL}def step(x):\n    optimizer = Adam()\n{STEP}\nfor x in other.batches():\n    step(x)\n", 1),
    "in a function that is called once": (f"{MODEL}def step(x):\n    optimizer = Adam()\n{STEP}\nstep(other.x)\n", 0),
    "once before the loop": (f"{MODEL}optimizer = Adam()\nfor x in other.batches():\n{STEP}", 0),
    "without a memory": (f"{MODEL}for x in other.batches():\n    optimizer = SGD(0.1)\n{STEP}", 0),
    "with momentum": (f"{MODEL}for x in other.batches():\n    optimizer = SGD(0.1, momentum=0.9)\n{STEP}", 1),
    "with a new model": (f"import other\nfor x in other.batches():\n    model = Sequential([Input((4,)), Dense(1)])\n    optimizer = Adam()\n{STEP}", 0),
    "once an epoch": (f"{MODEL}for epoch in range(9):\n    optimizer = Adam()\n    for x in other.batches():\n{INNER}", 0),
}  # fmt: skip


@pytest.mark.parametrize(("body", "count"), FRESH.values(), ids=FRESH)
def test_an_optimizer_is_made_once_for_all_steps(body: str, count: int) -> None:
    assert len(found(body, "KC407")) == count
