"""Gradient tapes and traced functions, read off the syntax of a source that mentions them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec.structs import replace

from kerascheck.facts.steps import FreshOptimizer, Tape, TracedFunction
from kerascheck.findings import Location
from kerascheck.keras_api.names import ApiKind, kind_of
from kerascheck.script.machine import Machine
from kerascheck.script.source import Unit
from kerascheck.script.values import FunctionValue, ModelValue, Path
from kerascheck.script.walking import functions, walk

if TYPE_CHECKING:
    from kerascheck.script.evaluator import Evaluator

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_Body: TypeAlias = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef


def own_steps(machine: Evaluator, units: Sequence[Unit]) -> tuple[tuple[Tape, ...], tuple[TracedFunction, ...]]:
    """The tapes and traced functions of a source."""
    tapes: list[Tape] = []
    traced: list[TracedFunction] = []
    tapes_used = machine.mentions("GradientTape")
    for unit in units:
        machine.page = machine.pages[unit.cell]
        bodies: list[ast.Module | ast.FunctionDef | ast.AsyncFunctionDef] = [unit.tree]
        for function in functions(unit.tree):
            bodies.append(function)
            if any(_is_tracing(machine, decorator) for decorator in function.decorator_list):
                traced.append(_traced(machine, function, [unit.tree for unit in units]))
        for body in bodies if tapes_used else ():
            # What a cell leaves unused another one may use.
            alone = len(units) == 1 or not isinstance(body, ast.Module)
            for block, name in _blocks(body):
                fresh = tuple(_fresh(machine, block, name, body, units))
                found = _tape(machine, block, name, body, alone)
                own = tuple(_itself(machine, block, body)) if isinstance(body, _FUNCTIONS) else ()
                tapes.append(replace(found, fresh=fresh, untrained=(*found.untrained, *own)))
    return tuple(tapes), tuple(traced)


def _is_tracing(machine: Machine, decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    if not isinstance(called, ast.Attribute) or called.attr != "function":
        return False
    return isinstance(called.value, ast.Name) and called.value.id in machine.tensorflow_names


def _own(body: _Body | ast.For | ast.While) -> Iterator[ast.AST]:
    """What stands in a body, without the functions and classes inside it."""
    stack: list[ast.AST] = list(body.body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(node))


def _blocks(body: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[ast.With, str]]:
    for node in _own(body):
        if isinstance(node, ast.With):
            for item in node.items:
                made, name = item.context_expr, item.optional_vars
                if isinstance(made, ast.Call) and _last(made.func) == "GradientTape" and isinstance(name, ast.Name):
                    yield node, name.id


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


_NAMING: Final = (ast.Name, ast.Attribute, ast.Subscript)


def _tape(
    machine: Machine, block: ast.With, name: str, body: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef, alone: bool
) -> Tape:
    everything = list(_own(body))
    inside = [node for statement in block.body for node in walk(statement)]
    within, around = _assigned(inside), _assigned(everything)
    unused: list[Location] = []
    outside: list[Location] = []
    constant: list[Location] = []
    own = _first_line_of_next(body, block, name)
    for call, targets in _gradients(everything, name):
        if not block.lineno <= call.lineno < own:
            continue
        loss = call.args[0] if call.args else None
        # What is only unpacked or named anew was computed before.
        computed = isinstance(loss, ast.Name) and not any(
            isinstance(value, _NAMING) for value in around.get(loss.id, ())
        )
        if isinstance(loss, ast.Name) and loss.id not in within and loss.id in around and computed:
            outside.append(machine.place(loss))
        if isinstance(loss, ast.Name) and any(_is_numpy(value) for value in within.get(loss.id, ())):
            constant.append(machine.place(loss))
        if alone and targets is not None and not any(_is_loaded(node, targets) for node in walk(body)):
            unused.append(machine.place(call))
    untrained = tuple(_untrained(machine, inside)) if _wants_weights(everything, name) else ()
    return Tape(machine.place(block), tuple(unused), tuple(outside), tuple(constant), untrained)


def _fresh(
    machine: Evaluator, block: ast.With, tape: str, body: _Body, units: Sequence[Unit]
) -> Iterator[FreshOptimizer]:
    """The optimizers that the loop around a tape makes in each turn, or the function around it in each call."""
    loop = _loop_around(block, body)
    if loop is None and not (isinstance(body, _FUNCTIONS) and _runs_for_each_batch(body, units)):
        return
    inside = list(_own(loop)) if loop is not None else list(_own(body))
    made = _assigned(inside)
    owners = {root for call, _ in _gradients(inside, tape) for item in call.args[1:2] if (root := _root(item))}
    applied = {
        node.func.value.id
        for node in inside
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "apply_gradients"
        and isinstance(node.func.value, ast.Name)
    }
    if not owners or owners & made.keys():
        # What is trained is new in each turn as well.
        return
    traced = isinstance(body, _FUNCTIONS) and any(_is_tracing(machine, item) for item in body.decorator_list)
    for name in sorted(applied & made.keys()):
        value = made[name][0]
        kept = loop is not None and _loop_around(value, loop) is not None
        if len(made[name]) == 1 and not kept and (written := _optimizer(machine, value)):
            function = body.name if loop is None and isinstance(body, _FUNCTIONS) else ""
            yield FreshOptimizer(written, machine.place(value), function, traced)


def _itself(
    machine: Evaluator, block: ast.With, step: ast.FunctionDef | ast.AsyncFunctionDef
) -> Iterator[tuple[int, Location]]:
    """The calls `self(x)` inside the tape of a `train_step`, for each model of that class."""
    if step.name != "train_step" or not step.args.args:
        return
    own = step.args.args[0].arg
    for node in (node for statement in block.body for node in walk(statement)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == own):
            continue
        if len(node.args) == 1 and not any(word.arg in ("training", None) for word in node.keywords):
            yield from ((model.key, machine.place(node)) for model in machine.models if _is_of(model, step))


def _is_of(model: ModelValue, step: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a method is one of a model's class."""
    order = model.instance.cls.order if model.instance is not None else ()
    methods = (owner.scope.names.get(step.name) for owner in order)
    return any(isinstance(method, FunctionValue) and method.node is step for method in methods)


def _loop_around(inner: ast.AST, body: ast.AST) -> ast.For | ast.While | None:
    """The innermost loop of a body that holds a node."""
    found: ast.For | ast.While | None = None
    waiting = list(ast.iter_child_nodes(body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.For | ast.While) and any(part is inner for part in ast.walk(node)):
            found, waiting = node, list(ast.iter_child_nodes(node))
        elif not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def _runs_for_each_batch(function: ast.FunctionDef | ast.AsyncFunctionDef, units: Sequence[Unit]) -> bool:
    """Whether a function is a step by what calls it: `fit`, or a loop of the program."""
    if function.name == "train_step":
        return True
    return any(
        isinstance(called, ast.Call) and _last(called.func) == function.name
        for unit in units
        for loop in walk(unit.tree)
        if isinstance(loop, ast.For | ast.While)
        for called in walk(loop)
    )


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _optimizer(machine: Evaluator, value: ast.expr) -> str:
    """The Keras optimizer that an expression makes; empty for one without a memory of earlier steps."""
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name | ast.Attribute):
        return ""
    path = machine.evaluate(value.func)
    if not isinstance(path, Path) or path.parts[0] != "keras" or kind_of(path.parts[1:]) is not ApiKind.OPTIMIZER:
        return ""
    plain = path.parts[-1] == "SGD" and not any(word.arg == "momentum" for word in value.keywords)
    return "" if plain and len(value.args) < 2 else path.parts[-1]


def _first_line_of_next(body: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef, block: ast.With, name: str) -> float:
    """The line on which another tape takes the name over; infinite for none."""
    lines = [other.lineno for other, again in _blocks(body) if again == name and other.lineno > block.lineno]
    return min(lines, default=float("inf"))


def _assigned(nodes: list[ast.AST]) -> dict[str, list[ast.expr]]:
    """The values that plain names are given."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for item in target.elts if isinstance(target, ast.Tuple) else [target]:
                    if isinstance(item, ast.Name):
                        found.setdefault(item.id, []).append(node.value)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.setdefault(node.target.id, []).append(node.value)
    return found


def _gradients(nodes: list[ast.AST], tape: str) -> Iterator[tuple[ast.Call, set[str] | None]]:
    """The calls of `tape.gradient` with the names that they bind; None for a result that is used where it stands."""
    plain: dict[int, set[str]] = {}
    for node in nodes:
        if isinstance(node, ast.Expr):
            plain[id(node.value)] = set()
        elif isinstance(node, ast.Assign) and all(isinstance(target, ast.Name) for target in node.targets):
            plain[id(node.value)] = {target.id for target in node.targets if isinstance(target, ast.Name)}
    for node in nodes:
        called = node.func if isinstance(node, ast.Call) else None
        if not isinstance(node, ast.Call) or not isinstance(called, ast.Attribute) or called.attr != "gradient":
            continue
        if isinstance(called.value, ast.Name) and called.value.id == tape:
            yield node, plain.get(id(node))


def _is_loaded(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load)


def _is_numpy(value: ast.expr) -> bool:
    """Whether a value is made by numpy, which knows no gradients."""
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        return False
    root = value.func.value
    return value.func.attr == "numpy" or (isinstance(root, ast.Name) and root.id in ("np", "numpy"))


def _wants_weights(nodes: list[ast.AST], tape: str) -> bool:
    """Whether a gradient is asked for by the weights of a model."""
    return any(
        isinstance(part, ast.Attribute) and part.attr.startswith("trainable_")
        for call, _ in _gradients(nodes, tape)
        for argument in call.args[1:2]
        for part in walk(argument)
    )


def _untrained(machine: Machine, nodes: list[ast.AST]) -> Iterator[tuple[int, Location]]:
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
            model = machine.scope.names.get(node.func.id)
            if isinstance(model, ModelValue) and not any(word.arg in ("training", None) for word in node.keywords):
                yield model.key, machine.place(node)


def _traced(
    machine: Machine, function: ast.FunctionDef | ast.AsyncFunctionDef, trees: Sequence[ast.Module]
) -> TracedFunction:
    nodes = list(_own(function))
    local = _assigned(nodes).keys()
    prints: list[Location] = []
    appends: list[Location] = []
    numbers: list[Location] = []
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id == "print" and _shows_values(node):
            prints.append(machine.place(node))
        elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            if called.attr == "append" and called.value.id not in local:
                appends.append(machine.place(node))
            elif called.attr == "numpy" and not node.args:
                numbers.append(machine.place(node))
    made = [
        machine.place(item.value)
        for item in function.body
        if isinstance(item, ast.Assign) and _is_variable(machine, item)
    ]
    return TracedFunction(
        function.name,
        machine.place(function),
        tuple(prints),
        tuple(appends),
        tuple(numbers),
        tuple(made),
        tuple(machine.place(node) for node in nodes if isinstance(node, ast.Call) and _names(node, function.name)),
        tuple(machine.place(node) for node in _changing(nodes, function, local, trees)),
    )


def _names(node: ast.Call, name: str) -> bool:
    """Whether a call is one of a plain name."""
    return isinstance(node.func, ast.Name) and node.func.id == name


def _changing(
    nodes: list[ast.AST],
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    local: Iterable[str],
    trees: Sequence[ast.Module],
) -> Iterator[ast.Name]:
    """The first use of each number outside that the program counts up or down behind the function."""
    given = function.args
    own = {*local, *(item.arg for item in (*given.posonlyargs, *given.args, *given.kwonlyargs))}
    here = next(index for index, tree in enumerate(trees) if any(node is function for node in walk(tree)))
    counted = {
        item.target.id
        for index, tree in enumerate(trees[here:])
        for item in _own(tree)
        if isinstance(item, ast.AugAssign)
        and isinstance(item.target, ast.Name)
        and (index > 0 or item.lineno > function.lineno)
    }
    numbers = {
        target.id
        for tree in trees
        for item in _own(tree)
        if isinstance(item, ast.Assign)
        and isinstance(item.value, ast.Constant)
        and type(item.value.value) in (int, float)
        for target in item.targets
        if isinstance(target, ast.Name)
    }
    told: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in counted & numbers - own - told:
            told.add(node.id)
            yield node


def _shows_values(node: ast.Call) -> bool:
    """Whether a print is to show values, and not that the function is traced."""
    texts = [item.value for item in walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return any(_is_value(item) for item in node.args) and not any("trac" in text.lower() for text in texts)


def _is_value(node: ast.expr) -> bool:
    """Whether a printed argument is a value and no mere message, nor the type or shape of one."""
    if isinstance(node, ast.Constant):
        return False
    plain = {"shape", "dtype", "name", "__name__"}
    attributes = {item.attr for item in walk(node) if isinstance(item, ast.Attribute)}
    calls = {_last(item.func) for item in walk(node) if isinstance(item, ast.Call)}
    return not (attributes & plain or calls & {"type", "len", "id"})


def _is_variable(machine: Machine, node: ast.Assign) -> bool:
    value = node.value
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute) or value.func.attr != "Variable":
        return False
    root = value.func.value
    return isinstance(root, ast.Name) and root.id in machine.tensorflow_names
