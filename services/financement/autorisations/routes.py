"""Commitment authorisations: voted, revised, assigned to actions, cancelled."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import Row
from starlette.responses import Response

from services.financement.actions.queries import read_action
from services.financement.autorisations import queries, rules
from services.financement.conventions.queries import read_convention
from services.financement.journal.queries import inscrire, lock_disponibles, open_comptes
from services.financement.journal.rules import Ecriture, exige_effet, lignes_ouverture, transfert
from services.financement.references import exige
from services.financement.reservations.rules import DisponibleInsuffisant
from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import Operation
from shared.schemas.financement.credits import (
    AffectationAutorisationCreation,
    AnnulationAutorisation,
    AutorisationEngagement,
    AutorisationEngagementCreation,
    EcheanceCpLigne,
    PageAutorisationsEngagement,
    PageRevisionsAutorisation,
    RevisionAutorisation,
    RevisionAutorisationCreation,
    StatutAutorisation,
)
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("autorisations")

_ADMINISTRER = [portee("financement:administrer")]
_LECTURE: dict[int | str, dict[str, Any]] = {
    201: {
        "links": {
            "lecture": {
                "operationId": "obtenir_autorisation_engagement",
                "parameters": {"autorisation_engagement_id": "$response.body#/id"},
            }
        }
    }
}


def _render(row: Row[Any]) -> AutorisationEngagement:
    soldes: dict[str, int] = row.soldes
    return AutorisationEngagement.model_validate(
        {
            **row._mapping,
            "revision": row.revision["numero"],
            "echeancier": row.revision["echeancier"],
            **{
                f"{poste}_centimes": soldes[poste]
                for poste in ("votee", "disponible", "affectee", "engagee", "annulee")
            },
        }
    )


async def _effet(tx: Transaction, autorisation_id: UUID) -> Effet:
    row = await queries.read_autorisation(tx, autorisation_id)
    location = f"/v1/autorisations-engagement/{autorisation_id}"
    return Effet(_render(row), location=location, version=row.version)


@router.post(
    "/autorisations-engagement",
    status_code=201,
    response_model=AutorisationEngagement,
    summary="Enregistrer une autorisation d'engagement votée",
    dependencies=_ADMINISTRER,
    responses=refusals(queries.AutorisationExistante),
)
async def creer_autorisation_engagement(
    demande: AutorisationEngagementCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Enregistre un vote : le montant devient affectable, et l'échéancier en est la somme.

    Portée `financement:administrer`. Publie `financement.autorisation.votee`.
    """

    async def enregistrer() -> Effet:
        rules.verifier_vote(demande, await service.aujourdhui(tx))
        if demande.convention_id is not None:
            lecture = read_convention(tx, demande.convention_id)
            await exige(lecture, "convention_id", "Convention inconnue")
        instant, autorisation_id = service.horloge(), new_id()
        dates = {"cree_le": instant, "modifie_le": instant}
        values = demande.model_dump(include={"reference", "libelle", "convention_id"})
        await queries.store_autorisation(
            tx, {**values, "id": autorisation_id, "statut": StatutAutorisation.VOTEE, **dates}
        )
        await queries.store_revision(tx, _revision(autorisation_id, 1, demande, instant))
        await open_comptes(tx, Livre.AE, autorisation_id)
        await _publier(tx, "votee", autorisation_id, 1, Operation.CREATION)
        lignes = lignes_ouverture(Livre.AE, autorisation_id, demande.montant_vote_centimes)
        ecriture = Ecriture(
            evenement=EvenementJournal.VOTE_AE,
            date_effet=demande.date_effet,
            lignes=lignes,
            source=demande.deliberation,
        )
        await inscrire(tx, [ecriture], inscrite_le=instant)
        return await _effet(tx, autorisation_id)

    return await once(tx, commande, enregistrer)


@router.post(
    "/autorisations-engagement/{autorisation_engagement_id}/revisions",
    status_code=201,
    response_model=AutorisationEngagement,
    summary="Réviser une autorisation d'engagement",
    dependencies=_ADMINISTRER,
    responses={
        **refusals(Introuvable, TransitionInterdite, DisponibleInsuffisant, VersionDepassee),
        **_LECTURE,
    },
)
async def creer_revision(
    autorisation_engagement_id: UUID,
    demande: RevisionAutorisationCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Vote un nouveau total et un nouvel échéancier ; l'ancien reste lisible.

    Les années passées ne changent pas, et une année garde au moins ses crédits ouverts. La seule
    différence est inscrite au journal. Rend l'autorisation. Portée `financement:administrer`.
    Publie `financement.autorisation.revisee`.
    """

    async def reviser() -> Effet:
        rules.verifier_vote(demande, await service.aujourdhui(tx))
        disponible, row = await _tenir(tx, autorisation_engagement_id)
        exige_version(row.version, version)
        instant = service.horloge()
        variation = rules.variation_votee(
            demande,
            votee_centimes=row.soldes["votee"],
            disponible_centimes=disponible,
            echeancier=[EcheanceCpLigne(**ligne) for ligne in row.revision["echeancier"]],
            ouverts=await queries.read_ouverts(tx, autorisation_engagement_id),
            depuis=date.fromisoformat(row.revision["date_effet"]),
        )
        numero = row.revision["numero"] + 1
        await queries.store_revision(
            tx, _revision(autorisation_engagement_id, numero, demande, instant)
        )
        await queries.touch_autorisation(tx, autorisation_engagement_id, instant)
        await _publier(tx, "revisee", autorisation_engagement_id, row.version + 1)
        if variation:
            sens = (Poste.VOTEE, Poste.DISPONIBLE)
            de, vers = sens if variation > 0 else sens[::-1]
            ecriture = Ecriture(
                evenement=EvenementJournal.VOTE_AE,
                date_effet=demande.date_effet,
                lignes=transfert(Livre.AE, autorisation_engagement_id, abs(variation), de, vers),
                source=demande.deliberation,
            )
            await inscrire(tx, [ecriture], inscrite_le=instant)
        return await _effet(tx, autorisation_engagement_id)

    return await once(tx, commande, reviser)


@router.post(
    "/autorisations-engagement/{autorisation_engagement_id}/affectations",
    status_code=201,
    response_model=AutorisationEngagement,
    summary="Affecter une part d'une autorisation à une action",
    dependencies=_ADMINISTRER,
    responses={**refusals(Introuvable, TransitionInterdite, DisponibleInsuffisant), **_LECTURE},
)
async def creer_affectation_autorisation(
    autorisation_engagement_id: UUID,
    demande: AffectationAutorisationCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Affecte à une action ; le disponible décide, sans If-Match. Rend l'autorisation.

    Portée `financement:administrer`. Publie `financement.autorisation.affectee`.
    """

    async def affecter() -> Effet:
        instant = service.horloge()
        exige_effet(demande.date_effet, await service.aujourdhui(tx))
        lecture = read_action(tx, demande.action_id, instant)
        await exige(lecture, "action_id", "Action inconnue")
        disponible, row = await _tenir(tx, autorisation_engagement_id)
        if demande.montant_centimes > disponible:
            raise DisponibleInsuffisant(disponible_centimes=disponible)
        await queries.touch_autorisation(tx, autorisation_engagement_id, instant)
        await _publier(tx, "affectee", autorisation_engagement_id, row.version + 1)
        ecriture = Ecriture(
            evenement=EvenementJournal.AFFECTATION_AE,
            date_effet=demande.date_effet,
            lignes=transfert(
                Livre.AE,
                autorisation_engagement_id,
                demande.montant_centimes,
                Poste.DISPONIBLE,
                Poste.AFFECTEE,
            ),
            action_id=demande.action_id,
            source=demande.source,
        )
        await inscrire(tx, [ecriture], inscrite_le=instant)
        return await _effet(tx, autorisation_engagement_id)

    return await once(tx, commande, affecter)


@router.post(
    "/autorisations-engagement/{autorisation_engagement_id}/annulations",
    status_code=201,
    response_model=AutorisationEngagement,
    summary="Annuler ce qu'une autorisation n'a pas engagé",
    dependencies=_ADMINISTRER,
    responses={**refusals(Introuvable, TransitionInterdite, VersionDepassee), **_LECTURE},
)
async def annuler_autorisation_engagement(
    autorisation_engagement_id: UUID,
    demande: AnnulationAutorisation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Annule ce qui n'est pas engagé, affecté ou non ; ce qui l'est s'exécute encore.

    Rend l'autorisation. Portée `financement:administrer`. Publie
    `financement.autorisation.annulee`.
    """

    async def annuler() -> Effet:
        exige_effet(demande.date_effet, await service.aujourdhui(tx))
        _, row = await _tenir(tx, autorisation_engagement_id)
        exige_version(row.version, version)
        instant = service.horloge()
        await queries.touch_autorisation(
            tx, autorisation_engagement_id, instant, StatutAutorisation.ANNULEE
        )
        await _publier(tx, "annulee", autorisation_engagement_id, row.version + 1)
        lignes = [
            ligne
            for poste in (Poste.DISPONIBLE, Poste.AFFECTEE)
            if row.soldes[poste]
            for ligne in transfert(
                Livre.AE, autorisation_engagement_id, row.soldes[poste], poste, Poste.ANNULEE
            )
        ]
        if lignes:
            ecriture = Ecriture(
                evenement=EvenementJournal.ANNULATION_AE,
                date_effet=demande.date_effet,
                lignes=lignes,
                source=demande.source,
            )
            await inscrire(tx, [ecriture], inscrite_le=instant)
        return await _effet(tx, autorisation_engagement_id)

    return await once(tx, commande, annuler)


@router.get(
    "/autorisations-engagement",
    response_model=PageAutorisationsEngagement,
    summary="Lister les autorisations d'engagement",
    dependencies=[portee("financement:lire")],
)
async def lister_autorisations_engagement(
    page: Annotated[PageDemandee, page_de(PageAutorisationsEngagement)], tx: TransactionDep
) -> Response:
    """Rend les autorisations et leurs soldes, les plus récentes d'abord.

    Portée `financement:lire`.
    """
    return rendre_page(page, await queries.list_autorisations(tx, page), _render)


@router.get(
    "/autorisations-engagement/{autorisation_engagement_id}",
    response_model=AutorisationEngagement,
    summary="Lire une autorisation d'engagement et ses soldes",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_autorisation_engagement(
    autorisation_engagement_id: UUID, tx: TransactionDep
) -> Response:
    """Rend une autorisation, son échéancier en vigueur et ses soldes.

    Les soldes bougent sans `version` : la réponse n'est jamais 304. Portée `financement:lire`.
    """
    row = await queries.read_autorisation(tx, autorisation_engagement_id)
    return rendre(Effet(_render(row), version=row.version, status=200))


@router.get(
    "/autorisations-engagement/{autorisation_engagement_id}/revisions",
    response_model=PageRevisionsAutorisation,
    summary="Lister les révisions d'une autorisation",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def lister_revisions(
    autorisation_engagement_id: UUID,
    page: Annotated[PageDemandee, page_de(PageRevisionsAutorisation)],
    tx: TransactionDep,
) -> Response:
    """Rend les échéanciers successifs d'une autorisation, le dernier d'abord.

    Portée `financement:lire`.
    """
    await queries.read_autorisation(tx, autorisation_engagement_id)
    rows = await queries.list_revisions(tx, page, autorisation_engagement_id)
    return rendre_page(page, rows, lambda row: RevisionAutorisation.model_validate(row._mapping))


async def _tenir(tx: Transaction, autorisation_id: UUID) -> tuple[int, Row[Any]]:
    """Hold the gate of an authorisation that is still voted; return what it has available."""
    disponibles = await lock_disponibles(tx, [autorisation_id])
    row = await queries.lock_autorisation(tx, autorisation_id)
    rules.exige_votee(StatutAutorisation(row.statut))
    return disponibles[autorisation_id], row


def _revision(
    autorisation_id: UUID,
    numero: int,
    demande: AutorisationEngagementCreation | RevisionAutorisationCreation,
    instant: datetime,
) -> dict[str, Any]:
    votes = {"deliberation", "montant_vote_centimes", "date_effet", "echeancier"}
    return {
        **demande.model_dump(include=votes),
        "id": new_id(),
        "autorisation_engagement_id": autorisation_id,
        "numero": numero,
        "cree_le": instant,
    }


async def _publier(
    tx: Transaction,
    fait: str,
    autorisation_id: UUID,
    version: int,
    operation: Operation = Operation.MODIFICATION,
) -> None:
    nom = f"financement.autorisation.{fait}"
    await publier(tx, Fait(nom, "autorisations-engagement", autorisation_id, version, operation))
