"""Objectifs: what is aimed at to lift a frein, and every state that it had."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours.accompagnements.rules import ParcoursClos, exige_ouvert
from services.parcours.freins import episodes
from services.parcours.freins import queries as freins
from services.parcours.freins.rules import (
    DonneeSanteInterdite,
    connait_sante,
    exige_ecriture,
    exige_episode_ouvert,
    lit_sante,
)
from services.parcours.objectifs import queries, rules
from shared.refus import Introuvable, TransitionInterdite
from shared.schemas.commun import Operation
from shared.schemas.parcours.freins import StatutFrein
from shared.schemas.parcours.objectifs import (
    EtatObjectifCreation,
    Objectif,
    ObjectifCreation,
    PageEtatsObjectif,
    PageObjectifs,
    StatutObjectif,
)
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("freins")

_FreinId = Annotated[
    UUID, Path(description="Un frein", examples=["019cb368-8f25-7160-8999-50d836f675cd"])
]
_ECRITURE = (Introuvable, ParcoursClos, TransitionInterdite, DonneeSanteInterdite)


@router.post(
    "/freins/{frein_id}/objectifs",
    status_code=201,
    response_model=Objectif,
    summary="Fixer un objectif pour lever un frein",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE, rules.ObjectifExistant),
)
async def creer_objectif(
    frein_id: _FreinId,
    demande: ObjectifCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Fixe un objectif d'un épisode ouvert ; `en_cours`, il met le frein en cours.

    Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour un frein de santé, dont les libellés
    sont ceux de France Travail. Publie `parcours.objectif.fixe` et, la première fois,
    `parcours.frein.en_cours`, sauf pour lui.
    """

    async def fixer() -> Effet:
        frein = await _tenir(tx, frein_id)
        etat = freins.etat(frein)
        rules.verifier_creation(etat, demande, await service.aujourdhui(tx))
        values = demande.model_dump(exclude={"source"})
        values["contrainte_ft"] = rules.contrainte_connue(etat.code, demande.libelle)
        row = await queries.store_objectif(
            tx, service.coffre, frein, values, source=demande.source.value
        )
        return await _suite(service, tx, row, "parcours.objectif.fixe")

    return await once(tx, commande, fixer)


@router.get(
    "/freins/{frein_id}/objectifs",
    response_model=PageObjectifs,
    summary="Lister les objectifs d'un frein",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_objectifs_frein(
    frein_id: _FreinId,
    page: Annotated[PageDemandee, page_de(PageObjectifs)],
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Rend les objectifs de l'épisode, les plus récents d'abord. Portée `parcours:lire`.

    Sans `parcours.sante:lire`, les freins de santé et de handicap sont introuvables.
    """
    frein = await freins.read_frein(tx, frein_id, sante=lit_sante(tx.acces.portees))
    rows = await queries.list_objectifs(tx, page, frein)
    return rendre_page(page, rows, lambda row: queries.render(row, service.coffre))


@router.get(
    "/objectifs/{objectif_id}",
    response_model=Objectif,
    summary="Lire un objectif",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_objectif(
    objectif_id: UUID, request: Request, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Rend un objectif dans son dernier état. Portée `parcours:lire`.

    Celui d'un frein de santé est introuvable sans `parcours.sante:lire`.
    """
    row = await queries.read_objectif(tx, objectif_id, sante=lit_sante(tx.acces.portees))
    return rendre_lecture(request, queries.render(row, service.coffre), row.version)


@router.get(
    "/objectifs/{objectif_id}/etats",
    response_model=PageEtatsObjectif,
    summary="Lister les états d'un objectif",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_etats_objectif(
    objectif_id: UUID,
    page: Annotated[PageDemandee, page_de(PageEtatsObjectif)],
    tx: TransactionDep,
) -> Response:
    """Rend tous les états qu'un objectif a eus, le dernier su d'abord. Portée `parcours:lire`.

    Celui d'un frein de santé est introuvable sans `parcours.sante:lire`.
    """
    objectif = await queries.read_objectif(tx, objectif_id, sante=lit_sante(tx.acces.portees))
    rows = await queries.list_etats(tx, page, objectif)
    return rendre_page(page, rows, queries.render_etat)


@router.post(
    "/objectifs/{objectif_id}/etats",
    status_code=201,
    response_model=Objectif,
    summary="Dire où en est un objectif",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_etat_objectif(
    objectif_id: UUID,
    demande: EtatObjectifCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Ajoute un état à un objectif d'un épisode ouvert, et rend l'objectif ; les autres restent.

    `en_cours`, il met le frein en cours ; clos, il ne le lève pas. Portée `parcours:ecrire`, et
    `parcours.sante:ecrire` pour un frein de santé. Publie `parcours.objectif.etat` et, la première
    fois, `parcours.frein.en_cours`, sauf pour lui.
    """

    async def changer() -> Effet:
        found = await queries.read_objectif(tx, objectif_id, sante=connait_sante(tx.acces.portees))
        frein = await _tenir(tx, found.frein_id)
        objectif = await queries.lock_objectif(tx, found)
        exige_version(objectif.version, version)
        exige_episode_ouvert(StatutFrein(frein.statut))
        rules.verifier_etat(
            StatutObjectif(objectif.statut),
            objectif.date_etat,
            demande,
            await service.aujourdhui(tx),
        )
        values = {"statut": demande.statut.value, "date_etat": demande.date_etat}
        row = await queries.update_etat(tx, objectif, values, source=demande.source.value)
        return await _suite(service, tx, row, "parcours.objectif.etat")

    return await once(tx, commande, changer)


async def _tenir(tx: Transaction, frein_id: UUID) -> Row[Any]:
    """Hold a frein that this token may write on: whoever lifts it waits for its objectifs."""
    frein = await freins.lock_frein(tx, frein_id, sante=connait_sante(tx.acces.portees))
    exige_ecriture(sante=frein.sante, portees=tx.acces.portees)
    exige_ouvert(frein.statut_parcours)
    return frein


async def _suite(service: Service, tx: Transaction, row: Row[Any], fait: str) -> Effet:
    """Tell the feed, and begin the frein when this is under way."""
    if not row.sante:
        operation = Operation.CREATION if row.version == 1 else Operation.MODIFICATION
        await publier(tx, Fait(fait, "objectifs", row.id, row.version, operation))
    if row.statut == StatutObjectif.EN_COURS:
        await episodes.commencer(tx, row.frein_id, sante=row.sante)
    return Effet(
        queries.render(row, service.coffre), location=f"/v1/objectifs/{row.id}", version=row.version
    )
