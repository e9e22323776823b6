"""What library functions do, one file a library; importing this package fills the table of handlers."""

from __future__ import annotations

import os
from importlib import import_module

# `pkgutil` would bring inspect along, whose import takes as long as all of these.
_folder = __path__[0]
if os.path.isdir(_folder):
    _names = sorted(name[:-3] for name in os.listdir(_folder) if name.endswith(".py") and name != "__init__.py")
else:
    from pkgutil import iter_modules

    _names = [module.name for module in iter_modules(__path__)]

for _name in _names:
    import_module(f"{__name__}.{_name}")
