"""Small scripts that make Keras raise or warn as it compiles, trains, judges, saves or loads, with the rule that says so before."""

from __future__ import annotations

from keras_error_samples import DATA, HEAD, MODEL, Sample, compiled

TWO = (
    "inputs = keras.Input((4,))\n"
    'model = keras.Model(inputs, [layers.Dense(1, name="first")(inputs), layers.Dense(1, name="second")(inputs)])\n'
)
KEYED = (
    "inputs = keras.Input((4,))\n"
    'model = keras.Model(inputs, {"first": layers.Dense(1)(inputs), "second": layers.Dense(1)(inputs)})\n'
)
CLASS = """class Pair(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Dense(1)
        self.second = layers.Dense(1)

    def call(self, inputs):
        return [self.first(inputs), self.second(inputs)]


"""
UNBUILT = "model = keras.Sequential([layers.Dense(3)])\n"
AIMED = "print(keras.ops.sum(1))\n"


def paired(site: str, arguments: str, labels: str = "[y, y]", model: str = TWO) -> Sample:
    """A model of two outputs that is compiled with these arguments, and fitted."""
    fit = f"history = model.fit(x, {labels}, batch_size=32)\n"
    return Sample(site, "KC320", HEAD + DATA + model + f"model.compile({arguments})\n" + fit)


def saved(site: str, code: str, lines: str, model: str = MODEL) -> Sample:
    """What is done with a model in the way of files."""
    return Sample(site, code, HEAD + AIMED + model + lines + "\n")


TRAINING = (
    compiled(
        "trainers/compile_utils:get_metric:1", "KC320", '"adam", "sparse_categorical_crossentropy", metrics=[None]'
    ),
    compiled("trainers/compile_utils:CompileMetrics.__init__:1", "KC320", '"adam", "mse", metrics="accuracy"'),
    compiled("trainers/compile_utils:CompileMetrics.__init__:2", "KC320", '"adam", "mse", weighted_metrics="accuracy"'),
    compiled("trainers/compile_utils:CompileLoss.__init__:1", "KC320", '"adam", "mse", loss_weights=2'),
    paired("trainers/compile_utils:CompileMetrics._build_metrics_set:2", '"adam", "mse", metrics=["mae"]'),
    paired(
        "trainers/compile_utils:CompileMetrics._build_metrics_set:3",
        '"adam", "mse", metrics=["mae"]',
        model=CLASS + "model = Pair()\n",
    ),
    paired("trainers/compile_utils:CompileLoss.build:1", '"adam", {"first": "mse", "third": "mse"}'),
    paired(
        "trainers/compile_utils:CompileLoss._build_nested:3",
        '"adam", {"first": "mse", "third": "mse"}',
        '{"first": y, "second": y}',
        KEYED,
    ),
    compiled("trainers/trainer:Trainer.compute_loss:1", "KC314", '"adam", metrics=["accuracy"]'),
    saved("saving/saving_api:save_weights:1", "KC608", 'model.save_weights("a.h5")'),
    saved("saving/saving_api:save_weights:2", "KC608", 'model.save_weights("a.h5", max_shard_size=1)'),
    saved("saving/saving_api:load_weights:2", "KC608", 'model.load_weights("a.keras", objects_to_skip=[])'),
    saved("saving/saving_api:load_weights:3", "KC608", 'model.load_weights("a.keras", by_name=True)'),
    saved("saving/saving_api:load_weights:4", "KC608", 'model.load_weights("a.weights.h5", by_name=True)'),
    saved("saving/saving_api:load_weights:5", "KC608", 'model.load_weights("a.h5", objects_to_skip=[])'),
    saved(
        "saving/saving_api:load_model:2", "KC608", 'model.export("folder")\nprint(keras.models.load_model("folder"))'
    ),
    saved("models/model:Model.export:1", "KC608", 'model.export("folder", format="tf")'),
    saved("saving/saving_lib:save_model:2", "KC520", 'model.save("a.keras")', UNBUILT),
    saved("saving/saving_lib:save_weights_only:1", "KC520", 'model.save_weights("a.weights.h5")', UNBUILT),
    saved(
        "saving/saving_lib:load_weights_only:1",
        "KC520",
        'model.save_weights("b.weights.h5")\n' + UNBUILT + 'model.load_weights("b.weights.h5")',
    ),
)
