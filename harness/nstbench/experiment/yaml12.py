"""Read YAML with the rules of YAML 1.2's core schema, keeping where everything stands.

PyYAML follows YAML 1.1: `1e4` is text, `10:30` is 630, `yes` is true, and the last of two equal keys wins in
silence. Only its scanner and composer are used here; the values are made from the marked nodes.

Source: YAML 1.2.2, chapter 10.3, https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from nstbench.api import ExperimentError
from nstbench.experiment.places import Mark, Mistake, Path, Places

MOST_BYTES = 1_000_000
MOST_NODES = 40_000
"""A grid needs far fewer, and to read more takes seconds; aliases that multiply reach it at once."""

_PLAIN, _QUOTED, _COLLECTION = "plain", "quoted", "collection"

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBERS = (
    (re.compile(r"[-+]?[0-9]{1,400}", re.ASCII), int),
    (re.compile(r"0o[0-7]{1,400}"), lambda text: int(text, 0)),
    (re.compile(r"0x[0-9a-fA-F]{1,400}"), lambda text: int(text, 0)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(inf|Inf|INF)"), lambda text: float(text.replace(".", ""))),
    (re.compile(r"\.(nan|NaN|NAN)"), lambda _: float("nan")),
)


@dataclass(frozen=True, slots=True)
class Document:
    """What a text says: dicts with text keys, lists, text, int, float, bool and None; and where."""

    value: Any
    places: Places


def parse(text: bytes | str, file: str) -> Document:
    """Read one YAML document.

    Args:
        text: UTF-8, with or without a byte order mark.
        file: what to call it in errors.

    Raises:
        ExperimentError: not UTF-8, not YAML, or using what is refused here: equal keys, tags, merge keys,
            aliases that contain themselves. Every refusal in the file is listed.
    """
    reading = _Reading()
    try:
        node = _compose(_decoded(text, file), file)
        value = None if node is None else reading.value(node, ())
    except RecursionError:
        raise ExperimentError([f"{file}: nested too deeply"]) from None
    places = Places(file or "text", reading.values, reading.keys)
    if reading.mistakes:
        raise places.error(reading.mistakes)
    return Document(value, places)


class _Composer(yaml.SafeLoader):
    """PyYAML's node graph, with tags that tell only plain from quoted; any other tag was written out."""

    composed = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.composed += 1
        if self.composed > MOST_NODES:
            text = f"more than {MOST_NODES:,} keys and values; give axes, and have the product made of them"
            raise yaml.composer.ComposerError(None, None, text, self.get_mark())
        node: yaml.Node | None = super().compose_node(parent, index)
        return node

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        if kind is not yaml.ScalarNode:
            return _COLLECTION
        return _PLAIN if implicit[0] else _QUOTED


def _compose(text: str, file: str) -> yaml.Node | None:
    try:
        loader = _Composer(text)
        return loader.get_single_node()
    except yaml.reader.ReaderError as error:
        line, column = _line_column(text, error.position)
        raise ExperimentError([f"{file}:{line}:{column}: a control character; remove it"]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        raise ExperimentError([f"{where}: {_syntax(error)}"]) from error
    except (ValueError, OverflowError) as error:  # PyYAML lets chr(0x110000) of an escape through
        raise ExperimentError([f"{file}: not valid YAML: an escape that is no character"]) from error


def _decoded(text: bytes | str, file: str) -> str:
    if len(text) > MOST_BYTES:
        raise ExperimentError([f"{file}: larger than {MOST_BYTES:,} bytes; not an experiment file"])
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = text[: error.start].decode("utf-8-sig", "replace")
        line, column = _line_column(before, len(before))
        what = f"byte 0x{text[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise ExperimentError([f"{file}:{line}:{column}: {what}"]) from error


def _line_column(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, position - before.rfind("\n")


def _syntax(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or error.context or "cannot be read"
    if problem.startswith("more than "):
        return problem
    if "'\\t'" in problem:
        return "a tab; YAML is indented with spaces"
    if "mapping values are not allowed" in problem:
        return "a second ':' in one line; put text that contains ': ' in quotes, and check the indentation"
    if "scanning an alias" in (error.context or ""):
        return (
            "text begins with *, by which YAML repeats what & has named; put text such as '*.jpg' in quotes"
        )
    if "single document" in (error.context or ""):
        return "a second document begins; an experiment is one"
    context = f" ({error.context})" if error.context else ""
    return f"not valid YAML: {problem}{context}"


@dataclass(slots=True)
class _Reading:
    """One walk over the nodes."""

    values: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    inside: list[int] = field(default_factory=list)
    seen: int = 0

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.values[path] = _mark(node)
        self.seen += 1
        if self.seen > MOST_NODES or id(node) in self.inside:
            why = "contains itself" if self.seen <= MOST_NODES else f"grows past {MOST_NODES:,} values"
            if not any(each.text.startswith("an alias") for each in self.mistakes):
                self.mistakes.append(Mistake(path, f"an alias (*) here {why}; write the values out"))
            return None
        if node.tag not in (_PLAIN, _QUOTED, _COLLECTION):
            short = node.tag.replace("tag:yaml.org,2002:", "!!")
            self.mistakes.append(Mistake(path, f"tag {short!r}; tags are not used here, remove it"))
            return None
        self.inside.append(id(node))
        made = self._made(node, path)
        self.inside.pop()
        return made

    def _made(self, node: yaml.Node, path: Path) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*path, i)) for i, each in enumerate(node.value)]
        return self._text(node, path) if node.tag == _QUOTED else self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in node.value:
            where = _mark(key)
            if wrong := _wrong_key(key, made):
                nowhere = (*path, "", len(self.keys))  # the name may be another key's already
                self.keys[nowhere] = where
                self.mistakes.append(Mistake(nowhere, wrong, at_key=True))
                continue
            name = self._text(key, path)
            self.keys[(*path, name)] = where
            made[name] = self.value(value, (*path, name))
        return made

    def _scalar(self, node: yaml.Node, path: Path) -> Any:
        text: str = node.value
        if text in _WORDS:
            return _WORDS[text]
        for pattern, make in _NUMBERS:
            if pattern.fullmatch(text):
                return make(text)
        return self._text(node, path)

    def _text(self, node: yaml.Node, path: Path) -> str:
        text: str = node.value
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            self.mistakes.append(Mistake(path, "text with half a surrogate pair, which is no character"))
        return text


def _wrong_key(key: yaml.Node, made: dict[str, Any]) -> str:
    if not isinstance(key, yaml.ScalarNode):
        return "a list or mapping as a key; keys are names"
    if key.tag not in (_PLAIN, _QUOTED):
        return "a key with a tag; tags are not used here, remove it"
    if key.value == "<<" and key.tag == _PLAIN:
        return "a merge key (<<), which YAML 1.2 does not have; write the keys out"
    return f"key {key.value[:100]!r} stands here twice; keep one" if key.value in made else ""


def _mark(node: yaml.Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)
