"""Calls with arguments that Keras refuses: sites of docs/keras-errors.csv, with what reaches each."""

from __future__ import annotations

from keras_error_samples import HEAD, Sample

AUGMENTATION = "layers/preprocessing/image_preprocessing/"
KERAS_3 = "keras.config.set_floatx('float32')\n"
"""A line by which the script is known to aim at Keras 3."""


def of_module(module: str, *calls: tuple[str, str]) -> tuple[Sample, ...]:
    """Calls that a module refuses, each with the end of its site."""
    return tuple(Sample(f"{module}:{site}", "KC606", HEAD + KERAS_3 + f"thing = {call}\n") for site, call in calls)


def ranged(module: str, name: str, rest: str = "") -> tuple[Sample, ...]:
    """An augmentation layer with a range of pixel values that is none."""
    return of_module(
        AUGMENTATION + module,
        (f"{name}._set_value_range:1", f"layers.{name}({rest}value_range=255)"),
        (f"{name}._set_value_range:2", f"layers.{name}({rest}value_range=(0, 128, 255))"),
    )


ARGUMENT_SAMPLES = (
    *of_module(
        "layers/attention/grouped_query_attention",
        ("GroupedQueryAttention.__init__:1", "layers.GroupQueryAttention(4, 6, 4)"),
        ("GroupedQueryAttention.__init__:2", "layers.GroupQueryAttention(4, 4, 4, sliding_window=0)"),
        ("GroupedQueryAttention.__init__:3", "layers.GroupQueryAttention(4, 4, 4, dropout=0.5, flash_attention=True)"),
    ),
    *of_module(
        "layers/attention/multi_head_attention",
        ("MultiHeadAttention.__init__:3", "layers.MultiHeadAttention(2, 4, value_dim=0)"),
        ("MultiHeadAttention.__init__:4", "layers.MultiHeadAttention(2, 4, output_shape=0.5)"),
        ("MultiHeadAttention.__init__:5", "layers.MultiHeadAttention(2, 4, attention_axes='1')"),
        ("MultiHeadAttention.__init__:6", "layers.MultiHeadAttention(2, 4, sliding_window=0)"),
        ("MultiHeadAttention.__init__:7", "layers.MultiHeadAttention(2, 4, dropout=0.5, flash_attention=True)"),
    ),
    *of_module(
        "layers/convolutional/base_conv_transpose",
        ("BaseConvTranspose.__init__:4", "layers.Conv2DTranspose(4, 3, strides=2, output_padding=2)"),
        ("BaseConvTranspose.__init__:5", "layers.Conv2DTranspose(4, 3, strides=2, dilation_rate=2)"),
    ),
    *of_module(
        "layers/rnn/conv_lstm", ("ConvLSTMCell.__init__:2", "layers.ConvLSTM2D(4, 3, strides=2, dilation_rate=2)")
    ),
    *(
        sample
        for rank, several in ((1, "(2, 2)"), (2, "(2, 2, 2)"), (3, "(2, 2)"))
        for kind in ("average", "max")
        for sample in of_module(
            f"layers/pooling/adaptive_{kind}_pooling{rank}d",
            (
                f"Adaptive{kind.title()}Pooling{rank}D.__init__:1",
                f"layers.Adaptive{kind.title()}Pooling{rank}D({several})",
            ),
        )
    ),
    *of_module(
        "layers/pooling/adaptive_average_pooling1d",
        ("AdaptiveAveragePooling1D.__init__:2", "layers.AdaptiveAveragePooling1D(2.5)"),
    ),
    *of_module(
        "layers/pooling/adaptive_max_pooling1d", ("AdaptiveMaxPooling1D.__init__:2", "layers.AdaptiveMaxPooling1D(2.5)")
    ),
    *(
        sample
        for rank in (2, 3)
        for sample in of_module(
            f"layers/reshaping/cropping{rank}d",
            (f"Cropping{rank}D.__init__:1", f"layers.Cropping{rank}D(-1)"),
            (f"Cropping{rank}D.__init__:2", f"layers.Cropping{rank}D((1, 1, 1, 1))"),
            (f"Cropping{rank}D.__init__:3", f"layers.Cropping{rank}D(1.5)"),
        )
    ),
    *(
        sample
        for rank in (2, 3)
        for sample in of_module(
            f"layers/reshaping/zero_padding{rank}d",
            (f"ZeroPadding{rank}D.__init__:1", f"layers.ZeroPadding{rank}D((1, 1, 1, 1))"),
            (f"ZeroPadding{rank}D.__init__:2", f"layers.ZeroPadding{rank}D(1.5)"),
        )
    ),
    *of_module(
        "layers/reshaping/repeat_vector",
        ("RepeatVector.__init__:1", "layers.RepeatVector(2.5)"),
        ("RepeatVector.__init__:2", "layers.RepeatVector(0)"),
    ),
    *of_module("layers/reshaping/up_sampling1d", ("UpSampling1D.__init__:1", "layers.UpSampling1D(2.5)")),
    *of_module(
        "utils/argument_validation",
        ("standardize_tuple:1", "layers.Conv2D(4, 2.5)"),
        ("standardize_tuple:2", "layers.Conv2D(4, (2, 2, 2))"),
        ("standardize_tuple:3", "layers.Conv2D(4, ('a', 'b'))"),
        ("validate_string_arg:1", "layers.StringLookup(output_mode='onehot')"),
    ),
    *of_module("layers/activations/leaky_relu", ("LeakyReLU.__init__:2", "layers.LeakyReLU(negative_slope=-0.1)")),
    *of_module("layers/layer", ("Layer.__init__:3", "layers.Dense(4, trainable='no')")),
    *of_module(
        "layers/normalization/batch_normalization",
        ("BatchNormalization.__init__:2", "layers.BatchNormalization(renorm=True, renorm_clipping={'max': 3})"),
        (
            "BatchNormalization.__init__:3",
            "layers.BatchNormalization(renorm=True, renorm_clipping={'rmax': 1, 'rmin': 3})",
        ),
        ("BatchNormalization.__init__:4", "layers.BatchNormalization(renorm=True, renorm_clipping={'dmax': -1})"),
    ),
    *of_module(
        "layers/normalization/group_normalization", ("GroupNormalization.__init__:1", "layers.GroupNormalization(0)")
    ),
    *of_module(
        "layers/normalization/layer_normalization",
        ("LayerNormalization.__init__:1", "layers.LayerNormalization(rms_scaling=True)"),
    ),
    *of_module(
        "layers/normalization/spectral_normalization",
        ("SpectralNormalization.__init__:1", "layers.SpectralNormalization(layers.Dense(4), power_iterations=0)"),
    ),
    *of_module(
        "layers/normalization/unit_normalization",
        ("UnitNormalization.__init__:1", "layers.UnitNormalization(axis='last')"),
    ),
    *of_module(
        "layers/regularization/dropout",
        ("Dropout._validate_noise_shape:1", "layers.Dropout(0.5, noise_shape='batch')"),
        ("Dropout._validate_noise_shape:2", "layers.Dropout(0.5, noise_shape=4)"),
        ("Dropout._validate_noise_shape:3", "layers.Dropout(0.5, noise_shape=(1, 2.5))"),
        ("Dropout._validate_noise_shape:4", "layers.Dropout(0.5, noise_shape=(1, 0))"),
    ),
    *of_module("layers/regularization/gaussian_noise", ("GaussianNoise.__init__:1", "layers.GaussianNoise(10)")),
    *of_module("layers/rnn/gru", ("GRU.__init__:1", "layers.GRU(4, use_cudnn='yes')")),
    *of_module("layers/rnn/lstm", ("LSTM.__init__:1", "layers.LSTM(4, use_cudnn='yes')")),
    *of_module(
        "layers/rnn/bidirectional",
        (
            "Bidirectional._verify_layer_config:1",
            "layers.Bidirectional(layers.LSTM(4), backward_layer=layers.LSTM(4))",
        ),
        (
            "Bidirectional._verify_layer_config:2",
            "layers.Bidirectional(layers.LSTM(4, return_sequences=True), backward_layer=layers.LSTM(4, go_backwards=True))",
        ),
    ),
    *of_module(
        "layers/preprocessing/category_encoding",
        ("CategoryEncoding.__init__:2", "layers.CategoryEncoding()"),
    ),
    *of_module(
        "layers/preprocessing/discretization",
        ("Discretization.__init__:2", "layers.Discretization(num_bins=3, sparse=True)"),
        ("Discretization.__init__:3", "layers.Discretization(num_bins=-1)"),
        ("Discretization.__init__:4", "layers.Discretization(bin_boundaries=[0.5], num_bins=3)"),
        ("Discretization.__init__:5", "layers.Discretization()"),
    ),
    *of_module(
        "layers/preprocessing/feature_space",
        ("Cross.__init__:1", "keras.utils.FeatureSpace.cross(('a', 'b'), 8, output_mode='onehot')"),
        ("Feature.__init__:1", "keras.utils.FeatureSpace.feature('float32', layers.Rescaling(2), 'onehot')"),
        ("FeatureSpace.__init__:1", "keras.utils.FeatureSpace({})"),
        (
            "FeatureSpace.__init__:2",
            "keras.utils.FeatureSpace({'a': 'float', 'b': 'float'}, crosses=[('a', 'b')], crossing_dim=None)",
        ),
        ("FeatureSpace.__init__:3", "keras.utils.FeatureSpace({'a': 'float'}, crosses=[('a', 'b')], crossing_dim=8)"),
        ("FeatureSpace.__init__:4", "keras.utils.FeatureSpace({'a': 'float'}, output_mode='list')"),
        ("FeatureSpace._standardize_feature:1", "keras.utils.FeatureSpace({'a': 'number'})"),
    ),
    *of_module(
        "layers/preprocessing/hashing",
        ("Hashing.__init__:3", "layers.Hashing(4, dtype='float32')"),
        ("Hashing.__init__:4", "layers.Hashing(4, output_mode='onehot')"),
        ("Hashing.__init__:5", "layers.Hashing(4, sparse=True)"),
        ("Hashing.__init__:6", "layers.Hashing(4, salt='salt')"),
    ),
    *of_module(
        "layers/preprocessing/index_lookup",
        ("IndexLookup.__init__:2", "layers.StringLookup(output_mode='multi_hot', pad_to_max_tokens=True)"),
        ("IndexLookup.__init__:3", "layers.StringLookup(num_oov_indices=-1)"),
        ("IndexLookup.__init__:4", "layers.IntegerLookup(salt=3)"),
        ("IndexLookup.__init__:5", "layers.StringLookup(salt='salt', oov_method='farmhash')"),
        ("IndexLookup.__init__:6", "layers.StringLookup(invert=True, output_mode='multi_hot')"),
        ("IndexLookup.__init__:7", "layers.StringLookup(sparse=True)"),
        ("IndexLookup.__init__:8", "layers.StringLookup(vocabulary=['a'], idf_weights=[0.5])"),
        ("IndexLookup.__init__:10", "layers.StringLookup(vocabulary=['a'], output_mode='tf_idf')"),
    ),
    *of_module(
        "layers/preprocessing/integer_lookup",
        ("IntegerLookup.__init__:3", "layers.IntegerLookup(num_oov_indices=-1)"),
        ("IntegerLookup.__init__:5", "layers.IntegerLookup(vocabulary_dtype='float32')"),
    ),
    *of_module(
        "layers/preprocessing/mel_spectrogram",
        ("MelSpectrogram.__init__:1", "layers.MelSpectrogram(fft_length=256, sequence_length=512)"),
    ),
    *of_module(
        "layers/preprocessing/normalization",
        ("Normalization.__init__:1", "layers.Normalization(mean=0.5)"),
        ("Normalization.__init__:2", "layers.Normalization(mean=[0.5, 0.5], variance=0.1)"),
        ("Normalization.__init__:3", "layers.Normalization(mean=[[0.5]], variance=[[0.1]])"),
    ),
    *of_module(
        "layers/preprocessing/stft_spectrogram",
        ("STFTSpectrogram.__init__:1", "layers.STFTSpectrogram(frame_length=256, frame_step=512)"),
        ("STFTSpectrogram.__init__:2", "layers.STFTSpectrogram(frame_length=256, fft_length=128)"),
        ("STFTSpectrogram.__init__:3", "layers.STFTSpectrogram(frame_length=256, fft_length=300)"),
        ("STFTSpectrogram.__init__:4", "layers.STFTSpectrogram(mode='power')"),
        ("STFTSpectrogram.__init__:5", "layers.STFTSpectrogram(scaling='energy')"),
        ("STFTSpectrogram.__init__:6", "layers.STFTSpectrogram(padding='full')"),
    ),
    *of_module(
        "layers/preprocessing/text_vectorization",
        ("TextVectorization.__init__:4", "layers.TextVectorization(ngrams='2')"),
        ("TextVectorization.__init__:5", "layers.TextVectorization(output_sequence_length='20')"),
        (
            "TextVectorization.__init__:6",
            "layers.TextVectorization(output_mode='multi_hot', output_sequence_length=20)",
        ),
        ("TextVectorization.__init__:7", "layers.TextVectorization(output_mode='multi_hot', ragged=True)"),
    ),
    *ranged("auto_contrast", "AutoContrast"),
    *ranged("random_brightness", "RandomBrightness", "0.5, "),
    *ranged("random_color_degeneration", "RandomColorDegeneration", "0.5, "),
    *ranged("random_posterization", "RandomPosterization", "4, "),
    *ranged("random_saturation", "RandomSaturation", "0.5, "),
    *ranged("random_sharpness", "RandomSharpness", "0.5, "),
    *ranged("solarization", "Solarization"),
    *of_module(
        AUGMENTATION + "base_image_preprocessing_layer",
        ("BaseImagePreprocessingLayer.__init__:1", "layers.RandomFlip(factor=0.5)"),
        ("BaseImagePreprocessingLayer._set_factor:1", "layers.RandomContrast((0.1, 0.2, 0.3))"),
        ("BaseImagePreprocessingLayer._set_factor:2", "layers.RandomContrast((2.0, 3.0))"),
        ("BaseImagePreprocessingLayer._set_factor:4", "layers.RandomContrast('strong')"),
    ),
    *(
        sample
        for snake, name in (
            ("random_elastic_transform", "RandomElasticTransform"),
            ("random_erasing", "RandomErasing"),
            ("random_gaussian_blur", "RandomGaussianBlur"),
        )
        for sample in of_module(
            AUGMENTATION + snake,
            (f"{name}._set_factor_by_name:1", f"layers.{name}(factor=(0.1, 0.2, 0.3))"),
            (f"{name}._set_factor_by_name:2", f"layers.{name}(factor=(2.0, 3.0))"),
            (f"{name}._set_factor_by_name:3", f"layers.{name}(factor=2.0)"),
            (f"{name}._set_factor_by_name:4", f"layers.{name}(factor='strong')"),
        )
    ),
    *of_module(
        AUGMENTATION + "random_elastic_transform",
        ("RandomElasticTransform.__init__:1", "layers.RandomElasticTransform(interpolation='cubic')"),
        ("RandomElasticTransform.__init__:2", "layers.RandomElasticTransform(fill_mode='edge')"),
    ),
    *of_module(
        AUGMENTATION + "random_erasing",
        (
            "RandomErasing._get_fill_value:1",
            "layers.RandomErasing(1.0, fill_value=(0, 0))(np.zeros((2, 8, 8, 3)), training=True)",
        ),
        (
            "RandomErasing._get_fill_value:2",
            "layers.RandomErasing(1.0, fill_value='black')(np.zeros((2, 8, 8, 3)), training=True)",
        ),
    ),
    *of_module(
        AUGMENTATION + "random_gaussian_blur",
        ("RandomGaussianBlur._set_kernel_size:1", "layers.RandomGaussianBlur(kernel_size=(3, 3, 3))"),
    ),
    *of_module(AUGMENTATION + "random_grayscale", ("RandomGrayscale.__init__:1", "layers.RandomGrayscale(2.0)")),
    *of_module(
        AUGMENTATION + "random_perspective",
        ("RandomPerspective.__init__:1", "layers.RandomPerspective(scale=2.0)"),
        ("RandomPerspective.__init__:2", "layers.RandomPerspective(interpolation='cubic')"),
    ),
    *of_module(
        AUGMENTATION + "random_shear",
        ("RandomShear.__init__:1", "layers.RandomShear(0.1, fill_mode='edge')"),
        ("RandomShear.__init__:2", "layers.RandomShear(0.1, interpolation='cubic')"),
        ("RandomShear._check_factor_range:1", "layers.RandomShear(2.0)"),
    ),
    *of_module(
        AUGMENTATION + "solarization",
        ("Solarization._check_factor_range:1", "layers.Solarization(addition_factor=2.0)"),
    ),
    *of_module(
        "layers/merging/dot",
        ("Dot.__init__:1", "layers.Dot(axes='1')"),
        ("Dot.__init__:2", "layers.Dot(axes=(1, 1, 1))"),
        ("Dot.__init__:3", "layers.Dot(axes=(1.5, 1))"),
    ),
    Sample(
        "layers/preprocessing/discretization:Discretization.adapt:1",
        "KC124",
        HEAD + "layers.Discretization(bin_boundaries=[0.5]).adapt(np.zeros((4, 1)))\n",
    ),
    Sample(
        "layers/preprocessing/index_lookup:IndexLookup.update_state:1",
        "KC124",
        HEAD + "layers.StringLookup(vocabulary=['a']).adapt(np.array(['a', 'b']))\n",
    ),
    Sample(
        "layers/preprocessing/index_lookup:IndexLookup.__init__:9",
        "KC605",
        HEAD + "layers.StringLookup(vocab=['a'])\n",
    ),
)
