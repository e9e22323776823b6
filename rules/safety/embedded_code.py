"""Python code inside the model, which loading runs.

## What it does

Finds bytecode in every form in which Keras has written it: the raw bytes of Keras 1, base64 in Keras 2 and in SavedModel,
the `__lambda__` objects of Keras 3, in `function`, `output_shape`, `mask` and any other argument, in wrappers, in models
within models and in the lists of layers of old Sequential models. It shows the names that stand in the code, those first
that reach out of the model, and the file that it was compiled from. The code is neither run nor unmarshalled.

## Why it matters

Whoever loads the model runs the code with their own rights. Keras 3 refuses a `.keras` file with a `Lambda` by default, but
HDF5 files were loaded without asking before 3.11.3 (CVE-2025-9905), and every form before Keras 2.13 (CVE-2024-3660). It
also runs when a model is cloned (CVE-2026-12481). Bytecode works under one version of Python only, and may crash another.

## Bad

```python
from keras import Input, Sequential
from keras.layers import Dense, Lambda

model = Sequential([Input((4,)), Lambda(lambda t: t / 255.0), Dense(1)])
model.save("lambda.keras")  # KC801
```

## Good

```python
from keras import Input, Sequential
from keras.layers import Dense, Rescaling

model = Sequential([Input((4,)), Rescaling(1 / 255), Dense(1)])
model.save("model.keras")
```

## Known limits

What the code does is not known: names can be hidden, and harmless code is told like harmful one. The function of a
`Lambda` that was saved by its name has no code in the file.

## References

- CVE-2024-3660, https://kb.cert.org/vuls/id/253266
- CVE-2025-9905, CVE-2025-9906, CVE-2026-12481
"""

from __future__ import annotations

from collections.abc import Iterator

from kerascheck.facts.artifact import SavedModel
from kerascheck.facts.mentions import EmbeddedCode
from kerascheck.findings import Finding, Severity
from kerascheck.rule import rule

_REACHING = frozenset(
    {
        "__builtins__",
        "__class__",
        "__globals__",
        "__import__",
        "__subclasses__",
        "base64",
        "builtins",
        "check_output",
        "compile",
        "connect",
        "ctypes",
        "environ",
        "eval",
        "exec",
        "getattr",
        "globals",
        "http",
        "import_module",
        "importlib",
        "listdir",
        "marshal",
        "nt",
        "open",
        "os",
        "pickle",
        "popen",
        "posix",
        "pty",
        "remove",
        "requests",
        "rmtree",
        "run",
        "runpy",
        "sendall",
        "shutil",
        "socket",
        "spawn",
        "subprocess",
        "sys",
        "system",
        "tempfile",
        "unlink",
        "urllib",
        "urlopen",
        "webbrowser",
        "write",
    }
)
_SHOWN = 12
_WIDTH = 40


@rule("KC801", "embedded-code", Severity.ERROR, since="0.1", group="security")
def embedded_code(saved: SavedModel) -> Iterator[Finding]:
    for code in saved.mentions.codes:
        where = f"`{code.layer.rsplit('/', 1)[-1]}`" if code.layer else "the configuration"
        yield Finding(
            f"{where} holds {code.size:,} bytes of Python {code.python} bytecode in `{code.key.partition('.')[0]}` "
            f"({code.encoding}), which loading the model runs{_named(code)}",
            saved.place(code.layer),
            help="load it only if you trust whoever made it, and never with `safe_mode=False` (CVE-2024-3660"
            f"{', CVE-2025-9905' if saved.form == 'hdf5' else ''}); write the function as a registered `Layer` instead",
            layer=code.layer or None,
        )


def _named(code: EmbeddedCode) -> str:
    """The names in the code, those that reach out of the model first."""
    reaching = [name for name in code.names if name in _REACHING]
    others = [name for name in code.names if name not in _REACHING]
    listed = [f"`{name[:_WIDTH]}`" for name in (*reaching, *others)]
    shown = ", ".join(listed[:_SHOWN]) + (f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else "")
    source = f", compiled from `{code.source}`" if code.source else ""
    if not listed:
        return source
    return f"; it reaches out through {shown}{source}" if reaching else f"; it names {shown}{source}"
