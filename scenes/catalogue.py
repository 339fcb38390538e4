"""Catalogues: named things found in the files of a package, or added by other packages through entry points."""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class UnknownName(KeyError, ValueError):
    """A name that a catalogue does not hold; the message lists the names that it does."""

    def __str__(self) -> str:
        return str(self.args[0])


class Catalogue(Mapping[str, type[T]], Generic[T]):
    """Read-only mapping from public name to class, filled by ``@catalogue.register``.

    The name of a class ``FigureEight`` is ``figure_eight``. Every module of ``package`` is imported
    at the first look-up, and so is every entry point of the group ``motionfoundry.<kind plural>``;
    iteration is in alphabetical order, so that no draw depends on the order of imports.
    """

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self.package = package
        self.group = f"motionfoundry.{kind.replace(' ', '_')}s"
        self._entries: dict[str, type[T]] = {}
        self._names: list[str] = []  # sorted once, as catalogues are gone through all the time
        self._discovered = False

    def register(self, cls: type[T]) -> type[T]:
        """Class decorator. Raises ValueError when another class already has the name."""
        name = snake_case(cls.__name__)
        taken = self._entries.get(name)
        if taken is not None and (taken.__module__, taken.__qualname__) != (cls.__module__, cls.__qualname__):
            raise ValueError(f"{self.kind} {name!r} is already registered by {taken.__module__}; rename {cls!r}")
        cls.name = name  # type: ignore[attr-defined]
        self._entries[name] = cls
        self._names = sorted(self._entries)
        return cls

    def __getitem__(self, name: str) -> type[T]:
        self._discover()
        try:
            return self._entries[name]
        except KeyError:
            raise UnknownName(self._unknown(name)) from None

    def __contains__(self, name: object) -> bool:
        self._discover()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        self._discover()
        return iter(self._names)

    def __len__(self) -> int:
        self._discover()
        return len(self._entries)

    def require(self, key: str, names: Iterable[str]) -> None:
        """Raise UnknownName, with the ``key`` that was set, unless all names are known."""
        for name in names:
            if name not in self:
                raise UnknownName(f"{key} = {name!r} is not allowed: {self._unknown(name)}")

    def _unknown(self, name: str) -> str:
        close = difflib.get_close_matches(str(name), list(self), n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        return f"unknown {self.kind} {name!r}.{hint} Known: {', '.join(self)}."

    def _discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True
        for loaded in discovered(self.package, self.group):
            if isinstance(loaded, type):  # all else registers by being imported
                self.register(loaded)


def discovered(package: str, group: str) -> list[object]:
    """Import every module of a package, and return what the entry points of a group load."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__, prefix=f"{package}."):
        importlib.import_module(module.name)
    return [entry_point.load() for entry_point in importlib.metadata.entry_points(group=group)]


def snake_case(name: str) -> str:
    """``FigureEight`` → ``figure_eight``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
