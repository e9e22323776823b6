"""A saved model: what the file is, and the graph it holds."""

from __future__ import annotations

from msgspec import Struct

from kerascheck.facts.graph import ModelGraph
from kerascheck.facts.values import UNKNOWN, Unknown
from kerascheck.findings import Location


class SavedModel(Struct, frozen=True):
    """A model file. `form` is `hdf5`, `keras`, `json`, `yaml`, `tfjs`, `saved_model`, or for weights alone `npz`, `weights`.

    `graph` is None where the file holds no architecture; `note` then says what it holds. `paired` is the file beside an
    architecture that holds its weights.
    """

    path: str
    form: str
    graph: ModelGraph | None
    location: Location
    keras_version: str | Unknown = UNKNOWN
    backend: str | Unknown = UNKNOWN
    note: str = ""
    paired: str = ""
