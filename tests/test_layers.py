"""The rules of the house, read off the source: who may import whom, and what no file may do.

Each rule is a function from a source file to the offences in it. Every rule runs over every file, and every rule is
shown an offence that it has to find.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("scenes", "qa_templates", "generator", "model", "benchmarks", "conf", "examples")
LIBRARIES = {  # what a layer may import besides itself and the standard library; None: anything that is not barred below
    "scenes": {"numpy", "scipy", "trimesh"},
    "qa_templates": {"numpy", "scipy", "scenes", "yaml"},
}
BARRED = {"generator": {"model", "torch", "transformers"}, "model": {"generator", "bpy"}}
HOMES = {  # libraries that these files alone may import
    "bpy": ("generator/blender.py",),
    "bmesh": ("generator/blender.py",),
    "mathutils": ("generator/blender.py",),
    "joblib": ("generator/farm.py", "generator/cluster.py"),
    "loky": ("generator/farm.py",),
    "dask": ("generator/cluster.py",),
    "dask_jobqueue": ("generator/cluster.py",),
    "distributed": ("generator/cluster.py",),
}
SEEDED = {"default_rng", "SeedSequence", "Generator", "BitGenerator", "PCG64", "PCG64DXSM", "Philox"}
CLOCKS = {"time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.strftime", "time.ctime"}
CLOCK_METHODS = {"now", "utcnow", "today"}
CLOCK_HOME = "generator/journal.py"  # where what is told of runs gets its times
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "tools"}

Offences = Iterator[tuple[int, str]]


@dataclass(frozen=True)
class Source:
    """One file: its path relative to the repository, and its text."""

    path: str
    text: str = field(repr=False)

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def layer(self) -> str:
        return self.path.split("/")[0]

    @cached_property
    def is_entry_point(self) -> bool:
        """``__main__.py``, or a file with a ``__name__ == "__main__"`` block; and the door that they share."""
        return self.path.endswith(("/__main__.py", "conf/command_line.py")) or any(
            isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'" for node in self.tree.body
        )

    def imports(self, tree: ast.AST | None = None) -> Offences:
        """(line, full dotted name) of everything imported in the tree."""
        for node in ast.walk(tree or self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, item.name) for item in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((node.lineno, f"{node.module}.{item.name}") for item in node.names)

    @cached_property
    def modules(self) -> set[str]:
        """Top-level names of everything imported."""
        return {name.split(".")[0] for _, name in self.imports()}

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Local name → full dotted name, as in ``np`` → ``numpy``."""
        aliases = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                aliases |= {
                    item.asname or item.name.split(".")[0]: item.name if item.asname else item.name.split(".")[0] for item in node.names
                }
            elif isinstance(node, ast.ImportFrom):
                aliases |= {item.asname or item.name: f"{node.module}.{item.name}" for item in node.names}
        return aliases

    def uses(self) -> Offences:
        """(line, full dotted name) of every name and attribute that is read or called, and of every import."""
        yield from self.imports()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name | ast.Attribute) and (name := self._dotted(node)):
                yield node.lineno, name

    def _dotted(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Name):
            return self.aliases.get(node.id, node.id)
        if isinstance(node, ast.Attribute) and (stem := self._dotted(node.value)):
            return f"{stem}.{node.attr}"
        return None


def layers(source: Source) -> Offences:
    """``scenes`` ← ``qa_templates`` ← ``generator``; ``model`` meets the generator on disk alone."""
    for line, name in source.imports():
        top = name.split(".")[0]
        allowed = LIBRARIES.get(source.layer)
        if top in BARRED.get(source.layer, ()):
            yield line, f"{source.layer} may not import {top}"
        elif allowed is not None and top not in allowed | {source.layer} and top not in sys.stdlib_module_names:
            yield line, f"{source.layer} may import {', '.join(sorted(allowed))}, not {top}"


def homes(source: Source) -> Offences:
    """bpy has one home and joblib another, so that each can be replaced."""
    for line, name in source.imports():
        home = HOMES.get(name.split(".")[0], (source.path,))
        if source.path not in home and source.layer != "benchmarks":
            yield line, f"{name} is imported in {' and '.join(home)} alone"


def configuration(source: Source) -> Offences:
    """hydra stays at the door: behind it there are typed options."""
    for line, name in source.imports():
        if name.split(".")[0] in ("hydra", "omegaconf") and not source.is_entry_point:
            yield line, f"{name} belongs in an entry point"


def workers(source: Source) -> Offences:
    """Blender is imported inside functions that workers run: a process that has rendered must not fork."""
    if source.layer == "benchmarks":
        return
    for statement in source.tree.body:
        if not isinstance(statement, ast.FunctionDef | ast.ClassDef):
            yield from (
                (line, "import generator.blender inside a function") for line, name in source.imports(statement) if _is_blender(name)
            )


def _is_blender(name: str) -> bool:
    return name == "generator.blender" or name.startswith("generator.blender.")


def randomness(source: Source) -> Offences:
    """Every draw comes from a generator that was handed in."""
    for line, name in source.uses():
        parts = name.split(".")
        if name.startswith("numpy.random.") and parts[2] not in SEEDED:
            yield line, f"{name} draws from the global stream"
        if parts[0] in ("uuid", "secrets") or (parts[0] == "random" and "random" in source.modules) or name == "os.urandom":
            yield line, f"{name} cannot be repeated"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and (name := source._dotted(node.func)):
            if name == "numpy.random.default_rng" and not node.args + node.keywords:
                yield node.lineno, "default_rng() without a seed cannot be repeated"
            if name == "hash":
                yield node.lineno, "hash() of a string differs from process to process"


def handed_in(source: Source) -> Offences:
    """No default ``rng``: whoever forgets it should hear so."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            positional = node.args.posonlyargs + node.args.args
            with_default = positional[len(positional) - len(node.args.defaults) :]
            with_default += [item for item, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if default]
            yield from ((node.lineno, "rng has a default") for item in with_default if item.arg in ("rng", "random_state"))


def clocks(source: Source) -> Offences:
    """Labels know no clock. Durations (perf_counter, monotonic) are for progress and benchmarks."""
    if source.path == CLOCK_HOME:
        return
    for line, name in source.uses():
        top, last = name.split(".")[0], name.split(".")[-1]
        if name in CLOCKS or (top == "datetime" and last in CLOCK_METHODS):
            yield line, f"{name} reads the clock"
        if source.layer in ("scenes", "qa_templates") and top in ("time", "datetime") and top in source.modules:
            yield line, f"{source.layer} has no use for {top}"


def assertions(source: Source) -> Offences:
    """``python -O`` must not change what is checked."""
    yield from ((node.lineno, "assert in code") for node in ast.walk(source.tree) if isinstance(node, ast.Assert))


def names(source: Source) -> Offences:
    """A file is named for what it holds."""
    for part in Path(source.path).with_suffix("").parts:
        if part in NAMELESS:
            yield 1, f"{part} says nothing about what is in it"


def voices(source: Source) -> Offences:
    """Only entry points print and configure logging."""
    if source.is_entry_point:
        return
    for line, name in source.uses():
        if name in ("print", "builtins.print", "logging.basicConfig", "rich.print"):
            yield line, f"{name} belongs in an entry point"


def docstrings(source: Source) -> Offences:
    """Every module, public class and public function says what it is; of an overloaded one its body does."""
    if not ast.get_docstring(source.tree):
        yield 1, "the module has no docstring"
    for node in source.tree.body:
        public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        overload = any(ast.unparse(each) == "overload" for each in getattr(node, "decorator_list", ()))
        if public and not overload and not ast.get_docstring(node):
            yield node.lineno, f"{node.name} has no docstring"


Rule = Callable[[Source], Offences]
RULES: tuple[Rule, ...] = (
    layers,
    homes,
    configuration,
    workers,
    randomness,
    handed_in,
    clocks,
    assertions,
    names,
    voices,
    docstrings,
)
SOURCES = [
    Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
]

OFFENCES: tuple[tuple[Rule, str, str], ...] = (
    (layers, "scenes/a.py", "import bpy"),
    (layers, "scenes/a.py", "import cv2"),
    (layers, "scenes/a/b.py", "def f():\n    from generator import options"),
    (layers, "scenes/a.py", "from qa_templates.question import ask"),
    (layers, "qa_templates/a.py", "import generator.farm"),
    (layers, "generator/a.py", "import torch"),
    (layers, "model/a.py", "from generator import dataset"),
    (homes, "generator/a.py", "def f():\n    import bpy"),
    (homes, "generator/a.py", "from mathutils import Vector"),
    (homes, "generator/pipeline.py", "from joblib import Parallel"),
    (configuration, "generator/a.py", "from omegaconf import DictConfig"),
    (workers, "generator/a.py", "from generator import blender"),
    (workers, "generator/a.py", "if True:\n    import generator.blender"),
    (workers, "generator/a.py", "from generator.blender import render"),
    (randomness, "scenes/a.py", "import numpy as np\nnp.random.rand(3)"),
    (randomness, "scenes/a.py", "from numpy.random import shuffle"),
    (randomness, "scenes/a.py", "from numpy import random\nrandom.rand(3)"),
    (randomness, "scenes/a.py", "import random"),
    (randomness, "scenes/a.py", "from random import choice"),
    (randomness, "scenes/a.py", "import uuid"),
    (randomness, "scenes/a.py", "from numpy.random import default_rng\ndefault_rng()"),
    (randomness, "generator/a.py", "hash('a')"),
    (handed_in, "scenes/a.py", "def f(rng=None): ..."),
    (handed_in, "scenes/a.py", "def f(a, *, rng=None): ..."),
    (handed_in, "scenes/a.py", "f = lambda a, rng=3: a"),
    (clocks, "generator/a.py", "import time\ntime.time()"),
    (clocks, "generator/a.py", "from datetime import datetime\ndatetime.now()"),
    (clocks, "generator/a.py", "import datetime as dt\ndt.datetime.utcnow()"),
    (clocks, "scenes/a.py", "import time\ntime.perf_counter()"),
    (clocks, "qa_templates/a.py", "from time import monotonic"),
    (assertions, "scenes/a.py", "def f(x):\n    assert x"),
    (names, "scenes/utils.py", ""),
    (names, "scenes/common/a.py", ""),
    (voices, "scenes/a.py", "print('a')"),
    (voices, "scenes/a.py", "import logging\nlogging.basicConfig()"),
    (docstrings, "scenes/a.py", "x = 1"),
    (docstrings, "scenes/a.py", '"""A."""\ndef f(): ...'),
    (docstrings, "scenes/a.py", '"""A."""\nclass A: ...'),
)

ALLOWED: tuple[tuple[Rule, str, str], ...] = (
    (layers, "scenes/a.py", "import math\nimport numpy.typing\nimport trimesh\nfrom scenes.types import Pose"),
    (layers, "qa_templates/a.py", "from scenes.types import Trajectories"),
    (layers, "generator/a.py", "import moderngl\nfrom qa_templates.question import ask"),
    (homes, "generator/blender.py", "import bpy"),
    (configuration, "generator/__main__.py", "import hydra"),
    (configuration, "generator/a.py", 'import hydra\nif __name__ == "__main__":\n    print()'),
    (workers, "generator/a.py", "def f():\n    from generator import blender"),
    (randomness, "scenes/a.py", "import numpy as np\nrng = np.random.default_rng(np.random.SeedSequence(3))\nrng.random()"),
    (randomness, "scenes/a.py", "def f(random):\n    return random.real"),
    (handed_in, "scenes/a.py", "def f(rng, n=3, *, cue): ..."),
    (clocks, "generator/a.py", "import time\ntime.perf_counter()\ntime.monotonic()"),
    (clocks, "scenes/a.py", "def f(time):\n    return time.real"),
    (voices, "scenes/a.py", "import logging\nlogging.getLogger(__name__)"),
    (docstrings, "scenes/a.py", '"""A."""\ndef _f(): ...'),
    (docstrings, "scenes/a.py", '"""A."""\n@overload\ndef f(): ...'),
)


def _name(value: object) -> str | None:
    return value.path if isinstance(value, Source) else getattr(value, "__name__", None)


@pytest.mark.parametrize("source", SOURCES, ids=_name)
def test_no_file_breaks_a_rule(source: Source):
    assert [f"{source.path}:{line}: {offence}" for rule in RULES for line, offence in rule(source)] == []


@pytest.mark.parametrize(("rule", "path", "text"), OFFENCES, ids=_name)
def test_rule_finds_its_offence(rule: Rule, path: str, text: str):
    assert list(rule(Source(path, text)))


@pytest.mark.parametrize(("rule", "path", "text"), ALLOWED, ids=_name)
def test_rule_lets_pass_what_is_meant(rule: Rule, path: str, text: str):
    assert list(rule(Source(path, text))) == []


def test_every_rule_is_shown_an_offence():
    assert {rule for rule, *_ in OFFENCES} == set(RULES)


def test_every_layer_is_read():
    assert {"scenes", "qa_templates", "generator"} <= {source.layer for source in SOURCES}
