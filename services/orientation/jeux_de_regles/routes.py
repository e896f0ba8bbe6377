"""Sets of rules: written as a draft, simulated on a period, put in force by a local order."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.criteres.rules import GRILLE
from services.orientation.jeux_de_regles import queries, rules
from services.orientation.jeux_de_regles.vigueur import regles_de
from services.orientation.orientations.proposition import NATIONALES, en_octets, rejouer
from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import Operation
from shared.schemas.orientation.jeux_de_regles import (
    ContenuJeuDeRegles,
    Deplacement,
    JeuDeRegles,
    JeuDeReglesCreation,
    JeuDeReglesModification,
    MiseEnVigueurCreation,
    PageDeplacements,
    PageJeuxDeRegles,
    ReglesNationales,
    Rejeu,
    Simulation,
    SimulationCreation,
    StatutSimulation,
)
from shared.socle.contrat import CommandeDep, EssaiDep, SiVersion, portee, routeur
from shared.socle.db import exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.modification import Fusion, changements, modifier
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.quotas import quota
from shared.socle.reponses import Effet, rendre
from shared.socle.transactions import ServiceDep, TransactionDep
from shared.socle.travaux import differer

_TABLES = tuple(ContenuJeuDeRegles.model_fields)

router = routeur("jeux-de-regles")


@router.get(
    "/jeux-de-regles/national",
    response_model=ReglesNationales,
    summary="Lire le jeu de règles national",
    dependencies=[portee("orientation:lire")],
)
async def obtenir_jeu_de_regles_national() -> Response:
    """Rend les règles qui valent à défaut de jeu local, et toujours hors RSA.

    C'est de là que part un brouillon. Portée `orientation:lire`.
    """
    regles = ReglesNationales(
        code=rules.CODE_NATIONAL,
        date_debut=GRILLE.depuis,
        versions=[
            NATIONALES.parcours.version,
            NATIONALES.grille.version,
            NATIONALES.organisme.version,
        ],
        source=GRILLE.source,
        **dict(rules.NATIONAL),
    )
    return rendre(Effet(regles, status=200))


@router.post(
    "/jeux-de-regles",
    status_code=201,
    response_model=JeuDeRegles,
    summary="Écrire un jeu de règles",
    dependencies=[portee("orientation:administrer")],
    responses=refusals(queries.JeuExistant),
)
async def creer_jeu_de_regles(
    demande: JeuDeReglesCreation, commande: CommandeDep, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Enregistre un brouillon ; une table absente est celle du jeu national.

    Chaque cas y est une fois : ce qui manque, ce qui est en double est nommé. Ce que la loi fixe
    n'y est pas : l'obstacle temporaire, O01 à O03, les compétences, les âges de la mission locale.
    Portée `orientation:administrer`. Publie `orientation.jeu_de_regles.cree`.
    """

    async def ecrire() -> Effet:
        sent = demande.model_dump(include=demande.model_fields_set)
        contenu = _contenu(rules.NATIONAL, sent)
        row = await queries.store_jeu(
            tx,
            {
                "id": new_id(),
                "code": demande.code,
                "libelle": demande.libelle,
                **_a_conserver(contenu),
            },
        )
        await publier(tx, _fait("cree", row.id, row.version, Operation.CREATION))
        jeu = _jeu(row, await service.aujourdhui(tx))
        return Effet(jeu, location=f"/v1/jeux-de-regles/{row.id}", version=row.version)

    return await once(tx, commande, ecrire)


@router.get(
    "/jeux-de-regles",
    response_model=PageJeuxDeRegles,
    summary="Lister les jeux de règles",
    dependencies=[portee("orientation:lire")],
)
async def lister_jeux_de_regles(
    page: Annotated[PageDemandee, page_de(PageJeuxDeRegles)],
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Rend les jeux de règles de la collectivité, les plus récents d'abord, remplacés compris.

    Portée `orientation:lire`.
    """
    jour = await service.aujourdhui(tx)
    rows = await queries.list_jeux(tx, page)
    return rendre_page(page, rows, lambda row: _jeu(row, jour))


@router.get(
    "/jeux-de-regles/{jeu_de_regles_id}",
    response_model=JeuDeRegles,
    summary="Lire un jeu de règles",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_jeu_de_regles(
    jeu_de_regles_id: UUID, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Rend un jeu de règles et où il en est. Portée `orientation:lire`.

    Son état suit les jours, les simulations et le jeu suivant, sans `version` : la réponse n'est
    jamais 304.
    """
    row = await queries.read_jeu(tx, jeu_de_regles_id)
    jeu = _jeu(row, await service.aujourdhui(tx))
    return rendre(Effet(jeu, version=row.version, status=200))


@router.patch(
    "/jeux-de-regles/{jeu_de_regles_id}",
    response_model=JeuDeRegles,
    summary="Modifier un brouillon",
    dependencies=[portee("orientation:administrer")],
    responses=refusals(Introuvable, VersionDepassee, TransitionInterdite),
)
async def modifier_jeu_de_regles(
    jeu_de_regles_id: UUID,
    demande: Fusion[JeuDeReglesModification],
    version: SiVersion,
    essai: EssaiDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Change un jeu qui n'a pas été mis en vigueur ; ses règles changées, il est à resimuler.

    Portée `orientation:administrer`. Publie `orientation.jeu_de_regles.modifie`.
    """

    async def changer() -> Effet:
        jour = await service.aujourdhui(tx)
        row = await queries.lock_jeu(tx, jeu_de_regles_id)
        courant = _jeu(row, jour)
        exige_version(courant.version, version)
        valeurs = changements(courant, demande)
        if not valeurs:
            return Effet(courant, version=version, status=200)
        rules.exiger_brouillon(courant.statut)
        contenu = _contenu(ContenuJeuDeRegles.model_validate(row.contenu), valeurs)
        libelle = valeurs.get("libelle", courant.libelle)
        row = await queries.update_jeu(
            tx, jeu_de_regles_id, version, {"libelle": libelle, **_a_conserver(contenu)}
        )
        await publier(tx, _fait("modifie", jeu_de_regles_id, row.version, Operation.MODIFICATION))
        return Effet(_jeu(row, jour), version=row.version, status=200)

    return await modifier(tx, changer, essai=essai)


@router.post(
    "/jeux-de-regles/{jeu_de_regles_id}/mises-en-vigueur",
    status_code=201,
    response_model=JeuDeRegles,
    summary="Mettre un jeu de règles en vigueur",
    dependencies=[portee("orientation:administrer")],
    responses=refusals(Introuvable, VersionDepassee, TransitionInterdite),
)
async def creer_mise_en_vigueur(
    jeu_de_regles_id: UUID,
    demande: MiseEnVigueurCreation,
    version: SiVersion,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Met en vigueur un jeu simulé tel qu'il est, sur un arrêté conjoint (L5411-5-1 III al. 2).

    Il ne change plus, et vaut pour les propositions faites à partir de son premier jour ; le jeu
    précédent finit la veille. Deux jeux ne se chevauchent pas. Portée `orientation:administrer`.
    Publie `orientation.jeu_de_regles.mis_en_vigueur`.
    """

    async def mettre() -> Effet:
        jour = await service.aujourdhui(tx)
        row = await queries.lock_jeu(tx, jeu_de_regles_id)
        exige_version(row.version, version)
        rules.exiger_simulation(_jeu(row, jour).statut)
        rules.verifier_mise_en_vigueur(demande, await queries.lock_calendrier(tx), jour)
        await queries.update_jeu(tx, jeu_de_regles_id, version, {})
        await queries.store_mise_en_vigueur(
            tx,
            {
                "id": new_id(),
                "jeu_de_regles_id": jeu_de_regles_id,
                "client_id": tx.acces.auteur,
                **demande.model_dump(),
            },
        )
        row = await queries.read_jeu(tx, jeu_de_regles_id)
        await publier(
            tx, _fait("mis_en_vigueur", jeu_de_regles_id, row.version, Operation.MODIFICATION)
        )
        return Effet(
            _jeu(row, jour),
            location=f"/v1/jeux-de-regles/{jeu_de_regles_id}",
            version=row.version,
        )

    return await once(tx, commande, mettre)


@router.post(
    "/jeux-de-regles/{jeu_de_regles_id}/simulations",
    status_code=202,
    response_model=Simulation,
    summary="Simuler un jeu de règles sur une période",
    dependencies=[portee("orientation:administrer"), quota("job")],
    responses=refusals(Introuvable, VersionDepassee),
)
async def simuler_jeu_de_regles(
    jeu_de_regles_id: UUID,
    demande: SimulationCreation,
    version: SiVersion,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Rejoue sous ce jeu la dernière proposition de chaque orientation reçue dans la période.

    Un travail lit les entrées conservées et n'écrit que son résultat : combien iraient ailleurs,
    et ce que cela fait à chaque organisme, par commune. Seuls les bénéficiaires du RSA y sont, un
    arrêté ne visant qu'eux. Portée `orientation:administrer`. Publie
    `orientation.simulation.demandee`, puis `orientation.simulation.terminee`.
    """

    async def demander() -> Effet:
        rules.verifier_periode(demande, await service.aujourdhui(tx))
        jeu = await queries.lock_jeu(tx, jeu_de_regles_id)
        exige_version(jeu.version, version)
        row = await queries.store_simulation(
            tx,
            {
                "id": new_id(),
                "jeu_de_regles_id": jeu_de_regles_id,
                "statut": StatutSimulation.EN_ATTENTE.value,
                "contenu": jeu.contenu,
                "empreinte": jeu.empreinte,
                "client_id": tx.acces.auteur,
                **demande.model_dump(),
            },
        )
        # One at a time for a collectivité: each reads all that it received in a period.
        await differer(
            tx,
            "orientation",
            "simuler_jeu_de_regles",
            verrou=f"simulation:{tx.collectivite}",
            simulation_id=str(row.id),
        )
        await publier(
            tx,
            Fait(
                "orientation.simulation.demandee",
                "simulations",
                row.id,
                row.version,
                Operation.CREATION,
            ),
        )
        return Effet(
            _simulation(row),
            location=f"/v1/jeux-de-regles/{jeu_de_regles_id}/simulations/{row.id}",
            version=row.version,
            status=202,
            headers={"Retry-After": "5"},
        )

    return await once(tx, commande, demander)


@router.get(
    "/jeux-de-regles/{jeu_de_regles_id}/simulations/{simulation_id}",
    response_model=Simulation,
    summary="Suivre une simulation",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_simulation(
    jeu_de_regles_id: UUID, simulation_id: UUID, tx: TransactionDep
) -> Response:
    """Rend l'état d'une simulation et, finie, son résultat. Portée `orientation:lire`.

    Un effectif de 1 à 4 est masqué, avec de quoi ne pas le déduire des autres. `a_jour` suit le
    jeu sans `version` : la réponse n'est jamais 304.
    """
    row = await queries.read_simulation(tx, jeu_de_regles_id, simulation_id)
    return rendre(Effet(_simulation(row), version=row.version, status=200))


@router.get(
    "/jeux-de-regles/{jeu_de_regles_id}/simulations/{simulation_id}/deplacements",
    response_model=PageDeplacements,
    summary="Lister les orientations qu'une simulation déplace",
    dependencies=[portee("orientation:administrer")],
    responses=refusals(Introuvable),
)
async def lister_deplacements(
    jeu_de_regles_id: UUID,
    simulation_id: UUID,
    page: Annotated[PageDemandee, page_de(PageDeplacements)],
    tx: TransactionDep,
) -> Response:
    """Rend les orientations dont la proposition aurait été autre ; vide tant qu'elle n'est pas
    finie. Des identifiants seulement ; ils se comptent, donc ce que le résultat masque est pour qui
    prépare l'arrêté. Portée `orientation:administrer`.
    """
    await queries.read_simulation(tx, jeu_de_regles_id, simulation_id)
    rows = await queries.list_deplacements(tx, simulation_id, page)
    return rendre_page(page, rows, lambda row: Deplacement(orientation_id=row.orientation_id))


@router.get(
    "/propositions/{proposition_id}/rejeu",
    response_model=Rejeu,
    summary="Rejouer une proposition",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def rejouer_proposition(
    proposition_id: UUID, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Refait une proposition sur ses entrées et ses règles conservées, et compare les octets.

    La règle, le parcours, l'organisme, les versions et toute l'explication. Rien n'est écrit. Les
    empreintes sont sous la clé du service : la santé n'y est pas devinable. Portée
    `orientation:lire`.
    """
    row = await queries.read_proposition(tx, proposition_id)
    refaite = rejouer(row.entrees, regles_de(row) if row.jeu_de_regles_id else NATIONALES)
    conservee = en_octets(
        regle=row.regle,
        type_parcours=row.type_parcours,
        organisme_referent_id=row.organisme_referent_id,
        version_regles=row.version_regles,
        explication=row.explication,
    )
    rejouee = en_octets(
        regle=refaite.regle,
        type_parcours=refaite.type_parcours,
        organisme_referent_id=refaite.organisme_referent_id,
        version_regles=refaite.version_regles,
        explication=asdict(refaite.explication),
    )
    rejeu = Rejeu(
        proposition_id=proposition_id,
        jeu_de_regles_id=row.jeu_de_regles_id,
        version_regles=row.version_regles,
        identique=conservee == rejouee,
        empreinte_conservee=service.coffre.empreinte(conservee.decode()).hex(),
        empreinte_rejouee=service.coffre.empreinte(rejouee.decode()).hex(),
    )
    return rendre(Effet(rejeu, status=200))


def _contenu(base: ContenuJeuDeRegles, sent: dict[str, Any]) -> ContenuJeuDeRegles:
    """Take the tables that were sent, the others from the base; checked, in one order."""
    tables = {nom: sent[nom] for nom in _TABLES if nom in sent}
    contenu = ContenuJeuDeRegles.model_validate({**base.model_dump(), **tables})
    rules.verifier_contenu(contenu)
    return rules.normaliser(contenu)


def _a_conserver(contenu: ContenuJeuDeRegles) -> dict[str, Any]:
    return {"contenu": contenu.model_dump(mode="json"), "empreinte": rules.empreinte(contenu)}


def _jeu(row: Row[Any], jour: date) -> JeuDeRegles:
    contenu = ContenuJeuDeRegles.model_validate(row.contenu)
    regles = rules.composer(
        contenu,
        code=row.code,
        reference=row.reference_arrete or "",
        depuis=row.date_debut or jour,
    )
    validite = rules.Validite(row.simule, row.date_debut, row.date_fin)
    return JeuDeRegles.model_validate(
        {
            **row._mapping,
            **dict(contenu),
            "statut": rules.statut(validite, jour),
            "ecarts": rules.ecarts(regles),
        }
    )


def _simulation(row: Row[Any]) -> Simulation:
    return Simulation.model_validate(row._mapping)


def _fait(nom: str, jeu_id: UUID, version: int, operation: Operation) -> Fait:
    return Fait(f"orientation.jeu_de_regles.{nom}", "jeux-de-regles", jeu_id, version, operation)
