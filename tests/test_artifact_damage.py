"""Damaged and hostile files give one clear line, never an exception, and take no more memory than is stated."""

from __future__ import annotations

import copy
import json
import random
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from kerascheck import Config, check_model
from kerascheck.artifact import ModelFacts, read_model
from kerascheck.findings import FileStatus

MODELS = Path(__file__).parent.parent / "fixtures" / "models"
SOURCES = sorted(path for path in MODELS.iterdir() if path.suffix in (".h5", ".keras") and path.name != "pointer.h5")
SMALL = ["built_by_data.keras", "built_by_data_keras2.h5", "half_precision.keras", "good_cnn_keras2_weights.h5"]


def refusal(facts: ModelFacts) -> str:
    assert facts.status is FileStatus.ERROR
    assert facts.saved is not None
    assert facts.saved.graph is None
    found = facts.saved.container
    assert [found.deep, *(damage.message for damage in found.damages if damage.fatal)].count(facts.reason) == 1
    assert "\n" not in facts.reason
    assert len(facts.reason) < 400
    return facts.reason


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated_files_are_refused(path: Path, share: float, tmp_path: Path) -> None:
    cut = tmp_path / path.name
    data = path.read_bytes()
    cut.write_bytes(data[: int(len(data) * share)])
    refusal(read_model(cut))


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("seed", range(40))
def test_flipped_bits_never_raise(name: str, seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    data = bytearray((MODELS / name).read_bytes())
    for _ in range(20):
        data[chance.randrange(min(len(data), 8192))] ^= 1 << chance.randrange(8)
    path = tmp_path / name
    path.write_bytes(data)
    facts = read_model(path)
    assert facts.status in FileStatus
    assert facts.saved is not None or facts.reason


def model_config(value: object, **more: object) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with h5py.File(path, "w") as file:
            file.attrs["model_config"] = value
            file.attrs.update(more)

    return write


def archive(config: str | bytes, metadata: str = "{}") -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            target.writestr("metadata.json", metadata)
            target.writestr("config.json", config)

    return write


def nested(depth: int) -> str:
    return '{"class_name": "Sequential", "config": ' + '{"a": ' * depth + "1" + "}" * depth + "}"


DAMAGE: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "no JSON": ("m.h5", model_config("{'class_name': 1}"), "not valid JSON"),
    "JSON that is cut off": ("m.keras", archive('{"class_name": "Sequential"'), "not valid JSON"),
    "no configuration": ("m.h5", model_config("3"), "holds no configuration"),
    "an empty attribute": ("m.h5", model_config(h5py.Empty("S1")), "holds no configuration"),
    "no class": ("m.keras", archive('{"config": {}}'), "names no class"),
    "too deep": ("m.keras", archive(nested(100_000)), "nested too deeply"),
    "an integer without end": (
        "m.keras",
        archive('{"class_name": "A", "config": ' + "9" * 5000 + "}"),
        "not valid JSON",
    ),
    "a text that unpacks into more than any configuration": (
        "m.keras",
        archive(b'{"class_name": "' + b"A" * (65 * 1024 * 1024) + b'"}'),
        "larger than any configuration",
    ),
    "no text encoding": ("m.keras", archive(b'{"class_name": "\xff\xfe"}'), "not valid JSON"),
    "damaged metadata": ("m.keras", archive('{"class_name": "Sequential", "config": []}', "{"), "not valid JSON"),
    "a web page": ("m.h5", lambda path: path.write_text("<html></html>") and None, "web page"),
    "nothing": ("m.h5", lambda path: path.write_bytes(b"") and None, "empty file"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damage_is_named(case: str, tmp_path: Path) -> None:
    name, write, said = DAMAGE[case]
    write(tmp_path / name)
    assert said in refusal(read_model(tmp_path / name))


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    archive('{"class_name": "Sequential", "config": []}')(path)
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature, data.find(signature) + 1)
        data[place + offset] |= 1
    path.write_bytes(data)
    assert "encrypted" in refusal(read_model(path))


def test_links_out_of_the_file_are_not_followed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        group = file.create_group("model")
        group.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": []})
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["model"] = h5py.ExternalLink("other.h5", "/model")
        file["soft"] = h5py.SoftLink("/nowhere")
    facts = read_model(tmp_path / "m.h5")
    assert facts.status is FileStatus.SKIPPED
    assert "`model`" in facts.reason


def test_names_that_are_no_text_are_no_fault(tmp_path: Path) -> None:
    config = {"name": "s", "layers": [{"class_name": "Mine", "config": {"name": "mine"}}]}
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": config})
        file.create_group("model_weights/mine")[b"k\xffrnel"] = np.zeros(6)
    assert read_model(tmp_path / "m.h5").graphs[0].layers[0].parameters == 6
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file[b"\xff"] = np.zeros(3)
    assert "codec" in refusal(read_model(tmp_path / "d.h5"))


def test_a_loop_of_hard_links_ends(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.h5", "w") as file:
        group = file.create_group("a")
        group["again"] = file["/"]
        group["self"] = group
    assert read_model(tmp_path / "m.h5").status is FileStatus.SKIPPED


def test_declared_sizes_are_not_allocated(tmp_path: Path) -> None:
    """A user's layer is counted by what the file declares; the arrays themselves are never read."""
    config = {"name": "s", "layers": [{"class_name": "Mine", "config": {"name": "mine"}}]}
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": config})
        layer = file.create_group("model_weights/mine")
        layer.create_dataset("kernel:0", shape=(2**20, 2**20), dtype="f4", chunks=(1024, 1024))
    facts = read_model(tmp_path / "m.h5")
    assert facts.graphs[0].layers[0].parameters == 2**40


def test_models_nested_without_end_are_cut(tmp_path: Path) -> None:
    model: dict[str, object] = {"class_name": "Dense", "config": {"units": 1}}
    for level in range(80):
        model = {"class_name": "Sequential", "config": {"name": f"m{level}", "layers": [model]}}
    (tmp_path / "m.json").write_text(json.dumps(model))
    facts = read_model(tmp_path / "m.json")
    assert facts.status is not FileStatus.ERROR
    assert len(facts.graphs) < 80


WEIRD = [
    {"class_name": "Functional", "config": {"layers": 3, "input_layers": [], "output_layers": []}},
    {
        "class_name": "Functional",
        "config": {"layers": [], "input_layers": [["a", 0, 0]], "output_layers": [["b", 0, 0]]},
    },
    {"class_name": "Functional", "config": {"name": 7, "layers": [1, None, {"class_name": []}], "output_layers": {}}},
    {"class_name": "Sequential", "config": {"layers": [{"class_name": "Conv2D", "config": {"filters": "many"}}]}},
    {
        "class_name": "Sequential",
        "config": {"layers": [{"class_name": "Dense", "config": {"units": -1, "batch_shape": 3}}]},
    },
    {"class_name": "Sequential", "config": {"layers": [{"class_name": "Bidirectional", "config": {"layer": []}}]}},
    {"class_name": "Sequential", "config": {"layers": [{"class_name": "Merge", "config": {"layers": [{}, 3]}}]}},
    {"class_name": "Sequential", "config": {"layers": [{"class_name": "Permute", "config": {"dims": [None, "x"]}}]}},
    {
        "class_name": "Functional",
        "config": {
            "layers": [
                {"class_name": "Dense", "name": "a", "config": {"units": 3}, "inbound_nodes": [[["b", 0, 0, {}]]]},
                {"class_name": "Dense", "name": "b", "config": {"units": 3}, "inbound_nodes": [[["a", 0, 0, {}]]]},
                {"class_name": "Dense", "name": "a", "config": {"units": 3}, "inbound_nodes": "x"},
            ],
            "output_layers": [["a", 0, 99], ["a", -1, 0], ["a", 10**30, 0]],
        },
    },
]


@pytest.mark.parametrize("index", range(len(WEIRD)))
@pytest.mark.parametrize("training", [None, {"loss": [[1]], "optimizer_config": 3, "metrics": {"a": [{}]}}])
def test_contradictions_never_raise(index: int, training: object, tmp_path: Path) -> None:
    write = model_config(json.dumps(WEIRD[index]), training_config=json.dumps(training))
    write(tmp_path / "m.h5")
    facts = read_model(tmp_path / "m.h5")
    assert facts.status in (FileStatus.OK, FileStatus.PARTIAL), facts.reason
    assert facts.graphs


def test_a_count_of_outputs_is_a_claim(tmp_path: Path) -> None:
    """A reference to output 10**9 of a layer does not make a list of that length."""
    layers = [
        {"class_name": "InputLayer", "name": "i", "config": {"batch_input_shape": [None, 3]}, "inbound_nodes": []},
        {"class_name": "Mine", "name": "m", "config": {"name": "m"}, "inbound_nodes": [[["i", 0, 0, {}]]]},
    ]
    config = {"layers": layers, "input_layers": [["i", 0, 0]], "output_layers": [["m", 0, 10**9]]}
    (tmp_path / "m.json").write_text(json.dumps({"class_name": "Functional", "config": config}))
    facts = read_model(tmp_path / "m.json")
    assert facts.status is FileStatus.PARTIAL
    assert not facts.graphs[0].whole


def test_attributes_of_every_kind_of_text_are_read(tmp_path: Path) -> None:
    text = json.dumps({"class_name": "Sequential", "config": [{"class_name": "Flatten", "config": {"name": "f"}}]})
    kinds: dict[str, object] = {
        "str": text,
        "bytes": np.bytes_(text.encode()),
        "array": np.array([text.encode()]),
        "object": np.array(text, dtype=h5py.string_dtype()),
    }
    for kind, value in kinds.items():
        path = tmp_path / f"{kind}.h5"
        model_config(value, keras_version=np.bytes_(b"2.2.4"))(path)
        facts = read_model(path)
        assert facts.status is FileStatus.OK, kind
        assert facts.graphs[0].keras_version == "2.2.4"


def test_a_text_in_numbered_attributes_is_put_together(tmp_path: Path) -> None:
    text = json.dumps({"class_name": "Sequential", "config": [{"class_name": "Flatten", "config": {"name": "f"}}]})
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config0"] = text[:40]
        file.attrs["model_config1"] = text[40:]
    assert read_model(tmp_path / "m.h5").graphs[0].layers[0].name == "f"


def test_a_model_below_the_root_is_found(tmp_path: Path) -> None:
    text = json.dumps({"class_name": "Sequential", "config": [{"class_name": "Flatten", "config": {"name": "f"}}]})
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["history"] = np.zeros(3)
        file.create_group("model/kerasmodel").attrs["model_config"] = text
    assert read_model(tmp_path / "m.h5").graphs[0].layers[0].name == "f"


def test_the_recursion_limit_is_left_as_it_was(tmp_path: Path) -> None:
    before = sys.getrecursionlimit()
    archive(nested(100_000))(tmp_path / "m.keras")
    read_model(tmp_path / "m.keras")
    assert sys.getrecursionlimit() == before


VALUES: list[object] = [
    None,
    True,
    -1,
    2**70,
    1.5,
    "",
    "x",
    [],
    {},
    [[]],
    [None, 3],
    {"class_name": "Dense", "config": {}},
]


def places(value: object) -> list[tuple[dict | list, object]]:
    """Every place in a JSON value that another could take."""
    found: list[tuple[dict | list, object]] = []
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, (dict, list)):
            keys = list(item) if isinstance(item, dict) else list(range(len(item)))
            found += [(item, key) for key in keys]
            stack += [item[key] for key in keys]
    return found


def configuration(name: str) -> dict:
    path = MODELS / name
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as source:
            return json.loads(source.read("config.json"))
    with h5py.File(path) as file:
        return {
            "model_config": json.loads(file.attrs["model_config"]),
            "training_config": json.loads(file.attrs.get("training_config", "null")),
        }


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize(
    "name",
    [
        "several_inputs_and_outputs.keras",
        "several_inputs_and_outputs_keras2.h5",
        "shared_and_nested.h5",
        "shared_and_nested_keras2.keras",
        "wrapped.keras",
        "wrapped_keras2.h5",
        "preprocessing.keras",
        "custom_keras2.h5",
        "good_cnn.keras",
    ],
)
def test_values_out_of_place_never_raise(name: str, seed: int, tmp_path: Path) -> None:
    chance = random.Random(f"{name} {seed}")
    model = configuration(name)
    for _ in range(chance.choice([1, 3, 10])):
        holder, key = chance.choice(places(model))
        holder[key] = copy.deepcopy(chance.choice(VALUES))
    (tmp_path / "m.json").write_text(json.dumps(model))
    report = check_model(tmp_path / "m.json", config=Config())
    assert not report.fault, report.findings
    assert report.status is not FileStatus.ERROR or "failed" not in report.reason
