"""From a model file to the facts that rules look at."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from kerascheck.artifact.containers import container_of, surveyed, unread
from kerascheck.artifact.documents import Document
from kerascheck.artifact.entries import EntryKind, entry_of
from kerascheck.artifact.evidence import behind, proven, undecided
from kerascheck.artifact.excerpts import excerpts
from kerascheck.artifact.forms import HEAD, Form, sniff
from kerascheck.artifact.graphs import Graphs
from kerascheck.artifact.mentions import mentions
from kerascheck.artifact.naming import named
from kerascheck.artifact.pairing import ARCHITECTURES, form_of, looked_at, weights_beside
from kerascheck.artifact.refusals import DamagedError, ForeignError, HostileError
from kerascheck.artifact.scanning import scanned
from kerascheck.artifact.stored import counter
from kerascheck.artifact.stores import Store, place_of, store_of
from kerascheck.artifact.training import compile_of, outputs_of
from kerascheck.artifact.wiring import output_names
from kerascheck.facts.artifact import SavedModel, Setting
from kerascheck.facts.container import Container, Damage
from kerascheck.facts.graph import GraphKind, ModelGraph
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.findings import FileStatus, Finding, LayerExcerpt, Location
from kerascheck.installed import installed
from kerascheck.keras_api import normalize
from kerascheck.remote import RemoteFile


class ModelFacts(Struct, frozen=True):
    """All that could be read of one model file; `findings` are what the reader itself has to say.

    `graphs` has the file's model first, then the models nested in it. `saved` is None for a file without a model.
    `reads` are the files beside it that were read too, or could have been (`*` for all weights of a folder).
    """

    saved: SavedModel | None
    graphs: tuple[ModelGraph, ...] = ()
    layers: tuple[LayerExcerpt, ...] = ()
    findings: tuple[Finding, ...] = ()
    status: FileStatus = FileStatus.OK
    reason: str = ""
    reads: tuple[str, ...] = ()


def read_model(
    path: Path,
    *,
    display: str = "",
    weights: bool = False,
    fetch: bool = False,
    target: int | Unknown = UNKNOWN,
) -> ModelFacts:
    """Read a model file or folder; nothing in it is run, unpickled or followed out of it.

    Args:
        path: the file, or a SavedModel folder.
        display: what findings call it; by default its path.
        weights: whether the arrays and what holds them are read too, or the configuration only.
        fetch: whether that goes for a file at an address, of which all is fetched then.
        target: the generation of Keras that is to load the file.

    Raises:
        OSError: when the file cannot be opened.
    """
    shown = display or path.as_posix()
    away = isinstance(path, RemoteFile)
    if isinstance(path, RemoteFile) and weights and fetch:
        path.allow_all()
    try:
        document = _document(path)
        facts = _facts(document, path, shown)
    except ForeignError as other:
        return ModelFacts(None, status=FileStatus.SKIPPED, reason=str(other))
    except HostileError as attack:
        return given_up(path, shown, str(attack), hostile=True)
    except DamagedError as damage:
        return given_up(path, shown, str(damage))
    except RecursionError:
        return given_up(path, shown, "its configuration is nested too deeply", hostile=True)
    found = _with_contents(facts, document, path, weights=weights and (fetch or not away), target=target)
    if away and weights and not fetch and found.saved is not None and document.form not in (*ARCHITECTURES, "pickle"):
        return replace(found, saved=replace(found.saved, away=True))
    return found


def _document(path: Path) -> Document:
    form = sniff(path)
    match form:
        case Form.HDF5:
            from kerascheck.artifact.hdf5 import read_hdf5

            return read_hdf5(path)
        case Form.KERAS_ZIP:
            from kerascheck.artifact.archives import read_archive

            return read_archive(path)
        case Form.KERAS_FOLDER:
            from kerascheck.artifact.archives import read_folder

            return read_folder(path)
        case Form.JSON_ARCHITECTURE:
            from kerascheck.artifact.architectures import read_json

            return read_json(path)
        case Form.YAML_ARCHITECTURE:
            from kerascheck.artifact.yaml_texts import read_yaml

            return read_yaml(path)
        case Form.TFJS:
            from kerascheck.artifact.architectures import read_tensorflow_js

            return read_tensorflow_js(path)
        case Form.NPZ:
            from kerascheck.artifact.archives import read_arrays

            return read_arrays(path)
        case Form.WEIGHT_INDEX:
            from kerascheck.artifact.shards import read_index

            return read_index(path)
        case Form.SAVED_MODEL:
            from kerascheck.artifact.saved_models import read_saved_model

            return read_saved_model(path)
        case Form.KERAS_METADATA:
            from kerascheck.artifact.saved_models import read_metadata

            return read_metadata(path)
        case Form.HTML | Form.EMPTY:
            raise DamagedError(form.value)
        case Form.PICKLE if _names_keras(path):
            return Document("pickle", note=form.value)
        case _:
            raise ForeignError(form.value)


def _facts(document: Document, path: Path, display: str) -> ModelFacts:
    if document.architecture is None:
        saved = _saved(document, display, None, Location(display))
        return ModelFacts(saved, status=FileStatus.PARTIAL, reason=document.note)
    entry = entry_of(document.architecture)
    if entry is None:
        raise DamagedError("its configuration names no class")
    if entry.kind is EntryKind.LAYER and normalize.layer_from_config(entry.class_name, {}) is not None:
        raise ForeignError(f"the configuration of one `{entry.class_name}` layer, not of a model")
    stored = counter(path, document)
    graphs = Graphs(display, document.keras_version, stored)
    root = graphs.root(entry, document.parts)
    pair = weights_beside(path, document.form, root)
    if pair is not None:
        stored = pair.counter
        graphs = Graphs(display, document.keras_version, stored)
        root = graphs.root(entry, document.parts)
    kept = undecided(root)
    if kept:
        guessed = Graphs(display, document.keras_version, stored, kept).root(entry, document.parts)
        kept = proven(guessed, kept, stored)
    if kept:
        graphs = Graphs(display, document.keras_version, stored, kept)
        root = graphs.root(entry, document.parts)
    compiled = None
    if document.training is not None:
        keys = output_names(entry.config.get("output_layers"))
        compiled = compile_of(document.training, outputs_of(root, keys), root.location, graphs.keys)
    if compiled is not None:
        root = replace(root, compiles=(compiled,))
    models = (root, *graphs.made[:-1])
    subclassed = root.kind is GraphKind.SUBCLASSED
    reason = ""
    if subclassed:
        held = "how its layers are connected" if root.layers else "its layers"
        reason = f"`{entry.class_name}` is a class of its own, and the file does not tell {held}"
    saved = _saved(document, display, root, root.location)
    return ModelFacts(
        saved if pair is None else replace(saved, paired=pair.path.name),
        models,
        excerpts(models),
        status=FileStatus.PARTIAL if subclassed or not root.whole else FileStatus.OK,
        reason=reason or ", ".join(gap.construct for gap in root.gaps) or behind(root),
        reads=looked_at(path, document.form),
    )


def _saved(document: Document, display: str, graph: ModelGraph | None, location: Location) -> SavedModel:
    return SavedModel(
        display,
        document.form,
        graph,
        location,
        keras_version=document.keras_version,
        backend=document.backend,
        note=document.note,
    )


def _with_contents(
    facts: ModelFacts, document: Document, path: Path, *, weights: bool, target: int | Unknown
) -> ModelFacts:
    """The facts with what the configuration names, what the file is made of, and the arrays that it stores."""
    saved = facts.saved
    if saved is None:
        return facts
    store, damages = _store(path, document.form, saved.paired) if weights else (None, ())
    survey, lost = surveyed(store) if store is not None and not store.absent else (None, ())
    container = container_of(path, document, survey, weights=weights)
    arrays = named(survey, saved.graph, document.parts) if survey is not None else []
    tensors, refused = scanned(store, arrays) if store is not None and arrays else ((), ())
    container = replace(container, damages=(*container.damages, *damages, *lost, *refused))
    saved = replace(
        saved,
        container=container,
        mentions=mentions(document),
        weights=tensors if survey is not None else None,
        setting=_setting(target),
    )
    beside = () if store is None else store.beside
    return replace(facts, saved=saved, reads=(*facts.reads, *map(str, beside)))


def _setting(target: int | Unknown) -> Setting:
    versions = installed()
    return Setting(target, versions.get("keras", UNKNOWN), versions.get("tf_keras", UNKNOWN))


def _store(path: Path, form: str, paired: str) -> tuple[Store | None, tuple[Damage, ...]]:
    """The arrays of a model, in its file, in the one beside it or in one of its folder, or why there are none."""
    try:
        beside = path.parent / paired
        return store_of(*((beside, form_of(beside)) if paired else place_of(path, form))), ()
    except DamagedError as damage:
        return None, (unread(damage),)


def _names_keras(path: Path) -> bool:
    with path.open("rb") as file:
        return b"keras" in file.read(HEAD)


def given_up(path: Path, display: str, reason: str, *, hostile: bool = False) -> ModelFacts:
    """The facts of a file that was given up: no more than why."""
    size = path.stat().st_size if path.is_file() else 0
    damages = () if hostile else (Damage(reason, fatal=True),)
    container = Container(size=size, damages=damages, deep=reason if hostile else "")
    saved = SavedModel(display, "", None, Location(display), container=container)
    return ModelFacts(saved, status=FileStatus.ERROR, reason=reason)
