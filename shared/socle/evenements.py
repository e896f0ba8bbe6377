"""The change feed: written with the effect, read below the oldest running transaction.

Ordered by (xid, seq) and read only under `pg_snapshot_xmin`, so that a slow transaction's event
is never overtaken: late, never lost. The cursor carries the database's epoch, since the ids of
a restored server start again.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy import insert, text
from starlette.responses import Response

from shared import contexte
from shared.refus import Refus
from shared.schemas.commun import LIMITE_MAX, Changement, Operation, Page
from shared.socle.auth import Acces
from shared.socle.coffre import Coffre
from shared.socle.contrat import portee, routeur, sans_delai
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.ids import new_id
from shared.socle.pages import CurseurInvalide, signer, verifier
from shared.socle.reponses import Effet, rendre
from shared.socle.retention import CHANGEMENTS_JOURS
from shared.socle.tables import Evenement

ATTENTE_MAX_S = 20
_POLL_S = 0.2
_POLL_ARRET_S = 1


class FeedExpire(Refus):
    code = "curseur-expire"
    detail = "Position du flux de changements expiree."

    def __init__(self) -> None:
        super().__init__(reprise="/v1/exports")


@dataclass(frozen=True)
class Fait:
    """Something that happened to a resource, told by identifiers only."""

    type: str  # service.ressource.fait
    ressource: str  # collection, as in its path
    id: UUID
    version: int
    operation: Operation


# Of two transactions that change one resource, the first to begin may be the last to change it.
# A fact takes the place of the last transaction seen ended, when that one is later than its own:
# never before its own, so it is still seen in time, and after all facts that it could know of.
_FAIT = insert(Evenement).values(
    xid=text(
        "greatest(pg_current_xact_id(),"
        " (pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)::text::xid8)"
    )
)


async def publier(tx: Transaction, *faits: Fait) -> None:
    """Add facts to the feed, in the transaction that makes them true."""
    if not faits:
        return
    await tx.execute(
        _FAIT,
        [
            {
                "evenement_id": new_id(),
                "type": fait.type,
                "ressource": fait.ressource,
                "id": fait.id,
                "version": fait.version,
                "operation": fait.operation.value,
                "client_id": tx.acces.auteur,
                "trace": contexte.trace_id(),
                # The job's own fact is the one that webhooks are told.
                "lot_id": None if fait.id == tx.lot else tx.lot,
            }
            for fait in faits
        ],
    )


class PageChangements(Page[Changement]):
    """Une page du flux de changements ; `suivant` a toujours une valeur."""


# The order is that of the column: `xid` alone would name the text selected, where 1000 is
# before 999, and a page would jump over what it did not hold.
_PAGE = text(
    "SELECT e.xid::text AS xid, seq, evenement_id, type, ressource, id, version, operation,"
    " survenu_le FROM evenement e"
    " WHERE collectivite = :collectivite AND e.xid < pg_snapshot_xmin(pg_current_snapshot())"
    " AND (e.xid, seq) > (cast(:xid AS text)::xid8, :seq)"
    " ORDER BY e.xid, seq LIMIT :limite"
)
_NOW = text(
    "SELECT epoque::text AS epoque, pg_snapshot_xmin(pg_current_snapshot())::text AS xmin"
    " FROM epoque"
)


def routes(nom: str) -> APIRouter:
    """The feed of one service, under its own scope."""
    router = routeur("changements")

    @router.get(
        "/changements",
        summary="Suivre les changements",
        response_model=PageChangements,
        dependencies=[portee(f"{nom}:lire")],
        responses=refusals(CurseurInvalide, FeedExpire),
    )
    @sans_delai
    async def suivre_changements(
        request: Request,
        depuis: Annotated[
            str | None,
            Query(
                max_length=400,
                description="Curseur de la page précédente, ou `maintenant` ; absent : le début",
                examples=["maintenant"],
            ),
        ] = None,
        limite: Annotated[
            int, Query(ge=1, le=LIMITE_MAX, description="Taille de page", examples=[100])
        ] = 100,
        attente: Annotated[
            int,
            Query(
                ge=0,
                le=ATTENTE_MAX_S,
                description="Secondes d'attente s'il n'y a rien",
                examples=[20],
            ),
        ] = 0,
    ) -> Response:
        """Rend les faits survenus après le curseur, dans l'ordre, sans trou, au moins une fois.

        Aucune donnée personnelle : des identifiants et des versions. Une page vide veut dire
        « à jour » ; son `suivant` est la position où reprendre. Conservés 30 jours.
        """
        service = request.app.state.service
        acces: Acces = request.state.acces
        clock = asyncio.get_running_loop().time
        until = clock() + attente
        # Known once: the end of the feed, asked again at each look, would walk past what comes.
        async with service.base.transaction(acces) as tx:
            position = await lire_position(service.coffre, tx, depuis, service.horloge())
        while True:
            # One short transaction a look: an open one would hide what others commit.
            async with service.base.transaction(acces) as tx:
                rows = (await tx.execute(_PAGE, {**position, "limite": limite})).all()
            if service.arret.is_set():
                # Not at once: whoever follows the feed would ask again at once, until the end.
                until = min(until, clock() + _POLL_ARRET_S)
            if rows or clock() >= until:
                break
            await asyncio.sleep(_POLL_S)
        if rows:
            position = {**position, "xid": rows[-1].xid, "seq": rows[-1].seq}
        curseur = signer_position(service.coffre, tx, position, service.horloge())
        suivant = (
            f"{service.reglages.url.rstrip('/')}/v1/changements?depuis={curseur}&limite={limite}"
        )
        page = PageChangements.model_validate(
            {
                "elements": [Changement.model_validate(row, from_attributes=True) for row in rows],
                "pagination": {"limite": limite, "suivant": suivant},
            }
        )
        return rendre(Effet(page, status=200, headers={"Link": f'<{suivant}>; rel="next"'}))

    return router


def signer_position(
    coffre: Coffre, tx: Transaction, position: dict[str, Any], horloge: datetime
) -> str:
    """Make the cursor of a place in the feed."""
    return signer(
        coffre,
        {
            "e": position["epoque"],
            "x": position["xid"],
            "s": position["seq"],
            "t": int(horloge.timestamp()),
            "c": tx.collectivite,
        },
    )


async def lire_position(
    coffre: Coffre, tx: Transaction, depuis: str | None, horloge: datetime
) -> dict[str, Any]:
    """Read a place in the feed: none is the start, `maintenant` the end, else a cursor of ours.

    Raises:
        CurseurInvalide: the cursor was not made by us, or for another collectivité.
        FeedExpire: it is of another life of the database, or older than what is kept.
    """
    now = (await tx.execute(_NOW)).one()._mapping
    if depuis is None:
        return {"epoque": now["epoque"], "xid": "0", "seq": 0}
    if depuis == "maintenant":
        return {"epoque": now["epoque"], "xid": now["xmin"], "seq": -1}
    found = verifier(coffre, depuis)
    if found.get("c") != tx.collectivite:
        raise CurseurInvalide
    # What followed an old position may be gone: better said than skipped.
    if found["e"] != now["epoque"] or horloge.timestamp() - found["t"] > CHANGEMENTS_JOURS * 86_400:
        raise FeedExpire
    return {"epoque": found["e"], "xid": found["x"], "seq": found["s"]}
