"""What a convention does to a parcours, by the worker or by hand, on rows that are held."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.parcours.accompagnements.queries import lock_parcours
from services.parcours.accompagnements.rules import exige_ouvert
from services.parcours.emplois import queries as emplois
from services.parcours.emplois.rules import occupation, verifier_bornes, verifier_forme
from services.parcours.immersions import queries, rules
from shared.refus import Validation
from shared.schemas.commun import Operation
from shared.schemas.parcours.emplois import (
    ObjetPmsmp,
    PrescripteurPmsmp,
    StatutEmploi,
    TypeActeEmploi,
)
from shared.schemas.parcours.immersions import EtatConvention, ModeReconnaissance
from shared.socle.db import Transaction
from shared.socle.evenements import Fait, publier


async def rattacher(
    tx: Transaction, row: Row[Any], parcours_id: UUID, mode: ModeReconnaissance
) -> Row[Any]:
    """Make a mise en situation of a held convention, in a parcours that is open.

    Without its employer, or past a bound of the law, it waits for a person; written by hand
    already, it is that one.

    Raises:
        Introuvable: no such parcours here.
        ParcoursClos: it ended.
    """
    exige_ouvert((await lock_parcours(tx, parcours_id)).statut)
    etat, emploi_id, fait = await _mettre_en_situation(tx, row, parcours_id)
    values = {
        "etat": etat.value,
        "emploi_id": emploi_id,
        "emploi_fait": fait,
        "parcours_id": parcours_id,
        "rattachement": mode.value,
    }
    return await queries.update_convention(tx, row.id, values)


async def annuler_emploi(tx: Transaction, row: Row[Any], jour: date) -> bool:
    """Cancel what a held convention had made; tell whether nothing of it is left.

    What a person wrote, or ended, is left as they said. Another convention of the same mise en
    situation makes its own; the one that made it keeps it.
    """
    if row.emploi_id is None:
        return True
    emploi = await emplois.lock_emploi(tx, row.emploi_id)
    if emploi.statut == StatutEmploi.ANNULE:
        return True
    if emploi.statut != StatutEmploi.OUVERT:
        return False
    autres = await queries.lock_partagees(tx, emploi.id, row.id)
    if not row.emploi_fait:
        return any(autre.emploi_fait for autre in autres)
    await emplois.store_acte(tx, emploi.id, TypeActeEmploi.ANNULATION, jour)
    fini = await emplois.update_emploi(tx, emploi.id, {"statut": StatutEmploi.ANNULE.value})
    nom = "parcours.emploi.annule"
    await publier(tx, Fait(nom, "emplois", fini.id, fini.version, Operation.MODIFICATION))
    for autre in autres:
        a_refaire = {"etat": EtatConvention.A_TRAITER.value, "emploi_id": None}
        await queries.update_convention(tx, autre.id, a_refaire)
    return True


async def _mettre_en_situation(
    tx: Transaction, row: Row[Any], parcours_id: UUID
) -> tuple[EtatConvention, UUID | None, bool]:
    """What comes of it, the mise en situation, and whether it was made now."""
    employeur_id = await queries.find_employeur(tx, row.siret)
    if employeur_id is None:
        return EtatConvention.EMPLOYEUR_INCONNU, None, False
    occupations = await emplois.read_occupations(tx, parcours_id)
    deja = rules.deja_saisie(
        occupations, employeur_id=employeur_id, debut=row.date_debut, fin=row.date_fin
    )
    if deja is not None:
        return EtatConvention.RATTACHEE, deja.id, False
    demande = rules.demande(
        employeur_id=employeur_id,
        debut=row.date_debut,
        fin=row.date_fin,
        objet=ObjetPmsmp(row.objet),
        prescripteur=PrescripteurPmsmp(row.prescripteur),
        rome=row.rome,
        minutes=row.duree_hebdomadaire_minutes,
        occupations=occupations,
    )
    try:
        verifier_forme(demande)
        verifier_bornes(occupation(demande), occupations)
    except Validation:
        return EtatConvention.HORS_BORNES, None, False
    emploi = await emplois.store_emploi(tx, demande, parcours_id)
    nom = "parcours.emploi.commence"
    await publier(tx, Fait(nom, "emplois", emploi.id, 1, Operation.CREATION))
    return EtatConvention.RATTACHEE, emploi.id, True
