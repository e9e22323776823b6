"""Small scripts that make Keras raise or warn as it compiles, trains, judges, saves or loads, with the rule that says so before."""

from __future__ import annotations

from keras_error_samples import COMPILE, DATA, FIT, HEAD, MODEL, Sample, compiled, fitted, with_callback

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
WEIGHTS = "class_weight={0: 1.0, 1: 2.0, 2: 1.0}"
ROWS = """

class Rows(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return {}


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
    saved("saving/saving_api:save_model:2", "KC601", 'model.save("a.keras", signatures=None)'),
    saved("saving/saving_api:load_weights:1", "KC601", 'model.load_weights("a.weights.h5", options=None)'),
    saved(
        "saving/serialization_lib:serialize_keras_object:1",
        "KC235",
        'model.save("a.keras")',
        "model = keras.Sequential([keras.Input((4,)), layers.Dense(3, lambda value: value * 2)])\n",
    ),
    saved(
        "saving/serialization_lib:deserialize_keras_object:4",
        "KC235",
        'model.compile("adam", lambda true, guess: keras.ops.mean(true - guess))\nmodel.save("a.keras")\n'
        + 'print(keras.models.load_model("a.keras"))',
    ),
    Sample(
        "optimizers/__init__:LegacyOptimizerWarning.__init__:1",
        "KC602",
        HEAD + "print(keras.optimizers.legacy.Adam())\n",
    ),
    Sample(
        "models/cloning:clone_model:1", "KC605", HEAD + MODEL + "print(keras.models.clone_model(model, deep=True))\n"
    ),
    compiled(
        "optimizers/loss_scale_optimizer:LossScaleOptimizer.__init__:2",
        "KC605",
        'keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(), clipnorm=1.0), "mse"',
    ),
    compiled(
        "optimizers/loss_scale_optimizer:LossScaleOptimizer.__init__:3",
        "KC605",
        'keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(), decay=0.1), "mse"',
    ),
    with_callback("callbacks/swap_ema_weights:SwapEMAWeights._apply_to_ema_optimizers:3", "KC529", "SwapEMAWeights()"),
    with_callback(
        "callbacks/tensorboard:TensorBoard._init_profile_batch:1",
        "KC529",
        'TensorBoard("logs", profile_batch=(1, 2, 3))',
    ),
    with_callback(
        "callbacks/tensorboard:TensorBoard._init_profile_batch:2", "KC529", 'TensorBoard("logs", profile_batch=(3, 2))'
    ),
    Sample(
        "callbacks/backup_and_restore:BackupAndRestore._load_model:1",
        "KC529",
        HEAD + DATA + UNBUILT + COMPILE + FIT.format(', callbacks=[keras.callbacks.BackupAndRestore("backup")]'),
    ),
    fitted(
        "trainers/data_adapters/array_data_adapter:ArrayDataAdapter.__init__:2",
        "KC518",
        f"history = model.fit(x, y, batch_size=32, {WEIGHTS}, sample_weight=np.ones(64))",
    ),
    fitted(
        "backend/tensorflow/trainer:TensorFlowTrainer.train_on_batch:1",
        "KC518",
        f"print(model.train_on_batch(x, y, {WEIGHTS}, sample_weight=np.ones(64)))",
    ),
    fitted(
        "trainers/data_adapters/tf_dataset_adapter:make_class_weight_map_fn.class_weights_map_fn:1",
        "KC518",
        f"history = model.fit(rows, {WEIGHTS})",
        head="import tensorflow as tf\n\nrows = tf.data.Dataset.from_tensor_slices((x, y, np.ones(64))).batch(32)\n",
    ),
    fitted(
        "trainers/data_adapters/py_dataset_adapter:PyDatasetAdapter._standardize_batch:2",
        "KC518",
        f"history = model.fit(Rows(), {WEIGHTS})",
        head=ROWS.format("x, y, np.ones(64)"),
    ),
    fitted(
        "trainers/data_adapters/py_dataset_adapter:PyDatasetAdapter._standardize_batch:1",
        "KC129",
        "history = model.fit(Rows())",
        head=ROWS.format("x, y, np.ones(64), x"),
    ),
    fitted(
        "trainers/data_adapters/generator_data_adapter:GeneratorDataAdapter.__init__:2",
        "KC129",
        "history = model.fit(batches(), steps_per_epoch=2)",
        head="\n\ndef batches():\n    while True:\n        yield [x, y]\n\n\n",
    ),
    fitted(
        "trainers/epoch_iterator:EpochIterator._interrupted_warning:1",
        "KC123",
        "history = model.fit(x, y, batch_size=8, steps_per_epoch=20)",
    ),
)
