"""Weights in NumPy archives, in several HDF5 files and beside a TensorFlow.js model are read like those of one HDF5 file."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import numpy as np
import pytest
from checkout import ROOT

from kerascheck import Config, check_model, check_paths
from kerascheck.artifact import ModelFacts, read_model
from kerascheck.artifact.manifests import Chain
from kerascheck.cache import cache_of
from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.weights import StoredTensor
from kerascheck.findings import FileKind, FileStatus
from kerascheck.linter import Plan, Target
from kerascheck.runner import Mode, run

MODELS = ROOT / "fixtures" / "models"
ARCHIVE = MODELS / "good_cnn.keras"


def read(path: Path) -> ModelFacts:
    return read_model(path, weights=True)


def saved(path: Path) -> SavedModel:
    found = read(path).saved
    assert found is not None
    return found


def damages(path: Path) -> str:
    return "; ".join(damage.message for damage in saved(path).container.damages)


def arrays() -> dict[str, np.ndarray]:
    """The weights of the archive by their paths in it."""
    found: dict[str, np.ndarray] = {}

    def visit(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and not name.startswith("optimizer"):
            found[name] = item[()]

    with zipfile.ZipFile(ARCHIVE) as archive, archive.open("model.weights.h5") as part, h5py.File(part) as file:
        file.visititems(visit)
    return found


def expected() -> dict[str, StoredTensor]:
    return {tensor.label: tensor for tensor in saved(ARCHIVE).tensors()}


def assert_same(found: SavedModel) -> None:
    """The weights are those of the archive, layer by layer and number by number."""
    tensors = {tensor.label: tensor for tensor in found.tensors()}
    assert tensors.keys() == expected().keys()
    for label, right in expected().items():
        assert (tensors[label].shape, tensors[label].dtype) == (right.shape, right.dtype)
        assert tensors[label].stats == right.stats


def with_numpy(path: Path, parts: Mapping[str, np.ndarray], save: Callable[..., None], *, packed: bool) -> None:
    """The archive with its weights in a NumPy archive."""
    with (path.parent / "arrays.npz").open("wb") as file:
        save(file, **parts)
    with zipfile.ZipFile(ARCHIVE) as old, zipfile.ZipFile(path, "w") as new:
        for name in ("metadata.json", "config.json"):
            new.writestr(name, old.read(name))
        kind = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        new.writestr("model.weights.npz", (path.parent / "arrays.npz").read_bytes(), kind)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_in_a_numpy_archive_are_read(save: Callable[..., None], packed: bool, tmp_path: Path) -> None:
    with_numpy(tmp_path / "m.keras", arrays(), save, packed=packed)
    assert_same(saved(tmp_path / "m.keras"))
    named = {layer.name for layer in read(tmp_path / "m.keras").graphs[0].layers}
    assert {tensor.layer.rsplit("/", 1)[-1] for tensor in saved(tmp_path / "m.keras").tensors()} <= named


def test_arrays_in_a_folder_are_read(tmp_path: Path) -> None:
    with_numpy(tmp_path / "m.keras", arrays(), np.savez, packed=False)
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        archive.extractall(tmp_path / "folder")
    assert_same(saved(tmp_path / "folder"))


def test_weights_alone_in_a_numpy_archive_are_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", **arrays())
    found = saved(tmp_path / "m.npz")
    assert {tensor.elements for tensor in found.tensors()} == {array.size for array in arrays().values()}
    assert all(tensor.stats is not None for tensor in found.tensors())


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_array_whose_first_axis_runs_fastest_has_the_same_units(save: Callable[..., None], tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=(6, 5)).astype("f4")
    values[:, 2] = 0
    for order in "CF":
        save(tmp_path / f"{order}.npz", **{"layers/dense/vars/0": np.asarray(values, order=order)})
    straight, turned = (next(saved(tmp_path / f"{order}.npz").tensors()).stats for order in "CF")
    assert straight is not None and turned is not None
    assert straight.units == turned.units
    assert straight.units is not None and straight.units.zero == 1
    assert straight.norm == pytest.approx(turned.norm)


@pytest.mark.parametrize("kind", ["<f2", ">f4", "<f8", "|i1", "<u4", "|b1"])
def test_numbers_of_any_type_are_read(kind: str, tmp_path: Path) -> None:
    values = np.arange(1, 9).astype(kind)
    np.savez(tmp_path / "m.npz", **{"layers/dense/vars/0": values})
    (tensor,) = saved(tmp_path / "m.npz").tensors()
    assert tensor.stats is not None
    assert tensor.stats.maximum == float(values.max())
    assert tensor.dtype == values.dtype.name


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, ...]:
        return open, (str(self._path), "w")


def test_pickled_arrays_stay_closed(tmp_path: Path) -> None:
    objects = np.array([Trap(tmp_path / "opened")], dtype=object)
    with_numpy(tmp_path / "m.keras", {"layers/dense/vars": objects, **arrays()}, np.savez, packed=False)
    report = check_model(tmp_path / "m.keras")
    assert_same(saved(tmp_path / "m.keras"))
    assert not (tmp_path / "opened").exists()
    assert "KC809" in {finding.code for finding in report.findings}
    pickle.loads(pickle.dumps(Trap(tmp_path / "opened"))).close()
    assert (tmp_path / "opened").exists()


HEADERS: dict[str, bytes] = {
    "no text": b"\xff\xfe\xfd",
    "an expression": b"__import__('os').system('x')",
    "brackets without end": b"(" * 5000,
    "no type": b"{'descr': 'x', 'fortran_order': False, 'shape': (2,)}",
    "a negative size": b"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
    "no shape": b"{'descr': '<f4', 'fortran_order': False, 'shape': 'abc'}",
    "a list": b"[1, 2]",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_damaged_headers_cost_their_array_only(header: bytes, tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", **arrays())
    with zipfile.ZipFile(tmp_path / "m.npz", "a") as archive:
        archive.writestr("layers/x/vars/0.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    facts = read(tmp_path / "m.npz")
    assert facts.saved is not None
    assert len(list(facts.saved.tensors())) == len(arrays())


def test_an_array_that_ends_early_is_told(tmp_path: Path) -> None:
    head = str({"descr": "<f4", "fortran_order": False, "shape": (1000, 50)}).encode()
    np.savez(tmp_path / "m.npz", **arrays())
    with zipfile.ZipFile(tmp_path / "m.npz", "a") as archive:
        archive.writestr(
            "layers/x/vars/0.npy", b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + b"12345678"
        )
    assert "`layers/x/vars/0`" in damages(tmp_path / "m.npz")


def sharded(folder: Path) -> Path:
    """The weights of the archive as `save_weights` writes them with `max_shard_size`."""
    weights: dict[str, list[str]] = {}
    for number, (name, values) in enumerate(arrays().items()):
        file = f"m_{number % 3:05}.weights.h5"
        with h5py.File(folder / file, "a") as shard:
            shard[name] = values
        listed = weights.setdefault(f"/{name.rsplit('/', 1)[0]}", [])
        listed += [] if file in listed else [file]
    index = folder / "m.weights.json"
    index.write_text(json.dumps({"metadata": {"total_size": 1.0}, "weight_map": weights}, indent=4))
    return index


def test_weights_in_several_files_are_read_together(tmp_path: Path) -> None:
    found = saved(sharded(tmp_path))
    tensors = {tensor.path: tensor for tensor in found.tensors()}
    assert tensors.keys() == arrays().keys()
    for name, values in arrays().items():
        stats = tensors[name].stats
        assert stats is not None
        assert (stats.count, stats.norm) == (values.size, pytest.approx(np.linalg.norm(values), rel=1e-5))
    assert read(tmp_path / "m.weights.json").status is FileStatus.PARTIAL


def test_weights_in_several_files_of_a_folder_are_those_of_its_model(tmp_path: Path) -> None:
    with zipfile.ZipFile(ARCHIVE) as archive:
        for name in ("metadata.json", "config.json"):
            archive.extract(name, tmp_path)
    sharded(tmp_path).rename(tmp_path / "model.weights.json")
    assert_same(saved(tmp_path))


def test_a_folder_of_several_files_is_one_model(tmp_path: Path) -> None:
    index = sharded(tmp_path)
    report = check_paths([tmp_path], mode=Mode.MODEL, config=Config(tmp_path))
    assert [file.path for file in report.files] == [index.as_posix()]
    assert report.files[0].weights is not None
    index.unlink()
    assert len(check_paths([tmp_path], mode=Mode.MODEL, config=Config(tmp_path)).files) == 3


def test_weights_in_several_files_are_paired_with_an_architecture(tmp_path: Path) -> None:
    with zipfile.ZipFile(ARCHIVE) as archive, archive.open("model.weights.h5") as part, h5py.File(part) as file:
        (tmp_path / "m.json").write_bytes(archive.read("config.json"))
        sharded(tmp_path)
        for group in file["layers"]:
            if "name" in file[f"layers/{group}/vars"].attrs:
                with h5py.File(tmp_path / "m_00001.weights.h5", "a") as shard:
                    variables = shard.require_group(f"layers/{group}/vars")
                    variables.attrs["name"] = file[f"layers/{group}/vars"].attrs["name"]
    found = saved(tmp_path / "m.json")
    assert found.paired == "m.weights.json"
    assert_same(found)


@pytest.mark.parametrize(
    "name", ["../other.h5", "/etc/passwd", "a\\b.h5", "y" * 5000 + ".h5", "a\x00.h5", "\udcff.h5", ""]
)
def test_files_elsewhere_are_not_opened(name: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["layers/dense/vars/0"] = np.ones(3)
    index = tmp_path / "in" / "m.weights.json"
    index.write_text(json.dumps({"weight_map": {"/layers/dense/vars": [name, "gone.h5"]}}))
    assert not list(saved(index).tensors())
    assert "which is not in its folder" in damages(index)
    assert "`gone.h5`, which is missing" in damages(index)


def test_a_damaged_file_of_several_costs_its_own_arrays(tmp_path: Path) -> None:
    index = sharded(tmp_path)
    (tmp_path / "m_00001.weights.h5").write_bytes(b"\x89HDF\r\n\x1a\nnothing")
    found = saved(index)
    assert 0 < len(list(found.tensors())) < len(arrays())
    assert all(tensor.stats is not None for tensor in found.tensors())
    assert "`m_00001.weights.h5` cannot be read" in damages(index)


def test_an_index_of_more_files_than_can_be_open_is_read_in_part(tmp_path: Path) -> None:
    index = sharded(tmp_path)
    document = json.loads(index.read_text())
    document["weight_map"]["/x"] = [f"n_{number:05}.weights.h5" for number in range(2000)]
    index.write_text(json.dumps(document))
    assert len(list(saved(index).tensors())) == len(arrays())
    assert "lists 2,003 files, of which 400 are read" in damages(index)


def test_an_index_of_another_library_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "m-1.safetensors"}}))
    assert read(tmp_path / "model.safetensors.index.json").status is FileStatus.SKIPPED


def browser(folder: Path, change: Callable[[dict[str, object], np.ndarray], bytes], size: int = 500) -> Path:
    """The architecture and weights of the archive as TensorFlow.js keeps them, in files of `size` bytes.

    `change` gives the bytes of an array and may add to its entry.
    """
    with zipfile.ZipFile(ARCHIVE) as archive:
        config = json.loads(archive.read("config.json"))
    entries: list[dict[str, object]] = []
    content = b""
    for tensor in saved(ARCHIVE).tensors():
        values = arrays()[tensor.path]
        name = f"{tensor.layer.rsplit('/', 1)[-1]}/{tensor.name}"
        entry: dict[str, object] = {"name": name, "shape": list(values.shape), "dtype": "float32"}
        content += change(entry, values)
        entries.append(entry)
    files = {f"group1-shard{n}.bin": content[n * size : n * size + size] for n in range(-(-len(content) // size))}
    for name, part in files.items():
        (folder / name).write_bytes(part)
    manifest = [{"paths": list(files), "weights": entries}]
    topology = {"keras_version": "3.0.0", "backend": "tensorflow", "model_config": config}
    path = folder / "model.json"
    path.write_text(json.dumps({"format": "layers-model", "modelTopology": topology, "weightsManifest": manifest}))
    return path


def plain(_entry: dict[str, object], values: np.ndarray) -> bytes:
    return values.astype("<f4").tobytes()


def test_weights_beside_a_model_for_the_browser_are_read_across_files(tmp_path: Path) -> None:
    assert_same(saved(browser(tmp_path, plain)))


@pytest.mark.parametrize(("kind", "steps"), [("uint8", 255), ("uint16", 65535)])
def test_quantized_weights_are_read_as_they_are_meant(kind: str, steps: int, tmp_path: Path) -> None:
    def quantized(entry: dict[str, object], values: np.ndarray) -> bytes:
        low, scale = float(values.min()), float(np.ptp(values) or 1) / steps
        entry["quantization"] = {"min": low, "scale": scale, "dtype": kind}
        return np.round((values - low) / scale).astype(kind).tobytes()

    tensors = {tensor.label: tensor for tensor in saved(browser(tmp_path, quantized)).tensors()}
    for label, right in expected().items():
        stats = tensors[label].stats
        assert stats is not None and right.stats is not None
        assert stats.norm == pytest.approx(right.stats.norm, rel=0.05, abs=1e-3)
        assert stats.minimum == pytest.approx(right.stats.minimum, abs=1e-6)


def test_half_precision_for_the_browser_is_read(tmp_path: Path) -> None:
    def halved(entry: dict[str, object], values: np.ndarray) -> bytes:
        entry["quantization"] = {"dtype": "float16", "original_dtype": "float32"}
        return values.astype("<f2").tobytes()

    for tensor in saved(browser(tmp_path, halved)).tensors():
        right = expected()[tensor.label].stats
        assert tensor.stats is not None and right is not None
        assert tensor.stats.norm == pytest.approx(right.norm, rel=1e-2, abs=1e-3)
        assert tensor.dtype == "float16"


def test_arrays_behind_texts_are_not_read(tmp_path: Path) -> None:
    path = browser(tmp_path, plain)
    document = json.loads(path.read_text())
    weights = document["weightsManifest"][0]["weights"]
    weights.insert(2, {"name": "lookup/words", "shape": [3], "dtype": "string"})
    path.write_text(json.dumps(document))
    tensors = list(saved(path).tensors())
    assert len(tensors) == len(weights) - 1
    assert [tensor.stats is not None for tensor in tensors] == [True] * 2 + [False] * (len(tensors) - 2)


def test_a_missing_file_for_the_browser_costs_what_follows(tmp_path: Path) -> None:
    path = browser(tmp_path, plain)
    (tmp_path / "group1-shard1.bin").unlink()
    tensors = list(saved(path).tensors())
    assert 0 < sum(tensor.stats is not None for tensor in tensors) < len(tensors)
    assert "`group1-shard1.bin`, which is missing" in damages(path)


def test_an_architecture_for_the_browser_is_whole_without_its_weights(tmp_path: Path) -> None:
    path = browser(tmp_path, plain)
    for file in tmp_path.glob("*.bin"):
        file.unlink()
    report = check_model(path)
    assert report.status is FileStatus.OK
    assert report.weights is None
    assert not {"KC709", "KC807"} & {finding.code for finding in report.findings}


def test_files_for_the_browser_that_are_too_short_are_told(tmp_path: Path) -> None:
    path = browser(tmp_path, plain, size=10_000)
    shard = tmp_path / "group1-shard0.bin"
    shard.write_bytes(shard.read_bytes()[:-50])
    assert "in the middle of it" in damages(path)


def test_files_elsewhere_are_not_opened_for_the_browser(tmp_path: Path) -> None:
    path = browser(tmp_path, plain)
    path.write_text(path.read_text().replace("group1-shard0.bin", "../group1-shard0.bin"))
    assert "which is not in its folder" in damages(path)
    assert all(tensor.stats is None for tensor in saved(path).tensors())


@pytest.mark.parametrize("write", [lambda folder: browser(folder, plain), sharded], ids=["browser", "several files"])
def test_a_kept_report_falls_with_the_files_of_its_weights(write: Callable[[Path], Path], tmp_path: Path) -> None:
    path = write(tmp_path)
    plan, target = Plan(Config(tmp_path)), Target(path, path.name, FileKind.MODEL)
    run([target], plan, cache=cache_of(plan))
    assert cache_of(plan).find(target) is not None
    part = next(file for file in sorted(tmp_path.iterdir()) if file.suffix in (".bin", ".h5"))
    content = part.read_bytes()
    part.unlink()
    assert cache_of(plan).find(target) is None
    run([target], plan, cache=cache_of(plan))
    assert cache_of(plan).find(target) is not None
    part.write_bytes(content)
    assert cache_of(plan).find(target) is None


def test_files_one_after_the_other_are_one(tmp_path: Path) -> None:
    parts = [b"abc", b"", b"defgh", b"i"]
    for number, part in enumerate(parts):
        (tmp_path / str(number)).write_bytes(part)
    with Chain([tmp_path / str(number) for number in range(len(parts))]) as chain:
        assert chain.read() == b"abcdefghi"
        for start in range(10):
            chain.seek(start)
            assert chain.tell() == start
            assert chain.read(3) in (b"abcdefghi"[start : start + 3], b"abcdefghi"[start:3], b"abcdefghi"[start:8])
        chain.seek(-2, 2)
        assert chain.read() == b"hi"


@pytest.mark.parametrize("number", [10**400, float("nan"), float("inf"), "0.5", None])
def test_scales_that_are_no_numbers_are_passed_over(number: object, tmp_path: Path) -> None:
    def absurd(entry: dict[str, object], values: np.ndarray) -> bytes:
        entry["quantization"] = {"min": number, "scale": number, "dtype": "uint8"}
        return bytes(values.size)

    assert all(tensor.stats is not None for tensor in saved(browser(tmp_path, absurd)).tensors())


@pytest.mark.parametrize("size", [10**30, -1, 0.5, "4", None, True])
def test_sizes_beyond_all_files_are_not_believed(size: object, tmp_path: Path) -> None:
    path = browser(tmp_path, plain)
    document = json.loads(path.read_text())
    document["weightsManifest"][0]["weights"][0]["shape"] = [size]
    path.write_text(json.dumps(document))
    head = str({"descr": "<f4", "fortran_order": False, "shape": (size,)}).encode()
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        content = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + b"1234"
        archive.writestr("layers/x/vars/0.npy", content)
    for file in (path, tmp_path / "m.npz"):
        assert all(tensor.stats is None for tensor in list(saved(file).tensors())[:1])
        assert not check_model(file).fault
