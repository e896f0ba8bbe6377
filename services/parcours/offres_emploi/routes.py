"""Offers of employers, and the persons put forward for them."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours.accompagnements.queries import lock_parcours
from services.parcours.accompagnements.rules import ParcoursClos, exige_ouvert
from services.parcours.employeurs.queries import read_employeur
from services.parcours.offres_emploi import queries, rules
from shared.refus import Introuvable, TransitionInterdite
from shared.schemas.commun import CodeCommune, Identifiant, Operation
from shared.schemas.parcours.emplois import CodeRome
from shared.schemas.parcours.employeurs import (
    MiseEnRelation,
    MiseEnRelationCreation,
    MiseEnRelationResultatCreation,
    OffreEmploi,
    OffreEmploiClotureCreation,
    OffreEmploiCreation,
    PageMisesEnRelation,
    PageOffresEmploi,
    StatutMiseEnRelation,
    StatutOffre,
)
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("offres-emploi")

_OffreId = Annotated[
    UUID, Path(description="Une offre", examples=["019cb368-8f25-7f02-a5b7-94d1e6c3082f"])
]
_MiseId = Annotated[
    UUID,
    Path(description="Une mise en relation", examples=["019cb368-8f25-7185-b3e9-6c07f5a24d81"]),
]
_ECRITURE = (Introuvable, ParcoursClos, TransitionInterdite)


@router.post(
    "/offres-emploi",
    status_code=201,
    response_model=OffreEmploi,
    summary="Enregistrer l'offre d'un employeur",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(Introuvable),
)
async def creer_offre_emploi(
    demande: OffreEmploiCreation, commande: CommandeDep, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Enregistre une offre : métier, lieu de travail, heures, postes. Portée `parcours:ecrire`.

    Publie `parcours.offre_emploi.ouverte`.
    """

    async def ouvrir() -> Effet:
        await read_employeur(tx, demande.employeur_id)
        rules.verifier_offre(demande, await service.aujourdhui(tx))
        row = await queries.store_offre(
            tx,
            {
                "id": new_id(),
                "statut": StatutOffre.OUVERTE.value,
                "places_pourvues": 0,
                **demande.model_dump(),
            },
        )
        return await _effet(tx, row, "ouverte")

    return await once(tx, commande, ouvrir)


@router.get(
    "/offres-emploi",
    response_model=PageOffresEmploi,
    summary="Lister les offres d'emploi",
    dependencies=[portee("parcours:lire")],
)
async def lister_offres_emploi(
    page: Annotated[PageDemandee, page_de(PageOffresEmploi)],
    tx: TransactionDep,
    statut: Annotated[
        list[StatutOffre],
        Query(
            default_factory=list, max_length=3, description="États voulus", examples=[["ouverte"]]
        ),
    ],
    employeur_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="Employeurs concernés",
            examples=[["019b789f-d7a0-7d72-9e15-3c80f6a4b2e7"]],
        ),
    ],
    rome: Annotated[
        list[CodeRome],
        Query(
            default_factory=list, max_length=10, description="Métiers voulus", examples=[["F1703"]]
        ),
    ],
    code_commune: Annotated[
        list[CodeCommune],
        Query(
            default_factory=list,
            max_length=20,
            description="Lieux de travail voulus",
            examples=[["35238"]],
        ),
    ],
) -> Response:
    """Rend les offres, les dernières enregistrées d'abord. Portée `parcours:lire`."""
    rows = await queries.list_offres(
        tx, page, statuts=statut, employeurs=employeur_id, rome=rome, communes=code_commune
    )
    return rendre_page(page, rows, queries.render)


@router.get(
    "/offres-emploi/{offre_emploi_id}",
    response_model=OffreEmploi,
    summary="Lire une offre d'emploi",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_offre_emploi(
    offre_emploi_id: _OffreId, request: Request, tx: TransactionDep
) -> Response:
    """Rend une offre, et ce qui en est pourvu. Portée `parcours:lire`."""
    row = await queries.read_offre(tx, offre_emploi_id)
    return rendre_lecture(request, queries.render(row), row.version)


@router.post(
    "/offres-emploi/{offre_emploi_id}/clotures",
    status_code=201,
    response_model=OffreEmploi,
    summary="Clore une offre d'emploi",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(Introuvable, TransitionInterdite),
)
async def cloturer_offre_emploi(
    offre_emploi_id: _OffreId,
    demande: OffreEmploiClotureCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Clôt une offre, pourvue ou non ; elle reste lisible. Portée `parcours:ecrire`.

    Publie `parcours.offre_emploi.close`.
    """

    async def clore() -> Effet:
        offre = await queries.read_offre(tx, offre_emploi_id, lock=True)
        exige_version(offre.version, version)
        jour = await service.aujourdhui(tx)
        rules.verifier_cloture(demande, StatutOffre(offre.statut), offre.date_ouverture, jour)
        values = {"statut": StatutOffre.CLOSE.value, "date_cloture": demande.date_cloture}
        return await _effet(tx, await queries.update_offre(tx, offre_emploi_id, values), "close")

    return await once(tx, commande, clore)


@router.post(
    "/offres-emploi/{offre_emploi_id}/mises-en-relation",
    status_code=201,
    response_model=MiseEnRelation,
    summary="Proposer une personne sur une offre",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_mise_en_relation(
    offre_emploi_id: _OffreId,
    demande: MiseEnRelationCreation,
    commande: CommandeDep,
    request: Request,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Propose une personne sur une offre où un poste reste. Portée `parcours:ecrire`.

    Publie `parcours.mise_en_relation.proposee`.
    """

    request.state.parcours_lus = [demande.parcours_id]

    async def proposer() -> Effet:
        exige_ouvert((await lock_parcours(tx, demande.parcours_id)).statut)
        offre = await queries.read_offre(tx, offre_emploi_id)
        jour = await service.aujourdhui(tx)
        rules.verifier_proposition(demande, StatutOffre(offre.statut), offre.date_ouverture, jour)
        row = await queries.store_mise(
            tx,
            {
                "id": new_id(),
                "offre_emploi_id": offre_emploi_id,
                "statut": StatutMiseEnRelation.PROPOSEE.value,
                **demande.model_dump(),
            },
        )
        if row is None:
            raise rules.DejaProposee(
                statut_actuel=StatutMiseEnRelation.PROPOSEE,
                transitions_possibles=list(rules.ISSUES),
            )
        return await _effet_mise(tx, row)

    return await once(tx, commande, proposer)


@router.get(
    "/mises-en-relation",
    response_model=PageMisesEnRelation,
    summary="Lister les mises en relation",
    dependencies=[portee("parcours:lire")],
)
async def lister_mises_en_relation(
    page: Annotated[PageDemandee, page_de(PageMisesEnRelation)],
    tx: TransactionDep,
    offre_emploi_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="Offres concernées",
            examples=[["019cb368-8f25-7f02-a5b7-94d1e6c3082f"]],
        ),
    ],
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
        list[StatutMiseEnRelation],
        Query(
            default_factory=list, max_length=5, description="États voulus", examples=[["proposee"]]
        ),
    ],
) -> Response:
    """Rend les mises en relation, les dernières d'abord. Portée `parcours:lire`."""
    rows = await queries.list_mises(
        tx, page, offres=offre_emploi_id, parcours=parcours_id, statuts=statut
    )
    return rendre_page(page, rows, queries.render_mise)


@router.get(
    "/mises-en-relation/{mise_en_relation_id}",
    response_model=MiseEnRelation,
    summary="Lire une mise en relation",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_mise_en_relation(
    mise_en_relation_id: _MiseId, request: Request, tx: TransactionDep
) -> Response:
    """Rend une mise en relation et ce qu'elle a donné. Portée `parcours:lire`."""
    row = await queries.read_mise(tx, mise_en_relation_id)
    return rendre_lecture(request, queries.render_mise(row), row.version)


@router.post(
    "/mises-en-relation/{mise_en_relation_id}/resultats",
    status_code=201,
    response_model=MiseEnRelation,
    summary="Enregistrer l'issue d'une mise en relation",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_resultat_mise_en_relation(
    mise_en_relation_id: _MiseId,
    demande: MiseEnRelationResultatCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Enregistre l'issue, une fois ; un recrutement prend un poste de l'offre.

    Une personne qui décline ne s'expose à rien par là. Portée `parcours:ecrire`. Publie
    `parcours.mise_en_relation.` suivi de l'issue, et `parcours.offre_emploi.pourvue` au dernier
    poste.
    """

    async def resoudre() -> Effet:
        mise = await queries.read_mise(tx, mise_en_relation_id, lock=True)
        exige_version(mise.version, version)
        exige_ouvert(mise.statut_parcours)
        rules.verifier_resultat(
            demande,
            StatutMiseEnRelation(mise.statut),
            mise.date_proposition,
            await service.aujourdhui(tx),
            parcours_id=mise.parcours_id,
            parcours_emploi_id=await queries.read_parcours_emploi(tx, demande.emploi_id),
        )
        if demande.issue is StatutMiseEnRelation.RECRUTEE:
            await _take(tx, mise.offre_emploi_id)
        row = await queries.resolve_mise(
            tx,
            mise_en_relation_id,
            {
                "statut": demande.issue.value,
                "date_resultat": demande.date_resultat,
                "emploi_id": demande.emploi_id,
            },
        )
        return await _effet_mise(tx, row)

    return await once(tx, commande, resoudre)


async def _take(tx: Transaction, offre_emploi_id: UUID) -> None:
    """Take a place of an offer, held: the last is given once."""
    offre = await queries.read_offre(tx, offre_emploi_id, lock=True)
    statut, pourvues = rules.apres_recrutement(
        StatutOffre(offre.statut), offre.places, offre.places_pourvues
    )
    values = {"statut": statut.value, "places_pourvues": pourvues}
    row = await queries.update_offre(tx, offre_emploi_id, values)
    if statut is StatutOffre.POURVUE:
        await _effet(tx, row, "pourvue")


async def _effet(tx: Transaction, row: Row[Any], fait: str) -> Effet:
    operation = Operation.CREATION if row.version == 1 else Operation.MODIFICATION
    told = Fait(f"parcours.offre_emploi.{fait}", "offres-emploi", row.id, row.version, operation)
    await publier(tx, told)
    return Effet(queries.render(row), location=f"/v1/offres-emploi/{row.id}", version=row.version)


async def _effet_mise(tx: Transaction, row: Row[Any]) -> Effet:
    operation = Operation.CREATION if row.version == 1 else Operation.MODIFICATION
    fait = f"parcours.mise_en_relation.{row.statut}"
    await publier(tx, Fait(fait, "mises-en-relation", row.id, row.version, operation))
    return Effet(
        queries.render_mise(row), location=f"/v1/mises-en-relation/{row.id}", version=row.version
    )
