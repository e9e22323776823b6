"""What library functions do, one file a library; importing this package fills the table of handlers."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)
