"""A command sent twice has one effect: key, effect and answer commit together."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.exc import DBAPIError
from starlette.responses import Response

from shared.refus import Refus
from shared.socle import problems
from shared.socle.coffre import Coffre
from shared.socle.db import ATTENTE_TRAVAIL, Transaction, siens
from shared.socle.reponses import Effet, rendre
from shared.socle.tables import Idempotence

_CONTEXTE = "idempotence.corps"
# Kept for replay: what was decided. Never what a second try may mend (contract guide, 10.4).
_GARDES = frozenset({409, 412, 422})


class IdempotenceEnCours(Refus):
    code = "idempotence-en-cours"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}


class IdempotenceCleReutilisee(Refus):
    code = "idempotence-cle-reutilisee"


@dataclass(frozen=True)
class Commande:
    """One command of one client; `empreinte` tells two uses of one key apart."""

    client_id: str
    collectivite: str
    methode: str
    route: str
    cle: str
    empreinte: bytes
    essai: bool
    coffre: Coffre = field(repr=False)

    def cle_pour(self, usage: str) -> str:
        """The key of the command that this one gives to a sibling: the same at each repeat."""
        name = f"{self.client_id}:{self.collectivite}:{self.route}:{self.cle}:{usage}"
        return str(uuid5(NAMESPACE_URL, name))


class _Essai(Exception):
    """Undo a trial: everything was checked, nothing must stay."""


# The unique key is the gate. A twin waits here, `lock_timeout` at most, for the first to end;
# past the gate, the wait for shared rows is the ordinary one.
_CLAIM = text(
    "WITH prise AS ("
    " INSERT INTO idempotence (collectivite, client_id, methode, route, cle, empreinte)"
    " VALUES (:collectivite, :la_client_id, :la_methode, :la_route, :la_cle, :empreinte)"
    " ON CONFLICT DO NOTHING RETURNING cle)"
    " SELECT set_config('lock_timeout', :attente, true) FROM prise"
)
_SAME = (
    (Idempotence.client_id == bindparam("la_client_id"))
    & (Idempotence.methode == bindparam("la_methode"))
    & (Idempotence.route == bindparam("la_route"))
    & (Idempotence.cle == bindparam("la_cle"))
)
_KEEP = (
    update(Idempotence)
    .where(siens(Idempotence), _SAME)
    .values(
        statut=bindparam("p_statut"), entetes=bindparam("p_entetes"), corps=bindparam("p_corps")
    )
)
_READ = select(
    Idempotence.empreinte, Idempotence.statut, Idempotence.entetes, Idempotence.corps
).where(siens(Idempotence), _SAME)


# Never released: the commit does it, and `begin_nested` would spend a round trip on it.
_SAVE, _UNDO = text("SAVEPOINT acte"), text("ROLLBACK TO SAVEPOINT acte")


async def once(
    tx: Transaction, commande: Commande, act: Callable[[], Awaitable[Effet]]
) -> Response:
    """Run `act` and keep its answer under the command's key, in the caller's transaction.

    A refusal is an answer too, and is kept when it is deterministic; a fault keeps nothing.
    With `essai=true` everything is checked and undone, and no key is taken.
    """
    if commande.essai:
        return await essayer(tx, act)
    key = {
        "la_client_id": commande.client_id,
        "la_methode": commande.methode,
        "la_route": commande.route,
        "la_cle": commande.cle,
    }
    try:
        claimed = (
            await tx.execute(
                _CLAIM, {**key, "empreinte": commande.empreinte, "attente": ATTENTE_TRAVAIL}
            )
        ).one_or_none()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":
            raise IdempotenceEnCours from None
        raise
    if claimed is None:
        return await _replay(tx, commande, key)
    await tx.connexion.execute(_SAVE)
    try:
        response = rendre(await act())
    except Refus as refus:
        if refus.status not in _GARDES:
            raise
        await tx.connexion.execute(_UNDO)
        response = problems.render(refus)
    kept = {
        name: response.headers[name]
        for name in ("location", "etag", "content-type", "retry-after")
        if name in response.headers
    }
    await tx.execute(
        _KEEP,
        {
            **key,
            "p_statut": response.status_code,
            "p_entetes": kept,
            "p_corps": commande.coffre.sceller(bytes(response.body), _CONTEXTE),
        },
    )
    return response


async def essayer(tx: Transaction, act: Callable[[], Awaitable[Effet]]) -> Response:
    """Run `act` and undo it: the answer is the real one, and says that it was a trial."""
    effet: Effet | None = None
    try:
        async with tx.connexion.begin_nested():
            effet = await act()
            raise _Essai
    except _Essai:
        assert effet is not None
    response = rendre(replace(effet, location=None))
    body = json.dumps({**json.loads(bytes(response.body)), "essai": True}, ensure_ascii=False)
    kept = {name: value for name, value in response.headers.items() if name != "content-length"}
    return Response(body, status_code=effet.status, headers=kept)


async def _replay(tx: Transaction, commande: Commande, key: dict[str, Any]) -> Response:
    row = (await tx.execute(_READ, key)).one_or_none()
    if row is None or row.statut is None:  # the first one rolled back, or is not done
        raise IdempotenceEnCours
    if bytes(row.empreinte) != commande.empreinte:
        raise IdempotenceCleReutilisee
    return Response(
        commande.coffre.ouvrir(row.corps, _CONTEXTE),
        status_code=row.statut,
        headers={
            "Cache-Control": "private, no-store",
            **row.entetes,
            "Idempotency-Replayed": "true",
        },
    )
