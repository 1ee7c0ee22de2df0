"""The rule that no files import each other in a circle, as functions over source text."""

import ast
from collections.abc import Collection, Mapping
from pathlib import Path

FRONT_MODULE = "nstbench"


def module_name(path: Path) -> str:
    """Name the module that a source file is, from its path in the repository."""
    inner = path.with_suffix("").parts[1:]
    return ".".join(inner[:-1] if inner[-1] == "__init__" else inner)


def circles(sources: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Find the modules that import each other in a circle, also inside functions and under TYPE_CHECKING.

    The front does not count as imported: it imports inside functions alone, and a room that takes something
    from it uses the package as everybody does.

    Args:
        sources: module -> its text.

    Returns:
        The shortest circle through each module that lies on one, each circle once, in the order of imports.
    """
    arrows = {
        name: _modules_imported(ast.parse(text), sources.keys()) - {name} for name, text in sources.items()
    }
    shortest = {_from_the_first(circle) for name in sorted(arrows) if (circle := _circle(name, arrows))}
    return sorted(shortest)


def _modules_imported(tree: ast.AST, known: Collection[str]) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else node.module for name in names}
    return {name for name in found if name in known and name != FRONT_MODULE}


def _circle(start: str, arrows: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return the shortest way from a module back to itself, without its repetition at the end; or nothing."""
    ways = [(start,)]
    seen: set[str] = set()
    for way in ways:
        for to in sorted(arrows[way[-1]]):
            if to == start:
                return way
            if to not in seen:
                seen.add(to)
                ways.append((*way, to))
    return ()


def _from_the_first(circle: tuple[str, ...]) -> tuple[str, ...]:
    at = circle.index(min(circle))
    return circle[at:] + circle[:at]
