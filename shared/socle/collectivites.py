"""The tenant itself: opened once in each service, before anything else is written for it."""

from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from sqlalchemy import Row, insert, select, true
from sqlalchemy.exc import IntegrityError
from starlette.responses import Response

from shared.refus import Erreur, Introuvable, Refus, Validation, VersionDepassee
from shared.schemas.collectivite import (
    Collectivite,
    CollectiviteCreation,
    CollectiviteModification,
)
from shared.schemas.commun import CodeCollectivite
from shared.socle import tables
from shared.socle.contrat import CommandeDep, EssaiDep, SiVersion, portee, routeur
from shared.socle.db import exige_version, siens
from shared.socle.documents import refusals
from shared.socle.idempotence import once
from shared.socle.modification import Fusion, changements, modifier, update_version
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import TransactionDep


class CollectiviteExistante(Refus):
    code = "reference-externe-existante"
    detail = "Cette collectivite est deja ouverte."


_COLUMNS = select(*tables.Collectivite.__table__.columns).where(siens(tables.Collectivite))


def _render(row: Row[Any]) -> Collectivite:
    return Collectivite.model_validate({**row._mapping, "code": row.collectivite})


def routes(nom: str) -> APIRouter:
    """Opening and reading the collectivité of the token, in one service."""
    router = routeur("collectivites")

    @router.post(
        "/collectivites",
        status_code=201,
        response_model=Collectivite,
        summary="Ouvrir la collectivité du jeton",
        dependencies=[portee(f"{nom}:administrer")],
        responses=refusals(CollectiviteExistante, Introuvable),
    )
    async def creer_collectivite(
        demande: CollectiviteCreation, commande: CommandeDep, tx: TransactionDep
    ) -> Response:
        """Enregistre la collectivité du jeton : son code de flux, son fuseau, ses délais locaux.

        Une fois par service, avant toute autre écriture. Portée `administrer`.
        """

        async def ouvrir() -> Effet:
            if demande.code != tx.collectivite:
                raise Introuvable
            try:
                ZoneInfo(demande.fuseau)
            except (KeyError, ValueError):
                raise Validation(
                    [Erreur("/fuseau", "code-referentiel-inconnu", "Fuseau inconnu")]
                ) from None
            values = demande.model_dump(mode="json", exclude={"code"})
            try:
                await tx.execute(insert(tables.Collectivite), values)
            except IntegrityError:
                raise CollectiviteExistante from None
            row = (await tx.execute(_COLUMNS)).one()
            return Effet(_render(row), location=f"/v1/collectivites/{demande.code}", version=1)

        return await once(tx, commande, ouvrir)

    @router.get(
        "/collectivites/{code}",
        response_model=Collectivite,
        summary="Lire la collectivité du jeton",
        dependencies=[portee(f"{nom}:lire")],
        responses=refusals(Introuvable),
    )
    async def obtenir_collectivite(
        code: CodeCollectivite, request: Request, tx: TransactionDep
    ) -> Response:
        """Rend la collectivité du jeton ; celle d'un autre est introuvable. Portée `lire`."""
        row = (await tx.execute(_COLUMNS)).one_or_none()
        if row is None or code != row.collectivite:
            raise Introuvable
        return rendre_lecture(request, _render(row), row.version)

    @router.patch(
        "/collectivites/{code}",
        response_model=Collectivite,
        summary="Modifier la collectivité du jeton",
        dependencies=[portee(f"{nom}:administrer")],
        responses=refusals(Introuvable, VersionDepassee),
    )
    async def modifier_collectivite(
        code: CodeCollectivite,
        demande: Fusion[CollectiviteModification],
        version: SiVersion,
        essai: EssaiDep,
        tx: TransactionDep,
    ) -> Response:
        """Change le libellé ou les délais affichés ; un tableau est remplacé en entier.

        Sans rien qui change, la version reste. Rien n'est publié : le flux ne connaît pas les
        collectivités. Portée `administrer`.
        """

        async def changer() -> Effet:
            row = (await tx.execute(_COLUMNS)).one_or_none()
            if row is None or code != row.collectivite:
                raise Introuvable
            exige_version(row.version, version)
            valeurs = changements(_render(row), demande)
            if valeurs:
                # A day is text in JSON.
                valeurs = {champ: demande.model_dump(mode="json")[champ] for champ in valeurs}
                row = await update_version(tx, tables.Collectivite, true(), version, valeurs)
            return Effet(_render(row), version=row.version, status=200)

        return await modifier(tx, changer, essai=essai)

    return router
