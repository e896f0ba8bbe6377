"""Rendez-vous: taken, moved, honoured or missed, taken again, cancelled."""

from datetime import datetime, time
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours.accompagnements.queries import lock_parcours
from services.parcours.accompagnements.rules import ParcoursClos, exige_ouvert, soir
from services.parcours.rendez_vous import queries, rules
from shared.refus import Introuvable, TransitionInterdite
from shared.schemas.commun import DateCivile, Identifiant, Operation, ReferenceExterne
from shared.schemas.parcours.rendez_vous import (
    AnnulationRendezVousCreation,
    ModificationRendezVousCreation,
    PageActesRendezVous,
    PageRendezVous,
    PresenceRendezVousCreation,
    ReconvocationCreation,
    RendezVous,
    RendezVousCreation,
    StatutRendezVous,
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

router = routeur("rendez-vous")

_ParcoursId = Annotated[
    UUID, Path(description="Un parcours", examples=["019cb368-8f25-7160-8999-50d836f675cc"])
]

_ECRITURE = (Introuvable, ParcoursClos, TransitionInterdite)


@router.post(
    "/parcours/{parcours_id}/rendez-vous",
    status_code=201,
    response_model=RendezVous,
    summary="Prendre un rendez-vous",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(Introuvable, ParcoursClos),
)
async def creer_rendez_vous(
    parcours_id: _ParcoursId,
    demande: RendezVousCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Prend un rendez-vous, à venir ou déjà tenu. Portée `parcours:ecrire`.

    Publie `parcours.rendez_vous.pris`.
    """

    return await once(tx, commande, lambda: prendre_rendez_vous(service, tx, demande, parcours_id))


async def prendre_rendez_vous(
    service: Service, tx: Transaction, demande: RendezVousCreation, parcours_id: UUID
) -> Effet:
    """Take a rendez-vous."""
    parcours = await lock_parcours(tx, parcours_id)
    exige_ouvert(parcours.statut)
    rules.verifier_creneau(demande)
    values = demande.model_dump()
    values["organisme_id"] = demande.organisme_id or parcours.organisme_referent_id
    row = await _prendre(service, tx, {**values, "parcours_id": parcours_id})
    return await _effet(service, tx, row)


@router.get(
    "/rendez-vous",
    response_model=PageRendezVous,
    summary="Lister les rendez-vous",
    dependencies=[portee("parcours:lire")],
)
async def lister_rendez_vous(
    page: Annotated[PageDemandee, page_de(PageRendezVous, "-debut_le")],
    service: ServiceDep,
    tx: TransactionDep,
    parcours_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="Parcours concernés",
            examples=[["019cb368-8f25-7160-8999-50d836f675cc"]],
        ),
    ],
    statut: Annotated[
        list[StatutRendezVous],
        Query(default_factory=list, max_length=5, description="États voulus", examples=[["pris"]]),
    ],
    agent: Annotated[
        ReferenceExterne | None,
        Query(description="Celui qui reçoit, par son code opaque", examples=["agt-1"]),
    ] = None,
    organisme_id: Annotated[
        Identifiant | None,
        Query(description="Son organisme", examples=["019b789f-d7a0-7c02-9e41-6b1f0f5a2d33"]),
    ] = None,
    date_rendez_vous_min: Annotated[
        DateCivile | None, Query(description="Ce jour ou après", examples=["2026-03-23"])
    ] = None,
    date_rendez_vous_max: Annotated[
        DateCivile | None, Query(description="Ce jour ou avant", examples=["2026-03-29"])
    ] = None,
) -> Response:
    """Rend les rendez-vous dans l'ordre de leur début : avec `agent`, un agenda.

    Les jours sont ceux du département. Un rendez-vous déplacé pendant la lecture peut y manquer ou
    y être deux fois. Portée `parcours:lire`.
    """
    fuseau = await service.fuseau(tx)
    premier, dernier = date_rendez_vous_min, date_rendez_vous_max
    rows = await queries.list_rendez_vous(
        tx,
        page,
        parcours=parcours_id,
        agent=agent,
        organisme_id=organisme_id,
        statuts=statut,
        des=None if premier is None else datetime.combine(premier, time.min, fuseau),
        avant=None if dernier is None else soir(dernier, fuseau),
    )
    return rendre_page(page, rows, lambda row: queries.render(row, fuseau))


@router.get(
    "/rendez-vous/{rendez_vous_id}",
    response_model=RendezVous,
    summary="Lire un rendez-vous",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_rendez_vous(
    rendez_vous_id: UUID, request: Request, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Rend un rendez-vous et ce qu'il en est advenu. Portée `parcours:lire`."""
    row = await queries.read_rendez_vous(tx, rendez_vous_id)
    return rendre_lecture(request, queries.render(row, await service.fuseau(tx)), row.version)


@router.get(
    "/rendez-vous/{rendez_vous_id}/actes",
    response_model=PageActesRendezVous,
    summary="Lister ce qui est arrivé à un rendez-vous",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_actes_rendez_vous(
    rendez_vous_id: UUID,
    page: Annotated[PageDemandee, page_de(PageActesRendezVous)],
    tx: TransactionDep,
) -> Response:
    """Rend prise, déplacements avec l'ancien créneau, présences et annulation, le dernier d'abord.

    Portée `parcours:lire`.
    """
    await queries.read_rendez_vous(tx, rendez_vous_id)
    return rendre_page(
        page, await queries.list_actes(tx, page, rendez_vous_id), queries.render_acte
    )


@router.post(
    "/rendez-vous/{rendez_vous_id}/modifications",
    status_code=201,
    response_model=RendezVous,
    summary="Déplacer un rendez-vous",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_modification_rendez_vous(
    rendez_vous_id: UUID,
    demande: ModificationRendezVousCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Donne un autre créneau à un rendez-vous ; l'ancien reste dans ses actes.

    Portée `parcours:ecrire`. Publie `parcours.rendez_vous.modifie`.
    """

    async def deplacer() -> Effet:
        avant = await _lock(tx, rendez_vous_id, version)
        rules.exige_a_venir(queries.etat(avant))
        rules.verifier_creneau(demande)
        statut, jour = StatutRendezVous.MODIFIE, await service.aujourdhui(tx)
        await queries.store_acte(tx, avant, statut, jour, initiateur=demande.initiateur.value)
        creneau = demande.model_dump(exclude={"initiateur"})
        row = await queries.update_rendez_vous(tx, avant.id, statut=statut.value, **creneau)
        return await _effet(service, tx, row)

    return await once(tx, commande, deplacer)


@router.post(
    "/rendez-vous/{rendez_vous_id}/presences",
    status_code=201,
    response_model=RendezVous,
    summary="Constater une présence ou une absence",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_presence_rendez_vous(
    rendez_vous_id: UUID,
    demande: PresenceRendezVousCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Constate qu'une personne est venue, ou non, excusée ou non ; un autre constat le corrige.

    Une absence est un fait, non un manquement : rien n'en découle, qu'un nouveau rendez-vous. Son
    motif n'est jamais de santé. Portée `parcours:ecrire`. Publie `parcours.rendez_vous.effectue`
    ou `parcours.rendez_vous.absent`.
    """

    async def constater() -> Effet:
        avant = await _lock(tx, rendez_vous_id, version)
        constat = demande.date_constat or await service.aujourdhui(tx)
        statut = rules.statut_constate(
            queries.etat(avant),
            demande,
            date_constat=constat,
            instant=service.horloge(),
            fuseau=await service.fuseau(tx),
        )
        constate = {"presence": demande.presence.value, "motif_absence": demande.motif}
        await queries.store_acte(tx, avant, statut, constat, **constate)
        row = await queries.update_rendez_vous(tx, avant.id, statut=statut.value, **constate)
        return await _effet(service, tx, row)

    return await once(tx, commande, constater)


@router.post(
    "/rendez-vous/{rendez_vous_id}/reconvocations",
    status_code=201,
    response_model=RendezVous,
    summary="Reprendre un rendez-vous manqué ou annulé",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_reconvocation(
    rendez_vous_id: UUID,
    demande: ReconvocationCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Prend un nouveau rendez-vous, de même motif et même agent, et le rend ; l'autre reste.

    Après une absence, `rang_relance` avance de un ; après une annulation, non. Portée
    `parcours:ecrire`. Publie `parcours.rendez_vous.pris` et `parcours.rendez_vous.repris`.
    """

    async def reprendre() -> Effet:
        avant = await _lock(tx, rendez_vous_id, version)
        etat = queries.etat(avant)
        rules.exige_a_reprendre(etat)
        rules.verifier_creneau(demande)
        values = {
            **demande.model_dump(),
            "parcours_id": avant.parcours_id,
            "motif": avant.motif,
            "reception": avant.reception,
            "agent": avant.agent,
            "organisme_id": avant.organisme_id,
            "precedent_id": avant.id,
            "rang_relance": rules.rang_apres(etat),
        }
        row = await _prendre(service, tx, values)
        lie = await queries.update_rendez_vous(tx, avant.id, suivant_id=row.id)
        await publier(tx, _fait("repris", lie))
        return await _effet(service, tx, row)

    return await once(tx, commande, reprendre)


@router.post(
    "/rendez-vous/{rendez_vous_id}/annulations",
    status_code=201,
    response_model=RendezVous,
    summary="Annuler un rendez-vous",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def annuler_rendez_vous(
    rendez_vous_id: UUID,
    demande: AnnulationRendezVousCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Annule un rendez-vous qui n'est pas constaté ; ce n'est l'absence de personne.

    Portée `parcours:ecrire`. Publie `parcours.rendez_vous.annule`.
    """

    async def annuler() -> Effet:
        avant = await _lock(tx, rendez_vous_id, version)
        rules.exige_a_venir(queries.etat(avant))
        statut, jour = StatutRendezVous.ANNULE, await service.aujourdhui(tx)
        await queries.store_acte(tx, avant, statut, jour, initiateur=demande.initiateur.value)
        row = await queries.update_rendez_vous(tx, avant.id, statut=statut.value)
        return await _effet(service, tx, row)

    return await once(tx, commande, annuler)


async def _lock(tx: Transaction, rendez_vous_id: UUID, version: int) -> Row[Any]:
    """Hold a rendez-vous, in the version that its caller has read."""
    row = await queries.lock_rendez_vous(tx, rendez_vous_id)
    exige_version(row.version, version)
    exige_ouvert(row.statut_parcours)
    return row


async def _prendre(service: Service, tx: Transaction, values: dict[str, Any]) -> Row[Any]:
    """Insert a rendez-vous and the act that took it."""
    row = await queries.store_rendez_vous(tx, {"rang_relance": 0, **values})
    await queries.store_acte(
        tx,
        row,
        StatutRendezVous.PRIS,
        await service.aujourdhui(tx),
        initiateur=row.initiateur,
    )
    return row


async def _effet(service: Service, tx: Transaction, row: Row[Any]) -> Effet:
    await publier(tx, _fait(row.statut, row))
    return Effet(
        queries.render(row, await service.fuseau(tx)),
        location=f"/v1/rendez-vous/{row.id}",
        version=row.version,
    )


def _fait(fait: str, row: Row[Any]) -> Fait:
    operation = Operation.CREATION if row.version == 1 else Operation.MODIFICATION
    return Fait(f"parcours.rendez_vous.{fait}", "rendez-vous", row.id, row.version, operation)
