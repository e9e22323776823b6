"""Runs scripts in real Keras with training intercepted, and writes down what Keras built.

    python runner.py TASKS.json RESULTS.json

TASKS.json lists `{"name", "path" or "text", "save": folder or null, "lenient": bool}`. All run in one process, because
importing TensorFlow takes longer than everything else; each has a fresh namespace and a cleared Keras session. A
lenient task goes on after a statement that fails (an example of a rule may name data that it does not load).
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
import math
import os
import sys
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

with contextlib.redirect_stderr(io.StringIO()):
    import keras
    import numpy as np
    import tensorflow as tf
    from keras.src.models.functional import Functional

TRAIN_ROWS, TEST_ROWS = 48, 16
IMAGES = {
    "mnist": ((28, 28), 10, ()),
    "fashion_mnist": ((28, 28), 10, ()),
    "cifar10": ((32, 32, 3), 10, (1,)),
    "cifar100": ((32, 32, 3), 100, (1,)),
}
REAL_COMPILE = keras.Model.compile
REAL_MODEL_INIT = keras.Model.__init__
REAL_FUNCTIONAL_INIT = Functional.__init__
REAL_SEQUENTIAL_INIT = keras.Sequential.__init__
REAL_SEQUENTIAL_BUILD = keras.Sequential.build
REAL_SAVE = keras.Model.save


class Curves(dict):
    """The curves of a training that did not happen."""

    def __missing__(self, key):
        return [0.5]


class History:
    def __init__(self, epochs):
        self.history = Curves()
        self.epoch = list(range(epochs))
        self.params = {}


class Recorder:
    """What one script did."""

    def __init__(self):
        self.models = []
        self.events = []
        self.building = 0

    def made(self, model):
        if not any(model is known for known in self.models):
            self.models.append(model)

    def index(self, model):
        return next((i for i, known in enumerate(self.models) if known is model), None)


RECORDER = Recorder()


def plain(value):
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    shape = getattr(value, "shape", None)
    if shape is not None:
        return {"shape": [int(size) for size in shape]}
    return {"object": type(value).__name__ if not inspect.isfunction(value) else value.__name__}


def shortest(rate):
    """A float32 as its author wrote it."""
    return float(f"{float(rate):.6g}")


def loss_name(value):
    if value is None:
        return None
    if isinstance(value, dict):
        return {key: loss_name(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [loss_name(item) for item in value]
    found = keras.losses.get(value)
    if isinstance(found, keras.losses.Loss):
        return keras.src.utils.naming.to_snake_case(type(found).__name__)
    return getattr(found, "__name__", type(found).__name__)


def given(function, self, args, kwargs):
    bound = inspect.signature(function).bind(self, *args, **kwargs)
    flat = dict(bound.arguments)
    flat.update(flat.pop("kwargs", {}))
    flat.pop("self")
    return flat


def in_order(model, losses):
    """Losses by the name of the output as a list."""
    return [losses.get(name) for name in model.output_names] if isinstance(losses, dict) else losses


def compile_recorded(self, *args, **kwargs):
    REAL_COMPILE(self, *args, **kwargs)
    arguments = given(REAL_COMPILE, self, args, kwargs)
    rate = self.optimizer._learning_rate
    schedule = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
    RECORDER.events.append(
        {
            "event": "compile",
            "model": RECORDER.index(self),
            "optimizer": type(self.optimizer).__name__.lower(),
            "learning_rate": type(rate).__name__ if schedule else shortest(rate),
            "loss": loss_name(in_order(self, arguments.get("loss"))),
            "metrics": plain(arguments.get("metrics")),
        }
    )


def recording(name, real, answer):
    def replaced(self, *args, **kwargs):
        arguments = given(real, self, args, kwargs)
        RECORDER.events.append(
            {
                "event": name,
                "model": RECORDER.index(self),
                "arguments": {
                    key: [type(item).__name__ for item in value] if key == "callbacks" else plain(value)
                    for key, value in arguments.items()
                },
            }
        )
        return answer(self, arguments)

    return replaced


def evaluated(self, arguments):
    metrics = self._compile_metrics._user_metrics if getattr(self, "_compile_metrics", None) is not None else None
    count = len(keras.tree.flatten(metrics)) if metrics else 0
    return [0.5] * (count + 1) if count else 0.5


def predicted(self, arguments):
    rows = len(arguments["x"]) if hasattr(arguments.get("x"), "__len__") else 4
    shapes = [tuple(size or 1 for size in tensor.shape[1:]) for tensor in self.outputs]
    arrays = [np.zeros((rows, *shape), "float32") for shape in shapes]
    return arrays[0] if len(arrays) == 1 else arrays


def saved_in_passing(self, filepath, *args, **kwargs):
    """What a script saves it may load again; that which goes elsewhere than to a temporary folder is not written."""
    if Path(filepath).resolve().is_relative_to(tempfile.gettempdir()):
        with contextlib.suppress(Exception):
            REAL_SAVE(self, filepath, *args, **kwargs)


def sequential_init(self, *args, **kwargs):
    RECORDER.made(self)
    REAL_SEQUENTIAL_INIT(self, *args, **kwargs)


def sequential_build(self, *args, **kwargs):
    # A Sequential keeps a functional model of its own, and makes it anew at each `add`.
    RECORDER.building += 1
    try:
        REAL_SEQUENTIAL_BUILD(self, *args, **kwargs)
    finally:
        RECORDER.building -= 1


def model_init(self, *args, **kwargs):
    if not RECORDER.building and not isinstance(self, (Functional, keras.Sequential)):
        RECORDER.made(self)
    REAL_MODEL_INIT(self, *args, **kwargs)


def functional_init(self, *args, **kwargs):
    REAL_FUNCTIONAL_INIT(self, *args, **kwargs)
    if not RECORDER.building:
        RECORDER.made(self)


def images(shape, classes, label_shape):
    def load_data(*args, **kwargs):
        rng = np.random.default_rng(0)
        return tuple(
            (
                rng.integers(0, 256, (rows, *shape)).astype("uint8"),
                (np.arange(rows) % classes).reshape(rows, *label_shape).astype("uint8"),
            )
            for rows in (TRAIN_ROWS, TEST_ROWS)
        )

    return load_data


def texts(classes):
    def load_data(path="", num_words=20000, **kwargs):
        rng = np.random.default_rng(0)
        parts = []
        for rows in (TRAIN_ROWS, TEST_ROWS):
            lists = np.empty(rows, dtype=object)
            for row in range(rows):
                lists[row] = [int(word) for word in rng.integers(1, num_words or 20000, 20 + row)]
            parts.append((lists, np.arange(rows) % classes))
        return tuple(parts)

    return load_data


def tables(columns):
    def load_data(*args, **kwargs):
        rng = np.random.default_rng(0)
        return tuple((rng.normal(size=(rows, columns)), rng.normal(size=rows)) for rows in (TRAIN_ROWS, TEST_ROWS))

    return load_data


def intercept():
    for name, (shape, classes, labels) in IMAGES.items():
        getattr(keras.datasets, name).load_data = images(shape, classes, labels)
        getattr(tf.keras.datasets, name).load_data = images(shape, classes, labels)
    for home in (keras.datasets, tf.keras.datasets):
        home.imdb.load_data = texts(2)
        home.reuters.load_data = texts(46)
        home.boston_housing.load_data = tables(13)
        home.california_housing.load_data = tables(8)
    keras.Model.compile = compile_recorded
    keras.Model.fit = recording("fit", keras.Model.fit, lambda self, given: History(given.get("epochs", 1)))
    keras.Model.evaluate = recording("evaluate", keras.Model.evaluate, evaluated)
    keras.Model.predict = recording("predict", keras.Model.predict, predicted)
    keras.Model.train_on_batch = recording("train_on_batch", keras.Model.train_on_batch, evaluated)
    keras.Model.save = saved_in_passing
    keras.Model.save_weights = lambda self, *args, **kwargs: None
    keras.Model.summary = lambda self, *args, **kwargs: None
    keras.Sequential.__init__ = sequential_init
    keras.Sequential.build = sequential_build
    keras.Model.__init__ = model_init
    Functional.__init__ = functional_init


def wired(model):
    """A model of the program's own class as a functional one: its `call` on the input that it was built for."""
    if isinstance(model, Functional):
        return model
    shape = model._build_shapes_dict["input_shape"] if model._build_shapes_dict else None
    if shape is None:
        return None
    RECORDER.building += 1
    try:
        several = isinstance(shape, (list, dict)) or (shape and isinstance(shape[0], (list, tuple)))
        inputs = [keras.Input(batch_shape=item) for item in shape] if several else keras.Input(batch_shape=shape)
        return Functional(inputs, model.call(inputs))
    finally:
        RECORDER.building -= 1


def describe(model):
    """The calls of a model: class, output shapes and parameters of each, and the calls that its inputs come from."""
    kind = "sequential" if isinstance(model, keras.Sequential) else "functional"
    described = {"kind": kind, "name": model.name, "layers": [type(layer).__name__ for layer in model.layers]}
    if not isinstance(model, (Functional, keras.Sequential)):
        described["kind"] = "subclassed"
    graph = model._functional if isinstance(model, keras.Sequential) else wired(model)
    if graph is None:
        return described | {"built": False}
    nodes = [node for depth in sorted(graph._nodes_by_depth, reverse=True) for node in graph._nodes_by_depth[depth]]
    producer = {id(tensor): [i, j] for i, node in enumerate(nodes) for j, tensor in enumerate(node.output_tensors)}
    calls = []
    for node in nodes:
        operation = node.operation
        layer = isinstance(operation, keras.Layer)
        calls.append(
            {
                "class": "Model" if isinstance(operation, keras.Model) else type(operation).__name__,
                "operation": not layer,
                "parameters": operation.count_params() if layer else 0,
                "outputs": [list(tensor.shape) for tensor in node.output_tensors],
                "inputs": [producer[id(tensor)] for tensor in node.input_tensors if id(tensor) in producer],
            }
        )
    return described | {
        "built": True,
        "nodes": calls,
        "inputs": [producer[id(tensor)] for tensor in keras.tree.flatten(graph.inputs)],
        "outputs": [producer[id(tensor)] for tensor in keras.tree.flatten(graph.outputs)],
        "parameters": model.count_params(),
        "trained": sum(math.prod(weight.shape) for weight in model.trainable_weights),
    }


def execute(text, name, lenient):
    """Run a script; the errors of its statements, first the ones that Keras raised."""
    namespace = {"__name__": "__main__", "__file__": name}
    tree = ast.parse(text)
    parts = [[statement] for statement in tree.body] if lenient else [tree.body]
    errors = []
    for part in parts:
        try:
            exec(compile(ast.Module(part, []), name, "exec"), namespace)
        except (Exception, SystemExit) as error:
            errors.append({"type": type(error).__name__, "message": str(error)[:2000], "line": part[0].lineno})
            if not lenient:
                import traceback

                errors[-1]["traceback"] = traceback.format_exc()
    return errors


def save(models, folder, name):
    """Each model in both formats, with its compile configuration; the paths, or why Keras cannot save it."""
    saved = []
    for index, model in enumerate(models):
        for suffix in (".keras", ".h5"):
            path = Path(folder) / f"{name}-{index}{suffix}"
            try:
                REAL_SAVE(model, path)
            except Exception as error:
                saved.append({"model": index, "suffix": suffix, "error": f"{type(error).__name__}: {error}"[:500]})
            else:
                saved.append({"model": index, "suffix": suffix, "path": str(path)})
    return saved


def run(task):
    global RECORDER
    RECORDER = Recorder()
    keras.backend.clear_session()
    keras.config.set_image_data_format("channels_last")
    text = task.get("text") or Path(task["path"]).read_text()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        errors = execute(text, task["name"], task.get("lenient", False))
        result = {"errors": errors, "events": RECORDER.events, "models": [describe(model) for model in RECORDER.models]}
        if task.get("save"):
            result["saved"] = save(RECORDER.models, task["save"], task["name"])
    return result


def main():
    tasks, results = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    sys.argv = ["script.py"]
    intercept()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        found = {task["name"]: run(task) for task in json.loads(tasks.read_text())}
        os.chdir("/")
    results.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
