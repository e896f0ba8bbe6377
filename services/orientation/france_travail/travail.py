"""The worker's part: decisions sent after they commit, orientations compared day after day.

Exactly once in effect: a decision is taken under a lease, what they hold is read before anything
is sent, and what was sent is recorded after. Killed in between, the next one reads it there.
"""

import weakref
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row

from services.orientation.france_travail import queries, rules
from services.orientation.france_travail.jetons import MagasinJetons
from services.orientation.france_travail.rules import Attendre, Modifier, Notre
from services.orientation.personnes.queries import NIR
from shared.clients.france_travail.client import FranceTravail, Identite
from shared.clients.france_travail.contrats import DecisionEnvoyee
from shared.clients.france_travail.erreurs import CircuitOuvert, ErreurFranceTravail
from shared.clients.france_travail.jetons import JetonsFranceTravail
from shared.clients.france_travail.reprises import Suite, attente_s
from shared.schemas.commun import Operation
from shared.schemas.orientation.france_travail import StatutEnvoi, TypeEcart
from shared.schemas.orientation.vocabulaire import MotifRefus, TypeOrganisme, TypeParcours
from shared.socle.db import ATTENTE_TRAVAIL
from shared.socle.evenements import Fait, publier
from shared.socle.service import Service

PAUSE_S, LOT = 10.0, 200
AGE_COMPARAISON, _REPORT = timedelta(hours=20), timedelta(hours=1)
_COMPARAISONS = 20  # at each turn: what is to be sent goes first

_clients: weakref.WeakKeyDictionary[Service, dict[str, FranceTravail]] = weakref.WeakKeyDictionary()
_log = structlog.get_logger()


def client_de(service: Service, collectivite: str) -> FranceTravail | None:
    """The client of a collectivité, one by process; none where no access is set."""
    acces = service.reglages.france_travail.get(collectivite)
    if acces is None:
        return None
    connus = _clients.setdefault(service, {})
    if collectivite not in connus:
        magasin = MagasinJetons(service.base, service.coffre, service.acces_interne(collectivite))
        jetons = JetonsFranceTravail(acces, magasin, service.client)
        connus[collectivite] = FranceTravail(acces, jetons, service.client)
    return connus[collectivite]


async def echanger_france_travail(service: Service, collectivite: str) -> None:
    """Send what was decided, then compare some, where a person has opened either."""
    client = client_de(service, collectivite)
    if client is None:
        return
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        reglage = await queries.reglage_en_vigueur(tx)
        if reglage is not None and reglage.envoi:
            await queries.inscrire_decisions(tx, LOT)
    if reglage is None:
        return
    while reglage.envoi:
        encore = await _envoyer_une(service, client, collectivite)
        if encore is None:
            return
        if not encore:
            break
        async with service.base.transaction(acces) as tx:
            reglage = await queries.reglage_en_vigueur(tx)  # closed meanwhile: no more goes
            assert reglage is not None
    if reglage.comparaison:
        await _comparer(service, client, collectivite)


async def _envoyer_une(service: Service, client: FranceTravail, collectivite: str) -> bool | None:
    """Send the next decision; tell whether there was one, None if they are to be left alone."""
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        envoi = await queries.prendre_envoi(tx)
        row = await queries.read_decision(tx, envoi.decision_id) if envoi else None
    if envoi is None:
        return False
    code, dans, compte, encore = None, timedelta(0), True, True
    try:
        # Another was decided since, or it was annulled: only what is in force is told.
        statut = (
            await _dire(service, client, collectivite, envoi, row)
            if row is not None and row.decision_id is not None
            else StatutEnvoi.DEPASSEE
        )
    except ErreurFranceTravail as error:
        code = error.code or str(error.statut or "sans-reponse")
        finale = error.suite is Suite.FINALE and rules.refuse_a_jamais(error.statut, error.code)
        statut = StatutEnvoi.REFUSEE if finale else StatutEnvoi.A_FAIRE
        compte = not isinstance(error, CircuitOuvert)  # nothing was asked of them
        demandee_s = attente_s(error.retry_after, 1, hasard=0, maintenant=datetime.now(UTC))
        dans = rules.reprise_dans(envoi.essais if compte else 1, demandee_s=demandee_s)
        encore = not error.a_reprendre
        _log.warning("envoi_france_travail", decision_id=str(envoi.decision_id), code=code)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        await queries.finir_envoi(tx, envoi, statut, code=code, dans=dans, compte=compte)
    if envoi.reparation and row is not None and statut is not StatutEnvoi.A_FAIRE:
        await _comparer_une(service, client, collectivite, row)
    return encore or None


async def _dire(
    service: Service,
    client: FranceTravail,
    collectivite: str,
    envoi: Row[Any],
    row: Row[Any],
) -> StatutEnvoi:
    """Read what they hold, and send what is missing of our decision."""
    identite, notre = identite_de(service, row), _notre(row)
    assert notre is not None
    leurs = rules.leur(await client.lire_orientations(identite))
    geste = rules.geste(notre, leurs, reparation=envoi.reparation)
    match geste:
        case Attendre.ENREGISTREE:
            return StatutEnvoi.ENREGISTREE
        case Attendre.SANS_PRECONISATION:
            return StatutEnvoi.SANS_PRECONISATION
        case Attendre.SANS_CODE:
            return StatutEnvoi.REFUSEE
    # Reading them may have been long: it may be annulled, replaced, or another's to send.
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        a_nous = await queries.tenir_envoi(tx, envoi)
        row_relue = await queries.read_decision(tx, envoi.decision_id)
    if not a_nous or row_relue is None or row_relue.decision_id is None:
        return StatutEnvoi.DEPASSEE
    match geste:
        case Modifier(parcours):
            await client.modifier_parcours(identite, parcours)
        case DecisionEnvoyee() as decision:
            await client.decider_orientation(identite, decision)
        case forcee:
            await client.forcer_orientation(identite, forcee)
    return StatutEnvoi.ENREGISTREE


async def _comparer(service: Service, client: FranceTravail, collectivite: str) -> None:
    """Compare those compared longest ago; while they do not answer, leave the rest for later.

    One that gives nothing, whatever the reason, is left for an hour: it stops no other for good.
    """
    async with service.base.transaction(service.acces_interne(collectivite)) as tx:
        rows = await queries.a_comparer(tx, age=AGE_COMPARAISON, limite=_COMPARAISONS)
    for row in rows:
        async with service.base.transaction(service.acces_interne(collectivite)) as tx:
            a_nous = await queries.reserver_comparaison(
                tx,
                row.orientation_id,
                compare_le=service.horloge_reelle() - AGE_COMPARAISON + _REPORT,
                age=AGE_COMPARAISON,
            )
        if a_nous and not await _comparer_une(service, client, collectivite, row):
            return


async def _comparer_une(
    service: Service, client: FranceTravail, collectivite: str, row: Row[Any]
) -> bool:
    """Compare one orientation, and keep what was found; tell whether to go on."""
    values: dict[str, Any] = dict.fromkeys(
        ("preconisation", "parcours_ft", "organisme_ft", "code_ft")
    )
    try:
        leurs = rules.leur(await client.lire_orientations(identite_de(service, row)))
    except ErreurFranceTravail as error:
        code = error.code or str(error.statut)
        if not rules.de_la_personne(error.code):
            _log.warning("comparaison_france_travail", code=code)
            finale = error.suite is Suite.FINALE
            return finale and not rules.de_l_acces(error.statut, error.code)
        type_ecart: TypeEcart | None = TypeEcart.PERSONNE_NON_TROUVEE
        values["code_ft"] = code
    else:
        type_ecart = rules.ecart(_notre(row), leurs)
        values["preconisation"] = leurs.attend and leurs.attend.parcours
        values["parcours_ft"] = leurs.ouverte and leurs.ouverte.parcours
        values["organisme_ft"] = leurs.ouverte and leurs.ouverte.organisme
    values |= {
        "orientation_id": row.orientation_id,
        "decision_id": row.decision_id,
        "type": type_ecart and type_ecart.value,
        "type_parcours": row.type_parcours,
        "type_organisme": row.type_organisme,
        "compare_le": service.horloge_reelle(),
    }
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        avant = await queries.dernier_type(tx, row.orientation_id)
        ecrite = await queries.store_comparaison(tx, values)
        if type_ecart is not None and avant != type_ecart:
            nom, operation = "orientation.ecart_france_travail.constate", Operation.MODIFICATION
            if ecrite.version == 1:
                operation = Operation.CREATION
            fait = Fait(nom, "ecarts-france-travail", ecrite.id, ecrite.version, operation)
            await publier(tx, fait)
    return True


def identite_de(service: Service, row: Row[Any]) -> Identite:
    """By what they find a person: her number, and her NIR if nobody has it."""
    nir = service.coffre.ouvrir(row.nir_scelle, NIR).decode() if row.nir_scelle else None
    return Identite(row.date_naissance, numero=row.numero_france_travail, nir=nir)


def _notre(row: Row[Any]) -> Notre | None:
    if row.decision_id is None:
        return None
    return Notre(
        type_parcours=TypeParcours(row.type_parcours),
        type_organisme=TypeOrganisme(row.type_organisme),
        decideur=TypeOrganisme(row.decideur),
        motif_refus=MotifRefus(row.motif_refus) if row.motif_refus else None,
        date_decision=row.date_decision,
        date_effet=row.date_effet,
    )
