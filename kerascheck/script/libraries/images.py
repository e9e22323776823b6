"""Images: read from files one by one, as arrays, through generators, or from a folder a class."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from kerascheck.facts.data import DataArray, DataKind, Encoding, Order, Role, Rows, Step, StepKind
from kerascheck.facts.values import UNKNOWN, Dim, Shape, Unknown
from kerascheck.script.handlers import array_method, generator_method, handles
from kerascheck.script.libraries.applications import preprocessed, scaling_of
from kerascheck.script.libraries.files import text_of_path
from kerascheck.script.machine import to_value
from kerascheck.script.roles import role_of_path
from kerascheck.script.values import Arguments, ArrayValue, GeneratorValue, Opaque, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

AUGMENTING = ("rotation_range", "width_shift_range", "height_shift_range", "brightness_range", "shear_range", "zoom_range",
              "channel_shift_range", "horizontal_flip", "vertical_flip")  # fmt: skip
NORMALIZING = ("featurewise_center", "samplewise_center", "featurewise_std_normalization", "samplewise_std_normalization",
               "zca_whitening", "preprocessing_function")  # fmt: skip
ENCODINGS = {
    "categorical": Encoding.ONE_HOT,
    "binary": Encoding.INTEGER,
    "sparse": Encoding.INTEGER,
    "int": Encoding.INTEGER,
}
BYTES = {"minimum": 0, "maximum": 255, "dtype": "uint8"}


@handles("cv2.imread", "scipy.misc.imread", "scipy.ndimage.imread", "imageio.imread", "skimage.io.imread", "PIL.Image.open",
         "cv2.imdecode", "matplotlib.image.imread", "matplotlib.pyplot.imread")  # fmt: skip
def read_image(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """The pixels of one file: bytes, but for matplotlib, which gives fractions for a PNG."""
    facts: dict[str, object] = {} if path.parts[0] == "matplotlib" else dict(BYTES)
    gray = path.parts[0] == "cv2" and arguments.get(1, "flags") in (0, Path(("cv2", "IMREAD_GRAYSCALE")))
    color = path.parts[0] == "cv2" and not arguments.has(1, "flags")
    shape: Shape = (UNKNOWN, UNKNOWN) if gray else (UNKNOWN, UNKNOWN, 3) if color else UNKNOWN
    place = ev.place(arguments.node) if arguments.node is not None else None
    history = (Step(StepKind.LOADED, place, path.parts[-1]),) if place is not None else ()
    return ev.array(arguments.node, shape=shape, history=history, **facts)


@handles("cv2.resize")
def resize(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Another size: `cv2.resize(image, (width, height))`."""
    image, size = arguments.get(0, "src"), to_value(arguments.get(1, "dsize"))
    if not isinstance(image, ArrayValue):
        return ev.array(arguments.node)
    shape = image.data.shape
    if isinstance(shape, Unknown) or not isinstance(size, tuple) or len(size) != 2:
        return ev.derive(image, shape=UNKNOWN)
    width, height = (side if isinstance(side, int) else UNKNOWN for side in size)
    return ev.derive(image, shape=(height, width, *shape[2:]))


@handles("cv2.cvtColor", "cv2.GaussianBlur", "cv2.medianBlur", "cv2.equalizeHist", "cv2.flip")
def converted(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Other pixels of the same kind."""
    image, code = arguments.get(0, "src"), arguments.get(1, "code")
    if not isinstance(image, ArrayValue):
        return ev.array(arguments.node)
    gray = isinstance(code, Path) and code.parts[-1].endswith("2GRAY")
    shape = image.data.shape
    return ev.derive(image, shape=shape[:2] if gray and not isinstance(shape, Unknown) else shape)


@handles("skimage.transform.resize", "skimage.img_as_float", "skimage.util.img_as_float", "skimage.transform.rescale")
def fractions(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """scikit-image scales bytes to fractions as it resizes."""
    image = ev.as_array(arguments.get(0, "image"), arguments.node)
    kept = arguments.get(None, "preserve_range") is True
    size = to_value(arguments.get(1, "output_shape"))
    shape = tuple(side if isinstance(side, int) else UNKNOWN for side in size) if isinstance(size, tuple) else UNKNOWN
    if image is None:
        return ev.array(arguments.node, shape=shape)
    facts: dict[str, object] = {} if kept else {"minimum": 0.0, "maximum": 1.0}
    kind = StepKind.TRANSFORMED if kept else StepKind.SCALED
    return ev.stepped(image, kind, arguments.node, path.parts[-1], shape=shape, dtype="float64", **facts)


@handles("keras.preprocessing.image.load_img", "keras.utils.load_img")
def load_img(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """One image of a file, as a picture object."""
    size = to_value(arguments.get(None, "target_size"))
    sides = size if isinstance(size, tuple) and len(size) == 2 else (UNKNOWN, UNKNOWN)
    gray = arguments.get(None, "color_mode") == "grayscale" or arguments.get(1, "grayscale", "color_mode") is True
    shape = (*(side if isinstance(side, int) else UNKNOWN for side in sides), 1 if gray else 3)
    place = ev.place(arguments.node) if arguments.node is not None else None
    return ev.array(
        arguments.node, shape=shape, history=(Step(StepKind.LOADED, place, "load_img"),) if place else (), **BYTES
    )


@handles("keras.preprocessing.image.img_to_array", "keras.utils.img_to_array")
def img_to_array(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Pixels as floating point numbers, still from 0 to 255."""
    image = arguments.get(0, "img")
    if isinstance(image, ArrayValue):
        return ev.derive(image, dtype="float32")
    return ev.array(arguments.node, minimum=0, maximum=255, dtype="float32", shape=(UNKNOWN, UNKNOWN, UNKNOWN))


@array_method("convert", "crop", "rotate")
def converted_picture(ev: Evaluator, array: ArrayValue, arguments: Arguments, node: ast.expr) -> object:
    """Methods of a picture object."""
    return ev.derive(array, shape=UNKNOWN)


@handles("keras.preprocessing.image.ImageDataGenerator", "keras.legacy.preprocessing.image.ImageDataGenerator",
         "keras_preprocessing.image.ImageDataGenerator", "keras.src.legacy.preprocessing.image.ImageDataGenerator")  # fmt: skip
def image_data_generator(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Augments when a random argument is set, scales when a scaling one is."""
    given = arguments.keywords
    rescale = given.get("rescale")
    return GeneratorValue(
        next(ev.keys),
        tuple(name for name in AUGMENTING if given.get(name) not in (None, 0, 0.0, False)),
        float(rescale) if isinstance(rescale, (int, float)) and rescale else None,
        not arguments.complete
        or rescale.__class__ is Opaque
        or any(given.get(name) not in (None, False) for name in NORMALIZING),
        given.get("validation_split"),
        _module_of(given.get("preprocessing_function")),
    )


def _module_of(function: object) -> str:
    """The module of `keras.applications` whose `preprocess_input` is given; empty for any other function."""
    match function:
        case Path(parts=("keras", "applications", *_, module, "preprocess_input")):
            return module
        case _:
            return ""


@generator_method("fit")
def fit_generator(ev: Evaluator, subject: GeneratorValue, arguments: Arguments, node: ast.expr) -> object:
    """`datagen.fit(x)`: the mean and deviation of the pixels."""
    array = ev.as_array(arguments.get(0, "x"), node)
    if subject.normalizes and array is not None:
        ev.rows_of(array)
        ev.fitted("ImageDataGenerator", subject.key, "fit", array.data, node)


@generator_method("flow")
def flow(ev: Evaluator, subject: GeneratorValue, arguments: Arguments, node: ast.expr) -> object:
    """Batches of arrays."""
    values = arguments.get(0, "x"), arguments.get(1, "y")
    nodes = [*arguments.positional_nodes[:2], None, None]
    x, y = (ev.as_rows(value, place) for value, place in zip(values, nodes, strict=False))
    rows = ev.rows_of(x) if x is not None else Rows(next(ev.keys))
    rows = _subset(ev, subject, rows, arguments)
    facts: dict[str, object] = {"encoding": y.data.encoding} if y is not None else {}
    if x is not None:
        facts |= {
            "role": x.data.role,
            "arrangement": x.data.arrangement,
            "named_role": x.data.named_role,
            "fold": x.data.fold,
        }
        facts |= {"order": x.data.order}
    elements = tuple(
        part.data for part in (_scaled(ev, subject, x, node) if x is not None else None, y) if part is not None
    )
    return _iterator(
        ev, subject, arguments, node, "flow", rows, elements, 2, x.data.history if x is not None else (), facts
    )


@generator_method("flow_from_directory")
def flow_from_directory(ev: Evaluator, subject: GeneratorValue, arguments: Arguments, node: ast.expr) -> object:
    """Batches of the images in a folder with one folder a class."""
    folder = arguments.get(0, "directory")
    rows = _subset(ev, subject, Rows(ev.path_identity(folder)), arguments)
    return _of_files(ev, subject, arguments, node, "flow_from_directory", folder, rows, Role.UNKNOWN, 1, 2, 4)


@generator_method("flow_from_dataframe")
def flow_from_dataframe(ev: Evaluator, subject: GeneratorValue, arguments: Arguments, node: ast.expr) -> object:
    """Batches of the images that a frame names."""
    frame = ev.as_array(arguments.get(0, "dataframe"), node)
    folder = arguments.get(1, "directory")
    source = ev.rows_of(frame) if frame is not None else Rows(ev.path_identity(arguments.get(0, "dataframe")))
    role = frame.data.role if frame is not None else Role.UNKNOWN
    rows = _subset(ev, subject, source, arguments)
    return _of_files(ev, subject, arguments, node, "flow_from_dataframe", folder, rows, role, None, None, None)


def _of_files(
    ev: Evaluator,
    subject: GeneratorValue,
    arguments: Arguments,
    node: ast.expr,
    name: str,
    folder: object,
    rows: Rows,
    role: Role,
    size_index: int | None,
    color_index: int | None,
    mode_index: int | None,
) -> ArrayValue:
    size = to_value(arguments.get(size_index, "target_size", default=(256, 256) if arguments.complete else UNKNOWN))
    sides = size if isinstance(size, tuple) and len(size) == 2 else (UNKNOWN, UNKNOWN)
    color = arguments.get(color_index, "color_mode", default="rgb")
    channels: Dim = {"rgb": 3, "grayscale": 1, "rgba": 4}.get(str(color), UNKNOWN)
    mode = arguments.get(mode_index, "class_mode", default="categorical" if arguments.complete else None)
    encoding = ENCODINGS.get(str(mode), Encoding.UNKNOWN)
    pixels = ev.array(node, shape=(UNKNOWN, *(side if isinstance(side, int) else UNKNOWN for side in sides), channels),
                      minimum=0, maximum=255, dtype="float32")  # fmt: skip
    labels = ev.array(node, encoding=encoding, labels=True)
    text = text_of_path(folder)
    part = arguments.get(None, "subset")
    if role is Role.UNKNOWN:
        role = {"training": Role.TRAIN, "validation": Role.VALIDATION}.get(str(part), Role.UNKNOWN)
    role = role_of_path(text) if role is Role.UNKNOWN else role
    facts: dict[str, object] = {"encoding": encoding, "role": role, "path": text, "origin": name}
    # Without shuffling, the files come class folder by class folder.
    facts["order"] = Order.AS_LOADED
    scaled = _scaled(ev, subject, pixels, node)
    elements = (scaled.data, *((labels.data,) if mode is not None else ()))
    loaded = (Step(StepKind.LOADED, ev.place(node), name),)
    return _iterator(ev, subject, arguments, node, name, rows, elements, None, loaded, facts)


def _iterator(
    ev: Evaluator,
    subject: GeneratorValue,
    arguments: Arguments,
    node: ast.expr,
    name: str,
    rows: Rows,
    elements: tuple[DataArray, ...],
    batch_index: int | None,
    history: tuple[Step, ...],
    facts: dict[str, object],
) -> ArrayValue:
    place = ev.place(node)
    batch = to_value(arguments.get(batch_index, "batch_size", default=32))
    steps = [*history, Step(StepKind.BATCHED, place, name, arguments={"batch_size": batch})]
    if subject.augments:
        steps.append(Step(StepKind.AUGMENTED, place, "ImageDataGenerator", subject.key))
    if subject.rescale is not None or subject.normalizes:
        steps.append(Step(StepKind.SCALED, place, "ImageDataGenerator", subject.key))
    shuffle = arguments.get(3 if name == "flow" else None, "shuffle", default=True if arguments.complete else UNKNOWN)
    if shuffle is True:
        given = ev.places_of(arguments, "shuffle")
        steps.append(Step(StepKind.SHUFFLED, place, name, places=given, slot=ev.slot_of(node)))
        facts |= {"order": Order.SHUFFLED}
    elif shuffle is not False:
        facts |= {"order": Order.UNKNOWN}
    return ev.array(
        node, kind=DataKind.GENERATOR, rows=rows, history=tuple(steps), elements=elements, **{"origin": name, **facts}
    )


def _subset(ev: Evaluator, subject: GeneratorValue, rows: Rows, arguments: Arguments) -> Rows:
    """The rows that `subset` picks."""
    part = arguments.get(None, "subset")
    if part is None:
        return rows if arguments.complete else rows.within(partial=True)
    share = subject.validation_split
    identity = share if isinstance(share, (int, float)) else getattr(share, "key", subject.key)
    known = part if isinstance(part, str) else "unknown"
    return rows.within((ev.cut("subset", rows.source, rows.selection, identity), known), partial=known == "unknown")


def _scaled(ev: Evaluator, subject: GeneratorValue, pixels: ArrayValue, node: ast.expr) -> ArrayValue:
    if subject.preprocessing and subject.rescale is None:
        return preprocessed(ev, pixels, subject.preprocessing, scaling_of(subject.preprocessing), node)
    if subject.normalizes:
        return ev.stepped(pixels, StepKind.SCALED, node, "ImageDataGenerator", minimum=UNKNOWN, maximum=UNKNOWN)
    if subject.rescale is None:
        return pixels
    low, high = pixels.data.minimum, pixels.data.maximum
    return ev.stepped(
        pixels, StepKind.SCALED, node, "rescale", dtype="float32",
        minimum=UNKNOWN if isinstance(low, Unknown) else low * subject.rescale,
        maximum=UNKNOWN if isinstance(high, Unknown) else high * subject.rescale,
    )  # fmt: skip


@handles("keras.utils.image_dataset_from_directory", "keras.preprocessing.image_dataset_from_directory",
         "keras.utils.text_dataset_from_directory", "keras.preprocessing.text_dataset_from_directory",
         "keras.preprocessing.image.image_dataset_from_directory", "keras.utils.audio_dataset_from_directory",
         "keras.preprocessing.text.text_dataset_from_directory")  # fmt: skip
def dataset_from_directory(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A tf.data.Dataset of the files in a folder with one folder a class."""
    node, name = arguments.node, path.parts[-1]
    folder = arguments.get(0, "directory")
    share, part, seed = (arguments.get(None, key) for key in ("validation_split", "subset", "seed"))
    rows, text = Rows(ev.path_identity(folder)), text_of_path(folder)
    shuffle = arguments.get(None, "shuffle", default=True if arguments.complete else UNKNOWN)
    role = role_of_path(text)
    if part == "both":
        return tuple(
            _directory_part(ev, arguments, name, rows, text, shuffle, share, seed, each, role)
            for each in ("training", "validation")
        )
    if node is None:
        return ev.unknown(name)
    return _directory_part(ev, arguments, name, rows, text, shuffle, share, seed, part, role)


def _directory_part(
    ev: Evaluator,
    arguments: Arguments,
    name: str,
    rows: Rows,
    text: str,
    shuffle: object,
    share: object,
    seed: object,
    part: object,
    role: Role,
) -> ArrayValue:
    node = arguments.node
    assert node is not None
    if part is not None:
        identity = (_plain(share), _plain(seed))
        rows = rows.within((ev.cut("subset", rows.source, *identity), str(part)), partial=not isinstance(part, str))
        role = {"training": Role.TRAIN, "validation": Role.VALIDATION}.get(str(part), role)
    mode = arguments.get(2, "label_mode", default="int" if arguments.complete else None)
    encoding = ENCODINGS.get(str(mode), Encoding.UNKNOWN)
    steps = [Step(StepKind.LOADED, ev.place(node), name)]
    if shuffle is True:
        given = ev.places_of(arguments, "shuffle")
        steps.append(Step(StepKind.SHUFFLED, ev.place(node), name, places=given, slot=ev.slot_of(node)))
    steps.append(
        Step(
            StepKind.BATCHED,
            ev.place(node),
            name,
            arguments={"batch_size": to_value(arguments.get(None, "batch_size", default=32))},
        )
    )
    labels = ev.array(
        node,
        encoding=encoding,
        labels=True,
        shape=(UNKNOWN,) if mode == "int" else (UNKNOWN, 1) if mode == "binary" else (UNKNOWN, UNKNOWN),
    )
    elements = (_directory_inputs(ev, arguments, name).data, *((labels.data,) if mode is not None else ()))
    order = Order.SHUFFLED if shuffle is True else Order.SORTED if shuffle is False else Order.UNKNOWN
    return ev.array(
        node, kind=DataKind.DATASET, rows=rows, role=role, path=text, origin=name, order=order, history=tuple(steps),
        elements=elements, encoding=encoding,
    )  # fmt: skip


def _plain(value: object) -> object:
    return value if isinstance(value, (int, float, str, type(None))) else getattr(value, "key", id(value))


def _directory_inputs(ev: Evaluator, arguments: Arguments, name: str) -> ArrayValue:
    if not name.startswith("image"):
        return ev.array(arguments.node, dtype="string" if name.startswith("text") else UNKNOWN)
    size = to_value(arguments.get(None, "image_size", default=(256, 256) if arguments.complete else UNKNOWN))
    sides = size if isinstance(size, tuple) and len(size) == 2 else (UNKNOWN, UNKNOWN)
    channels: Dim = {"rgb": 3, "grayscale": 1, "rgba": 4}.get(
        str(arguments.get(None, "color_mode", default="rgb")), UNKNOWN
    )
    shape = (UNKNOWN, *(side if isinstance(side, int) else UNKNOWN for side in sides), channels)
    return ev.array(arguments.node, shape=shape, minimum=0, maximum=255, dtype="float32")
