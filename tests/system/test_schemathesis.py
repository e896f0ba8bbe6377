"""Each service, as its published document says, under schemathesis, with two identities.

What is drawn is fixed by the seed; ids come from the service, so two runs are alike, not equal.
Planted in the document of financement, on /v1/conventions: a 409 taken off, 92 failures; `version`
said to be a string, 9. A stranger who is given the owner's collectivité is refused nothing: red.
"""

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
import stamina

from deploy.local.collectivites import charger
from deploy.local.demonstration import Demonstrateur
from deploy.local.partenaire import Json, Partenaire, Refusee
from deploy.local.services import COLLECTIVITES, RACINE, SERVICES, Installation
from tests.jours import aujourdhui
from tests.system.abonnements import abonner
from tests.system.activites import agir
from tests.system.conftest import CONTRAT, departement
from tests.system.consultations import consulter
from tests.system.conventions import convenir
from tests.system.credits import financer
from tests.system.data_inclusion import lire_catalogue
from tests.system.depenses import depenser, reserver
from tests.system.emplois import employer
from tests.system.france_travail import reconcilier
from tests.system.immersions import immerger
from tests.system.lots import exporter, importer
from tests.system.points_etape import etablir
from tests.system.prescrire import prescrire
from tests.system.rdv_insertion import annoncer
from tests.system.recettes import recevoir
from tests.system.suivis import suivre
from tests.system.suspensions import signaler

CONFIG = Path(__file__).parent / "schemathesis.toml"
HOOKS = CONFIG.with_name("schemathesis_hooks.py")
PROPRIETAIRE, ETRANGER = "proprietaire", "etranger"
IDENTITES = {PROPRIETAIRE: "35D", ETRANGER: "44D"}
# What is refused whatever is sent. The collectivité is open, and a token opens no other.
JAMAIS_ACCEPTEES = {
    "POST /v1/collectivites",
    # A file of lines is read before anything is drawn, and nobody is blocked: 409.
    "DELETE /v1/imports/{import_id}",
    "POST /v1/volumes-lus/{volume_lu_id}/levees",
    # Of the sandbox alone: 404.
    "GET /v1/horloges-de-test",
    "POST /v1/horloges-de-test",
    "GET /v1/horloges-de-test/{horloge_de_test_id}",
    "GET /v1/pannes-de-test",
    "POST /v1/pannes-de-test",
    "GET /v1/pannes-de-test/{panne_de_test_id}",
    "DELETE /v1/pannes-de-test/{panne_de_test_id}",
}


@pytest_asyncio.fixture(scope="module")
async def etats(installation: Installation) -> Mapping[str, list[str]]:
    """The demonstration's départements, 80 foyers of 35D on their way; ids by their state."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        demonstrateur = Demonstrateur(installation, http, lambda _: None, foyers=80)
        # It asks sixteen things at once, and what is done stays done: a loaded machine may say 503.
        async for attempt in stamina.retry_context(on=Refusee, attempts=6, timeout=120):
            with attempt:
                await demonstrateur.jouer()
        si = demonstrateur.si

        async def ids(
            service: str, chemin: str, admis: Callable[[Json], bool] = lambda _: True, **query: Any
        ) -> list[str]:
            found = [one["id"] async for one in si.tout(service, chemin, **query) if admis(one)]
            # Chance leaves none, now and then: one that does not exist then, which is to be 404.
            return found or [str(uuid4())]

        personnes = [await _personne(si, rang) for rang in range(5)]
        accueils = [await _accueil(si, rang) for rang in range(3)]
        convocation = await si.ecrire(
            "orientation",
            f"/v1/accueils/{accueils[0]}/convocations",
            {"personne_id": personnes[0], "mode": "courrier"},
            cle="convocation",
        )
        organismes = {
            one["type"]: one["id"]
            async for one in si.tout("orientation", "/v1/organismes-referents")
        }
        sociales = [
            one
            async for one in si.tout("orientation", "/v1/orientations", statut="ouverte")
            if (one["type_parcours"], one["organisme_referent_id"])
            == ("social", organismes["conseil_departemental"])
        ]
        portefeuille, place, affectation = await _affectation(si, sociales[0])
        reorientations = [await _reorientation(si, one, organismes) for one in sociales[:3]]
        rapprochements = [
            await si.ecrire(
                "orientation",
                "/v1/rapprochements",
                {"personne_ids": [personnes[0], autre]},
                cle=f"rapprochement:{autre}",
            )
            for autre in personnes[1:4]
        ]
        ouverts = await ids("parcours", "/v1/parcours", statut="ouvert")
        contrats = [await _contrat(si, one) for one in ouverts[:5]]
        suivis = [
            await suivre(si, await si.lire("parcours", f"/v1/parcours/{one}"))
            for one in ouverts[:3]
        ]
        signales = [
            await signaler(
                si,
                await si.lire("parcours", f"/v1/parcours/{one}"),
                organismes["conseil_departemental"],
            )
            for one in ouverts[:3]
        ]
        agis = [
            await agir(si, await si.lire("parcours", f"/v1/parcours/{one}")) for one in ouverts[:3]
        ]
        consultes = [await consulter(si, one) for one in ouverts[:3]]
        employes = [await employer(si, one, rang) for rang, one in enumerate(ouverts[:3])]
        prescrits = await prescrire(si)
        recus = [await recevoir(si, rang) for rang in range(3)]
        finances = [await financer(si, rang) for rang in range(3)]
        etablis = [await etablir(si, rang) for rang in range(3)]
        convenus = [await convenir(si, rang) for rang in range(3)]
        depense = await depenser(si, departement(installation, http, "35D", "comptable-"))
        reserves = await reserver(si, 3)
        jeux = [await _jeu_de_regles(si, rang) for rang in range(3)]
        abonnes = await abonner(si, installation.adresses)
        reconcilies = await reconcilier(si, installation)
        annonces = await annoncer(si, installation)
        immersions = await immerger(si, installation)
        synchronisation = await lire_catalogue(si, installation)
        exports = {service: await exporter(si, service) for service in SERVICES}
        return {
            "jeux_de_regles": [jeu for jeu, _ in jeux],
            "jeux_simules": [jeux[0][0]],
            "reglages_france_travail": [reconcilies["reglage_france_travail_id"]],
            **annonces,
            "conventions_immersion": immersions,
            "ecarts_france_travail": [reconcilies["ecart_orientation_id"]],
            "synchronisations_data_inclusion": [synchronisation],
            "activites_france_travail": [reconcilies["activite_france_travail_id"]],
            "simulations": [jeux[0][1]],
            # Of the others none has a contract yet.
            "parcours_sans_contrat": ouverts[5:] or ouverts,
            "contrats": contrats,
            "parcours_ouverts": ouverts,
            "parcours_suivis": ouverts[:3],
            "offres": [prescrits["offre_id"]],
            "seances": [prescrits["seance_id"]],
            "inscriptions": [prescrits["inscription_id"]],
            "objectifs": [prescrits["objectif_id"]],
            "referents": [one["referent_id"] for one in suivis],
            "passations": [one["passation_id"] for one in suivis],
            "intervenants": [one["intervenant_id"] for one in suivis],
            "diagnostics": [one["diagnostic_id"] for one in suivis],
            **{nom.removesuffix("_id"): [one[nom] for one in employes] for nom in employes[0]},
            **{nom.removesuffix("_id"): [one[nom] for one in recus] for nom in recus[0]},
            **{nom.removesuffix("_id"): [one[nom] for one in convenus] for nom in convenus[0]},
            **{nom.removesuffix("_id"): [one[nom] for one in etablis] for nom in etablis[0]},
            **{
                nom.removesuffix("_id"): [list(one[nom].values())[-1] for one in finances]
                for nom in finances[0]
            },
            **{nom.removesuffix("_id"): [found] for nom, found in depense.items()},
            **reserves,
            **{
                f"volumes_lus_{service}": await ids(service, "/v1/volumes-lus")
                for service in ("orientation", "parcours")
            },
            **{f"webhook_{service}": [found] for service, found in abonnes.items()},
            **{f"export_{service}": found for service, found in exports.items()},
            "rangs": ["1"],
            **{f"import_{service}": [await importer(si, service)] for service in SERVICES},
            "siret": ["10000000900017"],
            "facture": ["2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"],
            "taux_code": ["etat-0"],
            "enveloppe_autre": [
                one["enveloppe_ouverte_id"]["enveloppe_id"] for one in finances[1:]
            ],
            "aujourdhui": [aujourdhui().isoformat()],
            "suspensions": signales,
            "codes": [one["code"] for one in consultes],
            "codes_consultation": [one["code_consultation_id"] for one in consultes],
            "activites": [one["activite_id"] for one in agis],
            "rendez_vous": [one["rendez_vous_id"] for one in agis],
            "reperes_heures": [one["repere_heures_id"] for one in agis],
            "rapprochements": [str(one["id"]) for one in rapprochements],
            "personnes": personnes,
            "accueils": accueils,
            "convocations": [str(convocation["id"])],
            "a_decider": await ids("orientation", "/v1/orientations", statut="en_attente"),
            "organismes": await ids("orientation", "/v1/organismes-referents"),
            "sociales": [one["id"] for one in sociales],
            "places": [one["place"]["place_id"] for one in sociales if one["place"]],
            "unites": await ids(
                "orientation",
                f"/v1/organismes-referents/{organismes['conseil_departemental']}/unites",
            ),
            "portefeuilles": [portefeuille],
            "affectes": [place],
            "affectations": [affectation],
            "indicateurs": await ids("orientation", "/v1/indicateurs"),
            "du_departement": [organismes["conseil_departemental"]],
            "reorientations": reorientations,
            "mouvements": await ids("orientation", "/v1/mouvements"),
            "propositions": await ids("orientation", "/v1/propositions"),
            "prescriptions": await ids(
                "parcours", "/v1/prescriptions", lambda one: one["statut"] == "reservee"
            ),
            "actions": await ids("financement", "/v1/actions", lambda one: one["prix_centimes"]),
            "a_ouvrir": await ids(
                "financement",
                "/v1/enveloppes",
                lambda one: one["statut"] in ("annoncee", "notifiee"),
            ),
        }


async def _personne(si: Partenaire, rang: int) -> str:
    corps = {
        "nom": f"Exemple-{'abcde'[rang]}",
        "prenoms": "Camille",
        "date_naissance": "1990-04-12",
        "beneficiaire_rsa": True,
        "droits_devoirs": True,
    }
    created = await si.ecrire("orientation", "/v1/personnes", corps, cle=f"personne:{rang}")
    return str(created["id"])


async def _accueil(si: Partenaire, rang: int) -> str:
    corps = {
        "type": "reunion_collective",
        "type_lieu": "caf",
        "lieu": "Point d'accueil",
        "code_commune": "35236",
        "debut_le": f"2030-01-0{rang + 1}T09:00:00Z",
        "fin_le": f"2030-01-0{rang + 1}T11:00:00Z",
        "places": 12,
    }
    created = await si.ecrire("orientation", "/v1/accueils", corps, cle=f"accueil:{rang}")
    return str(created["id"])


async def _jeu_de_regles(si: Partenaire, rang: int) -> tuple[str, str]:
    """A draft and a simulation of it."""
    corps: Json = {"code": f"essai-{rang}", "libelle": "Essai"}
    jeu = await si.ecrire("orientation", "/v1/jeux-de-regles", corps, cle=f"jeu:{rang}")
    corps = {"date_debut": "2026-01-01", "date_fin": "2026-01-31"}
    chemin = f"/v1/jeux-de-regles/{jeu['id']}/simulations"
    made = await si.ecrire("orientation", chemin, corps, cle=chemin, version=1)
    return str(jeu["id"]), str(made["id"])


async def _affectation(si: Partenaire, orientation: Json) -> tuple[str, str, str]:
    corps = {
        "organisme_referent_id": orientation["organisme_referent_id"],
        "reference": "agent-1",
        "role": "referent_rsa",
    }
    portefeuille = await si.ecrire("orientation", "/v1/portefeuilles", corps, cle="portefeuille")
    place = await si.lire("orientation", f"/v1/places/{orientation['place']['place_id']}")
    chemin = f"/v1/places/{place['id']}/affectations"
    affectation = await si.ecrire(
        "orientation",
        chemin,
        {"portefeuille_id": portefeuille["id"]},
        cle=chemin,
        version=place["version"],
    )
    return str(portefeuille["id"]), str(place["id"]), str(affectation["id"])


async def _reorientation(si: Partenaire, orientation: Json, organismes: dict[str, str]) -> str:
    corps = {
        "demandeur": "organisme",
        "moment": "accompagnement",
        "motif": "accompagnement_autre_organisme",
        "type_parcours_propose": "professionnel",
        "organisme_propose_id": organismes["france_travail"],
    }
    chemin = f"/v1/orientations/{orientation['id']}/reorientations"
    version = orientation["version"]
    created = await si.ecrire("orientation", chemin, corps, cle=chemin, version=version)
    return str(created["id"])


async def _contrat(si: Partenaire, parcours_id: str) -> str:
    chemin = f"/v1/parcours/{parcours_id}/contrats-engagement"
    return str((await si.ecrire("parcours", chemin, CONTRAT, cle=chemin))["id"])


@dataclass
class Bilan:
    """What one run sent and met, from its report of events."""

    cas: int = 0
    statuts: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    refuses_a_l_etranger: set[str] = field(default_factory=set)
    echecs: list[str] = field(default_factory=list)

    @property
    def jamais_acceptees(self) -> set[str]:
        """Operations that were only ever refused: nothing of what they do was seen."""
        return {
            operation
            for operation, statuts in self.statuts.items()
            if operation not in JAMAIS_ACCEPTEES
            and not any(200 <= statut < 300 for statut in statuts)
        }

    def __str__(self) -> str:
        return (
            f"{self.cas} cas, {len(self.statuts)} operations,"
            f" jamais acceptées : {sorted(self.jamais_acceptees)},"
            f" refusées à l'étranger : {sorted(self.refuses_a_l_etranger)}"
        )

    @classmethod
    def lire(cls, rapport: Path) -> "Bilan":
        """Read the report: one event a line."""
        bilan = cls()
        with rapport.open(encoding="utf-8") as lines:
            for line in lines:
                ((nom, event),) = json.loads(line).items()
                if nom == "ScenarioFinished":
                    bilan._ajouter(event["recorder"])
                elif nom in ("NonFatalError", "FatalError", "Interrupted"):
                    bilan.echecs.append(f"{nom} : {json.dumps(event, ensure_ascii=False)[:1000]}")
        return bilan

    def _ajouter(self, scenario: dict[str, Any]) -> None:
        for case_id, case in scenario.get("cases", {}).items():
            self.cas += 1
            value = case["value"]
            interaction = scenario["interactions"].get(case_id, {})
            status = interaction.get("response", {}).get("status_code")
            operation = f"{value['method']} {value['path']}"
            if value.get("auth_identity") == ETRANGER:
                # One object, sent again: schemathesis takes a leak in the list too for sharing.
                if "{" in operation and status != 404:
                    self.echecs.append(f"{operation} : {status} pour une autre collectivité")
                elif status == 404:
                    self.refuses_a_l_etranger.add(operation)
            elif status != 405:
                self.statuts[operation][status] += 1
        for case_id, checks in scenario.get("checks", {}).items():
            for check in checks:
                if check["status"] == "failure":
                    self.echecs.append(_dire(scenario, case_id, check))


def _dire(scenario: dict[str, Any], case_id: str, check: dict[str, Any]) -> str:
    """One failure, in what a person needs to send it again."""
    request = scenario["interactions"][case_id]["request"]
    failure = json.dumps(check, ensure_ascii=False)
    return (
        f"{request['method']} {request['uri'][:300]} {request.get('body', '')}\n  {failure[:1500]}"
    )


def _identite(installation: Installation, nom: str, service: str) -> dict[str, Any]:
    """How schemathesis asks the issuer for a token, as the client of a collectivité."""
    code = IDENTITES[nom]
    client = next(
        one
        for one in charger(COLLECTIVITES)[code].clients
        if one.client_id.startswith("si-departement-")
    )
    form = {
        "grant_type": "client_credentials",
        "client_id": client.client_id,
        "client_secret": installation.secret(client.client_id),
        "scope": " ".join(
            one for one in client.portees if one.startswith((f"{service}:", f"{service}."))
        ),
        "collectivite": code,
    }
    emetteur = installation.adresses.emetteur
    return {
        "name": nom,
        "loginEndpointAuth": {
            "verb": "POST",
            "externalEndpointURL": f"{emetteur}/connexion/oauth2/access_token?realm=%2Fpartenaire",
            "contentType": "application/x-www-form-urlencoded",
            "payloadRaw": urlencode(form),
            "token": {
                "extractFrom": "body",
                "extractSelector": "/access_token",
                "sendIn": "header",
                "sendName": "Authorization",
                "sendTemplate": "Bearer {token}",
            },
        },
    }


def _lancer(
    installation: Installation,
    etats: Mapping[str, list[str]],
    service: str,
    dossier: Path,
    *,
    exemples: int,
    un_sur: int,
    patience_s: int,
) -> tuple[Bilan, str]:
    """Run schemathesis in a folder of its own, where it writes what it likes; read its report."""
    identites = [_identite(installation, nom, service) for nom in IDENTITES]
    # Each service has subscriptions, exports and imports of its own, under the same operations.
    etats = {
        **etats,
        "webhooks": etats[f"webhook_{service}"],
        "exports": etats[f"export_{service}"],
        "volumes_lus": etats.get(f"volumes_lus_{service}", [str(uuid4())]),
        "imports": etats[f"import_{service}"],
    }
    if service == "financement":
        # Two services read an indicator by the same operation; each has its own.
        etats = {**etats, "indicateurs": etats["indicateur_convention"]}
    (dossier / "identites.json").write_text(json.dumps({"auth": identites}), encoding="utf-8")
    dictionnaires = [
        f"[dictionaries.{nom}]\nvalues = {json.dumps(ids)}" for nom, ids in etats.items()
    ]
    config = dossier / "schemathesis.toml"
    config.write_text("\n".join([CONFIG.read_text(encoding="utf-8"), *dictionnaires]), "utf-8")
    rapport = dossier / "rapport.ndjson"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", config, "run"),
            RACINE / "shared" / "openapi" / f"{service}.json",
            *("--url", installation.adresses.service(service), "--seed", "1"),
            *("--max-examples", str(exemples), "--no-color"),
            *("--report", "ndjson", "--report-ndjson-path", rapport),
        ],
        cwd=dossier,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": str(HOOKS),
            "JALONS_SCHEMATHESIS_UN_SUR": str(un_sur),
            # The acts of these two each ask for an object in its own state.
            "JALONS_SCHEMATHESIS_EXEMPLES": "0" if service == "orientation" else "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=patience_s,
        check=False,
    )
    assert rapport.exists(), done.stdout[-5000:]
    return Bilan.lire(rapport), "" if done.returncode == 0 else done.stdout[-5000:]


@pytest.mark.parametrize("service", SERVICES)
def test_service_keeps_its_document(
    installation: Installation,
    etats: Mapping[str, list[str]],
    service: str,
    complet: bool,
    tmp_path: Path,
) -> None:
    exemples, un_sur, patience_s = (60, 1, 2400) if complet else (4, 10, 600)

    bilan, erreur = _lancer(
        installation,
        etats,
        service,
        tmp_path,
        exemples=exemples,
        un_sur=un_sur,
        patience_s=patience_s,
    )

    print(f"{service} : {bilan}")
    assert not bilan.echecs, "\n\n".join(bilan.echecs[:20])
    assert not erreur
    assert bilan.cas >= 2000
    # What was only refused was hardly seen, and an object that nobody asked for was not refused.
    rares = sorted(bilan.jamais_acceptees)
    assert len(rares) <= len(bilan.statuts) / 4, "\n".join(rares)
    assert len(bilan.refuses_a_l_etranger) >= 3
