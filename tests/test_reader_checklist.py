"""What a reader of model files must survive: the 25 points of the checklist, each by its number.

The tests of single readers go deeper; this is where one sees that none of the points is forgotten.
"""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from checkout import ROOT

from kerascheck import Config, check_model
from kerascheck.artifact import ModelFacts, read_model
from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.graph import LayerKind, ModelGraph
from kerascheck.facts.values import UNKNOWN
from kerascheck.findings import FileReport, FileStatus

sys.path.insert(0, str(ROOT / "tools"))

from make_hostile_models import archive, dense2, dense3, hdf5, list_model, model2, model3, weights3

MODELS = ROOT / "fixtures" / "models"
DAMAGES = {"KC709", "KC807"}


def read(path: Path) -> ModelFacts:
    return read_model(path, weights=True)


def saved(path: Path) -> SavedModel:
    found = read(path).saved
    assert found is not None
    return found


def graph(path: Path) -> ModelGraph:
    facts = read(path)
    assert facts.status is FileStatus.OK, facts.reason
    return facts.graphs[0]


def codes(path: Path) -> set[str]:
    report: FileReport = check_model(path, config=Config())
    assert not report.fault
    return {finding.code for finding in report.findings}


def owners(path: Path) -> set[tuple[str, str]]:
    """Layer and name of each weight of a file."""
    return {(tensor.layer.rsplit("/", 1)[-1], tensor.name) for tensor in saved(path).tensors()}


def written(path: Path, model: object, **more: object) -> Path:
    path.write_text(json.dumps(model, **more))  # pyright: ignore[reportArgumentType]
    return path


HIDDEN = {("hidden", "kernel"), ("hidden", "bias")}


def test_01_the_configuration_of_a_sequential_is_a_list(tmp_path: Path) -> None:
    hdf5(tmp_path / "m.h5", list_model(dense2(), dense2("second", batch_input_shape=None)), names=("hidden",))
    assert [layer.name for layer in graph(tmp_path / "m.h5").layers] == ["hidden", "second"]


def test_02_version_and_backend_are_missing(tmp_path: Path) -> None:
    def change(file: h5py.File) -> None:
        del file.attrs["backend"]

    hdf5(tmp_path / "m.h5", model2(dense2()), version="", change=change)
    found = saved(tmp_path / "m.h5")
    assert (found.keras_version, found.backend) == (UNKNOWN, UNKNOWN)
    assert found.generation == 1
    assert found.graph is not None


@pytest.mark.parametrize(
    "kind", [str, np.bytes_, lambda text: np.array(text.encode()), lambda text: np.array([text], "S")]
)
def test_03_attributes_are_bytes_texts_arrays_or_empty(kind: object, tmp_path: Path) -> None:
    assert callable(kind)

    def change(file: h5py.File) -> None:
        file.attrs["model_config"] = kind(json.dumps(model2(dense2())))
        file.attrs["keras_version"] = kind("2.3.1")
        file.attrs["backend"] = h5py.Empty("S1")

    hdf5(tmp_path / "m.h5", model2(dense2()), change=change)
    found = saved(tmp_path / "m.h5")
    assert (found.keras_version, found.backend) == ("2.3.1", UNKNOWN)
    assert graph(tmp_path / "m.h5").layers[0].name == "hidden"


def test_04_long_lists_of_names_are_spread_over_numbered_attributes(tmp_path: Path) -> None:
    def change(file: h5py.File) -> None:
        weights = file["model_weights"]
        for holder, name in ((weights, "layer_names"), (weights["hidden"], "weight_names")):
            listed = list(holder.attrs[name])
            del holder.attrs[name]
            for number, part in enumerate((listed[:1], listed[1:])):
                holder.attrs[f"{name}{number}"] = np.array(part, "S30")

    hdf5(tmp_path / "m.h5", model2(dense2()), change=change)
    assert owners(tmp_path / "m.h5") == HIDDEN
    assert not codes(tmp_path / "m.h5") & DAMAGES


def test_05_json_is_a_text_in_json_and_holds_what_is_no_number(tmp_path: Path) -> None:
    model = {**model2(dense2(odd=float("nan"), far=float("inf"))), "keras_version": "2.2.4"}
    found = graph(written(tmp_path / "m.json", json.dumps(json.dumps(model))))
    assert found.layers[0].name == "hidden"
    assert found.outputs[0].shape == (None, 3)


def net(layers: list[object], ends: object) -> dict[str, object]:
    config = {"name": "net", "layers": layers, "input_layers": ["i", 0, 0], "output_layers": ends}
    return {"class_name": "Functional", "config": config}


def node(name: str, kind: str, inbound: object, **config: object) -> dict[str, object]:
    return {"name": name, "class_name": kind, "config": {"name": name, **config}, "inbound_nodes": inbound}


SOURCE = node("i", "InputLayer", [], batch_input_shape=[None, 4])


def test_06_ends_are_one_flat_triple_and_calls_are_flat(tmp_path: Path) -> None:
    layers = [SOURCE, node("o", "TFOpLambda", [["i", 0, 0, {"y": ["i", 0, 0], "name": None}]], function="math.add")]
    found = graph(written(tmp_path / "m.json", net(layers, ["o", 0, 0])))
    assert [tensor.shape for tensor in (*found.inputs, *found.outputs)] == [(None, 4), (None, 4)]
    assert len(found.nodes[-1].inputs) == 2


def test_07_tuples_and_shapes_are_wrapped(tmp_path: Path) -> None:
    shape = {"class_name": "TensorShape", "items": [None, 6, 6, 3]}
    kernel = {"class_name": "__tuple__", "items": [3, 3]}
    layer = {
        "class_name": "Conv2D",
        "config": {"name": "c", "filters": 2, "kernel_size": kernel, "batch_input_shape": shape},
    }
    found = graph(written(tmp_path / "m.json", model2(layer)))
    assert found.outputs[0].shape == (None, 4, 4, 2)


def numbered(path: Path, container: str, groups: list[str], *, named: bool) -> Path:
    """A `.keras` archive of two Dense layers, whose weights stand in these groups."""

    def change(file: h5py.File) -> None:
        del file["layers"]
        for group, name in zip(groups, ("second", "first"), strict=True):
            variables = file.create_group(f"{container}{group}/vars")
            variables["0"] = np.ones((4, 4), "f4") * len(name)
            variables["1"] = np.zeros(4, "f4")
            if named:
                variables.attrs["name"] = name

    layers = [dense3("first", units=4), dense3("second", units=4)]
    archive(path, model3(*layers), weights=weights3(change))
    return path


@pytest.mark.parametrize("groups", [["dense_1", "dense"], ["dense_2", "dense"]], ids=["one by one", "by twos"])
@pytest.mark.parametrize("named", [True, False])
def test_08_groups_have_the_name_of_a_class_and_a_counter(groups: list[str], named: bool, tmp_path: Path) -> None:
    found = saved(numbered(tmp_path / "m.keras", "layers/", groups, named=named))
    kernels = {tensor.layer.rsplit("/", 1)[-1]: tensor.stats for tensor in found.tensors() if tensor.name == "kernel"}
    assert {name: stats.maximum if stats else 0 for name, stats in kernels.items()} == {"first": 5, "second": 6}


def test_09_groups_are_written_with_the_separators_of_windows(tmp_path: Path) -> None:
    path = numbered(tmp_path / "m.keras", "layers\\", ["dense_1", "dense"], named=False)
    assert owners(path) == {(name, part) for name in ("first", "second") for part in ("kernel", "bias")}


def test_10_layers_stand_under_checkpoint_dependencies(tmp_path: Path) -> None:
    path = numbered(tmp_path / "m.keras", "_layer_checkpoint_dependencies/", ["dense_2", "dense"], named=False)
    assert owners(path) == {(name, part) for name in ("first", "second") for part in ("kernel", "bias")}


def test_11_the_input_has_no_group_among_the_weights(tmp_path: Path) -> None:
    layer = {"class_name": "InputLayer", "config": {"name": "input", "batch_input_shape": [None, 4]}}
    hdf5(tmp_path / "m.h5", model2(layer, dense2()), names=("hidden",))
    assert [layer.name for layer in graph(tmp_path / "m.h5").layers] == ["input", "hidden"]
    assert not codes(tmp_path / "m.h5") & DAMAGES


def test_12_the_axis_of_a_normalization_is_a_list(tmp_path: Path) -> None:
    layer = {
        "class_name": "BatchNormalization",
        "config": {"name": "n", "axis": [3], "batch_input_shape": [None, 5, 6, 7]},
    }
    path = written(tmp_path / "m.json", model2(layer))
    assert graph(path).layers[0].parameters == 4 * 7
    assert "KC201" not in codes(path)


@pytest.mark.parametrize("strength", [0.0, 0.01])
def test_13_a_regularizer_without_strength_is_none(strength: float, tmp_path: Path) -> None:
    regularizer = {"class_name": "L1L2", "config": {"l1": 0.0, "l2": strength}}
    settings: dict[str, object] = {"kernel_regularizer": regularizer, "units": 600}
    layers = [dense2(batch_input_shape=[None, 600], **settings), dense2("second", **settings), dense2("third")]
    path = written(tmp_path / "m.json", {**model2(*layers), "keras_version": "2.4.0"})
    assert ("KC221" in codes(path)) is (strength == 0)


def keras_1(path: Path) -> Path:
    """A file of Keras 1 with Theano: kernels of (out, in, rows, columns), and an array a gate."""
    layers = [
        {
            "class_name": "Convolution2D",
            "config": {
                "name": "conv",
                "nb_filter": 5,
                "nb_row": 3,
                "nb_col": 3,
                "dim_ordering": "th",
                "border_mode": "same",
                "batch_input_shape": [None, 2, 8, 9],
            },
        },
        {"class_name": "Reshape", "config": {"name": "reshape", "target_shape": [5, 72]}},
        {"class_name": "LSTM", "config": {"name": "lstm", "output_dim": 6}},
    ]
    arrays = {"conv": {"W": (5, 2, 3, 3), "b": (5,)}}
    arrays["lstm"] = {
        f"{kind}_{gate}": shape for gate in "icfo" for kind, shape in (("W", (72, 6)), ("U", (6, 6)), ("b", (6,)))
    }
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": layers})
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"conv", b"reshape", b"lstm"]
        weights.create_group("reshape").attrs["weight_names"] = []
        rng = np.random.default_rng(1)
        for layer, parts in arrays.items():
            group = weights.create_group(layer)
            group.attrs["weight_names"] = [f"{layer}_{name}".encode() for name in parts]
            for name, shape in parts.items():
                group[f"{layer}_{name}"] = rng.normal(size=shape).astype("f4") / 10
    return path


def test_14_names_orders_gates_and_kernels_of_keras_1_are_understood(tmp_path: Path) -> None:
    path = keras_1(tmp_path / "m.h5")
    conv, _, lstm = graph(path).layers
    assert (conv["filters"], conv["kernel_size"], conv["data_format"]) == (5, (3, 3), "channels_first")
    assert (conv.parameters, lstm.parameters) == (95, 4 * (72 * 6 + 36 + 6))
    assert {name for layer, name in owners(path) if layer == "lstm"} == {"kernel", "recurrent_kernel", "bias"}
    (kernel,) = [tensor for tensor in saved(path).of_layer(conv.path) if tensor.name == "kernel"]
    assert kernel.stats is not None and kernel.stats.units is not None
    assert kernel.stats.units.count == 5
    assert not codes(path) & DAMAGES


@pytest.mark.parametrize("name", ["shared_and_nested.keras", "shared_and_nested_keras2.h5"])
def test_15_models_are_nested_wrapped_shared_and_have_several_ends(name: str) -> None:
    found = graph(MODELS / name)
    assert any(found.calls_of(layer) > 1 for layer in found.layers)
    assert any(layer.kind is LayerKind.MODEL for layer in found.layers)
    assert any(layer.inner is not None for layer in graph(MODELS / "wrapped.keras").layers)
    assert len(graph(MODELS / "several_inputs_and_outputs.keras").outputs) > 1


@pytest.mark.parametrize("name", ["subclassed.keras", "subclassed_keras2.saved_model"])
def test_16_a_model_is_a_class_of_its_own_without_layers(name: str) -> None:
    facts = read(MODELS / name)
    assert facts.status is FileStatus.PARTIAL
    assert "is a class of its own" in facts.reason


OTHERS: dict[str, tuple[bytes, FileStatus, str]] = {
    "LFS pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        FileStatus.SKIPPED,
        "Git LFS",
    ),
    "web page": (b"\n<!DOCTYPE html><html></html>", FileStatus.ERROR, "web page"),
    "pickle": (pickle.dumps({"a": 1}, protocol=4), FileStatus.SKIPPED, "pickle"),
    "nothing": (b"", FileStatus.ERROR, "empty"),
    "stub": (b"\x00\x01stub", FileStatus.SKIPPED, "no file that Keras writes"),
}


@pytest.mark.parametrize(("content", "status", "said"), OTHERS.values(), ids=OTHERS)
def test_17_what_is_no_model_is_named_in_one_line(
    content: bytes, status: FileStatus, said: str, tmp_path: Path
) -> None:
    (tmp_path / "model.h5").write_bytes(content)
    facts = read(tmp_path / "model.h5")
    assert (facts.status, "\n" in facts.reason) == (status, False)
    assert said in facts.reason


def test_17_weights_alone_data_alone_and_cut_files_are_named(tmp_path: Path) -> None:
    assert read(MODELS / "good_cnn.weights.h5").reason.startswith("weights only")
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x_train"] = np.zeros(3)
    assert read(tmp_path / "data.h5").status is FileStatus.SKIPPED
    for name in ("good_cnn.h5", "good_cnn.keras"):
        content = (MODELS / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
        assert codes(tmp_path / name) >= {"KC807"}


class Trap:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, ...]:
        return open, (str(self._path), "w")


def test_18_pickles_among_the_arrays_of_an_archive_stay_closed(tmp_path: Path) -> None:
    objects = np.array([Trap(tmp_path / "opened")], dtype=object)
    np.savez(tmp_path / "m.npz", **{"layers/dense/vars": objects, "layers/dense_1/vars/0": np.ones(3)})
    found = saved(tmp_path / "m.npz")
    assert [tensor.path for tensor in found.tensors()] == ["layers/dense_1/vars/0"]
    assert "KC809" in codes(tmp_path / "m.npz")
    assert not (tmp_path / "opened").exists()


def external_link(file: h5py.File) -> None:
    file["model_weights/away"] = h5py.ExternalLink("secret.h5", "/secret")


def external_storage(file: h5py.File) -> None:
    file["model_weights"].create_dataset("away", (4,), "f4", external=[("secret.h5", 0, 16)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("secret.h5", "secret", (4,))
    file["model_weights"].create_virtual_dataset("away", layout)


def cycle(file: h5py.File) -> None:
    file["model_weights/hidden/again"] = file["model_weights"]


def bomb(file: h5py.File) -> None:
    file["model_weights"].create_dataset("vast", (1 << 40,), "f4", chunks=(1 << 20,))


@pytest.mark.parametrize(
    ("change", "code"),
    [(external_link, "KC803"), (external_storage, "KC803"), (virtual, "KC803"), (cycle, "KC804"), (bomb, "KC804")],
)
def test_19_links_cycles_and_claims_are_told_and_not_followed(change: object, code: str, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["secret"] = np.full(4, np.nan, "f4")
    assert callable(change)
    hdf5(tmp_path / "m.h5", model2(dense2()), change=change)
    found = codes(tmp_path / "m.h5")
    assert code in found
    assert "KC701" not in found


@pytest.mark.parametrize("name", ["a/b", "+1", "слой", "密集層 1", "naïve é"])
def test_20_names_hold_slashes_and_letters_of_all_scripts(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "модели 模型"
    folder.mkdir()

    def change(file: h5py.File) -> None:
        weights = file["model_weights"]
        weights.move("hidden", name)
        weights.attrs["layer_names"] = np.array([name.encode()])

    hdf5(folder / "m.h5", model2(dense2(name)), change=change)
    assert {tensor.layer for tensor in saved(folder / "m.h5").tensors()} == {f"model/{name}"}
    assert not codes(folder / "m.h5") & DAMAGES


POLICIES = {
    "text": "mixed_float16",
    "object": {"class_name": "Policy", "config": {"name": "mixed_float16"}},
    "object of Keras 3": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_float16"}},
}


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_21_a_policy_of_types_is_a_text_or_an_object(policy: object, tmp_path: Path) -> None:
    assert graph(written(tmp_path / "m.json", model2(dense2(dtype=policy)))).layers[0]["dtype"] == "mixed_float16"


@pytest.mark.parametrize("kind", ["bfloat16", "uint16"])
def test_21_brain_floats_and_whole_numbers_are_read(kind: str, tmp_path: Path) -> None:
    numbers = np.linspace(-1, 1, 12, dtype="f4").reshape(4, 3)

    def change(file: h5py.File) -> None:
        group = file["layers/dense/vars"]
        del group["0"]
        if kind == "uint16":
            group["0"] = np.arange(12, dtype="u2").reshape(4, 3)
            return
        group["0"] = (numbers.view("u4") >> 16).astype("<u2").view("V2")
        group["0"].attrs["dtype"] = "bfloat16"

    archive(tmp_path / "m.keras", model3(dense3()), weights=weights3(change))
    (kernel,) = [tensor for tensor in saved(tmp_path / "m.keras").tensors() if tensor.name == "kernel"]
    assert kernel.dtype == kind
    assert kernel.stats is not None
    assert kernel.stats.minimum == (-1 if kind == "bfloat16" else 0)


LOSSES = {
    "text": "mse",
    "list": ["mse"],
    "object by name": {"hidden": "mse"},
    "class": {"class_name": "MeanSquaredError", "config": {"name": "mean_squared_error"}},
    "function": {"module": "builtins", "class_name": "function", "config": "mean_squared_error"},
}


@pytest.mark.parametrize("loss", [*LOSSES.values(), "my_own"], ids=[*LOSSES, "one's own"])
def test_22_a_loss_is_a_text_a_list_an_object_or_ones_own(loss: object, tmp_path: Path) -> None:
    def change(file: h5py.File) -> None:
        training = {"loss": loss, "metrics": [], "optimizer_config": {"class_name": "Adam", "config": {}}}
        file.attrs["training_config"] = json.dumps(training)

    hdf5(tmp_path / "m.h5", model2(dense2()), change=change)
    (compiled,) = graph(tmp_path / "m.h5").compiles
    (found,) = compiled.losses  # pyright: ignore[reportGeneralTypeIssues]
    assert found is not None
    assert (found.name, found.custom) == (("my_own", True) if loss == "my_own" else ("mean_squared_error", False))


def test_23_the_model_stands_below_the_root(tmp_path: Path) -> None:
    hdf5(tmp_path / "whole.h5", model2(dense2()))
    with h5py.File(tmp_path / "whole.h5") as whole, h5py.File(tmp_path / "m.h5", "w") as file:
        inside = file.create_group("experiment/model")
        inside.attrs.update(dict(whole.attrs))
        whole.copy("model_weights", inside)
    assert [layer.name for layer in graph(tmp_path / "m.h5").layers] == ["hidden"]
    assert owners(tmp_path / "m.h5") == HIDDEN


def test_24_line_ends_in_a_protocol_buffer_were_converted(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    shutil.copytree(MODELS / "built_by_data_keras2.saved_model", folder)
    metadata = folder / "keras_metadata.pb"
    metadata.write_bytes(metadata.read_bytes().replace(b"\n", b"\r\n"))
    facts = read(folder)
    assert facts.status is FileStatus.ERROR
    assert "line ends were converted" in facts.reason


WITH_LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
import h5py, numpy, kerascheck.artifact.blocks, kerascheck.artifact.spectra
from kerascheck.artifact import read_model
pages = int(Path("/proc/self/statm").read_text().split()[0])
bound = pages * resource.getpagesize() + 300 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
(tensor,) = [t for t in read_model(Path(sys.argv[1]), weights=True).saved.weights if t.elements > 1 << 20]
print(tensor.stats.count, tensor.stats.zeros)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux alone")
def test_25_a_file_is_larger_than_the_memory(tmp_path: Path) -> None:
    rows = 1 << 19

    def change(file: h5py.File) -> None:
        space = h5py.h5s.create_simple((rows, 512))
        settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        settings.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        settings.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        h5py.h5d.create(file["model_weights/hidden/hidden"].id, b"vast:0", h5py.h5t.IEEE_F32LE, space, settings)

    hdf5(tmp_path / "m.h5", model2(dense2()), change=change)
    assert (tmp_path / "m.h5").stat().st_size > 1 << 30
    done = subprocess.run(
        [sys.executable, "-c", WITH_LITTLE_MEMORY, str(tmp_path / "m.h5")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(rows * 512)] * 2


def test_every_point_has_its_test() -> None:
    numbers = {name[5:7] for name in globals() if name.startswith("test_") and name[5:7].isdecimal()}
    assert numbers == {f"{number:02}" for number in range(1, 26)}


def test_an_archive_without_surprises_is_silent(tmp_path: Path) -> None:
    archive(tmp_path / "m.keras", model3(dense3()))
    assert owners(tmp_path / "m.keras") == HIDDEN
    assert not codes(tmp_path / "m.keras") & {*DAMAGES, "KC803", "KC804", "KC809"}
    with zipfile.ZipFile(tmp_path / "m.keras") as found:
        assert set(found.namelist()) == {"metadata.json", "config.json", "model.weights.h5"}
