"""Reports as the linter hands them to the renderers, one for each kind of file."""

from __future__ import annotations

from kerascheck.findings import (
    Coverage,
    Edit,
    FileKind,
    FileReport,
    FileStatus,
    Finding,
    Fix,
    LayerExcerpt,
    LayerWeights,
    Location,
    Related,
    Report,
    Severity,
    SourceText,
    WeightSummary,
)

SCRIPT = """\
import keras
from keras import layers

model = keras.Sequential([
    layers.Conv2D(32, 3),
\tlayers.BatchNormalization(axis=1),  # 通道
])
model.fit(
    x_train,
    y_train,
    validation_data=(x_test, y_test),
    epochs=5,
)
"""


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.splitlines())


def script() -> FileReport:
    """A script with a fixable error, a warning that spans lines and shows its cause, and a hint."""
    axis = Location("train.py", 6, 33, 6, 34)
    conv = Location("train.py", 5, 5, 5, 25)
    return FileReport(
        "train.py",
        FileKind.SCRIPT,
        findings=(
            Finding(
                "`batch_normalization` normalizes axis 1, the height of its (None, 30, 30, 32) input",
                axis,
                help="write `axis=-1`, or leave it out",
                label="the channels are axis -1",
                severity=Severity.ERROR,
                related=(Related(conv, "channels last, set here"),),
                fix=Fix((Edit(axis, "-1"),)),
                layer="batch_normalization",
                code="KC201",
                name="batchnorm-axis",
            ),
            Finding(
                "`fit` judges each epoch by the test data",
                Location("train.py", 8, 1, 13, 2),
                help="hold out a part of the training data",
                severity=Severity.WARNING,
                related=(Related(Location("data.py", 3, 1, 3, 9), "the test data is loaded in another file"),),
                code="KC101",
                name="test-data-as-validation",
            ),
            Finding(
                "`fit` trains in batches of 32, the default",
                Location("train.py", 8, 1, 8, 10),
                help="choose `batch_size` and say so",
                severity=Severity.INFO,
                code="KC501",
                name="default-batch-size",
            ),
        ),
        models=1,
        source=SourceText(((None, _lines(SCRIPT)),)),
        coverage=Coverage(1, 1, 2, 0),
    )


def notebook() -> FileReport:
    """A notebook that was read in part, with a finding in its third cell whose cause stands in the first."""
    cells = ((1, ("rate = 1.5",)), (3, ("import keras", "keras.layers.Dropout(rate)")))
    finding = Finding(
        "`dropout` drops with rate 1.5, which Keras refuses",
        Location("lab.ipynb", 2, 22, 2, 26, 3),
        help="give a rate of at least 0 and below 1",
        label="1.5",
        severity=Severity.ERROR,
        related=(Related(Location("lab.ipynb", 1, 8, 1, 11, 1), "the value comes from here"),),
        code="KC207",
        name="dropout-rate",
    )
    return FileReport(
        "lab.ipynb",
        FileKind.NOTEBOOK,
        FileStatus.PARTIAL,
        "cell 2 does not parse",
        (finding,),
        source=SourceText(cells),
        coverage=Coverage(0, 0, 0, 0, ("exec",), "20000 steps"),
    )


def model() -> FileReport:
    """A saved model with a finding on a layer that has more configuration than a report shows."""
    path = "functional/batch_normalization"
    config = {
        "axis": "[1]",
        "momentum": "0.99",
        "epsilon": "0.001",
        "center": "True",
        "scale": "True",
        "gamma_initializer": "a name that is as long as a name in a hostile file may well be, \x1b[31m and longer",
        "beta_initializer": "zeros",
    }
    excerpt = LayerExcerpt(path, "BatchNormalization", "(None, 30, 30, 32)", tuple(sorted(config.items())), 128)
    before = LayerExcerpt("functional/conv2d", "Conv2D", "(None, 30, 30, 32)", (), 896)
    inside = LayerExcerpt("functional/wrapper/dense", "Dense", "?", (), None, listed=False)
    others = tuple(LayerExcerpt(f"functional/custom_{n}", "Özel", "?", (), None) for n in range(20))
    finding = Finding(
        "`batch_normalization` normalizes axis 1, the height of its (None, 30, 30, 32) input",
        Location("model.keras", layer=path),
        help="build the layer with `axis=-1`",
        label="the channels are axis 3",
        severity=Severity.ERROR,
        related=(Related(Location("model.keras", layer="functional/conv2d"), "channels last, set here"),),
        code="KC201",
        name="batchnorm-axis",
    )
    return FileReport(
        "model.keras",
        FileKind.MODEL,
        findings=(finding,),
        models=1,
        layers=(before, *others[:6], excerpt, inside, *others[6:]),
        about="HDF5 model, Keras 2.2.4, backend tensorflow, optimizer adam, loss mean_squared_error",
        weights=weights(),
        coverage=Coverage(1, 1, 4, 1),
    )


def weights() -> WeightSummary:
    """What a file of many layers stores: a kernel of NaN and a copy among them, and the state of an optimizer."""
    faults = ("kernel has 3 NaN", "kernel equals that of dense_7")
    notes = ("spectral norm 4.71, stable rank 3.5 of 64, alpha 2.3", "bias 0")
    conv = LayerWeights("functional/conv2d", 2, 896, 3584, 6.21, 0.211, 0.93, 0.002, (), notes)
    scale = ("gamma 0.902 to 1.18; mean 0; variance 1",)
    norm = LayerWeights("functional/batch_normalization", 4, 128, 512, notes=scale)
    others = tuple(
        LayerWeights(f"functional/custom_{n}", 1, 64, 256, float(n), 0.1, 0.3, n / 20, faults if n == 9 else ())
        for n in range(20)
    )
    return WeightSummary(
        (conv, norm, *others),
        arrays=26,
        parameters=2304,
        size=9216,
        dtypes=(("float32", 8704), ("float16", 512)),
        not_finite=3,
        zeros=610,
        constant=3,
        unread=1,
        optimizer_arrays=53,
        optimizer_size=18440,
        steps=12345,
    )


def unread() -> FileReport:
    """A file that could not be read."""
    finding = Finding(
        "the file could not be read: truncated",
        Location("broken.h5"),
        severity=Severity.ERROR,
        code="KC902",
        name="unreadable-file",
    )
    return FileReport("broken.h5", FileKind.MODEL, FileStatus.ERROR, "truncated", (finding,))


def pointer() -> FileReport:
    """A Git LFS pointer in place of a model."""
    return FileReport("weights.h5", FileKind.MODEL, FileStatus.SKIPPED, "a Git LFS pointer, not the model itself")


def without_keras() -> FileReport:
    return FileReport("setup.py", FileKind.SCRIPT, FileStatus.SKIPPED, "no mention of Keras")


def everything() -> Report:
    """A report with every kind of file and every status."""
    files = (unread(), notebook(), model(), without_keras(), script(), pointer())
    return Report(tuple(sorted(files, key=lambda file: file.path)))
