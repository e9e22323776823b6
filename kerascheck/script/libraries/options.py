"""Options of the command line and the environment: argparse, absl and tf.app flags, click, typer, fire, hydra.

A script is judged as it runs without any option given. An option without a default is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from kerascheck.script.handlers import handles, method, names_of
from kerascheck.script.values import Arguments, DictValue, FunctionValue, ListValue, ObjectValue, Path

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

PARSER = "argparse.ArgumentParser"
_SWITCHES = {"store_true": False, "store_false": True}
_TYPES: Mapping[str, Callable[..., object]] = {"int": int, "float": float, "str": str}


@handles(
    PARSER, "optparse.OptionParser", "configargparse.ArgumentParser", "argparse.Namespace", "types.SimpleNamespace"
)
def make_parser(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A parser with the options of its parents; or a plain name space."""
    if path.parts[-1].endswith("Namespace"):
        return ObjectValue(path.dotted, dict(arguments.keywords), whole=arguments.complete)
    parser = ObjectValue(PARSER)
    for parent in ev.iterate(arguments.get(None, "parents")) or []:
        if isinstance(parent, ObjectValue):
            parser.attributes.update(parent.attributes)
    return parser


@method(f"{PARSER}.add_argument", f"{PARSER}.add_option", f"{PARSER}.add")
def add_argument(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """One option with its default."""
    flags = [flag for flag in arguments.positional if isinstance(flag, str)]
    name = arguments.get(None, "dest")
    if not isinstance(name, str):
        longest = next((flag for flag in flags if flag.startswith("--")), flags[0] if flags else "")
        name = longest.lstrip("-").replace("-", "_")
    ev.touch(subject)
    subject.attributes[name] = _default(ev, arguments)
    return None


def _default(ev: Evaluator, arguments: Arguments) -> object:
    action = arguments.get(None, "action")
    default = arguments.get(None, "default")
    if default is None and isinstance(action, str) and action in _SWITCHES:
        return _SWITCHES[action]
    if default is None or not arguments.complete:
        return ev.unknown("option")
    kind = arguments.get(None, "type")
    convert = _TYPES.get(kind.parts[-1]) if isinstance(kind, Path) and kind.parts[0] == "builtins" else None
    if convert is None or not isinstance(default, str):
        return default
    try:
        return convert(default)
    except ValueError:
        return ev.unknown("option")


@method(f"{PARSER}.add_argument_group", f"{PARSER}.add_mutually_exclusive_group", f"{PARSER}.add_option_group",
        f"{PARSER}.add_subparsers", f"{PARSER}.add_parser")  # fmt: skip
def group(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """The options of a group or a subcommand are the parser's."""
    destination = arguments.keywords.get("dest")
    if isinstance(destination, str):
        subject.attributes[destination] = ev.unknown("option")
    return subject


@method(f"{PARSER}.set_defaults")
def set_defaults(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """Defaults by keyword."""
    ev.touch(subject)
    subject.attributes.update(arguments.keywords)
    return None


@method(f"{PARSER}.parse_args", f"{PARSER}.parse_known_args", f"{PARSER}.parse_intermixed_args")
def parse_args(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """The name space of the defaults."""
    found = ObjectValue("argparse.Namespace", dict(subject.attributes))
    # optparse gives its positional arguments beside the options, which no argparse script unpacks.
    called = arguments.node.func if arguments.node is not None else None
    return (found, ListValue([])) if getattr(called, "attr", "") == "parse_known_args" else found


@handles("builtins.vars")
def attributes_of(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """`vars(args)`."""
    value = arguments.get(0)
    return DictValue({**value.attributes}, value.whole) if isinstance(value, ObjectValue) else ev.unknown("vars")


_FLAGS = ("absl.flags", "tensorflow.app.flags", "tensorflow.flags", "tensorflow.compat.v1.flags",
          "tensorflow.compat.v1.app.flags", "gflags")  # fmt: skip
_KINDS = ("string", "integer", "float", "bool", "boolean", "list", "multi_string", "multi_integer", "enum")
_DEFINE = [f"{module}.DEFINE_{kind}" for module in _FLAGS for kind in _KINDS]


@handles(*_DEFINE)
def define_flag(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """`flags.DEFINE_integer(name, default, help)`; absl gives a holder of the value."""
    name = arguments.get(0, "name", "flag_name")
    default = arguments.get(1, "default", "default_value")
    value = ev.unknown("option") if default is None else default
    if isinstance(name, str):
        ev.options[name] = value
    return ObjectValue("absl.flags.FlagHolder", {"value": value, "default": value})


@names_of(*(f"{module}.FLAGS" for module in _FLAGS))
def flag(ev: Evaluator, name: str) -> object:
    """`FLAGS.epochs`."""
    return ev.options[name] if name in ev.options else ev.unknown("option")


@handles(
    "absl.app.run", "tensorflow.app.run", "tensorflow.compat.v1.app.run", "typer.run", "fire.Fire", "typer.main.run"
)
def run_main(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """Calls the function given, or `main`, without options."""
    main = arguments.get(0, "main", "component", "function")
    if main is None:
        main = ev.module_of(ev.scope).names.get("main")
    if arguments.node is None or not isinstance(main, FunctionValue):
        return None
    parameters = main.node.args.args
    argv: list[object] = (
        [ev.unknown("argv")] if parameters and path.parts[-1] == "run" and path.parts[0] != "typer" else []
    )
    ev.apply(main, Arguments(argv, {}, None), arguments.node)
    return None


_CLICK = "click.option"


@handles(_CLICK, "click.argument", "click.core.Option")
def click_option(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """`@click.option('--epochs', default=10)`."""
    flags = [text for text in arguments.positional if isinstance(text, str)]
    named = next((text for text in flags if not text.startswith("-")), "")
    longest = next((text for text in flags if text.startswith("--")), flags[0] if flags else "")
    name = named or longest.lstrip("-").partition("/")[0].replace("-", "_").lower()
    switch = arguments.keywords.get("is_flag") is True or "/" in longest
    default = False if switch and "default" not in arguments.keywords else _default(ev, arguments)
    return ObjectValue(_CLICK, {"name": name, "default": default})


@method(f"{_CLICK}.__call__")
def decorate_with_option(ev: Evaluator, subject: ObjectValue, arguments: Arguments) -> object:
    """The decorated function takes the option's default."""
    function, name = arguments.get(0), subject.attributes["name"]
    if isinstance(function, FunctionValue) and isinstance(name, str):
        function.defaults = {**function.defaults, name: subject.attributes["default"]}
    return function


@handles("typer.Option", "typer.Argument", "typer.params.Option")
def typer_option(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """`epochs: int = typer.Option(10)`: the default."""
    default = arguments.get(0, "default")
    return ev.unknown("option") if default is None or default is Ellipsis else default


@handles("os.environ.get", "os.getenv", "decouple.config")
def environment(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """The default where there is one."""
    return arguments.get(1, "default") if arguments.has(1, "default") else ev.unknown("environment")


@handles("dataclasses.field", "attr.ib", "attrs.field")
def record_field(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A field of a record with its default."""
    given = {name: value for name, value in arguments.keywords.items() if name in {"default", "default_factory"}}
    if "factory" in arguments.keywords:
        given["default_factory"] = arguments.keywords["factory"]
    return ObjectValue("dataclasses.field", given)


@handles("collections.namedtuple")
def named_tuple(ev: Evaluator, path: Path, arguments: Arguments) -> object:
    """A class of records."""
    names = arguments.get(1, "field_names")
    fields = names.replace(",", " ").split() if isinstance(names, str) else ev.iterate(names)
    node = arguments.node
    if fields is None or node is None or not all(isinstance(name, str) for name in fields):
        return ev.unknown("namedtuple")
    name = arguments.get(0, "typename")
    return ev.record_class(name if isinstance(name, str) else "record", [str(name) for name in fields], node)
