"""Contrats d'engagement: written, signed by both, revised, never overwritten."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours import voisins
from services.parcours.accompagnements.rules import ParcoursClos, exige_ouvert
from services.parcours.contrats_engagement import queries, rules
from services.parcours.freins.rules import DonneeSanteInterdite
from shared.refus import Introuvable, TransitionInterdite
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.orientation.vocabulaire import TypeParcours
from shared.schemas.parcours.contrats_engagement import (
    ClotureContratCreation,
    ContratEngagementCreation,
    ContratEngagementDetaille,
    NatureRevision,
    PageActesContrat,
    PageContratsEngagement,
    PageMotifsHeures,
    PageRevisionsContrat,
    RefusContratCreation,
    RepriseContratCreation,
    RevisionContratCreation,
    SignatureContratCreation,
    StatutContrat,
    SuspensionContratCreation,
    TypeActeContrat,
)
from shared.socle.auth import Acces
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import Commande, once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("contrats-engagement")

_ParcoursId = Annotated[
    UUID, Path(description="Un parcours", examples=["019cb368-8f25-7160-8999-50d836f675cc"])
]
_ContratId = Annotated[
    UUID, Path(description="Un contrat", examples=["019cb4a1-6c30-7e55-9d02-71b8e4f0a36c"])
]
_ECRITURE = (Introuvable, ParcoursClos, TransitionInterdite)


@router.post(
    "/parcours/{parcours_id}/contrats-engagement",
    status_code=201,
    response_model=ContratEngagementDetaille,
    summary="Établir un contrat d'engagement à signer",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE, DonneeSanteInterdite),
)
async def creer_contrat_engagement(
    parcours_id: _ParcoursId,
    demande: ContratEngagementCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Établit le contrat de la personne et de son organisme référent ; un seul non clos à la fois.

    La durée hebdomadaire est un objectif du plan d'action, jamais un temps de travail : aucune
    sanction n'en découle. Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour une durée
    nulle. Publie `parcours.contrat_engagement.etabli`.
    """
    # Before a replay, which must not tell of health either.
    rules.exige_motif(demande.plan_action.intensite.motif, tx.acces.portees)
    return await once(tx, commande, lambda: etablir_contrat(service, tx, demande, parcours_id))


async def etablir_contrat(
    service: Service, tx: Transaction, demande: ContratEngagementCreation, parcours_id: UUID
) -> Effet:
    """Draw up a contract to be signed."""
    rules.exige_motif(demande.plan_action.intensite.motif, tx.acces.portees)
    parcours = await queries.lock_parcours(tx, parcours_id)
    exige_ouvert(parcours.statut)
    jour = await service.aujourdhui(tx)
    values = await _version(tx, demande, parcours, jour)
    contrat_id = new_id()
    await queries.store_contrat(
        tx,
        {
            "id": contrat_id,
            "personne_id": parcours.personne_id,
            "parcours_id": parcours_id,
            "orientation_id": parcours.orientation_id,
            "statut": StatutContrat.A_SIGNER.value,
            "revision": 1,
            "date_ore": jour if demande.offre_raisonnable_emploi else None,
        },
    )
    await queries.store_revision(
        tx,
        service.coffre,
        contrat_id,
        demande,
        {**values, "rang": 1, "nature": NatureRevision.INITIALE.value},
    )
    return await _effet(service, tx, contrat_id, "etabli", jour)


@router.get(
    "/contrats-engagement",
    response_model=PageContratsEngagement,
    summary="Lister les contrats d'engagement",
    dependencies=[portee("parcours:lire")],
)
async def lister_contrats_engagement(
    page: Annotated[PageDemandee, page_de(PageContratsEngagement)],
    request: Request,
    service: ServiceDep,
    tx: TransactionDep,
    statut: Annotated[
        list[StatutContrat],
        Query(
            default_factory=list, max_length=6, description="États voulus", examples=[["a_signer"]]
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
    """Rend les contrats, les plus récents d'abord, sans leur contenu. Portée `parcours:lire`."""
    jour = await service.aujourdhui(tx)
    rows = await queries.list_contrats(
        tx, page, statuts=statut, parcours=parcours_id, personnes=personne_id
    )
    if personne_id:
        request.state.parcours_lus = [row.parcours_id for row in page.montrees(rows)]
    return rendre_page(page, rows, lambda row: queries.render(row, jour))


@router.get(
    "/contrats-engagement/{contrat_id}",
    response_model=ContratEngagementDetaille,
    summary="Lire un contrat d'engagement",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_contrat_engagement(
    contrat_id: _ContratId, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Rend un contrat, sa version en cours et son échéance du jour. Portée `parcours:lire`.

    L'échéance change avec le temps, sans nouvelle version : `If-None-Match` n'y donne pas 304.
    """
    row = await queries.read_contrat(tx, contrat_id)
    revision = await queries.read_revision(tx, row)
    found = queries.render_detaille(row, revision, service.coffre, await service.aujourdhui(tx))
    return rendre(Effet(found, version=row.version, status=200))


@router.get(
    "/contrats-engagement/{contrat_id}/revisions",
    response_model=PageRevisionsContrat,
    summary="Lire les versions d'un contrat",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_revisions_contrat(
    contrat_id: _ContratId,
    page: Annotated[PageDemandee, page_de(PageRevisionsContrat)],
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Rend toutes les versions, la dernière d'abord : rien ne s'efface. Portée `parcours:lire`."""
    await queries.read_contrat(tx, contrat_id)
    rows = await queries.list_revisions(tx, page, contrat_id)
    return rendre_page(page, rows, lambda row: queries.render_revision(row, service.coffre))


@router.get(
    "/contrats-engagement/{contrat_id}/actes",
    response_model=PageActesContrat,
    summary="Lire les actes d'un contrat",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_actes_contrat(
    contrat_id: _ContratId,
    page: Annotated[PageDemandee, page_de(PageActesContrat)],
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Rend signatures, refus, nouvelles décisions et suspensions, les plus récents d'abord.

    Portée `parcours:lire`.
    """
    await queries.read_contrat(tx, contrat_id)
    rows = await queries.list_actes(tx, page, contrat_id)
    return rendre_page(page, rows, lambda row: queries.render_acte(row, service.coffre))


@router.get(
    "/contrats-engagement/{contrat_id}/motifs-heures",
    response_model=PageMotifsHeures,
    summary="Lire pourquoi un contrat ne fixe aucune heure",
    dependencies=[portee("parcours.sante:lire")],
    responses=refusals(Introuvable),
)
async def lister_motifs_heures(
    contrat_id: _ContratId,
    page: Annotated[PageDemandee, page_de(PageMotifsHeures)],
    tx: TransactionDep,
) -> Response:
    """Rend le motif de chaque version sans heures ; nulle autre lecture ne le montre.

    Portée `parcours.sante:lire`. Le parent isolé y est avec la santé : le montrer ailleurs dirait
    qu'un motif absent est de santé.
    """
    await queries.read_contrat(tx, contrat_id)
    rows = await queries.list_motifs(tx, page, contrat_id)
    return rendre_page(page, rows, queries.render_motif)


@router.post(
    "/contrats-engagement/{contrat_id}/revisions",
    status_code=201,
    response_model=ContratEngagementDetaille,
    summary="Écrire une nouvelle version d'un contrat",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE, DonneeSanteInterdite),
)
async def creer_revision_contrat(
    contrat_id: _ContratId,
    demande: RevisionContratCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Ajoute une version ; un changement essentiel renvoie un contrat signé à la signature.

    Sont essentiels la décision, l'organisme, le dispositif, la durée hebdomadaire, les engagements
    et l'offre raisonnable d'emploi. Le référent unique, les objectifs et les actions s'actualisent
    sans signature. Portée `parcours:ecrire`, et `parcours.sante:ecrire` pour une durée nulle.
    Publie `parcours.contrat_engagement.revise`.
    """
    rules.exige_motif(demande.plan_action.intensite.motif, tx.acces.portees)

    async def reviser() -> Effet:
        row = await _lock(tx, contrat_id, version)
        jour = await service.aujourdhui(tx)
        avant = await queries.read_revision(tx, row)
        sorte = rules.nature(
            queries.essentiel(avant, service.coffre), queries.essentiel_demande(row, demande)
        )
        statut = rules.apres_revision(StatutContrat(row.statut), sorte)
        values = await _version(tx, demande, row, jour)
        rang = row.revision + 1
        await queries.store_revision(
            tx, service.coffre, contrat_id, demande, {**values, "rang": rang, "nature": sorte.value}
        )
        signe = statut is StatutContrat.SIGNE
        await queries.update_contrat(
            tx,
            contrat_id,
            statut=statut.value,
            revision=rang,
            date_signature=row.date_signature if signe else None,
            date_ore=(row.date_ore or jour) if demande.offre_raisonnable_emploi else None,
        )
        return await _effet(service, tx, contrat_id, "revise", jour)

    return await once(tx, commande, reviser)


@router.post(
    "/contrats-engagement/{contrat_id}/signatures",
    status_code=201,
    response_model=ContratEngagementDetaille,
    summary="Enregistrer la signature d'une partie",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def signer_contrat_engagement(
    contrat_id: _ContratId,
    demande: SignatureContratCreation,
    commande: CommandeDep,
    version: SiVersion,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Enregistre la signature de la personne ou de l'organisme ; la seconde signe le contrat.

    En retard, elle est admise, et `etat_echeance` devient `depassee`. Un contrat refusé le reste
    tant que la personne ne le signe pas. Si la notification n'est pas connue, elle est lue dans
    l'orientation ; si celle-ci se tait, 503. Portée `parcours:ecrire`.
    Publie `parcours.contrat_engagement.signature_enregistree`, puis
    `parcours.contrat_engagement.signe`.
    """

    acces: Acces = request.state.acces
    notifications = await _notification_manquante(service, acces, contrat_id)

    async def signer(tx: Transaction) -> Effet:
        row = await _lock(tx, contrat_id, version)
        if row.date_notification is None and row.orientation_id in notifications:
            await queries.date_periodes(tx, notifications, {})
            row = await queries.read_contrat(tx, contrat_id)
        jour = await service.aujourdhui(tx)
        revision = await queries.read_revision(tx, row)
        signatures = await queries.read_signatures(tx, row)
        statut, signe_le = rules.apres_signature(
            queries.etat(row, signatures, revision.orientation_id),
            demande.signataire,
            demande.date_signature,
            jour,
        )
        await queries.store_acte(
            tx,
            service.coffre,
            row,
            TypeActeContrat.SIGNATURE,
            demande.date_signature,
            signataire=demande.signataire,
        )
        await queries.update_contrat(
            tx,
            contrat_id,
            statut=statut.value,
            date_signature=signe_le,
            date_premiere_signature=row.date_premiere_signature or signe_le,
        )
        if signe_le is not None and row.date_premiere_signature is None:
            await queries.redate_periode(tx, row.orientation_id)
        fait = "signe" if statut is StatutContrat.SIGNE else "signature_enregistree"
        return await _effet(service, tx, contrat_id, fait, jour)

    async with service.base.transaction(acces) as tx:
        return await once(tx, commande, lambda: signer(tx))


@router.post(
    "/contrats-engagement/{contrat_id}/refus",
    status_code=201,
    response_model=ContratEngagementDetaille,
    summary="Enregistrer le refus de la personne",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_refus_contrat(
    contrat_id: _ContratId,
    demande: RefusContratCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Enregistre un refus, que la personne peut reprendre en signant ; rien d'autre n'en découle.

    Les signatures de cette version, données avant lui, ne valent plus. Portée `parcours:ecrire`.
    Publie `parcours.contrat_engagement.refuse`.
    """

    def refuser(row: Row[Any], jour: date) -> Mapping[str, Any]:
        return {
            "statut": rules.apres_refus(StatutContrat(row.statut), demande.date_refus, jour).value
        }

    acte = _Acte(TypeActeContrat.REFUS, demande.date_refus, "refuse", demande.motif)
    return await _acter(service, tx, commande, contrat_id, version, acte, refuser)


@router.post(
    "/contrats-engagement/{contrat_id}/suspensions",
    status_code=201,
    response_model=ContratEngagementDetaille,
    summary="Suspendre un contrat à la cessation d'inscription",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(Introuvable, TransitionInterdite),
)
async def creer_suspension_contrat(
    contrat_id: _ContratId,
    demande: SuspensionContratCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Suspend le contrat d'une personne qui n'est plus inscrite : ce n'est pas une sanction.

    Portée `parcours:ecrire`. Publie `parcours.contrat_engagement.suspendu`.
    """

    def suspendre(row: Row[Any], jour: date) -> Mapping[str, Any]:
        statut = StatutContrat(row.statut)
        suspendu = rules.apres_suspension(statut, demande.date_suspension, jour)
        return {
            "statut": suspendu.value,
            "statut_precedent": statut.value,
            "date_suspension": demande.date_suspension,
        }

    acte = _Acte(TypeActeContrat.SUSPENSION, demande.date_suspension, "suspendu", ouvert=False)
    return await _acter(service, tx, commande, contrat_id, version, acte, suspendre)


@router.post(
    "/contrats-engagement/{contrat_id}/reprises",
    status_code=201,
    response_model=ContratEngagementDetaille,
    summary="Reprendre un contrat suspendu",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ECRITURE),
)
async def creer_reprise_contrat(
    contrat_id: _ContratId,
    demande: RepriseContratCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Rend au contrat l'état qu'il avait, ou `a_signer` si une décision est venue entre-temps.

    Portée `parcours:ecrire`. Publie `parcours.contrat_engagement.repris`.
    """

    def reprendre(row: Row[Any], jour: date) -> Mapping[str, Any]:
        etat = queries.etat(row, {}, row.orientation_id)
        return {
            "statut": rules.apres_reprise(etat, demande.date_reprise, jour).value,
            "statut_precedent": None,
            "date_suspension": None,
        }

    acte = _Acte(TypeActeContrat.REPRISE, demande.date_reprise, "repris")
    return await _acter(service, tx, commande, contrat_id, version, acte, reprendre)


@router.post(
    "/contrats-engagement/{contrat_id}/clotures",
    status_code=201,
    response_model=ContratEngagementDetaille,
    summary="Clore un contrat suspendu depuis douze mois",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(Introuvable, TransitionInterdite),
)
async def cloturer_contrat_engagement(
    contrat_id: _ContratId,
    demande: ClotureContratCreation,
    commande: CommandeDep,
    version: SiVersion,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Clôt un contrat ; la personne peut alors en établir un autre.

    Portée `parcours:ecrire`. Publie `parcours.contrat_engagement.cloture`.
    """

    def clore(row: Row[Any], jour: date) -> Mapping[str, Any]:
        etat = queries.etat(row, {}, row.orientation_id)
        return {
            "statut": rules.apres_cloture(etat, demande.date_cloture, jour).value,
            "statut_precedent": None,
            "date_cloture": demande.date_cloture,
        }

    acte = _Acte(TypeActeContrat.CLOTURE, demande.date_cloture, "cloture", ouvert=False)
    return await _acter(service, tx, commande, contrat_id, version, acte, clore)


@dataclass(frozen=True)
class _Acte:
    """What is written beside a change of state, and told.

    Args:
        ouvert: whether the parcours must be open.
    """

    type: TypeActeContrat
    jour: date
    fait: str
    motif: str | None = None
    ouvert: bool = True


async def _acter(
    service: Service,
    tx: Transaction,
    commande: Commande,
    contrat_id: UUID,
    version: int,
    acte: _Acte,
    decider: Callable[[Row[Any], date], Mapping[str, Any]],
) -> Response:
    """Hold a contract, decide what becomes of it, write the act and the change."""

    async def agir() -> Effet:
        row = await _lock(tx, contrat_id, version, ouvert=acte.ouvert)
        jour = await service.aujourdhui(tx)
        changes = decider(row, jour)
        await queries.store_acte(tx, service.coffre, row, acte.type, acte.jour, motif=acte.motif)
        await queries.update_contrat(tx, contrat_id, **changes)
        return await _effet(service, tx, contrat_id, acte.fait, jour)

    return await once(tx, commande, agir)


async def _lock(
    tx: Transaction, contrat_id: UUID, version: int, *, ouvert: bool = True
) -> Row[Any]:
    """Hold a contract, in the version that its caller has read."""
    row = await queries.lock_contrat(tx, contrat_id)
    exige_version(row.version, version)
    if ouvert:
        exige_ouvert(row.statut_parcours)
    return row


async def _notification_manquante(
    service: Service, acces: Acces, contrat_id: UUID
) -> Mapping[UUID, date]:
    """Read when a decision was notified, if the feed told it before it was listened to.

    What the feed told is kept a time only: replayed, it does not tell all.
    """
    async with service.base.transaction(acces) as tx:
        contrat = await queries.read_contrat(tx, contrat_id)
    if contrat.date_notification is not None:
        return {}
    voisin = voisins.orientation(service, acces.collectivite)
    notifiee = (await voisin.lire_orientation(contrat.orientation_id)).date_notification
    return {contrat.orientation_id: notifiee} if notifiee is not None else {}


async def _version(
    tx: Transaction, demande: ContratEngagementCreation, sous: Row[Any], jour: date
) -> dict[str, Any]:
    """Check a version, and tell what of it comes from the decision and from the day."""
    type_parcours = TypeParcours(sous.type_parcours)
    diagnostic_id = demande.plan_action.intensite.diagnostic_id
    rules.verifier_contenu(
        demande,
        type_parcours,
        jour,
        diagnostic_connu=diagnostic_id is not None
        and await queries.is_diagnostic_of(tx, diagnostic_id, sous.parcours_id),
    )
    return {
        "orientation_id": sous.orientation_id,
        "organisme_referent_id": sous.organisme_referent_id,
        "date_reexamen": rules.date_reexamen(
            demande.plan_action.intensite,
            type_parcours,
            jour,
            await queries.read_delais_locaux(tx),
        ),
    }


async def _effet(
    service: Service, tx: Transaction, contrat_id: UUID, fait: str, jour: date
) -> Effet:
    """Read what a contract became, tell the feed, and answer."""
    row = await queries.read_contrat(tx, contrat_id)
    await publier(
        tx,
        Fait(
            f"parcours.contrat_engagement.{fait}",
            "contrats-engagement",
            contrat_id,
            row.version,
            Operation.CREATION if row.version == 1 else Operation.MODIFICATION,
        ),
    )
    revision = await queries.read_revision(tx, row)
    return Effet(
        queries.render_detaille(row, revision, service.coffre, jour),
        location=f"/v1/contrats-engagement/{contrat_id}",
        version=row.version,
    )
