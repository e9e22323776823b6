"""The commands: options, exit codes, what goes where. Fake readers make a finding of each level a known thing."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest

import kerascheck
from kerascheck.__main__ import main
from kerascheck.registry import load

SCRIPT = "import keras\nmodel = keras.Sequential()\n"
SCHEMA = json.loads((Path(kerascheck.__file__).parent / "report" / "schema.json").read_text())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `kerascheck` with arguments, and with `stdin` as its standard input."""

    def call(*arguments: str, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "argv", ["kerascheck", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as done:
            main()
        out, err = capsys.readouterr()
        return Outcome(int(done.value.code or 0), out, err)

    return call


@pytest.fixture
def folder(fake_road: Path) -> Path:
    """A working directory with a script, a script without Keras, and a model file."""
    (fake_road / "train.py").write_text(SCRIPT)
    (fake_road / "setup.py").write_text("import setuptools\n")
    (fake_road / "model.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    return fake_road


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version") == Outcome(0, f"kerascheck {kerascheck.__version__}\n", "")


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("command", [[], ["script"], ["model"], ["check"], ["rules"], ["explain"]])
def test_help_is_there_under_both_names(command: list[str], option: str, run: Run) -> None:
    outcome = run(*command, option)
    assert outcome.code == 0
    assert outcome.out.startswith(f"Usage: kerascheck {' '.join(command)}".rstrip())


def test_the_module_can_be_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kerascheck", "--version"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == f"kerascheck {kerascheck.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["script", "setup.py"], 0, id="nothing found"),
        pytest.param(["script", "train.py"], 1, id="findings"),
        pytest.param(["script", "train.py", "--exit-zero"], 0, id="exit zero"),
        pytest.param(["script", "train.py", "--select", "KC302"], 0, id="a hint is below the threshold"),
        pytest.param(["script", "train.py", "--select", "KC302", "--fail-on", "info"], 1, id="threshold info"),
        pytest.param(["script", "train.py", "--select", "KC301", "--fail-on", "error"], 0, id="threshold error"),
        pytest.param(["script", "train.py", "--select", "KC601"], 2, id="a rule that crashes"),
        pytest.param(["script", "train.py", "--select", "KC601", "--exit-zero"], 2, id="exit zero hides no fault"),
        pytest.param(["script", "none.py"], 2, id="no such file"),
        pytest.param(["script"], 2, id="no path"),
        pytest.param(["script", "train.py", "--fail-on", "fatal"], 2, id="no such level"),
        pytest.param(["script", "train.py", "--surprise"], 2, id="no such option"),
        pytest.param(["surprise"], 2, id="no such command"),
        pytest.param(["model", "model.h5"], 1, id="a model"),
        pytest.param(["model", "."], 1, id="the models of a folder"),
        pytest.param(["check", "."], 1, id="both kinds"),
    ],
)
def test_exit_codes(arguments: list[str], code: int, folder: Path, run: Run) -> None:
    assert run(*arguments).code == code


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        (["script", "."], {"train.py", "setup.py"}),
        (["model", "."], {"model.h5"}),
        (["check", "."], {"train.py", "setup.py", "model.h5"}),
        (["check", "train.py", "train.py", "./train.py", "model.h5"], {"train.py", "model.h5"}),
    ],
)
def test_a_command_looks_at_its_kind_of_files_once(
    arguments: list[str], files: set[str], folder: Path, run: Run
) -> None:
    document = json.loads(run(*arguments, "--output-format", "json").out)
    paths = [file["path"] for file in document["files"]]
    assert set(paths) == files and len(paths) == len(files)
    assert paths == sorted(paths)


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ([], {"KC201", "KC301", "KC302"}),
        (["--select", "KC3"], {"KC301", "KC302"}),
        (["--select", "KC301,model-seen"], {"KC201", "KC301"}),
        (["--select", "KC301", "--select", "KC201"], {"KC201", "KC301"}),
        (["--ignore", "KC3"], {"KC201"}),
        (["--extend-select", "shy"], {"KC201", "KC301", "KC302", "KC501"}),
        (["--select", "ALL", "--ignore", "KC201"], {"KC301", "KC302"}),
    ],
)
def test_options_choose_the_rules(options: list[str], codes: set[str], folder: Path, run: Run) -> None:
    document = json.loads(run("script", "train.py", "--output-format", "json", *options).out)
    assert {finding["code"] for finding in document["findings"]} == codes


def test_the_json_document_keeps_to_its_schema(folder: Path, run: Run) -> None:
    outcome = run("check", ".", "--output-format", "json", "--extend-select", "shy,clumsy")
    document = json.loads(outcome.out)
    jsonschema.validate(document, SCHEMA)
    assert document["summary"] == {"files": 3, "errors": 4, "warnings": 1, "infos": 4, "fixable": 1}
    assert outcome.err == ""


def test_the_concise_format_is_a_line_a_finding(folder: Path, run: Run) -> None:
    lines = run("script", "train.py", "--output-format", "concise").out.splitlines()
    assert lines == [
        "train.py:1:1: error[KC201 model-seen] [*] a model, limit 3",
        "train.py:1:1: warning[KC301 program-seen] a program",
        "train.py:1:1: info[KC302 pair-seen] a model of a program",
        "Found 1 error, 1 warning, 1 info in 1 file, 1 model; 1 fixable [*]",
    ]


def test_the_report_goes_to_a_file_without_colours(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = run("script", "train.py").out
    outcome = run("script", "train.py", "--output-file", "report.txt")
    assert outcome == Outcome(1, "", "")
    text = (folder / "report.txt").read_text()
    assert "\x1b" in coloured and "\x1b" not in text
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == text


def test_a_report_that_cannot_be_written_is_told(folder: Path, run: Run) -> None:
    outcome = run("script", "train.py", "--output-file", "no/such/folder/report.txt")
    assert outcome.code == 2
    assert (
        outcome.err == "kerascheck: error: `no/such/folder/report.txt` cannot be written: No such file or directory\n"
    )


@pytest.mark.parametrize("output_format", ["full", "concise"])
def test_statistics_stand_below_the_report(output_format: str, folder: Path, run: Run) -> None:
    out = run("script", "train.py", "--statistics", "--output-format", output_format).out
    assert out.endswith("\n\n1  KC201 model-seen\n1  KC301 program-seen\n1  KC302 pair-seen\n")


def test_statistics_would_spoil_a_json_document(folder: Path, run: Run) -> None:
    outcome = run("script", "train.py", "--statistics", "--output-format", "json")
    assert (outcome.code, outcome.out) == (2, "")
    assert "--statistics goes with the formats full and concise" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "path", "kind"),
    [
        (["script", "-"], "<stdin>", "script"),
        (["check", "-"], "<stdin>", "script"),
        (["script", "-", "--stdin-filename", "src/train.py"], "src/train.py", "script"),
        (["script", "-", "--stdin-filename", "lab.ipynb"], "lab.ipynb", "notebook"),
    ],
)
def test_a_script_comes_on_standard_input(
    arguments: list[str], path: str, kind: str, fake_road: Path, run: Run
) -> None:
    outcome = run(*arguments, "--output-format", "json", stdin=SCRIPT.encode())
    document = json.loads(outcome.out)
    assert [(file["path"], file["kind"]) for file in document["files"]] == [(path, kind)]
    assert {finding["path"] for finding in document["findings"]} == {path}
    assert outcome.code == 1


def test_standard_input_obeys_the_configuration_of_its_name(fake_road: Path, run: Run) -> None:
    (fake_road / "kerascheck.toml").write_text('[per-file-ignores]\n"src/*" = ["KC2", "KC3"]\n')
    assert run("script", "-", "--stdin-filename", "src/train.py", stdin=SCRIPT.encode()).code == 0
    assert run("script", "-", "--stdin-filename", "train.py", stdin=SCRIPT.encode()).code == 1


def test_a_model_does_not_come_on_standard_input(fake_road: Path, run: Run) -> None:
    assert run("model", "-") == Outcome(2, "", "kerascheck: error: `-` does not exist\n")
    assert "--stdin-filename" not in run("model", "--help").out
    assert run("model", "m.h5", "--stdin-filename", "m.h5").code == 2


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ('selct = ["KC201"]', "kerascheck.toml: unknown key `selct`, did you mean `select`?"),
        ('select = ["model-sen"]', "`model-sen` selects no rule, did you mean `model-seen`?"),
        ('fail-on = "fatal"', 'kerascheck.toml: `fail-on` must be "error", "warning" or "info"'),
        ("[rules.KC201]\nlimt = 3", "kerascheck.toml: rule KC201 has no option `limt`, did you mean `limit`?"),
    ],
)
def test_a_mistake_in_the_configuration_is_one_line(configuration: str, message: str, folder: Path, run: Run) -> None:
    (folder / "kerascheck.toml").write_text(configuration)
    assert run("script", "train.py") == Outcome(2, "", f"kerascheck: error: {message}\n")


@pytest.mark.parametrize("option", ["--select", "--extend-select", "--ignore"])
def test_a_rule_that_does_not_exist_is_told_with_the_nearest(option: str, folder: Path, run: Run) -> None:
    outcome = run("script", "train.py", option, "program-sen")
    expected = "kerascheck: error: `program-sen` selects no rule, did you mean `program-seen`?\n"
    assert outcome == Outcome(2, "", expected)


def test_the_configuration_and_the_command_line_meet(folder: Path, run: Run) -> None:
    (folder / "kerascheck.toml").write_text('ignore = ["KC201"]\nfail-on = "error"\n')
    assert run("script", "train.py").code == 0
    assert run("script", "train.py", "--fail-on", "warning").code == 1
    assert run("script", "train.py", "--extend-select", "KC201").code == 1


def test_another_configuration_can_be_named(folder: Path, run: Run) -> None:
    (folder / "kerascheck.toml").write_text("broken = [")
    (folder / "ci.toml").write_text('select = ["KC302"]\n[severity]\nKC302 = "error"\n')
    outcome = run("script", "train.py", "--config", "ci.toml", "--output-format", "concise")
    assert outcome.code == 1
    assert outcome.out.startswith("train.py:1:1: error[KC302 pair-seen]")
    assert run("script", "train.py", "--config", "none.toml").err == (
        "kerascheck: error: configuration file `none.toml` does not exist\n"
    )


def test_excluded_files_are_looked_at_when_they_are_named(folder: Path, run: Run) -> None:
    (folder / "kerascheck.toml").write_text('exclude = ["train.py"]\n')
    assert run("script", ".").code == 0
    assert run("script", "train.py").code == 1


def test_a_comment_silences_a_finding(folder: Path, run: Run) -> None:
    text = SCRIPT.replace("keras\n", "keras  # kerascheck: ignore[KC201, KC301, pair-seen] on purpose\n", 1)
    (folder / "train.py").write_text(text)
    assert run("script", "train.py", "--fail-on", "info") == Outcome(0, "All checks passed: 1 file, 1 model\n", "")


def test_a_thresholds_value_reaches_its_rule(folder: Path, run: Run) -> None:
    (folder / "pyproject.toml").write_text("[tool.kerascheck.rules.model-seen]\nlimit = 7\n")
    assert "a model, limit 7" in run("script", "train.py").out


@pytest.mark.parametrize(
    ("terminal", "files", "options", "drawn"),
    [(True, 25, [], True), (True, 25, ["--no-progress"], False), (True, 3, [], False), (False, 25, [], False)],
)
def test_progress_is_drawn_for_many_files_on_a_terminals_stderr(
    terminal: bool, files: int, options: list[str], drawn: bool, fake_road: Path, run: Run, monkeypatch
) -> None:
    for number in range(files):
        (fake_road / f"train_{number}.py").write_text(SCRIPT)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    outcome = run("script", ".", "--output-format", "json", *options)
    assert ("Checking" in outcome.err) is drawn
    assert len(json.loads(outcome.out)["files"]) == files


def test_a_fault_of_the_program_is_one_line(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **keywords: object) -> None:
        raise ZeroDivisionError("one\ntwo")

    monkeypatch.setattr("kerascheck.report.full.render", fail)
    outcome = run("script", "train.py")
    assert outcome.code == 2
    assert outcome.err.startswith("kerascheck: internal error: ZeroDivisionError: one two; please report it")
    assert outcome.err.count("\n") == 1


def test_a_reader_that_crashes_is_a_finding(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr("kerascheck.script.read_script", fail)
    outcome = run("check", "train.py", "model.h5", "--output-format", "concise")
    assert outcome.code == 2
    assert "train.py: error[KC902 unreadable-file] the file could not be read: the script reader failed" in outcome.out
    assert "model.h5: functional: error[KC201 model-seen]" in outcome.out


def test_the_rules_are_listed(run: Run) -> None:
    codes = [rule.code for rule in load().rules]
    assert {"KC900", "KC901", "KC902", "KC903"} <= set(codes)
    assert re.findall(r"^(KC\d+)", run("rules").out, re.MULTILINE) == codes
    assert re.findall(r"^(KC\d+)", run("rules", "--output-format", "concise").out, re.MULTILINE) == codes
    listed = json.loads(run("rules", "--output-format", "json").out)
    assert [rule["code"] for rule in listed] == codes
    keys = {"code", "name", "family", "severity", "summary", "fixable", "since", "documentation"}
    assert all(keys <= rule.keys() and rule["summary"] and rule["documentation"] for rule in listed)


@pytest.mark.parametrize("rule", load().rules, ids=lambda rule: rule.code)
def test_every_rule_is_explained_by_code_and_by_name(rule, run: Run) -> None:
    by_code = run("explain", rule.code)
    assert by_code.code == 0
    assert by_code.out.startswith(f"# {rule.code} {rule.name}\n")
    assert rule.documentation in by_code.out
    assert run("explain", rule.name) == run("explain", rule.code.lower()) == by_code


def test_an_explanation_is_drawn_for_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = run("explain", "KC901").out
    assert "\x1b[" in out and "##" not in out and "syntax-error" in out


def test_explaining_a_rule_that_does_not_exist_tells_the_nearest(run: Run) -> None:
    assert run("explain", "syntax-eror") == Outcome(
        2, "", "kerascheck: error: no rule has the code or name `syntax-eror`, did you mean `syntax-error`?\n"
    )
