"""Statistics: how orientation goes, counted so that nobody can be told from a number."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.criteres.rules import CHAMPS_SANTE
from services.orientation.statistiques import queries, rules
from shared.delais import fin_de_delai
from shared.refus import Erreur, Validation
from shared.schemas.commun import CodeCommune, DateCivile
from shared.schemas.orientation import AxeStatistiques, Statistiques
from shared.socle.contrat import portee, routeur
from shared.socle.reponses import Effet, rendre
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("statistiques")

SANTE = "orientation.sante:lire"
NON_RENSEIGNE = "non_renseigne"


@router.get(
    "/statistiques/orientation",
    response_model=Statistiques,
    summary="Obtenir les statistiques d'orientation",
    dependencies=[portee("orientation:lire")],
)
async def obtenir_statistiques(
    service: ServiceDep,
    tx: TransactionDep,
    commune: Annotated[
        list[CodeCommune],
        Query(
            default_factory=list,
            max_length=200,
            description="Communes d'un territoire, par répétition : il est compté à côté du reste",
            examples=[["35236"]],
        ),
    ],
    date_debut: Annotated[
        DateCivile | None,
        Query(
            description="Premier jour des réceptions ; absent : le 1er janvier de l'année",
            examples=["2026-01-01"],
        ),
    ] = None,
    date_fin: Annotated[
        DateCivile | None,
        Query(
            description="Dernier jour des réceptions ; absent : aujourd'hui",
            examples=["2026-03-31"],
        ),
    ] = None,
    par: Annotated[
        AxeStatistiques | None,
        Query(description="Selon quoi former les groupes", examples=["commune"]),
    ] = None,
) -> Response:
    """Compte les personnes au RSA dont l'orientation a été reçue dans la période, bornes comprises.

    L'ensemble de la collectivité, puis des groupes qui le partagent : avec `commune`, le territoire
    et le reste, selon les mêmes définitions ; avec `par`, un groupe par commune, organisme référent
    ou tranche d'âge. Un effectif de 1 à 4 est masqué, avec de quoi ne pas le déduire des autres ;
    deux demandes qui découpent autrement ne sont pas rapprochées. Le sexe n'est pas conservé. Les
    critères de santé demandent `orientation.sante:lire`. Portée `orientation:lire`.
    """
    date_fin = date_fin or await service.aujourdhui(tx)
    date_debut = date_debut or date_fin.replace(month=1, day=1)
    if date_fin < date_debut:
        message = "La fin precede le debut"
        raise Validation([Erreur("?date_fin", "date-incoherente", message)])
    fuseau = await service.fuseau(tx)
    demande: dict[str, Any] = {
        "communes": commune,
        "debut": fin_de_delai(date_debut - timedelta(days=1), fuseau),
        "fin": fin_de_delai(date_fin, fuseau),
        "fuseau": fuseau.key,
    }
    sante = SANTE in tx.acces.portees
    comptes = _comptes(await queries.read_comptes(tx, par, **demande), sante=sante)
    durees = {
        None if row.ensemble else row.cle: rules.Durees(row.moyen, row.median)
        for row in await queries.read_delais(tx, par, **demande)
    }
    ensemble, groupes = rules.tableau(comptes, durees)
    return rendre(
        Effet(
            Statistiques.model_validate(
                {
                    "date_debut": date_debut,
                    "date_fin": date_fin,
                    "seuil": rules.SEUIL,
                    "ensemble": ensemble,
                    "groupes": groupes if commune or par else [],
                    "champs_masques": [] if sante else ["criteres_sante"],
                }
            ),
            status=200,
        )
    )


def _comptes(rows: Iterable[Row[Any]], *, sante: bool) -> dict[str, dict[str, dict[str, int]]]:
    """Counts by group and répartition; who did not answer a criterion is counted too."""
    comptes: dict[str, dict[str, dict[str, int]]] = {}
    champs = set()
    for row in rows:
        prefixe, _, champ = row.nom.partition(".")
        if champ in CHAMPS_SANTE and not sante:
            continue
        comptes.setdefault(row.cle, {}).setdefault(row.nom, {})[row.modalite] = row.nombre
        if prefixe == "critere":
            champs.add(row.nom)
    for repartitions in comptes.values():
        total = sum(repartitions[rules.DELAI].values())
        for nom in champs:
            effectifs = repartitions.setdefault(nom, {})
            effectifs[NON_RENSEIGNE] = total - sum(effectifs.values())
    return comptes
