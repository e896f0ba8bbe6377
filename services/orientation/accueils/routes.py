"""The welcome: sessions and who is convened to them; and first contacts, which orient nobody."""

from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.accueils import queries, rules
from services.orientation.personnes.queries import lock_personne, read_personne
from services.orientation.personnes.rules import PersonneFusionnee
from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import Auteur, CodeCommune, DateCivile, Identifiant, Instant, Operation
from shared.schemas.orientation.accueils import (
    Accueil,
    AccueilAnnulationCreation,
    AccueilCreation,
    AccueilModification,
    Contact,
    ContactCreation,
    Convocation,
    ConvocationCreation,
    Dispense,
    DispenseCreation,
    PageAccueils,
    PageContacts,
    PageConvocations,
    PageDispenses,
    PagePresences,
    PresenceConstatee,
    PresenceCreation,
    StatutAccueil,
    StatutConvocation,
    TypeAccueil,
)
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

A = TypeVar("A", PresenceConstatee, Dispense, Contact)

router = routeur("accueils")


@router.post(
    "/accueils",
    status_code=201,
    response_model=Accueil,
    summary="Programmer une séance d'accueil",
    dependencies=[portee("orientation:ecrire")],
)
async def creer_accueil(
    demande: AccueilCreation, commande: CommandeDep, tx: TransactionDep
) -> Response:
    """Programme une réunion, un entretien, une permanence ; une séance passée peut être saisie.

    Portée `orientation:ecrire`. Publie `orientation.accueil.programme`.
    """

    async def programmer() -> Effet:
        rules.verifier_accueil(demande)
        values = {**demande.model_dump(), "id": new_id(), "statut": StatutAccueil.PROGRAMME.value}
        row = await queries.store_accueil(tx, values)
        await publier(tx, _fait_accueil("programme", row.id, 1, Operation.CREATION))
        accueil = Accueil.model_validate({**row._mapping, "places_prises": 0})
        return Effet(accueil, location=f"/v1/accueils/{row.id}", version=1)

    return await once(tx, commande, programmer)


@router.get(
    "/accueils",
    response_model=PageAccueils,
    summary="Lister les séances d'accueil",
    dependencies=[portee("orientation:lire")],
)
async def lister_accueils(
    page: Annotated[
        PageDemandee, page_de(PageAccueils, "-cree_le", "debut_le", intervalle="debut_le")
    ],
    tx: TransactionDep,
    type_: Annotated[
        list[TypeAccueil],
        Query(
            alias="type",
            default_factory=list,
            max_length=10,
            description="Types voulus, par répétition",
            examples=[["reunion_collective"]],
        ),
    ],
    code_commune: Annotated[
        list[CodeCommune],
        Query(
            default_factory=list,
            max_length=10,
            description="Communes voulues, par répétition",
            examples=[["35238"]],
        ),
    ],
    debut_le_min: Annotated[
        Instant | None,
        Query(description="Commençant alors ou après", examples=["2026-03-01T00:00:00Z"]),
    ] = None,
    debut_le_max: Annotated[
        Instant | None,
        Query(description="Commençant alors ou avant", examples=["2026-03-31T23:59:59Z"]),
    ] = None,
) -> Response:
    """Rend les séances, les dernières saisies d'abord ; entre deux instants, dans leur ordre.

    Une séance déplacée pendant une lecture dans l'ordre de `debut_le` peut être revue ou manquée.
    Portée `orientation:lire`.
    """
    rows = await queries.list_accueils(
        tx, page, type_, code_commune, debut_le_min=debut_le_min, debut_le_max=debut_le_max
    )
    return rendre_page(page, rows, _accueil)


@router.get(
    "/accueils/{accueil_id}",
    response_model=Accueil,
    summary="Lire une séance d'accueil et ses places",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_accueil(accueil_id: UUID, tx: TransactionDep) -> Response:
    """Rend une séance et ses places à l'instant. Portée `orientation:lire`.

    `version` est celle de ce qui est écrit de la séance ; les places se prennent sans elle, donc
    la lecture n'est jamais 304.
    """
    row = await queries.read_accueil(tx, accueil_id)
    return rendre(Effet(_accueil(row), version=row.version, status=200))


@router.patch(
    "/accueils/{accueil_id}",
    response_model=Accueil,
    summary="Modifier une séance programmée",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(
        Introuvable, VersionDepassee, TransitionInterdite, rules.PlacesEpuisees, rules.OrdreAccueil
    ),
)
async def modifier_accueil(
    accueil_id: UUID,
    demande: Fusion[AccueilModification],
    version: SiVersion,
    essai: EssaiDep,
    tx: TransactionDep,
) -> Response:
    """Change le lieu, les horaires ou les places d'une séance qui n'est ni tenue ni annulée.

    Les places ne descendent pas sous les personnes déjà convoquées, et un entretien ne passe pas
    avant la réunion de qui y est convoqué. Sans rien qui change, la version reste et rien n'est
    publié. Portée `orientation:ecrire`. Publie `orientation.accueil.modifie`.
    """

    async def changer() -> Effet:
        row = await queries.lock_accueil(tx, accueil_id)
        courant = _accueil(row)
        exige_version(courant.version, version)
        valeurs = changements(courant, demande)
        if not valeurs:
            return Effet(courant, version=version, status=200)
        rules.exige_statut(courant.statut, StatutAccueil.PROGRAMME)
        voulu = courant.model_copy(update=valeurs)
        rules.verifier_accueil(voulu)
        rules.exige_places(voulu.places, voulu.places_prises)
        if voulu.type is TypeAccueil.ENTRETIEN_INDIVIDUEL:
            for personne_id in await queries.list_convoques(tx, accueil_id):
                deja = await queries.premier_accueil(tx, personne_id)
                rules.exige_ordre(voulu.type, voulu.debut_le, deja)
        row = await queries.update_accueil(tx, accueil_id, version, valeurs)
        await publier(tx, _fait_accueil("modifie", accueil_id, row.version))
        return Effet(_accueil(row), version=row.version, status=200)

    return await modifier(tx, changer, essai=essai)


@router.post(
    "/accueils/{accueil_id}/annulations",
    status_code=201,
    response_model=Accueil,
    summary="Annuler une séance programmée",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(Introuvable, VersionDepassee, TransitionInterdite),
)
async def annuler_accueil(
    accueil_id: UUID,
    demande: AccueilAnnulationCreation,
    version: SiVersion,
    commande: CommandeDep,
    tx: TransactionDep,
) -> Response:
    """Annule une séance ; qui y était convoqué est à relancer, sans que cela compte contre lui.

    Portée `orientation:ecrire`. Publie `orientation.accueil.annule`, et
    `orientation.convocation.a_relancer` pour chaque convocation.
    """

    async def annuler() -> Effet:
        row = await queries.lock_accueil(tx, accueil_id)
        exige_version(row.version, version)
        rules.exige_statut(StatutAccueil(row.statut), StatutAccueil.PROGRAMME)
        valeurs = {"statut": StatutAccueil.ANNULE.value, "motif_annulation": demande.motif}
        row = await queries.update_accueil(tx, accueil_id, version, valeurs)
        liberees = await queries.cancel_convocations(tx, accueil_id)
        await publier(
            tx,
            _fait_accueil("annule", accueil_id, row.version),
            *(_fait_convocation("a_relancer", one) for one in liberees),
        )
        return Effet(_accueil(row), location=f"/v1/accueils/{accueil_id}", version=row.version)

    return await once(tx, commande, annuler)


@router.post(
    "/accueils/{accueil_id}/convocations",
    status_code=201,
    response_model=Convocation,
    summary="Convoquer une personne à une séance",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(
        Introuvable,
        PersonneFusionnee,
        TransitionInterdite,
        rules.OrdreAccueil,
        rules.PlacesEpuisees,
        queries.ConvocationEnCours,
    ),
)
async def creer_convocation(
    accueil_id: UUID,
    demande: ConvocationCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Convoque une personne et lui prend une place. Ne prend pas d'If-Match : les places décident.

    L'entretien individuel suit la réunion collective, sauf dispense. Après une absence ou une
    séance annulée, la convocation relance la précédente de ce type : `precedente_id`,
    `rang_relance`. Portée `orientation:ecrire`. Publie `orientation.convocation.envoyee`, et
    `orientation.convocation.relancee` pour ce qu'elle relance.
    """

    async def convoquer() -> Effet:
        await lock_personne(tx, demande.personne_id)
        accueil = await queries.lock_accueil(tx, accueil_id)
        type_ = TypeAccueil(accueil.type)
        rules.exige_statut(
            StatutAccueil(accueil.statut), StatutAccueil.PROGRAMME, StatutAccueil.TENU
        )
        jour, fuseau = await service.aujourdhui(tx), await service.fuseau(tx)
        date_envoi = demande.date_envoi or jour
        rules.verifier_envoi(date_envoi, jour, accueil.debut_le, fuseau)
        await queries.exige_libre(tx, demande.personne_id, accueil)
        deja = await queries.premier_accueil(tx, demande.personne_id)
        rules.exige_ordre(type_, accueil.debut_le, deja)
        rules.exige_places(accueil.places, accueil.places_prises + 1)
        relance, relancees = await queries.relancer(tx, demande.personne_id, type_)
        row = await queries.store_convocation(
            tx,
            {
                "id": new_id(),
                "accueil_id": accueil_id,
                "personne_id": demande.personne_id,
                "type": type_.value,
                "statut": StatutConvocation.ENVOYEE.value,
                "mode": demande.mode.value,
                "date_envoi": date_envoi,
                "precedente_id": relance and relance.id,
                "rang_relance": rules.rang_relance(relance),
            },
        )
        await publier(
            tx,
            *(_fait_convocation("relancee", one) for one in relancees),
            _fait_convocation("envoyee", row, Operation.CREATION),
        )
        return Effet(_convocation(row), location=f"/v1/convocations/{row.id}", version=1)

    return await once(tx, commande, convoquer)


@router.get(
    "/convocations",
    response_model=PageConvocations,
    summary="Lister les convocations",
    dependencies=[portee("orientation:lire")],
)
async def lister_convocations(
    page: Annotated[PageDemandee, page_de(PageConvocations)],
    tx: TransactionDep,
    accueil_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="À ces séances",
            examples=[["019cad9d-67a0-7d55-8b06-4c1e9a72f3d8"]],
        ),
    ],
    personne_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="De ces personnes",
            examples=[["019cad95-0a20-7c8e-a75b-d4f1390e62ab"]],
        ),
    ],
    statut: Annotated[
        list[StatutConvocation],
        Query(
            default_factory=list,
            max_length=4,
            description="États voulus ; `a_relancer` : qui reconvoquer",
            examples=[["a_relancer"]],
        ),
    ],
) -> Response:
    """Rend les convocations, les plus récentes d'abord. Portée `orientation:lire`."""
    rows = await queries.list_convocations(
        tx, page, accueils=accueil_id, personnes=personne_id, statuts=statut
    )
    return rendre_page(page, rows, _convocation)


@router.get(
    "/convocations/{convocation_id}",
    response_model=Convocation,
    summary="Lire une convocation",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_convocation(
    convocation_id: UUID, request: Request, tx: TransactionDep
) -> Response:
    """Rend une convocation et la dernière présence constatée. Portée `orientation:lire`."""
    row = await queries.read_convocation(tx, convocation_id)
    return rendre_lecture(request, _convocation(row), row.version)


@router.post(
    "/convocations/{convocation_id}/presences",
    status_code=201,
    response_model=Convocation,
    summary="Constater une présence ou une absence",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(Introuvable, VersionDepassee, TransitionInterdite, rules.SeanceAVenir),
)
async def creer_presence(
    convocation_id: UUID,
    demande: PresenceCreation,
    version: SiVersion,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Constate une présence, une absence ou une excuse, dès le début de la séance et pas avant.

    Le constat est immuable : un autre le corrige. Une absence mène à une relance, jamais à une
    sanction : rien n'est décidé ni signalé d'ici. Rend la convocation. Portée
    `orientation:ecrire`. Publie `orientation.convocation.presence_constatee`, et au premier
    constat `orientation.accueil.tenu`.
    """

    async def constater() -> Effet:
        accueil, row = await queries.lock_convocation(tx, convocation_id, version)
        # The session may have been waited for: what counts is the instant at which it is held.
        fuseau, instant = await service.fuseau(tx), service.horloge()
        statut = StatutConvocation(row.statut)
        rules.exige_statut(
            StatutAccueil(accueil.statut), StatutAccueil.PROGRAMME, StatutAccueil.TENU
        )
        rules.exige_commencee(statut, accueil.debut_le, instant)
        jour = instant.astimezone(fuseau).date()
        date_constat = demande.date_constat or jour
        rules.verifier_presence(demande, date_constat, jour, accueil.debut_le, fuseau)
        presence = {
            **demande.model_dump(),
            "id": new_id(),
            "convocation_id": convocation_id,
            "date_constat": date_constat,
            "client_id": tx.acces.auteur,
        }
        row = await queries.store_presence(
            tx, presence, rules.statut_apres(statut, demande.presence)
        )
        tenu = await queries.hold_accueil(tx, accueil.id)
        faits = [] if tenu is None else [_fait_accueil("tenu", accueil.id, tenu)]
        await publier(tx, *faits, _fait_convocation("presence_constatee", row))
        return Effet(
            _convocation(row), location=f"/v1/convocations/{convocation_id}", version=row.version
        )

    return await once(tx, commande, constater)


@router.get(
    "/convocations/{convocation_id}/presences",
    response_model=PagePresences,
    summary="Lister les constats d'une convocation",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def lister_presences(
    convocation_id: UUID,
    page: Annotated[PageDemandee, page_de(PagePresences)],
    tx: TransactionDep,
) -> Response:
    """Rend les constats, le dernier d'abord : il prévaut. Portée `orientation:lire`."""
    await queries.read_convocation(tx, convocation_id)
    rows = await queries.list_presences(tx, page, convocation_id)
    return rendre_page(page, rows, lambda row: _acte(PresenceConstatee, row))


@router.post(
    "/personnes/{personne_id}/dispenses",
    status_code=201,
    response_model=Dispense,
    summary="Dispenser une personne d'une étape de l'accueil",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(Introuvable, PersonneFusionnee),
)
async def creer_dispense(
    personne_id: UUID,
    demande: DispenseCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Dispense de la réunion collective, ou de l'entretien, avec un motif et un auteur. Immuable.

    Dispensée de la réunion, la personne peut être convoquée à l'entretien. Portée
    `orientation:ecrire`. Publie `orientation.dispense.enregistree`.
    """

    async def dispenser() -> Effet:
        jour = await service.aujourdhui(tx)
        date_dispense = demande.date_dispense or jour
        rules.verifier_dispense(demande.type)
        rules.verifier_passee("date_dispense", date_dispense, jour)
        await lock_personne(tx, personne_id)
        row = await queries.store_dispense(
            tx,
            {
                **demande.model_dump(),
                "id": new_id(),
                "personne_id": personne_id,
                "date_dispense": date_dispense,
                "client_id": tx.acces.auteur,
            },
        )
        await publier(tx, _fait_acte("dispense.enregistree", "dispenses", row))
        location = f"/v1/personnes/{personne_id}/dispenses/{row.id}"
        return Effet(_acte(Dispense, row), location=location, version=1)

    return await once(tx, commande, dispenser)


@router.get(
    "/personnes/{personne_id}/dispenses",
    response_model=PageDispenses,
    summary="Lister les dispenses d'une personne",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def lister_dispenses(
    personne_id: UUID,
    page: Annotated[PageDemandee, page_de(PageDispenses)],
    tx: TransactionDep,
) -> Response:
    """Rend les dispenses d'une personne, les plus récentes d'abord. Portée `orientation:lire`."""
    await read_personne(tx, personne_id)
    rows = await queries.list_dispenses(tx, page, personne_id)
    return rendre_page(page, rows, lambda row: _acte(Dispense, row))


@router.get(
    "/personnes/{personne_id}/dispenses/{dispense_id}",
    response_model=Dispense,
    summary="Lire une dispense",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_dispense(
    personne_id: UUID, dispense_id: UUID, request: Request, tx: TransactionDep
) -> Response:
    """Rend une dispense, immuable, et le client qui l'a donnée. Portée `orientation:lire`."""
    row = await queries.read_dispense(tx, personne_id, dispense_id)
    return rendre_lecture(request, _acte(Dispense, row), 1)


@router.post(
    "/contacts",
    status_code=201,
    response_model=Contact,
    summary="Enregistrer un premier contact",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(Introuvable, PersonneFusionnee),
)
async def creer_contact(
    demande: ContactCreation, commande: CommandeDep, tx: TransactionDep, service: ServiceDep
) -> Response:
    """Enregistre un premier contact de l'accueil social universel, ou le compte sans personne.

    Ce n'est pas une orientation : il n'en ouvre ni n'en change aucune. Portée
    `orientation:ecrire`. Publie `orientation.contact.enregistre`.
    """

    async def enregistrer() -> Effet:
        jour = await service.aujourdhui(tx)
        date_contact = demande.date_contact or jour
        rules.verifier_passee("date_contact", date_contact, jour)
        if demande.personne_id is not None:
            await lock_personne(tx, demande.personne_id)
        row = await queries.store_contact(
            tx,
            {
                **demande.model_dump(),
                "id": new_id(),
                "date_contact": date_contact,
                "client_id": tx.acces.auteur,
            },
        )
        await publier(tx, _fait_acte("contact.enregistre", "contacts", row))
        return Effet(_acte(Contact, row), location=f"/v1/contacts/{row.id}", version=1)

    return await once(tx, commande, enregistrer)


@router.get(
    "/contacts",
    response_model=PageContacts,
    summary="Lister les premiers contacts",
    dependencies=[portee("orientation:lire")],
)
async def lister_contacts(
    page: Annotated[
        PageDemandee, page_de(PageContacts, "-cree_le", "date_contact", intervalle="date_contact")
    ],
    tx: TransactionDep,
    date_contact_min: Annotated[
        DateCivile | None, Query(description="De ce jour ou après", examples=["2026-03-01"])
    ] = None,
    date_contact_max: Annotated[
        DateCivile | None, Query(description="De ce jour ou avant", examples=["2026-03-31"])
    ] = None,
) -> Response:
    """Rend les premiers contacts, les plus récents d'abord ; entre deux jours, dans leur ordre.

    Portée `orientation:lire`.
    """
    rows = await queries.list_contacts(
        tx, page, date_contact_min=date_contact_min, date_contact_max=date_contact_max
    )
    return rendre_page(page, rows, lambda row: _acte(Contact, row))


@router.get(
    "/contacts/{contact_id}",
    response_model=Contact,
    summary="Lire un premier contact",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_contact(contact_id: UUID, request: Request, tx: TransactionDep) -> Response:
    """Rend un premier contact, immuable, et le client qui l'a reçu. Portée `orientation:lire`."""
    row = await queries.read_contact(tx, contact_id)
    return rendre_lecture(request, _acte(Contact, row), 1)


def _accueil(row: Row[Any]) -> Accueil:
    return Accueil.model_validate(row, from_attributes=True)


def _convocation(row: Row[Any]) -> Convocation:
    return Convocation.model_validate(row, from_attributes=True)


def _acte(acte: type[A], row: Row[Any]) -> A:
    """An immutable act, and who recorded it."""
    return acte.model_validate({**row._mapping, "auteur": Auteur(client_id=row.client_id)})


def _fait_accueil(
    nom: str, accueil_id: UUID, version: int, operation: Operation = Operation.MODIFICATION
) -> Fait:
    return Fait(f"orientation.accueil.{nom}", "accueils", accueil_id, version, operation)


def _fait_convocation(
    nom: str, row: Row[Any], operation: Operation = Operation.MODIFICATION
) -> Fait:
    nom = f"orientation.convocation.{nom}"
    return Fait(nom, "convocations", row.id, row.version, operation)


def _fait_acte(nom: str, ressource: str, row: Row[Any]) -> Fait:
    return Fait(f"orientation.{nom}", ressource, row.id, 1, Operation.CREATION)
