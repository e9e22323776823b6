"""Imports: the names of libraries, and modules beside the script, which are evaluated when a name of theirs is needed."""

from __future__ import annotations

import ast
import os.path
from pathlib import Path as File
from typing import Final

from kerascheck.findings import SourceText
from kerascheck.script import finder
from kerascheck.script.joins import Flow
from kerascheck.script.names import Names
from kerascheck.script.values import ImportedName, ModuleValue, Page, Scope

LIMIT: Final = 60
"""The most modules that are evaluated for one script."""


class Modules(Names):
    """What import statements do."""

    def import_modules(self, node: ast.Import) -> Flow:
        """`import a.b as c`."""
        for alias in node.names:
            parts = tuple(alias.name.split("."))
            self.imports.add(parts[0])
            if (local := self._beside(parts, 0)) is not None:
                first = self._beside(parts[:1], 0)
                self.assign(alias.asname or parts[0], local if alias.asname else first or local)
                continue
            path = self.canonical(parts)
            self.assign(alias.asname or parts[0], path if alias.asname else self.canonical(parts[:1]))
            self.note_import(path, parts, alias, node)
        return Flow.NEXT

    def import_names(self, node: ast.ImportFrom) -> Flow:
        """`from a.b import c`, `from . import d`, `from e import *`."""
        module = tuple(node.module.split(".")) if node.module else ()
        if not node.level:
            self.imports.add((node.module or "").partition(".")[0])
        local = self._beside(module, node.level)
        if local is not None or node.level:
            self._import_local(node, local)
            return Flow.NEXT
        for alias in node.names:
            if alias.name == "*":
                self.module_of(self.scope).stars += (self.canonical(module),)
                self.note_import(self.canonical((*module, "*")), (*module, "*"), alias, node)
                continue
            path = self.canonical((*module, alias.name))
            self.assign(alias.asname or alias.name, path)
            self.note_import(path, (*module, alias.name), alias, node)
        return Flow.NEXT

    def _import_local(self, node: ast.ImportFrom, module: ModuleValue | None) -> None:
        for alias in node.names:
            if module is None:
                self.assign(alias.asname or alias.name, self.unknown(f"import {alias.name}"))
            elif alias.name == "*":
                self.module_of(self.scope).stars += (module,)
            else:
                self.assign(alias.asname or alias.name, ImportedName(module, alias.name))

    def _beside(self, parts: tuple[str, ...], level: int) -> ModuleValue | None:
        """A module of the project; None for one of a library."""
        if self.written and (name := "/".join(parts) + ".py") in self.written:
            return self._module(File(name))
        here = self.page.file
        if here is None or (not level and finder.is_library(parts[0])):
            return None
        folders = finder.search_path(here.parent)
        if level:
            folder = here.parent
            for _ in range(level - 1):
                folder = folder.parent
            if folders[-1] not in (folder, *folder.parents):
                return None
            if not parts:
                return self._module(folder)
            folders = (folder,)
        found = finder.find((*folders, *self.folders), parts)
        return None if found is None else self._module(found)

    def module_named(self, dotted: str) -> object:
        """The module of an absolute name: of the project, or of a library."""
        parts = tuple(dotted.split("."))
        self.imports.add(parts[0])
        local = self._beside(parts, 0)
        return local if local is not None else self.canonical(parts)

    def search_in(self, folder: object) -> None:
        """`sys.path.append(folder)`, for a folder that is told from where the script lies and belongs to its project."""
        here = self.page.file
        if here is None or not isinstance(folder, str) or os.path.isabs(folder):
            return
        place = File(os.path.normpath(here.parent / folder))
        if any(place.is_relative_to(above) for above in list(here.parents)[: finder.LEVELS]):
            self.folders.append(place)

    def _module(self, place: File) -> ModuleValue:
        found = self.modules.get(place)
        if found is None:
            found = self.modules[place] = ModuleValue(place.stem, place)
        return found

    def name_in(self, module: ModuleValue, name: str) -> object:
        """`module.name`: a name of the module, or a module of the package; evaluates it when it was not yet."""
        scope = self.loaded(module)
        if name in scope.names:
            return self.resolved(scope, name)
        if module.place.suffix != ".py":
            found = finder.find((module.place,), (name,))
            if found is not None:
                return self._module(found)
        for star in reversed(scope.stars):
            if isinstance(star, ModuleValue) and star is not module:
                value = self.name_in(star, name)
                if not self.is_missing(value):
                    return value
        known = self.of_libraries(scope.stars[::-1], name)
        return known if known is not None else self.unknown(f"{module.name}.{name}")

    def loaded(self, module: ModuleValue) -> Scope:
        """The names of a module."""
        if module.scope is not None:
            return module.scope
        scope = module.scope = Scope()
        scope.names["__name__"] = module.name
        if (written := self.written.get(module.place.as_posix())) is not None:
            for unit in written:
                self._evaluate_module(unit.tree.body, scope, self.pages[unit.cell])
            return scope
        file = module.place if module.place.suffix == ".py" else module.place / "__init__.py"
        display = self.display(file)
        source = finder.read_module(file, display) if len(self.reads) < LIMIT else None
        if source is None:
            return scope
        self.reads.append(file)
        module.source, module.display = source, display
        page = self._page(source, display, file)
        self.has_yield = self.has_yield or "yield" in page.text
        self._evaluate_module(source.units[0].tree.body if source.units else [], scope, page)
        return scope

    def texts_beside(self) -> dict[str, SourceText]:
        """The sources of the modules that were evaluated, by what findings call them."""
        return {module.display: module.source.text for module in self.modules.values() if module.source is not None}

    def _page(self, source: finder.Source, display: str, file: File) -> Page:
        return Page(display, None, source.text.lines(None), file)

    def _evaluate_module(self, body: list[ast.stmt], scope: Scope, page: Page) -> None:
        """Run a module's body for the names that it binds; what it trains on the way is another script's matter."""
        outer = (self.scope, self.page, self.trails, self.undecided, self.loops)
        counts = (len(self.events), len(self.defined), len(self.classes), len(self.models))
        self.scope, self.page, self.trails, self.undecided, self.loops = scope, page, [], 0, 0
        try:
            self.run(body)
        finally:
            self.scope, self.page, self.trails, self.undecided, self.loops = outer
            events, defined, classes, models = counts
            del self.events[events:], self.defined[defined:], self.classes[classes:]
            for model in self.models[models:]:
                model.is_foreign = True

    def display(self, file: File) -> str:
        """How findings call a file: its path beside that of the script."""
        if self.file is None:
            return file.as_posix()
        beside = os.path.relpath(file, self.file.parent)
        return os.path.normpath(os.path.join(os.path.dirname(self.path), beside)).replace(os.sep, "/")
