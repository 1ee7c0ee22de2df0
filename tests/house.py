"""The rules of the house as functions over source text: each yields `line: what is wrong and what to do`."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for top in ("harness", "backends") for path in (ROOT / top).rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BACKENDS = PROJECT["entry-points"]["nstbench.backends"]

FRONT = "the package's __init__"
ARROWS = {
    "api": set(),
    "system": set(),
    "presets": {"api"},
    "experiment": {"system", "api", "presets"},
    "plan": {"api", "experiment", "presets"},
    "assets": {"api", "system"},
    "record": {"system", "api", "experiment", "plan"},
    "referee": {"api"},
    "run": {"system", "api", "experiment", "plan", "assets", "record", "referee"},
    "executors": {"system", "api", "plan", "assets", "record", "run"},
    "parity": {"system", "api", "experiment", "plan", "assets", "record", "referee", "run"},
    "comparison": {"api", "experiment", "plan", "record"},
    "report": {"system", "api", "experiment", "plan", "record", "comparison"},
    "watch": {"system", "api", "record", "comparison", "report"},
    "export": {"system", "api", "experiment", "plan", "record"},
    "gate": {FRONT, "system", "api", "assets", "experiment", "plan", "record"},
    "testing": {"api", "assets"},
    "cli": {
        *(FRONT, "api", "presets", "experiment", "plan", "assets", "record", "run", "parity", "comparison"),
        *("report", "watch", "export", "gate", "testing"),
    },
    "__main__.py": {"cli"},
    FRONT: {"experiment", "plan", "record", "report", "run", "comparison", "gate"},
}
"""Room of the core -> rooms it may import besides itself. A backend may import `nstbench.api` alone."""

TYPES_ONLY = "under TYPE_CHECKING only"
OWNERS = {
    "yaml": {"experiment"},
    "pydantic": {"experiment"},
    "pydantic_core": {"experiment"},
    "pandas": {"record", "report", "comparison", "export", f"run {TYPES_ONLY}", f"cli {TYPES_ONLY}"},
    "pyarrow": {"record"},
    "PIL": {"assets", "report"},
    "pillow_heif": {"assets"},
    "skimage": {"assets", "referee"},
    "scipy": {"api", "gate", "comparison"},
    "pytest": {"testing"},
    "h5py": {"assets"},
    "pooch": {"assets"},
    "ray": {"executors"},
    "submitit": {"executors"},
    "requests": {"assets"},
    "optuna": {"run"},
    "psutil": {"run"},
    "pynvml": {"run"},
    "filelock": {"record"},
    "jinja2": {"report"},
    "plotly": {"report"},
    "tensorboard": {"export"},
    "mlflow": {"export"},
    "ruptures": {"report"},
    "rich": {"cli"},
    "typer": {"cli"},
    "jax": {"nstbench_jax"},
    "flax": {"nstbench_jax"},
    "optax": {"nstbench_jax"},
    "tensorflow": {"nstbench_tensorflow", "nstbench_tfhub"},
    "tensorflow_hub": {"nstbench_tfhub"},
    "onnx": {"nstbench_tfhub"},
    "torch": {"nstbench_torch", "assets"},
    "safetensors": {"assets"},
}
"""Third-party package -> rooms that may import it; NumPy is everybody's."""

FRAMEWORKS = {
    "jax",
    "flax",
    "optax",
    "tensorflow",
    "tensorflow_hub",
    "tensorflow-hub",
    "tfhub",
    "keras",
    "torch",
}
MODULES = {target.partition(":")[0] for target in BACKENDS.values()}
NAMES = FRAMEWORKS | MODULES | set(BACKENDS)
MAY_NAME = {
    "api": {"keras"},
    "assets": {"tensorflow", "keras", "torch"},
    "presets": {"tensorflow", "keras"},
    "experiment": {"tensorflow", "keras"},
}
"""Room -> names it may mention after all: where weights lie, and whose defaults a preset copies."""

FILE_LIMIT, FUNCTION_LIMIT, LINE_LIMIT = 250, 45, 110

WORK = {"subprocess", "tempfile", "multiprocessing", "concurrent", "threading"}
"""Modules by which something runs or is kept for a while: the work of a room, not of a verb."""
MOST_TAKEN = 4
"""Names that a verb's file may take from one room; with more it puts together what the room should offer."""

WRITTEN_SETTINGS = {"experiment", "presets"}
"""Rooms in which settings are names and values, as people write them."""

LOOSE = re.compile(r"\b(?:dict|Dict|Mapping|MutableMapping)\[str, Any\]")


@dataclass(frozen=True)
class Import:
    """One imported module; `when` is `top`, `function` or `types`."""

    module: str
    line: int
    when: str


def room_of(path: Path) -> str:
    """Name the room a file stands in; a backend is one room."""
    package, *inner = path.relative_to(ROOT).parts[1:]
    if package != "nstbench":
        return package
    return FRONT if inner == ["__init__.py"] else inner[0]


def room_imported(module: str) -> str | None:
    """Name the room that an import leads to, or None if it leads out of the project."""
    top, *inner = module.split(".")
    if top == "nstbench":
        return inner[0] if inner else FRONT
    return top if top.startswith("nstbench_") else None


def imports(source: str) -> list[Import]:
    """Find every import, also inside functions and under TYPE_CHECKING."""
    return list(_imports(ast.parse(source), "top"))


def _imports(node: ast.AST, when: str) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name, node.lineno, when) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        if node.module == "nstbench":  # what is taken from the front may be a room
            for alias in node.names:
                inner = f".{alias.name}" if alias.name in ARROWS else ""
                yield Import(f"nstbench{inner}", node.lineno, when)
        else:
            yield Import("." * node.level + (node.module or ""), node.lineno, when)
    else:
        for name, children in ast.iter_fields(node):
            inside = "function" if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else when
            if isinstance(node, ast.If) and name == "body" and _is_for_types(node.test):
                inside = "types"
            for child in children if isinstance(children, list) else [children]:
                if isinstance(child, ast.AST):
                    yield from _imports(child, inside)


def _is_for_types(test: ast.AST) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def wrong_arrows(source: str, room: str) -> Iterator[str]:
    """Say which imports go against the arrows between rooms."""
    if room not in ARROWS and not room.startswith("nstbench_"):
        yield f"1: no arrows for the room {room!r}: add them to ARROWS"
        return
    for each in imports(source):
        to = room_imported(each.module)
        if each.module.startswith("."):
            yield f"{each.line}: imports {each.module!r}: spell it out from the package's name"
        elif room in ARROWS and to and to not in ARROWS[room] | {room}:
            allowed = ", ".join(sorted(ARROWS[room])) or "no other room"
            yield f"{each.line}: {room} imports {each.module}; it may import {allowed}"
        elif room not in ARROWS and to and to != room and each.module != "nstbench.api":
            yield f"{each.line}: the backend {room} imports {each.module}; it may import nstbench.api"
        elif room == FRONT and to and each.when == "top":
            yield f"{each.line}: {room} imports {each.module} at once: import it inside a function"


def wrong_owners(source: str, room: str) -> Iterator[str]:
    """Say which third-party imports are not this room's to make."""
    for each in imports(source):
        top = each.module.partition(".")[0]
        if top in sys.stdlib_module_names | {"", "numpy"} or room_imported(each.module):
            continue
        owners = OWNERS.get(top)
        if owners is None:
            yield f"{each.line}: {top} has no owner: choose the room it belongs to, add both to OWNERS"
        elif room not in owners and not (each.when == "types" and f"{room} {TYPES_ONLY}" in owners):
            yield f"{each.line}: {room} imports {top}, which belongs to {' and '.join(sorted(owners))}"


def named_backends(source: str, room: str) -> Iterator[str]:
    """Say which string literals of the core mention a shipped backend or a framework; docstrings may."""
    tree = ast.parse(source)
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    words = "|".join(sorted(map(re.escape, NAMES - MAY_NAME.get(room, set())), key=len, reverse=True))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            for name in re.findall(rf"(?<![^\W_])(?:{words})(?![^\W_])", node.value, re.IGNORECASE):
                yield f"{node.lineno}: the core mentions {name!r}: only a plugin may, through the contract"


def too_long(source: str, room: str) -> Iterator[str]:
    """Say what has grown beyond the limits."""
    count = len(source.splitlines())
    if count > FILE_LIMIT:
        yield f"{count}: {count} lines in the file, at most {FILE_LIMIT}: split it by what it speaks about"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_LIMIT:
                yield f"{node.lineno}: {length} lines in {node.name}, at most {FUNCTION_LIMIT}: split it"


def work_in_verbs(source: str, file: str) -> Iterator[str]:
    """Say what a verb's file has besides the verb: what it decides or computes belongs to a room.

    Verbs alone are public there, classes of data have no place there, nothing is started or kept, and no room
    is put together from its parts.

    Args:
        file: the name of the file without its suffix; its last word is the verb's name.
    """
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            verbs = (file.rpartition("_")[2], "main")  # those of typer's groups are decorated
            if not (node.name.startswith("_") or node.name in verbs or _decorators(node) & TYPERS):
                yield f"{node.lineno}: {node.name} is no verb: move it to its room, or to console"
        elif isinstance(node, ast.ClassDef) and "dataclass" in _decorators(node):
            yield f"{node.lineno}: {node.name} is data: move it to the room that makes or takes it"
    for each in imports(source):
        if each.module.partition(".")[0] in WORK:
            yield f"{each.line}: imports {each.module}: have a room do what it is for"
    for room, names in _taken(ast.parse(source)).items():
        if len(names) > MOST_TAKEN and room not in ("api", "cli"):
            listed = ", ".join(sorted(names))
            yield f"1: takes {listed} from {room}, at most {MOST_TAKEN} names: have {room} offer one for it"


def _taken(node: ast.AST) -> dict[str, set[str]]:
    """Return room -> names imported from it, but for types."""
    found: dict[str, set[str]] = {}
    if isinstance(node, ast.ImportFrom) and (room := room_imported(node.module or "")):
        found[room] = {alias.name for alias in node.names}
    elif not (isinstance(node, ast.If) and _is_for_types(node.test)):
        for child in ast.iter_child_nodes(node):
            for room, names in _taken(child).items():
                found[room] = found.get(room, set()) | names
    return found


TYPERS = {"command", "callback"}


def _decorators(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> set[str]:
    called = [each.func if isinstance(each, ast.Call) else each for each in node.decorator_list]
    return {each.attr if isinstance(each, ast.Attribute) else ast.unparse(each) for each in called}


def too_wide(source: str) -> Iterator[str]:
    """Say which lines are too wide; of Python's the formatter sees to it."""
    for number, line in enumerate(source.splitlines(), 1):
        if len(line) > LINE_LIMIT:
            yield f"{number}: {len(line)} characters in the line, at most {LINE_LIMIT}: break it"


def loose_settings(source: str, room: str) -> Iterator[str]:
    """Say where settings are a mapping of names once more, although they have been read."""
    if room in WRITTEN_SETTINGS:
        return
    for node in ast.walk(ast.parse(source)):
        if _is_called_settings(node) and (found := LOOSE.search(ast.unparse(node.annotation))):
            yield f"{node.lineno}: settings are no {found[0]} here: take `nstbench.api.Settings`"
        if isinstance(node, ast.Subscript) and _is_settings(node.value) and _is_text(node.slice):
            yield f"{node.lineno}: {ast.unparse(node)}: settings have attributes"
        if isinstance(node, ast.Attribute) and node.attr == "get" and _is_settings(node.value):
            yield f"{node.lineno}: {ast.unparse(node)}: settings have attributes, and every one is there"


def _is_called_settings(node: ast.AST) -> bool:
    """Whether this is a parameter, field or variable of that name, with an annotation."""
    if isinstance(node, ast.arg):
        return node.arg == "settings" and node.annotation is not None
    return isinstance(node, ast.AnnAssign) and _is_settings(node.target)


def _is_settings(node: ast.AST) -> bool:
    return "settings" in (getattr(node, "id", None), getattr(node, "attr", None))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


HELD = {"lock", "locks", "locked", "claim", "claims", "claimed", "claiming", "semaphore", "mutex"}


def yields_under_lock(source: str, room: str) -> Iterator[str]:
    """Say where a generator stops while it holds a lock, which it then holds until somebody asks it on."""
    for node in ast.walk(ast.parse(source)):
        for kind, body in _held_bodies(node):
            for line in _yields(body):
                yield f"{line}: yields {kind}: take and release it around steps that end, not around a yield"


def _held_bodies(node: ast.AST) -> Iterator[tuple[str, list[ast.stmt]]]:
    if isinstance(node, ast.With | ast.AsyncWith):
        names = [_name(item.context_expr) for item in node.items]
        names += [_name(call.args[0]) for call in _calls(node.body, "enter_context") if call.args]
        yield from ((f"within {name}", node.body) for name in names if _speaks_of_locks(name))
    if isinstance(node, ast.Try) and any(_calls(node.finalbody, "release")):
        yield "before a release", node.body


def _name(expression: ast.expr) -> str:
    """Return the last name of an expression, `claim` of `self.store.claim(ids)`."""
    if isinstance(expression, ast.Call):
        return _name(expression.func)
    return getattr(expression, "attr", getattr(expression, "id", ""))


def _speaks_of_locks(name: str) -> bool:
    return any(word.lower() in HELD for word in re.findall("[A-Z]?[a-z]+", name))


def _calls(body: list[ast.stmt], method: str) -> Iterator[ast.Call]:
    for node in _own_nodes(body):
        if isinstance(node, ast.Call) and _name(node.func) == method:
            yield node


def _yields(body: list[ast.stmt]) -> Iterator[int]:
    return (node.lineno for node in _own_nodes(body) if isinstance(node, ast.Yield | ast.YieldFrom))


def _own_nodes(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Walk through statements, but not into functions defined there, which run at another time."""
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            yield node
            yield from _own_nodes(list(ast.iter_child_nodes(node)))
