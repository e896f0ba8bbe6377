"""The job behind a closing: line by line, each its own transaction, so that it can be run again.

What is done is found done: a liquidation is attached once, credits and envelopes that are settled
have nothing left, a closed year is not closed twice. Killed half-way, the next run does the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from services.financement.exercices import queries, rules
from services.financement.exercices.restes import Cle, Restes
from services.financement.exercices.rules import Credits, ServiceFait
from services.financement.journal.queries import (
    PasseNegatif,
    inscrire,
    lock_chaine,
    lock_disponibles,
)
from services.financement.journal.rules import ORIGINE_CLOTURE
from services.financement.liquidations.queries import lock_liquidation
from services.financement.reservations.expiration import expirer
from services.financement.reservations.queries import lock_echues
from shared.schemas.commun import Operation
from shared.schemas.financement.credits import (
    ClotureExerciceCreation,
    EcartCloture,
    EcartReste,
    MotifEcart,
    MotifReste,
    ResultatCloture,
    SortCredits,
    StatutCloture,
    StatutExercice,
)
from shared.socle.db import ATTENTE_TRAVAIL, Transaction
from shared.socle.evenements import Fait, publier
from shared.socle.ids import new_id
from shared.socle.service import Service

_ECARTS_MAX = 500
_LOT = 50

_log = structlog.get_logger()


@dataclass(frozen=True)
class _Cloture:
    """A closing under way, and its choices."""

    id: UUID
    exercice_id: UUID
    annee: int
    seuil_centimes: int
    source: str
    client_id: str
    rattachements: Mapping[UUID, UUID | None]
    reliquats: Mapping[UUID, SortCredits]
    restes: Restes

    def exclut(self, fait: ServiceFait) -> bool:
        """Whether a service done is left out on purpose."""
        choisi = fait.liquidation_id in self.rattachements
        return choisi and self.rattachements[fait.liquidation_id] is None


async def cloturer_exercice(service: Service, *, cloture_id: str, collectivite: str) -> None:
    """Run a closing to its end, from wherever the last run stopped."""
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        row = await queries.start_cloture(tx, UUID(cloture_id))
        if row is None:
            return  # done already: the job came twice
        exercice = await queries.read_exercice(tx, row.exercice_id)
        services = await queries.read_services_faits(
            tx, exercice.annee, exercice.seuil_rattachement_centimes or 0
        )
        de_l_annee = [one.id for one in await queries.read_credits(tx, exercice.annee)]
    demande = ClotureExerciceCreation.model_validate({"source": row.source, **row.choix})
    cloture = _Cloture(
        id=row.id,
        exercice_id=row.exercice_id,
        annee=exercice.annee,
        seuil_centimes=exercice.seuil_rattachement_centimes or 0,
        source=row.source,
        client_id=row.client_id,
        rattachements={one.liquidation_id: one.credit_paiement_id for one in demande.rattachements},
        reliquats={one.credit_paiement_id: one.reliquat for one in demande.credits},
        restes=Restes(
            service=service,
            collectivite=collectivite,
            cloture_id=row.id,
            exercice_id=row.exercice_id,
            annee=exercice.annee,
            source=row.source,
            choix={(one.enveloppe_id, one.objet, one.engagement_id): one for one in demande.restes},
        ),
    )
    ecarts = [
        EcartCloture(
            liquidation_id=fait.liquidation_id,
            montant_centimes=fait.montant_centimes,
            motif=motif,
        )
        for fait in services
        if (motif := await _rattacher(service, collectivite, cloture, fait)) is not None
    ]
    await _expirer(service, collectivite)
    refuses = await cloture.restes.solder()
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        attend = bool(ecarts or await queries.read_restes(tx, exercice.annee))
    if not attend:
        for credit_id in de_l_annee:
            await _solder(service, collectivite, cloture, credit_id)
    await _finir(service, collectivite, cloture, ecarts[:_ECARTS_MAX], refuses, attend=attend)
    _log.info("cloture_finie", cloture_id=cloture_id, ecarts=len(ecarts), refuses=len(refuses))


async def _rattacher(
    service: Service, collectivite: str, cloture: _Cloture, fait: ServiceFait
) -> MotifEcart | None:
    """Attach one service done; return why it cannot be."""
    if cloture.exclut(fait):
        return None
    choisi = cloture.rattachements.get(fait.liquidation_id)
    try:
        return await _inscrire_rattachement(service, collectivite, cloture, fait, choisi)
    except PasseNegatif:  # there is enough now, and there was not on the last day
        return MotifEcart.CREDITS_INSUFFISANTS


async def _inscrire_rattachement(
    service: Service,
    collectivite: str,
    cloture: _Cloture,
    fait: ServiceFait,
    choisi: UUID | None,
) -> MotifEcart | None:
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        credit = await queries.read_credit_de(tx, cloture.annee, fait, choisi)
        if credit is None:
            return rules.ecart(fait, None, cloture.annee)
        suivant = await queries.credit_suivant(tx, credit.id, cloture.source)
        disponibles = await lock_disponibles(tx, [credit.id, suivant])
        # Ordered since it was read, in this year: the same euros would count twice.
        await lock_liquidation(tx, fait.liquidation_id)
        if not await queries.read_services_faits(
            tx, cloture.annee, cloture.seuil_centimes, fait.liquidation_id
        ):
            return None
        restants = Credits(
            credit.id,
            credit.exercice,
            credit.autorisation_engagement_id,
            disponibles[credit.id],
        )
        if (motif := rules.ecart(fait, restants, cloture.annee)) is not None:
            return motif
        rattachement_id = new_id()
        await queries.store_rattachement(
            tx,
            {
                "id": rattachement_id,
                "exercice_id": cloture.exercice_id,
                "liquidation_id": fait.liquidation_id,
                "credit_paiement_id": credit.id,
                "credit_suivant_id": suivant,
                "montant_centimes": fait.montant_centimes,
                "cree_le": service.horloge(),
            },
        )
        ecritures = rules.ecritures_rattachement(
            rattachement_id,
            fait.montant_centimes,
            credit=credit.id,
            suivant=suivant,
            annee=cloture.annee,
        )
        await inscrire(tx, ecritures, inscrite_le=service.horloge(), cloture=True)
    return None


async def _solder(service: Service, collectivite: str, cloture: _Cloture, credit_id: UUID) -> None:
    """Settle what is left of payment credits of the year, by the choice made of them."""
    sort = cloture.reliquats.get(credit_id, SortCredits.ANNULATION)
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        reporte = sort is SortCredits.REPORT
        suivant = await queries.credit_suivant(tx, credit_id, cloture.source) if reporte else None
        disponibles = await lock_disponibles(tx, [one for one in (credit_id, suivant) if one])
        if disponibles[credit_id]:
            ecritures = rules.ecritures_reliquat(
                credit_id,
                suivant,
                annee=cloture.annee,
                montant_centimes=disponibles[credit_id],
                dernier_jour=await queries.read_dernier_jour(tx, credit_id),
                source=cloture.source,
            )
            siennes = [
                replace(une, origine=ORIGINE_CLOTURE, origine_id=cloture.id) for une in ecritures
            ]
            await inscrire(tx, siennes, inscrite_le=service.horloge(), cloture=True)


async def _expirer(service: Service, collectivite: str) -> None:
    """Post what was due in the year before it closes: later, nobody could."""
    acces = service.acces_interne(collectivite)
    lues = _LOT
    while lues == _LOT:
        async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
            instant = service.horloge()
            echues = await lock_echues(tx, instant, limite=_LOT)
            ecritures = await expirer(tx, echues, await service.fuseau(tx))
            if ecritures:
                await inscrire(tx, ecritures, inscrite_le=instant, cloture=True)
        lues = len(echues)


async def _finir(
    service: Service,
    collectivite: str,
    cloture: _Cloture,
    ecarts: list[EcartCloture],
    refuses: Mapping[Cle, MotifReste],
    *,
    attend: bool,
) -> None:
    """Close the year when nothing is left to choose; say what it leaves.

    Args:
        attend: its credits are not settled: something was to be chosen first.

    What was certified, or whose order was rejected, while the job ran waits for another closing.
    """
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        exercice = await queries.lock_exercice(tx, cloture.exercice_id)
        await lock_chaine(tx)
        if not ecarts:
            ecarts = await _tardifs(tx, cloture)
        restes = await _restants(tx, cloture, refuses)
        totaux = await queries.read_totaux(tx, cloture.exercice_id, cloture.annee)
        resultat = ResultatCloture(**totaux, ecarts=ecarts, restes=restes).model_dump(mode="json")
        attend = attend or bool(ecarts or restes)
        statut = StatutCloture.A_REPRENDRE if attend else StatutCloture.TERMINEE
        instant = service.horloge()
        version = await queries.finish_cloture(tx, cloture.id, statut, resultat, instant)
        if version is None:
            return
        faits = [("financement.cloture.terminee", "clotures", cloture.id, version)]
        if not attend and exercice.statut != StatutExercice.CLOS:
            clos = await queries.move_exercice(
                tx, exercice.id, StatutExercice.CLOS, instant, cloture.client_id
            )
            faits.append(("financement.exercice.clos", "exercices", exercice.id, clos.version))
        await publier(tx, *(Fait(*fait, Operation.MODIFICATION) for fait in faits))


async def _restants(
    tx: Transaction, cloture: _Cloture, refuses: Mapping[Cle, MotifReste]
) -> list[EcartReste]:
    """What envelopes leave and nothing settled, the chain held."""
    restes = await queries.read_restes(tx, cloture.annee)
    return [
        EcartReste(
            enveloppe_id=reste.enveloppe_id,
            engagement_id=reste.engagement_id,
            montant_centimes=reste.montant_centimes,
            motif=refuses.get((reste.enveloppe_id, reste.engagement_id), MotifReste.SANS_CHOIX),
        )
        for reste in restes[:_ECARTS_MAX]
    ]


async def _tardifs(tx: Transaction, cloture: _Cloture) -> list[EcartCloture]:
    """What came to be attached meanwhile, the chain held; its credits, if any, are settled."""
    services = await queries.read_services_faits(tx, cloture.annee, cloture.seuil_centimes)
    return [
        EcartCloture(
            liquidation_id=fait.liquidation_id,
            montant_centimes=fait.montant_centimes,
            motif=MotifEcart.SANS_CREDITS,
        )
        for fait in services
        if not cloture.exclut(fait)
    ][:_ECARTS_MAX]
