"""What routes depend on costs no thread."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant

from shared.socle.contrat import RouteContrat


@pytest.mark.parametrize("service", ["orientation", "parcours", "financement"])
def test_no_dependency_runs_in_a_thread(service: str) -> None:
    """FastAPI hands a plain function to a thread, which costs more than what most of ours do.

    Planted: `get_service` made a plain function again, red.
    """
    routes = list(_routes(importlib.import_module(f"services.{service}.app").app(None)))
    assert len(routes) > 20
    assert not {
        f"{call.__module__}.{call.__qualname__}"
        for route in routes
        for call in _calls(route.dependant)
        if not _is_async(call)
    }


def _routes(routeur: Any) -> Iterator[RouteContrat]:
    for route in routeur.routes:
        if isinstance(route, RouteContrat):
            yield route
        elif hasattr(route, "original_router"):  # a router that another includes
            yield from _routes(route.original_router)


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    if dependant.call is not None:
        yield dependant.call
    for child in dependant.dependencies:
        yield from _calls(child)


def _is_async(call: Callable[..., Any]) -> bool:
    functions = (call, getattr(call, "__call__", None))  # noqa: B004  # an object's own
    return any(
        inspect.iscoroutinefunction(one) or inspect.isasyncgenfunction(one) for one in functions
    )
