"""Diagnostics: signed by an agent, one after the other; what each says of a frein is observed."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours import voisins
from services.parcours.accompagnements.queries import lock_parcours, read_parcours
from services.parcours.accompagnements.rules import ParcoursClos, exige_ouvert
from services.parcours.diagnostics import queries, rules
from services.parcours.diagnostics.rules import Suite
from services.parcours.freins import episodes
from services.parcours.freins import queries as freins
from services.parcours.freins.rules import (
    OUVERTS,
    SANTE,
    DonneeSanteInterdite,
    exige_ecriture,
    lit_sante,
)
from shared.refus import Introuvable, TransitionInterdite
from shared.schemas.commun import Operation
from shared.schemas.orientation.vocabulaire import NiveauFrein
from shared.schemas.parcours.diagnostics import (
    Diagnostic,
    DiagnosticCreation,
    DiagnosticPrerempli,
    FreinDiagnosticLigne,
    PageDiagnostics,
)
from shared.socle.auth import Acces
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("diagnostics")

_ParcoursId = Annotated[
    UUID, Path(description="Un parcours", examples=["019cb368-8f25-7160-8999-50d836f675cc"])
]
_DiagnosticId = Annotated[
    UUID, Path(description="Un diagnostic", examples=["019cb7e4-90b0-7d03-a6f8-12e5b9c74a60"])
]


@router.post(
    "/parcours/{parcours_id}/diagnostics",
    status_code=201,
    response_model=Diagnostic,
    summary="Signer un diagnostic global",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(Introuvable, ParcoursClos, TransitionInterdite, DonneeSanteInterdite),
)
async def creer_diagnostic(
    parcours_id: _ParcoursId,
    demande: DiagnosticCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Garde un diagnostic, qui remplace celui que l'appelant a lu et ne l'efface pas.

    Chaque frein dit est observé dans la même transaction : un épisode s'ouvre, prend un niveau, ou
    est rouvert. Portée `parcours:ecrire`, et `parcours.sante:ecrire` s'il parle de santé ou de
    handicap. Publie `parcours.diagnostic.signe`, et ce que publient les freins.
    """
    # Before a replay, which must not tell of health either.
    exige_ecriture(sante=rules.dit_sante(demande), portees=tx.acces.portees)
    return await once(tx, commande, lambda: signer_diagnostic(service, tx, demande, parcours_id))


async def signer_diagnostic(
    service: Service, tx: Transaction, demande: DiagnosticCreation, parcours_id: UUID
) -> Effet:
    """Keep a diagnostic, and observe each frein that it tells of."""
    sante = rules.dit_sante(demande)
    exige_ecriture(sante=sante, portees=tx.acces.portees)
    parcours = await lock_parcours(tx, parcours_id)
    exige_ouvert(parcours.statut)
    courant = await queries.read_courant(tx, parcours_id)
    rules.exige_lu(courant, demande.remplace_id)
    jour = await service.aujourdhui(tx)
    rules.verifier_diagnostic(demande, courant, jour)
    codes = [ligne.code for ligne in demande.freins]
    connus = await freins.read_episodes(tx, parcours_id, codes, sante=sante)
    etats = {code: freins.etat(row) for code, row in connus.items()}
    rules.verifier_lignes(demande, etats, jour)
    row = await queries.store_diagnostic(
        tx, _values(tx, parcours, demande, rang=courant.rang + 1 if courant else 1)
    )
    for ligne in demande.freins:
        frein = await _observe(service, tx, parcours_id, demande, ligne, connus.get(ligne.code))
        await queries.store_ligne(
            tx,
            {
                "id": new_id(),
                "diagnostic_id": row.id,
                "frein_id": frein.id,
                **ligne.model_dump(include={"code", "niveau", "situations"}),
            },
            sante=ligne.code in SANTE,
        )
    await publier(
        tx, Fait("parcours.diagnostic.signe", "diagnostics", row.id, 1, Operation.CREATION)
    )
    lignes = await queries.read_lignes(tx, [row.id], sante=sante)
    return Effet(
        queries.render(row, lignes.get(row.id, []), courant=True),
        location=f"/v1/diagnostics/{row.id}",
        version=1,
    )


@router.get(
    "/parcours/{parcours_id}/diagnostics",
    response_model=PageDiagnostics,
    summary="Lister les diagnostics d'un parcours",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_diagnostics(
    parcours_id: _ParcoursId,
    page: Annotated[PageDemandee, page_de(PageDiagnostics)],
    tx: TransactionDep,
) -> Response:
    """Rend les diagnostics, le courant d'abord. Portée `parcours:lire`.

    Santé et handicap n'y sont qu'avec `parcours.sante:lire`.
    """
    await read_parcours(tx, parcours_id)
    rows = await queries.list_diagnostics(tx, page, parcours_id)
    sante = lit_sante(tx.acces.portees)
    lignes = await queries.read_lignes(tx, [row.id for row in rows], sante=sante)
    return rendre_page(
        page, rows, lambda row: queries.render(row, lignes.get(row.id, []), courant=row.courant)
    )


@router.get(
    "/diagnostics/{diagnostic_id}",
    response_model=Diagnostic,
    summary="Lire un diagnostic",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_diagnostic(
    diagnostic_id: _DiagnosticId, request: Request, tx: TransactionDep
) -> Response:
    """Rend un diagnostic tel qu'il a été signé. Portée `parcours:lire`.

    Santé et handicap n'y sont qu'avec `parcours.sante:lire`.
    """
    row = await queries.read_diagnostic(tx, diagnostic_id)
    sante = lit_sante(tx.acces.portees)
    lignes = await queries.read_lignes(tx, [row.id], sante=sante)
    found = queries.render(row, lignes.get(row.id, []), courant=row.courant)
    # What it says never changes; that another supersedes it is said once.
    return rendre_lecture(request, found, 1 if row.courant else 2)


@router.get(
    "/parcours/{parcours_id}/diagnostics/prerempli",
    response_model=DiagnosticPrerempli,
    summary="Préremplir un diagnostic depuis l'orientation",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_diagnostic_prerempli(
    parcours_id: _ParcoursId, request: Request, service: ServiceDep
) -> Response:
    """Rend chaque frein à explorer : ce qu'en disent les critères d'orientation, et ce qu'on sait.

    Rien n'est écrit : un agent signe. Les critères de santé ne sont pas demandés à l'orientation.
    Si elle se tait, 503. Portée `parcours:lire` ; santé et handicap n'y sont qu'avec
    `parcours.sante:lire`.
    """
    acces: Acces = request.state.acces
    async with service.base.transaction(acces) as tx:
        parcours = await read_parcours(tx, parcours_id)
    voisin = voisins.orientation(service, acces.collectivite)
    orientation = await voisin.lire_orientation(parcours.orientation_id)
    sante = lit_sante(acces.portees)
    async with service.base.transaction(acces) as tx:
        courant = await queries.read_courant(tx, parcours_id)
        connus = await freins.read_episodes(tx, parcours_id, [], sante=sante)
    ouverts = {
        code: (row.id, NiveauFrein(row.niveau) if row.niveau else None)
        for code, row in connus.items()
        if row.statut in OUVERTS
    }
    corps = DiagnosticPrerempli(
        parcours_id=parcours_id,
        orientation_id=orientation.id,
        remplace_id=courant.id if courant else None,
        freins=rules.proposer(orientation.criteres, ouverts, sante=sante),
    )
    return rendre(Effet(corps, status=200))


async def _observe(
    service: Service,
    tx: Transaction,
    parcours_id: UUID,
    demande: DiagnosticCreation,
    ligne: FreinDiagnosticLigne,
    connu: Row[Any] | None,
) -> Row[Any]:
    """Do to a frein what a line says of it; return the episode that it is about."""
    if connu is None:
        values = {"parcours_id": parcours_id, "code": ligne.code.value, "libelle": ligne.libelle}
        creation = rules.creation(demande, ligne)
        return await episodes.ouvrir(service, tx, creation, values, sante=ligne.code in SANTE)
    match rules.suite(ligne, freins.etat(connu)):
        case Suite.OBSERVER if ligne.niveau is not None:
            await episodes.observer(service, tx, connu, rules.observation(demande, ligne))
        case Suite.ROUVRIR:
            return await episodes.rouvrir(service, tx, connu, rules.reouverture(demande, ligne))
    return connu


def _values(
    tx: Transaction, parcours: Row[Any], demande: DiagnosticCreation, *, rang: int
) -> dict[str, Any]:
    dits = demande.model_dump(mode="json", include={"projets"})["projets"]
    pouvoir = demande.pouvoir_agir
    return {
        "id": new_id(),
        "parcours_id": parcours.id,
        "rang": rang,
        "remplace_id": demande.remplace_id,
        "orientation_id": parcours.orientation_id,
        "organisme_referent_id": parcours.organisme_referent_id,
        "date_diagnostic": demande.date_diagnostic,
        "agent": demande.agent,
        "projets": [
            {**dit, "besoins": {besoin["code"]: besoin["valeur"] for besoin in dit["besoins"]}}
            for dit in dits
        ],
        "sans_contrainte": demande.sans_contrainte,
        "confiance": pouvoir.confiance if pouvoir else None,
        "accompagnement": pouvoir.accompagnement if pouvoir else None,
        "autonomie_numerique": demande.autonomie_numerique,
        "client_id": tx.acces.auteur,
    }
