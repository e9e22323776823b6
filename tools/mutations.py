"""Damaged and hostile variants of model files, drawn from a seed: `variant` makes the same file of the same numbers."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import h5py

MODELS = Path(__file__).parent.parent / "fixtures" / "models"
DEPTH = 3000
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 7, 2**31, 2**70, -(2**40), 0.5, -1.5, 1e308, float("nan"), float("inf")),
    *(
        "",
        "x",
        "relu",
        "dense",
        "channels_first",
        "same",
        "Sequential",
        "Functional",
        "Lambda",
        "é\udcff\x00",
        "../../x",
        "y" * 5000,
    ),
    *(
        [],
        {},
        [None],
        [None, None],
        [0],
        [-1, 3],
        [[]],
        [[["dense", 0, 0]]],
        [["dense", 0, 0]],
        ["dense", 0, 0],
        [1] * 200,
    ),
    {"class_name": "Dense", "config": {"units": 3}},
    {"class_name": "Dense", "config": None},
    {"class_name": "__tuple__", "items": [None, 3]},
    {"class_name": "__keras_tensor__", "config": {"shape": [None, 3], "keras_history": ["dense", 0, 0]}},
    {"class_name": "Sequential", "config": {"layers": []}},
)
"""What stands in no sound configuration at the place where it is put."""


def seeds() -> Iterator[tuple[str, bytes]]:
    """The sound files by name: the fixtures, and those of their texts in the forms that no fixture has."""
    for path in sorted(MODELS.iterdir()):
        if path.is_file() and path.name not in ("expected.json", "pointer.h5"):
            yield path.name, path.read_bytes()
        elif path.is_dir():
            for inner in sorted(path.glob("*.pb")):
                yield f"{path.name}/{inner.name}", inner.read_bytes()
    text = (MODELS / "architecture_keras2.json").read_bytes()
    yield "model.yaml", _yaml(json.loads(text))
    manifest = [
        {"paths": ["group1-shard1of1.bin"], "weights": [{"name": "dense/kernel", "shape": [4, 3], "dtype": "float32"}]}
    ]
    topology = {"keras_version": "2.4.0", "model_config": json.loads(text)}
    yield "tfjs.json", json.dumps({"modelTopology": topology, "weightsManifest": manifest}).encode()
    yield "weights.npz", _npz()


class Set(NamedTuple):
    """Files that are read together: `named` is the one, or the folder, that a user names."""

    named: str
    files: dict[str, bytes]


def sets() -> dict[str, Set]:
    """Models in several files, by the folder that they stand in."""
    saved = MODELS / "built_by_data_keras2.saved_model"
    files = {path.relative_to(saved).as_posix(): path.read_bytes() for path in saved.rglob("*") if path.is_file()}
    return {"saved": Set("", files), "browser": _browser(), "sharded": _sharded()}


def _browser() -> Set:
    import numpy as np

    layer = {"class_name": "Dense", "config": {"name": "dense", "units": 3, "batch_input_shape": [None, 4]}}
    topology = {"class_name": "Sequential", "config": {"name": "m", "layers": [layer]}}
    packed = {"dtype": "uint8", "scale": 0.01, "min": -1.0}
    weights = [
        {"name": "dense/kernel", "shape": [4, 3], "dtype": "float32"},
        {"name": "dense/bias", "shape": [3], "dtype": "float32", "quantization": packed},
    ]
    content = np.linspace(-1, 1, 12, dtype="<f4").tobytes() + bytes([0, 100, 200])
    manifest = [{"paths": ["part1.bin", "part2.bin"], "weights": weights}]
    model = json.dumps({"modelTopology": topology, "weightsManifest": manifest}).encode()
    return Set("model.json", {"model.json": model, "part1.bin": content[:20], "part2.bin": content[20:]})


def _sharded() -> Set:
    import numpy as np

    files: dict[str, bytes] = {}
    listed: dict[str, list[str]] = {}
    for number, name in enumerate(("dense", "dense_1")):
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            variables = file.create_group(f"layers/{name}/vars")
            variables.attrs["name"] = name
            variables["0"], variables["1"] = np.eye(4, dtype="f4"), np.zeros(4, "f4")
        listed[f"/layers/{name}/vars"] = [f"m_{number:05}.weights.h5"]
        files[f"m_{number:05}.weights.h5"] = buffer.getvalue()
    index = json.dumps({"metadata": {"total_size": 160.0}, "weight_map": listed}).encode()
    return Set("m.weights.json", {"m.weights.json": index, **files})


def _yaml(value: object) -> bytes:
    import yaml

    return yaml.safe_dump(value).encode()


def _npz() -> bytes:
    import numpy as np

    target = io.BytesIO()
    np.savez(target, **{"layers/dense/vars/0": np.zeros((4, 3)), "layers/dense/vars/1": np.zeros(3)})
    return target.getvalue()


class Mutator:
    """Draws variants of the sound files."""

    def __init__(self) -> None:
        self.sets = sets()
        inside = [(f"{name}/{part}", data) for name, found in self.sets.items() for part, data in found.files.items()]
        self.files = [*seeds(), *inside]
        self.forms: dict[str, list[tuple[str, bytes]]] = {}
        for name, data in self.files:
            first = name.partition("/")[0]
            form = first if first in self.sets else "tfjs" if name.startswith("tfjs") else Path(name).suffix
            self.forms.setdefault(form, []).append((name, data))
        self.values = [value for name, data in self.files if (value := _text(name, data)) is not None]

    def variant(self, seed: int, number: int) -> tuple[str, bytes, str]:
        """The name of a file, its content, and what was done to it."""
        chance = random.Random(f"{seed} {number}")
        name, data = chance.choice(self.forms[chance.choice(sorted(self.forms))])
        if chance.random() < 0.55:
            changed = self._with_other_text(chance, name, data)
            if changed is not None:
                return name, changed, "text"
        kind = chance.choice(BYTES)
        for _ in range(chance.choice((1, 1, 2, 5))):
            data = kind(chance, data, self.files)
        return name, data, kind.__name__

    def lay_out(self, folder: Path, name: str, data: bytes) -> Path:
        """Write a variant, and what belongs to it, into an empty folder; the path that a user would name."""
        first, _, rest = name.partition("/")
        found = self.sets.get(first)
        files = {name: data} if found is None else {f"{first}/{part}": content for part, content in found.files.items()}
        for part, content in {**files, name: data}.items():
            (folder / part).parent.mkdir(parents=True, exist_ok=True)
            (folder / part).write_bytes(content)
        if found is not None:
            return folder / first / found.named
        return folder / first if rest == "saved_model.pb" else folder / name

    def _with_other_text(self, chance: random.Random, name: str, data: bytes) -> bytes | None:
        value = _text(name, data)
        if value is None:
            return None
        for _ in range(chance.choice((1, 1, 1, 2, 4, 12))):
            value = self._changed(chance, value)
        return _with_text(name, data, value)

    def _changed(self, chance: random.Random, root: Any) -> Any:
        places = list(_places(root))
        if not places:
            return chance.choice(ODD)
        holder, key = chance.choice(places)
        match chance.randrange(8):
            case 0 | 1 | 2:
                holder[key] = _copy(chance.choice(ODD))
            case 3:
                other, place = chance.choice(list(_places(chance.choice(self.values))))
                holder[key] = _copy(other[place])
            case 4:
                other, place = chance.choice(places)
                holder[key] = _copy(other[place])
            case 5:
                del holder[key]
            case 6 if isinstance(holder, dict):
                holder[chance.choice(("name", "class_name", "config", "layers", "units", str(key) + "x"))] = holder.pop(
                    key
                )
            case 6:
                holder.insert(key, _copy(holder[key]))
            case _ if chance.random() < 0.05:
                holder[key] = Deep(holder[key])
            case _:
                holder[key] = [holder[key]]
        return root


class Deep:
    """A value inside very many lists, which is written by hand: the writers of the standard library give up on it."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    stack = [value]
    while stack:
        holder = stack.pop()
        if isinstance(holder, (dict, list)):
            for key in holder if isinstance(holder, dict) else range(len(holder)):
                yield holder, key
                stack.append(holder[key])


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _written(value: Any) -> str:
    def default(item: object) -> object:
        return f"@deep@{json.dumps(item.value, default=default)}@" if isinstance(item, Deep) else str(item)

    text = json.dumps(value, default=default)
    while (start := text.find('"@deep@')) >= 0:
        text = text[:start] + "[" * DEPTH + "1" + "]" * DEPTH + text[text.index('"', start + 1) + 1 :]
        if "@deep@" in text and '"@deep@' not in text:
            break
    return text


def _text(name: str, data: bytes) -> Any | None:
    """The configuration that a file holds, to be changed; None for one without."""
    try:
        if name.endswith((".h5", ".hdf5")):
            with h5py.File(io.BytesIO(data)) as file:
                return {
                    key: json.loads(value)
                    for key, value in file.attrs.items()
                    if key in ("model_config", "training_config") and isinstance(value, str)
                } or None
        if name.endswith(".keras"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return json.loads(archive.read("config.json"))
        if name.endswith(".json"):
            return json.loads(data)
        if name.endswith(".yaml"):
            import yaml

            return yaml.safe_load(data)
        if name.endswith("keras_metadata.pb"):
            return [json.loads(message) for message in _metadata(data)]
    except (ValueError, KeyError, OSError):
        pass
    return None


def _with_text(name: str, data: bytes, value: Any) -> bytes | None:
    if name.endswith((".h5", ".hdf5")):
        return _with_attributes(data, value)
    if name.endswith(".keras"):
        return _with_member(data, _written(value))
    if name.endswith(".yaml"):
        try:
            return _yaml(json.loads(_written(value)))
        except RecursionError:
            return _written(value).encode("utf-8", "replace")
    if name.endswith("keras_metadata.pb"):
        if not isinstance(value, list):
            return None
        return b"".join(_message(_written(item).encode("utf-8", "replace"), index) for index, item in enumerate(value))
    return _written(value).encode("utf-8", "replace")


def _with_attributes(data: bytes, value: Any) -> bytes:
    target = io.BytesIO(data)
    with h5py.File(target, "r+") as file:
        for key in ("model_config", "training_config"):
            text = _written(value.get(key) if isinstance(value, dict) else value)
            if key in file.attrs and len(text) < 60_000:
                file.attrs[key] = text.encode("utf-8", "replace")
    return target.getvalue()


def _with_member(data: bytes, text: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            archive.writestr(name, text.encode("utf-8", "replace") if name == "config.json" else source.read(name))
    return target.getvalue()


def _metadata(data: bytes) -> Iterator[str]:
    from kerascheck.artifact.protobuf import last_fields, messages, text

    for message in messages(memoryview(data), 1):
        yield text(last_fields(message).get(5))


def _message(metadata: bytes, index: int) -> bytes:
    path = b"root" if index == 0 else f"root.layer-{index - 1}".encode()
    identifier = b"_tf_keras_network" if index == 0 else b"_tf_keras_layer"
    body = b"".join(
        bytes([number << 3 | 2]) + _varint(len(part)) + part
        for number, part in ((3, path), (4, identifier), (5, metadata))
    )
    return b"\x0a" + _varint(len(body)) + body


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


Files = list[tuple[str, bytes]]


def flipped(chance: random.Random, data: bytes, _: Files) -> bytes:
    changed = bytearray(data)
    reach = len(data) if chance.random() < 0.5 else min(len(data), 8192)
    for _count in range(chance.choice((1, 3, 20, 200)) if reach else 0):
        changed[chance.randrange(reach)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def truncated(chance: random.Random, data: bytes, _: Files) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def filled(chance: random.Random, data: bytes, _: Files) -> bytes:
    start = chance.randrange(len(data) + 1)
    size = min(chance.choice((1, 2, 4, 8, 64, 1024)), len(data) - start)
    return data[:start] + chance.choice((b"\x00", b"\xff", b"\x7f", b"\x01")) * size + data[start + size :]


def removed(chance: random.Random, data: bytes, _: Files) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.choice((1, 3, 100)) :]


def repeated(chance: random.Random, data: bytes, _: Files) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start : start + chance.choice((1, 8, 512))] * chance.choice((2, 9)) + data[start:]


def spliced(chance: random.Random, data: bytes, files: Files) -> bytes:
    _, other = chance.choice(files)
    start, place = chance.randrange(len(data) + 1), chance.randrange(len(other))
    part = other[place : place + chance.choice((4, 64, 4096, len(other)))]
    return data[:start] + part + data[start + len(part) * chance.randrange(2) :]


BYTES: tuple[Callable[[random.Random, bytes, Files], bytes], ...] = (
    flipped,
    flipped,
    truncated,
    filled,
    removed,
    repeated,
    spliced,
)
