"""Suspension-remobilisation: reported, heard, decided, notified, and ended; never proposed.

Not to be mistaken for `POST /v1/contrats-engagement/{id}/suspensions`, which tells the end of an
inscription: that one is no sanction, and neither route leads to the other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours import voisins
from services.parcours.accompagnements.queries import read_parcours
from services.parcours.accompagnements.rules import ParcoursClos, exige_ouvert
from services.parcours.contrats_engagement.queries import read_delais_locaux
from services.parcours.suspensions import queries, rules
from services.parcours.suspensions.rules import (
    AutoriteIncompetente,
    HorsDroitsDevoirs,
    ObservationsEnCours,
    Procedure,
    SanctionEnCours,
)
from shared.clients.voisin import RefusVoisin
from shared.delais import Delai
from shared.refus import Introuvable, TransitionInterdite
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.orientation.organismes import OrganismeReferent
from shared.schemas.parcours.suspensions import (
    AnnulationSuspensionCreation,
    AvisEpSuspensionCreation,
    ChoixSaisie,
    DecisionSuspensionCreation,
    EchangesFranceTravail,
    InformationSuspensionCreation,
    LeveeSuspensionCreation,
    NotificationSuspensionCreation,
    ObservationsSuspensionCreation,
    PageActesSuspension,
    PageSuspensions,
    RemobilisationSuspensionCreation,
    SaisieSuspensionCreation,
    StatutSuspension,
    SuspensionCreation,
    SuspensionDetaillee,
    TermeSuspensionCreation,
    TransmissionSuspensionCreation,
    TypeActeSuspension,
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

router = routeur("suspensions")
_ACTE = (Introuvable, TransitionInterdite, AutoriteIncompetente)


@router.post(
    "/parcours/{parcours_id}/suspensions",
    status_code=201,
    response_model=SuspensionDetaillee,
    summary="Signaler un manquement",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ACTE, ParcoursClos, HorsDroitsDevoirs),
)
async def creer_suspension(
    parcours_id: UUID,
    demande: SuspensionCreation,
    commande: CommandeDep,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Ouvre une procédure sur un refus de contrat ou un manquement à ses obligations.

    Signaler n'est pas décider : rien n'est suspendu. Par l'organisme référent, ou le département.
    Une personne hors droits et devoirs est refusée (R262-68-7) ; l'orientation est lue à
    l'instant, et 503 si elle se tait. Aucune heure, aucune présence n'est lue. Portée
    `parcours:ecrire`. Publie `parcours.suspension.signalement`.
    """
    acces: Acces = request.state.acces
    async with service.base.transaction(acces) as tx:
        personne_id = (await read_parcours(tx, parcours_id)).personne_id
    droits_devoirs = await _droits_devoirs(service, acces, personne_id)
    organisme = await _organisme(service, acces, demande.organisme_id)

    async def signaler(tx: Transaction) -> Effet:
        parcours = await queries.lock_parcours(tx, parcours_id)
        exige_ouvert(parcours.statut)
        rules.exige_autorite(acces.auteur, organisme, signalant_id=parcours.organisme_referent_id)
        jour, locaux = await service.aujourdhui(tx), await read_delais_locaux(tx)
        precedentes = rules.comptees(
            await queries.read_precedentes(tx, parcours.personne_id),
            await queries.read_reorientation(tx, parcours.personne_id, jour),
        )
        rules.verifier_signalement(
            demande,
            jour,
            contrat_signe=await queries.has_signed(tx, parcours.personne_id),
            precedentes=precedentes,
            droits_devoirs=droits_devoirs,
        )
        suspension_id = new_id()
        await queries.store_suspension(
            tx,
            {
                "id": suspension_id,
                "parcours_id": parcours_id,
                "orientation_id": parcours.orientation_id,
                "statut": StatutSuspension.SIGNALE.value,
                "nature_manquement": demande.nature_manquement,
                "date_faits": demande.date_faits,
                "date_signalement": jour,
                "organisme_signalant_id": demande.organisme_id,
                "suspension_precedente_id": demande.suspension_precedente_id,
                "date_proposition_ft": demande.date_proposition_ft,
                "date_limite_saisie": rules.date_limite_saisie(demande, locaux),
            },
        )
        await queries.store_acte(
            tx,
            service.coffre,
            suspension_id,
            TypeActeSuspension.SIGNALEMENT,
            {
                "date_acte": jour,
                "organisme_id": demande.organisme_id,
                "nature": demande.nature_manquement,
            },
            texte=demande.faits,
            complement=demande.elements,
        )
        return await _effet(tx, suspension_id, TypeActeSuspension.SIGNALEMENT, jour, locaux)

    async with service.base.transaction(acces) as tx:
        return await once(tx, commande, lambda: signaler(tx))


@router.get(
    "/suspensions",
    response_model=PageSuspensions,
    summary="Lister les procédures de suspension",
    dependencies=[portee("parcours:lire")],
)
async def lister_suspensions(
    page: Annotated[PageDemandee, page_de(PageSuspensions)],
    tx: TransactionDep,
    statut: Annotated[
        list[StatutSuspension],
        Query(
            default_factory=list, max_length=9, description="États voulus", examples=[["signale"]]
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
) -> Response:
    """Rend les procédures, les plus récentes d'abord, sans texte libre. Portée `parcours:lire`."""
    rows = await queries.list_suspensions(tx, page, statuts=statut, parcours=parcours_id)
    return rendre_page(page, rows, queries.render)


@router.get(
    "/suspensions/{suspension_id}",
    response_model=SuspensionDetaillee,
    summary="Lire une procédure de suspension",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_suspension(
    suspension_id: UUID, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Rend une procédure, et les délais qui lui sont appliqués, confirmés ou non.

    La part et la durée sont celles qui ont été décidées ; aucune n'est proposée. Portée
    `parcours:lire`. Un délai peut changer sans nouvelle version : `If-None-Match` n'y donne
    pas 304.
    """
    row = await queries.read_suspension(tx, suspension_id)
    jour, locaux = await service.aujourdhui(tx), await read_delais_locaux(tx)
    found = queries.render_detaillee(row, jour, locaux)
    return rendre(Effet(found, version=row.version, status=200))


@router.get(
    "/suspensions/{suspension_id}/actes",
    response_model=PageActesSuspension,
    summary="Lire les actes d'une procédure de suspension",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def lister_actes_suspension(
    suspension_id: UUID,
    page: Annotated[PageDemandee, page_de(PageActesSuspension)],
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Rend chaque acte, les plus récents d'abord, avec ses textes : rien ne s'efface.

    Portée `parcours:lire`.
    """
    await queries.read_suspension(tx, suspension_id)
    rows = await queries.list_actes(tx, page, suspension_id)
    return rendre_page(page, rows, lambda row: queries.render_acte(row, service.coffre))


@router.get(
    "/suspensions/{suspension_id}/echanges-france-travail",
    response_model=EchangesFranceTravail,
    summary="Lire ce qu'une procédure dirait à France Travail",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_echanges_france_travail(suspension_id: UUID, tx: TransactionDep) -> Response:
    """Prépare les échanges que font naître les actes ; n'envoie rien. Portée `parcours:lire`.

    Une proposition de France Travail reçoit un `evenementSanctionRSA` ; sans elle, une sanction
    notifiée donne une `decisionSanctionRSAPartenaire`. Un champ que France Travail donne est null.
    """
    return rendre(Effet(await queries.read_echanges(tx, suspension_id), status=200))


@router.post(
    "/suspensions/{suspension_id}/saisies",
    status_code=201,
    response_model=SuspensionDetaillee,
    summary="Instruire ou non une proposition de France Travail",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ACTE),
)
async def creer_saisie_suspension(
    suspension_id: UUID,
    demande: SaisieSuspensionCreation,
    commande: CommandeDep,
    version: SiVersion,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Enregistre le choix du département ; `laisser` ne refuse pas la sanction.

    Attendu quinze jours après la proposition, et admis ensuite : le retard se lit dans les
    échéances. Portée `parcours:ecrire`, pour le département. Publie `parcours.suspension.saisie`.
    """

    def saisir(procedure: Procedure, jour: date, _: Sequence[Delai]) -> Mapping[str, Any]:
        rules.verifier_saisie(procedure, demande.date_saisie, jour)
        laisse = demande.choix is ChoixSaisie.LAISSER
        return {
            "date_saisie": demande.date_saisie,
            "statut": (StatutSuspension.DESSAISI if laisse else procedure.statut).value,
        }

    acte = _Acte(TypeActeSuspension.SAISIE, demande.date_saisie, demande.choix.value)
    return await _acter(
        service, request, commande, suspension_id, version, demande.organisme_id, acte, saisir
    )


@router.post(
    "/suspensions/{suspension_id}/informations",
    status_code=201,
    response_model=SuspensionDetaillee,
    summary="Enregistrer l'information de la personne",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ACTE),
)
async def creer_information_suspension(
    suspension_id: UUID,
    demande: InformationSuspensionCreation,
    commande: CommandeDep,
    version: SiVersion,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Dit quand la personne a su les faits et la sanction encourue : ses observations en courent.

    Le délai d'observations du PCD n'a été lu nulle part : dix jours, ou celui que la collectivité
    se donne sous `observations_pcd`. Portée `parcours:ecrire`, pour le département. Publie
    `parcours.suspension.information`.
    """

    def informer(procedure: Procedure, jour: date, locaux: Sequence[Delai]) -> Mapping[str, Any]:
        observations, decision = rules.apres_information(procedure, demande, jour, locaux)
        return {
            "statut": StatutSuspension.CONTRADICTOIRE.value,
            "date_information": demande.date_information,
            "date_limite_observations": observations,
            "date_limite_decision": decision,
        }

    acte = _Acte(TypeActeSuspension.INFORMATION, demande.date_information, demande.mode.value)
    return await _acter(
        service, request, commande, suspension_id, version, demande.organisme_id, acte, informer
    )


@router.post(
    "/suspensions/{suspension_id}/observations",
    status_code=201,
    response_model=SuspensionDetaillee,
    summary="Enregistrer les observations de la personne",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ACTE),
)
async def creer_observations_suspension(
    suspension_id: UUID,
    demande: ObservationsSuspensionCreation,
    commande: CommandeDep,
    version: SiVersion,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Enregistre ce que répond la personne, seule ou avec une personne de son choix.

    Plusieurs fois s'il le faut, même après le délai ; des observations orales reportent le délai
    de décision. Portée `parcours:ecrire`, pour le département. Publie
    `parcours.suspension.observations`.
    """

    def recevoir(procedure: Procedure, jour: date, locaux: Sequence[Delai]) -> Mapping[str, Any]:
        limite = rules.apres_observations(procedure, demande, jour, locaux)
        premieres = procedure.date_observations or demande.date_observations
        return {
            "date_observations": min(premieres, demande.date_observations),
            **({"date_limite_decision": limite} if limite is not None else {}),
        }

    acte = _Acte(
        TypeActeSuspension.OBSERVATIONS,
        demande.date_observations,
        demande.forme.value,
        precision=demande.assistance.value,
        texte=demande.texte,
    )
    return await _acter(
        service, request, commande, suspension_id, version, demande.organisme_id, acte, recevoir
    )


@router.post(
    "/suspensions/{suspension_id}/avis",
    status_code=201,
    response_model=SuspensionDetaillee,
    summary="Enregistrer l'avis de l'équipe pluridisciplinaire",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ACTE),
)
async def creer_avis_suspension(
    suspension_id: UUID,
    demande: AvisEpSuspensionCreation,
    commande: CommandeDep,
    version: SiVersion,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Enregistre l'avis, obligatoire avant toute suppression, où la personne peut être entendue.

    Facultatif avant une suspension. Portée `parcours:ecrire`, pour le département. Publie
    `parcours.suspension.avis_ep`.
    """

    def aviser(procedure: Procedure, jour: date, locaux: Sequence[Delai]) -> Mapping[str, Any]:
        limite = rules.apres_avis(procedure, demande, jour, locaux)
        return {
            "statut": StatutSuspension.AVIS_EP.value,
            "date_avis_ep": demande.date_avis,
            **({"date_limite_decision": limite} if limite is not None else {}),
        }

    acte = _Acte(
        TypeActeSuspension.AVIS_EP,
        demande.date_avis,
        demande.sens.value,
        precision=demande.audition.value,
        texte=demande.texte,
    )
    return await _acter(
        service, request, commande, suspension_id, version, demande.organisme_id, acte, aviser
    )


@router.post(
    "/suspensions/{suspension_id}/decisions",
    status_code=201,
    response_model=SuspensionDetaillee,
    summary="Enregistrer la décision de l'autorité",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(
        *_ACTE, ParcoursClos, HorsDroitsDevoirs, ObservationsEnCours, SanctionEnCours
    ),
)
async def decider_suspension(
    suspension_id: UUID,
    demande: DecisionSuspensionCreation,
    commande: CommandeDep,
    version: SiVersion,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Enregistre une suspension, une suppression, ou `sans_suite` ; vérifie, ne propose rien.

    Après le délai d'observations, ou dès que certaines sont reçues. La part et la durée sont dans
    le barème de la nature et du rang du manquement, la part plafonnée selon le foyer ; une
    suppression suit l'avis de l'équipe pluridisciplinaire ; une seconde sanction de premier rang
    ne s'ouvre pas pendant une autre. Un parcours clos n'admet que `sans_suite`, qui finit la
    procédure. Portée `parcours:ecrire`, pour le département. Publie `parcours.suspension.decision`.
    """
    acces: Acces = request.state.acces
    async with service.base.transaction(acces) as tx:
        personne_id = (await queries.read_suspension(tx, suspension_id)).personne_id
    droits_devoirs = await _droits_devoirs(service, acces, personne_id)
    organisme = await _organisme(service, acces, demande.organisme_id)

    async def decider(tx: Transaction) -> Effet:
        row = await _lock(tx, suspension_id, version)
        if demande.mesure in rules.SANCTIONS:
            exige_ouvert(row.statut_parcours)
        rules.exige_autorite(acces.auteur, organisme)
        jour, locaux = await service.aujourdhui(tx), await read_delais_locaux(tx)
        decidee = rules.apres_decision(
            queries.procedure(row),
            demande,
            jour,
            precedentes=await queries.read_precedentes(tx, row.personne_id),
            en_cours=await queries.read_en_cours(tx, row.personne_id, jour),
            reorientation=await queries.read_reorientation(tx, row.personne_id, jour),
            droits_devoirs=droits_devoirs,
            locaux=locaux,
        )
        date_decision = demande.date_decision or jour
        await queries.store_acte(
            tx,
            service.coffre,
            suspension_id,
            TypeActeSuspension.DECISION,
            {
                "date_acte": date_decision,
                "organisme_id": demande.organisme_id,
                "nature": demande.mesure.value,
                "precision": demande.motif_sans_suite,
            },
            texte=demande.motivation,
            complement=demande.voies_recours,
        )
        await queries.update_suspension(
            tx,
            suspension_id,
            {
                "statut": StatutSuspension.DECIDE.value,
                "date_decision": date_decision,
                "mesure": demande.mesure.value,
                "rang": decidee.rang,
                "bareme": decidee.bareme,
                "part_pourcent": demande.part_pourcent,
                "duree_mois": demande.duree_mois,
                "foyer_personnes": demande.foyer and demande.foyer.personnes,
                "foyer_majoration": demande.foyer and demande.foyer.majoration,
            },
        )
        return await _effet(tx, suspension_id, TypeActeSuspension.DECISION, jour, locaux)

    async with service.base.transaction(acces) as tx:
        return await once(tx, commande, lambda: decider(tx))


@router.post(
    "/suspensions/{suspension_id}/notifications",
    status_code=201,
    response_model=SuspensionDetaillee,
    summary="Enregistrer la notification d'une sanction",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ACTE),
)
async def notifier_suspension(
    suspension_id: UUID,
    demande: NotificationSuspensionCreation,
    commande: CommandeDep,
    version: SiVersion,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Dit quand la sanction a été notifiée et quand elle commence : son terme en vient.

    Portée `parcours:ecrire`, pour le département. Publie `parcours.suspension.notification`.
    """

    def notifier(procedure: Procedure, jour: date, _: Sequence[Delai]) -> Mapping[str, Any]:
        return {
            "date_fin": rules.apres_notification(procedure, demande, jour),
            "statut": StatutSuspension.EN_COURS.value,
            "date_notification": demande.date_notification,
            "date_debut": demande.date_debut,
        }

    acte = _Acte(TypeActeSuspension.NOTIFICATION, demande.date_notification, demande.mode.value)
    return await _acter(
        service, request, commande, suspension_id, version, demande.organisme_id, acte, notifier
    )


@router.post(
    "/suspensions/{suspension_id}/transmissions",
    status_code=201,
    response_model=SuspensionDetaillee,
    summary="Enregistrer la transmission à l'organisme payeur",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ACTE),
)
async def creer_transmission_suspension(
    suspension_id: UUID,
    demande: TransmissionSuspensionCreation,
    commande: CommandeDep,
    version: SiVersion,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Dit quand la mesure notifiée, ou sa levée, a été transmise à la CAF ou à la MSA.

    Portée `parcours:ecrire`, pour le département. Publie `parcours.suspension.transmission`.
    """

    def transmettre(procedure: Procedure, jour: date, _: Sequence[Delai]) -> Mapping[str, Any]:
        rules.verifier_transmission(procedure, demande.date_transmission, jour)
        return {"date_transmission": demande.date_transmission}

    acte = _Acte(
        TypeActeSuspension.TRANSMISSION,
        demande.date_transmission,
        demande.organisme_payeur.value,
    )
    return await _acter(
        service, request, commande, suspension_id, version, demande.organisme_id, acte, transmettre
    )


@router.post(
    "/suspensions/{suspension_id}/remobilisations",
    status_code=201,
    response_model=SuspensionDetaillee,
    summary="Signaler la remobilisation de la personne",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ACTE),
)
async def creer_remobilisation_suspension(
    suspension_id: UUID,
    demande: RemobilisationSuspensionCreation,
    commande: CommandeDep,
    version: SiVersion,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Signale pendant une suspension un contrat élaboré, ou des obligations respectées (R262-69).

    Par l'organisme référent, ou le département ; la levée reste à celui-ci. Portée
    `parcours:ecrire`. Publie `parcours.suspension.remobilisation`.
    """

    def signaler(procedure: Procedure, jour: date, _: Sequence[Delai]) -> Mapping[str, Any]:
        rules.verifier_remobilisation(procedure, demande.motif, demande.date_remobilisation, jour)
        return {}

    acte = _Acte(
        TypeActeSuspension.REMOBILISATION,
        demande.date_remobilisation,
        demande.motif.value,
        texte=demande.texte,
        referent=True,
    )
    return await _acter(
        service, request, commande, suspension_id, version, demande.organisme_id, acte, signaler
    )


@router.post(
    "/suspensions/{suspension_id}/levees",
    status_code=201,
    response_model=SuspensionDetaillee,
    summary="Lever une suspension avant son terme",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ACTE),
)
async def lever_suspension(
    suspension_id: UUID,
    demande: LeveeSuspensionCreation,
    commande: CommandeDep,
    version: SiVersion,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Met fin à une suspension le jour de la remobilisation (R262-68, R262-68-1).

    Une suppression ne se lève pas. Portée `parcours:ecrire`, pour le département. Publie
    `parcours.suspension.levee`.
    """

    def lever(procedure: Procedure, jour: date, _: Sequence[Delai]) -> Mapping[str, Any]:
        return {
            "date_fin": rules.apres_levee(procedure, demande, jour),
            "statut": StatutSuspension.LEVE.value,
        }

    acte = _Acte(TypeActeSuspension.LEVEE, demande.date_levee, demande.motif.value)
    return await _acter(
        service, request, commande, suspension_id, version, demande.organisme_id, acte, lever
    )


@router.post(
    "/suspensions/{suspension_id}/termes",
    status_code=201,
    response_model=SuspensionDetaillee,
    summary="Enregistrer la fin d'une mesure à son terme",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ACTE),
)
async def creer_terme_suspension(
    suspension_id: UUID,
    demande: TermeSuspensionCreation,
    commande: CommandeDep,
    version: SiVersion,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Dit si le manquement persiste à la fin de la mesure ; rien d'autre n'en découle.

    Une persistance se signale dans une nouvelle procédure, qui nomme celle-ci. Portée
    `parcours:ecrire`, pour le département. Publie `parcours.suspension.terme`.
    """

    def finir(procedure: Procedure, jour: date, _: Sequence[Delai]) -> Mapping[str, Any]:
        rules.verifier_terme(procedure, demande, jour)
        return {"statut": StatutSuspension.TERME.value}

    acte = _Acte(TypeActeSuspension.TERME, demande.date_terme, demande.constat.value)
    return await _acter(
        service, request, commande, suspension_id, version, demande.organisme_id, acte, finir
    )


@router.post(
    "/suspensions/{suspension_id}/annulations",
    status_code=201,
    response_model=SuspensionDetaillee,
    summary="Annuler une sanction",
    dependencies=[portee("parcours:ecrire")],
    responses=refusals(*_ACTE),
)
async def annuler_suspension(
    suspension_id: UUID,
    demande: AnnulationSuspensionCreation,
    commande: CommandeDep,
    version: SiVersion,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Annule une sanction, sur recours, erreur ou médiation : elle ne compte plus dans un rang.

    Ses actes restent écrits. Portée `parcours:ecrire`, pour le département. Publie
    `parcours.suspension.annulation`.
    """

    def annuler(procedure: Procedure, jour: date, _: Sequence[Delai]) -> Mapping[str, Any]:
        rules.verifier_annulation(procedure, demande.date_annulation, jour)
        return {"statut": StatutSuspension.ANNULE.value}

    acte = _Acte(
        TypeActeSuspension.ANNULATION,
        demande.date_annulation,
        demande.motif.value,
        texte=demande.texte,
    )
    return await _acter(
        service, request, commande, suspension_id, version, demande.organisme_id, acte, annuler
    )


@dataclass(frozen=True)
class _Acte:
    """What is written beside a change of state, and told; an exit of the parcours stops none.

    Args:
        referent: whether the organisme référent may do it too.
    """

    type: TypeActeSuspension
    jour: date
    nature: str
    precision: str | None = None
    texte: str | None = field(default=None, repr=False)
    referent: bool = False


async def _acter(
    service: Service,
    request: Request,
    commande: Commande,
    suspension_id: UUID,
    version: int,
    organisme_id: UUID,
    acte: _Acte,
    appliquer: Callable[[Procedure, date, Sequence[Delai]], Mapping[str, Any]],
) -> Response:
    """Hold a procedure, check whose act it is, decide what it becomes, write both."""
    acces: Acces = request.state.acces
    organisme = await _organisme(service, acces, organisme_id)

    async def agir(tx: Transaction) -> Effet:
        row = await _lock(tx, suspension_id, version)
        rules.exige_autorite(
            acces.auteur,
            organisme,
            signalant_id=row.organisme_referent_id if acte.referent else None,
        )
        jour, locaux = await service.aujourdhui(tx), await read_delais_locaux(tx)
        changes = appliquer(queries.procedure(row), jour, locaux)
        await queries.store_acte(
            tx,
            service.coffre,
            suspension_id,
            acte.type,
            {
                "date_acte": acte.jour,
                "organisme_id": organisme_id,
                "nature": acte.nature,
                "precision": acte.precision,
            },
            texte=acte.texte,
        )
        await queries.update_suspension(tx, suspension_id, changes)
        return await _effet(tx, suspension_id, acte.type, jour, locaux)

    async with service.base.transaction(acces) as tx:
        return await once(tx, commande, lambda: agir(tx))


async def _lock(tx: Transaction, suspension_id: UUID, version: int) -> Row[Any]:
    """Hold a procedure, in the version that its caller has read."""
    row = await queries.lock_suspension(tx, suspension_id)
    exige_version(row.version, version)
    return row


async def _organisme(
    service: Service, acces: Acces, organisme_id: UUID
) -> OrganismeReferent | None:
    """Read an organisme in orientation; None: there is none."""
    try:
        return await voisins.orientation(service, acces.collectivite).lire_organisme(organisme_id)
    except RefusVoisin:
        return None


async def _droits_devoirs(service: Service, acces: Acces, personne_id: UUID) -> bool:
    """Tell whether a person is under droits et devoirs; one that was erased is not."""
    try:
        voisin = voisins.orientation(service, acces.collectivite)
        return (await voisin.lire_personne(personne_id)).droits_devoirs
    except RefusVoisin:
        return False


async def _effet(
    tx: Transaction,
    suspension_id: UUID,
    acte: TypeActeSuspension,
    jour: date,
    locaux: Sequence[Delai],
) -> Effet:
    """Read what a procedure became, tell the feed, and answer."""
    row = await queries.read_suspension(tx, suspension_id)
    await publier(
        tx,
        Fait(
            f"parcours.suspension.{acte}",
            "suspensions",
            suspension_id,
            row.version,
            Operation.CREATION if row.version == 1 else Operation.MODIFICATION,
        ),
    )
    return Effet(
        queries.render_detaillee(row, jour, locaux),
        location=f"/v1/suspensions/{suspension_id}",
        version=row.version,
    )
