"""Organismes référents: who may be designated, where, and which clients speak for them."""

from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.organismes import queries, rules
from services.orientation.places.queries import promote
from shared.refus import Introuvable, VersionDepassee
from shared.schemas.commun import Operation
from shared.schemas.orientation.organismes import (
    OrganismeReferent,
    OrganismeReferentCreation,
    OrganismeReferentModification,
    PageOrganismesReferents,
)
from shared.socle.contrat import CommandeDep, EssaiDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.modification import Fusion, changements, modifier
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("organismes-referents")


@router.post(
    "/organismes-referents",
    status_code=201,
    response_model=OrganismeReferent,
    summary="Enregistrer un organisme référent",
    dependencies=[portee("orientation:administrer")],
    responses=refusals(queries.OrganismeExistant),
)
async def creer_organisme_referent(
    demande: OrganismeReferentCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Enregistre un organisme qui peut être désigné référent. Portée `orientation:administrer`.

    Publie `orientation.organisme_referent.enregistre`.
    """

    return await once(tx, commande, lambda: enregistrer_organisme(service, tx, demande))


async def enregistrer_organisme(
    _: Service, tx: Transaction, demande: OrganismeReferentCreation
) -> Effet:
    """Record an organisme référent."""
    rules.verifier_organisme(demande)
    row = await queries.store_organisme(tx, {"id": new_id(), **demande.model_dump()})
    await publier(tx, _fait("enregistre", row, Operation.CREATION))
    return Effet(
        _render(row),
        location=f"/v1/organismes-referents/{row.id}",
        version=row.version,
    )


@router.get(
    "/organismes-referents",
    response_model=PageOrganismesReferents,
    summary="Lister les organismes référents",
    dependencies=[portee("orientation:lire")],
)
async def lister_organismes_referents(
    page: Annotated[PageDemandee, page_de(PageOrganismesReferents)], tx: TransactionDep
) -> Response:
    """Rend les organismes référents, les plus récents d'abord. Portée `orientation:lire`."""
    rows = await queries.list_organismes(tx, page)
    return rendre_page(
        page,
        rows,
        _render,
    )


@router.get(
    "/organismes-referents/{organisme_referent_id}",
    response_model=OrganismeReferent,
    summary="Lire un organisme référent",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_organisme_referent(organisme_referent_id: UUID, tx: TransactionDep) -> Response:
    """Rend un organisme référent de la collectivité du jeton, et ses places à l'instant.

    Les places bougent sans `version`, donc la réponse n'est jamais 304. Portée `orientation:lire`.
    """
    row = await queries.read_organisme(tx, organisme_referent_id)
    return rendre(Effet(_render(row), version=row.version, status=200))


@router.patch(
    "/organismes-referents/{organisme_referent_id}",
    response_model=OrganismeReferent,
    summary="Modifier un organisme référent",
    dependencies=[portee("orientation:administrer")],
    responses=refusals(Introuvable, VersionDepassee),
)
async def modifier_organisme_referent(
    organisme_referent_id: UUID,
    demande: Fusion[OrganismeReferentModification],
    version: SiVersion,
    essai: EssaiDep,
    tx: TransactionDep,
) -> Response:
    """Change ce qui est envoyé : `null` efface, un tableau est remplacé en entier.

    Sans rien qui change, la version reste et rien n'est publié. Avec plus de places, les premiers
    de la file sont placés ; avec moins, personne ne perd la sienne. Portée
    `orientation:administrer`. Publie `orientation.organisme_referent.modifie`, et
    `orientation.place.attribuee` pour chaque place donnée.
    """

    return await modifier(
        tx,
        lambda: changer_organisme(tx, organisme_referent_id, demande, version),
        essai=essai,
    )


async def changer_organisme(
    tx: Transaction,
    organisme_referent_id: UUID,
    demande: OrganismeReferentModification,
    version: int,
) -> Effet:
    """Change what is sent of an organisme, and give the places that it adds."""
    courant = _render(await queries.read_organisme(tx, organisme_referent_id))
    exige_version(courant.version, version)
    valeurs = changements(courant, demande)
    if not valeurs:
        return Effet(courant, version=version, status=200, change=False)
    rules.verifier_organisme(courant.model_copy(update=valeurs))
    await queries.update_organisme(tx, organisme_referent_id, version, valeurs)
    attribuees = (
        await promote(tx, {organisme_referent_id: valeurs["places"]}) if "places" in valeurs else []
    )
    row = await queries.read_organisme(tx, organisme_referent_id)
    await publier(tx, _fait("modifie", row, Operation.MODIFICATION), *attribuees)
    return Effet(_render(row), version=row.version, status=200)


def _render(row: Row[Any]) -> OrganismeReferent:
    return OrganismeReferent.model_validate(row, from_attributes=True)


def _fait(nom: str, row: Row[Any], operation: Operation) -> Fait:
    nom = f"orientation.organisme_referent.{nom}"
    return Fait(nom, "organismes-referents", row.id, row.version, operation)
