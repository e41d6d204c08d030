"""The import law: imports point down, siblings do not meet, and what is heavy or dangerous lives in one place.

Every import counts, wherever it stands: at the top, inside a function, under TYPE_CHECKING.
"""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "moderator"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

LEAVES = {"__init__", "access", "clock", "domain", "errors", "log", "metrics", "settings"}
BELOW_FLOW = {"scoring", "policy", "store", "webhooks"}

# Part → the other parts that it may import, besides the leaves. What is not here may not exist.
MAY_IMPORT: dict[str, set[str]] = {
    **{name: set() for name in LEAVES | BELOW_FLOW},
    "training": {"scoring"},
    "flow": BELOW_FLOW,
    "runtime": BELOW_FLOW | {"flow"},
    "workers": BELOW_FLOW | {"flow", "runtime"},
    "web": BELOW_FLOW | {"flow", "runtime"},
    "serve": BELOW_FLOW | {"flow", "runtime", "workers", "web"},
    "commands": BELOW_FLOW | {"flow", "runtime", "workers", "web", "serve", "training"},
    "cli": {"commands"},
    "__main__": {"cli"},
}

# What only one part may import: module → part.
ONLY_UNDER = {
    "hiredis": "store",
    "aiohttp.web": "web",
    "sklearn": "training",
    "joblib": "training",
    "scipy": "training",
}


def modules() -> dict[str, ast.Module]:
    """Dotted name → syntax tree of every module of the package."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(file.read_text("utf-8"), str(file))
    return found


MODULES = modules()


def imported(name: str, tree: ast.Module) -> Iterator[str]:
    """Dotted names that a module imports; `from a import b` gives `a.b`, which may be a module or a name in `a`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} line {node.lineno}: relative imports hide where they point"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def inside(name: str, tree: ast.Module) -> Iterator[str]:
    """The modules of this package that a module imports."""
    for target in imported(name, tree):
        if target.split(".")[0] == "moderator":
            yield target if target in MODULES else target.rpartition(".")[0]


def part(name: str) -> str:
    """The part of the law's table that a module belongs to."""
    return [*name.split("."), "__init__"][1]


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_down_only(name: str) -> None:
    assert part(name) in MAY_IMPORT, f"{name} has no place in the law: give {part(name)} one in MAY_IMPORT"

    for target in inside(name, MODULES[name]):
        allowed = MAY_IMPORT[part(name)] | LEAVES | {part(name)}
        assert part(target) in allowed, f"{name} must not import {target}"


def test_no_modules_import_each_other() -> None:
    graph = {name: set(inside(name, tree)) - {name} for name, tree in MODULES.items()}

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"modules import each other: {' → '.join(reversed(error.args[1]))}")


@pytest.mark.parametrize(("module", "owner"), ONLY_UNDER.items())
def test_some_libraries_are_known_to_one_part_only(module: str, owner: str) -> None:
    strangers = [
        name
        for name, tree in MODULES.items()
        if part(name) != owner and any(f"{target}.".startswith(f"{module}.") for target in imported(name, tree))
    ]

    assert strangers == []


def test_nothing_is_imported_that_only_tests_install() -> None:
    required = {_distribution(line) for line in PROJECT["dependencies"]}
    tests_only = {_distribution(line) for line in PROJECT["optional-dependencies"]["test"]} - required
    provided = {name for name, owners in packages_distributions().items() if tests_only & {o.lower() for o in owners}}
    assert "redis" in provided

    strangers = [
        f"{name} imports {target}"
        for name, tree in MODULES.items()
        for target in imported(name, tree)
        if target.split(".")[0] in provided
    ]

    assert strangers == []


def _distribution(requirement: str) -> str:
    """The name at the start of a line of requirements."""
    return re.split(r"[\[<>=; ]", requirement)[0].lower()


def test_the_environment_is_read_in_settings_only() -> None:
    touching = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv", "putenv"})
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and {a.name for a in node.names} & {"environ"})
    }

    assert touching <= {"moderator.settings"}


def test_serving_never_loads_scikit_learn() -> None:
    # `moderator train` and `moderator evaluate` are commands of their own; the law above keeps all others from it.
    learning = {name for name, tree in MODULES.items() if "training" in map(part, inside(name, tree))}
    serving = [name for name in MODULES if part(name) not in {"training", "__main__"} and name not in learning]
    script = (
        "import importlib, sys\n"
        f"for name in {serving!r}: importlib.import_module(name)\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'sklearn', 'joblib', 'scipy'}))"
    )

    loaded = subprocess.check_output([sys.executable, "-c", script], text=True, cwd=ROOT)

    assert loaded.strip() == "[]"
