"""The imports of a package, file by file, as they stand in the code: at the top, in functions, and for types alone."""

import ast
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

# The rooms from the ground up; a room imports only those before it.
FLOORS = (
    "foundation", "metrics", "imaging", "formats", "runs", "datasets", "architectures", "training", "techniques",
    "evaluation", "importing", "deployment", "report", "cli",
)  # fmt: skip


def modules(package: Path) -> dict[str, Path]:
    """Return the files of a package by dotted name; an `__init__` bears its folder's."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def import_graph(package: Path) -> dict[str, set[str]]:
    """Return which modules of a package each of them imports, wherever in its file the import stands."""
    files = modules(package)
    return {name: imported(path.read_text(encoding="utf-8"), files) - {name} for name, path in files.items()}


def imported(source: str, files: Mapping[str, Path]) -> set[str]:
    """Return the modules that a source imports, by any form of import."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports are not read here"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in files else node.module)
    return {name for name in found if name in files}


def room(module: str) -> str:
    """Return the room that a module lies in; nothing for the package itself."""
    return module.split(".")[1] if "." in module else ""


def door(package: Path, name: str) -> dict[str, list[str]]:
    """Return what a room hands out: the files that its `__init__` names, and the names out of each; none for a whole file."""
    call = next(
        node
        for node in ast.walk(ast.parse((package / name / "__init__.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "lazy_loader.attach"
    )
    given = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    whole: dict[str, list[str]] = {file: [] for file in given.get("submodules", ())}
    return whole | given.get("submod_attrs", {})


def arrows(graph: Mapping[str, set[str]]) -> Counter[tuple[str, str]]:
    """Return how many imports lead from each room to each other one."""
    pairs = ((room(name), room(other)) for name, others in graph.items() for other in others)
    return Counter((a, b) for a, b in pairs if a and b and a != b)


def way(graph: Mapping[str, set[str]], start: str, ends: set[str]) -> list[str]:
    """Return the shortest way by imports from a module to one of several others; empty where there is none."""
    before, waiting = {start: ""}, [start]
    for name in waiting:
        if name in ends:
            steps = [name]
            while before[steps[-1]]:
                steps.append(before[steps[-1]])
            return steps[::-1]
        found = sorted(graph[name] - before.keys())
        before |= dict.fromkeys(found, name)
        waiting += found
    return []


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other in a loop (Tarjan, 1972)."""
    order, low, stack, found = {}, {}, [], []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in sorted(graph[name]):
            if other not in order:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], order[other])
        if low[name] == order[name]:
            group = [stack.pop()]
            while group[-1] != name:
                group.append(stack.pop())
            if len(group) > 1:
                found.append(sorted(group))

    for name in graph:
        if name not in order:
            visit(name)
    return found
