"""Units of an organisme référent: where each one serves, and whom it follows."""

from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.organismes.queries import read_organisme
from services.orientation.unites import queries, rules
from shared.refus import Introuvable, VersionDepassee
from shared.schemas.commun import Operation
from shared.schemas.orientation.organismes import (
    PageUnites,
    Unite,
    UniteCreation,
    UniteModification,
)
from shared.socle.contrat import CommandeDep, EssaiDep, SiVersion, portee, routeur
from shared.socle.db import exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.modification import Fusion, changements, modifier
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre
from shared.socle.transactions import TransactionDep

router = routeur("organismes-referents")


@router.post(
    "/organismes-referents/{organisme_referent_id}/unites",
    status_code=201,
    response_model=Unite,
    summary="Enregistrer une unité d'un organisme référent",
    dependencies=[portee("orientation:administrer")],
    responses=refusals(Introuvable, queries.UniteExistante),
)
async def creer_unite(
    organisme_referent_id: UUID, demande: UniteCreation, commande: CommandeDep, tx: TransactionDep
) -> Response:
    """Enregistre une agence, une maison départementale, une unité emploi.

    Une décision donne à la personne l'unité qui sert sa commune : celle qui a des communes à elle
    avant celle qui sert partout. Les places d'une unité ne ferment rien : seule la borne de
    l'organisme décide de la file. Portée `orientation:administrer`. Publie
    `orientation.unite.enregistree`.
    """

    async def enregistrer() -> Effet:
        await read_organisme(tx, organisme_referent_id)
        rules.verifier_periode(demande.date_debut, demande.date_fin)
        row = await queries.store_unite(
            tx,
            {
                "id": new_id(),
                "organisme_referent_id": organisme_referent_id,
                **demande.model_dump(),
            },
        )
        await publier(tx, _fait("enregistree", row, Operation.CREATION))
        return Effet(_render(row), location=f"/v1/unites/{row.id}", version=row.version)

    return await once(tx, commande, enregistrer)


@router.get(
    "/organismes-referents/{organisme_referent_id}/unites",
    response_model=PageUnites,
    summary="Lister les unités d'un organisme référent",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def lister_unites(
    organisme_referent_id: UUID,
    page: Annotated[PageDemandee, page_de(PageUnites, "cree_le")],
    tx: TransactionDep,
) -> Response:
    """Rend les unités et leur charge, les plus anciennes d'abord. Portée `orientation:lire`."""
    await read_organisme(tx, organisme_referent_id)
    return rendre_page(page, await queries.list_unites(tx, organisme_referent_id, page), _render)


@router.get(
    "/unites/{unite_id}",
    response_model=Unite,
    summary="Lire une unité et sa charge",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_unite(unite_id: UUID, tx: TransactionDep) -> Response:
    """Rend une unité et sa charge à l'instant. Portée `orientation:lire`.

    La charge bouge sans que `version` change, donc la réponse n'est jamais 304.
    """
    row = await queries.read_unite(tx, unite_id)
    return rendre(Effet(_render(row), version=row.version, status=200))


@router.patch(
    "/unites/{unite_id}",
    response_model=Unite,
    summary="Modifier une unité d'un organisme référent",
    dependencies=[portee("orientation:administrer")],
    responses=refusals(Introuvable, VersionDepassee),
)
async def modifier_unite(
    unite_id: UUID,
    demande: Fusion[UniteModification],
    version: SiVersion,
    essai: EssaiDep,
    tx: TransactionDep,
) -> Response:
    """Change ce qui est envoyé : `null` efface, un tableau est remplacé en entier.

    Qui est déjà suivi par l'unité le reste : un autre territoire vaut pour les décisions à venir.
    Sans rien qui change, la version reste et rien n'est publié. Portée `orientation:administrer`.
    Publie `orientation.unite.modifiee`.
    """

    async def changer() -> Effet:
        courante = _render(await queries.read_unite(tx, unite_id))
        exige_version(courante.version, version)
        valeurs = changements(courante, demande)
        if not valeurs:
            return Effet(courante, version=version, status=200)
        voulue = courante.model_copy(update=valeurs)
        rules.verifier_periode(voulue.date_debut, voulue.date_fin)
        row = await queries.update_unite(tx, unite_id, version, valeurs)
        await publier(tx, _fait("modifiee", row, Operation.MODIFICATION))
        return Effet(_render(row), version=row.version, status=200)

    return await modifier(tx, changer, essai=essai)


def _render(row: Row[Any]) -> Unite:
    return Unite.model_validate(row, from_attributes=True)


def _fait(nom: str, row: Row[Any], operation: Operation) -> Fait:
    return Fait(f"orientation.unite.{nom}", "unites", row.id, row.version, operation)
