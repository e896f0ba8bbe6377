"""Parcours: read, and closed. No request opens one: a decision of orientation does (taches.py)."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request
from starlette.responses import Response

from services.parcours.accompagnements import queries, rules
from services.parcours.freins.rules import (
    DonneeSanteInterdite,
    connait_sante,
    exige_ecriture,
    lit_sante,
)
from services.parcours.referents import queries as referents
from shared.refus import Introuvable, TransitionInterdite
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.parcours.accompagnement import (
    ClotureCreation,
    MotifFinReferent,
    PageParcours,
    Parcours,
    ParcoursDetaille,
    StatutParcours,
)
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("parcours")

_ParcoursId = Annotated[
    UUID, Path(description="Un parcours", examples=["019cb368-8f25-7160-8999-50d836f675cc"])
]


@router.get(
    "/parcours",
    response_model=PageParcours,
    summary="Lister les parcours",
    dependencies=[portee("parcours:lire")],
)
async def lister_parcours(
    page: Annotated[PageDemandee, page_de(PageParcours)],
    request: Request,
    tx: TransactionDep,
    statut: Annotated[
        list[StatutParcours],
        Query(
            default_factory=list, max_length=2, description="États voulus", examples=[["ouvert"]]
        ),
    ],
    personne_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="Personnes, par leur identifiant opaque",
            examples=[["39263059-f28c-405d-9fb1-7c2390c192cf"]],
        ),
    ],
) -> Response:
    """Rend les parcours, les plus récents d'abord ; un seul est ouvert par personne.

    Portée `parcours:lire`.
    """
    rows = await queries.list_parcours(tx, page, personnes=personne_id, statuts=statut)
    if personne_id:
        request.state.parcours_lus = [row.id for row in page.montrees(rows)]
    sante = lit_sante(tx.acces.portees)
    return rendre_page(page, rows, lambda row: queries.render(row, sante=sante))


@router.get(
    "/parcours/{parcours_id}",
    response_model=ParcoursDetaille,
    summary="Lire un parcours et ses périodes",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_parcours(
    parcours_id: _ParcoursId, request: Request, tx: TransactionDep
) -> Response:
    """Rend un parcours et ses périodes, une par orientation. Portée `parcours:lire`.

    Sans `parcours.sante:lire`, une sortie pour l'AAH se lit `radie_autre_motif`.
    """
    row = await queries.read_parcours(tx, parcours_id)
    periodes = await queries.read_periodes(tx, parcours_id)
    sante = lit_sante(tx.acces.portees)
    return rendre_lecture(request, queries.render_detaille(row, periodes, sante=sante), row.version)


@router.post(
    "/parcours/{parcours_id}/clotures",
    status_code=201,
    response_model=Parcours,
    summary="Clore un parcours",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(Introuvable, TransitionInterdite, DonneeSanteInterdite),
)
async def cloturer_parcours(
    parcours_id: _ParcoursId,
    demande: ClotureCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Clôt un parcours et sa période en cours : plus rien ne s'y écrit ensuite.

    Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour le motif `aah`, qui dit un handicap.
    Publie `parcours.parcours.clos`, et ce qui cesse avec lui :
    `parcours.referent.parti`, `parcours.passation.caduque`, `parcours.intervenant.parti`. Une
    personne qui revient dans les douze mois le rouvre, par une décision ou par
    `POST …/reouvertures` ; ensuite, elle en ouvre un autre, qui lui est lié.
    """

    exige_ecriture(sante=demande.motif in rules.MOTIFS_SANTE, portees=tx.acces.portees)

    async def clore() -> Effet:
        etat = await queries.lock_parcours(tx, parcours_id)
        exige_version(etat.version, version)
        jour = await service.aujourdhui(tx)
        rules.verifier_cloture(
            demande, statut=etat.statut, debut_courant=etat.date_debut, jour=jour
        )
        scelle = (
            service.coffre.sceller(demande.commentaire.encode(), queries.COMMENTAIRE)
            if demande.commentaire
            else None
        )
        row = await queries.close_parcours(
            tx,
            parcours_id,
            date_sortie=demande.date_sortie,
            motif=demande.motif,
            commentaire=scelle,
        )
        fins = [(parcours_id, demande.date_sortie)]
        partis = [
            *await referents.end_organisme(tx, fins, MotifFinReferent.SORTIE, jour),
            *await referents.end_intervenants(tx, parcours_id, demande.date_sortie),
        ]
        await publier(
            tx,
            Fait(
                "parcours.parcours.clos",
                "parcours",
                parcours_id,
                row.version,
                Operation.MODIFICATION,
            ),
            *partis,
        )
        return Effet(
            queries.render(row, sante=connait_sante(tx.acces.portees)),
            location=f"/v1/parcours/{parcours_id}",
            version=row.version,
        )

    return await once(tx, commande, clore)
