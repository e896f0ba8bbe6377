"""Health leaves no trace: two collectivités whose lives differ by it alone answer the same bytes.

Every command and every read of the OpenAPI document enter by themselves, the commands as their
examples show them: a read in which nothing is there to read here fails until it has a case.
"""

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from deploy.local import bases as provision
from services.parcours.taches import TRAVAIL
from shared.socle.service import Service
from shared.socle.suivi import un_tour
from tests.api.parcours.conftest import ORDINAIRES, Horloge, Orientation
from tests.api.parcours.heure import Heure, base_a_l_heure
from tests.api.parcours.lectures import Lecture, commandes, lectures, parametre
from tests.api.parcours.test_consultations import OFFRE
from tests.api.parcours.test_emplois import EMPLOYEUR
from tests.api.parcours.test_objectifs import PERMIS, SOINS
from tests.api.parcours.test_suspensions import SANCTION
from tests.conftest import _CODES, URLS, Client, Connecter

DEBUT = datetime(2026, 7, 1, 8, tzinfo=UTC)
JOUR, HIER = "2026-07-01", "2026-06-30"
# What is of the service or of the collectivité, and of nobody; the feed waits, and is walked apart.
SANS_PERSONNE = frozenset(
    {
        "/v1/limites",
        "/v1/collectivites/{code}",
        "/v1/referentiels",
        "/v1/referentiels/{referentiel}",
        "/v1/referentiels/{referentiel}/versions",
        # Of the client that asked, under the scopes that it had: tests/api/test_exports.py.
        "/v1/exports",
        "/v1/exports/{export_id}",
        "/v1/exports/{export_id}/fichiers/{rang}",
        # Of the client that deposited, its results without a word of what was in it.
        "/v1/imports",
        "/v1/imports/{import_id}",
        "/v1/imports/{import_id}/resultats",
        # How many, and what the worker read.
        "/v1/volumes-lus",
        "/v1/volumes-lus/{volume_lu_id}",
        "/v1/synchronisations-data-inclusion",
        "/v1/synchronisations-data-inclusion/{synchronisation_data_inclusion_id}",
        # Known by immersion-facile alone, without a word of health: test_immersions.py.
        "/v1/conventions-immersion",
        "/v1/conventions-immersion/bilan",
        "/v1/conventions-immersion/{convention_immersion_id}",
        # Of the sandbox alone.
        "/v1/horloges-de-test",
        "/v1/horloges-de-test/{horloge_de_test_id}",
        "/v1/pannes-de-test",
        "/v1/pannes-de-test/{panne_de_test_id}",
    }
)
# Two of one instant are in the order of their ids, and some are a digest: of chance.
AU_HASARD = frozenset({"lister_chronologie", "lister_echeances"})
# What is known to tell more under the scope; whatever else does is found.
SUES = frozenset(
    "lister_freins obtenir_frein lister_niveaux_frein obtenir_niveau_connu lister_intervenants"
    " obtenir_intervenant obtenir_suivi lister_diagnostics obtenir_diagnostic lister_chronologie"
    " obtenir_diagnostic_prerempli lister_prescriptions obtenir_prescription lister_echeances"
    " lister_motifs_heures exporter_diagnostic_france_travail lister_objectifs_frein"
    " obtenir_objectif lister_etats_objectif lister_solutions_frein lister_seances_offre"
    " obtenir_seance lister_inscriptions_seance obtenir_inscription lister_dispositifs"
    " obtenir_dispositif lister_actes_dispositif lister_membres obtenir_membre"
    " obtenir_indicateurs_accompagnement obtenir_indicateurs_levee"
    " obtenir_bilan_recrutement".split()
)
# Places left, those of who comes for her health among them: of an offer, and of no parcours.
COMPTES = frozenset({"lister_seances_offre", "obtenir_seance"})
# A machine that others load too is no defect.
PATIENTE = {"Delai-Max": "30000"}
ABSENT = str(uuid4())
COMMUNE = "35238"
PERSONNE = {
    "nom": "Exemple",
    "date_naissance": "2001-04-12",
    "code_commune": COMMUNE,
    "beneficiaire_rsa": True,
    "droits_devoirs": True,
}
ACTION = {
    "type": "formation",
    "libelle": "Code de la route",
    "modalite": "collective",
    "encadree": True,
}


@dataclass
class Vie:
    """One collectivité, and all that happens in it; with `sante`, what is of health beside."""

    code: str
    sante: bool
    tout: Client
    ordinaire: Client
    financement: Client
    acteurs: Client
    orientation: Orientation
    service: Service
    heure: Heure
    personnes: list[UUID] = field(default_factory=list)
    organismes: list[str] = field(default_factory=list)
    # What may be seen without the scope, in the order in which it was made.
    ids: dict[str, list[str]] = field(default_factory=dict)
    # What was answered to who may not know of health.
    tentees: list[tuple[str, httpx.Response]] = field(default_factory=list)
    # What may not.
    caches: dict[str, list[str]] = field(default_factory=dict)

    async def faire(
        self, nom: str, chemin: str, demande: dict[str, Any], *, cache: bool = False, **rest: Any
    ) -> dict[str, Any]:
        """Command, with every scope; keep the id under the name that paths give to it."""
        answer = await self.tout.post(chemin, demande, **rest)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        known = (self.caches if cache else self.ids).setdefault(nom, [])
        if found["id"] not in known:
            known.append(found["id"])
        return found

    async def suivre(self) -> None:
        """Look at the feed of orientation."""
        await un_tour(self.service, TRAVAIL.suivis[0], self.code, attente_s=0)

    def a(self, minute: int) -> None:
        """It is so many minutes past eight, in both lives."""
        self.heure.mettre(DEBUT + timedelta(minutes=minute))


async def vivre(vie: Vie) -> None:
    """What happens, minute by minute: what is of health has minutes of its own."""
    await _connaitre(vie)
    premier, second = await _decider(vie)
    await _entourer(vie, premier)
    mobilite, logement, sante = await _observer(vie, premier, second)
    await _diagnostiquer(vie, premier)
    await _contracter(vie, premier)
    await _prescrire(vie, mobilite, logement, sante)
    await _viser(vie, mobilite, sante)
    await _lever(vie, logement, sante)
    await _passer_la_main(vie, premier)
    await _reunir(vie, mobilite)
    await _employer(vie, premier)
    await _aider(vie, premier)
    await _suspendre(vie, premier)
    await _dire_du_droit(vie)
    await _tout_tenter(vie)
    vie.a(1000)
    decidee = await vie.orientation.decider(
        vie.personnes[0],
        type_parcours="professionnel",
        date_effet=JOUR,
        organisme_referent_id=vie.organismes[1],
    )
    await vie.orientation.notifier(decidee, JOUR)
    await vie.suivre()
    vie.a(1001)
    exit_ = {"motif": "radie_autre_motif", "date_sortie": JOUR}
    if vie.sante:
        exit_ |= {"motif": "aah", "commentaire": "Accord de la MDPH"}
    for acte, demande in (
        ("clotures", exit_),
        ("reouvertures", {"date_reouverture": JOUR}),
        ("clotures", exit_),
    ):
        version = (await vie.tout.get(f"/v1/parcours/{second}")).json()["version"]
        chemin = f"/v1/parcours/{second}/{acte}"
        await vie.faire("parcours_id", chemin, demande, version=version)
    vie.a(1100)


async def _connaitre(vie: Vie) -> None:
    """Persons and organismes are those of orientation."""
    for reference, type_ in (("cd", "conseil_departemental"), ("ft", "france_travail")):
        organisme = {"reference": reference, "type": type_, "nom": "Essai"}
        clients = ["si-essai"] if reference == "cd" else []
        fait = await vie.acteurs.post("/v1/organismes-referents", {**organisme, "clients": clients})
        assert fait.status_code == 201, fait.text
        vie.organismes.append(fait.json()["id"])
    for prenoms in ("Camille", "Dominique"):
        fait = await vie.acteurs.post("/v1/personnes", {**PERSONNE, "prenoms": prenoms})
        assert fait.status_code == 201, fait.text
        vie.personnes.append(UUID(fait.json()["id"]))


async def _decider(vie: Vie) -> list[str]:
    vie.a(0)
    criteres = [{"champ": "contrainte_mobilite", "valeur": "AUCUN_MOYEN_DE_TRANSPORT"}]
    if vie.sante:
        criteres.append({"champ": "contrainte_sante", "valeur": "IMPACT_FORT_RECHERCHE_EMPLOI"})
    for personne_id in vie.personnes:
        decidee = await vie.orientation.decider(
            personne_id,
            type_parcours="professionnel",
            date_effet="2026-03-09",
            organisme_referent_id=vie.organismes[0],
            criteres=criteres,
        )
        await vie.orientation.notifier(decidee, "2026-06-01")
        await vie.suivre()
        page = (await vie.tout.get(f"/v1/parcours?personne_id={personne_id}")).json()
        vie.ids.setdefault("parcours_id", []).append(page["elements"][0]["id"])
    vie.ids["personne_id"] = list(map(str, vie.personnes))
    return vie.ids["parcours_id"]


async def _entourer(vie: Vie, parcours_id: str) -> None:
    ici = f"/v1/parcours/{parcours_id}"
    vie.a(10)
    nomme = {
        "agent": "agt-1",
        "organisme_referent_id": vie.organismes[0],
        "date_debut": "2026-06-02",
    }
    await vie.faire("referent_id", f"{ici}/referents", nomme)
    correspondant = {"role": "correspondant_social", "agent": "agt-3", "date_debut": HIER}
    if vie.sante:
        vie.a(11)
        infirmier = {"role": "infirmier", "agent": "agt-4", "date_debut": HIER}
        parti = await vie.faire("intervenant_id", f"{ici}/intervenants", infirmier, cache=True)
        fin = f"/v1/intervenants/{parti['id']}/clotures"
        await vie.faire("intervenant_id", fin, {"date_fin": JOUR}, cache=True, version=1)
        infirmier["agent"] = "agt-5"
        await vie.faire("intervenant_id", f"{ici}/intervenants", infirmier, cache=True)
    vie.a(12)
    await vie.faire("intervenant_id", f"{ici}/intervenants", correspondant)


async def _observer(vie: Vie, premier: str, second: str) -> tuple[str, str, str]:
    async def voir(parcours_id: str, code: str, **champs: Any) -> str:
        vu = {"code": code, "niveau": "fort", "date_observation": HIER, "source": "referent"}
        chemin = f"/v1/parcours/{parcours_id}/freins"
        cache = code in ("sante", "handicap")
        return str((await vie.faire("frein_id", chemin, vu | champs, cache=cache))["id"])

    sante = ""
    if vie.sante:
        vie.a(20)
        sante = await voir(premier, "sante")
        await voir(premier, "handicap", niveau=None)
        await voir(second, "sante")
    vie.a(21)
    mobilite, logement = await voir(premier, "mobilite"), await voir(premier, "logement")
    encore = {"niveau": "moyen", "date_observation": JOUR, "source": "organisme"}
    if vie.sante:
        vie.a(22)
        await vie.faire("frein_id", f"/v1/freins/{sante}/niveaux", encore, cache=True, version=1)
    vie.a(23)
    await vie.faire("frein_id", f"/v1/freins/{mobilite}/niveaux", encore, version=1)
    return mobilite, logement, sante


async def _diagnostiquer(vie: Vie, parcours_id: str) -> None:
    lignes = [{"code": "mobilite", "niveau": "fort"}]
    if vie.sante:
        lignes += [{"code": "sante", "niveau": "moyen"}, {"code": "handicap"}]
    remplace_id = None
    for minute in (30, 31):
        vie.a(minute)
        signe = {
            "date_diagnostic": JOUR,
            "agent": "agt-1",
            "freins": lignes,
            "remplace_id": remplace_id,
        }
        chemin = f"/v1/parcours/{parcours_id}/diagnostics"
        remplace_id = (await vie.faire("diagnostic_id", chemin, signe))["id"]


async def _contracter(vie: Vie, parcours_id: str) -> None:
    """No hour is set: for health, or for want of childcare, which is told as little."""
    motif = {"motif": "etat_de_sante"} if vie.sante else {"motif": "parent_isole_sans_garde"}
    intensite = {
        "duree_hebdomadaire_minutes": 0,
        "a_la_demande": True,
        "date_demande": HIER,
        **motif,
        **({} if vie.sante else {"age_enfant": 3}),
    }
    contenu = {
        "engagements_organisme": {"referent_unique": "agt-1", "engagements": ["Accompagner"]},
        "engagements_personne": {"engagements": ["Participer"]},
        "plan_action": {
            "objectifs": [{"domaine": "social", "libelle": "Se déplacer"}],
            "actions": [ACTION],
            "intensite": intensite,
        },
        "droits_recours": "Voies et délais de recours.",
        "periodicite_actualisation_mois": 3,
    }
    vie.a(40)
    fait = await vie.faire("contrat_id", f"/v1/parcours/{parcours_id}/contrats-engagement", contenu)
    ici = f"/v1/contrats-engagement/{fait['id']}"
    for version, signataire in ((1, "organisme"), (2, "personne")):
        vie.a(41 + version)
        signe = {"signataire": signataire, "date_signature": JOUR}
        await vie.faire("contrat_id", f"{ici}/signatures", signe, version=version)
    vie.a(45)
    await vie.faire("contrat_id", f"{ici}/revisions", {**contenu, "motif": "Point"}, version=3)


async def _prescrire(vie: Vie, mobilite: str, logement: str, sante: str) -> None:
    vie.a(50)
    action_id = await _ouvrir_action(vie)

    async def prescrire(frein_id: str) -> str:
        demande = {"frein_id": frein_id, "action_id": action_id, "montant_centimes": 10_00}
        cache = frein_id == sante
        return str(
            (await vie.faire("prescription_id", "/v1/prescriptions", demande, cache=cache))["id"]
        )

    vie.a(51)
    for acte in ("confirmations", "annulations"):
        if vie.sante:
            chemin = f"/v1/prescriptions/{await prescrire(sante)}/{acte}"
            await vie.faire("prescription_id", chemin, {}, cache=True)
        else:  # The place and the cents are taken all the same, for nobody knows what.
            await _prendre(vie, action_id, acte)
    vie.a(52)
    for frein_id, acte, demande in (
        (mobilite, "confirmations", {}),
        (logement, "annulations", {"motif": "Permis obtenu"}),
    ):
        await vie.faire(
            "prescription_id", f"/v1/prescriptions/{await prescrire(frein_id)}/{acte}", demande
        )


async def _prendre(vie: Vie, action_id: str, acte: str) -> None:
    demande = {"action_id": action_id, "places": 1, "montant_centimes": 10_00}
    prise = await vie.financement.post(
        "/v1/reservations", {**demande, "beneficiaire_ref": str(uuid4())}
    )
    assert prise.status_code == 201, prise.text
    motif = {"motif": "Autre"} if acte == "annulations" else {}
    done = await vie.financement.post(f"/v1/reservations/{prise.json()['id']}/{acte}", motif)
    assert done.status_code == 201, done.text


async def _ouvrir_action(vie: Vie, code: str = "garage-solidaire") -> str:
    async def creer(chemin: str, demande: dict[str, Any], **rest: Any) -> str:
        answer = await vie.financement.post(chemin, demande, **rest)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    convention = {
        "reference": f"35-{code}",
        "type": "convention_departementale_insertion_emploi",
        "intitule": "Convention départementale pour l'insertion et l'emploi",
        "annee_debut": 2026,
        "statut": "deliberee",
    }
    convention_id = await creer("/v1/conventions", convention)
    enveloppe = {"reference": f"etat-{code}", "exercice": 2026, "financeur": "etat"}
    enveloppe_id = await creer("/v1/enveloppes", {**enveloppe, "convention_id": convention_id})
    ouverture = {
        "montant_centimes": 1_000_00,
        "qualificatif": "exact",
        "date_effet": "2026-01-01",
        "source": "arrêté d'essai",
    }
    await creer(f"/v1/enveloppes/{enveloppe_id}/ouvertures", ouverture, version=1)
    action = {
        "code": code,
        "libelle": "Garage solidaire",
        "mode_capacite": "stock",
        "places_ouvertes": 9,
        "cle": [{"enveloppe_id": enveloppe_id, "numerateur": 1, "denominateur": 1}],
    }
    return await creer(f"/v1/conventions/{convention_id}/actions", action)


async def _lever(vie: Vie, logement: str, sante: str) -> None:
    vie.a(60)
    for frein_id in (sante, logement) if vie.sante else (logement,):
        cache = frein_id == sante
        vie.a(61 if cache else 62)
        ici = f"/v1/freins/{frein_id}"
        version = (await vie.tout.get(ici)).json()["version"]
        leve = {"fondement": "objectifs_atteints", "date_levee": JOUR}
        await vie.faire("frein_id", f"{ici}/levees", leve, cache=cache, version=version)
        revient = {"niveau": "fort", "date_observation": JOUR, "source": "personne"}
        await vie.faire(
            "frein_id", f"{ici}/reouvertures", revient, cache=cache, version=version + 1
        )


async def _viser(vie: Vie, mobilite: str, sante: str) -> None:
    """An objectif of each frein, reached."""
    for minute, frein_id, libelle in ((56, sante, SOINS), (57, mobilite, PERMIS)):
        if not frein_id:
            continue
        vie.a(minute)
        cache = frein_id == sante
        vise = {"libelle": libelle, "date_etat": JOUR, "source": "referent", "statut": "en_cours"}
        chemin = f"/v1/freins/{frein_id}/objectifs"
        fait = await vie.faire("objectif_id", chemin, vise, cache=cache)
        atteint = {"statut": "realise", "date_etat": JOUR, "source": "referent"}
        chemin = f"/v1/objectifs/{fait['id']}/etats"
        await vie.faire("objectif_id", chemin, atteint, cache=cache, version=1)


async def _reunir(vie: Vie, mobilite: str) -> None:
    """A workshop that lifts both freins: who comes for her health takes a place too."""
    vie.a(80)
    action_id = await _ouvrir_action(vie, "atelier")
    offre = {
        "titre": "Atelier",
        "freins": ["mobilite", "sante"],
        "modalite": "collective",
        "date_debut": "2026-01-01",
        "communes": [COMMUNE],
        "action_id": action_id,
    }
    offre_id = (await vie.faire("offre_id", "/v1/offres", offre))["id"]
    seance = {
        "debut_le": f"{JOUR}T09:30:00.000000Z",
        "fin_le": f"{JOUR}T10:30:00.000000Z",
        "places": 9,
    }
    seance_id = (await vie.faire("seance_id", f"/v1/offres/{offre_id}/seances", seance))["id"]
    # The one that was opened again since.
    sante = vie.caches["frein_id"][-1] if vie.sante else ""
    for minute, frein_id in ((81, sante), (82, mobilite)):
        vie.a(minute)
        if not frein_id:
            await _prendre(vie, action_id, "confirmations")
            continue
        cache = frein_id == sante
        demande = {"frein_id": frein_id, "offre_id": offre_id, "montant_centimes": 10_00}
        fait = await vie.faire("prescription_id", "/v1/prescriptions", demande, cache=cache)
        chemin = f"/v1/prescriptions/{fait['id']}/confirmations"
        await vie.faire("prescription_id", chemin, {}, cache=cache)
        inscrit = {"prescription_id": fait["id"]}
        chemin = f"/v1/seances/{seance_id}/inscriptions"
        fait = await vie.faire("inscription_id", chemin, inscrit, cache=cache)
        excuse = {"statut": "excuse"}
        chemin = f"/v1/inscriptions/{fait['id']}/presences"
        await vie.faire("inscription_id", chemin, excuse, cache=cache, version=1)


async def _employer(vie: Vie, parcours_id: str) -> None:
    """An offer for which she is put forward; a CEJ of her age, or for a handicap beside it."""
    if vie.sante:
        vie.a(84)
        cej = {"date_debut": HIER, "date_fin": "2027-03-30", "age_entree": 27, "rqth": True}
        chemin = f"/v1/parcours/{parcours_id}/dispositifs"
        fait = await vie.faire("dispositif_id", chemin, {"type": "cej", **cej}, cache=True)
        membre = {"role": "logement", "organisme_id": vie.organismes[0], "date_debut": JOUR}
        chemin = f"/v1/dispositifs/{fait['id']}/membres"
        await vie.faire("membre_id", chemin, membre, cache=True)
    vie.a(85)
    employeur_id = (await vie.faire("employeur_id", "/v1/employeurs", EMPLOYEUR))["id"]
    offre = await vie.faire(
        "offre_emploi_id", "/v1/offres-emploi", {**OFFRE, "employeur_id": employeur_id}
    )
    mise = {"parcours_id": parcours_id, "date_proposition": JOUR}
    chemin = f"/v1/offres-emploi/{offre['id']}/mises-en-relation"
    await vie.faire("mise_en_relation_id", chemin, mise)


async def _aider(vie: Vie, parcours_id: str) -> None:
    vie.a(86)
    reglement = {
        "depuis": "2026-01-01",
        "age_min": 18,
        "age_max": 25,
        "annuel_max_centimes": 600_00,
        "natures_plafonnees": [],
        "source": "Règlement intérieur d'essai",
    }
    await vie.faire("reglement_aide_id", "/v1/reglements-aides-jeunes", reglement)
    repere = {"date_debut": HIER, "minimum_minutes": 900, "maximum_minutes": 1_200}
    repere["source"] = "Convention d'essai"
    await vie.faire("repere_heures_id", "/v1/reperes-heures", repere)
    demande = {
        "action_id": await _ouvrir_action(vie, "faj"),
        "nature": "permis",
        "montant_centimes": 10_00,
        "paye_a": "tiers",
        "age": 20,
        "date_demande": JOUR,
    }
    aide = await vie.faire("aide_jeune_id", f"/v1/parcours/{parcours_id}/aides-jeunes", demande)
    decide = {"sens": "attribution", "date_commission": JOUR}
    await vie.faire("aide_jeune_id", f"/v1/aides-jeunes/{aide['id']}/decisions", decide)


async def _suspendre(vie: Vie, parcours_id: str) -> None:
    """A breach, heard, suspended and told."""
    vie.a(87)
    signale = {
        "organisme_id": vie.organismes[0],
        "nature_manquement": "N61",
        "date_faits": JOUR,
        "faits": "Trois rendez-vous du contrat sans nouvelles.",
    }
    chemin = f"/v1/parcours/{parcours_id}/suspensions"
    ici = f"/v1/suspensions/{(await vie.faire('suspension_id', chemin, signale))['id']}"
    for acte, demande in (
        ("informations", {"mode": "lettre_recommandee", "date_information": JOUR}),
        (
            "observations",
            {"forme": "ecrites", "assistance": "seule", "date_observations": JOUR},
        ),
        ("decisions", SANCTION),
        (
            "notifications",
            {"mode": "lettre_recommandee", "date_notification": JOUR, "date_debut": JOUR},
        ),
        ("transmissions", {"organisme_payeur": "caf", "date_transmission": JOUR}),
    ):
        version = (await vie.tout.get(ici)).json()["version"]
        demande = {"organisme_id": vie.organismes[0], **demande}
        await vie.faire("suspension_id", f"{ici}/{acte}", demande, version=version)


async def _dire_du_droit(vie: Vie) -> None:
    vie.a(88)
    for personne_id in vie.personnes:
        await vie.orientation.mouvoir("droit_clos", str(personne_id), motif="ECH")
    await vie.suivre()


async def _passer_la_main(vie: Vie, parcours_id: str) -> None:
    vie.a(70)
    demande = {
        "agent": "agt-2",
        "organisme_referent_id": vie.organismes[0],
        "motif": "secteur",
        "date_passation": JOUR,
    }
    chemin = f"/v1/parcours/{parcours_id}/passations"
    proposee = await vie.faire("passation_id", chemin, demande)
    for version, (cote, agent) in enumerate((("cedant", "agt-1"), ("repreneur", "agt-2")), 1):
        accord = {"cote": cote, "sens": "accord", "agent": agent}
        await vie.faire(
            "passation_id", f"/v1/passations/{proposee['id']}/reponses", accord, version=version
        )


async def _tout_tenter(vie: Vie) -> None:
    """Each command of the document, without the scope, as its example shows it, twice in turn.

    The second time finds what the first one made. What is refused must be so in both lives.
    """
    minute = itertools.count(100)
    for commande in (*commandes(), *commandes()):
        if commande.chemin == "/v1/collectivites":
            continue
        vie.a(next(minute))
        noms = re.findall(r"\{(\w+)\}", commande.chemin)
        ids = {nom: known[0] for nom, known in vie.ids.items()}
        if not set(noms) <= ids.keys():
            continue
        url = commande.chemin.format(**ids)
        ressource = "/".join(url.split("/")[:4])
        lue = await vie.ordinaire.get(ressource) if noms else None
        etag = lue.headers.get("ETag") if lue is not None else None
        answer = await vie.ordinaire.post(
            url,
            _substituer(commande.exemple, ids, vie.organismes[0]),
            headers={"If-Match": etag} if etag else {},
        )
        vie.tentees.append((url, answer))
        if (fait := parametre(answer.headers.get("Location", ""))) is not None:
            nom, un = fait
            if un not in vie.ids.setdefault(nom, []):
                vie.ids[nom].append(un)


def _substituer(exemple: Any, ids: Mapping[str, str], organisme: str) -> Any:
    """An example, about what this life holds."""
    if isinstance(exemple, list):
        return [_substituer(un, ids, organisme) for un in exemple]
    if not isinstance(exemple, dict):
        return exemple
    connus = {**ids, "organisme_id": organisme, "organisme_referent_id": organisme}
    return {
        nom: connus[nom]
        if nom in connus and isinstance(un, str)
        else _substituer(un, ids, organisme)
        for nom, un in exemple.items()
    }


@dataclass
class Releve:
    """All that was answered, with what differs from one collectivité to another masked."""

    vie: Vie
    lignes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Name what paths name, each by its rank."""
        connus = {**self.vie.ids, "organisme_id": self.vie.organismes}
        self._noms = {
            un: f"{nom} {rang}" for nom, known in connus.items() for rang, un in enumerate(known)
        }

    def noter(self, url: str, answer: httpx.Response, corps: Any = None) -> None:
        """Add an answer: status, headers and body, or what the pages of a list hold together."""
        # The body is compared whole, and its length is that of cursors too; what is left of a quota
        # is that of the requests that were made.
        tus = {"content-length", "ratelimit"}
        entetes = sorted(un for un in answer.headers.items() if un[0] not in tus)
        texte = answer.text if corps is None else json.dumps(corps, ensure_ascii=False)
        dit = f"{url}\n{answer.status_code} {json.dumps(entetes)}\n{texte}"
        self.lignes.append(self._masquer(dit))

    def ranger(self, elements: list[dict[str, Any]]) -> list[str]:
        """Put what is in an order of chance into another one, day by day."""
        return sorted(
            (self._masquer(json.dumps(un, ensure_ascii=False)) for un in elements),
            key=lambda un: (re.findall(r'"date_evenement": "([^"]+)"', un), un),
        )

    def _masquer(self, texte: str) -> str:
        for motif, dit in _MASQUES:
            texte = motif.sub(dit, texte)
        texte = texte.replace(self.vie.code, "collectivite")
        return _UUID.sub(lambda un: self._noms.get(un[0], "…"), texte)


_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MASQUES = (
    (re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){5}"), "un code"),
    (re.compile(r"(curseur|depuis)=[\w-]+"), r"\1=…"),
    (re.compile(r'"(survenu_le|correlation)": ?"[^"]+"'), r'"\1": "…"'),
)


async def relever(vie: Vie, client: Client) -> tuple[list[str], set[str]]:
    """Read all that is published; tell which reads held something."""
    releve = Releve(vie)
    ids: dict[str, list[str]] = defaultdict(lambda: [ABSENT], vie.ids)
    for url, answer in vie.tentees:
        releve.noter(f"POST {url}", answer)
    tenues = set()
    for lecture in lectures():
        if lecture.chemin in SANS_PERSONNE:
            continue
        for url in lecture.urls(ids):
            for requete in lecture.requetes(ids):
                # Of what is in an order of chance, a page holds all or some, at random.
                tout = f"{'&' if requete else '?'}limite=200" * (lecture.operation in AU_HASARD)
                answer = await client.get(f"{url}{requete}{tout}", headers=PATIENTE)
                corps = answer.json()
                if lecture.operation in AU_HASARD and answer.status_code == 200:
                    corps["elements"] = releve.ranger(corps["elements"])
                releve.noter(f"{url}{requete}", answer, corps)
                if answer.status_code == 200 and (not lecture.liste or corps["elements"]):
                    tenues.add(lecture.operation)
            if etag := answer.headers.get("ETag"):
                seen = await client.get(f"{url}{requete}", headers={"If-None-Match": etag})
                releve.noter(f"{url} {etag}", seen)
            if lecture.liste:
                query = "&".join([*lecture.requis, "limite=5"])
                await _parcourir(releve, client, f"{url}?{query}")
    return releve.lignes, tenues


async def _parcourir(releve: Releve, client: Client, url: str) -> None:
    """Five elements a page: as many pages, and the same elements."""
    elements, suivant = [], url
    while suivant:
        answer = await client.get(suivant, headers=PATIENTE)
        corps = answer.json()
        elements += corps.pop("elements", [])
        suivant = corps.get("pagination", {}).get("suivant")
        releve.noter(url, answer, corps)
    releve.noter(url, answer, releve.ranger(elements))


Mener = Callable[..., Coroutine[Any, Any, Vie]]


@pytest.fixture
def mener(
    connecter: Connecter,
    services: Mapping[str, Service],
    orientation: Orientation,
    bases: Mapping[str, provision.Adresses],
    horloge: Horloge,
) -> Iterator[Mener]:
    """Live a life in a collectivité."""
    with ExitStack() as stack:

        async def live(code: str, *, sante: bool) -> Vie:
            url = bases["parcours"].proprietaire
            vie = Vie(
                code=code,
                sante=sante,
                tout=connecter("parcours", dans=code),
                ordinaire=connecter("parcours", ORDINAIRES, dans=code),
                financement=connecter("financement", dans=code),
                acteurs=connecter("orientation", dans=code),
                orientation=orientation.dans(code),
                service=services["parcours"],
                heure=stack.enter_context(base_a_l_heure(url, code, horloge)),
            )
            await vivre(vie)
            return vie

        yield live


@pytest_asyncio.fixture
async def autre(connecter: Connecter, ouverte: str) -> str:
    """Another collectivité, opened in the three services."""
    code = next(_CODES)
    for nom in URLS:
        corps = {"code": code, "libelle": "Collectivité d'essai", "ideparte": "035"}
        opened = await connecter(nom, dans=code).post(
            "/v1/collectivites", {**corps, "fuseau": "Europe/Paris"}
        )
        assert opened.status_code == 201, opened.text
    return code


async def test_a_token_without_its_scope_finds_no_trace(
    mener: Mener, ouverte: str, autre: str
) -> None:
    """Every command, list, read, order, filter, page, version and count, and the feed."""
    avec, sans = await mener(ouverte, sante=True), await mener(autre, sante=False)

    lues, tenues = await relever(avec, avec.ordinaire)
    autres, _ = await relever(sans, sans.ordinaire)

    for une, la_meme in zip(lues, autres, strict=True):
        assert une == la_meme
    attendues = {
        un.operation
        for un in lectures()
        if un.chemin not in SANS_PERSONNE and un.portees <= set(ORDINAIRES.split())
    }
    assert attendues - tenues == set()


async def test_each_read_of_health_is_in_the_access_log(
    mener: Mener, connecter: Connecter, ouverte: str
) -> None:
    """What answers more under the scope is a read of health: found by asking under both.

    A list that names no parcours, or a count of places, is in the log of requests, which has a
    line for each. Planted: a partner read without naming its parcours, red.
    """
    vie = await mener(ouverte, sante=True)
    scopes = f"{ORDINAIRES} parcours.sante:lire"
    lecteur = connecter("parcours", scopes, client_id="si-sante", dans=ouverte)
    ids: dict[str, list[str]] = defaultdict(list, vie.ids)
    for nom, caches in vie.caches.items():
        ids[nom] = [*ids[nom], *caches]
    nommees: set[Lecture] = set()
    generales: set[Lecture] = set()
    with capture_logs() as journal:
        for lecture in lectures():
            for url in [] if lecture.chemin in SANS_PERSONNE else lecture.urls(ids):
                query = f"{url}?{'&'.join(lecture.requis)}"
                moins = await vie.ordinaire.get(query, headers=PATIENTE)
                plus = await lecteur.get(query, headers=PATIENTE)
                if plus.status_code == 200 and plus.text != moins.text:
                    general = url == lecture.chemin or lecture.operation in COMPTES
                    (generales if general else nommees).add(lecture)

    assert {un.operation for un in (*nommees, *generales)} >= SUES
    notees = {
        operation
        for (operation,) in vie.heure.base.execute(
            "SELECT operation FROM acces_parcours WHERE client_id = 'si-sante' AND sante"
        )
    }
    assert {un.operation for un in nommees} - notees == set()
    dites = {un.get("route") for un in journal if un.get("client") == "si-sante"}
    assert {un.chemin for un in generales} - dites == set()
