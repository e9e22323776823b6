"""Asks real Keras what layers make of shapes. Variables are declared and never filled, so that no size costs memory.

python shape_worker.py applications FOLDER    every model of keras.applications: its architecture, and what it is
python shape_worker.py first FOLDER           the same in the format channels_first, of those that take it
python shape_worker.py serve                  one question a line on stdin, one answer a line on stdout
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import math
import os
import sys
import warnings
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

with contextlib.redirect_stderr(io.StringIO()):
    import keras
    from keras.src.backend.common.stateless_scope import StatelessScope


def made(described):
    """A layer from its class name and arguments; a layer among the arguments is described the same way."""
    arguments = {
        name: made(value) if isinstance(value, dict) and "class" in value else tupled(value)
        for name, value in described["arguments"].items()
    }
    return getattr(keras.layers, described["class"])(**arguments)


def tupled(value):
    return tuple(tupled(item) for item in value) if isinstance(value, list) else value


def answer(question):
    """The output shapes and the number of weights, or the error that Keras raises."""
    tensors = [keras.Input(batch_shape=shape) for shape in question["inputs"]]
    if question["operation"]:
        return operated(question, tensors)
    if question["data"]:
        return run(question)
    try:
        with StatelessScope(initialize_variables=False):
            layer = made(question["layer"])
            outputs = layer(*tensors, **question["call"]) if question["spread"] else layer(tensors, **question["call"])
            parameters = layer.count_params()
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)[:500]}
    return {"shapes": [list(tensor.shape) for tensor in keras.tree.flatten(outputs)], "parameters": parameters}


def run(question):
    """Whether the layer takes numbers of these shapes, or the error that Keras raises."""
    tensors = [keras.ops.ones([2 if size is None else size for size in shape]) for shape in question["inputs"]]
    try:
        layer = made(question["layer"])
        _ = layer(*tensors, **question["call"]) if question["spread"] else layer(tensors, **question["call"])
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)[:500]}
    return {}


def operated(question, tensors):
    """The output shapes of a function of keras.ops."""
    function = getattr(keras.ops, question["layer"]["class"])
    given = {name: tupled(value) for name, value in question["call"].items()}
    try:
        outputs = function(*tensors, **given) if question["spread"] else function(tensors, **given)
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)[:500]}
    return {"shapes": [list(tensor.shape) for tensor in keras.tree.flatten(outputs)], "parameters": 0}


def serve():
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


def described(model):
    """Each call of a layer by the layer's name: output shapes, weights, and the same of a model inside."""
    graph = model._functional if isinstance(model, keras.Sequential) else model
    calls = {}
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            layer = node.operation
            entry = calls.setdefault(layer.name, {"shapes": [], "parameters": 0})
            entry["shapes"].append([list(tensor.shape) for tensor in node.output_tensors])
            entry["parameters"] = layer.count_params() if isinstance(layer, keras.Layer) else 0
            if isinstance(layer, keras.Model):
                entry["inside"] = described(layer)
    return calls


HEADLESS = ("DenseNet121", "EfficientNetB0", "InceptionV3", "MobileNet", "MobileNetV2", "MobileNetV3Small", "NASNetMobile",
            "ResNet50", "VGG16", "Xception")  # fmt: skip


def trained(model):
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def applications(folder):
    found = {}
    for name, function in vars(keras.applications).items():
        if not inspect.isfunction(function) or not name[0].isupper():
            continue
        keras.backend.clear_session()
        with StatelessScope(initialize_variables=False):
            model = function(weights=None)
        (folder / f"{name}.json").write_text(model.to_json())
        found[name] = {"calls": described(model), "parameters": model.count_params(), "trained": trained(model)}
        if name in HEADLESS:
            with StatelessScope(initialize_variables=False):
                body = function(weights=None, include_top=False, input_shape=(115, 101, 1))
            found[name]["body"] = {
                "shape": list(body.output_shape),
                "parameters": body.count_params(),
                "trained": trained(body),
            }
    (folder / "answers.json").write_text(json.dumps(found))


def channels_first(folder):
    keras.backend.set_image_data_format("channels_first")
    found = {}
    for name, function in vars(keras.applications).items():
        if not inspect.isfunction(function) or not name[0].isupper():
            continue
        keras.backend.clear_session()
        try:
            with StatelessScope(initialize_variables=False):
                model = function(weights=None)
        except ValueError as error:
            if "does not support the `channels_first` image data format" not in str(error):
                raise
            continue
        (folder / f"{name}.json").write_text(model.to_json())
        found[name] = {"calls": described(model), "parameters": model.count_params()}
    (folder / "answers.json").write_text(json.dumps(found))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1] == "serve":
        serve()
    elif sys.argv[1] == "first":
        channels_first(Path(sys.argv[2]))
    else:
        applications(Path(sys.argv[2]))
