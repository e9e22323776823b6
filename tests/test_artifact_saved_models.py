"""SavedModels of every age: metadata beside the graph, inside it, lost or damaged."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from kerascheck import Config, check_model, check_paths
from kerascheck.artifact import Form, read_model, sniff
from kerascheck.artifact.protobuf import fields
from kerascheck.artifact.refusals import DamagedError
from kerascheck.findings import FileStatus

MODELS = Path(__file__).parent.parent / "fixtures" / "models"
SAVED = MODELS / "built_by_data_keras2.saved_model"
LAYERS = [
    {
        "class_name": "InputLayer",
        "config": {"name": "i", "batch_input_shape": {"class_name": "__tuple__", "items": [None, 4]}},
    },
    {"class_name": "Dense", "config": {"name": "d", "units": 2}},
]
ROOT = {
    "class_name": "Sequential",
    "config": {"name": "old", "layers": LAYERS},
    "keras_version": "2.2.4-tf",
    "backend": "tensorflow",
    "training_config": {"loss": "mse", "optimizer_config": {"class_name": "Adam", "config": {"learning_rate": 0.5}}},
}


def varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def nested(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def keras_object(identifier: str, metadata: object) -> bytes:
    return nested(4, nested(1, identifier) + nested(3, json.dumps(metadata)))


def child(index: int, name: str) -> bytes:
    return nested(1, number(1, index) + nested(2, name))


def old_saved_model(*objects: bytes) -> bytes:
    """A saved_model.pb of TensorFlow 2.0 to 2.4, which holds the metadata itself."""
    graph = b"".join(nested(1, each) for each in objects)
    return number(1, 1) + nested(2, nested(2, b"") + nested(7, graph))


def test_metadata_inside_the_graph_are_read(tmp_path: Path) -> None:
    loop = child(0, "self") + child(1, "layer-0") + child(99, "nowhere")
    dense = {"class_name": "Dense", "name": "d", "config": {"name": "d", "units": 2}}
    content = old_saved_model(
        loop + keras_object("_tf_keras_sequential", ROOT), child(0, "parent") + keras_object("_tf_keras_layer", dense)
    )
    (tmp_path / "saved_model.pb").write_bytes(content)
    facts = read_model(tmp_path)
    assert facts.status is FileStatus.OK, facts.reason
    graph = facts.graphs[0]
    assert (graph.name, graph.parameters, graph.keras_version) == ("old", 10, "2.2.4-tf")
    assert graph.compiles[0].optimizer is not None
    assert graph.compiles[0].optimizer["learning_rate"] == 0.5


def test_a_saved_model_of_tensorflow_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(old_saved_model(nested(4, nested(1, "_generic_user_object"))))
    assert read_model(tmp_path).status is FileStatus.SKIPPED


def test_lost_metadata_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(SAVED, folder)
    (folder / "keras_metadata.pb").unlink()
    facts = read_model(folder)
    assert facts.status is FileStatus.ERROR
    assert "`keras_metadata.pb` is missing" in facts.reason


@pytest.mark.parametrize("change", ["\r\n", ""])
def test_converted_line_ends_are_named(change: str, tmp_path: Path) -> None:
    data = (SAVED / "keras_metadata.pb").read_bytes()
    path = tmp_path / "keras_metadata.pb"
    path.write_bytes(data.replace(b"\n", change.encode()))
    facts = read_model(path)
    if change:
        assert facts.status is FileStatus.ERROR
        assert "line ends" in facts.reason
    assert facts.status is not FileStatus.OK


@pytest.mark.parametrize("name", ["keras_metadata.pb", "saved_model.pb"])
@pytest.mark.parametrize("seed", range(60))
def test_damage_never_raises(name: str, seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    data = bytearray((SAVED / name).read_bytes())
    if seed % 2:
        del data[chance.randrange(len(data)) :]
    for _ in range(5):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    shutil.copytree(SAVED, tmp_path / "model", ignore=shutil.ignore_patterns("*.pb"))
    (tmp_path / "model" / "saved_model.pb").write_bytes(b"")
    (tmp_path / "model" / name).write_bytes(data)
    facts = read_model(tmp_path / "model")
    assert facts.saved is not None or facts.reason


@pytest.mark.parametrize(
    "data",
    [
        b"\x80",
        b"\x80" * 11,
        b"\x00\x01",
        b"\x0a\x05ab",
        b"\x0b",
        b"\x09abc",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    ],
    ids=["open number", "long number", "field 0", "open text", "unknown kind", "open fixed", "endless text"],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(DamagedError):
        list(fields(memoryview(data)))


def test_a_folder_is_one_model() -> None:
    assert sniff(SAVED) is Form.SAVED_MODEL
    named = check_paths([SAVED], config=Config())
    assert [(file.path.rsplit("/", 1)[-1], file.models) for file in named.files] == [(SAVED.name, 1)]


def test_folders_are_found_while_walking(tmp_path: Path) -> None:
    shutil.copytree(SAVED, tmp_path / "deep" / "model")
    shutil.copy(MODELS / "shared_and_nested_keras_metadata.pb", tmp_path / "keras_metadata.pb")
    report = check_paths([tmp_path], config=Config())
    found = [Path(file.path).relative_to(tmp_path).as_posix() for file in report.files]
    assert found == ["deep/model", "keras_metadata.pb"]
    assert all(file.status is FileStatus.OK for file in report.files)


def test_metadata_by_themselves_are_a_model() -> None:
    report = check_model(MODELS / "shared_and_nested_keras_metadata.pb", config=Config())
    assert (report.status, report.models) == (FileStatus.OK, 3)


@pytest.mark.parametrize("place", ["object", "layer"])
def test_a_name_that_is_no_text_costs_its_recorded_shape_alone(place: str, tmp_path: Path) -> None:
    odd = {"class_name": "Dense", "config": {"units": 2}}
    dense = {"class_name": "Dense", "name": odd if place == "object" else "d", "config": {"name": "d", "units": 2}}
    last = {**LAYERS[1], "config": {**LAYERS[1]["config"], "name": odd if place == "layer" else "d"}}
    root = {**ROOT, "config": {"name": "old", "layers": [LAYERS[0], last]}}
    objects = keras_object("_tf_keras_sequential", root), keras_object("_tf_keras_layer", dense)
    (tmp_path / "saved_model.pb").write_bytes(old_saved_model(child(1, "layer-0") + objects[0], objects[1]))
    facts = read_model(tmp_path)
    assert facts.graphs[0].parameters == 10
