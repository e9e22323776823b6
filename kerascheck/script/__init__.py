"""Scripts and notebooks: source to facts."""

from kerascheck.script.reader import ScriptFacts, read_script

__all__ = ["ScriptFacts", "read_script"]
