"""Load départements through the API, as their files state them: nothing invented.

An exact amount opens an envelope; what is only announced is recorded as announced, and opens
nothing. What the demonstration invents is marked so, and draws on the same lines.
"""

from collections.abc import Mapping

from deploy.local.collectivites import (
    Action,
    ActionDemo,
    Collectivite,
    Convention,
    Demonstration,
    Enveloppe,
    Ligne,
    Montant,
)
from deploy.local.partenaire import Json, Partenaire, par_reference, une_fois
from shared.schemas.financement.enveloppes import Qualificatif

SERVICES = ("orientation", "parcours", "financement")


async def charger_departement(
    si: Partenaire, collectivite: Collectivite, demo: Demonstration
) -> None:
    """Load one département: itself, its organismes, its conventions and their envelopes."""
    creation = collectivite.creation().model_dump(mode="json")
    for service in SERVICES:
        await une_fois(si.ecrire(service, "/v1/collectivites", creation, cle="collectivite"))
    for organisme in collectivite.organismes:
        corps: Json = {
            "reference": organisme.code,
            "type": organisme.type,
            "nom": organisme.libelle,
            "clients": [
                client.client_id
                for client in collectivite.clients
                if client.organisme == organisme.code
            ],
            "source": collectivite.citer(organisme.source),
        }
        await une_fois(
            si.ecrire("orientation", "/v1/organismes-referents", corps, cle=organisme.code)
        )
    await _unites_et_chiffres(si, collectivite)
    await charger_financement(si, collectivite, demo)


async def charger_financement(
    si: Partenaire, collectivite: Collectivite, demo: Demonstration
) -> None:
    """Load the conventions of a département, their actions, envelopes and documents, its budgets.

    Whatever is there already is left as it is.
    """
    for convention in collectivite.conventions:
        await une_fois(
            si.ecrire(
                "financement",
                "/v1/conventions",
                convention_corps(collectivite, convention),
                cle=convention.cle,
            )
        )
    conventions = await par_reference(si, "/v1/conventions")
    for convention in collectivite.conventions:
        convention_id = conventions[convention.cle]["id"]
        for action in convention.actions:
            corps = action_corps(collectivite, action)
            chemin = f"/v1/conventions/{convention_id}/actions"
            await une_fois(si.ecrire("financement", chemin, corps, cle=action.code))
        await _avenants_et_documents(si, collectivite, convention, convention_id)
        for enveloppe in convention.enveloppes:
            for ligne in enveloppe.lignes:
                corps = _ligne(collectivite, convention, enveloppe, ligne, demo)
                corps["convention_id"] = convention_id
                await _enveloppe(si, corps, ligne.montant_centimes)
            # A total whose page does not say who pays: announced, with no funder.
            total = enveloppe.total
            if not enveloppe.lignes and total and total.qualificatif is not Qualificatif.EXACT:
                corps = {
                    "reference": f"{convention.cle}-{enveloppe.exercice}",
                    "convention_id": convention_id,
                    "exercice": enveloppe.exercice,
                    "annonce": _annonce(collectivite, total),
                    "source": collectivite.citer(total.source),
                }
                await _enveloppe(si, corps, None)
    for budget in collectivite.budgets:
        corps = {
            "reference": budget.cle,
            "financeur": budget.financeur,
            "perimetre": budget.libelle,
            "annonce": _annonce(collectivite, budget.annonce),
            "source": collectivite.citer(budget.source),
        }
        await une_fois(si.ecrire("financement", "/v1/enveloppes", corps, cle=budget.cle))


async def charger_illustrations(
    si: Partenaire, collectivite: Collectivite, demo: Demonstration
) -> None:
    """Load what the demonstration invents: organismes, and priced actions with places."""
    for organisme in demo.organismes:
        corps: Json = {
            "reference": organisme.code,
            "type": organisme.type,
            "nom": organisme.libelle,
            "communes": list(organisme.communes),
            "clients": [
                client.client_id for client in demo.clients if client.organisme == organisme.code
            ],
            "source": "Inventé pour la démonstration",
            "illustratif": True,
        }
        if organisme.delegation:
            corps["convention_debut"] = organisme.delegation.date_debut.isoformat()
            corps["convention_fin"] = organisme.delegation.date_fin.isoformat()
        await une_fois(
            si.ecrire("orientation", "/v1/organismes-referents", corps, cle=organisme.code)
        )
    conventions = await par_reference(si, "/v1/conventions")
    enveloppes = await par_reference(si, "/v1/enveloppes")
    for action in demo.actions:
        chemin = f"/v1/conventions/{conventions[action.convention]['id']}/actions"
        corps = _action_demo(collectivite, action, enveloppes)
        await une_fois(si.ecrire("financement", chemin, corps, cle=action.code))


async def _unites_et_chiffres(si: Partenaire, collectivite: Collectivite) -> None:
    """Record the units that pages name, and the figures that they announce.

    Units that a page only counts are a figure: nothing is made up to reach it.
    """
    organismes = {
        one["reference"]: one["id"]
        async for one in si.tout("orientation", "/v1/organismes-referents")
    }
    for organisme in collectivite.organismes:
        chemin = f"/v1/organismes-referents/{organismes[organisme.code]}/unites"
        for unite in organisme.unites:
            corps: Json = {
                "reference": unite.code,
                "nom": unite.libelle,
                "territoire": unite.territoire,
                "source": collectivite.citer(unite.source),
            }
            await une_fois(si.ecrire("orientation", chemin, corps, cle=unite.code))
    for chiffre in collectivite.chiffres:
        corps = {
            "reference": chiffre.cle,
            "libelle": chiffre.libelle,
            "valeur": chiffre.valeur,
            "unite": chiffre.unite,
            "qualificatif": chiffre.qualificatif,
            "annee": chiffre.annee,
            "periodicite": chiffre.periodicite,
            "territoire": chiffre.territoire,
            "organisme_referent_id": chiffre.organisme and organismes[chiffre.organisme],
            "mesure": chiffre.mesure,
            "role": chiffre.role,
            "texte_source": chiffre.texte_source,
            "source": collectivite.citer(chiffre.source),
        }
        await une_fois(si.ecrire("orientation", "/v1/indicateurs", corps, cle=chiffre.cle))


async def _enveloppe(si: Partenaire, corps: Json, montant_centimes: int | None) -> None:
    """Record a line; an exact amount opens it, once."""
    reference = corps["reference"]
    await une_fois(si.ecrire("financement", "/v1/enveloppes", corps, cle=reference))
    if montant_centimes is None:
        return
    kept = (await par_reference(si, "/v1/enveloppes"))[reference]
    if kept["statut"] == "ouverte":
        return
    await si.ecrire(
        "financement",
        f"/v1/enveloppes/{kept['id']}/ouvertures",
        {
            "montant_centimes": montant_centimes,
            "qualificatif": "exact",
            "date_effet": f"{corps['exercice']}-01-01",
            "source": corps["source"],
        },
        cle=f"ouverture:{reference}",
        version=kept["version"],
    )


async def _avenants_et_documents(
    si: Partenaire, collectivite: Collectivite, convention: Convention, convention_id: str
) -> None:
    base = f"/v1/conventions/{convention_id}"
    if convention.avenants:
        connus = {one["reference"] async for one in si.tout("financement", f"{base}/versions")}
        for avenant in convention.avenants:
            if avenant.cle in connus:
                continue
            corps: Json = {
                "reference": avenant.cle,
                # What it changes is nowhere printed: its object is.
                "type": "general",
                "motif": avenant.objet,
                "changements": {},
                "statut": avenant.statut,
                "reference_deliberation": avenant.decision and avenant.decision.texte,
                "source": collectivite.citer(avenant.source),
            }
            await si.ecrire("financement", f"{base}/avenants", corps, cle=avenant.cle)
    if convention.documents:
        libelles = {one["libelle"] async for one in si.tout("financement", f"{base}/documents")}
        for document in convention.documents:
            if document.libelle in libelles:
                continue
            corps = {
                "type": document.type,
                "libelle": document.libelle,
                "date_document": document.date and document.date.isoformat(),
                "source": collectivite.citer(document.source),
            }
            await si.ecrire(
                "financement",
                f"{base}/documents",
                corps,
                cle=f"document:{convention.cle}:{document.libelle}",
            )


def convention_corps(collectivite: Collectivite, convention: Convention) -> Json:
    """What records a convention, as its page states it."""
    comptes = {
        nom: compte and compte.valeur
        for nom, compte in (
            ("nombre_actions", convention.nombre_actions),
            ("nombre_actions_territoriales", convention.nombre_actions_territoriales),
            ("nombre_orientations", convention.nombre_orientations),
        )
    }
    divisions = {
        champ: [
            {
                "ordre": one.ordre,
                "libelle": one.libelle,
                "source": collectivite.citer(one.source),
            }
            for one in found
        ]
        for champ, found in (("axes", convention.axes), ("volets", convention.volets))
    }
    return {
        "reference": convention.cle,
        "type": convention.type,
        "intitule": convention.intitule,
        "annee_debut": convention.annee_debut,
        "annee_fin": convention.annee_fin,
        "statut": convention.statut,
        **comptes,
        **divisions,
        "signataires": [
            {"organisme": partie.nom, "statut": partie.statut} for partie in convention.parties
        ],
        "territoires": [convention.territoire] if convention.territoire else [],
        "source": collectivite.citer(convention.source),
    }


def action_corps(collectivite: Collectivite, action: Action) -> Json:
    """What records an action, as its page states it."""
    return {
        "code": action.code,
        "libelle": action.libelle,
        "axe": action.axe,
        "volet": action.volet,
        "source": collectivite.citer(action.source),
    }


def _ligne(
    collectivite: Collectivite,
    convention: Convention,
    enveloppe: Enveloppe,
    ligne: Ligne,
    demo: Demonstration,
) -> Json:
    # The pages give no dates: those of the demonstration are invented, and only on its lines.
    fenetre = next(
        (
            one
            for one in demo.conventions
            if (one.cle, one.exercice) == (convention.cle, enveloppe.exercice)
        ),
        None,
    )
    source = ligne.source or (enveloppe.total and enveloppe.total.source) or convention.source
    return {
        "reference": f"{convention.cle}-{enveloppe.exercice or 'annuelle'}-{ligne.financeur}",
        "exercice": enveloppe.exercice,
        "financeur": ligne.financeur,
        "perimetre": ligne.perimetre,
        "annonce": ligne.annonce and _annonce(collectivite, ligne.annonce),
        "fenetre_debut": fenetre and fenetre.fenetre_debut.isoformat(),
        "fenetre_fin": fenetre and fenetre.fenetre_fin.isoformat(),
        "source": collectivite.citer(source),
    }


def _action_demo(
    collectivite: Collectivite, action: ActionDemo, enveloppes: Mapping[str, Json]
) -> Json:
    printed = {one.code: one.libelle for one in collectivite.toutes_actions()}
    return {
        "code": action.code,
        "libelle": action.libelle or printed[action.action or ""],
        "mode_capacite": action.mode_capacite,
        "places_ouvertes": action.places,
        "prix_centimes": action.prix_unitaire_centimes,
        "cle": [
            {
                "enveloppe_id": enveloppes[
                    f"{action.convention}-{action.exercice}-{part.financeur}"
                ]["id"],
                "numerateur": part.num,
                "denominateur": part.den,
            }
            for part in action.cle_financement
        ],
        "freins": list(action.freins),
        "source": "Prix et places inventés pour la démonstration",
        "illustratif": True,
    }


def _annonce(collectivite: Collectivite, annonce: Montant) -> Json:
    return {
        "montant_centimes": annonce.montant_centimes,
        "qualificatif": annonce.qualificatif,
        "source": f"{collectivite.citer(annonce.source)} : {annonce.texte_source}",
    }
