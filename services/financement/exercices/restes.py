"""What envelopes leave when a year closes: each rest by the choice made of it, in a transaction.

What is done is found done: nothing is left of it. Killed between two rests, the next run settles
those that are left. What comes back to one that this closing settled waits for another's choice.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.financement.engagements.actes import degager, reporter
from services.financement.engagements.queries import lock_engagement
from services.financement.engagements.rules import Degage
from services.financement.enveloppes.actes import clore_enveloppe, tenir
from services.financement.enveloppes.rules import EnveloppeEngagee, lignes_reliquat
from services.financement.exercices import queries, rules
from services.financement.exercices.rules import Reste
from services.financement.journal.queries import inscrire
from services.financement.journal.rules import ORIGINE_CLOTURE, Ecriture
from services.financement.recettes.actes import inscrire_acte
from services.financement.recettes.queries import read_enveloppe, solde
from shared.refus import Refus
from shared.schemas.financement.credits import MotifReste, ObjetReste, ResteLigne, SortReste
from shared.schemas.financement.engagements import ReportEngagementCreation
from shared.schemas.financement.enveloppes import (
    ClotureEnveloppeCommande,
    SortReliquat,
    StatutEnveloppe,
)
from shared.schemas.financement.journal import EvenementJournal, Poste
from shared.schemas.financement.recettes import NatureActeRecette
from shared.socle.db import ATTENTE_TRAVAIL, Transaction
from shared.socle.ids import new_id
from shared.socle.service import Service

Cle = tuple[UUID, UUID | None]  # an envelope, and an engagement; null: what is not engaged


@dataclass(frozen=True)
class Restes:
    """The rests of a closing, and the choices made of them."""

    service: Service
    collectivite: str
    cloture_id: UUID
    exercice_id: UUID
    annee: int
    source: str
    choix: Mapping[tuple[UUID, ObjetReste, UUID | None], ResteLigne]

    async def solder(self) -> dict[Cle, MotifReste]:
        """Follow each choice; return those that could not be, and why.

        What is engaged first: what it gives back to its envelope is then free. What goes back to
        a funder last: what the envelope keeps of its money is known then.
        """
        async with self._transaction() as tx:
            engages = await queries.read_engages(tx, self.annee)
        libres = [
            Reste(enveloppe_id, None, 0)
            for enveloppe_id, objet, _ in self.choix
            if objet is ObjetReste.DISPONIBLE
        ]
        choisis = [
            (reste, choisi)
            for reste in (*engages, *libres)
            if (choisi := rules.choix_du_reste(reste, self.choix)) is not None
        ]
        choisis.sort(key=lambda un: un[1].sort is SortReste.RETOUR_FINANCEUR)
        refuses: dict[Cle, MotifReste] = {}
        for reste, choisi in choisis:
            try:
                await self._solder(reste, choisi)
            except EnveloppeEngagee:
                refuses[_cle(reste)] = MotifReste.RESERVATION_EN_ATTENTE
            except Refus:
                refuses[_cle(reste)] = MotifReste.SORT_IMPOSSIBLE
        return refuses

    async def _solder(self, reste: Reste, choisi: ResteLigne) -> None:
        async with self._transaction() as tx:
            jour, instant = await self.service.aujourdhui(tx), self.service.horloge()
            if reste.engagement_id is None:
                montant, ecritures = await self._liberer(tx, reste.enveloppe_id, choisi, jour)
            else:
                montant, ecritures = await self._desengager(
                    tx, reste.engagement_id, choisi, jour, instant
                )
            if ecritures:
                await inscrire(tx, ecritures, inscrite_le=instant)
            du = 0
            if choisi.sort is SortReste.RETOUR_FINANCEUR:
                row = await read_enveloppe(tx, reste.enveloppe_id)
                du = rules.retour_du(
                    montant,
                    encaisse_centimes=solde(row, Poste.ENCAISSE),
                    garde_centimes=solde(row, Poste.OUVERT) - solde(row, Poste.ANNULE),
                )
            if montant:
                await queries.store_reliquat(
                    tx,
                    {
                        "id": new_id(),
                        "exercice_id": self.exercice_id,
                        "cloture_id": self.cloture_id,
                        "enveloppe_id": reste.enveloppe_id,
                        "engagement_id": reste.engagement_id,
                        "sort": choisi.sort,
                        "montant_centimes": montant,
                        "a_reverser_centimes": du,
                        "vers_enveloppe_id": choisi.vers_enveloppe_id,
                        "cree_le": instant,
                    },
                )
            if du:
                await inscrire_acte(
                    tx,
                    NatureActeRecette.TROP_PERCU,
                    reste.enveloppe_id,
                    du,
                    jour,
                    instant,
                    motif=self.source,
                )

    async def _desengager(
        self,
        tx: Transaction,
        engagement_id: UUID,
        choisi: ResteLigne,
        jour: date,
        instant: datetime,
    ) -> tuple[int, list[Ecriture]]:
        """What is engaged: carried, or given back to its envelope, and lost there when it is so."""
        de, vers = choisi.enveloppe_id, choisi.vers_enveloppe_id
        autres = [one for one in (de, vers) if one]
        etat = await lock_engagement(tx, engagement_id, None, autres=autres)
        reste = sum(one.reste_centimes for one in etat.lignes if one.enveloppe_id == de)
        if not reste or await queries.a_reliquat(tx, self.cloture_id, de, engagement_id):
            return 0, []
        if vers is not None:
            demande = ReportEngagementCreation(
                enveloppe_id=de,
                vers_enveloppe_id=vers,
                date_effet=jour,
                source=self.source,
                decision=choisi.decision,
            )
            _, report = await reporter(tx, etat, demande, jour, instant)
            return reste, [report]
        _, rendu = await degager(tx, etat, Degage({de: reste}), jour, instant, self.source)
        if choisi.sort is SortReste.DEGAGEMENT:
            return reste, [rendu]
        perdu = Ecriture(
            evenement=EvenementJournal.ANNULATION_CREDITS,
            date_effet=jour,
            lignes=lignes_reliquat(de, reste, None),
            origine=ORIGINE_CLOTURE,
            origine_id=self.cloture_id,
            source=self.source,
        )
        return reste, [rendu, perdu]

    async def _liberer(
        self, tx: Transaction, enveloppe_id: UUID, choisi: ResteLigne, jour: date
    ) -> tuple[int, list[Ecriture]]:
        """What is free: carried or lost, and the envelope closed."""
        acte = await tenir(tx, self.service, [enveloppe_id], choisi.vers_enveloppe_id)
        etat = acte.etats[enveloppe_id]
        rien = etat.statut is not StatutEnveloppe.OUVERTE and not etat.soldes["disponible"]
        if rien or await queries.a_reliquat(tx, self.cloture_id, enveloppe_id, None):
            return 0, [*acte.ecritures]
        reporte = choisi.sort is SortReste.REPORT
        demande = ClotureEnveloppeCommande(
            reliquat=SortReliquat.REPORT if reporte else SortReliquat.ANNULATION,
            enveloppe_id=choisi.vers_enveloppe_id,
            date_effet=jour,
            source=self.source,
            decision=choisi.decision,
        )
        return await clore_enveloppe(
            tx, acte, enveloppe_id, demande, jour, cloture_id=self.cloture_id
        )

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        acces = self.service.acces_interne(self.collectivite)
        return self.service.base.transaction(acces, attente=ATTENTE_TRAVAIL)


def _cle(reste: Reste) -> Cle:
    return reste.enveloppe_id, reste.engagement_id
