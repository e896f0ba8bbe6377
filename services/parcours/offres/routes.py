"""Offres: what can be prescribed, and what fits a frein, from it to the envelope in one call."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours import voisins
from services.parcours.freins.queries import read_frein
from services.parcours.freins.rules import lit_sante
from services.parcours.offres import personnes, queries, rules
from services.parcours.offres.importation import Issue, fait, importer_service
from shared.refus import DependanceIndisponible, Introuvable, Refus, VersionDepassee
from shared.schemas.commun import CodeCommune, Identifiant, Operation
from shared.schemas.financement.actions import Disponibilite
from shared.schemas.parcours.freins import CodeFrein
from shared.schemas.parcours.offres import (
    EtatFinancement,
    Offre,
    OffreCreation,
    OffreModification,
    OrigineOffre,
    PageOffres,
    PageSolutions,
    ServiceDataInclusionCreation,
    Solution,
)
from shared.socle.auth import Acces
from shared.socle.contrat import CommandeDep, EssaiDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.modification import Fusion, changements, modifier
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("offres")


@router.post(
    "/offres",
    status_code=201,
    response_model=Offre,
    summary="Enregistrer une offre de la collectivité",
    dependencies=[portee("parcours:administrer")],
)
async def creer_offre(
    demande: OffreCreation, commande: CommandeDep, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Enregistre ce qui peut se prescrire, pour quels freins, pour qui et où.

    Ses places et son argent restent dans l'action de `financement` qu'elle nomme. Portée
    `parcours:administrer`. Publie `parcours.offre.enregistree`.
    """

    return await once(tx, commande, lambda: enregistrer_offre(service, tx, demande))


async def enregistrer_offre(_: Service, tx: Transaction, demande: OffreCreation) -> Effet:
    """Record an offre of the collectivité."""
    rules.verifier_offre(demande)
    row = await queries.store_offre(
        tx,
        {
            **demande.model_dump(),
            "id": new_id(),
            "origine": OrigineOffre.COLLECTIVITE.value,
            "zone_a_verifier": False,
        },
    )
    assert row is not None  # without a reference, nothing stands in its way
    await publier(tx, fait("enregistree", row, Operation.CREATION))
    return Effet(queries.render(row), location=f"/v1/offres/{row.id}", version=1)


@router.post(
    "/offres-data-inclusion",
    status_code=201,
    response_model=Offre,
    summary="Importer un service de data·inclusion",
    dependencies=[portee("parcours:administrer")],
    responses={
        200: {"model": Offre, "description": "Connu : l'offre est mise à jour, ou inchangée"}
    },
)
async def importer_offre(
    demande: ServiceDataInclusionCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Enregistre un service de data·inclusion comme offre, ou met à jour celle qu'il est déjà.

    Un enregistrement qui n'est pas plus récent ne change rien ; ce que la collectivité a ajouté
    (action, âges, conditions, dates, freins) reste. Une offre retirée (`date_retrait`) revient ; sa
    fin se dit par `date_fin`. Portée `parcours:administrer`. Publie
    `parcours.offre.enregistree` ou `parcours.offre.modifiee`.
    """

    return await once(tx, commande, lambda: appliquer_service(service, tx, demande))


async def appliquer_service(
    service: Service, tx: Transaction, demande: ServiceDataInclusionCreation
) -> Effet:
    """Record a service of data·inclusion, or bring the offre that it is up to date."""
    row, issue = await importer_service(tx, demande, await service.aujourdhui(tx))
    return Effet(
        queries.render(row),
        location=f"/v1/offres/{row.id}",
        version=row.version,
        status=201 if issue is Issue.NOUVELLE else 200,
        change=issue is not Issue.INCHANGEE,
    )


@router.get(
    "/offres",
    response_model=PageOffres,
    summary="Lister les offres",
    dependencies=[portee("parcours:lire")],
)
async def lister_offres(
    page: Annotated[PageDemandee, page_de(PageOffres)],
    tx: TransactionDep,
    frein: Annotated[
        list[CodeFrein],
        Query(
            default_factory=list,
            max_length=15,
            description="Qui peuvent lever l'un de ces freins",
            examples=[["mobilite"]],
        ),
    ],
    action_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="Qui mènent à ces actions",
            examples=[["019cad9d-67a0-7c02-9e41-6b1f0f5a2d33"]],
        ),
    ],
) -> Response:
    """Rend le catalogue, passé et à venir, le plus récent d'abord. Portée `parcours:lire`."""
    rows = await queries.list_offres(tx, page, freins=frein, actions=action_id)
    return rendre_page(page, rows, queries.render)


@router.get(
    "/offres/{offre_id}",
    response_model=Offre,
    summary="Lire une offre",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_offre(offre_id: UUID, request: Request, tx: TransactionDep) -> Response:
    """Rend une offre, ses conditions et ce qu'elle lève. Portée `parcours:lire`."""
    row = await queries.read_offre(tx, offre_id)
    return rendre_lecture(request, queries.render(row), row.version)


@router.patch(
    "/offres/{offre_id}",
    response_model=Offre,
    summary="Modifier une offre",
    dependencies=[portee("parcours:administrer")],
    responses=refusals(Introuvable, VersionDepassee),
)
async def modifier_offre(
    offre_id: UUID,
    demande: Fusion[OffreModification],
    version: SiVersion,
    essai: EssaiDep,
    tx: TransactionDep,
) -> Response:
    """Change ce qui est envoyé : `null` efface, un tableau est remplacé en entier.

    Sans rien qui change, la version reste et rien n'est publié. Ce qui est prescrit le reste. Dire
    `communes` lève `zone_a_verifier`.
    Portée `parcours:administrer`. Publie `parcours.offre.modifiee`.
    """

    return await modifier(tx, lambda: changer_offre(tx, offre_id, demande, version), essai=essai)


async def changer_offre(
    tx: Transaction, offre_id: UUID, demande: OffreModification, version: int
) -> Effet:
    """Change what is sent of an offre."""
    lue = await queries.read_offre(tx, offre_id)
    exige_version(lue.version, version)
    # What it says itself: the freins of its thématiques, which are answered too, follow them.
    courante = queries.render(lue).model_copy(update={"freins": lue.freins})
    valeurs = changements(courante, demande)
    if lue.zone_a_verifier and "communes" in demande.model_fields_set:
        valeurs["zone_a_verifier"] = False
    if not valeurs:
        return Effet(queries.render(lue), version=version, status=200, change=False)
    rules.verifier_offre(courante.model_copy(update=valeurs))
    row = await queries.update_offre(tx, offre_id, version, valeurs)
    await publier(tx, fait("modifiee", row, Operation.MODIFICATION))
    return Effet(queries.render(row), version=row.version, status=200)


@router.get(
    "/freins/{frein_id}/solutions",
    response_model=PageSolutions,
    summary="Lister les offres pour un frein, et ce qui en reste",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_solutions_frein(
    frein_id: Annotated[
        UUID, Path(description="Un frein", examples=["019cb368-8f25-7160-8999-50d836f675cd"])
    ],
    page: Annotated[PageDemandee, page_de(PageSolutions, "proximite")],
    request: Request,
    service: ServiceDep,
    commune: Annotated[
        CodeCommune | None,
        Query(description="Où l'on cherche ; absente : où la personne vit", examples=["35238"]),
    ] = None,
) -> Response:
    """Rend les offres du jour qui répondent au frein, et pour chacune ce qu'il faut pour choisir.

    À quelle distance, par degrés ; si la personne y a droit, condition par condition ; combien de
    places, et ce qui reste pour la payer, lus d'un coup dans `financement`, à qui rien n'est dit
    d'elle. Les pages vont des plus proches aux plus lointaines ; dans une page, ce qui lui est
    ouvert et n'est pas épuisé vient d'abord. Sans `commune`, celle de la personne est relue à
    chaque page : si l'orientation se tait entre deux, leur suite peut changer. Un service voisin
    qui se tait n'empêche rien : `silencieux`, ou des conditions inconnues, le disent. Une lecture,
    qui ne réserve rien. Portée `parcours:lire` ; un frein de santé est introuvable sans
    `parcours.sante:lire`.
    """
    acces: Acces = request.state.acces
    async with service.base.transaction(acces) as tx:
        frein = await read_frein(tx, frein_id, sante=lit_sante(acces.portees))
        faits = await queries.read_faits(tx, frein.parcours_id)
        jour = await service.aujourdhui(tx)
    try:
        found = await personnes.connaitre(service, acces.collectivite, faits, jour, commune=commune)
    except DependanceIndisponible:
        found = personnes.personne(faits, None, jour, commune=commune)
    async with service.base.transaction(acces) as tx:
        rows = await queries.list_solutions(
            tx,
            page,
            code=frein.code,
            commune=commune or found.code_commune,
            jour=jour,
            maintenant=service.horloge(),
        )
    restes = await _restes(service, acces, page.montrees(rows))
    return rendre_page(page, rows, lambda row: _solution(row, found, restes), ordre=rules.ordre)


async def _restes(
    service: Service, acces: Acces, rows: Sequence[Row[Any]]
) -> dict[UUID, Disponibilite] | None:
    """Read what is left of the actions of a page, in one call; none: financement is silent."""
    actions = {row.action_id for row in rows if row.action_id is not None}
    if not actions:
        return {}
    try:
        return await voisins.financement(service, acces.collectivite).lire_disponibilites(
            sorted(actions)
        )
    except Refus:
        return None


def _solution(
    row: Row[Any], personne: rules.Personne, restes: dict[UUID, Disponibilite] | None
) -> Solution:
    reste = None if restes is None else restes.get(row.action_id)
    if reste is not None:
        financement = EtatFinancement.LU
    elif restes is None and row.action_id is not None:
        financement = EtatFinancement.SILENCIEUX
    else:
        financement = EtatFinancement.SANS_OBJET
    return Solution(
        id=row.id,
        titre=row.titre,
        modalite=row.modalite,
        origine=row.origine,
        code_commune=row.code_commune,
        proximite=rules.PROXIMITES[row.proximite],
        eligibilite=rules.eligibilite(queries.conditions(row), personne),
        conditions_acces=row.conditions_acces,
        action_id=row.action_id,
        financement=financement,
        places_disponibles=None if reste is None else reste.places_disponibles,
        prix_centimes=None if reste is None else reste.prix_centimes,
        montant_disponible_centimes=None if reste is None else reste.montant_disponible_centimes,
        prochaine_seance_le=row.prochaine_seance_le,
    )
