"""Writes model files that try to harm whoever loads them, and honest files that look much like them.

    python tools/make_hostile_models.py FOLDER

Each is a few KB and inert: the bytecode only names things, no pickle does anything, links lead to files that are not there, and
what claims terabytes stores nothing. The tests write them where they need them; the benchmark lets other scanners look too.
Nothing here is loaded with Keras, and no file must be.
"""

from __future__ import annotations

import base64
import copy
import io
import json
import marshal
import os
import pickle
import stat
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np


class Case(NamedTuple):
    """A file: what writes it, and the codes that must be reported for it; none for an honest one."""

    name: str
    write: Callable[[Path], None]
    codes: tuple[str, ...] = ()


CASES: list[Case] = []


def case(name: str, *codes: str) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
    """A function that writes the file of this name."""

    def keep(write: Callable[[Path], None]) -> Callable[[Path], None]:
        CASES.append(Case(name, write, codes))
        return write

    return keep


# Code that does nothing but name things.
CODE = marshal.dumps(compile("lambda t: os.getcwd() and subprocess", "/home/someone/secret.py", "eval").co_consts[0])
BASE64 = base64.encodebytes(CODE).decode()
RAW = CODE.decode("latin-1")
PYTHON_2 = (
    b"c"
    + (1).to_bytes(4, "little") * 4
    + b"s"
    + (4).to_bytes(4, "little")
    + b"|\x00\x00S"
    + b"("
    + bytes(4)
    + b"("
    + (1).to_bytes(4, "little")
    + b"t"
    + (2).to_bytes(4, "little")
    + b"os"
).decode("latin-1")
PICKLE = pickle.dumps({"inert": [1, 2, 3]}, protocol=4)
ELF = b"\x7fELF\x02\x01\x01" + bytes(64)

SEQUENTIAL_3 = {
    "module": "keras",
    "class_name": "Sequential",
    "registered_name": None,
    "build_config": {"input_shape": [None, 4]},
}


def layer3(name, kind="Dense", **config):
    return {"module": "keras.layers", "class_name": kind, "config": {"name": name, **config}, "registered_name": None}


def dense3(name="hidden", **config):
    found = layer3(name, "Dense", units=3, activation="relu", use_bias=True)
    found["config"].update(config)
    found["build_config"] = {"input_shape": [None, 4]}
    return found


def model3(*layers, **more):
    entry = layer3("input", "InputLayer", batch_shape=[None, 4], dtype="float32")
    return {**copy.deepcopy(SEQUENTIAL_3), "config": {"name": "model", "layers": [entry, *layers]}, **more}


def weights3(change=None):
    """The weights of `dense3` as an HDF5 file in memory."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        group = file.create_group("layers/dense/vars")
        group.attrs["name"] = "hidden"
        group["0"] = np.linspace(-1, 1, 12, dtype="f4").reshape(4, 3)
        group["1"] = np.array([0.1, 0.2, 0.3], "f4")
        if change is not None:
            change(file)
    return buffer.getvalue()


def archive(path, config, *, weights=None, members=(), packed=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", packed) as target:
        target.writestr("metadata.json", json.dumps({"keras_version": "3.10.0", "date_saved": "2026-01-01@00:00:00"}))
        target.writestr("config.json", config if isinstance(config, (str, bytes)) else json.dumps(config))
        target.writestr("model.weights.h5", weights3() if weights is None else weights)
        for name, data in members:
            target.writestr(name, data)


def hdf5(path, config, *, version="2.4.0", change=None, names=("hidden",)):
    """A file of Keras 1 or 2 with one layer that has weights."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        if version:
            file.attrs["keras_version"] = version
        file.attrs["backend"] = "tensorflow"
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = np.array([name.encode() for name in names])
        for name in names:
            layer = group.create_group(name)
            layer.attrs["weight_names"] = np.array([f"{name}/kernel:0".encode(), f"{name}/bias:0".encode()])
            layer[f"{name}/kernel:0"] = np.linspace(-1, 1, 12, dtype="f4").reshape(4, 3)
            layer[f"{name}/bias:0"] = np.array([0.1, 0.2, 0.3], "f4")
        if change is not None:
            change(file)


def dense2(name="hidden", **config):
    settings = {
        "name": name,
        "units": 3,
        "activation": "relu",
        "use_bias": True,
        "batch_input_shape": [None, 4],
        **config,
    }
    return {"class_name": "Dense", "config": settings}


def lambda2(code=BASE64, **config):
    return {
        "class_name": "Lambda",
        "config": {"name": "code", "function": [code, None, None], "function_type": "lambda", **config},
    }


def model2(*layers):
    return {"class_name": "Sequential", "config": {"name": "model", "layers": [*layers]}}


def list_model(*layers):
    """A Sequential as Keras wrote it before 2.2.3."""
    return {"class_name": "Sequential", "config": [*layers]}


LAMBDA_3 = {"class_name": "__lambda__", "config": {"code": BASE64, "defaults": None, "closure": None}}


def function3(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def object3(module, kind, **config):
    return {"module": module, "class_name": kind, "config": config, "registered_name": None}


# Code


@case("lambda.keras", "KC801")
def _(path):
    archive(path, model3(dense3(), layer3("code", "Lambda", function=LAMBDA_3)))


@case("lambda_in_wrapper.keras", "KC801")
def _(path):
    held = layer3("code", "Lambda", function=LAMBDA_3)
    archive(path, model3(dense3(), layer3("steps", "TimeDistributed", layer=held)))


@case("lambda_in_model_in_model.keras", "KC801")
def _(path):
    inner = model3(layer3("code", "Lambda", function=LAMBDA_3))
    inner["config"]["name"] = "inner"
    middle = model3(inner)
    middle["config"]["name"] = "middle"
    archive(path, model3(dense3(), middle))


@case("lambda.h5", "KC801")
def _(path):
    hdf5(path, model2(dense2(), lambda2()))


@case("lambda_output_shape.h5", "KC801")
def _(path):
    named = {"function": "identity", "function_type": "function"}
    hdf5(path, model2(dense2(), lambda2(output_shape=[BASE64, None, None], output_shape_type="lambda", **named)))


@case("lambda_mask.h5", "KC801")
def _(path):
    hdf5(path, model2(dense2(), lambda2(function="identity", function_type="function", mask=[BASE64, None, None])))


@case("lambda_in_wrapper.h5", "KC801")
def _(path):
    hdf5(path, model2(dense2(), {"class_name": "TimeDistributed", "config": {"name": "steps", "layer": lambda2()}}))


@case("lambda_keras1.h5", "KC801")
def _(path):
    hdf5(path, list_model(dense2(), lambda2(RAW)), version="1.2.2")


@case("lambda_keras1_no_version.h5", "KC801")
def _(path):
    hdf5(path, list_model(dense2(), lambda2(RAW)), version="")


@case("lambda_list_base64.h5", "KC801")
def _(path):
    hdf5(path, list_model(dense2(), lambda2()), version="2.2.2")


@case("lambda_list_in_list.h5", "KC801")
def _(path):
    hdf5(path, list_model(dense2(), list_model(lambda2())), version="2.2.2")


@case("lambda_python2.h5", "KC801")
def _(path):
    hdf5(path, list_model(dense2(), lambda2(PYTHON_2)), version="1.1.0")


@case("lambda_architecture.json", "KC801")
def _(path):
    path.write_text(json.dumps({**model2(dense2(), lambda2()), "keras_version": "2.4.0", "backend": "tensorflow"}))


@case("lambda_json_in_json.json", "KC801")
def _(path):
    path.write_text(json.dumps(json.dumps({**list_model(dense2(), lambda2(RAW)), "keras_version": "1.1.0"})))


@case("lambda_keras_metadata.pb", "KC801")
def _(path):
    code = {"class_name": "__tuple__", "items": [BASE64, None, None]}
    model = model2(dense2(), lambda2(function=code))
    metadata = json.dumps(
        {"name": "model", "class_name": "Sequential", "config": model["config"], "keras_version": "2.8.0"}
    )
    path.write_bytes(_field(1, _field(3, b"root") + _field(4, b"_tf_keras_sequential") + _field(5, metadata.encode())))


def _field(number, data):
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value):
    found = b""
    while value >= 0x80:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


# Gadgets


def gadget(name, activation, *codes, **more):
    @case(name, *codes)
    def _(path):
        archive(path, model3(dense3(activation=activation), **more))


gadget("module_os.keras", function3("os", "getcwd"), "KC802")
gadget("module_of_subprocess.keras", object3("subprocess", "Popen", args=["true"]), "KC802")
gadget("builtin_eval.keras", function3("builtins", "eval"), "KC802")
gadget("package_torch.keras", function3("torch.serialization", "load"), "KC802")
gadget("numpy_load.keras", function3("numpy", "load"), "KC802")
gadget(
    "get_file.keras",
    {**object3("keras.utils", "get_file", origin="https://example.org/x"), "registered_name": "get_file"},
    "KC802",
)
gadget("private_get_file.keras", function3("keras.src.utils.file_utils", "get_file"), "KC802")
gadget("load_model.keras", function3("keras.models", "load_model"), "KC802")
gadget("unsafe_mode_off.keras", function3("keras.config", "enable_unsafe_deserialization"), "KC802")
gadget(
    "in_optimizer.keras",
    "relu",
    "KC802",
    compile_config={"optimizer": object3("importlib", "import_module", name="x"), "loss": "mse"},
)
gadget("in_loss.keras", "relu", "KC802", compile_config={"optimizer": "adam", "loss": function3("posix", "getcwd")})


@case("gadget_in_wrapper.keras", "KC802")
def _(path):
    held = dense3("inner", kernel_initializer=function3("os", "getcwd"))
    archive(path, model3(dense3(), layer3("steps", "TimeDistributed", layer=held)))


@case("gadget_in_model.keras", "KC802")
def _(path):
    inner = model3(dense3("deep", kernel_regularizer=object3("shutil", "Error")))
    inner["config"]["name"] = "inner"
    archive(path, model3(dense3(), inner))


@case("gadget_in_list.h5", "KC802")
def _(path):
    hdf5(path, list_model(dense2(kernel_initializer=function3("os", "getcwd"))), version="2.2.2")


@case("torch_module.keras", "KC802")
def _(path):
    archive(path, model3(dense3(), layer3("torch", "TorchModuleWrapper", module=base64.b64encode(PICKLE).decode())))


@case("outside_saved_model.keras", "KC802")
def _(path):
    archive(path, model3(dense3(), layer3("outside", "TFSMLayer", filepath="/nowhere/model")))


@case("write_file.h5", "KC802")
def _(path):
    call = {"class_name": "TFOpLambda", "config": {"name": "tf.io.write_file", "function": "io.write_file"}}
    hdf5(path, model2(dense2(), call))


@case("python_object.yaml", "KC802")
def _(path):
    path.write_text(
        "class_name: Sequential\nconfig:\n  name: model\n  layers:\n  - !!python/object/apply:os.getcwd []\nkeras_version: 2.3.0\n"
    )


# What is elsewhere


@case("external_link.h5", "KC803")
def _(path):
    hdf5(
        path,
        model2(dense2()),
        change=lambda f: f.__setitem__("model_weights/hidden/extra", h5py.ExternalLink("x.h5", "/d")),
    )


@case("external_link_for_layer.h5", "KC803")
def _(path):
    def change(file):
        del file["model_weights/hidden"]
        file["model_weights/hidden"] = h5py.ExternalLink("/nowhere/secret.h5", "/weights")

    hdf5(path, model2(dense2()), change=change)


@case("external_storage.h5", "KC803")
def _(path):
    def change(file):
        del file["model_weights/hidden/hidden/kernel:0"]
        file.create_dataset("model_weights/hidden/hidden/kernel:0", (4, 3), "f4", external=[("/nowhere/secret", 0, 48)])

    hdf5(path, model2(dense2()), change=change)


@case("virtual_data_set.h5", "KC803")
def _(path):
    def change(file):
        del file["model_weights/hidden/hidden/kernel:0"]
        layout = h5py.VirtualLayout((4, 3), "f4")
        layout[:] = h5py.VirtualSource("/nowhere/secret.h5", "data", (4, 3))
        file.create_virtual_dataset("model_weights/hidden/hidden/kernel:0", layout)

    hdf5(path, model2(dense2()), change=change)


@case("external_link.keras", "KC803")
def _(path):
    link = h5py.ExternalLink("/nowhere/secret.h5", "/d")
    archive(path, model3(dense3()), weights=weights3(lambda f: f.__setitem__("layers/dense/vars/2", link)))


@case("external_storage.keras", "KC803")
def _(path):
    def change(file):
        file.create_dataset("layers/dense/vars/2", (2,), "f4", external=[("/nowhere/secret", 0, 8)])

    archive(path, model3(dense3()), weights=weights3(change))


@case("soft_link.h5", "KC803")
def _(path):
    hdf5(
        path,
        model2(dense2()),
        change=lambda f: f.__setitem__("model_weights/again", h5py.SoftLink("/model_weights/hidden")),
    )


for _number, _text in enumerate(
    ("/etc/passwd", "https://example.org/words", "../../words.txt", "C:\\words.txt", "words.txt")
):

    @case(f"vocabulary_{_number}.keras", "KC803")
    def _(path, text=_text):
        archive(path, model3(dense3(), layer3("words", "StringLookup", vocabulary=text)))


@case("vocabulary_in_vectorization.keras", "KC803")
def _(path):
    archive(path, model3(dense3(), layer3("words", "TextVectorization", vocabulary="/nowhere/words")))


# Containers


@case("member_climbs.keras", "KC804")
def _(path):
    archive(path, model3(dense3()), members=[("assets/../../x.txt", "x")])


@case("member_absolute.keras", "KC804")
def _(path):
    archive(path, model3(dense3()), members=[("/tmp/x.txt", "x")])


@case("member_twice.keras", "KC804")
def _(path):
    archive(path, model3(dense3()))
    import warnings

    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as target:
        warnings.simplefilter("ignore")
        target.writestr("config.json", json.dumps(model3(dense3())))


@case("member_link.keras", "KC804")
def _(path):
    info = zipfile.ZipInfo("assets/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive(path, model3(dense3()), members=[(info, "/nowhere")])


@case("member_encrypted.keras", "KC804")
def _(path):
    archive(path, model3(dense3()), members=[("assets/words.txt", "a")])
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.rfind(signature) + offset] |= 1
    path.write_bytes(data)


@case("member_claims.keras", "KC804")
def _(path):
    archive(path, model3(dense3()), members=[("assets/zeros", bytes(64))])
    data = bytearray(path.read_bytes())
    place = data.rfind(b"PK\x01\x02")
    data[place + 24 : place + 28] = (2**32 - 2).to_bytes(4, "little")
    path.write_bytes(data)


@case("asset_bomb.keras", "KC804")
def _(path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as target:
        target.writestr("metadata.json", json.dumps({"keras_version": "3.10.0"}))
        target.writestr("config.json", json.dumps(model3(dense3())))
        target.writestr("model.weights.h5", weights3())
        with target.open("assets/zeros", "w") as file:
            for _ in range(300):
                file.write(bytes(1 << 20))
    path.write_bytes(buffer.getvalue())


@case("array_claims.h5", "KC804")
def _(path):
    def change(file):
        file["model_weights/hidden"].create_dataset("extra", (1 << 20, 1 << 20), "f4", chunks=(1 << 10, 1 << 10))

    hdf5(path, model2(dense2()), change=change)


@case("array_claims.keras", "KC804")
def _(path):
    def change(file):
        file.create_dataset("layers/dense/vars/2", (1 << 20, 1 << 20), "f4", chunks=(1 << 10, 1 << 10))

    archive(path, model3(dense3()), weights=weights3(change))


@case("group_holds_itself.h5", "KC804")
def _(path):
    hdf5(path, model2(dense2()), change=lambda f: f["model_weights"].__setitem__("again", f["model_weights"]))


@case("nested_without_end.keras", "KC804")
def _(path):
    archive(
        path,
        '{"class_name": "Sequential", "config": ' + '{"a": ' * 100_000 + "1" + "}" * 100_000 + "}",
        packed=zipfile.ZIP_DEFLATED,
    )


@case("number_without_end.keras", "KC804")
def _(path):
    archive(path, '{"class_name": "Sequential", "config": ' + "9" * 5000 + "}")


@case("long_attribute.h5", "KC804")
def _(path):
    with h5py.File(path, "w", track_order=True) as file:
        text = file.create_group("model_weights")
        del text
        kind = h5py.h5t.C_S1.copy()
        kind.set_size(1 << 31)
        try:
            space = h5py.h5s.create_simple((64,))
            h5py.h5a.create(file.id, b"model_config", kind, space)
        except (ValueError, RuntimeError, OSError):
            file.attrs["model_config"] = "[" * 100_000


@case("two_values_for_a_key.keras", "KC804")
def _(path):
    text = json.dumps(model3(dense3()))
    archive(path, text.replace('"units": 3', '"units": 5, "units": 3'))


@case("layer_name_climbs.keras", "KC804")
def _(path):
    archive(path, model3(dense3(), layer3("../../x", "StringLookup", vocabulary=["a"])))


# Damage


@case("cut.h5", "KC807")
def _(path):
    hdf5(path, model2(dense2()))
    os.truncate(path, 2000)


@case("cut.keras", "KC807")
def _(path):
    archive(path, model3(dense3()))
    os.truncate(path, 2000)


@case("no_weights.keras", "KC807")
def _(path):
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("metadata.json", json.dumps({"keras_version": "3.10.0"}))
        target.writestr("config.json", json.dumps(model3(dense3())))


@case("flipped_bit.keras", "KC807")
def _(path):
    archive(path, model3(dense3()))
    data = bytearray(path.read_bytes())
    place = data.find(np.float32(-1).tobytes(), data.find(b"\x89HDF"))
    data[place] ^= 4
    path.write_bytes(data)


@case("interrupted.h5", "KC807")
def _(path):
    hdf5(path, model2(dense2()), change=lambda f: f.__delitem__("model_weights/hidden"))


@case("array_missing.h5", "KC807")
def _(path):
    hdf5(path, model2(dense2()), change=lambda f: f.__delitem__("model_weights/hidden/hidden/bias:0"))


# What does not belong there


@case("script_inside.keras", "KC809")
def _(path):
    archive(path, model3(dense3()), members=[("assets/setup.py", "print('inert')")])


@case("program_inside.keras", "KC809")
def _(path):
    archive(path, model3(dense3()), members=[("assets/words.txt", ELF)])


@case("pickle_inside.keras", "KC809")
def _(path):
    archive(path, model3(dense3()), members=[("assets/words.txt", PICKLE)])


@case("text_pickle_inside.keras", "KC809")
def _(path):
    archive(path, model3(dense3()), members=[("assets/words.txt", b"(cos\ngetcwd\n.")])


@case("archive_inside.keras", "KC809")
def _(path):
    archive(path, model3(dense3()), members=[("assets/more.bin", zipped("x", b"y"))])


def zipped(name, data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        target.writestr(name, data)
    return buffer.getvalue()


def npz_model(path, arrays):
    with zipfile.ZipFile(path, "w") as target:
        target.writestr("metadata.json", json.dumps({"keras_version": "3.5.0"}))
        target.writestr("config.json", json.dumps(model3(dense3())))
        target.writestr("model.weights.npz", arrays)


@case("objects.npz.keras", "KC809")
def _(path):
    buffer = io.BytesIO()
    np.savez(buffer, **{"layers/dense/vars": np.array({"0": [1, 2]}, dtype=object)})
    npz_model(path, buffer.getvalue())


@case("pickle.npz.keras", "KC809")
def _(path):
    npz_model(path, zipped("layers/dense/vars.npy", PICKLE))


@case("weights.npz", "KC809")
def _(path):
    np.savez(path, **{"layers/dense/vars": np.array({"0": [1, 2]}, dtype=object)})


@case("bytes_in_front.keras", "KC809")
def _(path):
    archive(path, model3(dense3()))
    path.write_bytes(PICKLE_LIKE + path.read_bytes())


PICKLE_LIKE = b"PK\x03\x04 no real member " + bytes(40)


@case("bytes_behind.keras", "KC809")
def _(path):
    archive(path, model3(dense3()))
    path.write_bytes(path.read_bytes() + ELF)


@case("user_block.h5", "KC809")
def _(path):
    hdf5(path, model2(dense2()))
    data = path.read_bytes()
    with h5py.File(path, "w", userblock_size=512) as file, h5py.File(io.BytesIO(data)) as source:
        file.attrs.update(source.attrs)
        source.copy("model_weights", file)
    with path.open("r+b") as target:
        target.write(b"#!/bin/sh\nexit 0\n")


@case("pickle_in_array.h5", "KC809")
def _(path):
    def change(file):
        file["model_weights/hidden/extra"] = np.void(PICKLE)

    hdf5(path, model2(dense2()), change=change)


@case("pickle_in_numbers.h5", "KC809")
def _(path):
    hdf5(path, model2(dense2()), change=lambda f: f.__setitem__("custom", np.frombuffer(PICKLE, "u1")))


@case("pickle_in_attribute.h5", "KC809")
def _(path):
    hdf5(path, model2(dense2()), change=lambda f: f.attrs.__setitem__("custom_objects", np.void(PICKLE)))


@case("model.pkl", "KC809")
def _(path):
    path.write_bytes(
        b"\x80\x04\x95" + bytes([60]) + bytes(7) + b"\x8c\x1ckeras.src.saving.keras_saveable\x94\x8c\x07inert\x94."
    )


# Honest files that look like these


@case("honest/plain.keras")
def _(path):
    archive(path, model3(dense3()))


@case("honest/plain.h5")
def _(path):
    hdf5(path, model2(dense2()))


@case("honest/lambda_by_name.h5")
def _(path):
    call = {"class_name": "Lambda", "config": {"name": "code", "function": "identity", "function_type": "function"}}
    hdf5(path, model2(dense2(), call))


@case("honest/function_by_name.keras")
def _(path):
    loss = {
        "module": "builtins",
        "class_name": "function",
        "config": "mean_squared_error",
        "registered_name": "function",
    }
    archive(path, model3(dense3(activation="gelu"), compile_config={"optimizer": "adam", "loss": loss}))


@case("honest/own_layer.keras")
def _(path):
    own = {
        "module": "house.layers",
        "class_name": "Halve",
        "config": {"name": "halve"},
        "registered_name": "house>Halve",
    }
    main = {"module": "__main__", "class_name": "Double", "config": {"name": "double"}, "registered_name": "Double"}
    archive(path, model3(dense3(), own, main))


@case("honest/names_of_modules.keras")
def _(path):
    """Layers may be called what they like."""
    archive(path, model3(dense3(), layer3("subprocess", "Dropout", rate=0.1), layer3("os.system", "Dropout", rate=0.2)))


@case("honest/names_with_slashes.h5")
def _(path):
    hdf5(path, model2(dense2("block1/conv..1")), names=("block1/conv..1",))


@case("honest/words_as_list.keras")
def _(path):
    words = ["/etc/passwd", "https://example.org", "..", "eval", "4wEAAAA="]
    archive(
        path,
        model3(dense3(), layer3("words", "StringLookup", vocabulary=words)),
        members=[("assets/words.txt", "\n".join(words))],
    )


@case("honest/packed_zeros.keras")
def _(path):
    """Weights of zeros are packed a thousandfold, and are no bomb."""
    archive(path, model3(dense3()), members=[("assets/table.txt", "0\n" * 500_000)], packed=zipfile.ZIP_DEFLATED)


@case("honest/empty_chunks.h5")
def _(path):
    def change(file):
        file["optimizer_weights/moments:0"] = np.zeros((4, 3), "f4")
        file["optimizer_weights"].attrs["weight_names"] = np.array([b"moments:0"])

    hdf5(path, model2(dense2()), change=change)


@case("honest/texts.h5")
def _(path):
    def change(file):
        file.attrs["labels"] = ["cat", "dog"]
        file.attrs["created_by"] = "a person"
        file["labels"] = np.array(["cat", "dog"], dtype=h5py.string_dtype())

    hdf5(path, model2(dense2()), change=change)


@case("honest/bytes_as_weights.h5")
def _(path):
    hdf5(
        path,
        model2(dense2()),
        change=lambda f: f.__setitem__("model_weights/hidden/hidden/table:0", np.arange(200, dtype="u1")),
    )


@case("honest/one_group_under_two_names.h5")
def _(path):
    """Keras 2 linked the weights of a shared layer twice; that is no loop."""
    hdf5(
        path,
        model2(dense2()),
        change=lambda f: f["model_weights"].__setitem__("alias", f["model_weights/hidden/hidden/kernel:0"]),
    )


@case("honest/long_texts.json")
def _(path):
    note = "aGVsbG8gd29ybGQ" * 200
    path.write_text(json.dumps({**model2(dense2(name="hidden")), "keras_version": "2.4.0", "note": note}))


@case("honest/tuples.yaml")
def _(path):
    path.write_text(
        "class_name: Sequential\nconfig:\n  name: model\n  layers:\n  - class_name: Dense\n    config:\n      name: hidden\n"
        "      units: 3\n      batch_input_shape: !!python/tuple [null, 4]\nkeras_version: 2.3.0\n"
    )


def write_all(folder: Path) -> None:
    """Write every file into a folder."""
    for entry in CASES:
        path = folder / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        entry.write(path)


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
