"""Incidents for machines: every act of the pages."""

from . import incidents, people, record  # noqa: F401  (they fill the router)
from .base import router

__all__ = ["router"]
