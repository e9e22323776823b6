"""What a file is, told by its content; the suffix decides nothing but the reading of a broken archive."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from kerascheck.remote import FetchError

HEAD: Final = 64 * 1024
"""The bytes that are looked at; the keys of an architecture stand in its first layer already."""

HDF5_SIGNATURE: Final = b"\x89HDF\r\n\x1a\n"
_LAST_SUPERBLOCK: Final = 1 << 20
_PICKLE_OPENS: Final = re.compile(rb"\x80[\x02-\x05]")
_HTML: Final = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body|\?xml[^>]*>\s*<!doctype\s+html)", re.IGNORECASE)
_JSON: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{\"]")
_METADATA: Final = re.compile(rb"(?:\r?\n)[\x00-\xff]{1,64}?_tf_keras_")
_CLASS: Final = re.compile(rb"\\*\"class_name\\*\"\s*:")
_CONFIG: Final = re.compile(rb"\\*\"config\\*\"\s*:")
_TOKENIZER: Final = re.compile(rb"\\*\"(?:word_counts|word_index|num_words)\\*\"\s*:")
_YAML: Final = (re.compile(rb"^class_name:\s", re.MULTILINE), re.compile(rb"^config:\s", re.MULTILINE))


class Form(enum.Enum):
    """The forms of files that are told apart; the value says what a file is, for people."""

    HDF5 = "an HDF5 file"
    KERAS_ZIP = "a .keras archive"
    KERAS_FOLDER = "an unpacked .keras archive"
    JSON_ARCHITECTURE = "a model's architecture in JSON"
    YAML_ARCHITECTURE = "a model's architecture in YAML"
    TFJS = "a TensorFlow.js model"
    SAVED_MODEL = "a SavedModel folder"
    KERAS_METADATA = "the keras_metadata.pb of a SavedModel"
    NPZ = "a NumPy archive"
    WEIGHT_INDEX = "the index of weights in several files"
    LFS_POINTER = "a Git LFS pointer: the model itself is not in this checkout (`git lfs pull` fetches it)"
    NOTEBOOK = "a Jupyter notebook"
    HTML = "a web page, no model: the download went wrong"
    EMPTY = "an empty file"
    PICKLE = "a Python pickle, which is never opened: it runs code when it is loaded"
    ZIP = "a zip archive without a Keras model"
    JSON = "JSON without a Keras model"
    NUMPY = "a NumPy array"
    TFLITE = "a TensorFlow Lite model"
    GZIP = "a gzip archive"
    OTHER = "no file that Keras writes"

    @property
    def is_model(self) -> bool:
        """Whether a file of this form is worth reading as a model."""
        return self in _MODELS


_MODELS: Final = frozenset(
    {
        Form.HDF5,
        Form.KERAS_ZIP,
        Form.KERAS_FOLDER,
        Form.JSON_ARCHITECTURE,
        Form.YAML_ARCHITECTURE,
        Form.TFJS,
        Form.SAVED_MODEL,
        Form.KERAS_METADATA,
        Form.WEIGHT_INDEX,
    }
)


def sniff(path: Path) -> Form:
    """The form of a file or folder.

    Raises:
        OSError: when it cannot be opened.
    """
    if path.is_dir():
        return _folder(path)
    with path.open("rb") as file:
        head = file.read(HEAD)
        form = _by_first_bytes(head)
        if form is not None:
            return form
        if head.startswith(b"PK\x03\x04"):
            return _archive(path, head)
        offset = 512
        while offset <= _LAST_SUPERBLOCK:
            file.seek(offset)
            found = file.read(len(HDF5_SIGNATURE))
            if found == HDF5_SIGNATURE:
                return Form.HDF5
            if len(found) < len(HDF5_SIGNATURE):
                break
            offset *= 2
    return _by_text(head)


def _by_first_bytes(head: bytes) -> Form | None:
    if not head:
        return Form.EMPTY
    for opening, form in (
        (HDF5_SIGNATURE, Form.HDF5),
        (b"version https://git-lfs", Form.LFS_POINTER),
        (b"\x93NUMPY", Form.NUMPY),
        (b"\x1f\x8b", Form.GZIP),
    ):
        if head.startswith(opening):
            return form
    if head[4:8] == b"TFL3":
        return Form.TFLITE
    if _PICKLE_OPENS.match(head):
        return Form.PICKLE
    return Form.KERAS_METADATA if _METADATA.match(head) else None


def _by_text(head: bytes) -> Form:
    if not head.strip():
        return Form.EMPTY
    if _HTML.match(head):
        return Form.HTML
    if _JSON.match(head):
        return _json(head)
    return Form.YAML_ARCHITECTURE if all(pattern.search(head) for pattern in _YAML) else Form.OTHER


def _json(head: bytes) -> Form:
    if b'"modelTopology"' in head or b'"weightsManifest"' in head:
        return Form.TFJS
    if b'"cell_type"' in head or b'"nbformat"' in head:
        return Form.NOTEBOOK
    if b'"weight_map"' in head and b'.h5"' in head:
        return Form.WEIGHT_INDEX
    if _CLASS.search(head) and _CONFIG.search(head) and not _TOKENIZER.search(head):
        return Form.JSON_ARCHITECTURE
    return Form.JSON


def _archive(path: Path, head: bytes) -> Form:
    import zipfile

    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            return _by_members(archive.namelist())
    except FetchError:
        raise
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        # The directory at its end is lost; the first member's name stands in front.
        first = head[30 : 30 + int.from_bytes(head[26:28], "little")].decode("utf-8", "replace")
        return Form.KERAS_ZIP if first in ("metadata.json", "config.json", "model.weights.h5") else Form.ZIP


def _by_members(names: Iterable[str]) -> Form:
    members = set(names)
    if "config.json" in members and members & {"metadata.json", "model.weights.h5", "model.weights.npz"}:
        return Form.KERAS_ZIP
    if members and all(name.endswith(".npy") for name in members):
        return Form.NPZ
    return Form.ZIP


def _folder(path: Path) -> Form:
    if (path / "saved_model.pb").is_file():
        return Form.SAVED_MODEL
    if (path / "config.json").is_file() and (path / "metadata.json").is_file():
        return Form.KERAS_FOLDER
    return Form.OTHER
