"""What the data sets of Keras and scikit-learn hold: shapes, types, value ranges, classes, and the order of their rows.

Sources: keras.datasets of Keras 3.15 and 2.3.1 (load_data and the archives it fetches), the dataset descriptions of
scikit-learn 1.7. Row counts of `imdb`, `reuters` and `boston_housing` are those of the default arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from kerascheck.facts.values import Shape


class Dataset(Struct, frozen=True):
    """One data set. Shapes count the rows first; None where they depend on arguments.

    `shuffled` where the rows ship in random order or are shuffled on loading, `sorted_by_class` where each class is one
    block. `x_min` and `x_max` bound the values of the inputs; `classes` is None for regression.
    """

    train_x_shape: Shape | None = None
    train_y_shape: Shape | None = None
    test_x_shape: Shape | None = None
    test_y_shape: Shape | None = None
    x_dtype: str = "float64"
    y_dtype: str = "int64"
    x_min: float | None = None
    x_max: float | None = None
    classes: int | None = None
    shuffled: bool = False
    sorted_by_class: bool = False
    balanced: bool = False


def _images(side: tuple[int, ...], classes: int, *, train: int, column: tuple[int, ...] = ()) -> Dataset:
    return Dataset(
        train_x_shape=(train, *side),
        train_y_shape=(train, *column),
        test_x_shape=(10_000, *side),
        test_y_shape=(10_000, *column),
        x_dtype="uint8",
        y_dtype="uint8" if not column else "int64" if classes == 100 else "uint8",
        x_min=0,
        x_max=255,
        classes=classes,
        shuffled=True,
        balanced=True,
    )


def _words(train: int, test: int, classes: int) -> Dataset:
    return Dataset(
        (train,), (train,), (test,), (test,), x_dtype="object", x_min=0, classes=classes, shuffled=True,
        balanced=classes == 2,
    )  # fmt: skip


def _table(
    rows: int, columns: int, classes: int | None = None, *, order: str = "", low: float | None = None,
    high: float | None = None,
) -> Dataset:  # fmt: skip
    return Dataset(
        train_x_shape=(rows, columns),
        train_y_shape=(rows,),
        y_dtype="int64" if classes is not None else "float64",
        x_min=low,
        x_max=high,
        classes=classes,
        shuffled=order == "shuffled",
        sorted_by_class=order == "sorted",
    )


DATASETS: Final[Mapping[str, Dataset]] = {
    "mnist": _images((28, 28), 10, train=60_000),
    "fashion_mnist": _images((28, 28), 10, train=60_000),
    "cifar10": _images((32, 32, 3), 10, train=50_000, column=(1,)),
    "cifar100": _images((32, 32, 3), 100, train=50_000, column=(1,)),
    "imdb": _words(25_000, 25_000, 2),
    "reuters": _words(8_982, 2_246, 46),
    "boston_housing": Dataset(
        (404, 13), (404,), (102, 13), (102,), y_dtype="float64", x_min=0, x_max=711, shuffled=True
    ),
    "california_housing": Dataset(
        (16_512, 8),
        (16_512,),
        (4_128, 8),
        (4_128,),
        x_dtype="float32",
        y_dtype="float32",
        x_max=500_001,
        shuffled=True,
    ),
    "load_iris": _table(150, 4, 3, order="sorted", low=0.1, high=7.9),
    "load_wine": _table(178, 13, 3, order="sorted", low=0.13, high=1680),
    "load_digits": _table(1_797, 64, 10, low=0, high=16),
    "load_breast_cancer": _table(569, 30, 2, low=0, high=4254),
    "load_diabetes": _table(442, 10, low=-0.14, high=0.2),
    "load_boston": _table(506, 13, low=0, high=711),
    "fetch_california_housing": _table(20_640, 8, high=35_682),
    "fetch_olivetti_faces": _table(400, 4_096, 40, order="sorted", low=0, high=1),
    "make_classification": Dataset(classes=2, shuffled=True),
    "make_moons": Dataset(classes=2, shuffled=True),
    "make_circles": Dataset(classes=2, shuffled=True),
    "make_blobs": Dataset(classes=None, shuffled=True),
    "make_regression": Dataset(y_dtype="float64", shuffled=True),
}
"""By the name of the Keras module (`mnist`) or of the scikit-learn function (`load_iris`)."""

KERAS_DATASETS: Final = tuple(name for name in DATASETS if not name.startswith(("load_", "fetch_", "make_")))
