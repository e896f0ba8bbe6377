"""Portfolios of agents, and to whom each person is given at its organisme référent."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.organismes.rules import AutreOrganisme, exige_parole
from services.orientation.places.queries import read_place
from services.orientation.portefeuilles import queries, rules
from services.orientation.unites.rules import verifier_periode
from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import Auteur, Identifiant, Operation
from shared.schemas.orientation.organismes import (
    Affectation,
    AffectationCreation,
    PageAffectations,
    PagePortefeuilles,
    Portefeuille,
    PortefeuilleCreation,
    PortefeuilleModification,
    RoleAgent,
)
from shared.schemas.orientation.vocabulaire import StatutPlace
from shared.socle.contrat import CommandeDep, EssaiDep, SiVersion, portee, routeur
from shared.socle.db import exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.modification import Fusion, changements, modifier
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("places")


@router.post(
    "/portefeuilles",
    status_code=201,
    response_model=Portefeuille,
    summary="Enregistrer le portefeuille d'un agent",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(queries.PortefeuilleExistant, AutreOrganisme),
)
async def creer_portefeuille(
    demande: PortefeuilleCreation, commande: CommandeDep, tx: TransactionDep
) -> Response:
    """Enregistre le portefeuille d'un agent, par un code opaque et un rôle, jamais par son nom.

    Le référent n'est pas dans la décision d'orientation : l'organisme référent le désigne (code
    du travail, L5411-6 II 1°), donc seul un client qui parle pour lui peut le faire. `taille` est
    un indicateur et ne ferme rien. Portée `orientation:ecrire`. Publie
    `orientation.portefeuille.enregistre`.
    """

    async def enregistrer() -> Effet:
        organisme_id = demande.organisme_referent_id
        exige_parole(tx.acces.auteur, organisme_id, await queries.read_clients(tx, organisme_id))
        verifier_periode(demande.date_debut, demande.date_fin)
        rules.verifier_unite(await queries.read_unite(tx, demande.unite_id), organisme_id)
        values = {"id": new_id(), **demande.model_dump()}
        row = await queries.store_portefeuille(tx, values)
        await publier(tx, _fait("enregistre", row, Operation.CREATION))
        return Effet(_portefeuille(row), location=f"/v1/portefeuilles/{row.id}", version=1)

    return await once(tx, commande, enregistrer)


@router.get(
    "/portefeuilles",
    response_model=PagePortefeuilles,
    summary="Lister les portefeuilles et leur charge",
    dependencies=[portee("orientation:lire")],
)
async def lister_portefeuilles(
    page: Annotated[PageDemandee, page_de(PagePortefeuilles)],
    tx: TransactionDep,
    organisme_referent_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="De ces organismes, par répétition",
            examples=[["019b789f-d7a0-7c02-9e41-6b1f0f5a2d33"]],
        ),
    ],
    unite_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="De ces unités, par répétition",
            examples=[["019b789f-d7a0-7e52-a3d1-4c8f0b6e9a17"]],
        ),
    ],
    role: Annotated[
        list[RoleAgent],
        Query(
            default_factory=list,
            max_length=10,
            description="Rôles voulus, par répétition",
            examples=[["referent_rsa"]],
        ),
    ],
) -> Response:
    """Rend les portefeuilles, les plus récents d'abord : une équipe est ceux d'une unité, par rôle.

    Portée `orientation:lire`.
    """
    rows = await queries.list_portefeuilles(
        tx, page, organismes=organisme_referent_id, unites=unite_id, roles=role
    )
    return rendre_page(page, rows, _portefeuille)


@router.get(
    "/portefeuilles/{portefeuille_id}",
    response_model=Portefeuille,
    summary="Lire un portefeuille et sa charge",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_portefeuille(portefeuille_id: UUID, tx: TransactionDep) -> Response:
    """Rend un portefeuille et sa charge à l'instant. Portée `orientation:lire`.

    La charge bouge sans que `version` change, donc la réponse n'est jamais 304.
    """
    row = await queries.read_portefeuille(tx, portefeuille_id)
    return rendre(Effet(_portefeuille(row), version=row.version, status=200))


@router.patch(
    "/portefeuilles/{portefeuille_id}",
    response_model=Portefeuille,
    summary="Modifier un portefeuille",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(Introuvable, VersionDepassee, AutreOrganisme),
)
async def modifier_portefeuille(
    portefeuille_id: UUID,
    demande: Fusion[PortefeuilleModification],
    version: SiVersion,
    essai: EssaiDep,
    tx: TransactionDep,
) -> Response:
    """Change ce qui est envoyé ; `null` efface. Qui est dans le portefeuille y reste.

    Sans rien qui change, la version reste et rien n'est publié. Portée `orientation:ecrire`, d'un
    client qui parle pour l'organisme. Publie `orientation.portefeuille.modifie`.
    """

    async def changer() -> Effet:
        courant = _portefeuille(await queries.read_portefeuille(tx, portefeuille_id))
        organisme_id = courant.organisme_referent_id
        exige_parole(tx.acces.auteur, organisme_id, await queries.read_clients(tx, organisme_id))
        exige_version(courant.version, version)
        valeurs = changements(courant, demande)
        if not valeurs:
            return Effet(courant, version=version, status=200)
        voulu = courant.model_copy(update=valeurs)
        verifier_periode(voulu.date_debut, voulu.date_fin)
        rules.verifier_unite(await queries.read_unite(tx, voulu.unite_id), organisme_id)
        row = await queries.update_portefeuille(tx, portefeuille_id, version, valeurs)
        await publier(tx, _fait("modifie", row, Operation.MODIFICATION))
        return Effet(_portefeuille(row), version=row.version, status=200)

    return await modifier(tx, changer, essai=essai)


@router.post(
    "/places/{place_id}/affectations",
    status_code=201,
    response_model=Affectation,
    summary="Confier une personne à une unité ou à un portefeuille",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(Introuvable, VersionDepassee, TransitionInterdite, AutreOrganisme),
)
async def creer_affectation(
    place_id: UUID,
    demande: AffectationCreation,
    version: SiVersion,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Confie une personne à une unité, à un portefeuille, ou la retire de son portefeuille.

    L'acte dit d'où elle vient, donc le suivi reste lisible de référent en référent. Qui attend
    une place n'a pas encore de portefeuille, et qui l'a rendue n'en a plus. Ni la taille d'un
    portefeuille ni les places d'une unité n'empêchent rien. Portée `orientation:ecrire`, d'un
    client qui parle pour l'organisme référent. Publie `orientation.place.affectee`.
    """

    async def affecter() -> Effet:
        place = await queries.read_suivi(tx, place_id)
        exige_parole(tx.acces.auteur, place.organisme_id, place.clients)
        exige_version(place.version, version)
        jour = await service.aujourdhui(tx)
        date_affectation = demande.date_affectation or jour
        unite_id = rules.unite_apres(
            rules.Suivi(
                place.organisme_id, StatutPlace(place.statut), place.unite_id, place.depuis
            ),
            await queries.read_unite(tx, demande.unite_id),
            await queries.read_service(tx, demande.portefeuille_id),
            date_affectation=date_affectation,
            jour=jour,
        )
        row, place_version = await queries.store_affectation(
            tx,
            version,
            {
                "id": new_id(),
                "place_id": place_id,
                "unite_id": unite_id,
                "portefeuille_id": demande.portefeuille_id,
                "unite_precedente_id": place.unite_id,
                "portefeuille_precedent_id": place.portefeuille_id,
                "date_affectation": date_affectation,
                "client_id": tx.acces.auteur,
            },
        )
        await publier(
            tx,
            Fait(
                "orientation.place.affectee",
                "places",
                place_id,
                place_version,
                Operation.MODIFICATION,
            ),
        )
        location = f"/v1/places/{place_id}/affectations/{row.id}"
        return Effet(_affectation(row), location=location, version=place_version)

    return await once(tx, commande, affecter)


@router.get(
    "/places/{place_id}/affectations",
    response_model=PageAffectations,
    summary="Lister à qui une personne a été confiée",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def lister_affectations(
    place_id: UUID,
    page: Annotated[PageDemandee, page_de(PageAffectations, "cree_le")],
    tx: TransactionDep,
) -> Response:
    """Rend les affectations d'une place, la première d'abord, la place rendue comprise.

    Portée `orientation:lire`.
    """
    await read_place(tx, place_id)
    return rendre_page(page, await queries.list_affectations(tx, place_id, page), _affectation)


@router.get(
    "/places/{place_id}/affectations/{affectation_id}",
    response_model=Affectation,
    summary="Lire une affectation",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_affectation(
    place_id: UUID, affectation_id: UUID, request: Request, tx: TransactionDep
) -> Response:
    """Rend une affectation, immuable. Portée `orientation:lire`."""
    row = await queries.read_affectation(tx, affectation_id)
    if row.place_id != place_id:
        raise Introuvable
    return rendre_lecture(request, _affectation(row), 1)


def _portefeuille(row: Row[Any]) -> Portefeuille:
    return Portefeuille.model_validate(row, from_attributes=True)


def _affectation(row: Row[Any]) -> Affectation:
    return Affectation.model_validate({**row._mapping, "auteur": Auteur(client_id=row.client_id)})


def _fait(nom: str, row: Row[Any], operation: Operation) -> Fait:
    return Fait(f"orientation.portefeuille.{nom}", "portefeuilles", row.id, row.version, operation)
