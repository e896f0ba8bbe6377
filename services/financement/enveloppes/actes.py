"""Acts on open envelopes: by their routes, or by the closing of a year."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.financement.enveloppes import queries, rules
from services.financement.journal.rules import ORIGINE_CLOTURE, Ecriture
from services.financement.references import exige
from services.financement.reservations.expiration import expirer
from services.financement.reservations.queries import lock_objets
from shared.schemas.commun import Operation
from shared.schemas.financement.enveloppes import ClotureEnveloppeCommande, StatutEnveloppe
from shared.schemas.financement.journal import EvenementJournal
from shared.socle.db import Transaction
from shared.socle.evenements import Fait, publier
from shared.socle.service import Service


@dataclass(frozen=True)
class Acte:
    """What an act on open envelopes begins with: their gates held, what is due given back."""

    instant: datetime
    etats: Mapping[UUID, rules.EtatEnveloppe]
    versions: Mapping[UUID, int]
    ecritures: Sequence[Ecriture]


async def tenir(
    tx: Transaction, service: Service, enveloppes: Sequence[UUID], autre: UUID | None = None
) -> Acte:
    """Hold envelopes: those of the path, and the one that the body names."""
    instant, fuseau = service.horloge(), await service.fuseau(tx)
    nommees = {*enveloppes, *([autre] if autre else [])}
    echues = await lock_objets(tx, nommees, instant)
    tenues: dict[UUID, tuple[rules.EtatEnveloppe, int]] = {}
    for enveloppe_id in sorted(nommees):
        lecture = queries.lock_etat(tx, enveloppe_id, echues, instant)
        tenues[enveloppe_id] = await (
            lecture
            if enveloppe_id in enveloppes
            else exige(lecture, "enveloppe_id", "Enveloppe inconnue")
        )
    return Acte(
        instant=instant,
        etats={one: etat for one, (etat, _) in tenues.items()},
        versions={one: version for one, (_, version) in tenues.items()},
        ecritures=await expirer(tx, echues, fuseau),
    )


async def ecrire(
    tx: Transaction, acte: Acte, enveloppe_id: UUID, fait: str, statut: StatutEnveloppe
) -> None:
    """What an envelope is worth changes: its version too, whoever read it before must know."""
    await queries.store_statut(tx, enveloppe_id, statut, acte.instant)
    version = acte.versions[enveloppe_id] + 1
    await publier_enveloppe(tx, fait, enveloppe_id, version, Operation.MODIFICATION)


async def clore_enveloppe(
    tx: Transaction,
    acte: Acte,
    enveloppe_id: UUID,
    demande: ClotureEnveloppeCommande,
    aujourdhui: date,
    *,
    cloture_id: UUID | None = None,
) -> tuple[int, list[Ecriture]]:
    """Close an envelope that is held; return the cents that leave it, and the entries to post.

    Args:
        cloture_id: the closing of a year that does so; null: an act on this envelope.

    Raises:
        Validation, TransitionInterdite, EnveloppeEngagee: as `cloture_permise`.
    """
    vers = None if demande.enveloppe_id is None else acte.etats[demande.enveloppe_id]
    reste = rules.cloture_permise(acte.etats[enveloppe_id], vers, demande, aujourdhui)
    await ecrire(tx, acte, enveloppe_id, "close", StatutEnveloppe.CLOSE)
    if vers is not None:
        await ecrire(tx, acte, vers.id, "viree", vers.statut)
    ecritures = [*acte.ecritures]
    if reste:
        evenement = EvenementJournal.REPORT if vers else EvenementJournal.ANNULATION_CREDITS
        ecritures.append(
            Ecriture(
                evenement=evenement,
                date_effet=demande.date_effet,
                lignes=rules.lignes_reliquat(enveloppe_id, reste, vers.id if vers else None),
                origine=ORIGINE_CLOTURE if cloture_id else None,
                origine_id=cloture_id,
                source=rules.acte_nomme(demande.source, demande.decision),
            )
        )
    return reste, ecritures


async def publier_enveloppe(
    tx: Transaction, fait: str, enveloppe_id: UUID, version: int, operation: Operation
) -> None:
    """Tell the feed of an envelope."""
    await publier(
        tx, Fait(f"financement.enveloppe.{fait}", "enveloppes", enveloppe_id, version, operation)
    )
