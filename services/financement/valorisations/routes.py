"""The Département's own contribution in kind: planned, declared, validated; never cash."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.conventions.queries import read_convention
from services.financement.conventions.routes import ConventionId
from services.financement.enveloppes.routes import EnveloppeId
from services.financement.journal.queries import inscrire
from services.financement.journal.regards import Au, ConnuAu, regard_de
from services.financement.journal.rules import Ecriture, PeriodeClose, transfert
from services.financement.recettes.queries import (
    lock_enveloppe,
    open_livre,
    read_enveloppe,
    solde,
)
from services.financement.recettes.rules import exige_solde, verifier_effet
from services.financement.reservations.rules import DisponibleInsuffisant
from services.financement.valorisations import queries, rules
from shared.refus import Erreur, Introuvable, TransitionInterdite, Validation, VersionDepassee
from shared.schemas.commun import Identifiant, Operation
from shared.schemas.financement.journal import EvenementJournal, Livre, Poste
from shared.schemas.financement.valorisations import (
    Apport,
    DecisionValorisationCreation,
    PagePrevisionsValorisation,
    PageReglesValorisation,
    PageValorisations,
    PrevisionValorisation,
    PrevisionValorisationCreation,
    RegleValorisation,
    RegleValorisationCreation,
    StatutValorisation,
    Valorisation,
    ValorisationCreation,
)
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("valorisations")

_RegleId = Annotated[
    UUID,
    Path(
        description="Une règle de valorisation", examples=["019b789f-d7a0-7d08-b46a-5e2f91c7a380"]
    ),
]
_PrevisionId = Annotated[
    UUID,
    Path(description="Un apport prévu", examples=["019cb40d-5aa0-7f19-9c62-84d0e7b3a51f"]),
]
_ValorisationId = Annotated[
    UUID,
    Path(description="Un apport valorisé", examples=["019cb40d-5aa0-7a8c-b3d7-16f5c09e4b28"]),
]
_Enveloppes = Annotated[
    list[Identifiant],
    Query(
        default_factory=list,
        max_length=10,
        description="De ces enveloppes",
        examples=[["019b789f-d7a0-711d-ab0d-549b6f03675a"]],
    ),
]
_EVENEMENTS = {
    StatutValorisation.VALIDEE: (EvenementJournal.VALORISATION_VALIDEE, Poste.VALIDE),
    StatutValorisation.REJETEE: (EvenementJournal.VALORISATION_REJETEE, Poste.REJETE),
}


def _regle(row: Row[Any]) -> RegleValorisation:
    return RegleValorisation.model_validate(row, from_attributes=True)


def _prevision(row: Row[Any]) -> PrevisionValorisation:
    return PrevisionValorisation.model_validate(
        {**row._mapping, "auteur": {"client_id": row.client_id}}
    )


def _render(row: Row[Any]) -> Valorisation:
    return Valorisation.model_validate(row, from_attributes=True)


@router.post(
    "/conventions/{convention_id}/regles-valorisation",
    status_code=201,
    response_model=RegleValorisation,
    summary="Enregistrer ce qu'une convention admet d'un apport",
    dependencies=[portee("financement:administrer")],
    responses=refusals(Introuvable, queries.RegleExistante),
)
async def creer_regle_valorisation(
    convention_id: ConventionId,
    demande: RegleValorisationCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Dit si un apport est admis, comment il se chiffre, jusqu'où, et avec quelles pièces.

    Sans règle, aucun apport n'est admis. Portée `financement:administrer`. Publie
    `financement.regle_valorisation.enregistree`.
    """

    async def enregistrer() -> Effet:
        rules.verifier_regle(demande)
        await read_convention(tx, convention_id)
        values = {
            **demande.model_dump(),
            "id": new_id(),
            "convention_id": convention_id,
            "cree_le": service.horloge(),
        }
        row = await queries.store_regle(tx, values)
        await publier(
            tx,
            Fait(
                "financement.regle_valorisation.enregistree",
                "regles-valorisation",
                row.id,
                1,
                Operation.CREATION,
            ),
        )
        return Effet(_regle(row), location=f"/v1/regles-valorisation/{row.id}", version=1)

    return await once(tx, commande, enregistrer)


@router.get(
    "/regles-valorisation",
    response_model=PageReglesValorisation,
    summary="Lister les règles de valorisation",
    dependencies=[portee("financement:lire")],
)
async def lister_regles_valorisation(
    page: Annotated[PageDemandee, page_de(PageReglesValorisation)],
    tx: TransactionDep,
    convention_id: Annotated[
        list[Identifiant],
        Query(
            default_factory=list,
            max_length=10,
            description="De ces conventions",
            examples=[["019cad9d-67a0-726b-b2a7-4de452e6b438"]],
        ),
    ],
) -> Response:
    """Rend ce qui est admis ou non, les plus récentes d'abord. Portée `financement:lire`."""
    return rendre_page(page, await queries.list_regles(tx, page, convention_id), _regle)


@router.get(
    "/regles-valorisation/{regle_valorisation_id}",
    response_model=RegleValorisation,
    summary="Lire une règle de valorisation",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_regle_valorisation(
    regle_valorisation_id: _RegleId, request: Request, tx: TransactionDep
) -> Response:
    """Rend une règle telle qu'elle fut enregistrée, sans changement. Portée `financement:lire`."""
    return rendre_lecture(request, _regle(await queries.read_regle(tx, regle_valorisation_id)), 1)


@router.post(
    "/enveloppes/{enveloppe_id}/previsions-valorisation",
    status_code=201,
    response_model=PrevisionValorisation,
    summary="Prévoir un apport valorisé",
    dependencies=[portee("financement:administrer")],
    responses=refusals(Introuvable, PeriodeClose),
)
async def creer_prevision_valorisation(
    enveloppe_id: EnveloppeId,
    demande: PrevisionValorisationCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Inscrit à justifier un apport en nature du Département, dans un livre à part de l'argent.

    Portée `financement:administrer`. Publie `financement.prevision_valorisation.enregistree`.
    """

    async def prevoir() -> Effet:
        enveloppe = await lock_enveloppe(tx, enveloppe_id)
        rules.exige_departement(enveloppe.financeur)
        verifier_effet(demande.date_effet, await service.aujourdhui(tx))
        await open_livre(tx, Livre.VAL, enveloppe_id)
        instant, prevision_id = service.horloge(), new_id()
        values = {
            **demande.model_dump(),
            "id": prevision_id,
            "enveloppe_id": enveloppe_id,
            "client_id": tx.acces.auteur,
            "cree_le": instant,
        }
        await queries.store_prevision(tx, values)
        await publier(
            tx,
            Fait(
                "financement.prevision_valorisation.enregistree",
                "previsions-valorisation",
                prevision_id,
                1,
                Operation.CREATION,
            ),
        )
        prevision = _prevision(await queries.read_prevision(tx, prevision_id))
        ecriture = Ecriture(
            EvenementJournal.VALORISATION_PREVUE,
            demande.date_effet,
            transfert(
                Livre.VAL, enveloppe_id, demande.montant_centimes, Poste.PREVU, Poste.A_JUSTIFIER
            ),
            origine="previsions-valorisation",
            origine_id=prevision_id,
            source=demande.source,
        )
        await inscrire(tx, [ecriture], inscrite_le=instant)
        return Effet(prevision, location=f"/v1/previsions-valorisation/{prevision_id}", version=1)

    return await once(tx, commande, prevoir)


@router.get(
    "/previsions-valorisation",
    response_model=PagePrevisionsValorisation,
    summary="Lister les apports prévus",
    dependencies=[portee("financement:lire")],
)
async def lister_previsions_valorisation(
    page: Annotated[PageDemandee, page_de(PagePrevisionsValorisation)],
    tx: TransactionDep,
    enveloppe_id: _Enveloppes,
) -> Response:
    """Rend les apports prévus, les plus récents d'abord. Portée `financement:lire`."""
    return rendre_page(page, await queries.list_previsions(tx, page, enveloppe_id), _prevision)


@router.get(
    "/previsions-valorisation/{prevision_valorisation_id}",
    response_model=PrevisionValorisation,
    summary="Lire un apport prévu",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_prevision_valorisation(
    prevision_valorisation_id: _PrevisionId, request: Request, tx: TransactionDep
) -> Response:
    """Rend un apport prévu tel qu'il fut enregistré. Portée `financement:lire`."""
    row = await queries.read_prevision(tx, prevision_valorisation_id)
    return rendre_lecture(request, _prevision(row), 1)


@router.get(
    "/enveloppes/{enveloppe_id}/apport",
    response_model=Apport,
    summary="Lire où en est l'apport valorisé d'une enveloppe",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_apport(
    enveloppe_id: EnveloppeId, tx: TransactionDep, au: Au = None, connu_au: ConnuAu = None
) -> Response:
    """Rend ce qui est prévu, à justifier, déclaré, validé et rejeté, à part de tout paiement.

    `version` est celle de l'enveloppe ; les soldes bougent sans elle. Portée `financement:lire`.
    """
    row = await read_enveloppe(tx, enveloppe_id, regard_de(au, connu_au))
    apport = Apport(
        enveloppe_id=enveloppe_id,
        prevu_centimes=solde(row, Poste.PREVU),
        a_justifier_centimes=solde(row, Poste.A_JUSTIFIER),
        declare_centimes=solde(row, Poste.DECLARE),
        valide_centimes=solde(row, Poste.VALIDE),
        rejete_centimes=solde(row, Poste.REJETE),
    )
    return rendre(Effet(apport, version=row.version, status=200))


@router.post(
    "/enveloppes/{enveloppe_id}/valorisations",
    status_code=201,
    response_model=Valorisation,
    summary="Déclarer un apport valorisé",
    dependencies=[portee("financement.engagement:ecrire")],
    responses=refusals(Introuvable, DisponibleInsuffisant, PeriodeClose),
)
async def creer_valorisation(
    enveloppe_id: EnveloppeId,
    demande: ValorisationCreation,
    commande: CommandeDep,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Déclare l'apport d'un mois, chiffré par la règle de la convention, au plus ce qui est prévu.

    Le temps d'un agent, toutes conventions ensemble, ne dépasse pas celui de son mois. Portée
    `financement.engagement:ecrire`. Publie `financement.valorisation.declaree`.
    """

    async def declarer() -> Effet:
        enveloppe = await lock_enveloppe(tx, enveloppe_id)
        rules.exige_departement(enveloppe.financeur)
        verifier_effet(demande.date_effet, await service.aujourdhui(tx))
        row = await queries.find_regle(tx, enveloppe.convention_id, demande.nature, demande.mois)
        regle = row and queries.regle(row)
        montant = rules.montant_valorise(demande, regle)
        assert row is not None
        assert regle is not None
        await _exige_pieces(tx, demande.justificatif_ids)
        rules.exige_plafond(
            regle,
            montant,
            deja_centimes=await queries.read_deja(tx, enveloppe_id, demande.nature),
            part_centimes=solde(enveloppe, Poste.OUVERT),
        )
        exige_solde(enveloppe.soldes, Poste.A_JUSTIFIER, montant)
        await _prendre_temps(tx, demande)
        instant, valorisation_id = service.horloge(), new_id()
        values = {
            **demande.model_dump(mode="json", include={"justificatif_ids"}),
            **demande.model_dump(exclude={"justificatif_ids", "temps_mois_minutes"}),
            "id": valorisation_id,
            "enveloppe_id": enveloppe_id,
            "regle_valorisation_id": row.id,
            "montant_centimes": montant,
            "statut": StatutValorisation.DECLAREE,
            "cree_le": instant,
            "modifie_le": instant,
        }
        await queries.store_valorisation(tx, values)
        effet = await _effet(tx, valorisation_id, "declaree")
        ecriture = Ecriture(
            EvenementJournal.VALORISATION_DECLAREE,
            demande.date_effet,
            transfert(Livre.VAL, enveloppe_id, montant, Poste.A_JUSTIFIER, Poste.DECLARE),
            origine="valorisations",
            origine_id=valorisation_id,
        )
        await inscrire(tx, [ecriture], inscrite_le=instant)
        return effet

    return await once(tx, commande, declarer)


@router.get(
    "/valorisations",
    response_model=PageValorisations,
    summary="Lister les apports valorisés",
    dependencies=[portee("financement:lire")],
)
async def lister_valorisations(
    page: Annotated[PageDemandee, page_de(PageValorisations)],
    tx: TransactionDep,
    enveloppe_id: _Enveloppes,
    statut: Annotated[
        list[StatutValorisation],
        Query(
            default_factory=list,
            max_length=3,
            description="Dans l'un de ces états",
            examples=[["declaree"]],
        ),
    ],
) -> Response:
    """Rend les apports valorisés, les plus récents d'abord. Portée `financement:lire`."""
    rows = await queries.list_valorisations(tx, page, enveloppes=enveloppe_id, statuts=statut)
    return rendre_page(page, rows, _render)


@router.get(
    "/valorisations/{valorisation_id}",
    response_model=Valorisation,
    summary="Lire un apport valorisé",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_valorisation(
    valorisation_id: _ValorisationId, request: Request, tx: TransactionDep
) -> Response:
    """Rend un apport, son chiffrage et ses pièces. Portée `financement:lire`."""
    row = await queries.read_valorisation(tx, valorisation_id)
    return rendre_lecture(request, _render(row), row.version)


@router.post(
    "/valorisations/{valorisation_id}/decisions",
    status_code=201,
    response_model=Valorisation,
    summary="Valider ou rejeter un apport valorisé",
    dependencies=[portee("financement.service_fait:decider")],
    responses=refusals(Introuvable, TransitionInterdite, VersionDepassee, PeriodeClose),
)
async def decider_valorisation(
    valorisation_id: _ValorisationId,
    demande: DecisionValorisationCreation,
    commande: CommandeDep,
    version: SiVersion,
    tx: TransactionDep,
    service: ServiceDep,
) -> Response:
    """Valide un apport dont les pièces requises sont là, ou le rejette et rend le temps de l'agent.

    Portée `financement.service_fait:decider`. Publie `financement.valorisation.validee` ou
    `financement.valorisation.rejetee`.
    """

    async def decider() -> Effet:
        row = await queries.lock_valorisation(tx, valorisation_id)
        exige_version(row.version, version)
        verifier_effet(demande.date_effet, await service.aujourdhui(tx), depuis=row.date_effet)
        pieces = [UUID(one) for one in row.justificatif_ids]
        pieces += [one for one in demande.justificatif_ids if one not in pieces]
        types = await _exige_pieces(tx, pieces)
        regle = queries.regle(await queries.read_regle(tx, row.regle_valorisation_id))
        statut = rules.statut_decide(StatutValorisation(row.statut), demande, regle, types)
        instant = service.horloge()
        await queries.store_decision(
            tx, valorisation_id, statut, demande.motif, [str(one) for one in pieces], instant
        )
        if statut is StatutValorisation.REJETEE and row.agent_ref is not None:
            await queries.add_temps(tx, row.agent_ref, row.mois, -row.minutes)
        effet = await _effet(tx, valorisation_id, statut)
        evenement, vers = _EVENEMENTS[statut]
        ecriture = Ecriture(
            evenement,
            demande.date_effet,
            transfert(Livre.VAL, row.enveloppe_id, row.montant_centimes, Poste.DECLARE, vers),
            origine="valorisations",
            origine_id=valorisation_id,
            source=demande.motif,
        )
        await inscrire(tx, [ecriture], inscrite_le=instant)
        return effet

    return await once(tx, commande, decider)


async def _exige_pieces(tx: Transaction, pieces: list[UUID]) -> list[Any]:
    """Return what pieces are; refuse those that are not ours."""
    types = await queries.read_types(tx, pieces)
    inconnues = [
        Erreur(f"/justificatif_ids/{rang}", "code-referentiel-inconnu", "Piece inconnue")
        for rang, piece in enumerate(pieces)
        if piece not in types
    ]
    if inconnues:
        raise Validation(inconnues)
    return list(types.values())


async def _prendre_temps(tx: Transaction, demande: ValorisationCreation) -> None:
    """Take the minutes of an agent from her month, all conventions together."""
    agent, dit = demande.agent_ref, demande.temps_mois_minutes
    if agent is None or dit is None or demande.minutes is None:
        return
    mois = await queries.lock_temps(tx, agent, demande.mois, dit)
    rules.exige_temps(
        demande.minutes,
        deja_minutes=mois.minutes,
        temps_mois_minutes=mois.temps_mois_minutes,
        temps_dit_minutes=dit,
    )
    await queries.add_temps(tx, agent, demande.mois, demande.minutes)


async def _effet(tx: Transaction, valorisation_id: UUID, fait: str) -> Effet:
    row = await queries.read_valorisation(tx, valorisation_id)
    operation = Operation.CREATION if row.version == 1 else Operation.MODIFICATION
    await publier(
        tx,
        Fait(
            f"financement.valorisation.{fait}",
            "valorisations",
            valorisation_id,
            row.version,
            operation,
        ),
    )
    return Effet(_render(row), location=f"/v1/valorisations/{valorisation_id}", version=row.version)
