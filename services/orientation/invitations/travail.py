"""The worker's part: after a decision commits, the person is invited, at most once.

Nothing tells rdv-insertion two calls from one. What is about to leave is written before it leaves,
so that whoever takes it up after a crash knows; they refuse to invite twice within 24 hours, and
beyond that nobody tries again.
"""

import weakref
from typing import Any

import structlog
from sqlalchemy import Row

from services.orientation.france_travail.jetons import MagasinJetons
from services.orientation.invitations import queries, rules
from services.orientation.invitations.rules import Suite
from services.orientation.personnes.queries import NIR
from services.orientation.rdv_insertion.queries import hold_objet, link_usager
from services.orientation.rdv_insertion.rules import USAGER
from services.orientation.settings import acces_rdv_insertion
from shared.clients.partenaires import ErreurPartenaire
from shared.clients.rdv_insertion.acces import AccesApiRdvInsertion
from shared.clients.rdv_insertion.client import (
    PAR_MINUTE,
    Invites,
    JetonsRdvInsertion,
    RdvInsertion,
    UsagerEnvoye,
)
from shared.schemas.orientation.invitations import StatutInvitation
from shared.schemas.orientation.rdv_insertion import ModeRattachement
from shared.socle.db import ATTENTE_TRAVAIL, Transaction
from shared.socle.service import Service

PAUSE_S, LOT = 60.0, 200
_clients: weakref.WeakKeyDictionary[Service, dict[str, RdvInsertion]] = weakref.WeakKeyDictionary()
_log = structlog.get_logger()


async def inviter_personnes(service: Service, collectivite: str) -> None:
    """Invite for what was decided, where it is set and a person has opened it."""
    exchange = acces_rdv_insertion(service.reglages).get(collectivite)
    if exchange is None or exchange.api is None:
        return
    client = _client_de(service, collectivite, exchange.api)
    fermees: set[int] = set()  # organisations that refused us this turn
    ici = service.acces_interne(collectivite)
    while True:
        async with service.base.transaction(ici, attente=ATTENTE_TRAVAIL) as tx:
            reglage = await queries.reglage_en_vigueur(tx)
            if reglage is None or not reglage.envoi:
                return
            await queries.inscrire_decisions(tx, LOT)
            prise = await queries.prendre(tx, reglage.categorie, par_minute=PAR_MINUTE)
            invite = await queries.read_invite(tx, prise.decision_id) if prise else None
        if prise is None:
            return
        if not await _inviter(service, client, collectivite, exchange.api, prise, invite, fermees):
            return


def _client_de(service: Service, collectivite: str, acces: AccesApiRdvInsertion) -> RdvInsertion:
    connus = _clients.setdefault(service, {})
    if collectivite not in connus:
        magasin = MagasinJetons(service.base, service.coffre, service.acces_interne(collectivite))
        jetons = JetonsRdvInsertion(acces, magasin, service.client)
        connus[collectivite] = RdvInsertion(acces, jetons, service.client)
    return connus[collectivite]


async def _inviter(
    service: Service,
    client: RdvInsertion,
    collectivite: str,
    acces: AccesApiRdvInsertion,
    prise: Row[Any],
    invite: Row[Any] | None,
    fermees: set[int],
) -> bool:
    """Make one attempt, and write what it gave; tell whether to go on with the others."""
    encore, appelee, invites = True, False, None
    organisation = acces.organisations.get(str(invite.organisme)) if invite else None
    if not rules.encore_repetable(prise.incertaine_le, service.horloge_reelle()):
        suite = Suite(StatutInvitation.INCERTAINE, prise.code, incertaine=True)
    elif invite is None or organisation is None:
        pourquoi = StatutInvitation.SANS_ORGANISATION if invite else StatutInvitation.DEPASSEE
        suite = rules.sans_suite(pourquoi, prise.code, avant_incertaine=prise.avant_incertaine)
    elif organisation in fermees:
        suite = rules.apres_echec(
            403,
            "acces-refuse",
            avant_incertaine=prise.avant_incertaine,
            essais=prise.essais,
            demandee_s=0,
        )
    else:
        appelee = True
        try:
            invites = await client.enregistrer_et_inviter(
                organisation, _usager(service, acces, invite), categorie=prise.categorie
            )
            suite = rules.apres_succes([une.format for une in invites.invitations])
        except ErreurPartenaire as error:
            suite = rules.apres_echec(
                error.statut,
                error.code,
                avant_incertaine=prise.avant_incertaine,
                essais=prise.essais,
                demandee_s=error.attente_s,
            )
            encore = not rules.de_tous(error.statut)
            if encore and not rules.de_la_personne(error.statut):
                fermees.add(organisation)
            _log.warning("invitation_rdv_insertion", code=error.code, statut=error.statut)
    ici = service.acces_interne(collectivite)
    async with service.base.transaction(ici, attente=ATTENTE_TRAVAIL) as tx:
        if invites is not None and invite is not None:
            await _lier(tx, invites, invite)
        await queries.finir(tx, prise, suite, appelee=appelee)
    return encore


async def _lier(tx: Transaction, invites: Invites, invite: Row[Any]) -> None:
    """Keep who she is there: what their webhooks will tell is hers.

    Before her invitation is touched, as their webhooks do: each would wait for the other.
    """
    usager = str(invites.user.id)
    await hold_objet(tx, USAGER, usager)
    await link_usager(tx, usager, invite.personne_id, ModeRattachement.REFERENCE)


def _usager(service: Service, acces: AccesApiRdvInsertion, invite: Row[Any]) -> UsagerEnvoye:
    nir = None
    if acces.nir and invite.nir_scelle:
        nir = service.coffre.ouvrir(invite.nir_scelle, NIR).decode()
    return UsagerEnvoye(
        first_name=invite.prenoms,
        last_name=invite.nom,
        birth_date=invite.date_naissance.isoformat(),
        birth_name=invite.nom_naissance,
        role=rules.role(invite.role),
        affiliation_number=invite.matricule,
        france_travail_id=invite.numero_france_travail,
        department_internal_id=str(invite.personne_id),
        nir=nir,
    )
