"""Orientations: criteria come in, the rules propose and say why, the competent one decides."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from sqlalchemy import Row, RowMapping
from starlette.responses import Response

from services.orientation.criteres import rules as criteres_rules
from services.orientation.criteres.rules import CHAMPS_SANTE, Critere
from services.orientation.criteres.sante import visibles
from services.orientation.jeux_de_regles.vigueur import regles_au
from services.orientation.organismes.queries import all_organismes
from services.orientation.orientations import competence, queries, referent, rules
from services.orientation.orientations.decision import appliquer_decision, candidat, decideur
from services.orientation.orientations.proposition import CHAMP_OBSTACLE, etablir, situation_au
from services.orientation.personnes.queries import lock_personne, read_etat_dossier
from services.orientation.personnes.rules import (
    DossierClos,
    PersonneFusionnee,
    exige_droit,
    situation_rsa,
    verifier_orientable,
)
from shared.delais import delai_en_vigueur, jour_civil
from shared.refus import Erreur, Introuvable, TransitionInterdite, Validation, VersionDepassee
from shared.schemas.commun import Auteur, DateCivile, Operation
from shared.schemas.orientation.orientations import (
    CriteresCreation,
    Decision,
    DecisionCreation,
    Orientation,
    OrientationCreation,
    OrigineOrientation,
    PageDecisions,
    PageOrientations,
    PagePropositions,
    PlaceDonnee,
    Proposition,
)
from shared.schemas.orientation.vocabulaire import OrganismeDemande, StatutOrientation, TypeParcours
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("orientations")


@router.post(
    "/orientations",
    status_code=201,
    response_model=Orientation,
    summary="Ouvrir une orientation à faire",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(queries.OrientationEnCours, Introuvable, PersonneFusionnee, DossierClos),
)
async def creer_orientation(
    demande: OrientationCreation, commande: CommandeDep, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Ouvre une orientation à faire pour une personne enregistrée. Portée `orientation:ecrire`.

    Les six semaines courent de la réception de l'information, en jours civils d'ici (CASF
    D262-65-2). Qui est seulement à risque d'entrer au RSA n'est orienté que s'il s'est adressé à un
    organisme, `organisme_demande` (L5411-5-1 II 3° et 4°), de même qui a un dossier clos ou refusé.
    Publie `orientation.orientation.ouverte`.
    """

    return await once(tx, commande, lambda: ouvrir_orientation(service, tx, demande))


async def ouvrir_orientation(
    service: Service, tx: Transaction, demande: OrientationCreation
) -> Effet:
    """Open an orientation to make."""
    now = service.horloge()
    recu_le = demande.recu_le or now
    if recu_le > now:
        message = "La reception est dans l'avenir"
        raise Validation([Erreur("/recu_le", "date-incoherente", message)])
    recu_jour = jour_civil(recu_le, await service.fuseau(tx))
    personne = await lock_personne(tx, demande.personne_id, partage=True)
    verifier_orientable(
        situation_rsa(beneficiaire=personne.beneficiaire_rsa, date_risque=personne.date_risque_rsa),
        demande.organisme_demande,
    )
    exige_droit(await read_etat_dossier(tx, personne.dossier_id), demande.organisme_demande)
    row = await queries.store_orientation(
        tx,
        {
            "id": new_id(),
            "personne_id": demande.personne_id,
            "origine": OrigineOrientation.SAISIE.value,
            "demande": demande.organisme_demande,
            "statut": StatutOrientation.BROUILLON.value,
            "recu_le": recu_le,
            "date_limite": delai_en_vigueur("orientation_pcd", recu_jour).echeance(recu_jour),
            "criteres": [],
        },
    )
    await publier(tx, _fait("orientation.ouverte", row.id, 1, Operation.CREATION))
    return Effet(_orientation(tx, row), location=f"/v1/orientations/{row.id}", version=1)


@router.get(
    "/orientations",
    response_model=PageOrientations,
    summary="Lister les orientations",
    dependencies=[portee("orientation:lire")],
)
async def lister_orientations(
    page: Annotated[
        PageDemandee, page_de(PageOrientations, "-cree_le", "date_limite", intervalle="date_limite")
    ],
    tx: TransactionDep,
    statut: Annotated[
        list[StatutOrientation],
        Query(
            default_factory=list,
            max_length=4,
            description="États voulus, par répétition",
            examples=[["en_attente"]],
        ),
    ],
    date_limite_min: Annotated[
        DateCivile | None, Query(description="Dues ce jour ou après", examples=["2026-03-01"])
    ] = None,
    date_limite_max: Annotated[
        DateCivile | None, Query(description="Dues ce jour ou avant", examples=["2026-03-31"])
    ] = None,
) -> Response:
    """Rend les orientations, les plus récentes d'abord ; entre deux jours, les premières dues.

    Portée `orientation:lire`.
    """
    rows = await queries.list_orientations(
        tx, page, statut, date_limite_min=date_limite_min, date_limite_max=date_limite_max
    )
    return rendre_page(page, rows, lambda row: _orientation(tx, row))


@router.get(
    "/orientations/{orientation_id}",
    response_model=Orientation,
    summary="Lire une orientation",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_orientation(orientation_id: UUID, tx: TransactionDep) -> Response:
    """Rend une orientation. Portée `orientation:lire` ; les critères de santé demandent
    `orientation.sante:lire`, et `champs_masques` dit s'ils manquent.

    La place bouge sans que `version` change, donc la réponse n'est jamais 304.
    """
    row = await queries.read_orientation(tx, orientation_id)
    return rendre(Effet(_orientation(tx, row), version=row.version, status=200))


@router.post(
    "/orientations/{orientation_id}/criteres",
    status_code=201,
    response_model=Proposition,
    summary="Déposer des critères et obtenir une proposition",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(Introuvable, VersionDepassee, rules.OrientationDejaDecidee),
)
async def deposer_criteres(
    orientation_id: UUID,
    demande: CriteresCreation,
    version: SiVersion,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Ajoute des critères et propose un parcours et un organisme, expliqués.

    Tant qu'un critère nécessaire manque, la règle est P0 et l'orientation reste en brouillon ;
    sinon elle attend une décision. Rien n'est décidé ici. Portée `orientation:ecrire`. Publie
    `orientation.proposition.etablie`.
    """

    return await once(
        tx, commande, lambda: ajouter_criteres(service, tx, demande, orientation_id, version)
    )


async def ajouter_criteres(
    service: Service,
    tx: Transaction,
    demande: CriteresCreation,
    orientation_id: UUID,
    version: int | None = None,
) -> Effet:
    """Add criteria and propose; without a version, whatever the orientation has become."""
    jour = await service.aujourdhui(tx)
    row = await queries.lock_orientation(tx, orientation_id, version)
    statut = StatutOrientation(row.statut)
    if statut in (StatutOrientation.OUVERTE, StatutOrientation.CLOTUREE):
        raise rules.OrientationDejaDecidee(statut)
    enonces = [Critere(un.champ, un.valeur) for un in demande.criteres]
    criteres_rules.verifier(enonces)
    if demande.date_recueil > jour:
        message = "Le recueil est dans l'avenir"
        raise Validation([Erreur("/date_recueil", "date-incoherente", message)])
    if demande.obstacle_temporaire is not None:
        enonces.append(Critere(CHAMP_OBSTACLE, str(demande.obstacle_temporaire).lower()))
    recueil = {
        "id": new_id(),
        "criteres": [asdict(critere) for critere in enonces],
        "source": demande.source.value,
        "date_recueil": demande.date_recueil,
        "client_id": tx.acces.auteur,
    }
    criteres = criteres_rules.fusionner(
        [*await queries.read_enonces(tx, orientation_id), queries.enonce(recueil)]
    )
    jeu_id, regles = await regles_au(tx, jour, brsa=row.beneficiaire_rsa)
    etablie = etablir(
        criteres,
        situation_au(
            jour,
            brsa=row.beneficiaire_rsa,
            date_naissance=row.date_naissance,
            code_commune=row.code_commune,
            criteres=criteres,
            demande=row.demande and OrganismeDemande(row.demande),
        ),
        map(candidat, await all_organismes(tx)),
        jour,
        regles,
    )
    proposition, orientation_version = await queries.store_criteres(
        tx,
        orientation_id,
        recueil=recueil,
        proposition={
            "id": new_id(),
            "jeu_de_regles_id": jeu_id,
            "version_regles": etablie.version_regles,
            "regle": etablie.regle,
            "type_parcours": etablie.type_parcours,
            "organisme_referent_id": etablie.organisme_referent_id,
            "entrees": etablie.entrees,
            "explication": queries.as_json(asdict(etablie.explication)),
        },
        criteres=[asdict(critere) for critere in criteres],
        statut=etablie.statut,
    )
    await publier(
        tx,
        _fait("proposition.etablie", orientation_id, orientation_version, Operation.MODIFICATION),
    )
    return Effet(
        _proposition(tx, proposition),
        location=f"/v1/propositions/{proposition.id}",
        version=orientation_version,
    )


@router.get(
    "/propositions",
    response_model=PagePropositions,
    summary="Lister les propositions",
    dependencies=[portee("orientation:lire")],
)
async def lister_propositions(
    page: Annotated[PageDemandee, page_de(PagePropositions)], tx: TransactionDep
) -> Response:
    """Rend les propositions faites, les plus récentes d'abord. Portée `orientation:lire`."""
    rows = await queries.list_propositions(tx, page)
    return rendre_page(page, rows, lambda row: _proposition(tx, row))


@router.get(
    "/propositions/{proposition_id}",
    response_model=Proposition,
    summary="Lire une proposition et son explication",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_proposition(
    proposition_id: UUID, request: Request, tx: TransactionDep
) -> Response:
    """Rend une proposition, la règle qui la fonde et pourquoi. Portée `orientation:lire`."""
    row = await queries.read_proposition(tx, proposition_id)
    return rendre_lecture(request, _proposition(tx, row), 1)


@router.post(
    "/orientations/{orientation_id}/decisions",
    status_code=201,
    response_model=Decision,
    summary="Décider d'une orientation",
    dependencies=[portee("orientation:decider")],
    responses=refusals(
        Introuvable,
        VersionDepassee,
        rules.OrientationDejaDecidee,
        TransitionInterdite,
        competence.AutoriteIncompetente,
    ),
)
async def decider_orientation(
    orientation_id: UUID,
    demande: DecisionCreation,
    version: SiVersion,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Accepte la préconisation, ou la refuse avec un motif et un autre choix.

    Seul l'organisme compétent à la date de la décision peut décider (L5411-5-1 II, D262-65-2) :
    le client du jeton doit parler pour lui. La décision est toujours enregistrée ; sans place
    libre chez l'organisme, la personne prend rang dans sa file. Portée `orientation:decider`.
    Publie `orientation.decision.enregistree`, qui ouvre le parcours.
    """

    return await once(
        tx, commande, lambda: enregistrer_decision(service, tx, demande, orientation_id, version)
    )


async def enregistrer_decision(
    service: Service,
    tx: Transaction,
    demande: DecisionCreation,
    orientation_id: UUID,
    version: int | None = None,
) -> Effet:
    """Decide; without a version, whatever the orientation has become."""
    jour = await service.aujourdhui(tx)
    row = await queries.lock_orientation(tx, orientation_id, version)
    organismes = await all_organismes(tx)
    preconisation = rules.Preconisation(None, None)
    if row.proposition_id is not None:
        proposition = await queries.read_proposition(tx, row.proposition_id)
        preconisation = rules.Preconisation(
            proposition.type_parcours and TypeParcours(proposition.type_parcours),
            proposition.organisme_referent_id,
        )
    date_decision = demande.date_decision or jour
    choix = rules.decider(
        StatutOrientation(row.statut),
        preconisation,
        rules.Decision(
            etat_decision=demande.etat_decision,
            date_decision=date_decision,
            motif_refus=demande.motif_refus,
            commentaire=demande.commentaire,
            type_parcours=demande.type_parcours,
            organisme_referent_id=demande.organisme_referent_id,
        ),
        jour=jour,
    )
    date_effet = demande.date_effet or date_decision
    recu = jour_civil(row.recu_le, await service.fuseau(tx))
    rules.verifier_dates(date_decision, date_effet, recu)
    criteres = [Critere(**critere) for critere in row.criteres]
    situation = situation_au(
        date_decision,
        brsa=row.beneficiaire_rsa,
        date_naissance=row.date_naissance,
        code_commune=row.code_commune,
        criteres=criteres,
        demande=row.demande and OrganismeDemande(row.demande),
    )
    autorite, regle = decideur(
        tx,
        organismes,
        situation,
        date_decision,
        date_echeance=row.date_limite if situation.brsa else None,
    )
    choisi = next((un for un in organismes if un.id == choix.organisme_referent_id), None)
    if choisi is None:
        message = "Organisme referent inconnu"
        raise Validation([Erreur("/organisme_referent_id", "hors-bornes", message)])
    referent.verifier_organisme(candidat(choisi), situation, date_decision)
    decision_id = new_id()
    orientation_version = await appliquer_decision(
        tx,
        {
            "id": decision_id,
            "orientation_id": orientation_id,
            "proposition_id": row.proposition_id,
            "etat_decision": demande.etat_decision.value,
            "motif_refus": demande.motif_refus,
            "commentaire": demande.commentaire,
            "type_parcours": choix.type_parcours.value,
            "organisme_referent_id": choix.organisme_referent_id,
            "date_decision": date_decision,
            "date_effet": date_effet,
            "regle_competence": regle,
            "organisme_decideur_id": autorite.id,
            "client_id": tx.acces.auteur,
        },
        personne_id=row.personne_id,
        criteres=criteres,
        organismes=organismes,
        situation=situation,
        jour=jour,
    )
    decision = await queries.read_decision(tx, decision_id)
    return Effet(
        _decision(decision),
        location=f"/v1/orientations/{orientation_id}/decisions/{decision_id}",
        version=orientation_version,
    )


@router.get(
    "/orientations/{orientation_id}/decisions/{decision_id}",
    response_model=Decision,
    summary="Lire une décision",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_decision(
    orientation_id: UUID, decision_id: UUID, request: Request, tx: TransactionDep
) -> Response:
    """Rend une décision d'orientation, immuable. Portée `orientation:lire`."""
    row = await queries.read_decision(tx, decision_id)
    if row.orientation_id != orientation_id:
        raise Introuvable
    return rendre_lecture(request, _decision(row), 1)


@router.get(
    "/decisions",
    response_model=PageDecisions,
    summary="Lister les décisions",
    dependencies=[portee("orientation:lire")],
)
async def lister_decisions(
    page: Annotated[PageDemandee, page_de(PageDecisions)], tx: TransactionDep
) -> Response:
    """Rend les décisions d'orientation, les plus récentes d'abord. Portée `orientation:lire`."""
    rows = await queries.list_decisions(tx, page)
    return rendre_page(page, rows, _decision)


def _fait(nom: str, orientation_id: UUID, version: int, operation: Operation) -> Fait:
    return Fait(f"orientation.{nom}", "orientations", orientation_id, version, operation)


def _orientation(tx: Transaction, row: Row[Any]) -> Orientation:
    visibles, masques = _visibles(tx, row.criteres)
    return Orientation.model_validate(
        {
            **row._mapping,
            "criteres": visibles,
            "champs_masques": masques,
            "place": _place(row._mapping),
        }
    )


def _proposition(tx: Transaction, row: Row[Any]) -> Proposition:
    visibles, masques = _visibles(tx, row.explication["criteres"])
    return Proposition.model_validate(
        {
            **row._mapping,
            "explication": {**row.explication, "criteres": visibles},
            "champs_masques": masques,
        }
    )


def _visibles(
    tx: Transaction, criteres: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[str]]:
    return visibles(tx.acces, criteres, lambda un: un["champ"] in CHAMPS_SANTE, "criteres_sante")


def _decision(row: Row[Any]) -> Decision:
    return Decision.model_validate(
        {
            **row._mapping,
            "place": _place(row._mapping),
            "auteur": Auteur(client_id=row.client_id),
        }
    )


def _place(row: RowMapping) -> PlaceDonnee | None:
    """The place beside an orientation or a decision; none before it, nor before places were."""
    if row.get("place_id") is None:
        return None
    return PlaceDonnee.model_validate(
        {**row, "statut": row["place_statut"], "rang": row["place_rang"]}
    )
