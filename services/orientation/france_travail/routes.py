"""Exchanges with France Travail: opened by a person, compared, and repaired one by one."""

from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.france_travail import queries, rules
from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import Auteur, Operation
from shared.schemas.orientation.france_travail import (
    CorrespondanceRelue,
    EcartOrientation,
    PageEcartsOrientation,
    PageReglagesFranceTravail,
    ReglageFranceTravail,
    ReglageFranceTravailCreation,
    StatutEnvoi,
    TypeEcart,
)
from shared.schemas.orientation.vocabulaire import TypeParcours
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre
from shared.socle.transactions import TransactionDep

router = routeur("france-travail")
# Why a repair cannot be asked for, where no disagreement says it.
_FERME, _SANS_ECART, _EN_COURS = "envoi_ferme", "sans_ecart", "reparation_en_cours"
_REPARER = "reparer"


@router.post(
    "/reglages-france-travail",
    status_code=201,
    response_model=ReglageFranceTravail,
    summary="Ouvrir ou fermer les échanges avec France Travail",
    dependencies=[portee("orientation:administrer")],
    responses=refusals(),
)
async def creer_reglage_france_travail(
    demande: ReglageFranceTravailCreation, commande: CommandeDep, tx: TransactionDep
) -> Response:
    """Ouvre ou ferme, pour toute la collectivité : rien n'est échangé avant un premier réglage.

    Qui l'ouvre relit la correspondance des parcours (PED, PSP, PSO) et l'écrit : une autre que
    celle appliquée est refusée. Seules les décisions prises après l'ouverture sont envoyées.
    Portée `orientation:administrer`. Publie `orientation.reglage_france_travail.enregistre`.
    """

    async def enregistrer() -> Effet:
        table = demande.correspondance.model_dump(mode="json")
        rules.verifier_correspondance({TypeParcours(nom): code for nom, code in table.items()})
        row = await queries.store_reglage(
            tx,
            {
                "id": new_id(),
                "envoi": demande.envoi,
                "comparaison": demande.comparaison,
                "correspondance": table,
                "client_id": tx.acces.auteur,
            },
        )
        nom = "orientation.reglage_france_travail.enregistre"
        await publier(tx, Fait(nom, "reglages-france-travail", row.id, 1, Operation.CREATION))
        return Effet(_reglage(row), location=f"/v1/reglages-france-travail/{row.id}", version=1)

    return await once(tx, commande, enregistrer)


@router.get(
    "/reglages-france-travail",
    response_model=PageReglagesFranceTravail,
    summary="Lister les réglages des échanges avec France Travail",
    dependencies=[portee("orientation:lire")],
)
async def lister_reglages_france_travail(
    page: Annotated[PageDemandee, page_de(PageReglagesFranceTravail)], tx: TransactionDep
) -> Response:
    """Rend qui a ouvert ou fermé quoi, le réglage en vigueur d'abord. Portée `orientation:lire`."""
    return rendre_page(page, await queries.list_reglages(tx, page), _reglage)


@router.get(
    "/reglages-france-travail/{reglage_france_travail_id}",
    response_model=ReglageFranceTravail,
    summary="Lire un réglage des échanges avec France Travail",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_reglage_france_travail(
    reglage_france_travail_id: UUID, tx: TransactionDep
) -> Response:
    """Rend un réglage, en vigueur ou remplacé : il ne change jamais. Portée `orientation:lire`."""
    row = await queries.read_reglage(tx, reglage_france_travail_id)
    return rendre(Effet(_reglage(row), version=1, status=200))


@router.get(
    "/ecarts-france-travail",
    response_model=PageEcartsOrientation,
    summary="Lister les orientations qui diffèrent chez France Travail",
    dependencies=[portee("orientation:lire")],
)
async def lister_ecarts_france_travail(
    page: Annotated[PageDemandee, page_de(PageEcartsOrientation)], tx: TransactionDep
) -> Response:
    """Rend notre décision, leur préconisation et leur décision, là où elles ne concordent pas.

    Chaque orientation à décider ou en vigueur est comparée une fois par jour, une fois la
    comparaison ouverte ; `parcours_inverse` dit que social et socio-professionnel y sont échangés.
    Portée `orientation:lire`.
    """
    return rendre_page(page, await queries.list_ecarts(tx, page), _ecart)


@router.get(
    "/ecarts-france-travail/{ecart_orientation_id}",
    response_model=EcartOrientation,
    summary="Lire une orientation comparée à France Travail",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_ecart_france_travail(ecart_orientation_id: UUID, tx: TransactionDep) -> Response:
    """Rend la dernière comparaison ; `type` est vide quand l'écart a disparu.

    La réparation avance sans que `version` change, donc la réponse n'est jamais 304. Portée
    `orientation:lire`.
    """
    row = await queries.read_ecart(tx, ecart_orientation_id)
    return rendre(Effet(_ecart(row), version=row.version, status=200))


@router.post(
    "/ecarts-france-travail/{ecart_orientation_id}/reparations",
    status_code=201,
    response_model=EcartOrientation,
    summary="Mettre notre décision chez France Travail",
    dependencies=[portee("orientation:decider")],
    responses=refusals(Introuvable, VersionDepassee, TransitionInterdite),
)
async def creer_reparation_france_travail(
    ecart_orientation_id: UUID, version: SiVersion, commande: CommandeDep, tx: TransactionDep
) -> Response:
    """Fait envoyer la décision en vigueur ici, même si une autre est déjà prise là-bas.

    Leur préconisation qui attend est décidée ; leur parcours est changé ; à défaut l'orientation
    est créée. L'envoi suit, une fois, et l'orientation est comparée de nouveau : `reparation` dit
    où il en est. Portée `orientation:decider`. Publie
    `orientation.ecart_france_travail.reparation`.
    """

    async def reparer() -> Effet:
        row = await queries.read_ecart(tx, ecart_orientation_id, tenir=True)
        exige_version(row.version, version)
        if row.type is None or row.type not in rules.REPARABLES:
            raise TransitionInterdite(row.type or _SANS_ECART, [])
        if row.reparation == StatutEnvoi.A_FAIRE:
            raise TransitionInterdite(_EN_COURS, [])
        reglage = await queries.reglage_en_vigueur(tx)
        if reglage is None or not reglage.envoi:
            raise TransitionInterdite(_FERME, [_REPARER])
        en_vigueur = await queries.read_orientation(tx, row.orientation_id)
        if en_vigueur.decision_id is None:
            raise TransitionInterdite(_SANS_ECART, [])
        await queries.rearmer_envoi(tx, en_vigueur)
        nom, ressource = "orientation.ecart_france_travail.reparation", "ecarts-france-travail"
        await publier(tx, Fait(nom, ressource, row.id, row.version, Operation.MODIFICATION))
        found = await queries.read_ecart(tx, ecart_orientation_id)
        location = f"/v1/ecarts-france-travail/{row.id}"
        return Effet(_ecart(found), location=location, version=row.version)

    return await once(tx, commande, reparer)


def _reglage(row: Row[Any]) -> ReglageFranceTravail:
    return ReglageFranceTravail(
        id=row.id,
        envoi=row.envoi,
        comparaison=row.comparaison,
        correspondance=CorrespondanceRelue.model_validate(row.correspondance),
        auteur=Auteur(client_id=row.client_id),
        cree_le=row.cree_le,
    )


def _ecart(row: Row[Any]) -> EcartOrientation:
    return EcartOrientation(
        id=row.id,
        version=row.version,
        cree_le=row.cree_le,
        modifie_le=row.modifie_le,
        orientation_id=row.orientation_id,
        decision_id=row.decision_id,
        type=row.type and TypeEcart(row.type),
        type_parcours=row.type_parcours,
        type_organisme=row.type_organisme,
        preconisation=row.preconisation,
        parcours_ft=row.parcours_ft,
        organisme_ft=row.organisme_ft,
        code_ft=row.code_ft,
        compare_le=row.compare_le,
        reparable=row.type in rules.REPARABLES,
        reparation=row.reparation,
    )
