"""An act on the receipts of an envelope: kept, told, posted; by its route, or by a bilan."""

from datetime import date, datetime
from uuid import UUID

from services.financement.journal.queries import inscrire
from services.financement.journal.rules import Ecriture
from services.financement.recettes import queries, rules
from shared.schemas.commun import Operation
from shared.schemas.financement.recettes import ActeRecette, NatureActeRecette, SuiteReduction
from shared.socle.db import Transaction
from shared.socle.evenements import Fait, publier
from shared.socle.ids import new_id
from shared.socle.reponses import Effet


async def store_acte(
    tx: Transaction,
    nature: NatureActeRecette,
    enveloppe_id: UUID,
    montant_centimes: int,
    jour: date,
    instant: datetime,
    *,
    titre_id: UUID | None = None,
    reference: str | None = None,
    motif: str | None = None,
    suite: SuiteReduction | None = None,
    sur_exercice_anterieur: bool = False,
) -> ActeRecette:
    """Keep an act, as it will always be read."""
    values = {
        "id": new_id(),
        "enveloppe_id": enveloppe_id,
        "titre_id": titre_id,
        "nature": nature,
        "montant_centimes": montant_centimes,
        "date_effet": jour,
        "reference": reference,
        "motif": motif,
        "suite": suite,
        "sur_exercice_anterieur": sur_exercice_anterieur,
        "cree_le": instant,
    }
    await queries.store_acte(tx, {**values, "client_id": tx.acces.auteur})
    return ActeRecette.model_validate({**values, "auteur": {"client_id": tx.acces.auteur}})


async def inscrire_acte(
    tx: Transaction,
    nature: NatureActeRecette,
    enveloppe_id: UUID,
    montant_centimes: int,
    jour: date,
    instant: datetime,
    *,
    reference: str | None = None,
    motif: str | None = None,
) -> Effet:
    """Keep an act on an envelope whose gate is held, tell it, and post what it moves."""
    acte = await store_acte(
        tx,
        nature,
        enveloppe_id,
        montant_centimes,
        jour,
        instant,
        reference=reference,
        motif=motif,
    )
    await publier(
        tx,
        Fait(
            "financement.acte_recette.enregistre",
            "actes-recettes",
            acte.id,
            1,
            Operation.CREATION,
        ),
    )
    evenement, _, _ = rules.MOUVEMENTS[nature]
    ecriture = Ecriture(
        evenement,
        jour,
        rules.lignes_acte(nature, enveloppe_id, montant_centimes),
        origine="actes-recettes",
        origine_id=acte.id,
        source=reference or motif,
    )
    await inscrire(tx, [ecriture], inscrite_le=instant)
    return Effet(acte, location=f"/v1/actes-recettes/{acte.id}", version=1)
