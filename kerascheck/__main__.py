"""`python -m kerascheck`."""

from __future__ import annotations

from kerascheck.cli import main

if __name__ == "__main__":
    main()
