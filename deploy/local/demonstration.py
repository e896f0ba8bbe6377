"""The main job, played through HTTP with real tokens, as other information systems would.

Every step looks at what is there and does what is missing: played again on the same folder, it
finds its work done. Nothing here reads a database.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TypeVar
from uuid import NAMESPACE_URL, uuid5

import httpx

from deploy.local import flux_synthetique
from deploy.local.chargement import charger_departement, charger_illustrations
from deploy.local.collectivites import (
    Collectivite,
    Demonstration,
    charger,
    charger_demonstration,
)
from deploy.local.partenaire import Json, Partenaire, Refusee
from deploy.local.postgres import ErreurLocale
from deploy.local.services import Installation, decrire
from services.parcours.diagnostics.rules import proposer
from shared.schemas.orientation.vocabulaire import CritereLigne, NiveauFrein

FOYERS, GRAINE = 300, 35
_PATIENCE_S = 120
# One criterion in twenty is left to ask, one proposal in twelve is refused, one in fifteen waits.
_INCOMPLETS, _REFUS, _EN_ATTENTE = 20, 12, 15
_MOTIFS = ("appreciation_differente", "situation_non_couverte", "manque_capacite_accueil")
_SEPT_JOURS_S = 7 * 24 * 3600

Dire = Callable[[str], None]
T = TypeVar("T")


class Demonstrateur:
    """The main job, step by step."""

    def __init__(
        self,
        installation: Installation,
        http: httpx.AsyncClient,
        dire: Dire,
        *,
        foyers: int = FOYERS,
        graine: int = GRAINE,
    ) -> None:
        self._installation = installation
        self._http = http
        self._dire = dire
        self._foyers = foyers
        self._graine = graine
        self.collectivites: Mapping[str, Collectivite] = charger(installation.collectivites)
        self.demo: Demonstration = charger_demonstration(
            installation.collectivites, self.collectivites
        )
        self.departements = {
            code: self._partenaire(collectivite)
            for code, collectivite in self.collectivites.items()
        }
        self.si = self.departements[self.demo.collectivite]
        self.refus: list[str] = []

    async def jouer(self) -> Json:
        """Play the whole job, and return what it came to."""
        await self._charger()
        importe = await self._suivre()
        await self._epuiser()
        return await self._bilan(importe)

    async def peupler(self) -> None:
        """Fill the sandbox: its people are oriented, and what is decided goes to France Travail."""
        await self._charger()
        await self.si.ecrire(
            "orientation",
            "/v1/reglages-france-travail",
            {
                "envoi": True,
                "comparaison": False,
                "correspondance": {
                    "professionnel": "PED",
                    "socio_professionnel": "PSP",
                    "social": "PSO",
                },
            },
            cle="reglage-france-travail",
        )
        await self._suivre()

    async def _charger(self) -> None:
        self._dire(f"Chargement, {', '.join(self.departements)}…")
        await asyncio.gather(
            *(
                charger_departement(self.departements[code], collectivite, self.demo)
                for code, collectivite in self.collectivites.items()
            )
        )
        await charger_illustrations(self.si, self.collectivites[self.demo.collectivite], self.demo)

    async def _suivre(self) -> Json:
        self._dire(f"Import d'un flux VRSB0801 de {self._foyers} foyers…")
        importe = await self._importer()
        self._dire("Critères et propositions…")
        await self._proposer()
        self._dire("Décisions…")
        await self._decider()
        self._dire("Ouverture des parcours par le flux de changements…")
        parcours = await self._parcours()
        self._dire("Freins et prescriptions…")
        await self._freins(parcours)
        await self._prescrire()
        return importe

    # --- 2. the flux

    async def _importer(self) -> Json:
        contenu = b"".join(
            flux_synthetique.generer(
                foyers=self._foyers,
                graine=self._graine,
                ideparte=self.collectivites[self.demo.collectivite].ideparte,
                date_reference=date(2026, 10, 31),
                fautifs=max(1, self._foyers // 100),
            )
        )
        recu = await self.si.deposer(
            "/v1/imports?type=flux_beneficiaires",
            contenu,
            cle=f"flux:{self._foyers}:{self._graine}",
        )

        async def fini() -> Json | None:
            found = await self.si.lire("orientation", f"/v1/imports/{recu['id']}")
            return found if found["statut"] in ("terminee", "echouee") else None

        importe = await _attendre(fini, "l'import du flux ne finit pas")
        if importe["statut"] == "echouee":
            raise ErreurLocale("L'import du flux a échoué.", f"Motif : {importe['probleme']}.")
        return importe

    # --- 3. criteria, proposals, decisions

    async def _proposer(self) -> None:
        a_faire = [
            one
            async for one in self.si.tout("orientation", "/v1/orientations", statut="brouillon")
            if one["proposition_id"] is None
        ]
        await asyncio.gather(*map(self._deposer_criteres, a_faire))

    async def _deposer_criteres(self, orientation: Json) -> None:
        tirage = self._tirage(orientation)
        criteres = [
            {"champ": one.critere, "valeur": _tirer(tirage, one.poids)}
            for one in self.demo.population.tirages
            if one.critere not in ("commune", "tranche_age")
        ]
        if tirage.randrange(_INCOMPLETS) == 0:
            criteres = [one for one in criteres if one["champ"] != "niveau_etude"]
        await self.si.ecrire(
            "orientation",
            f"/v1/orientations/{orientation['id']}/criteres",
            {
                "criteres": criteres,
                "source": "professionnel",
                "date_recueil": orientation["recu_le"][:10],
            },
            cle=f"criteres:{orientation['id']}",
            version=orientation["version"],
        )

    async def _decider(self) -> None:
        organismes = [one async for one in self.si.tout("orientation", "/v1/organismes-referents")]
        cd = next(one for one in organismes if one["type"] == "conseil_departemental")
        propositions = {
            one["id"]: one async for one in self.si.tout("orientation", "/v1/propositions")
        }
        en_attente = [
            one
            async for one in self.si.tout("orientation", "/v1/orientations", statut="en_attente")
        ]

        async def decider(orientation: Json) -> None:
            tirage = self._tirage(orientation)
            if tirage.randrange(_EN_ATTENTE) == 0:
                return
            corps: Json = {"etat_decision": "acceptee"}
            propose = propositions[orientation["proposition_id"]]
            if tirage.randrange(_REFUS) == 0 or propose["organisme_referent_id"] is None:
                corps = {
                    "etat_decision": "refusee",
                    "motif_refus": tirage.choice(_MOTIFS),
                    "type_parcours": "socio_professionnel",
                    "organisme_referent_id": cd["id"],
                }
            await self.si.ecrire(
                "orientation",
                f"/v1/orientations/{orientation['id']}/decisions",
                corps,
                cle=f"decision:{orientation['id']}",
                version=orientation["version"],
            )

        await asyncio.gather(*map(decider, en_attente))

    def _tirage(self, orientation: Json) -> random.Random:
        # The person's own draw: the same whatever the order in which requests end.
        return random.Random(f"{self._graine}:{orientation['personne_id']}")

    # --- 4. pathways, freins, prescriptions

    async def _parcours(self) -> list[Json]:
        decidees = len([one async for one in self.si.tout("orientation", "/v1/decisions")])

        async def ouverts() -> list[Json] | None:
            found = [one async for one in self.si.tout("parcours", "/v1/parcours", statut="ouvert")]
            return found if len(found) >= decidees else None

        return await _attendre(ouverts, "des parcours ne s'ouvrent pas")

    async def _freins(self, parcours: Sequence[Json]) -> None:
        connus = {one["parcours_id"] async for one in self.si.tout("parcours", "/v1/freins")}
        orientations = {
            one["id"]: one
            async for one in self.si.tout("orientation", "/v1/orientations", statut="ouverte")
        }
        await asyncio.gather(
            *(
                self._observer(one, orientations[one["orientation_id"]])
                for one in parcours
                if one["id"] not in connus
            )
        )

    async def _observer(self, parcours: Json, orientation: Json) -> None:
        for code, niveau in _freins_de(orientation["criteres"]):
            await self.si.ecrire(
                "parcours",
                f"/v1/parcours/{parcours['id']}/freins",
                {
                    "code": code,
                    "niveau": niveau,
                    "date_observation": max(
                        parcours["date_ouverture"], orientation["recu_le"][:10]
                    ),
                    "source": "referent",
                },
                cle=f"frein:{parcours['id']}:{code}",
            )

    async def _prescrire(self) -> None:
        """One frein in three is answered by an action that has room, confirmed when it starts."""
        actions = await self._actions_demo()
        prescrits = {one["frein_id"] async for one in self.si.tout("parcours", "/v1/prescriptions")}
        par_frein = {
            code: action
            for action in actions
            if self._usage(action) == "ordinaire"
            for code in action["freins"]
        }
        freins = [
            one
            async for one in self.si.tout("parcours", "/v1/freins", statut="ouvert")
            if one["code"] in par_frein and one["id"] not in prescrits
        ]

        async def prescrire(frein: Json) -> None:
            action = par_frein[frein["code"]]
            try:
                prescription = await self.si.ecrire(
                    "parcours",
                    "/v1/prescriptions",
                    {
                        "frein_id": frein["id"],
                        "action_id": action["id"],
                        "montant_centimes": action["prix_centimes"],
                        "duree_s": _SEPT_JOURS_S,
                    },
                    cle=f"prescription:{frein['id']}",
                )
            except Refusee as refus:
                # No room left: what the frein waits for is known, and nothing was promised.
                if refus.code != "disponible-insuffisant":
                    raise
                return
            if random.Random(frein["id"]).randrange(4):
                await self.si.ecrire(
                    "parcours",
                    f"/v1/prescriptions/{prescription['id']}/confirmations",
                    {},
                    cle=f"confirmation:{prescription['id']}",
                )

        choisis = [frein for frein in freins if random.Random(frein["id"]).randrange(3) == 0]
        await asyncio.gather(*map(prescrire, choisis))

    async def _epuiser(self) -> None:
        """Drive an action's places, then a line's last euros, to the refusal that must come."""
        actions = await self._actions_demo()
        rare = next(one for one in actions if self._usage(one) == "places_rares")
        beneficiaire = str(uuid5(NAMESPACE_URL, "demonstration"))
        libres = rare["places_disponibles"]
        for place in range(libres + 1):
            cle = f"rare:{libres}:{place}"
            await self._reserver(rare, 1, rare["prix_centimes"], beneficiaire, cle)
        fin = next(one for one in actions if self._usage(one) == "fin_de_ligne")
        enveloppes = {one["id"]: one async for one in self.si.tout("financement", "/v1/enveloppes")}
        reste = sum(enveloppes[part["enveloppe_id"]]["disponible_centimes"] for part in fin["cle"])
        places = reste // fin["prix_centimes"]
        if places:
            await self._reserver(
                fin, places, places * fin["prix_centimes"], beneficiaire, f"fin:{reste}"
            )
        await self._reserver(fin, 1, fin["prix_centimes"], beneficiaire, f"fin:{reste}:un de plus")

    async def _reserver(
        self, action: Json, places: int, montant: int, beneficiaire: str, cle: str
    ) -> None:
        try:
            reservation = await self.si.ecrire(
                "financement",
                "/v1/reservations",
                {
                    "action_id": action["id"],
                    "places": places,
                    "montant_centimes": montant,
                    "beneficiaire_ref": beneficiaire,
                },
                cle=f"epuiser:{cle}",
            )
        except Refusee as refus:
            if refus.code != "disponible-insuffisant":
                raise
            self.refus.append(
                f"{action['code']} : refusé, {refus.code}"
                + (
                    f" (places restantes : {refus.probleme['places_disponibles']})"
                    if "places_disponibles" in refus.probleme
                    else ""
                )
            )
            return
        await self.si.ecrire(
            "financement",
            f"/v1/reservations/{reservation['id']}/confirmations",
            {},
            cle=f"epuiser:{cle}:confirmation",
        )

    def _usage(self, action: Json) -> str:
        return next(one.usage for one in self.demo.actions if one.code == action["code"])

    async def _actions_demo(self) -> list[Json]:
        codes = {one.code for one in self.demo.actions}
        return [
            one async for one in self.si.tout("financement", "/v1/actions") if one["code"] in codes
        ]

    # --- 5. what it came to

    async def _bilan(self, importe: Json) -> Json:
        compteurs = importe["compteurs"]
        propositions = [one async for one in self.si.tout("orientation", "/v1/propositions")]
        decisions = [one async for one in self.si.tout("orientation", "/v1/decisions")]
        organismes = {
            one["id"]: one["nom"]
            async for one in self.si.tout("orientation", "/v1/organismes-referents")
        }
        echeances = Counter(
            [one["etat"] async for one in self.si.tout("orientation", "/v1/echeances")]
        )
        parcours = [one async for one in self.si.tout("parcours", "/v1/parcours")]
        freins: dict[str, Counter[str]] = {}
        async for frein in self.si.tout("parcours", "/v1/freins"):
            freins.setdefault(frein["code"], Counter())[frein["niveau"] or "statut"] += 1
        enveloppes = [
            {
                "collectivite": code,
                "convention": conventions.get(one["convention_id"]),
                "exercice": one["exercice"],
                "financeur": one["financeur"],
                "ouvert_centimes": one["ouvert_centimes"],
                "reserve_centimes": one["reserve_centimes"],
                "engage_centimes": one["engage_centimes"],
                "disponible_centimes": one["disponible_centimes"],
                "annonce": one["annonce"],
            }
            for code, si in self.departements.items()
            for conventions in [
                {
                    one["id"]: one["reference"]
                    async for one in si.tout("financement", "/v1/conventions")
                }
            ]
            async for one in si.tout("financement", "/v1/enveloppes")
        ]
        prescriptions = Counter(
            [one["statut"] async for one in self.si.tout("parcours", "/v1/prescriptions")]
        )
        return {
            "personnes": {
                "importees": compteurs["personnes_lues"],
                "a_orienter": compteurs["personnes_a_orienter"],
                "hors_orientation": compteurs["personnes_hors_orientation"],
                "refusees": compteurs["personnes_refusees"],
            },
            "foyers": {
                name.removeprefix("foyers_"): value
                for name, value in compteurs.items()
                if name.startswith("foyers_")
            },
            "orientations": {
                "proposees": len(propositions),
                "decidees": len(decisions),
                "en_retard": echeances["en_retard"],
                "par_parcours": Counter(
                    one["type_parcours"] or "indetermine" for one in propositions
                ),
                "decisions_par_etat": Counter(one["etat_decision"] for one in decisions),
                "decisions_par_parcours_et_organisme": _croiser(decisions, organismes),
                "echeances": echeances,
            },
            "parcours": {"ouverts": sum(one["statut"] == "ouvert" for one in parcours)},
            "freins": freins,
            "prescriptions": prescriptions,
            "refus_montres": self.refus,
            "enveloppes": sorted(
                enveloppes,
                key=lambda one: (
                    one["collectivite"],
                    one["convention"] or "",
                    one["exercice"] or 0,
                    one["financeur"] or "",
                ),
            ),
            "adresses": decrire(self._installation.adresses),
        }

    # --- helpers

    def _partenaire(self, collectivite: Collectivite) -> Partenaire:
        client = next(
            one for one in collectivite.clients if one.client_id.startswith("si-departement-")
        )
        return Partenaire(
            self._installation.adresses,
            self._http,
            client_id=client.client_id,
            secret=self._installation.secret(client.client_id),
            collectivite=collectivite.code,
            portees=client.portees,
        )


def _tirer(tirage: random.Random, poids: Mapping[str, int]) -> str:
    return tirage.choices(list(poids), weights=list(poids.values()))[0]


def _freins_de(criteres: Iterable[Json]) -> list[tuple[str, str]]:
    """What the criteria say of freins: those that weigh, with their level."""
    proposes = proposer([CritereLigne.model_validate(one) for one in criteres], {}, sante=True)
    pesants = (NiveauFrein.MOYEN, NiveauFrein.FORT)
    return [(un.code.value, un.niveau.value) for un in proposes if un.niveau in pesants]


def _croiser(decisions: Iterable[Json], organismes: Mapping[str, str]) -> Json:
    found: dict[str, Counter[str]] = {}
    for one in decisions:
        nom = organismes[one["organisme_referent_id"]]
        found.setdefault(nom, Counter())[one["type_parcours"]] += 1
    return dict(sorted(found.items()))


async def _attendre(question: Callable[[], Awaitable[T | None]], constat: str) -> T:
    """Ask until there is an answer."""
    limite = time.monotonic() + _PATIENCE_S
    while time.monotonic() < limite:
        answer = await question()
        if answer is not None:
            return answer
        await asyncio.sleep(0.2)
    raise ErreurLocale(
        f"La démonstration attend depuis {_PATIENCE_S} s : {constat}.",
        "Le journal du travailleur, dans .jalons/journaux, dit pourquoi.",
    )
