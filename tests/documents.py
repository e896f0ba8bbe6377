"""The document of each service, made once a process: it takes seconds."""

from functools import cache
from importlib import import_module
from typing import Any


@cache
def document(service: str) -> dict[str, Any]:
    """What a service says of itself, not to be changed."""
    found: dict[str, Any] = import_module(f"services.{service}.app").app(None).openapi()
    return found
