"""A saved model: what the file is, and the graph it holds."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kerascheck.facts.container import Container
from kerascheck.facts.graph import Layer, ModelGraph
from kerascheck.facts.mentions import Mentions
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.facts.weights import KERNELS, Purpose, StoredTensor, WeightStats
from kerascheck.findings import Location


class Setting(Struct, frozen=True):
    """Where a file is to be used: the generation of Keras that the configuration names, and the versions of Keras and of
    tf-keras that are installed beside kerascheck; unknown for what is not said or not there."""

    target: int | Unknown = UNKNOWN
    keras: str | Unknown = UNKNOWN
    tf_keras: str | Unknown = UNKNOWN


class SavedModel(Struct, frozen=True):
    """A model file. `form` is `hdf5`, `keras`, `json`, `yaml`, `tfjs`, `saved_model`, or for weights alone `npz`, `weights`.

    `graph` is None where the file holds no architecture; `note` then says what it holds. `paired` is the file beside an
    architecture that holds its weights. `weights` is None where the values were not read (`--no-weights`, a file
    that is `away` at an address and was not fetched whole, or a form that stores none).
    """

    path: str
    form: str
    graph: ModelGraph | None
    location: Location
    keras_version: str | Unknown = UNKNOWN
    backend: str | Unknown = UNKNOWN
    note: str = ""
    paired: str = ""
    container: Container = Container()
    mentions: Mentions = Mentions()
    weights: tuple[StoredTensor, ...] | None = None
    setting: Setting = Setting()
    away: bool = False

    @property
    def generation(self) -> int | Unknown:
        """The generation of Keras that wrote the file: 1, 2 or 3; HDF5 without a version is Keras 1, as its loaders say."""
        if isinstance(self.keras_version, str):
            major = self.keras_version.partition(".")[0]
            return int(major) if major in ("1", "2", "3") else UNKNOWN
        return 1 if self.form == "hdf5" and self.graph is not None else UNKNOWN

    def tensors(self, purpose: Purpose = Purpose.WEIGHT) -> Iterator[StoredTensor]:
        """The stored arrays of one kind, in the order of the file."""
        return (tensor for tensor in self.weights or () if tensor.purpose is purpose)

    def of_layer(self, path: str) -> tuple[StoredTensor, ...]:
        """The weights of the layer with this path."""
        return tuple(tensor for tensor in self.tensors() if tensor.layer == path)

    def layer(self, path: str) -> Layer | None:
        """The layer with this path, wrapped and nested ones included."""
        layers = () if self.graph is None else self.graph.every_layer()
        return next((layer for layer in layers if layer.path == path), None)

    def kernels(self) -> Iterator[tuple[StoredTensor, WeightStats]]:
        """The weights that hold what was learned in the first place, with their statistics."""
        return (
            (tensor, tensor.stats) for tensor in self.tensors() if tensor.name in KERNELS and tensor.stats is not None
        )

    def place(self, layer: str = "") -> Location:
        """A place in the file: the layer of this path, or else the whole of it."""
        return Location(self.path, layer=layer) if layer else self.location
