"""Figures for piloting and financing; no person, no number that tells of one."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from services.parcours.freins.rules import lit_sante
from services.parcours.indicateurs import queries, rules
from shared.delais import fin_de_delai
from shared.masques import SEUIL
from shared.schemas.commun import DateCivile
from shared.schemas.parcours.indicateurs import (
    AxeIndicateurs,
    IndicateursAccompagnement,
    IndicateursLevee,
)
from shared.socle.contrat import portee, routeur
from shared.socle.db import Transaction
from shared.socle.reponses import Effet, rendre
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("indicateurs")

_Debut = Annotated[
    DateCivile | None,
    Query(description="Premier jour ; absent : le 1er janvier", examples=["2026-01-01"]),
]
_Fin = Annotated[
    DateCivile | None,
    Query(description="Dernier jour ; absent : aujourd'hui", examples=["2026-03-31"]),
]


@router.get(
    "/indicateurs/accompagnement",
    response_model=IndicateursAccompagnement,
    summary="Compter les personnes accompagnées et leurs freins",
    dependencies=[portee("parcours:lire")],
)
async def obtenir_indicateurs_accompagnement(
    service: ServiceDep,
    tx: TransactionDep,
    date_debut: _Debut = None,
    date_fin: _Fin = None,
    par: Annotated[
        AxeIndicateurs | None,
        Query(description="Selon quoi former les groupes", examples=["organisme"]),
    ] = None,
) -> Response:
    """Compte les personnes dont un parcours a été ouvert dans la période, bornes comprises.

    Chacune une fois, dans son dernier parcours : où elle en est ou pourquoi elle est sortie, les
    heures prévues le dernier jour, les freins ouverts et levés et en combien de jours, les
    prescriptions. Un effectif de 1 à 4 est masqué, avec de quoi ne pas le déduire des autres ; deux
    demandes de périodes différentes ne sont pas rapprochées. Le territoire d'une personne n'est pas
    connu ici. Santé et handicap n'y sont qu'avec `parcours.sante:lire`. Portée `parcours:lire`.
    """
    debut, fin = await _periode(service, tx, date_debut, date_fin)
    fuseau = await service.fuseau(tx)
    bornes: dict[str, Any] = {
        "debut": debut,
        "fin": fin,
        "debut_le": fin_de_delai(debut - timedelta(days=1), fuseau),
        "fin_le": fin_de_delai(fin, fuseau),
    }
    sante = lit_sante(tx.acces.portees)
    comptes = rules.completer(await queries.read_comptes(tx, par, sante=sante, **bornes))
    medianes = await queries.read_delais(tx, par, sante=sante, **bornes)
    ensemble, groupes = rules.tableau(comptes, medianes)
    corps = IndicateursAccompagnement(
        date_debut=debut,
        date_fin=fin,
        seuil=SEUIL,
        avec_sante=sante,
        ensemble=ensemble,
        groupes=groupes if par is not None else [],
    )
    return rendre(Effet(corps, status=200))


@router.get(
    "/indicateurs/levee",
    response_model=IndicateursLevee,
    summary="Compter les freins levés après une prescription, par action",
    dependencies=[portee("parcours:lire")],
)
async def obtenir_indicateurs_levee(
    service: ServiceDep, tx: TransactionDep, date_debut: _Debut = None, date_fin: _Fin = None
) -> Response:
    """Compte, par action, les freins levés dans la période après une prescription confirmée.

    De quoi rapporter ce que l'action a coûté, que sait financement, à ce qu'elle a précédé : l'une
    n'est pas dite la cause de l'autre, et un frein levé après deux actions compte pour chacune. Une
    action de 1 à 4 personnes est masquée. Les freins de santé et de handicap n'y sont qu'avec
    `parcours.sante:lire`. Portée `parcours:lire`.
    """
    debut, fin = await _periode(service, tx, date_debut, date_fin)
    sante = lit_sante(tx.acces.portees)
    fuseau = (await service.fuseau(tx)).key
    comptes = await queries.read_levees(tx, debut, fin, fuseau=fuseau, sante=sante)
    corps = IndicateursLevee(
        date_debut=debut,
        date_fin=fin,
        seuil=SEUIL,
        avec_sante=sante,
        actions=[rules.levee(action_id, compte) for action_id, compte in comptes.items()],
    )
    return rendre(Effet(corps, status=200))


async def _periode(
    service: Service, tx: Transaction, debut: date | None, fin: date | None
) -> tuple[date, date]:
    fin = fin or await service.aujourdhui(tx)
    debut = debut or fin.replace(month=1, day=1)
    rules.verifier_periode(debut, fin)
    return debut, fin
