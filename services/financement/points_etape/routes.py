"""Points d'étape: computed while drafts, then frozen, and read as JSON, CSV or a page."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.financement import voisins
from services.financement.conventions.queries import read_convention
from services.financement.conventions.routes import ConventionId
from services.financement.formes import formes, rendre_forme
from services.financement.points_etape import queries, rules
from services.financement.points_etape.page import ecrire_page
from services.financement.points_etape.tableur import ecrire_csv
from shared.refus import Introuvable, Refus, TransitionInterdite
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.financement.points_etape import (
    ArretPointEtapeCreation,
    ContenuPointEtape,
    IndicateurObserve,
    LeveeObservee,
    MotifAbsence,
    ObservationsPointEtape,
    PagePointsEtape,
    PointEtape,
    PointEtapeCreation,
    PointEtapeResume,
    PreuvePointEtape,
    StatutPointEtape,
    ValidationPointEtapeCreation,
)
from shared.schemas.parcours.indicateurs import IndicateursLevee
from shared.socle.auth import Acces
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("points-etape")

PointEtapeId = Annotated[
    UUID,
    Path(description="Un point d'étape", examples=["019cb40d-5aa0-7c44-8b1e-2f9d7a6c5e03"]),
]
# What parcours counted, or why it did not.
_Levee = IndicateursLevee | MotifAbsence
# Said here: an act answers JSON only, and its reading other forms too.
_LIENS: dict[int | str, dict[str, Any]] = {
    201: {
        "links": {
            "lecture": {
                "operationId": "obtenir_point_etape",
                "parameters": {"point_etape_id": "$response.body#/id"},
            }
        }
    }
}


@router.post(
    "/conventions/{convention_id}/points-etape",
    status_code=201,
    response_model=PointEtape,
    summary="Ouvrir un point d'étape",
    dependencies=[portee("financement:administrer")],
    responses={**refusals(Introuvable), **_LIENS},
)
async def creer_point_etape(
    convention_id: ConventionId,
    demande: PointEtapeCreation,
    commande: CommandeDep,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Ouvre un point d'étape en brouillon : ses mesures sont recalculées à chaque lecture.

    Les résultats viennent de parcours, des nombres seulement ; muet, il n'empêche rien. Portée
    `financement:administrer`. Publie `financement.point_etape.ouvert`.
    """
    acces: Acces = request.state.acces
    levee = await _levee(service, acces, demande.exercice, demande.date_arrete)

    async with service.base.transaction(acces) as tx:

        async def ouvrir() -> Effet:
            await read_convention(tx, convention_id)
            jour = await service.aujourdhui(tx)
            rules.verifier_dates(demande.exercice, demande.date_arrete, jour)
            instant = service.horloge()
            values = {
                "id": new_id(),
                "convention_id": convention_id,
                **demande.model_dump(),
                "statut": StatutPointEtape.BROUILLON.value,
                "cree_le": instant,
                "modifie_le": instant,
            }
            row = await queries.store_point(tx, values)
            await _publier(tx, "ouvert", row, Operation.CREATION)
            return _effet(row, await _contenu(tx, row, levee))

        return await once(tx, commande, ouvrir)


@router.post(
    "/points-etape/{point_etape_id}/arrets",
    status_code=201,
    response_model=PointEtape,
    summary="Arrêter un point d'étape",
    dependencies=[portee("financement:administrer")],
    responses={**refusals(Introuvable, TransitionInterdite), **_LIENS},
)
async def creer_arret_point_etape(
    point_etape_id: PointEtapeId,
    demande: ArretPointEtapeCreation,
    commande: CommandeDep,
    version: SiVersion,
    request: Request,
    service: ServiceDep,
) -> Response:
    """Fige un point d'étape : ses lignes, le rang du journal qu'il compte, et leur empreinte.

    Ce qui sera inscrit ensuite, même à une date antérieure, n'y change rien : le suivant le dit
    dans ses `corrections`. Portée `financement:administrer`. Publie
    `financement.point_etape.arrete`.
    """
    acces: Acces = request.state.acces
    async with service.base.transaction(acces) as tx:
        read = await queries.read_point(tx, point_etape_id)
    levee = await _levee(service, acces, read.exercice, read.date_arrete)

    async with service.base.transaction(acces) as tx:

        async def arreter() -> Effet:
            row = await queries.read_point(tx, point_etape_id, lock=True)
            exige_version(row.version, version)
            rules.exige_transition(StatutPointEtape(row.statut), StatutPointEtape.ARRETE)
            dernier = await queries.last_seq(tx)
            connu_au = dernier if demande.connu_au is None else demande.connu_au
            precedent = await queries.read_precedent(tx, row)
            rules.verifier_rang(connu_au, dernier, precedent.connu_au if precedent else 0)
            contenu = await _contenu(tx, row, levee, connu_au)
            instant = service.horloge()
            values = {
                "statut": StatutPointEtape.ARRETE.value,
                "connu_au": connu_au,
                "contenu": rules.canonique(contenu),
                "sha256": bytes.fromhex(rules.empreinte(contenu)),
                "arrete_le": instant,
                "modifie_le": instant,
            }
            row = await queries.update_point(tx, point_etape_id, values)
            await _publier(tx, "arrete", row, Operation.MODIFICATION)
            return _effet(row, contenu)

        return await once(tx, commande, arreter)


@router.post(
    "/points-etape/{point_etape_id}/validations",
    status_code=201,
    response_model=PointEtape,
    summary="Valider un point d'étape arrêté",
    dependencies=[portee("financement:administrer")],
    responses={**refusals(Introuvable, TransitionInterdite), **_LIENS},
)
async def creer_validation_point_etape(
    point_etape_id: PointEtapeId,
    demande: ValidationPointEtapeCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Inscrit les organismes qui reconnaissent un point d'étape arrêté ; son contenu est le même.

    Des organismes, jamais des personnes. Portée `financement:administrer`. Publie
    `financement.point_etape.valide`.
    """

    async def valider() -> Effet:
        row = await queries.read_point(tx, point_etape_id, lock=True)
        exige_version(row.version, version)
        rules.exige_transition(StatutPointEtape(row.statut), StatutPointEtape.VALIDE)
        instant = service.horloge()
        values = {
            "statut": StatutPointEtape.VALIDE.value,
            "participants": demande.participants,
            "valide_le": instant,
            "modifie_le": instant,
        }
        row = await queries.update_point(tx, point_etape_id, values)
        await _publier(tx, "valide", row, Operation.MODIFICATION)
        return _effet(row, ContenuPointEtape.model_validate(row.contenu))

    return await once(tx, commande, valider)


@router.get(
    "/points-etape",
    response_model=PagePointsEtape,
    summary="Lister les points d'étape",
    dependencies=[portee("financement:lire")],
)
async def lister_points_etape(
    page: Annotated[PageDemandee, page_de(PagePointsEtape)],
    tx: TransactionDep,
    convention_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="De ces conventions",
            examples=[["019cad9d-67a0-726b-b2a7-4de452e6b438"]],
        ),
    ],
    statut: Annotated[
        list[StatutPointEtape],
        Query(
            default_factory=list,
            max_length=3,
            description="Dans l'un de ces états",
            examples=[["arrete"]],
        ),
    ],
) -> Response:
    """Rend les points d'étape sans leur contenu, les plus récents d'abord.

    Portée `financement:lire`.
    """
    rows = await queries.list_points(tx, page, convention_id, statut)
    return rendre_page(page, rows, lambda row: PointEtapeResume.model_validate(_resume(row)))


@router.get(
    "/points-etape/{point_etape_id}",
    response_model=PointEtape,
    summary="Lire un point d'étape, en JSON, en CSV ou en page à imprimer",
    dependencies=[portee("financement:lire")],
    responses={
        **refusals(Introuvable),
        200: formes("Ensemble,Clé,Libellé,Ouvert (€)\r\nTotal,,Total,1241700.00\r\n"),
    },
)
async def obtenir_point_etape(
    point_etape_id: PointEtapeId, request: Request, service: ServiceDep
) -> Response:
    """Rend un point d'étape : recalculé à l'instant en brouillon, tel qu'il fut figé ensuite.

    `Accept` choisit : `application/json`, `text/csv` (une ligne par ensemble mesuré) ou
    `text/html`, une page à imprimer, avec ses graphiques et sans script. Portée
    `financement:lire`.
    """
    acces: Acces = request.state.acces
    async with service.base.transaction(acces) as tx:
        row = await queries.read_point(tx, point_etape_id)
    if row.contenu is not None:
        contenu = ContenuPointEtape.model_validate(row.contenu)
    else:
        levee = await _levee(service, acces, row.exercice, row.date_arrete)
        async with service.base.transaction(acces) as tx:
            contenu = await _contenu(tx, row, levee)
    point = _point(row, contenu)

    def en_json() -> Response:
        # A draft moves with the journal, and its version does not: never the one already read.
        if row.contenu is None:
            return rendre(Effet(point, version=row.version, status=200))
        return rendre_lecture(request, point, row.version)

    return rendre_forme(
        request,
        f"point-etape-{contenu.cadre.reference}-{contenu.cadre.date_arrete}",
        json=en_json,
        csv=lambda: ecrire_csv(point),
        page=lambda: ecrire_page(point),
    )


@router.get(
    "/points-etape/{point_etape_id}/preuve",
    response_model=PreuvePointEtape,
    summary="Recalculer un point d'étape arrêté",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable, TransitionInterdite),
)
async def obtenir_preuve_point_etape(point_etape_id: PointEtapeId, tx: TransactionDep) -> Response:
    """Recalcule un point d'étape arrêté des lignes du journal, et compare les deux empreintes.

    Le cadre et les observations sont ceux qui furent figés ; les mesures sont refaites, jusqu'au
    rang alors connu. Un brouillon n'a rien à prouver. Portée `financement:lire`.
    """
    row = await queries.read_point(tx, point_etape_id)
    if row.contenu is None:
        raise TransitionInterdite(row.statut, [StatutPointEtape.ARRETE])
    fige = ContenuPointEtape.model_validate(row.contenu)
    refait = rules.calculer(
        fige.cadre,
        fige.observations,
        await queries.read_faits(tx, fige.cadre),
        await queries.read_mois(tx, fige.cadre),
        await queries.read_corrections(tx, fige.cadre),
    )
    recalcule = rules.empreinte(refait, row.contenu)
    preuve = PreuvePointEtape(
        point_etape_id=row.id,
        connu_au=row.connu_au,
        sha256=row.sha256.hex(),
        sha256_recalcule=recalcule,
        identique=recalcule == row.sha256.hex(),
    )
    return rendre(Effet(preuve, version=row.version, status=200))


async def _levee(service: Service, acces: Acces, exercice: int, jour: date) -> _Levee:
    """Ask parcours what the year's actions were followed by, with no connection held."""
    debut, fin = date(exercice, 1, 1), min(jour, date(exercice, 12, 31))
    if fin < debut:
        return MotifAbsence.PERIODE_VIDE
    # Health too where the collectivité lets this service count it; else without: it is told which.
    for sante in (True, False):
        try:
            client = voisins.parcours(service, acces.collectivite, sante=sante)
            return await client.lire_indicateurs_levee(debut, fin)
        except Refus:
            continue
    return MotifAbsence.PARCOURS_SILENCIEUX


async def _contenu(
    tx: Transaction, row: Row[Any], levee: _Levee, connu_au: int | None = None
) -> ContenuPointEtape:
    """Compute the content, up to a rank, or to the last one."""
    convention = await read_convention(tx, row.convention_id)
    rang = await queries.last_seq(tx) if connu_au is None else connu_au
    cadre = await queries.read_cadre(tx, row, convention, rang)
    actions = {une.action_id for une in cadre.actions}
    comptee = levee if isinstance(levee, IndicateursLevee) else None
    observations = ObservationsPointEtape(
        indicateurs=[
            IndicateurObserve.model_validate(
                {
                    **one._mapping,
                    "taux_points_base": None
                    if one.valeur is None
                    else rules.points_base(one.valeur, one.cible),
                }
            )
            for one in await queries.read_indicateurs(tx, row)
        ],
        date_debut=comptee.date_debut if comptee else None,
        date_fin=comptee.date_fin if comptee else None,
        seuil=comptee.seuil if comptee else None,
        levees=[
            LeveeObservee.model_validate(une, from_attributes=True)
            for une in (comptee.actions if comptee else ())
            if une.action_id in actions
        ],
        motif_absence=None if isinstance(levee, IndicateursLevee) else levee,
        avec_sante=comptee.avec_sante if comptee else False,
    )
    return rules.calculer(
        cadre,
        observations,
        await queries.read_faits(tx, cadre),
        await queries.read_mois(tx, cadre),
        await queries.read_corrections(tx, cadre),
    )


def _resume(row: Row[Any]) -> dict[str, Any]:
    return {**row._mapping, "sha256": row.sha256.hex() if row.sha256 else None}


def _point(row: Row[Any], contenu: ContenuPointEtape) -> PointEtape:
    return PointEtape.model_validate({**_resume(row), "contenu": contenu})


def _effet(row: Row[Any], contenu: ContenuPointEtape) -> Effet:
    return Effet(_point(row, contenu), location=f"/v1/points-etape/{row.id}", version=row.version)


async def _publier(tx: Transaction, fait: str, row: Row[Any], operation: Operation) -> None:
    await publier(
        tx,
        Fait(f"financement.point_etape.{fait}", "points-etape", row.id, row.version, operation),
    )
