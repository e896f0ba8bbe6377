"""Lists by keyset: a page, and a signed cursor bound to who asked for what (contract guide, 6)."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query, Request
from fastapi.params import Depends
from pydantic import BaseModel
from sqlalchemy import Row, Select, tuple_
from starlette.responses import Response

from shared.refus import Refus
from shared.socle.auth import Acces
from shared.socle.coffre import Coffre
from shared.socle.db import Transaction
from shared.socle.reponses import Effet, rendre

_DUREE_S = 24 * 3600

T = TypeVar("T", bound=BaseModel)


class CurseurInvalide(Refus):
    code, title = "curseur-invalide", "Curseur invalide"


class CurseurExpire(Refus):
    code, title = "curseur-expire", "Curseur expire"


def signer(coffre: Coffre, contenu: dict[str, Any]) -> str:
    """Make an opaque, URL-safe and authenticated cursor."""
    message = json.dumps(contenu, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(coffre.signature(message) + message).decode().rstrip("=")


def verifier(coffre: Coffre, curseur: str) -> dict[str, Any]:
    """Read a cursor that we made.

    Raises:
        CurseurInvalide: it was not made by us.
    """
    try:
        raw = base64.urlsafe_b64decode(curseur + "=" * (-len(curseur) % 4))
        signature, message = raw[:16], raw[16:]
        # The alphabet has spare bits: only the one spelling that we gave is ours.
        if not hmac.compare_digest(signature, coffre.signature(message)) or (
            base64.urlsafe_b64encode(raw).decode().rstrip("=") != curseur
        ):
            raise CurseurInvalide
        found: dict[str, Any] = json.loads(message)
    except (ValueError, binascii.Error):
        raise CurseurInvalide from None
    return found


@dataclass(frozen=True)
class PageDemandee:
    """Which page of which list: what a cursor must still agree with."""

    limite: int
    apres: tuple[datetime, UUID] | None
    request: Request

    @property
    def coffre(self) -> Coffre:
        """The secret that signs cursors."""
        coffre: Coffre = self.request.app.state.service.coffre
        return coffre


def get_page(
    request: Request,
    limite: Annotated[
        int, Query(ge=1, le=200, description="Nombre d'éléments par page", examples=[50])
    ] = 50,
    curseur: Annotated[
        str | None,
        Query(
            max_length=1000,
            description="Curseur opaque de `pagination.suivant` ; lié au client et aux filtres",
            examples=["WyJvcGFxdWUiXQ"],
        ),
    ] = None,
) -> PageDemandee:
    """Read `limite` and `curseur`; a cursor grants nothing, rights are checked on every page."""
    apres = None
    if curseur is not None:
        found = verifier(request.app.state.service.coffre, curseur)
        if found.get("p") != _binding(request):
            raise CurseurInvalide
        if time.time() - found["t"] > _DUREE_S:
            raise CurseurExpire
        apres = (datetime.fromisoformat(found["k"][0]), UUID(found["k"][1]))
    return PageDemandee(limite, apres, request)


PageDep = Annotated[PageDemandee, Depends(get_page)]


async def paginer(
    tx: Transaction,
    statement: Select[*tuple[Any, ...]],
    table: Any,
    demande: PageDemandee,
    parameters: dict[str, Any] | None = None,
) -> Sequence[Row[Any]]:
    """Return one row more than the page, newest first, ties broken by id."""
    if demande.apres is not None:
        statement = statement.where(tuple_(table.cree_le, table.id) < demande.apres)
    statement = statement.order_by(table.cree_le.desc(), table.id.desc()).limit(demande.limite + 1)
    return (await tx.execute(statement, parameters)).all()


def rendre_page(
    demande: PageDemandee,
    modele: type[BaseModel],
    rows: Sequence[Row[Any]],
    element: Callable[[Row[Any]], BaseModel],
) -> Response:
    """Render rows of `paginer` as `modele` (a page), with `Link: rel=next` when there is more."""
    shown = rows[: demande.limite]
    suivant = None
    if len(rows) > demande.limite:
        last = shown[-1]
        suivant = _url(
            demande.request,
            curseur=signer(
                demande.coffre,
                {
                    "k": [last.cree_le.isoformat(), str(last.id)],
                    "p": _binding(demande.request),
                    "t": int(time.time()),
                },
            ),
        )
    page = modele.model_validate(
        {
            "elements": [element(row) for row in shown],
            "pagination": {"limite": demande.limite, "suivant": suivant},
        }
    )
    return rendre(
        Effet(page, status=200, headers={"Link": f'<{suivant}>; rel="next"'} if suivant else {})
    )


def _url(request: Request, **replaced: str) -> str:
    base = request.app.state.service.reglages.url.rstrip("/")
    return f"{base}{request.url.include_query_params(**replaced).path}?" + (
        request.url.include_query_params(**replaced).query
    )


def _binding(request: Request) -> str:
    acces: Acces = request.state.acces
    filters = sorted(
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in ("curseur", "limite")
    )
    message = json.dumps([acces.client_id, acces.collectivite, request.url.path, filters])
    return hashlib.sha256(message.encode()).hexdigest()[:16]
