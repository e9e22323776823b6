"""Whatever stands in a script, reading it ends in facts: no exception, no endless loop, no pile of memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kerascheck.findings import FileStatus
from kerascheck.script import read_script
from kerascheck.script.machine import STEP_BUDGET
from kerascheck.script.reader import ScriptFacts

FOLDER = Path(__file__).parent.parent / "fixtures"
TEXTS = [path.read_text() for kind in ("oracle", "scripts") for path in sorted((FOLDER / kind).glob("*.py"))]
HEAD = "import keras\nfrom keras import layers\n"
MODEL = HEAD + "model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])\n"
WORDS = ["None", "[]", "model", "x", "(", ")", "*", "**", "lambda: 0", "-1", "'", '"', ":", "yield", "self", "0" * 40]
PATIENT = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(text: str | bytes) -> ScriptFacts:
    facts = read_script("script.py", text)
    assert facts.status in FileStatus
    return facts


@PATIENT
@given(st.data())
def test_mutated_scripts_are_read(data: st.DataObject) -> None:
    lines = data.draw(st.sampled_from(TEXTS)).split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "twice", "swap", "indent", "word", "cut"])):
            case "drop":
                lines[index] = ""
            case "twice":
                lines.insert(index, lines[index])
            case "swap":
                other = data.draw(st.integers(0, len(lines) - 1))
                lines[index], lines[other] = lines[other], lines[index]
            case "indent":
                lines[index] = f"    {lines[index]}"
            case "word":
                words = lines[index].split(" ")
                words[data.draw(st.integers(0, len(words) - 1))] = data.draw(st.sampled_from(WORDS))
                lines[index] = " ".join(words)
            case _:
                lines[index] = lines[index][: data.draw(st.integers(0, len(lines[index])))]
    read("\n".join(lines))


@PATIENT
@given(st.sampled_from(TEXTS), st.sampled_from(TEXTS), st.integers(0, 4000))
def test_two_scripts_run_into_one_another_are_read(first: str, second: str, cut: int) -> None:
    read(first[:cut] + "\n" + second)


@PATIENT
@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_read(content: bytes) -> None:
    read(b"import keras\n" + content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xef\xbb\xbf" + MODEL.encode(), id="byte order mark"),
        pytest.param(MODEL.replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(MODEL.replace("\n", "\r").encode(), id="CR"),
        pytest.param(f"# -*- coding: latin-1 -*-\n{MODEL}# é\n".encode("latin-1"), id="declared latin-1"),
        pytest.param(f"if True:\n\t{MODEL.strip().replace(chr(10), chr(10) + chr(9))}\n".encode(), id="tabs"),
        pytest.param(f"{MODEL}\x0c\nprint('é')\n".encode(), id="form feed"),
    ],
)
def test_the_model_is_found_under_every_form_of_text(content: bytes) -> None:
    (graph,) = read(content).graphs
    assert graph.whole
    assert [layer.class_name for layer in graph.layers if layer.class_name != "InputLayer"] == ["Dense"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(MODEL.encode() + b"x = '\x00'\n", id="null byte"),
        pytest.param(MODEL.encode() + b"# \xff\xfe\n", id="no UTF-8"),
        pytest.param(MODEL.encode("utf-16"), id="UTF-16"),
    ],
)
def test_what_python_refuses_is_said_and_the_rest_is_read(content: bytes) -> None:
    facts = read(content)
    assert [finding.code for finding in facts.findings] == ["KC901"]
    assert len(facts.graphs) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("import keras\n[] = keras.Input((8,))\n", id="a tensor that is unpacked into nothing"),
        pytest.param("x = " + "[" * 90 + "]" * 90 + "\n", id="nested lists"),
        pytest.param("x = " + "(" * 5000 + ")" * 5000 + "\n", id="too many brackets"),
        pytest.param("x = " + "-" * 3000 + "1\n", id="signs"),
        pytest.param("x = " + "+".join(["1"] * 5000) + "\n", id="a long sum"),
        pytest.param("x = y" + ".a" * 3000 + "\n", id="attributes"),
        pytest.param("x = " + "f(" * 400 + ")" * 400 + "\n", id="calls in calls"),
        pytest.param("x = [0] * 10**12\n", id="a list of a billion"),
        pytest.param("x = 'a' * 10**12\n", id="a text of a billion"),
        pytest.param("x = 9**9**9**9\n", id="a power"),
        pytest.param("x = 1 << 10**12\n", id="a shift"),
        pytest.param("x = 7\nfor _ in range(60): x = x * x\n", id="squares"),
        pytest.param("x = 'ab'\nfor _ in range(60): x = x + x\n", id="a text that doubles"),
        pytest.param("x = [1]\nfor _ in range(60): x = x + x\n", id="a list that doubles"),
        pytest.param("x = (1,)\nfor _ in range(60): x += x\n", id="a tuple that doubles"),
        pytest.param("x = f'{1:1000000000}'\n", id="a width in an f-string"),
        pytest.param("x = '%1000000000d' % 1\n", id="a width in a format"),
        pytest.param("x = '{:1000000000}'.format(1)\n", id="a width in format()"),
        pytest.param("x = 'a'.ljust(10**12)\n", id="padded text"),
        pytest.param("x = []\nx.append(x)\nx = x + x\nprint(len(x), x == x)\n", id="a list in itself"),
        pytest.param("x = {}\nx['x'] = x\nmodel.fit(**x)\n", id="a dictionary in itself"),
        pytest.param("def f(): return f()\nf()\n", id="endless recursion"),
        pytest.param("def f(n): return f(n + 1) + f(n + 2)\nf(0)\n", id="recursion that branches"),
        pytest.param("f = lambda g: g(g)\nf(f)\n", id="a function of itself"),
        pytest.param("class A(A): pass\nclass B(A): pass\nB()\n", id="a class of itself"),
        pytest.param("class A:\n    @property\n    def a(self): return self.a\nA().a\n", id="a property of itself"),
        pytest.param("while True:\n    while True:\n        x = [1]\n", id="endless loops"),
        pytest.param("n = 0\nwhile n < 10**9:\n    n += 1\n", id="a long loop"),
        pytest.param(
            "for a in range(60):\n for b in range(60):\n  for c in range(60):\n   x = a * b * c\n", id="deep loops"
        ),
        pytest.param("x = [a * b * c for a in range(60) for b in range(60) for c in range(60)]\n", id="comprehension"),
        pytest.param("x = layers.Dense(1)\nmodel.add(model)\nmodel(model.output)\n", id="a model in itself"),
        pytest.param("x = keras.Input((10**18, 10**18))\nlayers.Flatten()(x)\n", id="a large shape"),
        pytest.param("\n".join(f"x{i} = {i}" for i in range(50_000)) + "\n", id="a long file"),
        pytest.param("x = " + "9" * 50_000 + "\n", id="a number of many digits"),
        pytest.param("x = '" + "a" * 2_000_000 + "'\n", id="a long text"),
        pytest.param("x = [" + "1, " * 100_000 + "]\n", id="a long list"),
        pytest.param("if a: pass\n" + "elif b: pass\n" * 2000, id="a long chain of conditions"),
        pytest.param("import script\nfrom script import *\nfrom . import x\nfrom ... import y\n", id="odd imports"),
        pytest.param("(a, *b), c = 1\n[d] = 2\ne.f[g] = h = i\n", id="odd targets"),
        pytest.param("del q, q[0]\nglobal z\nz = 1\n", id="odd names"),
    ],
)
def test_what_would_never_end_or_never_fit_ends(text: str) -> None:
    facts = read(MODEL + text)
    assert facts.graphs or facts.status is not FileStatus.OK or facts.program.cut_short


def test_a_script_that_takes_too_many_steps_is_cut_short_and_says_so() -> None:
    body = "\n".join(f"def f{i}():\n    return [f{i + 1}(), f{i + 1}(), f{i + 1}()]" for i in range(14))
    facts = read(f"{MODEL}def f14(): return {' + '.join(['a.b'] * 30)}\n{body}\nf0()\n")
    assert facts.program.cut_short
    assert [finding.code for finding in facts.findings] == ["KC903"]
    assert len(facts.graphs) == 1
    assert STEP_BUDGET < 1_000_000


@PATIENT
@given(st.integers(1, 60), st.sampled_from(["if", "for", "while", "with", "try", "def"]))
def test_nested_blocks_are_read(depth: int, kind: str) -> None:
    head = {
        "if": "if u:",
        "for": "for i in u:",
        "while": "while u:",
        "with": "with u:",
        "try": "try:",
        "def": "def f():",
    }
    lines = [" " * level + head[kind] for level in range(depth)]
    lines.append(" " * depth + "model.add(layers.Dense(2))")
    if kind == "try":
        lines += [" " * level + "finally: pass" for level in reversed(range(depth))]
    read(MODEL + "\n".join(lines) + "\n")


LONG = 50_000
"""The lines of a file that must still be read within ten seconds and 500 MB; slow machines get twice the seconds."""

LINES = {
    "assignments": "x{0} = {0}",
    "layers": "model.add(layers.Dense(3))",
    "trainings": "model.fit(x, y, epochs=3)",
    "calls": "x = f(x, [1, 2], k={{'a': 1}})",
    "functions": "def f{0}(a, b=1): return model.fit(a, b)",
    "classes": "class C{0}(keras.layers.Layer): call = None",
    "branches": "x = 1 if u else [2]",
    "loops": "for i in range(60): a = i * 2",
    "joined arrays": "x = np.concatenate([x, x])",
    "imports": "import m{0}.n{0} as k{0}",
}
BOUNDED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
resource.setrlimit(resource.RLIMIT_DATA, (500_000_000, 500_000_000))
from kerascheck import check_script
report = check_script(sys.stdin.read())
print(report.status, report.reason, *[finding.code for finding in report.findings[:3]])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its memory")
@pytest.mark.parametrize("line", LINES)
def test_a_file_of_fifty_thousand_lines_has_findings_or_one_line_within_its_bounds(line: str) -> None:
    """The limits are set by the system, which ends a process that goes beyond them."""
    body = "\n".join(LINES[line].format(index) for index in range(LONG))
    text = f"import numpy as np\n{MODEL}x = np.zeros((10, 4))\n{body}\n"
    done = subprocess.run(
        [sys.executable, "-c", BOUNDED], input=text, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith(("ok", "partial"))


def test_a_source_that_would_take_too_much_memory_is_not_read_and_says_so() -> None:
    facts = read(MODEL + "x = f(x, [1, 2], k={'a': 1})\n" * LONG)
    assert facts.status is FileStatus.PARTIAL
    assert "more than" in facts.program.cut_short
    assert [finding.code for finding in facts.findings] == ["KC903"]
