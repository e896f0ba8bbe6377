"""The diagnostic as France Travail writes it: received as a new version, told from the current."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from sqlalchemy import Row
from starlette.responses import Response

from services.parcours.accompagnements.queries import lock_parcours, read_parcours
from services.parcours.accompagnements.rules import ParcoursClos, exige_ouvert
from services.parcours.diagnostics import queries as diagnostics
from services.parcours.diagnostics.rules import EtatDiagnostic, exige_lu
from services.parcours.france_travail import queries, rules
from services.parcours.france_travail.rules import FreinVu, ObjectifClos, Suite
from services.parcours.freins import episodes
from services.parcours.freins import queries as freins
from services.parcours.freins.rules import (
    SANTE,
    DonneeSanteInterdite,
    connait_sante,
    exige_ecriture,
    lit_sante,
)
from services.parcours.objectifs.queries import update_etat
from shared.refus import Erreur, Introuvable, TransitionInterdite, Validation
from shared.schemas.commun import Operation
from shared.schemas.parcours.france_travail import (
    DiagnosticFranceTravail,
    DiagnosticFranceTravailCreation,
    DiagnosticRecu,
    EcartFranceTravail,
)
from shared.schemas.parcours.freins import (
    CodeFrein,
    FreinCreation,
    NiveauCreation,
    ReouvertureCreation,
    SourceObservation,
)
from shared.schemas.parcours.objectifs import StatutObjectif
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.db import Transaction
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.reponses import Effet, rendre
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("diagnostics")

_ParcoursId = Annotated[
    UUID, Path(description="Un parcours", examples=["019cb368-8f25-7160-8999-50d836f675cc"])
]
_SOURCE = SourceObservation.FRANCE_TRAVAIL


@router.get(
    "/parcours/{parcours_id}/diagnostic-france-travail",
    response_model=DiagnosticFranceTravail,
    summary="Exporter le diagnostic courant au format v4 de France Travail",
    dependencies=[portee("parcours:lire")],
    responses=refusals(Introuvable),
)
async def exporter_diagnostic_france_travail(
    parcours_id: _ParcoursId, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Rend le diagnostic courant comme l'écrit l'API Diagnostic usager v4 de France Travail.

    S'il vient d'elle, ce que nous ne tenons pas est rendu tel quel, et le reste dit ce qu'il en est
    aujourd'hui : un frein ouvert est OUI, levé ou abandonné CLOTUREE. Rien n'est envoyé. Portée
    `parcours:lire` ; la contrainte de santé n'y est qu'avec `parcours.sante:lire`.
    """
    await read_parcours(tx, parcours_id)
    row = await queries.read_courant(tx, parcours_id)
    if row is None:
        raise Introuvable
    sante = lit_sante(tx.acces.portees)
    recu = await queries.read_dossier(tx, service.coffre, row, sante=sante)
    lignes = await diagnostics.read_lignes(tx, [row.id], sante=sante)
    connus = await freins.read_episodes(tx, parcours_id, [], sante=sante)
    objectifs = await queries.read_objectifs(
        tx, freins=[un.id for un in connus.values()], sante=sante
    )
    vue = queries.vue(service.coffre, row, lignes.get(row.id, []), connus, objectifs)
    dossier = rules.ecrire(vue, recu.dossier if recu else rules.squelette())
    corps = DiagnosticFranceTravail(
        diagnostic_id=row.id,
        rang=row.rang,
        version_listes=recu.version_listes if recu else rules.VERSION_LISTES,
        recu_de_france_travail=recu is not None,
        champs_masques=[] if sante else ["contrainte_25"],
        # The same members, health or not: its own contrainte is all that is left out.
        dossier=dossier if sante else rules.separer(dossier)[0],
    )
    return rendre(Effet(corps, status=200))


@router.post(
    "/parcours/{parcours_id}/diagnostic-france-travail",
    status_code=201,
    response_model=DiagnosticRecu,
    summary="Recevoir un diagnostic v4 de France Travail",
    dependencies=[portee("parcours:ecrire")],
    responses={
        **refusals(Introuvable, ParcoursClos, TransitionInterdite, DonneeSanteInterdite),
        201: {
            "links": {
                "lecture": {
                    "operationId": "obtenir_diagnostic",
                    "parameters": {"diagnostic_id": "$response.body#/diagnostic/id"},
                }
            }
        },
    },
)
async def importer_diagnostic_france_travail(
    parcours_id: _ParcoursId,
    demande: DiagnosticFranceTravailCreation,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Garde un dossier v4 comme le diagnostic suivant, signé de l'agent de France Travail.

    Un frein qu'elle dit présent et que nous n'avons pas s'ouvre, observé par elle le jour où elle
    l'a exploré ; un frein ouvert prend un impact plus récent qui dit autre chose ; un objectif
    qu'elle dit réalisé ou abandonné se clôt. Aucun frein n'est levé ni effacé sur sa parole : ce
    qui n'est pas suivi est dit dans `ecarts`. Portée `parcours:ecrire`, et
    `parcours.sante:ecrire` si la santé y est explorée. Publie `parcours.diagnostic.signe`, et ce
    que publient les freins.
    """
    dossier = demande.dossier
    exige_ecriture(sante=rules.dit_sante(dossier), portees=tx.acces.portees)

    async def recevoir() -> Effet:
        parcours = await lock_parcours(tx, parcours_id)
        exige_ouvert(parcours.statut)
        courant = await diagnostics.read_courant(tx, parcours_id)
        exige_lu(courant, demande.remplace_id)
        fuseau, jour = await service.fuseau(tx), await service.aujourdhui(tx)
        vue, signe = rules.lire(dossier, fuseau), rules.signature(dossier, fuseau)
        if signe.date_diagnostic > jour or (
            courant is not None and signe.date_diagnostic < courant.date_diagnostic
        ):
            message = "A venir, ou avant le diagnostic remplace"
            raise Validation([Erreur("/dossier", "date-incoherente", message)])
        sante = connait_sante(tx.acces.portees)
        connus = await freins.read_episodes(tx, parcours_id, [], sante=sante)
        row = await diagnostics.store_diagnostic(tx, _values(tx, parcours, vue, signe, courant))
        await queries.store_dossier(tx, service.coffre, row.id, dossier)
        ecarts = []
        for code, vu in vue.freins.items():
            connu = connus.get(code)
            que_faire, motif = rules.suite(vu, freins.etat(connu) if connu else None, jour)
            if motif is not None:
                ecarts.append(_ecart(code, motif))
            episode = await _observe(service, tx, parcours_id, code, vu, connu, que_faire)
            if episode is not None:
                ligne = {"code": code.value, "niveau": vu.niveau, "situations": vu.situations}
                await diagnostics.store_ligne(
                    tx,
                    {"id": new_id(), "diagnostic_id": row.id, "frein_id": episode.id, **ligne},
                    sante=code in SANTE,
                )
        ouverts = [code for code, un in connus.items() if un.date_fin is None]
        ecarts += [
            _ecart(code, "France Travail la dit close")
            for code in rules.cloturees(dossier, ouverts)
        ]
        ecarts += await _clore_objectifs(
            service,
            tx,
            rules.objectifs_clos(dossier, fuseau),
            {un.id: code for code, un in connus.items() if un.date_fin is None},
            jour,
            sante=sante,
        )
        await publier(
            tx, Fait("parcours.diagnostic.signe", "diagnostics", row.id, 1, Operation.CREATION)
        )
        lignes = await diagnostics.read_lignes(tx, [row.id], sante=sante)
        return Effet(
            DiagnosticRecu(
                diagnostic=diagnostics.render(row, lignes.get(row.id, []), courant=True),
                ecarts=ecarts,
            ),
            location=f"/v1/diagnostics/{row.id}",
            version=1,
        )

    return await once(tx, commande, recevoir)


async def _observe(
    service: Service,
    tx: Transaction,
    parcours_id: UUID,
    code: CodeFrein,
    vu: FreinVu,
    connu: Row[Any] | None,
    que_faire: Suite,
) -> Row[Any] | None:
    """Do to a frein what France Travail says of it; return the episode that it is about."""
    match que_faire, vu.date_observation, vu.niveau, connu:
        case Suite.OUVRIR, le, niveau, _ if le is not None:
            creation = FreinCreation(code=code, niveau=niveau, date_observation=le, source=_SOURCE)
            values = {"parcours_id": parcours_id, "code": code.value, "libelle": None}
            return await episodes.ouvrir(service, tx, creation, values, sante=code in SANTE)
        case Suite.OBSERVER, le, niveau, ouvert if le and niveau and ouvert is not None:
            observation = NiveauCreation(niveau=niveau, date_observation=le, source=_SOURCE)
            await episodes.observer(service, tx, ouvert, observation)
        case Suite.ROUVRIR, le, niveau, termine if le and termine is not None:
            retour = ReouvertureCreation(niveau=niveau, date_observation=le, source=_SOURCE)
            return await episodes.rouvrir(service, tx, termine, retour)
        case _:
            pass
    return connu


async def _clore_objectifs(
    service: Service,
    tx: Transaction,
    clos: Sequence[ObjectifClos],
    ouverts: Mapping[UUID, CodeFrein],
    jour: date,
    *,
    sante: bool,
) -> list[EcartFranceTravail]:
    """End our objectifs that France Travail ended; return the freins of which one stays.

    An end is kept with the states before it.
    """
    if not clos or not ouverts:
        return []
    restent = set()
    for row in await queries.read_objectifs(tx, freins=list(ouverts), sante=sante, tenus=True):
        code, statut = ouverts[row.frein_id], StatutObjectif(row.statut)
        dits = [
            un
            for un in clos
            if rules.vise(un, code, statut) and queries.est(service.coffre, row, un.libelle)
        ]
        fin = next((un for un in dits if rules.clot(un, row.date_etat, jour)), None)
        if fin is None:
            if dits:
                restent.add(code)
            continue
        values = {"statut": fin.statut.value, "date_etat": fin.date_etat}
        fini = await update_etat(tx, row, values, source=_SOURCE.value)
        if not row.sante:
            fait = "parcours.objectif.etat"
            await publier(tx, Fait(fait, "objectifs", row.id, fini.version, Operation.MODIFICATION))
    motif = "Objectif clos sans date, a venir, ou avant notre dernier etat"
    return [_ecart(code, motif) for code in sorted(restent)]


def _ecart(code: CodeFrein, motif: str) -> EcartFranceTravail:
    return EcartFranceTravail(frein=code, contrainte=rules.contrainte_de(code) or "", motif=motif)


def _values(
    tx: Transaction,
    parcours: Row[Any],
    vue: rules.Vue,
    signe: rules.Signature,
    courant: EtatDiagnostic | None,
) -> dict[str, Any]:
    confiance, accompagnement = vue.pouvoir_agir or (None, None)
    return {
        "id": new_id(),
        "parcours_id": parcours.id,
        "rang": courant.rang + 1 if courant else 1,
        "remplace_id": courant.id if courant else None,
        "orientation_id": parcours.orientation_id,
        "organisme_referent_id": parcours.organisme_referent_id,
        "date_diagnostic": signe.date_diagnostic,
        "agent": signe.agent,
        "projets": [
            {
                "typologie": projet.typologie,
                "code_rome": projet.code_rome,
                "code_appellation": projet.code_appellation,
                "est_prioritaire": projet.est_prioritaire,
                "besoins": {code: valeur.value for code, valeur in projet.besoins.items()},
            }
            for projet in vue.projets
        ],
        "sans_contrainte": vue.sans_contrainte,
        "confiance": confiance,
        "accompagnement": accompagnement,
        "autonomie_numerique": vue.autonomie_numerique,
        "client_id": tx.acces.auteur,
    }
