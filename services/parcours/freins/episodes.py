"""What is observed of a frein, kept and told: alone through its routes, or by a diagnostic."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from services.parcours.freins import queries, rules
from shared.schemas.commun import Operation
from shared.schemas.parcours.freins import (
    FreinCreation,
    NiveauCreation,
    ReouvertureCreation,
    StatutFrein,
)
from shared.socle.db import Transaction
from shared.socle.evenements import Fait, publier
from shared.socle.ids import new_id
from shared.socle.service import Service


async def ouvrir(
    service: Service,
    tx: Transaction,
    demande: FreinCreation | ReouvertureCreation,
    values: dict[str, Any],
    *,
    sante: bool,
) -> Row[Any]:
    """Insert an episode and its first observation."""
    row = await queries.store_frein(
        tx,
        {
            "id": new_id(),
            "statut": StatutFrein.OUVERT.value,
            "niveau": demande.niveau,
            "date_debut": demande.date_observation,
            "date_observation": demande.date_observation,
            **values,
        },
        sante=sante,
    )
    await queries.store_observation(
        tx,
        service.coffre,
        row,
        niveau=demande.niveau,
        date_observation=demande.date_observation,
        source=demande.source,
        commentaire=demande.commentaire,
    )
    await annoncer(tx, "parcours.frein.observe", row, row.version)
    return row


async def observer(
    service: Service, tx: Transaction, frein: Row[Any], demande: NiveauCreation
) -> Row[Any]:
    """Add an observation to a locked episode that is open."""
    niveau, date_observation = rules.observation_courante(queries.etat(frein), demande)
    await queries.store_observation(tx, service.coffre, frein, **demande.model_dump())
    row = await queries.update_niveau(tx, frein, niveau=niveau, date_observation=date_observation)
    await annoncer(tx, "parcours.frein.observe", frein, row.version)
    return row


async def rouvrir(
    service: Service,
    tx: Transaction,
    frein: Row[Any],
    demande: FreinCreation | ReouvertureCreation,
) -> Row[Any]:
    """Take an episode that ended up again, by another one, on a parcours that is held."""
    row = await ouvrir(
        service,
        tx,
        demande,
        {
            "parcours_id": frein.parcours_id,
            "code": frein.code,
            "libelle": frein.libelle,
            "precedent_id": frein.id,
        },
        sante=frein.sante,
    )
    ancienne = await queries.link_frein(tx, frein, row.id)
    await annoncer(tx, "parcours.frein.rouvert", frein, ancienne)
    return row


async def commencer(tx: Transaction, frein_id: UUID, *, sante: bool) -> None:
    """Say that an action or an objectif is under way, once."""
    version = await queries.begin_frein(tx, frein_id, sante=sante)
    if version is not None and not sante:
        fait = f"parcours.frein.{StatutFrein.EN_COURS}"
        await publier(tx, Fait(fait, "freins", frein_id, version, Operation.MODIFICATION))


async def annoncer(tx: Transaction, fait: str, frein: Row[Any], version: int) -> None:
    """Tell the feed; of health it says nothing, not even that something is there."""
    if not frein.sante:
        operation = Operation.CREATION if version == 1 else Operation.MODIFICATION
        await publier(tx, Fait(fait, "freins", frein.id, version, operation))
