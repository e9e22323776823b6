"""Small scripts that make Keras raise or warn at a site of docs/keras-errors.csv, with the rule that says so before."""

from __future__ import annotations

from msgspec import Struct

HEAD = "import numpy as np\nimport keras\nfrom keras import layers\n\n"
DATA = "x = np.zeros((64, 4))\ny = np.zeros(64, dtype=int)\n"
MODEL = 'model = keras.Sequential([keras.Input((4,)), layers.Dense(3, "softmax")])\n'
COMPILE = 'model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])\n'
FIT = "history = model.fit(x, y, batch_size=32, validation_split=0.5{})\n"


class Sample(Struct, frozen=True):
    """A script that reaches a site, and the code of the rule that is to speak of it."""

    site: str
    code: str
    script: str


def layered(site: str, code: str, layer: str, shape: str = "(28, 28, 3)") -> Sample:
    """A model of one layer."""
    return Sample(site, code, f"{HEAD}model = keras.Sequential([keras.Input({shape}), {layer}])\n")


def compiled(site: str, code: str, arguments: str, fit: str = "") -> Sample:
    """A classifier of three classes that is compiled with these arguments, and fitted."""
    return Sample(site, code, HEAD + DATA + MODEL + f"model.compile({arguments})\n" + FIT.format(fit))


def fitted(site: str, code: str, call: str, head: str = "") -> Sample:
    """A compiled classifier, and what is done with it."""
    return Sample(site, code, HEAD + DATA + MODEL + COMPILE + head + call + "\n")


def merged(site: str, code: str, layer: str, one: str, other: str) -> Sample:
    """A layer on two inputs."""
    script = f"one = keras.Input({one})\nother = keras.Input({other})\nmodel = keras.Model([one, other], {layer}([one, other]))\n"
    return Sample(site, code, HEAD + script)


def with_callback(site: str, code: str, callback: str) -> Sample:
    """A classifier that is fitted with a callback."""
    return fitted(site, code, FIT.format(f", epochs=3, callbacks=[keras.callbacks.{callback}]").strip())


CUSTOM = """class Scaled(layers.Layer):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor


"""

SAMPLES = (
    layered("layers/core/dense:Dense.__init__:1", "KC606", "layers.Dense(0)"),
    layered("layers/convolutional/base_conv:BaseConv.__init__:1", "KC606", "layers.Conv2D(0, 3)"),
    layered("layers/convolutional/base_conv:BaseConv.__init__:3", "KC214", "layers.Conv2D(8, 3, groups=3)"),
    layered("layers/convolutional/base_conv:BaseConv.build:1", "KC214", "layers.Conv2D(8, 3, groups=2)"),
    layered("layers/core/embedding:Embedding.__init__:1", "KC606", "layers.Embedding(0, 4)", "(8,)"),
    layered("layers/core/embedding:Embedding.__init__:3", "KC601", "layers.Embedding(9, 4, input_length=8)", "(8,)"),
    layered("layers/activations/leaky_relu:LeakyReLU.__init__:1", "KC601", "layers.LeakyReLU(alpha=0.1)"),
    layered(
        "layers/attention/multi_head_attention:MultiHeadAttention.__init__:2",
        "KC606",
        "layers.MultiHeadAttention(2, 0)",
    ),
    layered("layers/rnn/lstm:LSTMCell.__init__:1", "KC606", "layers.LSTM(0)", "(4, 8)"),
    layered(
        "layers/rnn/bidirectional:Bidirectional.__init__:3",
        "KC606",
        'layers.Bidirectional(layers.LSTM(4), merge_mode="add")',
        "(4, 8)",
    ),
    layered("layers/rnn/rnn:RNN.build:1", "KC517", "layers.LSTM(4, stateful=True)", "(4, 8)"),
    layered(
        "layers/rnn/time_distributed:TimeDistributed._get_child_input_shape:1",
        "KC213",
        "layers.TimeDistributed(layers.Dense(2))",
        "(4,)",
    ),
    layered("layers/regularization/dropout:Dropout.__init__:1", "KC207", "layers.Dropout(20)"),
    layered("layers/regularization/alpha_dropout:AlphaDropout.__init__:1", "KC207", "layers.AlphaDropout(1.5)"),
    layered("layers/input_spec:assert_input_compatibility:5", "KC213", "layers.LSTM(4)", "(8,)"),
    layered("layers/input_spec:assert_input_compatibility:7", "KC213", "layers.Conv2D(4, 3)", "(28, 28)"),
    layered(
        "layers/normalization/group_normalization:GroupNormalization.build:2", "KC214", "layers.GroupNormalization(8)"
    ),
    layered(
        "layers/normalization/group_normalization:GroupNormalization.build:3", "KC214", "layers.GroupNormalization(2)"
    ),
    layered("layers/reshaping/cropping2d:Cropping2D.compute_output_shape:2", "KC214", "layers.Cropping2D(20)"),
    layered("ops/operation_utils:compute_conv_output_shape:3", "KC214", "layers.Conv2D(4, 5)", "(3, 3, 1)"),
    layered("ops/operation_utils:compute_pooling_output_shape:1", "KC214", "layers.MaxPooling2D(30)"),
    layered("ops/operation_utils:compute_reshape_output_shape:1", "KC214", "layers.Reshape((5, 5))"),
    layered("ops/operation_utils:validate_reshape_shape:2", "KC214", "layers.Reshape((-1, -1))"),
    layered("utils/argument_validation:standardize_padding:1", "KC606", 'layers.Conv2D(8, 3, padding="samee")'),
    layered("utils/argument_validation:standardize_tuple:4", "KC606", "layers.Conv2D(8, 3, strides=-1)"),
    layered("backend/config:standardize_data_format:1", "KC606", 'layers.Conv2D(8, 3, data_format="last")'),
    layered("layers/layer:Layer.__init__:2", "KC605", "layers.Dense(8, units_in=3)"),
    layered("activations/__init__:get:1", "KC313", 'layers.Dense(8, activation="reluu")'),
    layered("initializers/__init__:get:1", "KC313", 'layers.Dense(8, kernel_initializer="glorot")'),
    layered("regularizers/__init__:get:1", "KC313", 'layers.Dense(8, kernel_regularizer="l3")'),
    layered(
        "regularizers/regularizers:validate_float_arg:1",
        "KC222",
        "layers.Dense(8, kernel_regularizer=keras.regularizers.L2(-1.0))",
    ),
    layered(
        "layers/layer:Layer.__call__:2",
        "KC220",
        "layers.Embedding(9, 4, mask_zero=True), layers.Conv1D(4, 3), layers.LSTM(4)",
        "(20,)",
    ),
    merged(
        "layers/merging/base_merge:Merge._compute_elemwise_op_output_shape:1", "KC214", "layers.Add()", "(4,)", "(5,)"
    ),
    merged("layers/merging/concatenate:Concatenate.build:2", "KC213", "layers.Concatenate()", "(3, 4)", "(5,)"),
    merged("layers/merging/concatenate:Concatenate.build:3", "KC214", "layers.Concatenate()", "(4, 3)", "(5, 2)"),
    merged("layers/merging/dot:Dot.build:2", "KC214", "layers.Dot(axes=1)", "(4,)", "(5,)"),
    merged("ops/operation_utils:broadcast_shapes:1", "KC214", "(lambda pair: pair[0] + pair[1])", "(4, 3)", "(5, 3)"),
    merged(
        "ops/operation_utils:compute_matmul_output_shape:1",
        "KC214",
        "(lambda pair: keras.ops.matmul(*pair))",
        "(4, 3)",
        "(4, 3)",
    ),
    Sample(
        "ops/function:Function._run_through_graph:1",
        "KC225",
        HEAD + "one = keras.Input((4,))\nother = keras.Input((4,))\nmodel = keras.Model(one, layers.Dense(3)(other))\n",
    ),
    compiled("losses/__init__:get:1", "KC313", '"adam", "sparse_categorical_crossentropyy"'),
    compiled("optimizers/__init__:get:1", "KC313", '"adamm", "sparse_categorical_crossentropy"'),
    compiled("optimizers/base_optimizer:BaseOptimizer.__init__:1", "KC601", 'keras.optimizers.Adam(decay=0.1), "mse"'),
    compiled(
        "optimizers/base_optimizer:BaseOptimizer.__init__:2", "KC605", 'keras.optimizers.Adam(learningrate=0.1), "mse"'
    ),
    compiled(
        "optimizers/base_optimizer:BaseOptimizer.__init__:4",
        "KC405",
        'keras.optimizers.Adam(use_ema=True, ema_momentum=2.0), "mse"',
    ),
    compiled(
        "optimizers/base_optimizer:BaseOptimizer.__init__:6",
        "KC405",
        'keras.optimizers.Adam(clipnorm=1.0, clipvalue=0.5), "mse"',
    ),
    compiled("optimizers/sgd:SGD.__init__:1", "KC405", 'keras.optimizers.SGD(0.01, momentum=1.5), "mse"'),
    compiled(
        "trainers/compile_utils:CompileLoss.build:2",
        "KC311",
        '"adam", "sparse_categorical_crossentropy", loss_weights=[1.0, 2.0]',
    ),
    compiled(
        "optimizers/base_optimizer:BaseOptimizer.learning_rate:1",
        "KC403",
        'keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.001, 100)), "sparse_categorical_crossentropy"',
        ", callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))]",
    ),
    Sample("trainers/trainer:Trainer._assert_compile_called:1", "KC314", HEAD + DATA + MODEL + FIT.format("")),
    fitted(
        "backend/tensorflow/trainer:TensorFlowTrainer.train_step:1",
        "KC231",
        "model.layers[0].trainable = False\n" + FIT.format(""),
    ),
    fitted(
        "trainers/data_adapters/array_slicing:train_validation_split:2",
        "KC606",
        "history = model.fit(x, y, batch_size=32, validation_split=1.0)",
    ),
    fitted(
        "backend/tensorflow/trainer:TensorFlowTrainer.evaluate:1", "KC605", "score = model.evaluate(x, y, batchsize=32)"
    ),
    with_callback(
        "callbacks/early_stopping:EarlyStopping.get_monitor_value:1",
        "KC507",
        'EarlyStopping(monitor="val_acc", mode="max")',
    ),
    with_callback(
        "callbacks/reduce_lr_on_plateau:ReduceLROnPlateau.on_epoch_end:1",
        "KC507",
        'ReduceLROnPlateau(monitor="val_acc", mode="max")',
    ),
    with_callback(
        "callbacks/monitor_callback:MonitorCallback._set_monitor_op:1", "KC507", 'EarlyStopping(monitor="val_acc")'
    ),
    with_callback(
        "callbacks/model_checkpoint:ModelCheckpoint._should_save_model:1",
        "KC507",
        'ModelCheckpoint("a.keras", monitor="val_acc", mode="max", save_best_only=True)',
    ),
    with_callback(
        "callbacks/model_checkpoint:ModelCheckpoint.__init__:2",
        "KC509",
        'ModelCheckpoint("a.keras", save_weights_only=True)',
    ),
    with_callback("callbacks/model_checkpoint:ModelCheckpoint.__init__:3", "KC509", 'ModelCheckpoint("model")'),
    with_callback(
        "callbacks/model_checkpoint:ModelCheckpoint._get_file_path:1", "KC509", 'ModelCheckpoint("{val_acc:.2f}.keras")'
    ),
    with_callback("callbacks/monitor_callback:MonitorCallback.__init__:1", "KC606", 'EarlyStopping(mode="maximum")'),
    with_callback(
        "callbacks/learning_rate_scheduler:LearningRateScheduler._update_optimizer_lr:2",
        "KC406",
        "LearningRateScheduler(lambda epoch: None)",
    ),
    Sample(
        "losses/losses:categorical_crossentropy:2",
        "KC303",
        HEAD
        + DATA
        + 'model = keras.Sequential([keras.Input((4,)), layers.Dense(1, "sigmoid")])\n'
        + 'model.compile("adam", "categorical_crossentropy")\n'
        + FIT.format(""),
    ),
    Sample(
        "optimizers/base_optimizer:BaseOptimizer._filter_empty_gradients:1",
        "KC315",
        HEAD
        + "def wrong(targets, predictions):\n"
        + '    return keras.ops.cast(keras.ops.argmax(predictions, -1), "float32")\n\n\n'
        + DATA
        + MODEL
        + 'model.compile("adam", wrong)\n'
        + FIT.format(""),
    ),
    Sample(
        "optimizers/base_optimizer:BaseOptimizer._check_variables_are_known:1",
        "KC407",
        HEAD
        + DATA
        + "optimizer = keras.optimizers.Adam()\nfor size in (3, 4):\n"
        + '    model = keras.Sequential([keras.Input((4,)), layers.Dense(size, "relu"), layers.Dense(3, "softmax")])\n'
        + '    model.compile(optimizer, "sparse_categorical_crossentropy")\n'
        + "    history = model.fit(x, y, batch_size=32, validation_split=0.5)\n",
    ),
    Sample(
        "trainers/data_adapters/array_data_adapter:ArrayDataAdapter.__init__:5",
        "KC518",
        HEAD
        + DATA
        + "inputs = keras.Input((4,))\n"
        + "model = keras.Model(inputs, [layers.Dense(1)(inputs), layers.Dense(1)(inputs)])\n"
        + 'model.compile("adam", ["mse", "mse"])\n'
        + "history = model.fit(x, [y, y], batch_size=32, class_weight={0: 1.0, 1: 2.0})\n",
    ),
    Sample(
        "saving/saving_api:save_model:3",
        "KC608",
        HEAD + MODEL + "print(keras.ops.sum(model.get_weights()[0]))\n" + 'model.save("folder")\n',
    ),
    Sample(
        "layers/core/lambda_layer:Lambda._raise_for_lambda_deserialization:1",
        "KC235",
        HEAD
        + "model = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x * 2)])\n"
        + 'model.save("a.keras")\nprint(keras.models.load_model("a.keras"))\n',
    ),
    Sample(
        "saving/serialization_lib:deserialize_keras_object:9",
        "KC237",
        HEAD
        + CUSTOM
        + "model = keras.Sequential([keras.Input((4,)), Scaled(2.0), layers.Dense(3)])\n"
        + 'model.save("a.keras")\n'
        + 'print(keras.models.load_model("a.keras"))\n',
    ),
    Sample(
        "applications/mobilenet_v2:MobileNetV2:2",
        "KC233",
        HEAD + "base = keras.applications.MobileNetV2(classes=10)\n",
    ),
    Sample(
        "applications/imagenet_utils:obtain_input_shape:9",
        "KC233",
        HEAD + "base = keras.applications.VGG16(include_top=False, input_shape=(16, 16, 3))\n",
    ),
    Sample(
        "layers/layer:Layer.__init__:1",
        "KC613",
        HEAD + "print(keras.ops.sum(1))\n" + "model = keras.Sequential([layers.Dense(3, input_shape=(4,))])\n",
    ),
    fitted(
        "trainers/data_adapters/__init__:raise_unsupported_arg:1",
        "KC115",
        "history = model.fit(rows, y, epochs=3)",
        head="import tensorflow as tf\n\nrows = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)\n",
    ),
    fitted(
        "trainers/data_adapters/__init__:get_data_adapter:8",
        "KC115",
        "history = model.fit(batches(), steps_per_epoch=2, epochs=3, class_weight={0: 1.0, 1: 2.0, 2: 1.0})",
        head="\n\ndef batches():\n    while True:\n        yield x, y\n\n\n",
    ),
    fitted(
        "trainers/data_adapters/array_slicing:train_validation_split:1",
        "KC115",
        "history = model.fit(rows, epochs=3, validation_split=0.5)",
        head="import tensorflow as tf\n\nrows = tf.data.Dataset.from_tensor_slices((x, y)).batch(32)\n",
    ),
    fitted(
        "trainers/data_adapters/data_adapter_utils:check_data_cardinality:1",
        "KC127",
        "history = model.fit(x, np.zeros(32, dtype=int), batch_size=32)",
    ),
    fitted(
        "trainers/data_adapters/__init__:get_data_adapter:10",
        "KC127",
        "history = model.fit([[1, 2, 3, 4], [5, 6, 7, 8]], np.array([0, 1]), batch_size=2)",
    ),
    fitted(
        "layers/input_spec:assert_input_compatibility:9",
        "KC127",
        "history = model.fit(np.zeros((64, 5)), y, batch_size=32)",
    ),
    fitted(
        "models/functional:Functional._adjust_input_rank:1",
        "KC127",
        "history = model.fit(np.zeros((64, 4, 4)), y, batch_size=32)",
    ),
    Sample(
        "layers/preprocessing/discretization:Discretization.call:1",
        "KC124",
        HEAD
        + "model = keras.Sequential([keras.Input((4,)), layers.Discretization(num_bins=3), layers.Dense(1)])\n"
        + 'model.compile("adam", "mse")\n'
        + "history = model.fit(np.zeros((64, 4)), np.zeros(64), batch_size=32)\n",
    ),
    Sample(
        "layers/preprocessing/index_lookup:IndexLookup._ensure_known_vocab_size:1",
        "KC124",
        HEAD
        + 'lookup = layers.StringLookup(output_mode="multi_hot")\n'
        + 'model = keras.Sequential([keras.Input((3,), dtype="string"), lookup])\n'
        + 'import tensorflow as tf\nprint(model.predict(tf.constant([["a", "b", "c"]]), batch_size=1))\n',
    ),
    layered("layers/activations/relu:ReLU.__init__:1", "KC606", "layers.ReLU(max_value=-1)"),
    layered("layers/activations/relu:ReLU.__init__:2", "KC606", "layers.ReLU(negative_slope=-1)"),
    Sample(
        "layers/attention/attention:Attention.__init__:1",
        "KC606",
        HEAD + 'thing = layers.Attention(score_mode="sum")\n',
    ),
    layered("layers/convolutional/base_conv:BaseConv.__init__:2", "KC606", "layers.Conv2D(8, 3, groups=0)"),
    layered(
        "layers/convolutional/base_conv:BaseConv.__init__:6", "KC606", "layers.Conv2D(8, 3, strides=2, dilation_rate=2)"
    ),
    layered(
        "layers/convolutional/base_depthwise_conv:BaseDepthwiseConv.__init__:1",
        "KC606",
        "layers.DepthwiseConv2D(3, depth_multiplier=0)",
    ),
    layered(
        "layers/convolutional/base_separable_conv:BaseSeparableConv.__init__:1",
        "KC606",
        "layers.SeparableConv2D(8, 3, depth_multiplier=0)",
    ),
    Sample(
        "layers/preprocessing/category_encoding:CategoryEncoding.__init__:1",
        "KC606",
        HEAD + 'thing = layers.CategoryEncoding(4, output_mode="onehot")\n',
    ),
    Sample(
        "layers/preprocessing/category_encoding:CategoryEncoding.__init__:3",
        "KC606",
        HEAD + "thing = layers.CategoryEncoding(num_tokens=0)\n",
    ),
    Sample("layers/preprocessing/hashing:Hashing.__init__:2", "KC606", HEAD + "thing = layers.Hashing(num_bins=0)\n"),
    Sample(
        "layers/preprocessing/index_lookup:IndexLookup.__init__:1",
        "KC606",
        HEAD + "thing = layers.StringLookup(max_tokens=1)\n",
    ),
    Sample(
        "layers/preprocessing/integer_lookup:IntegerLookup.__init__:2",
        "KC606",
        HEAD + "thing = layers.IntegerLookup(max_tokens=1)\n",
    ),
    Sample(
        "layers/preprocessing/image_preprocessing/base_image_preprocessing_layer:BaseImagePreprocessingLayer._set_factor:3",
        "KC606",
        HEAD + "thing = layers.RandomContrast(3.0)\n",
    ),
    Sample(
        "layers/preprocessing/image_preprocessing/random_rotation:RandomRotation.__init__:1",
        "KC606",
        HEAD + 'thing = layers.RandomRotation(0.1, fill_mode="edge")\n',
    ),
    Sample(
        "layers/preprocessing/image_preprocessing/random_rotation:RandomRotation.__init__:2",
        "KC606",
        HEAD + 'thing = layers.RandomRotation(0.1, interpolation="cubic")\n',
    ),
    Sample(
        "layers/preprocessing/image_preprocessing/random_translation:RandomTranslation._check_factor_range:1",
        "KC606",
        HEAD + "thing = layers.RandomTranslation(2.0, 0.1)\n",
    ),
    Sample(
        "layers/preprocessing/image_preprocessing/random_zoom:RandomZoom._check_factor_range:1",
        "KC606",
        HEAD + "thing = layers.RandomZoom(2.0)\n",
    ),
    layered("layers/reshaping/permute:Permute.__init__:1", "KC606", "layers.Permute((0, 1, 2))"),
    Sample(
        "callbacks/backup_and_restore:BackupAndRestore.__init__:2",
        "KC606",
        HEAD + 'thing = keras.callbacks.BackupAndRestore("folder", save_freq="batch")\n',
    ),
    Sample(
        "callbacks/model_checkpoint:ModelCheckpoint.__init__:1",
        "KC606",
        HEAD + 'thing = keras.callbacks.ModelCheckpoint("a.keras", save_freq="batch")\n',
    ),
    Sample(
        "callbacks/reduce_lr_on_plateau:ReduceLROnPlateau.__init__:1",
        "KC606",
        HEAD + "thing = keras.callbacks.ReduceLROnPlateau(factor=10)\n",
    ),
    Sample(
        "losses/loss:standardize_reduction:1",
        "KC606",
        HEAD + 'thing = keras.losses.MeanSquaredError(reduction="average")\n',
    ),
    Sample(
        "losses/losses:CategoricalGeneralizedCrossEntropy.__init__:1",
        "KC606",
        HEAD + "thing = keras.losses.CategoricalGeneralizedCrossEntropy(q=2)\n",
    ),
    Sample(
        "metrics/confusion_metrics:SensitivityAtSpecificity.__init__:1",
        "KC606",
        HEAD + "thing = keras.metrics.SensitivityAtSpecificity(1.5)\n",
    ),
    Sample("metrics/confusion_metrics:AUC.__init__:3", "KC606", HEAD + "thing = keras.metrics.AUC(num_thresholds=1)\n"),
    Sample("metrics/metrics_utils:AUCCurve.from_str:1", "KC606", HEAD + 'thing = keras.metrics.AUC(curve="PRC")\n'),
    Sample(
        "metrics/metrics_utils:AUCSummationMethod.from_str:1",
        "KC606",
        HEAD + 'thing = keras.metrics.AUC(summation_method="sum")\n',
    ),
    Sample(
        "metrics/metrics_utils:assert_thresholds_range:1",
        "KC606",
        HEAD + "thing = keras.metrics.Precision(thresholds=2)\n",
    ),
    Sample(
        "metrics/f_score_metrics:FBetaScore.__init__:1",
        "KC606",
        HEAD + 'thing = keras.metrics.F1Score(average="binary")\n',
    ),
    Sample(
        "metrics/f_score_metrics:FBetaScore.__init__:3", "KC606", HEAD + "thing = keras.metrics.FBetaScore(beta=0.0)\n"
    ),
    Sample(
        "metrics/f_score_metrics:FBetaScore.__init__:5",
        "KC606",
        HEAD + "thing = keras.metrics.F1Score(threshold=1.5)\n",
    ),
    Sample(
        "metrics/regression_metrics:R2Score.__init__:1",
        "KC606",
        HEAD + 'thing = keras.metrics.R2Score(class_aggregation="mean")\n',
    ),
    Sample(
        "initializers/random_initializers:VarianceScaling.__init__:1",
        "KC606",
        HEAD + "thing = keras.initializers.VarianceScaling(scale=0.0)\n",
    ),
    Sample(
        "initializers/random_initializers:VarianceScaling.__init__:2",
        "KC606",
        HEAD + 'thing = keras.initializers.VarianceScaling(mode="fan")\n',
    ),
    Sample(
        "initializers/random_initializers:VarianceScaling.__init__:3",
        "KC606",
        HEAD + 'thing = keras.initializers.VarianceScaling(distribution="gauss")\n',
    ),
    Sample(
        "regularizers/regularizers:OrthogonalRegularizer.__init__:1",
        "KC606",
        HEAD + 'thing = keras.regularizers.OrthogonalRegularizer(mode="both")\n',
    ),
    compiled(
        "trainers/trainer:Trainer.compile:1",
        "KC516",
        '"adam", "sparse_categorical_crossentropy", jit_compile=True, run_eagerly=True',
    ),
    Sample(
        "layers/merging/dot:batch_dot:4",
        "KC126",
        HEAD
        + "one = keras.Input((4,))\nother = keras.Input((4,))\n"
        + "model = keras.Model([one, other], layers.Dot(axes=0)([one, other]))\n"
        + "print(model.predict([np.zeros((2, 4)), np.zeros((2, 4))], batch_size=2))\n",
    ),
)
