"""Prescriptions while either side dies: at the end, places and cents are equal on both sides."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from deploy.local.partenaire import Json, Partenaire, Refusee
from deploy.local.services import Installation
from services.financement.journal.queries import verifier_journal
from shared.socle.auth import Acces
from shared.socle.db import BaseDeDonnees
from tests.api.orientation.conftest import PERSONNE, criteres
from tests.system.test_pannes import COLLECTIVITE

REPARATION_S = 60  # in which both sides must agree again, once nothing is killed any more
ABANDON_S = 60  # the shortest life of a reservation, for those that nobody resolves
PRIX = 100
CODES = ("mobilite", "numerique", "logement", "finances")
# What becomes of a reservation, one as often as another; the last is left to fall by itself.
SUITES: tuple[tuple[str, Json] | None, ...] = (
    ("confirmations", {}),
    ("annulations", {"motif": "Reportee"}),
    ("reponses", {"sens": "refusee", "motif": "complet"}),
    ("reponses", {"sens": "acceptee"}),
    None,
)


async def test_both_sides_agree_after_random_kills_and_lost_answers(
    installation: Installation, si: Partenaire, complet: bool
) -> None:
    """Each command is sent again under its key until it is answered, whoever died meanwhile.

    Of what was answered nothing is lost, nothing doubles, and what no answer came for falls.

    Planted: a fresh key for the reservation at each try: what had been lost was held beside what
    was prescribed, red.
    """
    vagues, par_vague = (40, 25) if complet else (4, 10)
    nombre = vagues * par_vague
    suites = SUITES if complet else SUITES[:-1]  # to see one fall takes a minute
    freins = await _prepare(si)
    action, enveloppe = await _action(si, places=nombre * 2, cents=nombre * PRIX * 2)
    hasard = random.Random(nombre)

    async def kill(victime: str) -> None:
        await asyncio.sleep(hasard.uniform(0, 0.5))
        installation.tuer(victime)
        await asyncio.sleep(hasard.uniform(0, 1))
        await asyncio.to_thread(installation.relancer, victime)

    async def prescribe(rang: int) -> Json:
        suite = suites[rang % len(suites)]
        corps = {
            "frein_id": freins[rang % len(freins)],
            "action_id": action,
            "montant_centimes": PRIX,
            "duree_s": 3_600 if suite else ABANDON_S,
        }
        made = await _jusqu_au_bout(
            lambda: si.ecrire("parcours", "/v1/prescriptions", corps, cle=f"saga:{rang}")
        )
        if suite is None:
            return made
        chemin = f"/v1/prescriptions/{made['id']}/{suite[0]}"
        return await _jusqu_au_bout(
            lambda: si.ecrire("parcours", chemin, suite[1], cle=f"saga:{rang}:suite")
        )

    made: list[Json] = []
    for vague in range(vagues):
        rangs = range(vague * par_vague, (vague + 1) * par_vague)
        victime = ("parcours", "financement")[vague % 2]
        done, _ = await asyncio.gather(asyncio.gather(*map(prescribe, rangs)), kill(victime))
        made += done

    attendu = Counter(one["statut"] for one in made)
    limite = time.monotonic() + REPARATION_S + (ABANDON_S if complet else 0)
    while (found := await _etat(si, action, enveloppe))["reserve"] != attendu["acceptee"] * PRIX:
        assert time.monotonic() < limite, found
        await asyncio.sleep(1)
    prescrites = [one async for one in si.tout("parcours", "/v1/prescriptions")]
    reservees = [one async for one in si.tout("financement", "/v1/reservations")]

    assert len(prescrites) == nombre
    assert {one["id"] for one in prescrites} == {one["id"] for one in made}
    # One reservation each, and none beside them: no key had two effects.
    assert Counter(one["id"] for one in reservees) == Counter(
        one["reservation_id"] for one in prescrites
    )
    statuts = {one["id"]: one["statut"] for one in reservees}
    voulus = {
        "confirmee": "confirmee",
        "annulee": "annulee",
        "refusee": "annulee",
        "acceptee": "en_attente",
        "expiree": "expiree",
    }
    assert [voulus[one["statut"]] for one in prescrites] == [
        statuts[one["reservation_id"]] for one in prescrites
    ]
    confirmees = attendu["confirmee"]
    tenues = confirmees + attendu["acceptee"]
    assert found == {
        "occupees": confirmees,
        "reservees": attendu["acceptee"],
        "disponibles": nombre * 2 - tenues,
        "engage": confirmees * PRIX,
        "reserve": attendu["acceptee"] * PRIX,
        "disponible": (nombre * 2 - tenues) * PRIX,
    }
    base = BaseDeDonnees(installation._bases["financement"].service)
    async with base.transaction(Acces("si-departement-35", "35D", frozenset())) as tx:
        assert await verifier_journal(tx) == []
    await base.aclose()


async def _jusqu_au_bout(envoi: Callable[[], Awaitable[Json]]) -> Json:
    """Send the same command until an answer comes; what is refused for good is a fault here."""
    for _ in range(600):
        try:
            return await envoi()
        except httpx.HTTPError:
            pass
        except Refusee as refus:
            if refus.status < 500 and refus.code != "idempotence-en-cours":
                raise
        except ValueError:  # an answer cut in its middle
            pass
        await asyncio.sleep(0.2)
    raise AssertionError("aucune réponse")


async def _etat(si: Partenaire, action: str, enveloppe: str) -> dict[str, int]:
    une = await si.lire("financement", f"/v1/actions/{action}")
    argent = await si.lire("financement", f"/v1/enveloppes/{enveloppe}")
    places = {nom: une[f"places_{nom}"] for nom in ("occupees", "reservees", "disponibles")}
    return places | {nom: argent[f"{nom}_centimes"] for nom in ("engage", "reserve", "disponible")}


async def _prepare(si: Partenaire) -> list[str]:
    """Four freins of an open parcours."""
    for service in ("orientation", "parcours", "financement"):
        await si.ecrire(service, "/v1/collectivites", COLLECTIVITE, cle="collectivite")
    organisme: dict[str, Any] = {
        "reference": "cd",
        "type": "conseil_departemental",
        "nom": "CD",
        "clients": ["si-departement-35"],
    }
    await si.ecrire("orientation", "/v1/organismes-referents", organisme, cle="organisme")
    france_travail = {"reference": "ft", "type": "france_travail", "nom": "FT", "clients": []}
    await si.ecrire("orientation", "/v1/organismes-referents", france_travail, cle="ft")
    personne = await si.ecrire("orientation", "/v1/personnes", dict(PERSONNE), cle="personne")
    demande = {"personne_id": personne["id"]}
    orientation = await si.ecrire("orientation", "/v1/orientations", demande, cle="orientation")
    chemin = f"/v1/orientations/{orientation['id']}"
    await si.ecrire("orientation", f"{chemin}/criteres", criteres(), cle="criteres", version=1)
    decision = {"etat_decision": "acceptee"}
    await si.ecrire("orientation", f"{chemin}/decisions", decision, cle="decision", version=2)
    for _ in range(100):
        parcours = (await si.lire("parcours", "/v1/parcours"))["elements"]
        if parcours:
            break
        await asyncio.sleep(0.2)
    freins = []
    for code in CODES:
        frein = {
            "code": code,
            "niveau": "fort",
            "date_observation": parcours[0]["date_ouverture"],
            "source": "referent",
        }
        made = await si.ecrire(
            "parcours", f"/v1/parcours/{parcours[0]['id']}/freins", frein, cle=f"frein:{code}"
        )
        freins.append(str(made["id"]))
    return freins


async def _action(si: Partenaire, *, places: int, cents: int) -> tuple[str, str]:
    """An action that one envelope pays, opened for what may be asked of it."""
    convention = {
        "reference": "saga",
        "type": "contrat_local_solidarites",
        "intitule": "Convention",
        "annee_debut": 2026,
    }
    convention_id = (
        await si.ecrire("financement", "/v1/conventions", convention, cle="convention")
    )["id"]
    enveloppe = {"reference": "saga", "convention_id": convention_id}
    enveloppe_id = (await si.ecrire("financement", "/v1/enveloppes", enveloppe, cle="enveloppe"))[
        "id"
    ]
    ouverture = {
        "montant_centimes": cents,
        "qualificatif": "exact",
        "date_effet": "2026-01-01",
        "source": "acte d'essai",
    }
    chemin = f"/v1/enveloppes/{enveloppe_id}/ouvertures"
    await si.ecrire("financement", chemin, ouverture, cle="ouverture", version=1)
    action = {
        "code": "saga",
        "libelle": "Action",
        "mode_capacite": "stock",
        "places_ouvertes": places,
        "cle": [{"enveloppe_id": enveloppe_id, "numerateur": 1, "denominateur": 1}],
    }
    chemin = f"/v1/conventions/{convention_id}/actions"
    made = await si.ecrire("financement", chemin, action, cle="action")
    return str(made["id"]), str(enveloppe_id)
