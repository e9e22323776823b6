"""Small scripts that make Keras raise or warn at a site of docs/keras-errors.csv while a model is put together."""

from __future__ import annotations

from keras_error_samples import HEAD, Sample

KERAS_3 = "keras.config.set_floatx('float32')\n"
"""A line by which the script is known to aim at Keras 3."""


def lines(site: str, code: str, *script: str) -> Sample:
    """A few lines."""
    return Sample(site, code, HEAD + "\n".join(script) + "\n")


def with_input(site: str, code: str, *script: str) -> Sample:
    """A few lines about an input `x` of eight numbers, in a script that aims at Keras 3."""
    return Sample(site, code, HEAD + KERAS_3 + "x = keras.Input((8,))\n" + "\n".join(script) + "\n")


def of_class(site: str, code: str, base: str, body: str, *use: str) -> Sample:
    """A class of one's own, and what is done with it, in a script that aims at Keras 3."""
    return Sample(site, code, HEAD + KERAS_3 + f"class Own({base}):\n{body}\n\n" + "\n".join(use) + "\n")


LAYER_SAMPLES = (
    # something else than a layer or a tensor
    lines("layers/rnn/time_distributed:TimeDistributed.__init__:1", "KC243", "layers.TimeDistributed(layers.Dense)"),
    lines("layers/rnn/bidirectional:Bidirectional.__init__:1", "KC243", "layers.Bidirectional(layers.LSTM)"),
    lines(
        "layers/rnn/bidirectional:Bidirectional.__init__:2",
        "KC243",
        "layers.Bidirectional(layers.LSTM(4), backward_layer=layers.LSTM)",
    ),
    lines("layers/core/wrapper:Wrapper.__init__:1", "KC243", "layers.SpectralNormalization(layers.Dense)"),
    lines("layers/rnn/rnn:RNN.__init__:1", "KC243", "layers.RNN(keras.activations.relu)"),
    lines("layers/rnn/rnn:RNN.__init__:2", "KC243", "layers.RNN(layers.Dense(4))"),
    lines(
        "layers/rnn/stacked_rnn_cells:StackedRNNCells.__init__:1",
        "KC243",
        "layers.StackedRNNCells([keras.activations.relu])",
    ),
    lines(
        "layers/rnn/stacked_rnn_cells:StackedRNNCells.__init__:2", "KC243", "layers.StackedRNNCells([layers.Dense(4)])"
    ),
    of_class(
        "layers/rnn/rnn:RNN.__init__:4",
        "KC243",
        "layers.Layer",
        "    def __init__(self):\n        super().__init__()\n        self.state_size = '4'\n\n    def call(self, x, states):\n        return x, states",
        "layers.RNN(Own())",
    ),
    lines("models/sequential:Sequential.add:1", "KC243", 'model = keras.Sequential()\nmodel.add("relu")'),
    with_input("models/functional:Functional.__init__:2", "KC243", "keras.Model(layers.Dense(3), layers.Dense(3)(x))"),
    with_input("models/functional:Functional.__init__:3", "KC243", "keras.Model(x, layers.Dense(3))"),
    with_input("layers/layer:Layer.__call__:1", "KC243", "layers.Dropout(0.5)(x, True)"),
    # the number of tensors
    with_input("layers/merging/base_merge:Merge.build:1", "KC244", "layers.Add()(x)"),
    with_input("layers/merging/concatenate:Concatenate.build:1", "KC244", "layers.Concatenate()(x)"),
    with_input("layers/merging/dot:Dot.build:1", "KC244", "layers.Dot(axes=1)([x, x, x])"),
    with_input("layers/merging/subtract:Subtract.build:1", "KC244", "layers.Subtract()([x, x, x])"),
    with_input(
        "layers/attention/attention:Attention._validate_inputs:1",
        "KC244",
        "layers.Attention()(layers.Reshape((2, 4))(x))",
    ),
    with_input(
        "layers/attention/attention:Attention._validate_inputs:2",
        "KC244",
        "layers.Attention()([layers.Reshape((2, 4))(x)])",
    ),
    lines(
        "models/sequential:Sequential.build:4",
        "KC244",
        "keras.Sequential([keras.Input((3, 4)), layers.Dense(4), layers.MultiHeadAttention(2, 2)])",
    ),
    with_input(
        "layers/input_spec:assert_input_compatibility:2",
        "KC244",
        "y = keras.Input((8,))",
        "pair = keras.Model([x, y], layers.Add()([x, y]))",
        "pair(x)",
    ),
    of_class(
        "models/sequential:Sequential.build:3",
        "KC244",
        "layers.Layer",
        "    def call(self):\n        return 1",
        "keras.Sequential([keras.Input((4,)), Own()])",
    ),
    # names
    lines(
        "models/sequential:Sequential.add:2",
        "KC245",
        "keras.Sequential([layers.Dense(3, name='a'), layers.Dense(3, name='a')])",
    ),
    with_input(
        "ops/function:map_graph:2",
        "KC245",
        "y = layers.Dense(3, name='a')(layers.Dense(3, name='a')(x))",
        "keras.Model(x, y)",
    ),
    # inputs
    lines("layers/core/input_layer:InputLayer.__init__:10", "KC246", "keras.Input()"),
    with_input("layers/core/input_layer:InputLayer.__init__:8", "KC246", "keras.Input((8,), batch_shape=(2, 8))"),
    with_input(
        "layers/core/input_layer:InputLayer.__init__:9", "KC246", "keras.Input(batch_size=2, batch_shape=(2, 8))"
    ),
    with_input("layers/core/input_layer:InputLayer.__init__:2", "KC246", "keras.Input(tensor='x')"),
    with_input("layers/core/input_layer:InputLayer.__init__:3", "KC246", "keras.Input(tensor=x, batch_size=4)"),
    with_input("layers/core/input_layer:InputLayer.__init__:4", "KC246", "keras.Input((9,), tensor=x)"),
    with_input("layers/core/input_layer:InputLayer.__init__:5", "KC246", "keras.Input(batch_shape=(2, 8), tensor=x)"),
    with_input("layers/core/input_layer:InputLayer.__init__:7", "KC246", "keras.Input(sparse=True, tensor=x)"),
    with_input(
        "layers/preprocessing/hashed_crossing:HashedCrossing.compute_output_shape:1",
        "KC244",
        "a, b, c = (keras.Input((1,), dtype='int32') for _ in range(3))",
        "layers.HashedCrossing(4)([a, b, c])",
    ),
    with_input(
        "layers/preprocessing/hashed_crossing:HashedCrossing._check_at_least_two_inputs:2",
        "KC244",
        "layers.HashedCrossing(4)([np.array([1])])",
    ),
    lines(
        "ops/operation_utils:validate_reshape_shape:1",
        "KC214",
        "keras.Sequential([keras.Input((8,)), layers.Reshape((-2, 4))])",
    ),
    lines(
        "ops/operation_utils:compute_reshape_output_shape:2",
        "KC214",
        "keras.Sequential([keras.Input((8,)), layers.Reshape((-1, 3))])",
    ),
    lines("layers/activations/relu:ReLU.__init__:3", "KC606", "layers.ReLU(threshold=-1)"),
    lines(
        "layers/convolutional/base_conv_transpose:BaseConvTranspose.__init__:1", "KC606", "layers.Conv2DTranspose(0, 3)"
    ),
    lines("layers/core/embedding:Embedding.__init__:2", "KC606", "layers.Embedding(9, 0)"),
    lines("layers/rnn/gru:GRUCell.__init__:1", "KC606", "layers.GRU(0)"),
    lines(
        "layers/regularization/gaussian_dropout:GaussianDropout.__init__:1",
        "KC207",
        "keras.Sequential([keras.Input((4,)), layers.GaussianDropout(2)])",
    ),
    lines("layers/reshaping/up_sampling1d:UpSampling1D.__init__:2", "KC606", "layers.UpSampling1D(0)"),
    lines(
        "layers/reshaping/cropping1d:Cropping1D.compute_output_shape:1",
        "KC214",
        "keras.Sequential([keras.Input((4, 2)), layers.Cropping1D(2)])",
        "layers.Cropping1D(2).compute_output_shape((None, 4, 2))",
    ),
    with_input("layers/core/input_layer:InputLayer.__init__:6", "KC246", "keras.Input(dtype='int32', tensor=x)"),
    with_input(
        "models/sequential:Sequential.add:3",
        "KC246",
        "model = keras.Sequential([keras.Input((4,))])",
        "model.add(keras.Input((4,)))",
    ),
    of_class(
        "layers/rnn/rnn:RNN.__init__:3",
        "KC243",
        "layers.Layer",
        "    def __init__(self):\n        super().__init__()\n        self.state_size = None\n\n    def call(self, x, states):\n        return x, states",
        "layers.RNN(Own())",
    ),
    with_input("models/sequential:Sequential.build:1", "KC246", "model = keras.Sequential()", "model.build((None, 4))"),
    with_input(
        "models/sequential:Sequential.build:2",
        "KC246",
        "model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])",
        "model.build((None, 5))",
    ),
    with_input("ops/function:Function.__init__:1", "KC246", "keras.Model([], layers.Dense(3)(x))"),
    with_input("ops/function:Function.__init__:2", "KC246", "keras.Model(x, [])"),
    with_input(
        "models/functional:Functional.__init__:1",
        "KC246",
        "y = keras.Input((8,), name='y')",
        "keras.Model({'z': y}, layers.Dense(3)(y))",
    ),
    # parts
    with_input("models/model:Model.get_layer:1", "KC248", "keras.Model(x, layers.Dense(3)(x)).get_layer('a', 1)"),
    with_input("models/model:Model.get_layer:2", "KC248", "keras.Model(x, layers.Dense(3)(x)).get_layer(index=5)"),
    with_input("models/model:Model.get_layer:3", "KC248", "keras.Model(x, layers.Dense(3)(x)).get_layer('output')"),
    with_input("models/model:Model.get_layer:4", "KC248", "keras.Model(x, layers.Dense(3)(x)).get_layer()"),
    lines("layers/core/dense:Dense.kernel:1", "KC248", "layers.Dense(3).kernel"),
    lines("layers/convolutional/base_conv:BaseConv.kernel:1", "KC248", "layers.Conv2D(3, 3).kernel"),
    lines("layers/core/einsum_dense:EinsumDense.kernel:1", "KC248", "layers.EinsumDense('ab,bc->ac', 4).kernel"),
    lines("layers/core/embedding:Embedding.embeddings:1", "KC248", "layers.Embedding(3, 3).embeddings"),
    lines("layers/layer:Layer.count_params:1", "KC248", "layers.Dense(3).count_params()"),
    lines(
        "layers/rnn/bidirectional:Bidirectional.reset_state:1",
        "KC248",
        "layers.Bidirectional(layers.LSTM(3)).reset_state()",
    ),
    *(
        with_input(f"models/sequential:Sequential.{name}:1", "KC248", f"keras.Sequential([layers.Dense(3)]).{name}")
        for name in ("input_shape", "output_shape", "inputs", "outputs")
    ),
    # sizes and ranks
    with_input(
        "layers/rnn/conv_lstm:ConvLSTMCell.build:1",
        "KC246",
        "layers.ConvLSTM2D(4, 3)(keras.Input((5, None, None, 3)))",
    ),
    lines(
        "layers/attention/multi_head_attention:MultiHeadAttention.build:1",
        "KC214",
        "q, v, k = keras.Input((3, 4)), keras.Input((5, 4)), keras.Input((6, 4))",
        "keras.Model([q, v, k], layers.MultiHeadAttention(2, 2)(q, v, k))",
    ),
    lines(
        "layers/attention/grouped_query_attention:GroupedQueryAttention.compute_output_shape:1",
        "KC214",
        "q, v = keras.Input((3, 4)), keras.Input((5, 6))",
        "keras.Model([q, v], layers.GroupQueryAttention(2, 2, 2)(q, v))",
    ),
    lines(
        "layers/attention/grouped_query_attention:GroupedQueryAttention.compute_output_shape:2",
        "KC214",
        "q, v, k = keras.Input((3, 4)), keras.Input((5, 4)), keras.Input((6, 4))",
        "keras.Model([q, v, k], layers.GroupQueryAttention(2, 2, 2)(q, v, k))",
    ),
    lines(
        "layers/merging/base_merge:Merge.build:3",
        "KC214",
        "a, b = keras.Input((3,), batch_size=2), keras.Input((3,), batch_size=4)",
        "keras.Model([a, b], layers.Add()([a, b]))",
    ),
    lines(
        "layers/merging/dot:batch_dot:2",
        "KC214",
        "a, b = keras.Input((3,), batch_size=2), keras.Input((3,), batch_size=4)",
        "model = keras.Model([a, b], layers.Dot(axes=1)([a, b]))",
        "layers.Dot(axes=1)([np.zeros((2, 3)), np.zeros((4, 3))])",
    ),
    lines(
        "layers/normalization/group_normalization:GroupNormalization.build:1",
        "KC214",
        "keras.Sequential([keras.Input((8, None)), layers.GroupNormalization(2)])",
    ),
    lines(
        "layers/normalization/unit_normalization:UnitNormalization.compute_output_shape:1",
        "KC213",
        "model = keras.Sequential([keras.Input((8,)), layers.UnitNormalization(axis=3)])",
    ),
    lines(
        "layers/preprocessing/normalization:Normalization.build:1",
        "KC213",
        "model = keras.Sequential([keras.Input((8,)), layers.Normalization(axis=3)])",
    ),
    lines(
        "layers/normalization/spectral_normalization:SpectralNormalization.build:1",
        "KC214",
        "model = keras.Sequential([keras.Input((8,)), layers.SpectralNormalization(layers.Dropout(0.5))])",
    ),
    lines(
        "layers/preprocessing/hashed_crossing:HashedCrossing.compute_output_shape:2",
        "KC214",
        "a, b = keras.Input((1,), dtype='int32'), keras.Input((2,), dtype='int32')",
        "keras.Model([a, b], layers.HashedCrossing(4)([a, b]))",
    ),
    lines(
        "ops/operation_utils:compute_transpose_output_shape:3",
        "KC214",
        "x = keras.Input((3, 4))",
        "keras.Model(x, keras.ops.transpose(x, (0, 1, 1)))",
    ),
    lines(
        "ops/operation_utils:compute_transpose_output_shape:2",
        "KC214",
        "x = keras.Input((3, 4))",
        "keras.Model(x, keras.ops.transpose(x, (0, 1, 3)))",
    ),
    lines(
        "ops/operation_utils:compute_take_along_axis_output_shape:1",
        "KC213",
        "x, y = keras.Input((3, 4)), keras.Input((3,), dtype='int32')",
        "keras.Model([x, y], keras.ops.take_along_axis(x, y, axis=1))",
    ),
    *(
        lines(
            f"layers/core/einsum_dense:{function}",
            "KC214",
            f"keras.Sequential([keras.Input(({shape})), layers.EinsumDense({arguments})])",
        )
        for function, shape, arguments in (
            ("_analyze_einsum_string:1", "3, 4", "'abc->abd', 4"),
            ("_analyze_split_string:1", "3, 4", "'abc,cd->abd', (5, 4)"),
            ("_analyze_split_string:2", "3,", "'ab,bc->ad', 4"),
            ("_analyze_split_string:3", "3,", "'ab,bcd->ac', 4"),
            ("_analyze_split_string:4", "3,", "'ab,bc->ac', 4, bias_axes='d'"),
        )
    ),
    lines(
        "layers/preprocessing/image_preprocessing/center_crop:CenterCrop.compute_output_shape:1",
        "KC213",
        "keras.Sequential([keras.Input((9,)), layers.CenterCrop(4, 4)]).compute_output_shape((2, 9))",
        "layers.CenterCrop(4, 4).compute_output_shape((2, 9))",
    ),
    lines(
        "layers/preprocessing/image_preprocessing/random_color_degeneration:RandomColorDegeneration.compute_output_shape:1",
        "KC213",
        "layer = layers.RandomColorDegeneration(0.5)",
        "keras.Sequential([keras.Input((9,)), layer]) if layer.compute_output_shape((2, 9)) else 0",
    ),
    lines(
        "layers/preprocessing/image_preprocessing/random_color_degeneration:RandomColorDegeneration.compute_output_shape:2",
        "KC214",
        "keras.Sequential([keras.Input((8, 8, 1)), layers.RandomColorDegeneration(0.5)])",
    ),
    *(
        lines(
            f"layers/preprocessing/image_preprocessing/{snake}:{name}.{function}:1",
            "KC213",
            f"model = keras.Sequential([keras.Input((9,)), layers.{name}({arguments})])",
            "print(model(np.zeros((2, 9)), training=True))",
        )
        for snake, name, function, arguments in (
            ("random_brightness", "RandomBrightness", "get_random_transformation", "0.5"),
            ("random_contrast", "RandomContrast", "get_random_transformation", "0.5"),
            ("random_erasing", "RandomErasing", "get_random_transformation", ""),
            ("random_gaussian_blur", "RandomGaussianBlur", "get_random_transformation", ""),
            ("random_hue", "RandomHue", "get_random_transformation", "0.5"),
            ("random_invert", "RandomInvert", "get_random_transformation", ""),
            ("random_posterization", "RandomPosterization", "get_random_transformation", "4"),
            ("random_saturation", "RandomSaturation", "get_random_transformation", "0.5"),
            ("random_sharpness", "RandomSharpness", "get_random_transformation", "0.5"),
        )
    ),
    lines(
        "layers/preprocessing/image_preprocessing/base_image_preprocessing_layer:BaseImagePreprocessingLayer._is_batched:1",
        "KC213",
        "model = keras.Sequential([keras.Input((9,)), layers.RandomFlip()])",
        "print(model(np.zeros((2, 9)), training=True))",
    ),
    lines(
        "layers/rnn/conv_lstm:ConvLSTMCell.build:2",
        "KC214",
        "keras.Sequential([keras.Input((5, 8, 8, None)), layers.ConvLSTM2D(4, 3)])",
    ),
    # classes of one's own
    of_class(
        "layers/layer:Layer._check_super_called:1",
        "KC247",
        "layers.Layer",
        "    def __init__(self):\n        self.factor = 2\n\n    def call(self, x):\n        return x",
        "Own()(keras.Input((4,)))",
    ),
    of_class(
        "metrics/metric:Metric._check_super_called:1",
        "KC247",
        "keras.metrics.Metric",
        "    def __init__(self):\n        self.count = 2\n\n    def result(self):\n        return 0.0",
        "Own().add_weight(shape=())",
    ),
    of_class(
        "optimizers/base_optimizer:BaseOptimizer._check_super_called:1",
        "KC247",
        "keras.optimizers.Optimizer",
        "    def __init__(self):\n        self.rate = 2\n",
        "Own().build([])\nOwn().add_variable(())",
    ),
    of_class(
        "trainers/data_adapters/py_dataset_adapter:PyDataset._warn_if_super_not_called:1",
        "KC247",
        "keras.utils.PyDataset",
        "    def __init__(self):\n        self.rows = 2\n\n    def __len__(self):\n        return 2\n\n    def __getitem__(self, index):\n        return np.zeros((2, 4)), np.zeros(2)",
        "model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])",
        'model.compile("adam", "mse")',
        "history = model.fit(Own(), verbose=0)",
    ),
    of_class(
        "models/model:Model.call:1",
        "KC247",
        "keras.Model",
        "    def forward(self, x):\n        return x",
        "Own()(keras.Input((4,)))",
    ),
    *(
        of_class(
            f"layers/layer:Layer.add_weight:{number}",
            "KC247",
            "layers.Layer",
            f"    def build(self, shape):\n        self.w = self.add_weight({arguments})\n\n    def call(self, x):\n        return x",
            "Own()(keras.Input((4,)))",
        )
        for number, arguments in enumerate(
            (
                '(4,), "zeros", "float32", True',
                '"w", shape=(4,)',
                "(4,), shape=(4,)",
                '(4,), "zeros", initializer="zeros"',
                '(4,), "zeros", "float32", dtype="float32"',
            ),
            1,
        )
    ),
    of_class(
        "layers/layer:Layer.add_metric:1",
        "KC247",
        "layers.Layer",
        "    def call(self, x):\n        self.add_metric(x)\n        return x",
        "Own()(np.zeros((2, 4)))",
    ),
    of_class(
        "layers/layer:Layer.add_loss:1",
        "KC247",
        "layers.Layer",
        "    def call(self, x):\n        self.add_loss(0.1)\n        return x",
        "Own()(np.zeros((2, 4)))",
    ),
    of_class(
        "models/model:Model.layers:1",
        "KC247",
        "keras.Model",
        "    def __init__(self):\n        super().__init__()\n        self.layers = []\n\n    def call(self, x):\n        return x",
        "Own()",
    ),
    of_class(
        "models/sequential:Sequential.layers:1",
        "KC247",
        "keras.Sequential",
        "    def __init__(self):\n        super().__init__()\n        self.layers = []\n",
        "Own()",
    ),
)
