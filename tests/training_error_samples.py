"""Small scripts that make Keras raise or warn as it compiles, trains, judges, saves or loads, with the rule that says so before."""

from __future__ import annotations

from keras_error_samples import COMPILE, DATA, FIT, HEAD, MODEL, Sample, compiled, fitted, layered, with_callback

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
MAP = "optimizers.OptimizerMap(optimizers.Adam())"
UNBUILT = "model = keras.Sequential([layers.Dense(3)])\n"
AIMED = "print(keras.ops.sum(1))\n"


def paired(site: str, arguments: str, labels: str = "[y, y]", model: str = TWO) -> Sample:
    """A model of two outputs that is compiled with these arguments, and fitted."""
    fit = f"history = model.fit(x, {labels}, batch_size=32)\n"
    return Sample(site, "KC320", HEAD + DATA + model + f"model.compile({arguments})\n" + fit)


def saved(site: str, code: str, lines: str, model: str = MODEL) -> Sample:
    """What is done with a model in the way of files."""
    return Sample(site, code, HEAD + AIMED + model + lines + "\n")


def made(site: str, code: str, thing: str) -> Sample:
    """Something of Keras that is made, and perhaps used."""
    return Sample(site, code, f"{HEAD}from keras import optimizers\n\nthing = {thing}\n")


def sequenced(site: str, loss: str, metric: str) -> Sample:
    """A model of sequences under a metric of single rows."""
    model = "model = keras.Sequential([keras.Input((4, 3)), layers.Dense(1)])\n"
    trained = (
        f'model.compile("adam", "{loss}", metrics=[{metric}])\nmodel.fit(np.zeros((8, 4, 3)), np.zeros((8, 4, 1)))\n'
    )
    return Sample(site, "KC321", HEAD + model + trained)


def applied(site: str, call: str) -> Sample:
    """A network of `keras.applications`."""
    return Sample(f"applications/{site}", "KC233", f"{HEAD}base = keras.applications.{call}\n")


def copied(site: str, arguments: str, head: str) -> Sample:
    """A model that is copied, in a script that is known to aim at Keras 3."""
    return Sample(site, "KC605", f"{HEAD}{AIMED}{head}print(keras.models.clone_model({arguments}))\n")


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
    compiled("optimizers/adamw:AdamW.__init__:1", "KC606", 'keras.optimizers.AdamW(weight_decay=None), "mse"'),
    compiled("optimizers/base_optimizer:BaseOptimizer.__init__:7", "KC606", 'keras.optimizers.Adam("0.01"), "mse"'),
    compiled(
        "optimizers/base_optimizer:BaseOptimizer.__init__:3",
        "KC405",
        'keras.optimizers.Adam(gradient_accumulation_steps=1), "mse"',
    ),
    compiled(
        "optimizers/base_optimizer:BaseOptimizer.__init__:5",
        "KC405",
        'keras.optimizers.Adam(use_ema=True, ema_overwrite_frequency=-1), "mse"',
    ),
    compiled(
        "optimizers/ftrl:Ftrl.__init__:1", "KC405", 'keras.optimizers.Ftrl(initial_accumulator_value=-1.0), "mse"'
    ),
    compiled("optimizers/ftrl:Ftrl.__init__:2", "KC405", 'keras.optimizers.Ftrl(learning_rate_power=1.0), "mse"'),
    compiled(
        "optimizers/ftrl:Ftrl.__init__:3", "KC405", 'keras.optimizers.Ftrl(l1_regularization_strength=-1.0), "mse"'
    ),
    compiled(
        "optimizers/ftrl:Ftrl.__init__:4", "KC405", 'keras.optimizers.Ftrl(l2_regularization_strength=-1.0), "mse"'
    ),
    compiled(
        "optimizers/ftrl:Ftrl.__init__:5",
        "KC405",
        'keras.optimizers.Ftrl(l2_shrinkage_regularization_strength=-1.0), "mse"',
    ),
    compiled("optimizers/lion:Lion.__init__:1", "KC405", 'keras.optimizers.Lion(beta_1=0.0), "mse"'),
    compiled(
        "optimizers/loss_scale_optimizer:LossScaleOptimizer.__init__:1",
        "KC405",
        'keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(), dynamic=False), "mse"',
    ),
    made("optimizers/multi_optimizer:OptimizerMap.__init__:1", "KC606", 'optimizers.OptimizerMap("adam")'),
    made(
        "optimizers/multi_optimizer:OptimizerMap.__init__:2", "KC606", "optimizers.OptimizerMap(optimizers.Adam(), [1])"
    ),
    compiled(
        "optimizers/multi_optimizer:MultiOptimizer.build:3",
        "KC606",
        "keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(keras.optimizers.Adam(), "
        '{".*": keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(keras.optimizers.Adam()))})), "sparse_categorical_crossentropy"',
    ),
    made(
        "optimizers/multi_optimizer:MultiOptimizer.learning_rate:1",
        "KC605",
        "optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.Adam()))\nprint(thing.learning_rate)",
    ),
    made(
        "optimizers/multi_optimizer:MultiOptimizer.learning_rate:2",
        "KC605",
        "optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.Adam()))\nthing.learning_rate = 0.1",
    ),
    made(
        "optimizers/schedules/learning_rate_schedule:ExponentialDecay.__init__:1",
        "KC406",
        "optimizers.schedules.ExponentialDecay(0.1, 0, 0.9)",
    ),
    made(
        "optimizers/schedules/learning_rate_schedule:PolynomialDecay.__init__:1",
        "KC406",
        "optimizers.schedules.PolynomialDecay(0.1, 0)",
    ),
    made(
        "optimizers/schedules/learning_rate_schedule:InverseTimeDecay.__init__:1",
        "KC406",
        "optimizers.schedules.InverseTimeDecay(0.1, 0, 0.9)",
    ),
    made(
        "optimizers/schedules/learning_rate_schedule:CosineDecay.__init__:1",
        "KC406",
        "optimizers.schedules.CosineDecay(0.1, 0)",
    ),
    made(
        "optimizers/schedules/learning_rate_schedule:CosineDecayRestarts.__init__:1",
        "KC406",
        "optimizers.schedules.CosineDecayRestarts(0.1, 0)",
    ),
    made(
        "optimizers/schedules/learning_rate_schedule:PiecewiseConstantDecay.__init__:1",
        "KC406",
        "optimizers.schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2])",
    ),
    made(
        "metrics/confusion_metrics:SensitivitySpecificityBase.__init__:1",
        "KC606",
        "keras.metrics.SensitivityAtSpecificity(0.5, num_thresholds=0)",
    ),
    made("metrics/confusion_metrics:AUC.__init__:4", "KC606", "keras.metrics.AUC(num_labels=3)"),
    made("metrics/f_score_metrics:FBetaScore.__init__:2", "KC606", "keras.metrics.FBetaScore(beta=1)"),
    made("metrics/f_score_metrics:FBetaScore.__init__:4", "KC606", "keras.metrics.F1Score(threshold=1)"),
    made("metrics/iou_metrics:IoU.__init__:1", "KC606", "keras.metrics.IoU(num_classes=2, target_class_ids=[2])"),
    compiled(
        "metrics/f_score_metrics:FBetaScore._build:1",
        "KC321",
        '"adam", "sparse_categorical_crossentropy", metrics=[keras.metrics.F1Score()]',
    ),
    sequenced("metrics/regression_metrics:R2Score._build:1", "mse", "keras.metrics.R2Score()"),
    sequenced("metrics/confusion_metrics:AUC._build:1", "binary_crossentropy", "keras.metrics.AUC(multi_label=True)"),
    Sample(
        "losses/losses:ctc:2",
        "KC321",
        HEAD + MODEL + 'model.compile("adam", keras.losses.CTC())\nmodel.fit(np.zeros((8, 4)), np.zeros((8, 2)))\n',
    ),
    Sample(
        "losses/losses:ctc:1",
        "KC321",
        HEAD
        + 'model = keras.Sequential([keras.Input((4, 3)), layers.Dense(3, "softmax")])\n'
        + 'model.compile("adam", keras.losses.CTC())\nmodel.fit(np.zeros((8, 4, 3)), np.zeros((8, 4, 1)))\n',
    ),
    compiled(
        "losses/losses:categorical_crossentropy:1", "KC606", '"adam", keras.losses.CategoricalCrossentropy(axis=True)'
    ),
    compiled(
        "losses/losses:categorical_focal_crossentropy:1",
        "KC606",
        '"adam", keras.losses.CategoricalFocalCrossentropy(axis=True)',
    ),
    made("backend/config:set_floatx:1", "KC606", 'keras.config.set_floatx("float128")'),
    made("backend/config:set_image_data_format:1", "KC606", 'keras.config.set_image_data_format("th")'),
    made("initializers/constant_initializers:STFT.__init__:1", "KC606", 'keras.initializers.STFT(side="left")'),
    made(
        "initializers/random_initializers:RandomInitializer.__init__:1",
        "KC606",
        'keras.initializers.HeNormal(seed="a")',
    ),
    made("constraints/__init__:get:1", "KC606", "layers.Dense(3, kernel_constraint=3)"),
    layered(
        "initializers/constant_initializers:Identity.__call__:1",
        "KC224",
        'layers.Conv2D(3, 3, kernel_initializer="identity")',
    ),
    layered(
        "initializers/random_initializers:Orthogonal.__call__:1",
        "KC224",
        'layers.Dense(3, bias_initializer="orthogonal")',
    ),
    Sample(
        "regularizers/regularizers:OrthogonalRegularizer.__call__:1",
        "KC222",
        HEAD
        + "model = keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(3, 3, kernel_regularizer={})])\n".format(
            "keras.regularizers.OrthogonalRegularizer()"
        )
        + 'model.compile("adam", "mse")\nmodel.fit(np.zeros((8, 4, 4, 1)), np.zeros((8, 2, 2, 3)))\n',
    ),
    made("callbacks/backup_and_restore:BackupAndRestore.__init__:1", "KC529", 'keras.callbacks.BackupAndRestore("")'),
    fitted("trainers/trainer:Trainer._should_eval:1", "KC606", FIT.format(', validation_freq="a"').strip()),
    Sample(
        "saving/object_registration:register_keras_serializable.decorator:1",
        "KC247",
        HEAD + "\n@keras.saving.register_keras_serializable()\nclass Plain:\n    pass\n",
    ),
    *(
        made(f"optimizers/multi_optimizer:OptimizerMap.__setitem__:{number}", "KC605", f"{MAP}\n{entry}")
        for number, entry in (
            (1, 'thing["a"] = optimizers.SGD()\nthing["a"] = optimizers.SGD()'),
            (2, "thing[1] = optimizers.SGD()"),
            (3, 'thing["a"] = "sgd"'),
            (4, 'thing["a"] = optimizers.LossScaleOptimizer(optimizers.SGD())'),
            (5, f'thing["a"] = optimizers.MultiOptimizer({MAP})'),
        )
    ),
    copied("models/cloning:clone_model:2", "model, call_function=lambda layer, value: layer(value)", MODEL),
    copied("models/cloning:clone_model:3", "Pair(), clone_function=lambda layer: layer", CLASS),
    copied("models/cloning:clone_model:4", "Pair(), call_function=lambda layer, value: layer(value)", CLASS),
    copied(
        "models/cloning:_clone_sequential_model:3", "model, input_tensors=[keras.Input((4,)), keras.Input((4,))]", MODEL
    ),
    copied("models/cloning:_clone_sequential_model:4", "model, input_tensors=x", DATA + MODEL),
    copied("models/cloning:_clone_functional_model:3", "model, input_tensors=x", DATA + TWO),
    copied("models/cloning:_clone_functional_model:4", "model, input_tensors=[inputs, keras.Input((4,))]", TWO),
    *(
        applied(site, arguments)
        for site, arguments in (
            ("convnext:ConvNeXt:2", 'ConvNeXtTiny(weights="image_net")'),
            ("densenet:DenseNet:2", 'DenseNet121(weights="image_net")'),
            ("efficientnet:EfficientNet:1", 'EfficientNetB0(weights="image_net")'),
            ("efficientnet_v2:EfficientNetV2:1", 'EfficientNetV2B0(weights="image_net")'),
            ("inception_resnet_v2:InceptionResNetV2:1", 'InceptionResNetV2(weights="image_net")'),
            ("inception_v3:InceptionV3:1", 'InceptionV3(weights="image_net")'),
            ("mobilenet:MobileNet:1", 'MobileNet(weights="image_net")'),
            ("mobilenet_v2:MobileNetV2:1", 'MobileNetV2(weights="image_net")'),
            ("mobilenet_v3:MobileNetV3:1", 'MobileNetV3Small(weights="image_net")'),
            ("nasnet:NASNet:2", 'NASNetMobile(weights="image_net")'),
            ("resnet:ResNet:1", 'ResNet50(weights="image_net")'),
            ("vgg16:VGG16:1", 'VGG16(weights="image_net")'),
            ("vgg19:VGG19:1", 'VGG19(weights="image_net")'),
            ("xception:Xception:1", 'Xception(weights="image_net")'),
            ("imagenet_utils:obtain_input_shape:7", "VGG16(weights=None, include_top=False, input_shape=(224, 224))"),
            ("imagenet_utils:obtain_input_shape:10", "VGG16(weights=None, input_shape=(None, None, 3))"),
            ("imagenet_utils:validate_activation:1", 'VGG16(classifier_activation="sigmoid")'),
            ("mobilenet:MobileNet:3", "MobileNet(depth_multiplier=2)"),
            ("mobilenet:MobileNet:4", "MobileNet(alpha=0.3)"),
            (
                "mobilenet_v2:MobileNetV2:5",
                "MobileNetV2(weights=None, include_top=False, input_shape=(96, 96, 3), input_tensor=keras.Input((128, 128, 3)))",
            ),
            (
                "mobilenet_v2:MobileNetV2:6",
                "MobileNetV2(weights=None, include_top=False, input_shape=(96, 96, 3), input_tensor=np.zeros((1, 96, 96, 3)))",
            ),
            ("mobilenet_v2:MobileNetV2:8", "MobileNetV2(alpha=0.3)"),
            (
                "mobilenet_v3:MobileNetV3:5",
                "MobileNetV3Small(weights=None, include_top=False, input_shape=(96, 96, 3), input_tensor=keras.Input((128, 128, 3)))",
            ),
            (
                "mobilenet_v3:MobileNetV3:6",
                "MobileNetV3Small(weights=None, include_top=False, input_shape=(96, 96, 3), input_tensor=np.zeros((1, 96, 96, 3)))",
            ),
            ("mobilenet_v3:MobileNetV3:9", "MobileNetV3Small(alpha=0.5)"),
            ("nasnet:NASNet:4", "NASNetMobile(include_top=False, input_shape=(None, None, 3))"),
        )
    ),
)
