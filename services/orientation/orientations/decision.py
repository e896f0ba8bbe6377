"""A decision once it is checked: who took it, what it closes, the place that it gives."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.orientation.criteres.rules import Critere
from services.orientation.jeux_de_regles.vigueur import regles_au
from services.orientation.orientations import competence, queries, referent
from services.orientation.places import queries as places
from services.orientation.places import rules as places_rules
from services.orientation.reexamens.rules import difficultes_durables
from services.orientation.reorientations.queries import end_reorientations
from services.orientation.reorientations.rules import SansObjet
from services.orientation.unites.queries import read_unites
from services.orientation.unites.rules import unite_desservante
from shared.schemas.commun import Operation
from shared.schemas.orientation.vocabulaire import StatutPlace, TypeOrganisme, TypeParcours
from shared.socle.db import Transaction
from shared.socle.evenements import Fait, publier


def candidat(row: Row[Any]) -> referent.Organisme:
    """What the rules need to know of an organisme."""
    delegataire = row.type == TypeOrganisme.DELEGATAIRE_DEPARTEMENTAL
    return referent.Organisme(
        id=row.id,
        type=TypeOrganisme(row.type),
        communes=frozenset(row.communes),
        date_debut=row.convention_debut if delegataire else row.date_debut,
        date_fin=row.convention_fin if delegataire else row.date_fin,
    )


def decideur(
    tx: Transaction,
    organismes: Iterable[Row[Any]],
    situation: referent.Situation,
    date_decision: date,
    *,
    date_echeance: date | None,
) -> tuple[Row[Any], str]:
    """Return the organisme for which the client decides, and the rule that makes it competent.

    Raises:
        AutoriteIncompetente: it speaks for none that is.
    """
    organismes = list(organismes)
    facts: dict[str, Any] = {
        "date_echeance": date_echeance,
        "delegations": [
            competence.Delegation(un.delegation_debut, un.delegation_fin)
            for un in organismes
            if un.delegation_debut is not None
        ],
    }
    siens = [un for un in organismes if tx.acces.auteur in un.clients]
    for un in siens:
        try:
            regle = competence.verifier_competence(
                TypeOrganisme(un.type), situation, date_decision, **facts
            )
        except competence.AutoriteIncompetente:
            continue
        return un, regle
    raise competence.AutoriteIncompetente(
        competence.decideurs_competents(situation, date_decision, **facts)
    )


async def appliquer_decision(
    tx: Transaction,
    decision: Mapping[str, Any],
    *,
    personne_id: UUID,
    criteres: Sequence[Critere],
    organismes: Sequence[Row[Any]],
    situation: referent.Situation,
    jour: date,
) -> int:
    """Put a decision in force, with all that it moves; return the version of its orientation.

    The one in force before is closed, and its place goes to the first of the queue; decided for
    the same organisme, the person keeps the place or the turn, and who follows them. Publishes.

    Args:
        decision: the row to write; who decides and what were checked, the orientation is held.
        criteres: those of the orientation.
        jour: today, where the collectivité is.
    """
    orientation_id, ici = decision["orientation_id"], decision["organisme_referent_id"]
    remplacees = await queries.close_previous(tx, personne_id)
    sans_objet = await end_reorientations(
        tx, [one.id for one in remplacees], SansObjet.ORIENTATION_REMPLACEE, jour
    )
    version = await queries.store_decision(tx, decision, durables=difficultes_durables(criteres))
    bornes = await places.lock_organismes(
        tx, {ici, *(one.organisme_referent_id for one in remplacees)}
    )
    tenue = await places.lock_tenue(tx, [one.id for one in remplacees], ici)
    await places.release_places(tx, [one.id for one in remplacees])
    await _donner_place(tx, decision, bornes, organismes, situation, tenue)
    attribuees = await places.promote(tx, bornes) if remplacees else []
    await publier(
        tx,
        *sans_objet,
        *(_fait("orientation.close", one.id, one.version) for one in remplacees),
        _fait("decision.enregistree", orientation_id, version),
        *attribuees,
    )
    return version


async def _donner_place(
    tx: Transaction,
    decision: Mapping[str, Any],
    bornes: Mapping[UUID, int],
    organismes: Sequence[Row[Any]],
    situation: referent.Situation,
    tenue: Row[Any] | None,
) -> None:
    """Write the place that a decision gives and its unit; for one who waits, where else to go.

    Args:
        bornes: of the organismes that are held.
        tenue: the place that the person had there already, just given back.
    """
    ici = decision["organisme_referent_id"]
    attribution = (
        places_rules.garder(
            StatutPlace(tenue.statut), tenue.numero, tenue.rang, tenue.date_limite_file
        )
        if tenue
        else await _attribuer(tx, decision, bornes)
    )
    alternatif = None
    if attribution.statut is StatutPlace.EN_FILE:
        stocks = await places.read_stocks(
            tx, {un.id: un.places for un in organismes if un.places is not None}
        )
        complets = frozenset(un for un, stock in stocks.items() if stock.libres == 0)
        _, regles = await regles_au(tx, decision["date_decision"], brsa=situation.brsa)
        alternatif = referent.organisme_alternatif(
            TypeParcours(decision["type_parcours"]),
            situation,
            [candidat(un) for un in organismes],
            decision["date_decision"],
            complets=complets,
            table=regles.organisme,
        )
    unite_id = (tenue and tenue.unite_id) or unite_desservante(
        await read_unites(tx, ici), situation.code_commune, decision["date_effet"]
    )
    await places.store_place(
        tx,
        decision["orientation_id"],
        ici,
        attribution,
        alternatif,
        unite_id=unite_id,
        portefeuille_id=tenue and tenue.portefeuille_id,
    )


async def _attribuer(
    tx: Transaction, decision: Mapping[str, Any], bornes: Mapping[UUID, int]
) -> places_rules.Attribution:
    """Return the place that comes next at an organisme where the person has none."""
    ici = decision["organisme_referent_id"]
    # Without a bound there is nothing to count, and many to count it among.
    stock = places_rules.Stock(places=None)
    if ici in bornes:
        stock = (await places.read_stocks(tx, {ici: bornes[ici]}))[ici]
    locaux = await places.read_delais_locaux(tx) if stock.libres == 0 else ()
    return places_rules.attribuer(stock, decision["date_effet"], locaux)


def _fait(nom: str, orientation_id: UUID, version: int) -> Fait:
    return Fait(
        f"orientation.{nom}", "orientations", orientation_id, version, Operation.MODIFICATION
    )
