"""Model files elsewhere: only the bytes that are needed come over the line, and what goes wrong is one line."""

from __future__ import annotations

import errno
import http.server
import json
import os
import re
import shutil
import socket
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Protocol

import h5py
import numpy as np
import pytest
from checkout import ROOT

from kerascheck import Config, check_model
from kerascheck.cache import FOLDER
from kerascheck.command import Command
from kerascheck.errors import InputError
from kerascheck.findings import FileKind, FileReport, FileStatus
from kerascheck.remote import BLOCK, STRIDE, Blocks, FetchError, RemoteBytes, remote_file
from kerascheck.report import Format
from kerascheck.runner import Mode, check_paths
from kerascheck.summary_command import SummaryCommand

MODELS = ROOT / "fixtures" / "models"
SIZE = 200 * 1000 * 1000
LIMIT = 2 * 1000 * 1000


class Bucket(Protocol):
    """A file system of fsspec."""

    def pipe_file(self, path: str, value: bytes) -> None: ...


class Site(http.server.ThreadingHTTPServer):
    """A web server on loopback for the files of a folder, which counts what it sends."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.ranges = True
        self.etag = ""
        self.sent = 0
        self.asked = 0
        self.cut = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has read enough hangs up, which is nothing to speak of."""

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with parts of files."""

    server: Site
    timeout = 10

    def do_GET(self) -> None:
        self.server.asked += 1
        name = self.path.lstrip("/").partition("?")[0]
        if name.startswith("moved/"):
            self.send_response(302)
            self.send_header("Location", f"/{name.removeprefix('moved/')}?signed")
        elif name == "astray":
            self.send_response(302)
            self.send_header("Location", f"file://{self.server.folder}/model.h5")
        elif name == "forbidden" or not (self.server.folder / name).is_file():
            self.send_response(403 if name == "forbidden" else 404)
        else:
            self._send_part(self.server.folder / name)
            return
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send_part(self, path: Path) -> None:
        size = path.stat().st_size
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        start, stop = (int(asked[1]), min(int(asked[2]) + 1, size)) if asked and self.server.ranges else (0, size)
        if start >= size:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.end_headers()
            return
        self.send_response(206 if self.server.ranges else 200)
        if self.server.ranges:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
        if self.server.etag:
            self.send_header("ETag", self.server.etag)
        self.send_header("Content-Length", str(stop - start))
        self.end_headers()
        with path.open("rb") as file:
            file.seek(start)
            data = file.read(min(stop - start, STRIDE * BLOCK))
        self.wfile.write(data[: len(data) // 2] if self.server.cut else data)
        self.server.sent += len(data)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "site"
    folder.mkdir()
    with Site(folder) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


def texts_of(name: str) -> dict[str, str]:
    with h5py.File(MODELS / name) as file:
        return {key: value if isinstance(value, str) else value.decode() for key, value in file.attrs.items()}


def large_hdf5(path: Path) -> None:
    """A file of the layout of Keras 2 whose arrays are declared and allocated, but never written."""
    with h5py.File(path, "w") as file:
        file.attrs.update(texts_of("pitfalls_keras2.h5"))
        weights = file.create_group("model_weights")
        for index in range(40):
            space = h5py.h5s.create_simple((SIZE // 160,))
            settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            settings.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
            settings.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
            group = weights.create_group(f"layer_{index}")
            h5py.h5d.create(group.id, b"kernel:0", h5py.h5t.IEEE_F32LE, space, settings)


def large_archive(path: Path) -> None:
    with zipfile.ZipFile(MODELS / "pitfalls.keras") as source, zipfile.ZipFile(path, "w") as target:
        for name in ("metadata.json", "config.json"):
            target.writestr(name, source.read(name))
        with target.open("model.weights.h5", "w", force_zip64=True) as member:
            for _ in range(SIZE // 1_000_000):
                member.write(bytes(1_000_000))


@pytest.mark.parametrize(
    ("name", "write", "local"),
    [("model.h5", large_hdf5, "pitfalls_keras2.h5"), ("model.keras", large_archive, "pitfalls.keras")],
)
def test_the_configuration_of_a_large_file_costs_little_traffic(
    site: Site, name: str, write: object, local: str
) -> None:
    assert callable(write)
    write(site.folder / name)
    assert (site.folder / name).stat().st_size >= SIZE
    remote, here = check_model(site.url(name)), check_model(MODELS / local)
    assert site.sent < LIMIT
    assert remote.status is here.status is FileStatus.OK
    assert layers(remote) == layers(here)
    assert codes(remote) >= {"KC201"}
    assert {finding.location.path for finding in remote.findings} == {remote.path} == {site.url(name)}


def test_counting_the_weights_of_a_layer_of_ones_own_costs_no_more_than_the_headers(site: Site) -> None:
    with h5py.File(site.folder / "model.h5", "w") as file:
        file.attrs.update(texts_of("custom_keras2.h5"))
        weights = file.create_group("model_weights")
        for index in range(100):
            weights[f"layer_{index}/kernel:0"] = np.zeros(100_000, "f4")
    check_model(site.url("model.h5"))
    assert 100 * BLOCK < site.sent < LIMIT < (site.folder / "model.h5").stat().st_size / 10


def layers(report: FileReport) -> list[tuple[str, str, str]]:
    return [(layer.path, layer.class_name, layer.output_shape) for layer in report.layers]


def codes(report: FileReport) -> set[str]:
    return {finding.code for finding in report.findings}


FORMS = [
    "good_cnn.h5",
    "good_cnn.keras",
    "good_cnn_keras2.h5",
    "architecture.json",
    "good_cnn.weights.h5",
    "custom.keras",
    "custom_keras2.h5",
    "shared_and_nested_keras_metadata.pb",
]


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("ranges", [True, False])
def test_every_form_reads_as_from_disk(site: Site, name: str, ranges: bool) -> None:
    site.ranges = ranges
    data = (MODELS / name).read_bytes()
    (site.folder / name).write_bytes(data)
    remote, here = check_model(site.url(name)), check_model(site.folder / name)
    about = remote.about.replace(", weights not fetched", "")
    assert (remote.status, remote.reason, about) == (here.status, here.reason, here.about)
    assert remote.layers == here.layers


def test_a_redirect_is_followed_and_the_query_of_an_address_is_not_shown(site: Site) -> None:
    (site.folder / "model.keras").write_bytes((MODELS / "good_cnn.keras").read_bytes())
    report = check_model(site.url("moved/model.keras?token=secret"))
    assert report.status is FileStatus.OK
    assert report.path == site.url("moved/model.keras")


def run(capsys: pytest.CaptureFixture[str], url: str, mode: Mode = Mode.MODEL) -> tuple[int, str]:
    code = Command(output_format=Format.CONCISE, no_cache=True).lint([url], mode)
    first, *_ = capsys.readouterr().out.splitlines()
    return code, first


@pytest.mark.parametrize("mode", [Mode.MODEL, Mode.CHECK])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent.h5", "the server answers 404 Not Found"),
        ("forbidden", "the server answers 403 Forbidden"),
        ("astray", "is not allowed"),
        ("empty.h5", "an empty file"),
    ],
)
def test_what_the_server_refuses_is_one_line(
    site: Site, capsys: pytest.CaptureFixture[str], name: str, reason: str, mode: Mode
) -> None:
    (site.folder / "empty.h5").touch()
    code, line = run(capsys, site.url(name), mode)
    assert code == 2
    assert line.startswith(site.url(name))
    assert reason in line


def test_a_refused_connection_is_one_line(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        code, line = run(capsys, f"http://127.0.0.1:{deaf.getsockname()[1]}/model.h5")
    assert code == 2
    assert os.strerror(errno.ECONNREFUSED) in line


def test_a_large_file_of_a_server_without_ranges_is_one_line(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.ranges = False
    with (site.folder / "model.h5").open("wb") as file:
        file.truncate(SIZE)
    code, line = run(capsys, site.url("model.h5"))
    assert code == 2
    assert "does not send parts of files" in line


@pytest.mark.parametrize("name", ["good_cnn.h5", "good_cnn.keras"])
def test_a_line_that_breaks_is_no_damaged_file(site: Site, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (site.folder / name).write_bytes((MODELS / name).read_bytes())
    site.cut = True
    code, line = run(capsys, site.url(name))
    assert code == 2
    assert "the server sent less than it was asked for" in line


def test_the_summary_of_a_remote_file(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    (site.folder / "model.keras").write_bytes((MODELS / "good_cnn.keras").read_bytes())
    assert SummaryCommand(output_format=Format.JSON).show([site.url("model.keras")]) == 0
    assert site.url("model.keras") in json.dumps(json.loads(capsys.readouterr().out))
    assert SummaryCommand().show([site.url("absent")]) == 2
    assert "the server answers 404 Not Found" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://", "no address"),
        ("https://someone:secret@example.org/model.h5", "cannot hold a user name: `https://example.org/model.h5`"),
        ("nonsense://model.h5", "nonsense:// is no kind of address"),
    ],
)
def test_what_is_no_address_is_one_line(url: str, reason: str) -> None:
    with pytest.raises(InputError, match=re.escape(reason)):
        check_paths([url])


def test_scripts_are_not_fetched() -> None:
    with pytest.raises(InputError, match="only model files"):
        check_paths(["https://example.org/train.py"], mode=Mode.SCRIPT)


def test_without_fsspec_the_line_tells_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(InputError, match=re.escape("s3:// takes fsspec to read: `pip install kerascheck[remote]`")):
        check_model("s3://bucket/model.h5")


def test_what_fsspec_knows_is_read(site: Site) -> None:
    fsspec = pytest.importorskip("fsspec")
    data = (MODELS / "pitfalls.keras").read_bytes()
    fsspec.filesystem("memory").pipe_file("/models/pitfalls.keras", data)
    report = check_model("memory://models/pitfalls.keras")
    assert layers(report) == layers(check_model(MODELS / "pitfalls.keras"))
    absent = check_model("memory://models/absent.keras")
    assert (absent.status, absent.reason) == (FileStatus.ERROR, "there is no such file")


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """A stand-in for S3 in memory, with a folder of models."""
    fsspec = pytest.importorskip("fsspec")
    from fsspec.implementations.memory import MemoryFileSystem

    class Memory(MemoryFileSystem):
        protocol = "s3"
        store: ClassVar[dict[str, object]] = {}
        pseudo_dirs: ClassVar[list[str]] = [""]
        cachable = False

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return f"/{path.removeprefix('s3://').strip('/')}"

    fsspec.register_implementation("s3", Memory, clobber=True)
    store = Memory()
    for file in (path for name in STORED for path in sorted((MODELS / name).rglob("*")) or [MODELS / name]):
        if file.is_file():
            store.pipe_file(f"s3://models/run/{file.relative_to(MODELS).as_posix()}", file.read_bytes())
    store.pipe_file("s3://models/run/train.py", b"import keras")
    yield store
    fsspec.register_implementation("s3", "s3fs.S3FileSystem", clobber=True)


STORED = ("pitfalls.keras", "architecture.json", "built_by_data_keras2.saved_model", "subclassed_keras2.saved_model")


@pytest.mark.parametrize("name", STORED)
@pytest.mark.parametrize("fetched", [True, False])
def test_a_bucket_is_read_like_a_disk(bucket: Bucket, name: str, fetched: bool, tmp_path: Path) -> None:
    copy = tmp_path / name
    shutil.copytree(MODELS / name, copy) if (MODELS / name).is_dir() else shutil.copy(MODELS / name, copy)
    remote = check_model(f"s3://models/run/{name}", config=Config(fetch_weights=fetched))
    here = check_model(copy, config=Config(read_weights=fetched))
    assert remote.status is here.status
    assert layers(remote) == layers(here)
    assert [finding.code for finding in remote.findings] == [finding.code for finding in here.findings]
    assert remote.weights == here.weights
    assert (remote.weights is not None) is (fetched and name != "architecture.json")


def test_a_folder_of_a_bucket_is_looked_through_for_models(bucket: Bucket) -> None:
    report = check_paths(["s3://models/run"], mode=Mode.CHECK)
    assert [file.path for file in report.files] == sorted(f"s3://models/run/{name}" for name in STORED)
    assert all(file.kind is FileKind.MODEL for file in report.files)
    assert not check_paths(["s3://models/run/train.py"]).files[0].models


def test_what_is_not_in_a_bucket_is_one_line(bucket: Bucket) -> None:
    absent = check_model("s3://models/absent")
    assert (absent.status, absent.reason) == (FileStatus.ERROR, "there is no such file")


def test_a_folder_with_too_many_files_is_not_looked_through(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kerascheck.fetching.LISTED", 2)
    report = check_model("s3://models/run")
    assert report.status is FileStatus.ERROR


@pytest.mark.parametrize("name", ["pitfalls.keras", "pitfalls_keras2.h5"])
def test_weights_at_an_address_are_fetched_when_that_is_asked_for(site: Site, name: str) -> None:
    (site.folder / name).write_bytes((MODELS / name).read_bytes())
    without = check_model(site.url(name))
    assert without.weights is None
    assert "weights not fetched" in without.about
    fetched = check_model(site.url(name), config=Config(fetch_weights=True))
    here = check_model(MODELS / name)
    assert fetched.weights == here.weights is not None
    assert "weights not fetched" not in fetched.about
    assert [finding.code for finding in fetched.findings] == [finding.code for finding in here.findings]


def test_the_files_beside_a_model_at_an_address_are_fetched(site: Site) -> None:
    weights = [{"name": "dense/kernel", "shape": [4, 3], "dtype": "float32"}]
    layer = {"class_name": "Dense", "config": {"name": "dense", "units": 3, "use_bias": False}}
    topology = {"class_name": "Sequential", "config": {"name": "m", "layers": [layer]}}
    manifest = [{"paths": ["part1.bin", "part2.bin"], "weights": weights}]
    (site.folder / "model.json").write_text(json.dumps({"modelTopology": topology, "weightsManifest": manifest}))
    for number in (1, 2):
        (site.folder / f"part{number}.bin").write_bytes(np.full(6, number, "<f4").tobytes())
    report = check_model(site.url("model.json"), config=Config(fetch_weights=True))
    assert report.weights is not None
    assert report.weights.layers[0].norm == pytest.approx((6 * 1 + 6 * 4) ** 0.5)
    (site.folder / "part2.bin").unlink()
    report = check_model(site.url("model.json"), config=Config(fetch_weights=True))
    assert report.weights is not None
    assert report.weights.unread == 1


def test_a_report_is_kept_only_where_the_server_tells_of_changes(site: Site) -> None:
    (site.folder / "model.keras").write_bytes((MODELS / "good_cnn.keras").read_bytes())
    url = site.url("model.keras")
    command = Command(output_format=Format.CONCISE)
    command.lint([url], Mode.MODEL)
    assert not list(Path(FOLDER).glob("*/*"))
    site.etag = '"first"'
    command.lint([url], Mode.MODEL)
    assert len(list(Path(FOLDER).glob("*/*"))) == 1
    site.asked = 0
    command.lint([url], Mode.MODEL)
    assert site.asked == 1
    (site.folder / "model.keras").write_bytes(b"nonsense")
    site.etag = '"second"'
    report = check_model(url)
    assert report.status is FileStatus.SKIPPED


def test_a_file_that_changes_while_it_is_read_is_noticed(site: Site) -> None:
    (site.folder / "model.h5").write_bytes(bytes(40 * BLOCK))
    site.etag = '"first"'
    file = remote_file(site.url("model.h5")).open()
    site.etag = '"second"'
    file.seek(30 * BLOCK)
    with pytest.raises(FetchError, match="changed while it was read"):
        file.read(1)


@pytest.mark.parametrize("stride", [1, 1000, BLOCK, 3 * BLOCK + 1])
def test_any_walk_through_the_blocks_gives_the_bytes_of_the_file(site: Site, stride: int) -> None:
    data = bytes(index * 7 % 251 for index in range(5 * BLOCK + 17))
    (site.folder / "data").write_bytes(data)
    with remote_file(site.url("data")).open() as file:
        for start in range(0, len(data), 9973):
            file.seek(start)
            assert file.read(stride) == data[start : start + stride]
        assert file.seek(-3, os.SEEK_END) == len(data) - 3
        assert file.read() == data[-3:]


def test_traffic_has_a_bound() -> None:
    from kerascheck.fetching import Part

    def fetch(start: int, stop: int) -> Part:
        return Part(bytes(stop - start), 10**12)

    file = RemoteBytes(Blocks(fetch))
    with pytest.raises(FetchError, match="too much of it"):
        while file.read(STRIDE * BLOCK):
            pass
