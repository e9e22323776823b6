"""Python 2 read as Python 3: statements rewritten in place, so that what stands on a line keeps its column."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from kerascheck.script.recovery import TOKEN, scan

_STATEMENT: Final = re.compile(
    r"(?P<word>print|exec)(?:(?P<none>\s*$)|(?P<gap>\s+)(?![=.,:\[)])|(?=[\"'`>])|(?=\s*\(.*\)\s*[%,]))"
)
_INLINE: Final = re.compile(
    r"(?:\b(?:if|else|elif|for|while|try|except|finally)\b[^:#'\"]*|else|try|finally)\s*:\s+(?=(?:print|exec)\b)"
)
_EXCEPT: Final = re.compile(r"^(\s*except\s+(?:[\w.]+|\([^()]*\)))\s*,\s*(\w+\s*:)")
_RAISE: Final = re.compile(r"^(\s*raise\s+[\w.]+)\s*,\s*(.+)$")
_WORDS: Final = re.compile(
    r"(?P<unequal><>)|\b0(?P<octal>[0-7]+)\b(?![.\w])|\b(?P<long>\d+)[lL]\b|\b(?P<prefix>[uU][rR])(?=[\"'])"
)


def as_python3(lines: list[str]) -> list[str]:
    """The lines with print and exec statements as calls, and with today's spelling of what Python 3 spells otherwise."""
    lines = [_RAISE.sub(r"\1(\2)", _EXCEPT.sub(r"\1 as \2", line)) for line in lines]
    lines = _respelled(lines)
    starts = [*(index for index, begins in scan(lines) if begins and lines[index].strip()), len(lines)]
    for begin, end in pairwise(starts):
        line = lines[begin]
        offset = len(line) - len(line.lstrip())
        inline = _INLINE.match(line, offset)
        if inline is not None:
            offset = inline.end()
        found = _STATEMENT.match(line, offset)
        if found is not None:
            _call(lines, begin, end, found)
    return lines


def _call(lines: list[str], begin: int, end: int, found: re.Match[str]) -> None:
    """Put brackets around what a statement has behind its word, the first in the place of a blank."""
    line, place = lines[begin], found.end("word")
    if found["none"] is not None:
        return
    rest = line[place:]
    opened = f"({rest[1:]}" if rest[:1].isspace() else f"({rest}"
    body = opened.lstrip("(").lstrip()
    if body.startswith(">>"):
        opened = opened.replace(">>", "  ", 1)
    lines[begin] = line[:place] + opened
    last = end - 1
    while last > begin and not _code_end(lines[last]).strip():
        last -= 1
    code = _code_end(lines[last])
    lines[last] = f"{code.rstrip()}){lines[last][len(code.rstrip()) :]}"


def _code_end(line: str) -> str:
    """A line up to its comment, or to the semicolon that ends its first statement."""
    position = 0
    for found in TOKEN.finditer(line):
        semicolon = line.find(";", position, found.start())
        if semicolon >= 0 or found["comment"] is not None:
            return line[: semicolon if semicolon >= 0 else found.start()]
        position = found.end()
    semicolon = line.find(";", position)
    return line if semicolon < 0 else line[:semicolon]


def _respelled(lines: list[str]) -> list[str]:
    """The lines with old spellings outside of strings and comments replaced by new ones of the same width."""
    result: list[str] = []
    quote = ""
    for line in lines:
        parts: list[str] = []
        position = 0
        ticks = 0
        while position < len(line):
            if quote:
                end = line.find(quote, position)
                stop = len(line) if end < 0 else end + 3
                parts.append(line[position:stop])
                position, quote = stop, quote if end < 0 else ""
                continue
            found = TOKEN.search(line, position)
            while found is not None and (found["open"] or found["close"]):
                found = TOKEN.search(line, found.end())
            stop = len(line) if found is None else found.start()
            code, ticks = _code(line[position:stop], line[stop : stop + 1], ticks)
            parts.append(code)
            if found is None:
                break
            parts.append(found[0])
            position, quote = found.end(), found["triple"] or ""
        result.append("".join(parts))
    return result


def _code(text: str, following: str, ticks: int) -> tuple[str, int]:
    """Code without strings in today's spelling; `ticks` counts the backticks of the line."""
    if following in "\"'" and following and text[-2:].lower() == "ur":
        text = f"{text[:-2]} r"
    text = _WORDS.sub(_word, text)
    while "`" in text:
        text = text.replace("`", ")" if ticks % 2 else "(", 1)
        ticks += 1
    return text, ticks


def _word(found: re.Match[str]) -> str:
    width = len(found[0])
    if found["unequal"]:
        return "!="
    if found["octal"] is not None:
        return str(int(found["octal"], 8)).rjust(width)
    if found["long"] is not None:
        return found["long"].rjust(width)
    return found[0]
