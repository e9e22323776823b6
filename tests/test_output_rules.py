"""What the rules about outputs and losses say, and above all where they are silent."""

from __future__ import annotations

import pytest

from kerascheck import Config, Finding, Severity, check_script
from kerascheck.config import Choice
from kerascheck.facts.outputs import outputs
from kerascheck.script import read_script

HEAD = """
import numpy as np
import tensorflow as tf
import keras
from keras import Input, Model, Sequential, layers, losses, ops
from keras.layers import *
"""


def found(body: str, *codes: str) -> list[Finding]:
    report = check_script(HEAD + body, config=Config())
    assert not report.fault
    return [
        finding for finding in report.findings if finding.code in codes or (not codes and finding.code[:3] == "KC3")
    ]


def codes(body: str) -> set[str]:
    return {finding.code for finding in found(body)}


def last(body: str) -> tuple[object, object]:
    """The activation and the units of the last model's first output."""
    facts = read_script("script.py", HEAD + body)
    output = outputs(facts.graphs[-1])[0]
    return output.activation, output.units


OUTPUTS = {
    "an activation of the layer": ("Sequential([Input((4,)), Dense(3, 'softmax')])", "softmax", 3),
    "a layer of its own": ("Sequential([Input((4,)), Dense(3), Activation('softmax')])", "softmax", 3),
    "a softmax layer": ("Sequential([Input((4,)), Dense(3), Softmax()])", "softmax", 3),
    "a function as the activation": ("Sequential([Input((4,)), Dense(3, tf.nn.sigmoid)])", "sigmoid", 3),
    "a layer object as the activation": (
        "Sequential([Input((4,)), Dense(3, activation=layers.Softmax())])",
        "softmax",
        3,
    ),
    "no activation": ("Sequential([Input((4,)), Dense(3)])", None, 3),
    "a linear activation": ("Sequential([Input((4,)), Dense(3, activation='linear')])", None, 3),
    "a cast behind the softmax": (
        "Sequential([Input((4,)), Dense(3, 'softmax'), Activation('linear', dtype='float32')])",
        "softmax",
        3,
    ),
    "dropout behind the softmax": ("Sequential([Input((4,)), Dense(3, 'softmax'), Dropout(0.1)])", "softmax", 3),
    "a reshape behind the sigmoid": ("Sequential([Input((4,)), Dense(6, 'sigmoid'), Reshape((2, 3))])", "sigmoid", 3),
    "a flattened map": ("Sequential([Input((4, 4, 1)), Conv2D(2, 1, activation='sigmoid'), Flatten()])", "sigmoid", 32),
    "averaged class maps": (
        "Sequential([Input((8, 8, 3)), Conv2D(5, 3), GlobalAveragePooling2D(), Softmax()])",
        "softmax",
        5,
    ),
    "each step of a sequence": ("Sequential([Input((7, 4)), TimeDistributed(Dense(2, 'softmax'))])", "softmax", 2),
    "a model of a model": (
        "Sequential([Input((4,)), Sequential([Input((4,)), Dense(3, 'sigmoid')])])",
        "sigmoid",
        3,
    ),
    "units of a layer whose input is not known": ("Sequential([Dense(3, 'softmax')])", "softmax", 3),
    "both directions": ("Sequential([Input((7, 4)), Bidirectional(LSTM(3))])", "tanh", 6),
}


@pytest.mark.parametrize("case", OUTPUTS, ids=str)
def test_the_last_activation_is_found_behind_what_leaves_values_as_they_are(case: str) -> None:
    model, activation, units = OUTPUTS[case]
    assert last(f"model = {model}") == (activation, units)


UNKNOWN_OUTPUTS = {
    "a lambda layer": "Sequential([Input((4,)), Dense(3), Lambda(lambda t: t * 2)])",
    "a layer of another package": "Sequential([Input((4,)), Dense(3), other.Gate()])",
    "an activation that is a variable": "Sequential([Input((4,)), Dense(3, activation=chosen)])",
    "two softmax outputs side by side": (
        "Model(a := Input((4,)), Concatenate()([Dense(2, 'softmax')(a), Dense(2, 'softmax')(a)]))"
    ),
    "normalized values": "Sequential([Input((4,)), Dense(3), BatchNormalization()])",
    "scaled values": "Sequential([Input((4,)), Dense(3, 'tanh'), Rescaling(2.0)])",
    "a softmax inside a recurrent layer": "Sequential([Input((7, 4)), LSTM(3, activation='softmax')])",
}


@pytest.mark.parametrize("case", UNKNOWN_OUTPUTS, ids=str)
def test_an_output_that_is_not_proven_has_no_activation(case: str) -> None:
    facts = read_script("script.py", HEAD + f"import other\nchosen = other.pick()\nmodel = {UNKNOWN_OUTPUTS[case]}")
    assert not outputs(facts.graphs[-1])[0].is_known


FINE = {
    "softmax and one-hot labels": ("Dense(3, 'softmax')", "'categorical_crossentropy'"),
    "softmax and class indices": ("Dense(3, 'softmax')", "'sparse_categorical_crossentropy'"),
    "one sigmoid": ("Dense(1, 'sigmoid')", "'binary_crossentropy'"),
    "several labels at once": ("Dense(20, 'sigmoid')", "'binary_crossentropy'"),
    "an autoencoder on images": ("Dense(784, 'sigmoid')", "'binary_crossentropy'"),
    "an autoencoder with squared error": ("Dense(784, 'sigmoid')", "'mse'"),
    "images in -1..1": ("Dense(784, 'tanh')", "'mse'"),
    "numbers that are never negative": ("Dense(1, 'relu')", "'mse'"),
    "counts": ("Dense(3, 'softmax')", "'poisson'"),
    "a margin": ("Dense(1)", "'hinge'"),
    "a margin among classes": ("Dense(3)", "'categorical_hinge'"),
    "a bounded margin": ("Dense(1, 'tanh')", "'squared_hinge'"),
    "logits": ("Dense(3)", "losses.SparseCategoricalCrossentropy(from_logits=True)"),
    "one logit": ("Dense(1)", "losses.BinaryCrossentropy(from_logits=True)"),
    "logits, said by position": ("Dense(3)", "losses.CategoricalCrossentropy(True)"),
    "a flag that is not known": ("Dense(3)", "losses.CategoricalCrossentropy(from_logits=flag)"),
    "a loss of the script's own": ("Dense(3)", "lambda y, p: ops.mean(ops.square(y - p))"),
    "divergence of distributions": ("Dense(3, 'softmax')", "'kl_divergence'"),
    "the generator of a GAN, compiled by itself": ("Dense(784, 'tanh')", "'binary_crossentropy'"),
}


@pytest.mark.parametrize("case", FINE, ids=str)
def test_a_pair_that_is_right_or_only_looks_odd_is_silent(case: str) -> None:
    layer, loss = FINE[case]
    body = f"import other\nflag = other.flag\nmodel = Sequential([Input((9,)), {layer}])\nmodel.compile('adam', {loss}, metrics=['mae'])"
    assert codes(body) & {"KC301", "KC302", "KC303", "KC304", "KC305", "KC306", "KC307"} == set()


WRONG = {
    "softmax of one": ("Dense(1, 'softmax')", "'mse'", "KC301", Severity.ERROR),
    "softmax of many": ("Dense(9, 'softmax')", "'binary_crossentropy'", "KC302", Severity.ERROR),
    "softmax of two": ("Dense(2, 'softmax')", "'bce'", "KC302", Severity.WARNING),
    "sigmoids": ("Dense(9, 'sigmoid')", "losses.categorical_crossentropy", "KC303", Severity.ERROR),
    "one sigmoid": ("Dense(1, 'sigmoid')", "'sparse_categorical_crossentropy'", "KC303", Severity.ERROR),
    "one linear unit": ("Dense(1)", "'categorical_crossentropy'", "KC303", Severity.ERROR),
    "linear": ("Dense(9)", "'categorical_crossentropy'", "KC304", Severity.ERROR),
    "linear, said explicitly": (
        "Dense(9)",
        "losses.CategoricalCrossentropy(from_logits=False)",
        "KC304",
        Severity.ERROR,
    ),
    "twice": ("Dense(9, 'softmax')", "losses.CategoricalCrossentropy(from_logits=True)", "KC305", Severity.ERROR),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_a_pair_that_cannot_learn_is_found(case: str) -> None:
    layer, loss, code, severity = WRONG[case]
    body = f"model = Sequential([Input((9,)), {layer}])\nmodel.compile('adam', {loss}, metrics=['mae'])"
    findings = [finding for finding in found(body) if finding.code in {"KC301", "KC302", "KC303", "KC304", "KC305"}]
    assert [(finding.code, finding.severity) for finding in findings] == [(code, severity)]


def test_a_model_that_is_trained_only_as_a_part_of_another_is_not_judged_by_its_own_loss() -> None:
    body = """
generator = Sequential([Input((10,)), Dense(784)])
generator.compile('adam', 'binary_crossentropy')
discriminator = Sequential([Input((784,)), Dense(1, 'sigmoid')])
discriminator.compile('adam', 'binary_crossentropy')
gan = Sequential([generator, discriminator])
gan.compile('adam', 'binary_crossentropy')
gan.fit(np.zeros((8, 10)), np.ones((8, 1)))
"""
    assert found(body, "KC304") == []


def test_each_output_is_judged_by_its_own_loss() -> None:
    body = """
inputs = Input((9,))
model = Model(inputs, [Dense(3, 'softmax', name='kind')(inputs), Dense(1, name='size')(inputs)])
model.compile('adam', loss={'kind': 'categorical_crossentropy', 'size': 'mse'})
model.compile('adam', loss=['binary_crossentropy', 'mse'])
"""
    (finding,) = found(body, "KC302", "KC304")
    assert finding.code == "KC302"
    assert HEAD.count("\n") + 5 == finding.location.line
    assert finding.location.column == body.splitlines()[4].index("'binary") + 1


def test_what_both_branches_end_in_is_proven() -> None:
    body = """
import sys
inputs = Input((9,))
if len(sys.argv) > 1:
    outputs = Dense(5, 'sigmoid')(Dense(8, 'relu')(inputs))
else:
    outputs = Dense(5, 'sigmoid')(inputs)
model = Model(inputs, outputs)
model.compile('adam', 'categorical_crossentropy')
"""
    assert len(found(body, "KC303")) == 1


def test_layers_that_a_branch_adds_prove_nothing() -> None:
    body = """
import sys
model = Sequential([Input((9,)), Dense(8, 'relu')])
if len(sys.argv) > 1:
    model.add(Dense(1, 'sigmoid'))
else:
    model.add(Dense(3, 'softmax'))
model.compile('adam', 'binary_crossentropy')
"""
    assert codes(body) & {"KC301", "KC302", "KC303"} == set()


LABELS = {
    "class indices of a known data set": ("keras.datasets.mnist.load_data()[0][1]", "categorical_crossentropy", True),
    "drawn whole numbers": ("np.random.randint(0, 10, 100)", "categorical_crossentropy", True),
    "one-hot rows": ("keras.utils.to_categorical(np.array([0, 1, 9]))", "sparse_categorical_crossentropy", True),
    "rows of an identity matrix": (
        "np.eye(10)[np.random.randint(0, 10, 100)]",
        "sparse_categorical_crossentropy",
        True,
    ),
    "rows as wide as the output": ("np.zeros((100, 10))", "sparse_categorical_crossentropy", True),
    "one-hot rows and their loss": (
        "keras.utils.to_categorical(np.array([0, 1, 9]))",
        "categorical_crossentropy",
        False,
    ),
    "rows of an identity matrix and their loss": (
        "np.eye(10)[np.random.randint(0, 10, 100)]",
        "categorical_crossentropy",
        False,
    ),
    "indices and their loss": ("np.random.randint(0, 10, 100)", "sparse_categorical_crossentropy", False),
    "a column of indices": ("np.random.randint(0, 10, (100, 1))", "sparse_categorical_crossentropy", False),
    "labels of which nothing is known": ("other.labels()", "categorical_crossentropy", False),
}


@pytest.mark.parametrize("case", LABELS, ids=str)
def test_labels_are_compared_with_the_loss(case: str) -> None:
    labels, loss, wrong = LABELS[case]
    body = f"""
import other
y = {labels}
model = Sequential([Input((9,)), Dense(10, 'softmax')])
model.compile('adam', '{loss}')
model.fit(other.rows(), y)
"""
    assert len(found(body, "KC306")) == wrong


def test_one_hot_labels_of_a_directory_do_not_fit_one_unit() -> None:
    body = """
from keras.preprocessing.image import ImageDataGenerator
train = ImageDataGenerator(rescale=1 / 255).flow_from_directory('images', target_size=(64, 64){mode})
model = Sequential([Input((64, 64, 3)), Flatten(), Dense(1, 'sigmoid')])
model.compile('adam', 'binary_crossentropy')
model.fit(train, epochs=3)
"""
    (finding,) = found(body.format(mode=""), "KC306")
    assert finding.location.line == HEAD.count("\n") + 3
    assert found(body.format(mode=", class_mode='binary'"), "KC306") == []


TARGETS = {
    "prices": ("pd.read_csv('houses.csv')['price'].to_numpy()", "sigmoid", Severity.WARNING),
    "a known range": ("np.array([[3.0], [250.0]])", "tanh", Severity.ERROR),
    "negative numbers under relu": ("np.array([[-3.0], [2.0]])", "relu", Severity.ERROR),
    "a normal distribution of which no end is known": ("np.random.randn(100, 1)", "relu", None),
    "scaled prices": (
        "StandardScaler().fit_transform(pd.read_csv('houses.csv')[['price']].to_numpy())",
        "sigmoid",
        None,
    ),
    "prices in thousands of the largest": ("pd.read_csv('houses.csv')['price'].to_numpy() / 1e6", "sigmoid", None),
    "yes or no": ("np.array([[0], [1], [1], [0]])", "sigmoid", None),
    "logarithms of prices": ("np.log(pd.read_csv('houses.csv')['price'].to_numpy())", "sigmoid", Severity.WARNING),
    "prices under relu": ("pd.read_csv('houses.csv')['price'].to_numpy()", "relu", None),
    "prices under no activation": ("pd.read_csv('houses.csv')['price'].to_numpy()", "linear", None),
    "uniform numbers": ("np.random.rand(100, 1)", "sigmoid", None),
    "unknown targets under tanh": ("other.targets()", "tanh", None),
}


@pytest.mark.parametrize("case", TARGETS, ids=str)
def test_targets_are_compared_with_the_range_of_the_output(case: str) -> None:
    targets, activation, severity = TARGETS[case]
    body = f"""
import other
import pandas as pd
from sklearn.preprocessing import StandardScaler
y = {targets}
model = Sequential([Input((9,)), Dense(1, '{activation}')])
model.compile('adam', 'mse')
model.fit(other.rows(), y)
"""
    assert [finding.severity for finding in found(body, "KC307")] == ([severity] if severity is not None else [])


def test_an_autoencoder_is_not_a_regression_on_unscaled_targets() -> None:
    body = """
import pandas as pd
x = pd.read_csv('signals.csv').to_numpy()
model = Sequential([Input((64,)), Dense(8, 'relu'), Dense(64, 'sigmoid')])
model.compile('adam', 'mse')
model.fit(x, x)
"""
    assert found(body, "KC307") == []


def test_a_model_that_only_predicts_needs_no_right_loss() -> None:
    body = """
import other
model = Sequential([Input((9,)), Dense(1, 'sigmoid')])
model.load_weights('best.h5')
model.compile('adam', 'categorical_crossentropy')
print(model.predict(other.rows()))
"""
    assert found(body, "KC303") == []


def test_targets_of_a_normal_distribution_are_not_taken_for_unscaled() -> None:
    body = """
codes = np.random.normal(scale=0.5, size=(100, 8))
model = Sequential([Input((9,)), Dense(8, 'tanh')])
model.compile('adam', 'mse')
model.fit(np.random.rand(100, 9), codes)
"""
    assert found(body, "KC307") == []


def test_a_sigmoid_under_squared_error_is_only_hinted_at_where_nothing_is_known_of_the_targets() -> None:
    body = """
import csv
targets = []
for line in csv.reader(open('reviews.csv')):
    targets.append(int(line[6]) / 5)
y = np.asarray(targets[:8000])
model = Sequential([Input((9,)), Dense(1, 'sigmoid')])
model.compile('adam', 'mse')
model.fit(np.random.rand(8000, 9), y)
"""
    assert [finding.severity for finding in found(body, "KC307")] in ([], [Severity.INFO])


METRICS = {
    "accuracy of numbers": ("Dense(1)", "'mse'", "'accuracy'", "KC309"),
    "accuracy of class probabilities": ("Dense(3, 'softmax')", "'mse'", "'accuracy'", None),
    "a threshold that the author chose": ("Dense(1)", "'mse'", "keras.metrics.BinaryAccuracy()", None),
    "another metric of a regression": ("Dense(1)", "'mse'", "'mae'", None),
    "each class rounded by itself": ("Dense(5, 'softmax')", "'categorical_crossentropy'", "'binary_accuracy'", "KC310"),
    "the largest of one": ("Dense(1, 'sigmoid')", "'binary_crossentropy'", "'categorical_accuracy'", "KC310"),
    "one-hot metric, indices in the loss": (
        "Dense(5, 'softmax')",
        "'sparse_categorical_crossentropy'",
        "'categorical_accuracy'",
        "KC310",
    ),
    "index metric, one-hot loss": (
        "Dense(5, 'softmax')",
        "'categorical_crossentropy'",
        "'sparse_categorical_accuracy'",
        "KC310",
    ),
    "exact equality": ("Dense(1, 'sigmoid')", "'binary_crossentropy'", "keras.metrics.Accuracy()", "KC310"),
    "accuracy by name with a capital": ("Dense(1, 'sigmoid')", "'binary_crossentropy'", "'Accuracy'", None),
    "a threshold of 0.5 on logits": (
        "Dense(1)",
        "losses.BinaryCrossentropy(from_logits=True)",
        "keras.metrics.BinaryAccuracy()",
        "KC310",
    ),
    "a threshold of 0 on logits": (
        "Dense(1)",
        "losses.BinaryCrossentropy(from_logits=True)",
        "keras.metrics.BinaryAccuracy(threshold=0.0)",
        None,
    ),
    "the largest logit": (
        "Dense(5)",
        "losses.SparseCategoricalCrossentropy(from_logits=True)",
        "'accuracy'",
        None,
    ),
    "many labels rounded one by one": ("Dense(5, 'sigmoid')", "'binary_crossentropy'", "'binary_accuracy'", None),
}


@pytest.mark.parametrize("case", METRICS, ids=str)
def test_metrics_are_compared_with_loss_and_output(case: str) -> None:
    layer, loss, metric, code = METRICS[case]
    body = f"model = Sequential([Input((9,)), {layer}])\nmodel.compile('adam', {loss}, metrics=[{metric}])"
    assert [finding.code for finding in found(body, "KC309", "KC310")] == ([code] if code else [])


def test_the_discriminator_of_a_least_squares_gan_has_an_accuracy() -> None:
    body = """
discriminator = Sequential([Input((64,)), Dense(1)])
discriminator.compile('adam', 'mse', metrics=['accuracy'])
generator = Sequential([Input((8,)), Dense(64, 'tanh')])
gan = Sequential([generator, discriminator])
gan.compile('adam', 'mse')
"""
    assert found(body, "KC309") == []


def test_classes_written_as_0_and_1_have_an_accuracy_under_squared_error() -> None:
    body = """
y = np.vstack((np.zeros((100, 1)), np.ones((100, 1))))
model = Sequential([Input((2,)), Dense(1)])
model.compile('adam', 'mse', metrics=['accuracy'])
model.fit(np.random.rand(200, 2), y)
"""
    assert found(body, "KC309") == []


COUNTS = {
    "a class index that is out of range": (
        "np.array([0, 1, 2, 3])",
        "Dense(3, 'softmax')",
        "sparse_categorical_crossentropy",
        True,
    ),
    "as many units as classes": (
        "np.array([0, 1, 2, 3])",
        "Dense(4, 'softmax')",
        "sparse_categorical_crossentropy",
        False,
    ),
    "rows of another width": ("np.zeros((4, 5))", "Dense(3, 'softmax')", "categorical_crossentropy", True),
    "rows of the same width": ("np.zeros((4, 3))", "Dense(3, 'softmax')", "categorical_crossentropy", False),
    "more than yes and no": ("np.array([0, 1, 2, 2])", "Dense(1, 'sigmoid')", "binary_crossentropy", True),
    "yes and no": ("np.array([0, 1, 1, 0])", "Dense(1, 'sigmoid')", "binary_crossentropy", False),
    "classes of a generated set": (
        "make_classification(400, n_classes=5)[1]",
        "Dense(5, 'softmax')",
        "sparse_categorical_crossentropy",
        False,
    ),
    "too few units for a generated set": (
        "make_classification(400, n_classes=5)[1]",
        "Dense(4, 'softmax')",
        "sparse_categorical_crossentropy",
        True,
    ),
    "targets of which nothing is known": ("other.labels()", "Dense(1, 'sigmoid')", "binary_crossentropy", False),
    "classes that were chosen": ("mnist[mnist < 2]", "Dense(1, 'sigmoid')", "binary_crossentropy", False),
    "classes found by index": ("mnist[np.where(mnist < 2)]", "Dense(1, 'sigmoid')", "binary_crossentropy", False),
    "even or odd": ("mnist % 2", "Dense(1, 'sigmoid')", "binary_crossentropy", False),
    "one class against the rest": ("(mnist == 3).astype('int')", "Dense(1, 'sigmoid')", "binary_crossentropy", False),
    "all classes of a data set": ("mnist[:1000]", "Dense(1, 'sigmoid')", "binary_crossentropy", True),
    "a map for rows of classes": (
        "np.zeros((4, 2))",
        "Reshape((3, 3, 1)), Conv2D(2, 1, activation='softmax')",
        "categorical_crossentropy",
        True,
    ),
    "a step a class index": (
        "np.zeros((4, 9))",
        "Reshape((9, 1)), Dense(5, 'softmax')",
        "sparse_categorical_crossentropy",
        False,
    ),
    "a column for plain labels": ("np.zeros(4)", "Dense(1, 'sigmoid')", "binary_crossentropy", False),
}


@pytest.mark.parametrize("case", COUNTS, ids=str)
def test_units_are_compared_with_the_labels(case: str) -> None:
    labels, layer, loss, wrong = COUNTS[case]
    body = f"""
import other
from sklearn.datasets import make_classification
mnist = keras.datasets.mnist.load_data()[0][1]
y = {labels}
model = Sequential([Input((9,)), {layer}])
model.compile('adam', '{loss}')
model.fit(other.rows(), y)
"""
    assert len(found(body, "KC311")) == wrong


def test_the_outputs_of_an_unknown_call_are_not_counted() -> None:
    body = """
import gan
inputs = Input((9,))
whole = Model(inputs, gan.discriminator(Dense(8)(inputs)))
whole.compile('adam', loss=['binary_crossentropy', 'mse'], loss_weights=[1.0, 10.0])
more = Model(inputs, gan.discriminator(inputs) + [Dense(3)(inputs)])
more.compile('adam', loss=['binary_crossentropy', 'mse', 'mse'])
"""
    assert found(body, "KC311") == []


def test_the_range_of_scaled_labels_is_followed_into_the_loss() -> None:
    body = """
import pandas as pd
from sklearn.preprocessing import MinMaxScaler
table = MinMaxScaler(feature_range=(0, 5)).fit_transform(pd.read_csv('steps.csv').to_numpy())
model = Sequential([Input((6,)), Dense(1, 'sigmoid')])
model.compile('adam', 'binary_crossentropy')
model.fit(table[:, 0:6], table[:, 6])
"""
    (finding,) = found(body, "KC311")
    assert finding.severity is Severity.ERROR


NAMES = {
    "a loss": ("Dense(3, activation='softmax')", "loss='categorical_crossentopy'", True),
    "an activation in capitals": ("Dense(3, activation='SOFTMAX')", "loss='mse'", True),
    "a layer's name as an activation": ("Dense(3, activation='ReLU')", "loss='mse'", True),
    "an initializer": ("Dense(3, kernel_initializer='glorot_unifrom')", "loss='mse'", True),
    "an optimizer in capitals": ("Dense(3)", "loss='mse', optimizer='ADAM'", False),
    "an optimizer": ("Dense(3)", "loss='mse', optimizer='adamm'", True),
    "names of Keras 1": (
        "Dense(3, kernel_initializer='uniform')",
        "loss='cosine_proximity', metrics=['fmeasure']",
        False,
    ),
    "a name that is not known here": ("Dense(3, activation=other.name)", "loss=other.loss", False),
}


@pytest.mark.parametrize("case", NAMES, ids=str)
def test_a_name_that_keras_does_not_know_is_found(case: str) -> None:
    layer, compiled, wrong = NAMES[case]
    body = f"import other\nmodel = Sequential([Input((9,)), {layer}])\nmodel.compile({compiled})"
    assert len(found(body, "KC313")) == wrong


def test_the_name_of_a_layer_is_an_activation_where_tensorflow_has_keras_2() -> None:
    body = """
from tensorflow.keras import Sequential
from tensorflow.keras.layers import Dense, Input
model = Sequential([Input((9,)), Dense(3, activation='ReLU')])
"""
    report = check_script(body, config=Config())
    assert [finding for finding in report.findings if finding.code == "KC313"] == []


def test_names_of_registered_objects_are_not_judged() -> None:
    body = """
keras.utils.get_custom_objects().update({'swish2': lambda x: x})
model = Sequential([Input((9,)), Dense(3, activation='swish2')])
"""
    assert found(body, "KC313") == []


TRAINED = {
    "never compiled": ("model.fit(x, y)", True),
    "evaluated without compile": ("model.evaluate(x, y)", True),
    "only predicts": ("model.predict(x)", False),
    "compiled in a function that is not seen": ("other.prepare(model)\nmodel.fit(x, y)", False),
    "compiled in one branch": ("if other.flag:\n    model.compile('sgd', 'mse')\nmodel.fit(x, y)", False),
    "compiled in a loop": ("for rate in other.rates():\n    model.compile('sgd', 'mse')\n    model.fit(x, y)", False),
    "given a layer after it was fitted": (
        "model.compile('sgd', 'mse')\nmodel.fit(x, y)\nmodel.add(Dense(2))\nmodel.fit(x, y)",
        True,
    ),
    "compiled again after the new layer": (
        "model.compile('sgd', 'mse')\nmodel.fit(x, y)\nmodel.add(Dense(2))\nmodel.compile('sgd', 'mse')\nmodel.fit(x, y)",
        False,
    ),
}


@pytest.mark.parametrize("case", TRAINED, ids=str)
def test_a_model_that_is_trained_without_compile_is_found(case: str) -> None:
    rest, wrong = TRAINED[case]
    body = f"import other\nx, y = other.data()\nmodel = Sequential([Input((9,)), Dense(1)])\n{rest}"
    assert len(found(body, "KC314")) == wrong


LOSSES = {
    "the share of hits": ("ops.mean(ops.cast(ops.equal(ops.argmax(t, -1), ops.argmax(p, -1)), 'float32'))", "KC315"),
    "rounded": ("ops.mean(ops.square(t - ops.round(p)))", "KC315"),
    "no predictions": ("ops.mean(ops.square(t), axis=-1)", "KC315"),
    "numpy": ("np.mean(np.abs(t - p))", "KC315"),
    "a comparison as a weight": ("ops.mean(ops.cast(p > t, 'float32') * ops.square(t - p), axis=-1)", None),
    "a choice": ("ops.mean(tf.where(p > t, p - t, 2 * (t - p)), axis=-1)", None),
    "something that is not known": ("ops.mean(other.weight(t, p))", None),
    "a sum over everything": ("-2.0 * ops.sum(ops.square(t - p))", "KC316"),
    "a sum in tensorflow": ("tf.reduce_sum(tf.square(t - p))", "KC316"),
    "a sum over the units": ("ops.sum(ops.square(t - p), axis=-1)", None),
    "a sum after the batch was averaged": ("ops.sum(ops.square(ops.mean(t - p, axis=0)))", None),
    "a sum of products of distributions": ("ops.sum(ops.matmul(ops.transpose(p), p) * ops.log(1.5 + t))", None),
    "a mean": ("ops.mean(ops.abs(t - p))", None),
}


@pytest.mark.parametrize("case", LOSSES, ids=str)
def test_a_loss_of_the_script_is_followed(case: str) -> None:
    value, code = LOSSES[case]
    body = f"""
import other
def loss(t, p):
    return {value}
model = Sequential([Input((9,)), Dense(4)])
model.compile('adam', loss)
"""
    assert [finding.code for finding in found(body, "KC315", "KC316")] == ([code] if code else [])


NUMERICS = {
    "the log of a probability": ("-ops.mean(t * ops.log(p))", True),
    "the log of its complement": ("-ops.mean(ops.log(1 - p))", True),
    "an epsilon inside": ("-ops.mean(t * ops.log(p + keras.config.epsilon()))", False),
    "clipped": ("-ops.mean(t * ops.log(ops.clip(p, 1e-7, 1.0)))", False),
    "the log of something that is not known": ("-ops.mean(ops.log(t))", False),
    "a count in the denominator": ("ops.sum(t * p) / ops.sum(ops.round(p))", True),
    "a count and an epsilon": ("ops.sum(t * p) / (ops.sum(ops.round(p)) + 1e-7)", False),
    "a sum of probabilities": ("ops.sum(t * p) / ops.sum(p)", False),
}


@pytest.mark.parametrize("case", NUMERICS, ids=str)
def test_a_logarithm_or_quotient_that_meets_zero_is_found(case: str) -> None:
    value, wrong = NUMERICS[case]
    body = f"""
def metric(t, p):
    return {value}
model = Sequential([Input((9,)), Dense(4, 'sigmoid')])
model.compile('adam', 'binary_crossentropy', metrics=[metric])
"""
    config = Config().override(Choice(extend_select=("KC319",)))
    report = check_script(HEAD + body, config=config)
    assert len([finding for finding in report.findings if finding.code == "KC319"]) == wrong


def test_a_metric_of_keras_is_no_loss() -> None:
    body = "model = Sequential([Input((9,)), Dense(4, 'softmax')])\nmodel.compile('adam', keras.metrics.categorical_accuracy)"
    assert len(found(body, "KC315")) == 1


SHARES = {
    "one class in twenty": ("np.zeros(1900), np.ones(100)", "metrics=['accuracy']", "", True),
    "three to one": ("np.zeros(1500), np.ones(500)", "metrics=['accuracy']", "", False),
    "other metrics": ("np.zeros(1900), np.ones(100)", "metrics=['accuracy', 'AUC']", "", False),
    "weighted classes": (
        "np.zeros(1900), np.ones(100)",
        "metrics=['accuracy']",
        ", class_weight={0: 1.0, 1: 19.0}",
        False,
    ),
    "shares that are not known": ("np.zeros(1900), other.labels()", "metrics=['accuracy']", "", False),
}


@pytest.mark.parametrize("case", SHARES, ids=str)
def test_unequal_classes_are_hinted_at_where_only_accuracy_is_reported(case: str) -> None:
    blocks, metrics, weights, wrong = SHARES[case]
    body = f"""
import other
y = np.concatenate([{blocks}])
model = Sequential([Input((9,)), Dense(1, 'sigmoid')])
model.compile('adam', 'binary_crossentropy', {metrics})
model.fit(other.rows(), y{weights})
"""
    config = Config().override(Choice(extend_select=("KC318",)))
    report = check_script(HEAD + body, config=config)
    assert len([finding for finding in report.findings if finding.code == "KC318"]) == wrong


def test_labels_that_were_changed_in_place_have_no_known_range() -> None:
    body = """
y = keras.datasets.mnist.load_data()[0][1]
y[y > 1] = 1
model = Sequential([Input((9,)), Dense(1, 'sigmoid')])
model.compile('adam', 'binary_crossentropy')
model.fit(np.zeros((60000, 9)), y)
"""
    assert found(body, "KC311") == []


def test_values_written_into_an_array_of_zeros_widen_its_range() -> None:
    body = """
y = np.zeros(100)
for i in range(100):
    row = np.random.rand(30) * 2 - 1
    y[i] = row[1]
model = Sequential([Input((9,)), Dense(1, 'sigmoid')])
model.compile('adam', 'mse')
model.fit(np.zeros((100, 9)), y)
"""
    (finding,) = found(body, "KC307")
    assert finding.severity is Severity.ERROR


LAYER = """
import keras
from keras import layers, ops

class Own(layers.Layer):
    def call(self, x):
        return {body}

inputs = keras.Input((8,))
x = {before}(inputs)
model = keras.Model(inputs, layers.Dense(1)(Own()(x)))
"""
IN_LAYERS = {
    "a logarithm of what relu gives": ("layers.Dense(4, 'relu')", "ops.log(x)", 1),
    "a logarithm of probabilities": ("layers.Dense(4, 'softmax')", "ops.log(x)", 1),
    "a logarithm of anything": ("layers.Dense(4)", "ops.log(x)", 1),
    "a logarithm behind a clip": ("layers.Dense(4, 'softmax')", "ops.log(ops.clip(x, 1e-7, 1.0))", 0),
    "a logarithm above one": ("layers.Dense(4, 'relu')", "ops.log(1 + x)", 0),
    "a root of anything": ("layers.Dense(4)", "ops.sqrt(x)", 1),
    "a root of what relu gives": ("layers.Dense(4, 'relu')", "ops.sqrt(x)", 0),
    "a root of squares": ("layers.Dense(4)", "ops.sqrt(ops.square(x))", 0),
    "a division by features": ("layers.Dense(4)", "1 / x", 0),
    "a division by what relu gives": ("layers.Dense(4, 'relu')", "1 / x", 1),
    "a division with an epsilon": ("layers.Dense(4, 'relu')", "x / (ops.sum(x) + 1e-6)", 0),
    "a softmax of one's own": ("layers.Dense(4)", "ops.exp(x) / ops.sum(ops.exp(x), axis=-1, keepdims=True)", 0),
    "an input that is not known": ("layers.Lambda(lambda x: x)", "ops.log(x)", 0),
}  # fmt: skip


@pytest.mark.parametrize(("before", "body", "count"), IN_LAYERS.values(), ids=IN_LAYERS)
def test_layers_of_ones_own_are_judged_by_what_comes_in(before: str, body: str, count: int) -> None:
    findings = check_script(LAYER.format(before=before, body=body)).findings
    assert len([finding for finding in findings if finding.code == "KC319"]) == count


def test_softmax_in_a_layer_of_ones_own_runs_along_one_unit() -> None:
    text = """
import keras
from keras import layers, ops

class Attention(layers.Layer):
    def __init__(self):
        super().__init__()
        self.score = layers.Dense(1)

    def call(self, states):
        weights = ops.softmax(self.score(states){axis})
        return ops.sum(weights * states, axis=1)

inputs = keras.Input((30, 8))
model = keras.Model(inputs, layers.Dense(1)(Attention()(layers.LSTM(16, return_sequences=True)(inputs))))
"""
    for axis, count in (("", 1), (", axis=1", 0), (", -1", 1)):
        findings = check_script(text.replace("{axis}", axis)).findings
        assert len([finding for finding in findings if finding.code == "KC301"]) == count
