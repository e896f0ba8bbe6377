"""What becomes of the rest of an engagement: by its routes, or by the closing of a year."""

from datetime import date, datetime
from uuid import UUID

from services.financement.engagements import queries, rules
from services.financement.engagements.rules import Degage, EtatEngagement
from services.financement.enveloppes import queries as enveloppes
from services.financement.enveloppes.actes import publier_enveloppe
from services.financement.enveloppes.rules import acte_nomme
from services.financement.journal.rules import Ecriture
from services.financement.references import exige
from shared.schemas.commun import Operation
from shared.schemas.financement.credits import StatutAutorisation
from shared.schemas.financement.engagements import ReportEngagementCreation, StatutEngagement
from shared.schemas.financement.journal import EvenementJournal
from shared.socle.db import Transaction
from shared.socle.evenements import Fait, publier


async def reporter(
    tx: Transaction,
    etat: EtatEngagement,
    demande: ReportEngagementCreation,
    aujourdhui: date,
    instant: datetime,
) -> tuple[int, Ecriture]:
    """Carry the rest of a line to a later year's envelope; the gates of both are held.

    Returns the engagement's version, and the entry to post.

    Raises:
        Validation, TransitionInterdite: as `montant_reporte`.
    """
    champs = {"enveloppe_id": demande.enveloppe_id, "vers_enveloppe_id": demande.vers_enveloppe_id}
    tenues = {}
    for champ, enveloppe_id in sorted(champs.items(), key=lambda one: one[1]):
        lecture = enveloppes.lock_etat(tx, enveloppe_id, [], instant)
        tenues[champ] = await exige(lecture, champ, "Enveloppe inconnue")
    de, vers = (tenues[champ][0] for champ in champs)
    montant = rules.montant_reporte(etat, de, vers, demande, aujourdhui)
    version = await queries.store_report(
        tx, etat, instant, de=de.id, vers=vers.id, montant_centimes=montant
    )
    await enveloppes.touch_enveloppes(tx, [de.id, vers.id], instant)
    await publier_engagement(tx, "reporte", etat.id, version)
    for enveloppe, lue in tenues.values():
        await publier_enveloppe(tx, "viree", enveloppe.id, lue + 1, Operation.MODIFICATION)
    return version, Ecriture(
        evenement=EvenementJournal.REPORT,
        date_effet=demande.date_effet,
        lignes=rules.lignes_report(de.id, vers.id, montant),
        action_id=etat.action_id,
        engagement_id=etat.id,
        source=acte_nomme(demande.source, demande.decision),
    )


async def degager(
    tx: Transaction,
    etat: EtatEngagement,
    degage: Degage,
    jour: date,
    instant: datetime,
    source: str,
) -> tuple[int, Ecriture]:
    """Give back to the envelopes, and to the authorisation, whose gates are held.

    Returns the engagement's version, and the entry to post.
    """
    statut_ae = StatutAutorisation.VOTEE
    if etat.ae_id is not None:
        _, statut_ae = await queries.read_affectee(tx, etat.ae_id)
    tout = degage.total_centimes == etat.degageable_centimes
    version = await queries.store_emploi(
        tx,
        etat,
        StatutEngagement.DEGAGE if tout else etat.statut,
        instant,
        liquides={},
        degage=degage,
    )
    await publier_engagement(tx, "degage", etat.id, version)
    return version, Ecriture(
        evenement=EvenementJournal.DEGAGEMENT,
        date_effet=jour,
        lignes=rules.lignes_degagement(degage, etat.ae_id, statut_ae),
        action_id=etat.action_id,
        engagement_id=etat.id,
        source=source,
    )


async def publier_engagement(
    tx: Transaction,
    fait: str,
    engagement_id: UUID,
    version: int,
    operation: Operation = Operation.MODIFICATION,
) -> None:
    """Tell the feed of an engagement."""
    nom = f"financement.engagement.{fait}"
    await publier(tx, Fait(nom, "engagements", engagement_id, version, operation))
