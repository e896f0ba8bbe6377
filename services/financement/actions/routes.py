"""Actions of the conventions: their places, and who pays for them."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query
from pydantic_core import to_jsonable_python
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.actions import queries, rules
from services.financement.conventions.queries import read_convention, store_acte
from services.financement.conventions.routes import ConventionId
from services.financement.journal.queries import inscrire, open_comptes
from services.financement.journal.regards import Au, ConnuAu, regard_de
from services.financement.journal.rules import Ecriture, lignes_ouverture
from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.financement.actions import (
    ActeActionCreation,
    Action,
    ActionCreation,
    ActionModification,
    Disponibilite,
    Disponibilites,
    DisponibilitesRequete,
    ModeCapacite,
    PageActions,
    StatutAction,
    TypeActeAction,
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
from shared.socle.quotas import quota
from shared.socle.reponses import Effet, rendre
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("actions")

ActionId = Annotated[
    UUID,
    Path(description="Une action", examples=["019cad9d-67a0-7c02-9e41-6b1f0f5a2d33"]),
]

_FAITS = {
    TypeActeAction.DEMARRAGE: "demarree",
    TypeActeAction.ACHEVEMENT: "terminee",
    TypeActeAction.ABANDON: "abandonnee",
}


def rendre_action(row: Row[Any]) -> Action:
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
    places = soldes["disponible"] + row.echu
    montant = rules.montant_disponible(queries.parts_disponibles(row), jour)
    if row.statut == StatutAction.ABANDONNEE:  # what is left of it is not to be taken
        places = montant = 0
    return Disponibilite(
        action_id=row.id,
        places_disponibles=places if comptee else None,
        prix_centimes=row.prix_centimes,
        montant_disponible_centimes=montant,
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

    return await once(tx, commande, lambda: enregistrer_action(service, tx, demande, convention_id))


async def enregistrer_action(
    service: Service, tx: Transaction, demande: ActionCreation, convention_id: UUID
) -> Effet:
    """Record an action, its key and its places."""
    rules.verifier_action(demande, await _cadre(tx, convention_id, demande))
    instant, action_id = service.horloge(), new_id()
    values = {
        **demande.model_dump(mode="json", exclude={"cle"}),
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
    return Effet(rendre_action(row), location=f"/v1/actions/{action_id}", version=1)


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
    au: Au = None,
    connu_au: ConnuAu = None,
) -> Response:
    """Rend les actions et leurs places à l'instant, ou d'un jour ; les plus récentes d'abord.

    Portée `financement:lire`.
    """
    rows = await queries.list_actions(
        tx,
        page,
        service.horloge(),
        conventions=convention_id,
        freins=frein,
        regard=regard_de(au, connu_au),
    )
    return rendre_page(page, rows, rendre_action)


@router.post(
    "/actions/recherches",
    response_model=Disponibilites,
    summary="Rechercher ce qui reste de plusieurs actions",
    dependencies=[portee("financement:lire"), quota("recherche")],
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
async def obtenir_action(
    action_id: ActionId,
    tx: TransactionDep,
    service: ServiceDep,
    au: Au = None,
    connu_au: ConnuAu = None,
) -> Response:
    """Rend une action et ses places à l'instant : ce qui est échu n'y est plus réservé.

    Avec `au` ou `connu_au`, les places sont celles que donnent les écritures de ces jours-là.
    `version` est celle de ce qui est écrit sur l'action ; les places bougent sans elle, donc la
    réponse n'est jamais 304. Portée `financement:lire`.
    """
    regard = regard_de(au, connu_au)
    row = await queries.read_action(tx, action_id, service.horloge(), regard)
    return rendre(Effet(rendre_action(row), version=row.version, status=200))


@router.patch(
    "/actions/{action_id}",
    response_model=Action,
    summary="Modifier une action",
    dependencies=[portee("financement:administrer")],
    responses=refusals(Introuvable, VersionDepassee),
)
async def modifier_action(
    action_id: ActionId,
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
        courante = rendre_action(await queries.read_action(tx, action_id, instant))
        exige_version(courante.version, version)
        valeurs = changements(courante, demande)
        if not valeurs:
            return Effet(courante, version=version, status=200)
        apres = Action.model_validate({**courante.model_dump(), **valeurs})
        rules.verifier_action(apres, await _cadre(tx, apres.convention_id, apres))
        await queries.update_action(
            tx, action_id, version, {**to_jsonable_python(valeurs), "modifie_le": instant}
        )
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
        return Effet(rendre_action(row), version=row.version, status=200)

    return await modifier(tx, changer, essai=essai)


@router.post(
    "/actions/{action_id}/actes",
    status_code=201,
    response_model=Action,
    summary="Démarrer, achever ou abandonner une action",
    dependencies=[portee("financement:administrer")],
    responses=refusals(Introuvable, TransitionInterdite, VersionDepassee),
)
async def creer_acte_action(
    action_id: ActionId,
    demande: ActeActionCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Ajoute un acte d'aujourd'hui ou d'avant, et rend l'action qu'il fait.

    Les actes se relisent avec ceux de sa convention. Ni place ni montant n'en bougent. Portée
    `financement:administrer`. Publie `financement.action.demarree`, `terminee` ou `abandonnee`.
    """

    async def agir() -> Effet:
        row = await queries.lock_action(tx, action_id)
        exige_version(row.version, version)
        instant, jour = service.horloge(), await service.aujourdhui(tx)
        statut = rules.apres_acte(StatutAction(row.statut), row.date_statut, demande, jour)
        await store_acte(
            tx,
            {
                **demande.model_dump(),
                "id": new_id(),
                "convention_id": row.convention_id,
                "action_id": action_id,
                "jour_inscription": jour,
                "cree_le": instant,
            },
        )
        await queries.update_action(
            tx,
            action_id,
            version,
            {"statut": statut, "date_statut": demande.date_acte, "modifie_le": instant},
        )
        await publier(
            tx,
            Fait(
                f"financement.action.{_FAITS[demande.type]}",
                "actions",
                action_id,
                version + 1,
                Operation.MODIFICATION,
            ),
        )
        row = await queries.read_action(tx, action_id, instant)
        return Effet(rendre_action(row), location=f"/v1/actions/{action_id}", version=row.version)

    return await once(tx, commande, agir)
