"""Fixtures that several test modules use."""

from __future__ import annotations

from fake_readers import fake_road

__all__ = ["fake_road"]
