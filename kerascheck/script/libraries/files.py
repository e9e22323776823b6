"""Files and folders: what is read from them, and what their names say of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerascheck.facts.data import Order, Rows, Step, StepKind
from kerascheck.facts.values import UNKNOWN
from kerascheck.script.handlers import handles
from kerascheck.script.machine import to_value
from kerascheck.script.roles import role_of_path
from kerascheck.script.values import Arguments, ArrayValue, Opaque, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

PATH = "path "


def text_of_path(value: object) -> str:
    """A path as far as it is known: a string, or the end of one that was joined to something unknown."""
    if isinstance(value, str):
        return value
    if isinstance(value, Opaque) and value.origin.startswith(PATH):
        return value.origin[len(PATH) :]
    return ""


@handles("os.path.join", "posixpath.join")
def join(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A path of its parts; of one with an unknown beginning the end is kept."""
    parts = arguments.positional
    if parts and all(isinstance(part, str) for part in parts):
        return "/".join(str(part).rstrip("/") for part in parts[:-1]) + f"/{parts[-1]}" if len(parts) > 1 else parts[0]
    return unknown_path(ev, parts)


def unknown_path(ev: Evaluator, parts: list[object]) -> Opaque:
    """A path with an unknown part: its identity and the text that is known."""
    identity = tuple(part if isinstance(part, str) else getattr(part, "key", None) or id(part) for part in parts)
    text = "/".join(found for part in parts if (found := text_of_path(part)))
    return Opaque(f"{PATH}{text}", ev.cut("path", *identity))


@handles("os.path.dirname")
def folder_of(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """The folder of a path; of one that only names folders above, the one above that."""
    text = arguments.get(0, "p")
    if not isinstance(text, str):
        return ev.unknown(path.dotted)
    return f"{text}/.." if not text.strip("./") else text.rpartition("/")[0] or "."


@handles("sys.path.append", "sys.path.insert")
def search_also(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A folder in which modules are looked for from then on."""
    ev.search_in(arguments.positional[-1] if arguments.positional else None)
    return None


@handles(
    "pathlib.Path", "pathlib.PurePath", "os.path.abspath", "os.path.expanduser", "os.path.normpath", "os.path.realpath"
)
def same_path(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    first = arguments.get(0)
    known = isinstance(first, str) or (isinstance(first, Opaque) and first.origin.startswith(PATH))
    return first if known else ev.unknown(path.dotted)


@handles("os.listdir", "glob.glob", "os.scandir", "glob.iglob", "imutils.paths.list_images", "natsort.natsorted")
def listing(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """The names in a folder, in the order in which the system gives them."""
    folder = arguments.get(0, "path", "pathname")
    if isinstance(folder, ArrayValue):
        return ev.derive(folder)
    text = text_of_path(folder)
    return ev.array(
        arguments.node,
        origin=path.parts[-1],
        order=Order.AS_LOADED,
        role=role_of_path(text),
        path=text,
        rows=Rows(ev.path_identity(folder)),
        dtype="str",
        container="list",
        shape=(UNKNOWN,),
    )


@handles("os.walk")
def walk(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    return ev.unknown("os.walk")


@handles("numpy.load", "numpy.loadtxt", "numpy.genfromtxt", "numpy.fromfile", "pickle.load", "joblib.load", "cPickle.load",
         "_pickle.load", "pickle.loads", "h5py.File", "scipy.io.loadmat", "dill.load")  # fmt: skip
def stored(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Data as it lies in a file."""
    name, node = path.parts[-1], arguments.node
    text = text_of_path(arguments.get(0, "file", "fname", "name", "file_name"))
    if path.parts[0] in {"pickle", "cPickle", "_pickle", "joblib", "dill"}:
        return ev.unknown(f"stored {path.dotted}")
    table = name in {"loadtxt", "genfromtxt"}
    if table and to_value(arguments.get(None, "unpack")) is True:
        return ev.unknown(path.dotted)
    return ev.array(
        node,
        origin=name,
        order=Order.AS_LOADED,
        role=role_of_path(text),
        path=text,
        rows=Rows(next(ev.keys)),
        shape=UNKNOWN,
        dtype="float64" if name == "loadtxt" and arguments.get(None, "dtype") is None else UNKNOWN,
        history=(Step(StepKind.LOADED, ev.place(node), name),) if node is not None else (),
    )
