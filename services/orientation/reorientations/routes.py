"""Réorientation: the organisme référent asks, the other one answers, the authority decides."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.criteres.queries import copy_recueils
from services.orientation.criteres.rules import Critere
from services.orientation.organismes.queries import all_organismes, read_organisme
from services.orientation.organismes.rules import AutreOrganisme, exige_parole
from services.orientation.orientations.competence import AutoriteIncompetente
from services.orientation.orientations.decision import appliquer_decision, candidat, decideur
from services.orientation.orientations.proposition import situation_au
from services.orientation.orientations.queries import (
    OrientationEnCours,
    lock_orientation,
    store_orientation,
)
from services.orientation.orientations.referent import Situation, verifier_organisme
from services.orientation.places.queries import read_delais_locaux
from services.orientation.reorientations import queries, rules
from shared.delais import delai_en_vigueur
from shared.refus import Erreur, Introuvable, TransitionInterdite, Validation, VersionDepassee
from shared.schemas.commun import Auteur, Identifiant, Operation
from shared.schemas.orientation.orientations import OrigineOrientation
from shared.schemas.orientation.reorientations import (
    AnnulationReorientationCreation,
    AvisReorientationCreation,
    DecisionReorientationCreation,
    MomentReorientation,
    PageReorientations,
    Reorientation,
    ReorientationCreation,
    ReponseReorientationCreation,
    SensActe,
    SensReponse,
    StatutReorientation,
    TypeActeReorientation,
)
from shared.schemas.orientation.vocabulaire import (
    EtatDecision,
    OrganismeDemande,
    StatutOrientation,
    TypeParcours,
)
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("reorientations")


@router.post(
    "/orientations/{orientation_id}/reorientations",
    status_code=201,
    response_model=Reorientation,
    summary="Demander une réorientation",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(
        Introuvable,
        VersionDepassee,
        TransitionInterdite,
        AutreOrganisme,
        queries.ReorientationEnCours,
    ),
)
async def creer_reorientation(
    orientation_id: UUID,
    demande: ReorientationCreation,
    version: SiVersion,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Saisit le décideur, de l'initiative de l'organisme référent ou à la demande de la personne.

    Le client parle pour l'organisme référent en charge (L5411-5-2 II) ; une seule demande attend à
    la fois. Rien ne change avant la décision, sauf le délai du contrat, interrompu si elle suit le
    diagnostic (D5411-8-2). Portée `orientation:ecrire`. Publie
    `orientation.reorientation.demandee`.
    """

    async def demander() -> Effet:
        jour = await service.aujourdhui(tx)
        orientation = await lock_orientation(tx, orientation_id, version)
        date_demande = demande.date_demande or jour
        rules.verifier_demande(
            rules.Demande(
                demandeur=demande.demandeur,
                moment=demande.moment,
                motif=demande.motif,
                commentaire=demande.commentaire,
                type_parcours=demande.type_parcours_propose,
                organisme_id=demande.organisme_propose_id,
                date_demande=date_demande,
            ),
            rules.EnVigueur(
                statut=StatutOrientation(orientation.statut),
                type_parcours=orientation.type_parcours and TypeParcours(orientation.type_parcours),
                organisme_id=orientation.organisme_referent_id,
                date_effet=orientation.date_effet,
            ),
            jour,
        )
        organismes = {un.id: un for un in await all_organismes(tx)}
        charge = organismes[orientation.organisme_referent_id]
        exige_parole(tx.acces.auteur, charge.id, charge.clients)
        propose = organismes.get(demande.organisme_propose_id)
        if propose is None:
            message = "Organisme referent inconnu"
            raise Validation([Erreur("/organisme_propose_id", "hors-bornes", message)])
        verifier_organisme(
            candidat(propose),
            _situation(orientation, date_demande),
            date_demande,
            pointeur="/organisme_propose_id",
        )
        locaux = await read_delais_locaux(tx)
        avis = await queries.avis_ep_requis(tx)
        row = await queries.store_reorientation(
            tx,
            {
                "id": new_id(),
                "orientation_id": orientation_id,
                "statut": StatutReorientation.EN_ATTENTE.value,
                "organisme_demandeur_id": charge.id,
                **demande.model_dump(mode="json", exclude={"date_demande"}),
                "organisme_propose_id": propose.id,
                "diagnostic_id": demande.diagnostic_id,
                "date_demande": date_demande,
                "date_limite_reponse": rules.date_limite(rules.REPONSE, date_demande, locaux),
                "date_limite_avis": rules.date_limite(rules.AVIS_EP, date_demande, locaux)
                if avis
                else None,
                "client_id": tx.acces.auteur,
            },
        )
        await publier(tx, queries.fait("demandee", row, Operation.CREATION))
        return _effet(row, (), jour)

    return await once(tx, commande, demander)


@router.get(
    "/reorientations",
    response_model=PageReorientations,
    summary="Lister les demandes de réorientation",
    dependencies=[portee("orientation:lire")],
)
async def lister_reorientations(
    page: Annotated[PageDemandee, page_de(PageReorientations)],
    service: ServiceDep,
    tx: TransactionDep,
    statut: Annotated[
        list[StatutReorientation],
        Query(
            default_factory=list,
            max_length=4,
            description="États voulus, par répétition",
            examples=[["en_attente"]],
        ),
    ],
    organisme_id: Annotated[
        Identifiant | None,
        Query(
            description="Un organisme seul, qui demande ou à qui il est demandé",
            examples=["019b789f-d7a0-7d19-8c44-e2a6f05b3c71"],
        ),
    ] = None,
    orientation_id: Annotated[
        Identifiant | None,
        Query(
            description="Une orientation seule", examples=["019cad9d-67a0-726b-b2a7-4de452e6b438"]
        ),
    ] = None,
) -> Response:
    """Rend les demandes de réorientation, les plus récentes d'abord. Portée `orientation:lire`."""
    jour = await service.aujourdhui(tx)
    rows = await queries.list_reorientations(
        tx, page, statut, organisme_id=organisme_id, orientation_id=orientation_id
    )
    actes = await queries.read_actes(tx, [row.id for row in rows])
    return rendre_page(page, rows, lambda row: _render(row, actes.get(row.id, ()), jour))


@router.get(
    "/reorientations/{reorientation_id}",
    response_model=Reorientation,
    summary="Lire une demande de réorientation",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_reorientation(
    reorientation_id: UUID, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Rend une demande, ce qui en a été fait, et ce que le contrat doit. Portée `orientation:lire`.

    Les attentes se lisent à la date d'aujourd'hui, donc la réponse n'est jamais 304.
    """
    row = await queries.read_reorientation(tx, reorientation_id)
    actes = (await queries.read_actes(tx, [row.id])).get(row.id, ())
    shown = _render(row, actes, await service.aujourdhui(tx))
    return rendre(Effet(shown, version=row.version, status=200))


@router.post(
    "/reorientations/{reorientation_id}/reponses",
    status_code=201,
    response_model=Reorientation,
    summary="Répondre à une demande de réorientation",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(Introuvable, VersionDepassee, TransitionInterdite, AutreOrganisme),
)
async def creer_reponse_reorientation(
    reorientation_id: UUID,
    demande: ReponseReorientationCreation,
    version: SiVersion,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Enregistre l'accord ou le refus de l'organisme proposé, une fois, par qui parle pour lui.

    Sa réponse informe le décideur et ne le lie pas ; passé le délai, elle est encore reçue tant
    que la demande attend. Portée `orientation:ecrire`. Publie
    `orientation.reorientation.repondue`.
    """

    async def repondre() -> Effet:
        jour = await service.aujourdhui(tx)
        row = await queries.lock_reorientation(tx, reorientation_id, version)
        rules.exige_en_attente(StatutReorientation(row.statut))
        propose = await read_organisme(tx, row.organisme_propose_id)
        exige_parole(tx.acces.auteur, propose.id, propose.clients)
        if demande.reponse is SensReponse.REFUS and not demande.motif:
            raise Validation([Erreur("/motif", "requis", "Un refus se motive")])
        rules.exige_premier(deja=await _fait_deja(tx, row, TypeActeReorientation.REPONSE))
        acte = _acte(TypeActeReorientation.REPONSE, demande.reponse, demande.motif, jour)
        row = await queries.store_acte(tx, row, {**acte, "organisme_id": propose.id})
        return await _publie(tx, row, "repondue", jour)

    return await once(tx, commande, repondre)


@router.post(
    "/reorientations/{reorientation_id}/avis",
    status_code=201,
    response_model=Reorientation,
    summary="Enregistrer l'avis de l'équipe pluridisciplinaire",
    dependencies=[portee("orientation:decider")],
    responses=refusals(Introuvable, VersionDepassee, TransitionInterdite, AutoriteIncompetente),
)
async def creer_avis_reorientation(
    reorientation_id: UUID,
    demande: AvisReorientationCreation,
    version: SiVersion,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Enregistre, une fois, l'avis de l'équipe pluridisciplinaire (CASF L262-39).

    L'enregistre qui pourrait décider à la date de l'avis. Un avis peut être donné même si la
    collectivité ne le demande pas. Portée `orientation:decider`. Publie
    `orientation.reorientation.avis_rendu`.
    """

    async def rendre_avis() -> Effet:
        jour = await service.aujourdhui(tx)
        orientation_id = (await queries.read_reorientation(tx, reorientation_id)).orientation_id
        orientation = await lock_orientation(tx, orientation_id)
        row = await queries.lock_reorientation(tx, reorientation_id, version)
        rules.exige_en_attente(StatutReorientation(row.statut))
        date_avis = demande.date_avis or jour
        rules.exige_premier(deja=await _fait_deja(tx, row, TypeActeReorientation.AVIS))
        rules.verifier_avis(date_avis, date_demande=row.date_demande, jour=jour)
        situation = _situation(orientation, date_avis)
        decideur(tx, await all_organismes(tx), situation, date_avis, date_echeance=None)
        acte = _acte(TypeActeReorientation.AVIS, demande.avis, demande.motif, date_avis)
        row = await queries.store_acte(tx, row, acte)
        return await _publie(tx, row, "avis_rendu", jour)

    return await once(tx, commande, rendre_avis)


@router.post(
    "/reorientations/{reorientation_id}/decisions",
    status_code=201,
    response_model=Reorientation,
    summary="Décider d'une demande de réorientation",
    dependencies=[portee("orientation:decider")],
    responses=refusals(
        Introuvable,
        VersionDepassee,
        TransitionInterdite,
        rules.AvisAttendu,
        AutoriteIncompetente,
        OrientationEnCours,
    ),
)
async def decider_reorientation(
    reorientation_id: UUID,
    demande: DecisionReorientationCreation,
    version: SiVersion,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Accepte la demande, ce qui décide une orientation et clôt l'autre la veille, ou la refuse.

    Décide qui décide d'une orientation (L5411-5-1 II) ; les six semaines n'y ont pas cours. Si la
    collectivité consulte l'équipe pluridisciplinaire, rien avant son avis ou la fin de son mois.
    La place suit : l'ancienne est rendue, la nouvelle donnée ou en file. Portée
    `orientation:decider`. Publie `orientation.reorientation.acceptee`,
    `orientation.orientation.ouverte`, `orientation.orientation.close` et
    `orientation.decision.enregistree`, ou `orientation.reorientation.refusee`.
    """

    async def decider() -> Effet:
        jour = await service.aujourdhui(tx)
        orientation_id = (await queries.read_reorientation(tx, reorientation_id)).orientation_id
        orientation = await lock_orientation(tx, orientation_id)
        row = await queries.lock_reorientation(tx, reorientation_id, version)
        rules.exige_en_attente(StatutReorientation(row.statut))
        actes = (await queries.read_actes(tx, [row.id])).get(row.id, ())
        date_decision = demande.date_decision or jour
        date_effet = rules.verifier_decision(
            rules.Decision(demande.etat_decision, date_decision, demande.date_effet, demande.motif),
            date_demande=row.date_demande,
            effet_precedent=orientation.date_effet,
            date_avis=next(
                (un.date_acte for un in actes if un.type == TypeActeReorientation.AVIS), None
            ),
            date_limite_avis=row.date_limite_avis,
            jour=jour,
        )
        organismes = await all_organismes(tx)
        situation = _situation(orientation, date_decision)
        # The six weeks are those of the first orientation: C3 gives nothing here.
        autorite, regle = decideur(tx, organismes, situation, date_decision, date_echeance=None)
        acte = {
            **_acte(
                TypeActeReorientation.DECISION, demande.etat_decision, demande.motif, date_decision
            ),
            "organisme_id": autorite.id,
        }
        if date_effet is None:
            row = await queries.store_acte(tx, row, acte, statut=StatutReorientation.REFUSEE)
            return await _publie(tx, row, "refusee", jour)
        propose = next(un for un in organismes if un.id == row.organisme_propose_id)
        verifier_organisme(candidat(propose), situation, date_decision, pointeur="/etat_decision")
        suivante = await _ouvrir(tx, orientation, row, jour)
        row = await queries.store_acte(
            tx, row, acte, statut=StatutReorientation.ACCEPTEE, suivante=suivante.id
        )
        await publier(
            tx,
            queries.fait("acceptee", row),
            Fait(
                "orientation.orientation.ouverte",
                "orientations",
                suivante.id,
                suivante.version,
                Operation.CREATION,
            ),
        )
        await appliquer_decision(
            tx,
            {
                "id": new_id(),
                "orientation_id": suivante.id,
                "proposition_id": None,
                "etat_decision": EtatDecision.ACCEPTEE.value,
                "motif_refus": None,
                "commentaire": None,
                "type_parcours": row.type_parcours_propose,
                "organisme_referent_id": row.organisme_propose_id,
                "date_decision": date_decision,
                "date_effet": date_effet,
                "regle_competence": regle,
                "organisme_decideur_id": autorite.id,
                "client_id": tx.acces.auteur,
            },
            personne_id=orientation.personne_id,
            criteres=[Critere(**critere) for critere in orientation.criteres],
            organismes=organismes,
            situation=situation,
            jour=jour,
        )
        return await _rendu(tx, row, jour)

    return await once(tx, commande, decider)


@router.post(
    "/reorientations/{reorientation_id}/annulations",
    status_code=201,
    response_model=Reorientation,
    summary="Retirer une demande de réorientation",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(Introuvable, VersionDepassee, TransitionInterdite, AutreOrganisme),
)
async def annuler_reorientation(
    reorientation_id: UUID,
    demande: AnnulationReorientationCreation,
    version: SiVersion,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Retire une demande qui attend, par l'organisme qui l'a faite ; l'orientation reste.

    Une demande dont l'orientation cesse d'être en vigueur est annulée de même, `sans_objet`.
    Portée `orientation:ecrire`. Publie `orientation.reorientation.annulee`.
    """

    async def annuler() -> Effet:
        jour = await service.aujourdhui(tx)
        row = await queries.lock_reorientation(tx, reorientation_id, version)
        rules.exige_en_attente(StatutReorientation(row.statut))
        charge = await read_organisme(tx, row.organisme_demandeur_id)
        exige_parole(tx.acces.auteur, charge.id, charge.clients)
        acte = _acte(TypeActeReorientation.ANNULATION, SensActe.RETIREE, demande.motif, jour)
        row = await queries.store_acte(
            tx,
            row,
            {**acte, "organisme_id": charge.id},
            statut=StatutReorientation.ANNULEE,
        )
        return await _publie(tx, row, "annulee", jour)

    return await once(tx, commande, annuler)


async def _ouvrir(
    tx: Transaction, orientation: Row[Any], demande: Row[Any], jour: date
) -> Row[Any]:
    """Write the orientation that the decision opens at once, with what was stated of the person.

    Raises:
        OrientationEnCours: another one is to decide, and will replace this one's former.
    """
    suivante = await store_orientation(
        tx,
        {
            "id": new_id(),
            "personne_id": orientation.personne_id,
            "origine": OrigineOrientation.REORIENTATION.value,
            "demande": orientation.demande,
            "statut": StatutOrientation.EN_ATTENTE.value,
            "recu_le": demande.cree_le,
            # Annulled, it is to be made again: the six weeks count from the day it was decided.
            "date_limite": delai_en_vigueur("orientation_pcd", jour).echeance(jour),
            "criteres": orientation.criteres,
            "proposition_id": orientation.proposition_id,
        },
    )
    await copy_recueils(tx, orientation.id, suivante.id)
    return suivante


def _situation(orientation: Row[Any], jour: date) -> Situation:
    return situation_au(
        jour,
        brsa=orientation.beneficiaire_rsa,
        date_naissance=orientation.date_naissance,
        code_commune=orientation.code_commune,
        criteres=[Critere(**critere) for critere in orientation.criteres],
        demande=orientation.demande and OrganismeDemande(orientation.demande),
    )


def _acte(
    type_: TypeActeReorientation, sens: str, motif: str | None, date_acte: date
) -> dict[str, Any]:
    return {
        "type": type_.value,
        "sens": SensActe(sens).value,
        "motif": motif,
        "date_acte": date_acte,
        "organisme_id": None,
    }


async def _fait_deja(tx: Transaction, row: Row[Any], type_: TypeActeReorientation) -> bool:
    actes = (await queries.read_actes(tx, [row.id])).get(row.id, ())
    return any(un.type == type_ for un in actes)


async def _publie(tx: Transaction, row: Row[Any], nom: str, jour: date) -> Effet:
    await publier(tx, queries.fait(nom, row))
    return await _rendu(tx, row, jour)


async def _rendu(tx: Transaction, row: Row[Any], jour: date) -> Effet:
    return _effet(row, (await queries.read_actes(tx, [row.id])).get(row.id, ()), jour)


def _effet(row: Row[Any], actes: Sequence[Row[Any]], jour: date) -> Effet:
    return Effet(
        _render(row, actes, jour),
        location=f"/v1/reorientations/{row.id}",
        version=row.version,
    )


def _render(row: Row[Any], actes: Sequence[Row[Any]], jour: date) -> Reorientation:
    par_type = {un.type: un for un in actes}
    statut = StatutReorientation(row.statut)
    fin = par_type.get(TypeActeReorientation.DECISION) or par_type.get(
        TypeActeReorientation.ANNULATION
    )
    contrat = rules.contrat(
        MomentReorientation(row.moment),
        row.date_demande,
        # Accepted, the month waits for a notification; without object, it is another one's.
        date_fin=fin.date_acte
        if fin is not None and fin.sens in (SensActe.REFUSEE, SensActe.RETIREE)
        else None,
        notification_precedente=row.notification_precedente,
        notification_nouvelle=row.notification_nouvelle,
    )
    return Reorientation.model_validate(
        {
            **row._mapping,
            "actes": [{**un._mapping, "auteur": Auteur(client_id=un.client_id)} for un in actes],
            "etat_reponse": rules.attente(
                statut,
                row.date_limite_reponse,
                faite=TypeActeReorientation.REPONSE in par_type,
                jour=jour,
            ),
            "etat_avis": rules.attente(
                statut,
                row.date_limite_avis,
                faite=TypeActeReorientation.AVIS in par_type,
                jour=jour,
            ),
            "contrat": vars(contrat),
        }
    )
