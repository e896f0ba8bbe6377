"""Statistics: how orientation goes, counted so that nobody can be told from a number."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Query
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.criteres.rules import CHAMPS_SANTE, Critere
from services.orientation.criteres.sante import PORTEE
from services.orientation.echeances.queries import read_locaux
from services.orientation.statistiques import queries, rules
from shared.delais import fin_de_delai
from shared.masques import SEUIL
from shared.refus import Erreur, Validation
from shared.schemas.collectivite import DelaiLocal
from shared.schemas.commun import Code, CodeCommune, DateCivile
from shared.schemas.orientation.statistiques import (
    AxeStatistiques,
    Equite,
    ObjectifStatistiques,
    ProfilEquite,
    Repartition,
    Statistiques,
)
from shared.socle.contrat import portee, routeur
from shared.socle.db import Transaction
from shared.socle.reponses import Effet, rendre
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("statistiques")

NON_RENSEIGNE = "non_renseigne"

Communes = Annotated[
    list[CodeCommune],
    Query(
        default_factory=list,
        max_length=200,
        description="Communes d'un territoire, par répétition : il est compté à côté du reste",
        examples=[["35236"]],
    ),
]
Territoire = Annotated[
    Code | None,
    Query(
        description="Territoire par son code, au lieu de ses communes : celles que disent les"
        " délais locaux et les unités de ce territoire",
        examples=["redon-vallons-de-vilaine"],
    ),
]
Debut = Annotated[
    DateCivile | None,
    Query(
        description="Premier jour des réceptions ; absent : le 1er janvier de l'année",
        examples=["2026-01-01"],
    ),
]
Fin = Annotated[
    DateCivile | None,
    Query(
        description="Dernier jour des réceptions ; absent : aujourd'hui", examples=["2026-03-31"]
    ),
]
Axe = Annotated[
    AxeStatistiques | None,
    Query(description="Selon quoi former les groupes", examples=["commune"]),
]


@dataclass(frozen=True)
class _Periode:
    """The days that are counted, both included, and the time zone where they are civil."""

    date_debut: date
    date_fin: date
    fuseau: ZoneInfo

    @property
    def bornes(self) -> dict[str, Any]:
        """The same, as instants: the end is out."""
        return {
            "debut": fin_de_delai(self.date_debut - timedelta(days=1), self.fuseau),
            "fin": fin_de_delai(self.date_fin, self.fuseau),
            "fuseau": self.fuseau.key,
        }


@router.get(
    "/statistiques/orientation",
    response_model=Statistiques,
    summary="Obtenir les statistiques d'orientation",
    dependencies=[portee("orientation:lire")],
)
async def obtenir_statistiques(
    service: ServiceDep,
    tx: TransactionDep,
    commune: Communes,
    territoire: Territoire = None,
    objectif: Annotated[
        Code | None,
        Query(
            description="Délai local de la collectivité, compté partout ; son territoire est celui"
            " des groupes, à moins d'un autre",
            examples=["entree_parcours"],
        ),
    ] = None,
    date_debut: Debut = None,
    date_fin: Fin = None,
    par: Axe = None,
) -> Response:
    """Compte les personnes au RSA dont l'orientation a été reçue dans la période, bornes comprises.

    L'ensemble de la collectivité, puis des groupes qui le partagent : avec `commune`, `territoire`
    ou `objectif`, le territoire et le reste, selon les mêmes définitions ; avec `par`, un groupe
    par commune, organisme référent ou tranche d'âge. Un effectif de 1 à 4 est masqué, avec de quoi
    ne pas le déduire des autres ; deux demandes qui découpent autrement ne sont pas rapprochées.
    Un territoire dont personne n'a dit les communes n'a pas de groupe, plutôt qu'un zéro. Le sexe
    n'est pas conservé. Les critères de santé demandent `orientation.sante:lire`. Portée
    `orientation:lire`.
    """
    periode = await _periode(service, tx, date_debut, date_fin)
    suivi: rules.Objectif | None = None
    montre: ObjectifStatistiques | None = None
    if objectif is not None:
        locaux = [DelaiLocal.model_validate(un) for un in await read_locaux(tx)]
        delai, suivi, montre = rules.objectif_compte(locaux, objectif, periode.date_fin)
        if not commune and territoire is None:
            commune, territoire = delai.communes, None if delai.communes else delai.territoire
    communes, inconnues = await _communes(tx, commune, territoire)
    demande: dict[str, Any] = {**periode.bornes, "communes": communes, "objectif": suivi}
    sante = PORTEE in tx.acces.portees
    comptes = _comptes(await queries.read_comptes(tx, par, **demande), sante=sante)
    durees = {
        None if row.ensemble else row.cle: rules.Durees(row.moyen, row.median)
        for row in await queries.read_delais(tx, par, **demande)
    }
    ensemble, groupes = rules.tableau(comptes, durees, objectif=suivi is not None)
    return rendre(
        Effet(
            Statistiques.model_validate(
                {
                    "date_debut": periode.date_debut,
                    "date_fin": periode.date_fin,
                    "seuil": SEUIL,
                    "objectif": montre,
                    "communes_inconnues": inconnues,
                    "ensemble": ensemble,
                    "groupes": groupes if (communes or par) and not inconnues else [],
                    "reorientations": await _reorientations(tx, periode),
                    "champs_masques": [] if sante else ["criteres_sante"],
                }
            ),
            status=200,
        )
    )


@router.get(
    "/statistiques/equite",
    response_model=Equite,
    summary="Comparer les décisions prises sur des entrées identiques",
    dependencies=[portee("orientation:lire")],
)
async def obtenir_equite(
    service: ServiceDep,
    tx: TransactionDep,
    commune: Communes,
    territoire: Territoire = None,
    date_debut: Debut = None,
    date_fin: Fin = None,
    par: Axe = None,
) -> Response:
    """Pour les mêmes entrées, dit quelle part des décisions s'écarte de la préconisation.

    Un profil réunit les personnes à qui la même règle, sur les mêmes entrées (activité,
    projection, qualification, frein, obstacle), a proposé le même parcours. À profil égal, un
    écart qui change d'un groupe à l'autre ne vient pas des entrées : il se lit, il ne s'accuse
    pas. Les groupes sont les communes ; avec `commune` ou `territoire`, le territoire et le reste ;
    avec `par`, l'âge ou l'organisme. Le sexe n'est pas conservé, donc pas comparé. Un effectif de
    1 à 4 est masqué. La période est d'un an au plus. Portée `orientation:lire`.
    """
    periode = await _periode(service, tx, date_debut, date_fin)
    rules.verifier_periode(periode.date_debut, periode.date_fin)
    communes, inconnues = await _communes(tx, commune, territoire)
    axe = par or (None if communes else AxeStatistiques.COMMUNE)
    rows: Sequence[Row[Any]] = ()
    if not inconnues:
        rows = await queries.read_ecarts(tx, axe, **periode.bornes, communes=communes)
    # Off the loop: a year of a large département is many to derive.
    comptes = await asyncio.to_thread(_profils, rows)
    return rendre(
        Effet(
            Equite(
                date_debut=periode.date_debut,
                date_fin=periode.date_fin,
                seuil=SEUIL,
                axe=axe,
                communes_inconnues=inconnues,
                groupes=rules.equite(comptes),
            ),
            status=200,
        )
    )


def _profils(rows: Iterable[Row[Any]]) -> dict[tuple[ProfilEquite, str], Counter[str]]:
    comptes: dict[tuple[ProfilEquite, str], Counter[str]] = {}
    for row in rows:
        profil = rules.profil(row.regle, [Critere(**un) for un in row.lus])
        comptes.setdefault((profil, row.cle), Counter())[row.ecart] += row.nombre
    return comptes


async def _periode(
    service: Service, tx: Transaction, date_debut: date | None, date_fin: date | None
) -> _Periode:
    date_fin = date_fin or await service.aujourdhui(tx)
    date_debut = date_debut or date_fin.replace(month=1, day=1)
    if date_fin < date_debut:
        message = "La fin precede le debut"
        raise Validation([Erreur("?date_fin", "date-incoherente", message)])
    return _Periode(date_debut, date_fin, await service.fuseau(tx))


async def _communes(
    tx: Transaction, communes: Sequence[str], territoire: str | None
) -> tuple[Sequence[str], bool]:
    """The communes of the territory to count, and whether one was named that has none told."""
    if territoire is None:
        return communes, False
    if communes:
        message = "Un territoire ou des communes, pas les deux"
        raise Validation([Erreur("?territoire", "hors-bornes", message)])
    connues = await queries.read_communes(tx, territoire)
    return connues, not connues


async def _reorientations(tx: Transaction, periode: _Periode) -> list[Repartition]:
    comptes: dict[str, dict[str, int]] = {"motif": {}, "statut": {}}
    rows = await queries.read_reorientations(tx, periode.date_debut, periode.date_fin)
    for row in rows:
        comptes[row.nom][row.modalite] = row.nombre
    return [rules.repartition(nom, effectifs) for nom, effectifs in comptes.items()]


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
