"""The worker's part: conventions read once a day, then each made a mise en situation of somebody.

What their webhook says is not signed, so it is not listened to: the reading is the truth.
"""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError
from sqlalchemy import Row

from services.parcours import voisins
from services.parcours.accompagnements.rules import ParcoursClos
from services.parcours.immersions import actes, queries, rules
from services.parcours.settings import acces_immersion_facile
from shared.clients.immersion_facile.client import ImmersionFacile, Lot
from shared.clients.immersion_facile.contrats import ConventionLue
from shared.clients.partenaires import ErreurPartenaire
from shared.refus import Refus
from shared.schemas.orientation.personnes import PersonneRequete
from shared.schemas.parcours.immersions import EtatConvention, ModeReconnaissance
from shared.socle.db import ATTENTE_TRAVAIL, Transaction
from shared.socle.service import Service

PAUSE_S = 60.0
_JOUR = timedelta(hours=24)
_LOT = 20  # a turn: orientation answers thirty searches a minute
_log = structlog.get_logger()


async def lire_immersions(service: Service, collectivite: str) -> None:
    """Read what is due, then do what waits; nothing without a key."""
    acces = acces_immersion_facile(service.reglages).get(collectivite)
    if acces is None:
        return
    await _lire(service, collectivite, ImmersionFacile(acces, service.client))
    await _traiter(service, collectivite)


async def _lire(service: Service, collectivite: str, client: ImmersionFacile) -> None:
    ici = service.acces_interne(collectivite)
    async with service.base.transaction(ici, attente=ATTENTE_TRAVAIL) as tx:
        essais = await queries.take_lecture(tx)
        jour = await service.aujourdhui(tx)
    if essais is None:
        return
    illisibles = 0
    try:
        for apres, jusqu_a in rules.periodes(jour):
            lot = await client.lister_conventions(
                apres=apres, jusqu_a=jusqu_a, statuts=rules.STATUTS
            )
            illisibles += lot.illisibles
            async with service.base.transaction(ici, attente=ATTENTE_TRAVAIL) as tx:
                await _garder(service, tx, lot)
    except ErreurPartenaire as error:
        _log.warning("lecture_immersions", code=error.code, statut=error.statut)
        dans = rules.reprise_dans(essais, demandee_s=error.attente_s)
        async with service.base.transaction(ici, attente=ATTENTE_TRAVAIL) as tx:
            await queries.end_lecture(tx, dans, code=error.code)
        return
    async with service.base.transaction(ici, attente=ATTENTE_TRAVAIL) as tx:
        await queries.purge(tx, jour - timedelta(days=rules.CONVENTIONS_JOURS))
        await queries.end_lecture(tx, _JOUR, lue_le=service.horloge(), illisibles=illisibles)


async def _garder(service: Service, tx: Transaction, lot: Lot) -> None:
    """Write what a period told: what is new, what changed, what is no more."""
    suivies = {une.id: une for une in lot.conventions if rules.est_suivie(une)}
    connues = await queries.lock_connues(tx, list(suivies))
    for convention_id, convention in suivies.items():
        row = connues.get(convention_id)
        values = _colonnes(service, convention)
        changee = row is not None and bytes(row.empreinte) != values["empreinte"]
        etat = rules.apres_lecture(
            convention.status, row and EtatConvention(row.etat), changee=changee
        )
        if etat is None:
            continue
        if row is None:
            await queries.store_convention(tx, values | {"etat": etat.value})
            continue
        libre = await actes.annuler_emploi(tx, row, await service.aujourdhui(tx))
        if not libre and etat is not EtatConvention.ANNULEE:
            etat = EtatConvention.RATTACHEE  # a person wrote or ended it: it stays as they said
        suite: dict[str, Any] = {"etat": etat.value}
        if libre:
            suite |= {"emploi_id": None, "emploi_fait": False}
            # To be found again: the identity may be what was corrected. Cancelled, it stays hers.
            reconnue = row.rattachement == ModeReconnaissance.IDENTITE
            if reconnue and etat is EtatConvention.A_TRAITER:
                suite |= {"parcours_id": None, "rattachement": None}
        await queries.update_convention(tx, row.id, values | suite)


async def _traiter(service: Service, collectivite: str) -> None:
    """Give each convention that waits to whom it is; a silent sibling leaves them for later."""
    ici = service.acces_interne(collectivite)
    async with service.base.transaction(ici, attente=ATTENTE_TRAVAIL) as tx:
        rows = await queries.list_a_traiter(tx, _LOT)
    for row in rows:
        personne_id = None
        if row.parcours_id is None:
            try:
                personne_id = await _reconnaitre(service, collectivite, row)
            except Refus as refus:
                _log.warning("reconnaissance_immersions", code=refus.code)
                return
        async with service.base.transaction(ici, attente=ATTENTE_TRAVAIL) as tx:
            held = await queries.lock_convention(tx, row.id)
            if held.version == row.version:  # another worker, or a person, came first
                await _rattacher(tx, held, personne_id)


async def _rattacher(tx: Transaction, row: Row[Any], personne_id: UUID | None) -> None:
    parcours_id = row.parcours_id
    mode = ModeReconnaissance(row.rattachement or ModeReconnaissance.IDENTITE)
    if parcours_id is None and personne_id is not None:
        parcours_id = await queries.find_parcours(tx, personne_id)
    try:
        if parcours_id is not None:
            await actes.rattacher(tx, row, parcours_id, mode)
            return
    except ParcoursClos:
        pass
    inconnue = {"etat": EtatConvention.PERSONNE_INCONNUE.value}
    await queries.update_convention(tx, row.id, inconnue)


async def _reconnaitre(service: Service, collectivite: str, row: Row[Any]) -> UUID | None:
    """Ask orientation who bears the whole identity: of two, or of none, it names nobody.

    Raises:
        DependanceIndisponible: it does not answer.
    """
    identite = json.loads(service.coffre.ouvrir(row.identite, queries.IDENTITE))
    client = voisins.orientation(service, collectivite)
    try:
        demande = PersonneRequete.model_validate(identite)
    except ValidationError:  # no person of ours can bear it
        return None
    return (await client.rechercher_personne(demande)).personne_id


def _colonnes(service: Service, convention: ConventionLue) -> dict[str, Any]:
    """The columns of a convention, as it was read."""
    qui = convention.signatories.beneficiary
    identite = json.dumps(
        {
            "nom": qui.last_name,
            "prenoms": qui.first_name,
            "date_naissance": qui.birthdate.isoformat(),
        }
    )
    faits = {
        "siret": convention.siret,
        "date_debut": convention.date_start,
        "date_fin": convention.date_end,
        "objet": rules.objet(convention).value,
        "prescripteur": rules.prescripteur(convention).value,
        "rome": convention.immersion_appellation.rome_code,
        "duree_hebdomadaire_minutes": rules.minutes_hebdomadaires(convention),
    }
    lu = json.dumps([identite, {nom: str(un) for nom, un in faits.items()}], sort_keys=True)
    return {
        "convention_id": convention.id,
        "statut": convention.status,
        "empreinte": service.coffre.empreinte(lu),
        "identite": service.coffre.sceller(identite.encode(), queries.IDENTITE),
        **faits,
    }
