"""Bongsu: responsible-AI incident operations."""

__version__ = "0.1.0"
