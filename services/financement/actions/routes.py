"""Actions of the conventions: their places, and who pays for them."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.actions import queries, rules
from services.financement.conventions.queries import read_convention
from services.financement.conventions.routes import ConventionId
from services.financement.journal.queries import inscrire, open_comptes
from services.financement.journal.rules import Ecriture, lignes_ouverture
from shared.refus import Introuvable, VersionDepassee
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.financement.actions import (
    Action,
    ActionCreation,
    ActionModification,
    Disponibilite,
    Disponibilites,
    DisponibilitesRequete,
    ModeCapacite,
    PageActions,
)
from shared.schemas.financement.journal import EvenementJournal, Livre
from shared.schemas.parcours.freins import CodeFrein
from shared.socle.contrat import CommandeDep, EssaiDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.modification import Fusion, changements, modifier
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("actions")

_ActionId = Annotated[
    UUID,
    Path(description="Une action", examples=["019cad9d-67a0-7c02-9e41-6b1f0f5a2d33"]),
]


def _render(row: Row[Any]) -> Action:
    """The places of the journal, less those due back and not yet swept (I-41)."""
    soldes = row.soldes or {"disponible": 0, "reservee": 0, "occupee": 0}
    return Action.model_validate(
        {
            **row._mapping,
            "places_disponibles": soldes["disponible"] + row.echu,
            "places_reservees": soldes["reservee"] - row.echu,
            "places_occupees": soldes["occupee"],
        }
    )


def _disponibilite(row: Row[Any], jour: date) -> Disponibilite:
    soldes = row.soldes or {"disponible": 0}
    comptee = row.mode_capacite != ModeCapacite.AUCUNE
    return Disponibilite(
        action_id=row.id,
        places_disponibles=soldes["disponible"] + row.echu if comptee else None,
        prix_centimes=row.prix_centimes,
        montant_disponible_centimes=rules.montant_disponible(queries.parts_disponibles(row), jour),
    )


async def _cadre(
    tx: Transaction, convention_id: UUID, action: ActionCreation | Action
) -> rules.Cadre:
    """What the rules need to know of the convention, and of the envelopes that pay the action."""
    convention = await read_convention(tx, convention_id)
    enveloppes = [part.enveloppe_id for part in action.cle]
    return rules.Cadre(
        convention_id=convention_id,
        axes=frozenset(axe["ordre"] for axe in convention.axes),
        volets=frozenset(volet["ordre"] for volet in convention.volets),
        conventions=await queries.conventions_of(tx, enveloppes) if enveloppes else {},
    )


@router.post(
    "/conventions/{convention_id}/actions",
    status_code=201,
    response_model=Action,
    summary="Enregistrer une action d'une convention",
    dependencies=[portee("financement:administrer")],
    responses=refusals(Introuvable, queries.ActionExistante),
)
async def creer_action(
    convention_id: ConventionId,
    demande: ActionCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Enregistre une action, sa clé de financement et ses places, ouvertes au journal.

    Les parts de la clé sont des fractions exactes dont la somme vaut 1. Portée
    `financement:administrer`. Publie `financement.action.enregistree`.
    """

    async def enregistrer() -> Effet:
        rules.verifier_action(demande, await _cadre(tx, convention_id, demande))
        instant, action_id = service.horloge(), new_id()
        values = {
            **demande.model_dump(exclude={"cle"}),
            "id": action_id,
            "convention_id": convention_id,
            "cree_le": instant,
            "modifie_le": instant,
        }
        await queries.store_action(tx, values, demande.cle)
        if demande.mode_capacite is not ModeCapacite.AUCUNE:
            await open_comptes(tx, Livre.PLA, action_id)
        await publier(
            tx,
            Fait("financement.action.enregistree", "actions", action_id, 1, Operation.CREATION),
        )
        if demande.places_ouvertes:
            ecriture = Ecriture(
                evenement=EvenementJournal.OUVERTURE_PLACES,
                date_effet=await service.aujourdhui(tx),
                lignes=lignes_ouverture(Livre.PLA, action_id, demande.places_ouvertes),
                action_id=action_id,
                source=demande.source,
            )
            await inscrire(tx, [ecriture], inscrite_le=instant)
        row = await queries.read_action(tx, action_id, instant)
        return Effet(_render(row), location=f"/v1/actions/{action_id}", version=1)

    return await once(tx, commande, enregistrer)


@router.get(
    "/actions",
    response_model=PageActions,
    summary="Lister les actions",
    dependencies=[portee("financement:lire")],
)
async def lister_actions(
    page: Annotated[PageDemandee, page_de(PageActions)],
    tx: TransactionDep,
    service: ServiceDep,
    convention_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="De ces conventions",
            examples=[["019cad9d-67a0-726b-b2a7-4de452e6b438"]],
        ),
    ],
    frein: Annotated[
        list[CodeFrein],
        Query(
            default_factory=list,
            max_length=15,
            description="Qui répondent à l'un de ces freins",
            examples=[["mobilite"]],
        ),
    ],
) -> Response:
    """Rend les actions et leurs places à l'instant, les plus récentes d'abord.

    Portée `financement:lire`.
    """
    rows = await queries.list_actions(
        tx, page, service.horloge(), conventions=convention_id, freins=frein
    )
    return rendre_page(page, rows, _render)


@router.post(
    "/actions/recherches",
    response_model=Disponibilites,
    summary="Rechercher ce qui reste de plusieurs actions",
    dependencies=[portee("financement:lire")],
)
async def rechercher_disponibilites(
    demande: DisponibilitesRequete, tx: TransactionDep, service: ServiceDep
) -> Response:
    """Rend d'un coup les places et l'argent qui restent de deux cents actions au plus.

    Une lecture de l'instant, sans verrou : seule une réservation retient. La demande ne nomme que
    des actions, jamais une personne. Rien n'est écrit. Portée `financement:lire`.
    """
    instant, jour = service.horloge(), await service.aujourdhui(tx)
    rows = await queries.read_disponibilites(tx, demande.action_ids, instant)
    found = [_disponibilite(row, jour) for row in rows]
    return rendre(Effet(Disponibilites(elements=found), status=200))


@router.get(
    "/actions/{action_id}",
    response_model=Action,
    summary="Lire une action et ses places",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_action(action_id: _ActionId, tx: TransactionDep, service: ServiceDep) -> Response:
    """Rend une action et ses places à l'instant : ce qui est échu n'y est plus réservé.

    `version` est celle de ce qui est écrit sur l'action ; les places bougent sans elle, donc la
    réponse n'est jamais 304. Portée `financement:lire`.
    """
    row = await queries.read_action(tx, action_id, service.horloge())
    return rendre(Effet(_render(row), version=row.version, status=200))


@router.patch(
    "/actions/{action_id}",
    response_model=Action,
    summary="Modifier une action",
    dependencies=[portee("financement:administrer")],
    responses=refusals(Introuvable, VersionDepassee),
)
async def modifier_action(
    action_id: _ActionId,
    demande: Fusion[ActionModification],
    version: SiVersion,
    essai: EssaiDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Change ce qui est envoyé : `null` efface, un tableau est remplacé en entier.

    Sans rien qui change, la version reste et rien n'est publié. Les places et la clé de
    financement n'en sont pas : le journal en dépend. Portée `financement:administrer`. Publie
    `financement.action.modifiee`.
    """

    async def changer() -> Effet:
        instant = service.horloge()
        courante = _render(await queries.read_action(tx, action_id, instant))
        exige_version(courante.version, version)
        valeurs = changements(courante, demande)
        if not valeurs:
            return Effet(courante, version=version, status=200)
        apres = courante.model_copy(update=valeurs)
        rules.verifier_action(apres, await _cadre(tx, apres.convention_id, apres))
        await queries.update_action(tx, action_id, version, {**valeurs, "modifie_le": instant})
        row = await queries.read_action(tx, action_id, instant)
        await publier(
            tx,
            Fait(
                "financement.action.modifiee",
                "actions",
                action_id,
                row.version,
                Operation.MODIFICATION,
            ),
        )
        return Effet(_render(row), version=row.version, status=200)

    return await modifier(tx, changer, essai=essai)
