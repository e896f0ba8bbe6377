"""How a resource leaves: its JSON, its version as `ETag`, its address."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

# Personal answers stay with their caller (contract guide, 16.4).
_PRIVE = {"Cache-Control": "private, no-store"}


@dataclass(frozen=True)
class Effet:
    """What a command did: the answer, where the resource is, its version, and if it changed it."""

    contenu: BaseModel
    location: str | None = None
    version: int | str | None = None
    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    change: bool = True


def rendre(effet: Effet) -> Response:
    """Render what a command did."""
    headers = {**_PRIVE, **effet.headers}
    if effet.location is not None:
        headers["Location"] = effet.location
    if effet.version is not None:
        headers["ETag"] = f'"{effet.version}"'
    return Response(
        effet.contenu.model_dump_json(),
        status_code=effet.status,
        media_type="application/json",
        headers=headers,
    )


def rendre_lecture(
    request: Request,
    contenu: BaseModel,
    version: int | str,
    *,
    headers: Mapping[str, str] = _PRIVE,
) -> Response:
    """Render a resource that was read; 304 when the caller holds this version already.

    Args:
        headers: who may keep the answer, where it is not its caller alone.
    """
    etag = f'"{version}"'
    known = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=304, headers={**headers, "ETag": etag})
    return rendre(Effet(contenu, version=version, status=200, headers=dict(headers)))
