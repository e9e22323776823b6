"""Python 2 is read as what it means in Python 3, and what stands on a line keeps its column."""

from __future__ import annotations

import ast

import pytest

from kerascheck.facts.events import Evaluation, Fit
from kerascheck.script import read_script
from kerascheck.script.python2 import as_python3

MODEL = "from keras import Sequential, layers\nmodel = Sequential([layers.Dense(2, input_dim=3)])\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("print 'a', 1", "print('a', 1)"),
        ("print", "print"),
        ("print('a')", "print('a')"),
        ("print ('a'), b  # why", "print(('a'), b)  # why"),
        ("print >>log, 'a'", "print(  log, 'a')"),
        ("if x <> 2: print x", "if x != 2: print(x)"),
        ("else: print 'no'", "else: print('no')"),
        ("print 'a', (1,\n    2), 3", "print('a', (1,\n    2), 3)"),
        ('print """a\nb""" % (3,\n  4)', 'print("""a\nb""" % (3,\n  4))'),
        ("exec code", "exec(code)"),
        ("except E, e:", "except E as e:"),
        ("raise ValueError, 'bad'", "raise ValueError('bad')"),
        ("x = 0777 + 10L", "x =  511 +  10"),
        ("x = `y`", "x = (y)"),
        ("x = ur'a'", "x =  r'a'"),
        ("x = 'print `a` <> 0777'", "x = 'print `a` <> 0777'"),
        ("x = '''\nprint a\n'''", "x = '''\nprint a\n'''"),
    ],
)
def test_old_spellings_become_todays(old: str, new: str) -> None:
    assert "\n".join(as_python3(old.split("\n"))) == new


def test_what_the_program_trains_and_prints_is_found_at_its_column() -> None:
    text = f"{MODEL}print 'loss', model.evaluate(x, y, batch_size=8)\nmodel.fit(x, y, nb_epoch=3)\nprint 'done'\n"
    facts = read_script("old.py", text)
    (evaluation,), (fit,) = facts.program.of(Evaluation), facts.program.of(Fit)
    assert (evaluation.location.line, evaluation.location.column) == (3, 15)
    assert evaluation.arguments == {"batch_size": 8}
    assert fit.arguments == {"epochs": 3}
    assert [graph.whole for graph in facts.graphs] == [True]
    assert facts.usage.python2 is not None
    assert facts.usage.python2.line == 3


def test_the_same_facts_come_from_both_pythons() -> None:
    old = read_script("a.py", f"{MODEL}for n in 1, 2:\n    print n, model\n    model.fit(x, y, epochs=n)\n")
    new = read_script("a.py", f"{MODEL}for n in 1, 2:\n    print(n, model)\n    model.fit(x, y, epochs=n)\n")
    assert [(e.location, e.arguments) for e in old.program.of(Fit)] == [
        (e.location, e.arguments) for e in new.program.of(Fit)
    ]
    assert new.usage.python2 is None


def test_what_is_rewritten_parses() -> None:
    old = "def f(a):\n    print a,\n    try: print 1\n    except (A, B), e: print e; return\nprint f\n"
    ast.parse("\n".join(as_python3(old.split("\n"))))
