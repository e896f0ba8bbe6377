"""Any life of an accompaniment, through the door: one parcours, one contract, nothing forgotten.

Hypothesis chooses who decides, names, observes, signs, leaves and comes back, on which day and
about which day, and when two persons are found to be one; the service may refuse anything, and
then writes nothing.
"""

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from psycopg.sql import SQL, Identifier

from deploy.local import bases as provision
from services.parcours.taches import TRAVAIL
from shared.socle.service import Service
from shared.socle.suivi import un_tour
from tests.api.parcours.conftest import Horloge, Orientation, Suivre
from tests.api.parcours.heure import Heure, base_a_l_heure, tables_du_service
from tests.api.parcours.lectures import lectures
from tests.conftest import Client, Connecter

DEPART = datetime(2026, 3, 9, 10, tzinfo=UTC)
# Told by who may refuse: anything else is a defect.
REFUS = frozenset({404, 409, 412, 422})
# A machine that others load too is no defect.
PATIENTE = {"Delai-Max": "30000"}
# Reads the feed, and does nothing of it.
SOURD = replace(TRAVAIL.suivis[0], types=frozenset())
AGENTS = ("agt-1", "agt-2", "agt-3")
CODES = ("mobilite", "logement", "sante")
OUVERTS = ("ouvert", "en_cours")
CONTENU: Mapping[str, Any] = {
    "engagements_organisme": {"referent_unique": "agt-1", "engagements": ["Accompagner"]},
    "engagements_personne": {"engagements": ["Participer"]},
    "plan_action": {
        "objectifs": [{"domaine": "social", "libelle": "Se déplacer"}],
        "actions": [
            {
                "type": "formation",
                "libelle": "Code de la route",
                "modalite": "collective",
                "encadree": True,
            }
        ],
        "intensite": {"duree_hebdomadaire_minutes": 900},
    },
    "droits_recours": "Voies et délais de recours.",
    "periodicite_actualisation_mois": 3,
}
# Each act, and the field that says its day.
SUR_UN_CONTRAT = {
    "refus": "date_refus",
    "suspensions": "date_suspension",
    "reprises": "date_reprise",
    "clotures": "date_cloture",
}
SUR_UN_FREIN = {
    "niveaux": "date_observation",
    "levees": "date_levee",
    "abandons": "date_abandon",
    "reouvertures": "date_observation",
}
# What of a row may be written again; of the others, nothing.
_VERSION = {"version", "modifie_le"}
MUABLES = {
    "periode": {"date_fin", "date_notification", "date_depart_contrat"},
    "reouverture": set(),
    "referent": {"date_fin", "motif_fin", "fin_le", *_VERSION},
    "passation": {"statut", "referent_suivant_id", *_VERSION},
    "reponse_passation": set(),
    "intervenant": {"date_fin", "fin_le", *_VERSION},
    "diagnostic": set(),
    "acte_contrat": set(),
}
FINIS = {
    "contrat_engagement": ("cloture",),
    "passation": ("acceptee", "refusee", "caduque"),
    "frein": ("leve", "abandonne"),
}
# What only its end may move, while it is still to come.
MOBILES = frozenset({"referent_parti"})

# Days from today: most is told on its day, some late, some ahead.
_ecarts = st.sampled_from([0, 0, 0, 0, 0, 0, -1, -3, -30, 1, 4])
_rangs = st.sampled_from([0, 0, 0, 1, 2])
_agents = st.sampled_from(AGENTS)
_niveaux = st.sampled_from(["sans_impact", "moyen", "fort"])


# What the rows of persons are followed in.
_PARCOURS = "(SELECT id FROM parcours WHERE personne_id = ANY(%(personnes)s))"
_CONTRATS = "(SELECT id FROM contrat_engagement WHERE personne_id = ANY(%(personnes)s))"
SUIVIES = {
    "parcours": f"SELECT * FROM parcours WHERE id IN {_PARCOURS}",
    "contrat_engagement": f"SELECT * FROM contrat_engagement WHERE id IN {_CONTRATS}",
    "acte_contrat": f"SELECT * FROM acte_contrat WHERE contrat_id IN {_CONTRATS}",
    "reponse_passation": "SELECT * FROM reponse_passation WHERE passation_id IN"
    f" (SELECT id FROM passation WHERE parcours_id IN {_PARCOURS})",
    "frein": "SELECT * FROM (SELECT * FROM frein UNION ALL SELECT * FROM frein_sante) f"
    f" WHERE parcours_id IN {_PARCOURS}",
    **{
        nom: f"SELECT * FROM {nom} WHERE parcours_id IN {_PARCOURS}"
        for nom in ("periode", "reouverture", "referent", "passation", "intervenant", "diagnostic")
    },
}
_DOSSIER = " UNION ALL ".join(
    f"(SELECT '{nom}', to_jsonb(x) FROM ({rows}) x ORDER BY x.cree_le, x.id)"
    for nom, rows in SUIVIES.items()
)


@dataclass(frozen=True)
class Monde:
    """What every life is lived on."""

    boucle: asyncio.AbstractEventLoop
    client: Callable[[], Client]
    orientation: Orientation
    suivre: Suivre
    sauter: Suivre
    heure: Heure
    tables: Sequence[str]

    def attendre(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run what the service does, in the loop of the session."""
        return self.boucle.run_until_complete(coroutine)

    def suivre_le_fil(self) -> None:
        """Apply what orientation tells; a page that fails is that of this life alone."""
        try:
            self.attendre(self.suivre())
        except Exception:
            self.attendre(self.sauter())
            raise

    def dossier(self, personnes: Sequence[UUID]) -> Mapping[str, list[dict[str, Any]]]:
        """The rows of persons, by table, the first written first; health beside the rest."""
        found: dict[str, list[dict[str, Any]]] = {nom: [] for nom in SUIVIES}
        for nom, row in self.heure.base.execute(_DOSSIER, {"personnes": personnes}):
            found[nom].append(row)
        return found

    def empreinte(self) -> Mapping[str, str]:
        """How many rows each table holds, and which transaction wrote last in it."""
        comptes = [
            SQL("SELECT {nom}, concat(count(*), ':', max(xmin::text::bigint)) FROM {t}")
            .format(nom=nom, t=Identifier(nom))
            .as_string()
            for nom in self.tables
        ]
        return dict(self.heure.base.execute(" UNION ALL ".join(comptes)).fetchall())


class Accompagnement(RuleBasedStateMachine):
    """One person's life, and that of another, who may be found to be her."""

    monde: ClassVar[Monde]

    def __init__(self) -> None:
        super().__init__()
        monde = self.monde
        self.client = monde.client()
        self.personnes = [uuid4(), uuid4()]
        self.gardee: int | None = None  # while both are one
        self.organismes = [str(uuid4()), str(uuid4())]
        self.decisions: list[dict[str, Any]] = []
        self.rattachees: list[dict[str, Any]] = []
        self.demandes: list[dict[str, Any]] = []
        self.vu: Mapping[str, list[dict[str, Any]]] = monde.dossier(self.personnes)
        self.derniere: tuple[Any, ...] = ()
        self.histoire: dict[str, dict[str, Any]] = {}
        self.soirs: dict[str, Any] = {}
        monde.heure.mettre(DEPART)

    # What is done.

    @initialize(deux=st.booleans(), contrat=st.booleans())
    def ouvrir(self, deux: bool, contrat: bool) -> None:
        self._decider("professionnel", 0, organisme=0, qui=0)
        self.notifier(0)
        if deux:
            self._decider("social", 0, organisme=1, qui=1)
        self.vu = self.monde.dossier(self.personnes)
        self.designer("agt-1", 0)
        if contrat:
            self.contracter()

    @rule(
        type_parcours=st.sampled_from(["social", "professionnel"]),
        ecart=_ecarts,
        organisme=st.integers(0, 1),
        qui=_rangs.map(lambda rang: rang % 2),
    )
    def decider(self, type_parcours: str, ecart: int, organisme: int, qui: int) -> None:
        self._decider(type_parcours, ecart, organisme, qui)

    @rule(ecart=st.sampled_from([0, -3, -30]))
    def notifier(self, ecart: int) -> None:
        orientation = self.monde.orientation
        self.monde.attendre(orientation.notifier(self.decisions[-1], self._jour(ecart)))
        self.monde.suivre_le_fil()

    @rule(ecart=_ecarts)
    def demander_une_reorientation(self, ecart: int) -> None:
        """Asked after the diagnostic: the month of the contract stops."""
        asked = self.monde.orientation.demander(self.decisions[-1], date_demande=self._jour(ecart))
        self.demandes.append(self.monde.attendre(asked))
        self.monde.suivre_le_fil()

    @precondition(lambda self: any(un["statut"] == "en_attente" for un in self.demandes))
    @rule(ecart=_ecarts, issue=st.sampled_from(["refusee", "annulee"]))
    def ecarter_la_demande(self, ecart: int, issue: str) -> None:
        """Refused or withdrawn: a whole month starts again."""
        demande = next(un for un in self.demandes if un["statut"] == "en_attente")
        acte = {
            "type": "decision" if issue == "refusee" else "annulation",
            "sens": "refusee" if issue == "refusee" else "retiree",
            "motif": None,
            "date_acte": max(demande["date_demande"], self._jour(ecart)),
            "organisme_id": None,
            "auteur": {"client_id": "cd-35"},
            "cree_le": self.monde.heure.horloge().isoformat(),
        }
        demande |= {"statut": issue, "actes": [acte]}
        fait = f"orientation.reorientation.{issue}"
        self.monde.attendre(self.monde.orientation.redire(demande, fait))
        self.monde.suivre_le_fil()

    @precondition(lambda self: self.gardee is None)
    @rule(gardee=st.integers(0, 1))
    def fusionner(self, gardee: int) -> None:
        """Both are one: what was decided of the other was of her."""
        self.gardee = gardee
        absorbee = str(self.personnes[1 - gardee])
        self.rattachees = [un for un in self.decisions if un["personne_id"] == absorbee]
        self._passer(self.rattachees, gardee, "rattachee")

    @precondition(lambda self: self.gardee is not None)
    @rule()
    def separer(self) -> None:
        """They were not: what is still as the merge left it goes back."""
        assert self.gardee is not None
        rendue, self.gardee = 1 - self.gardee, None
        self._passer(self.rattachees, rendue, "retablie")

    @rule(jours=st.sampled_from([1, 3, 31, 366]))
    def passer(self, jours: int) -> None:
        """The evening comes: what is known of this day is now known for ever."""
        self._relire_histoire()
        self.soirs |= self._soir(self.monde.heure.jour)
        self.monde.heure.passer(jours)

    @precondition(lambda self: self.ouvert)
    @rule(ecart=_ecarts)
    def sortir(self, ecart: int) -> None:
        demande = {"motif": "emploi_durable", "date_sortie": self._jour(ecart)}
        if self._poster(f"{self._ici}/clotures", demande, self.ouvert) is not None:
            self._relire_histoire()  # what a return must not undo

    @precondition(lambda self: any(un["statut"] == "clos" for un in self.vu["parcours"]))
    @rule(rang=_rangs, ecart=_ecarts)
    def revenir(self, rang: int, ecart: int) -> None:
        clos = [un for un in self.vu["parcours"] if un["statut"] == "clos"]
        un = clos[-1 - rang % len(clos)]
        demande = {"date_reouverture": self._jour(ecart)}
        self._poster(f"/v1/parcours/{un['id']}/reouvertures", demande, un)

    @precondition(lambda self: self._libre("referent"))
    @rule(agent=_agents, ecart=_ecarts)
    def designer(self, agent: str, ecart: int) -> None:
        demande = {
            "agent": agent,
            "organisme_referent_id": self._parcours["organisme_referent_id"],
            "date_debut": self._jour(ecart),
        }
        self._poster(f"{self._ici}/referents", demande)

    @precondition(lambda self: self.vu["referent"])
    @rule(rang=_rangs, ecart=_ecarts)
    def congedier(self, rang: int, ecart: int) -> None:
        referent = self._un("referent", rang)
        demande = {"motif": "depart", "date_fin": self._jour(ecart)}
        self._poster(f"/v1/referents/{referent['id']}/clotures", demande, referent)

    @precondition(lambda self: self._courants("referent"))
    @rule(
        agent=_agents,
        ecart=_ecarts,
        motif=st.sampled_from(["secteur", "absence"]),
        aussitot=st.booleans(),
    )
    def passer_la_main(self, agent: str, ecart: int, motif: str, aussitot: bool) -> None:
        demande = {
            "agent": agent,
            "organisme_referent_id": self._parcours["organisme_referent_id"],
            "motif": motif,
            "date_passation": self._jour(ecart),
        }
        proposee = self._poster(f"{self._ici}/passations", demande)
        if proposee is not None and aussitot:
            self._repondre(proposee, "accord", des_deux=True)

    @precondition(lambda self: self.vu["passation"])
    @rule(rang=_rangs, des_deux=st.booleans(), sens=st.sampled_from(["accord", "accord", "refus"]))
    def repondre(self, rang: int, des_deux: bool, sens: str) -> None:
        self._repondre(self._un("passation", rang), sens, des_deux=des_deux)

    def _repondre(self, passation: dict[str, Any], sens: str, *, des_deux: bool) -> None:
        (cedant,) = (un for un in self.vu["referent"] if un["id"] == passation["referent_id"])
        for cote, agent in (("repreneur", passation["agent"]), ("cedant", cedant["agent"])):
            demande = {"cote": cote, "sens": sens, "agent": agent}
            faite = self._poster(f"/v1/passations/{passation['id']}/reponses", demande, passation)
            if faite is None or not des_deux:
                break
            passation = faite

    @precondition(lambda self: self.ouvert)
    @rule(role=st.sampled_from(["correspondant_social", "infirmier"]), agent=_agents, ecart=_ecarts)
    def intervenir(self, role: str, agent: str, ecart: int) -> None:
        demande = {"role": role, "agent": agent, "date_debut": self._jour(ecart)}
        self._poster(f"{self._ici}/intervenants", demande)

    @precondition(lambda self: self.vu["intervenant"])
    @rule(rang=_rangs, ecart=_ecarts)
    def partir(self, rang: int, ecart: int) -> None:
        intervenant = self._un("intervenant", rang)
        demande = {"date_fin": self._jour(ecart)}
        self._poster(f"/v1/intervenants/{intervenant['id']}/clotures", demande, intervenant)

    @precondition(lambda self: self.ouvert)
    @rule(
        codes=st.sets(st.sampled_from(CODES)),
        niveau=_niveaux,
        ecart=_ecarts,
        lu=st.sampled_from([True, True, False]),
    )
    def diagnostiquer(self, codes: set[str], niveau: str, ecart: int, lu: bool) -> None:
        faits = self._siens("diagnostic")
        demande = {
            "date_diagnostic": self._jour(ecart),
            "agent": "agt-1",
            "remplace_id": faits[-1]["id"] if faits and lu else None,
            "freins": [{"code": code, "niveau": niveau} for code in sorted(codes)],
        }
        self._poster(f"{self._ici}/diagnostics", demande)

    @precondition(lambda self: self.vu["parcours"])
    @rule(code=st.sampled_from(CODES), niveau=_niveaux, ecart=_ecarts)
    def observer(self, code: str, niveau: str, ecart: int) -> None:
        demande = {
            "code": code,
            "niveau": niveau,
            "date_observation": self._jour(ecart),
            "source": "referent",
        }
        self._poster(f"{self._ici}/freins", demande)

    @precondition(lambda self: self.vu["frein"])
    @rule(rang=_rangs, acte=st.sampled_from(sorted(SUR_UN_FREIN)), niveau=_niveaux, ecart=_ecarts)
    def travailler(self, rang: int, acte: str, niveau: str, ecart: int) -> None:
        frein = self._un("frein", rang)
        demande: dict[str, Any] = {SUR_UN_FREIN[acte]: self._jour(ecart)}
        if acte in ("niveaux", "reouvertures"):
            demande |= {"niveau": niveau, "source": "referent"}
        elif acte == "levees":
            demande |= {"fondement": "objectifs_atteints"}
        elif frein["code"] != "sante":
            demande |= {"commentaire": "Sans suite"}
        self._poster(f"/v1/freins/{frein['id']}/{acte}", demande, frein)

    @precondition(
        lambda self: (
            self.ouvert
            and all(
                un["statut"] == "cloture" or un["personne_id"] != self.ouvert["personne_id"]
                for un in self.vu["contrat_engagement"]
            )
        )
    )
    @rule()
    def contracter(self) -> None:
        self._poster(f"{self._ici}/contrats-engagement", dict(CONTENU))

    @precondition(lambda self: self.vu["contrat_engagement"])
    @rule(signataires=st.sampled_from([("organisme", "personne"), ("personne",)]), ecart=_ecarts)
    def signer(self, signataires: tuple[str, ...], ecart: int) -> None:
        contrat: Mapping[str, Any] | None = self._un("contrat_engagement", 0)
        for signataire in signataires:
            if contrat is not None:
                demande = {"signataire": signataire, "date_signature": self._jour(ecart)}
                contrat = self._sur_le_contrat("signatures", demande, contrat)

    @precondition(lambda self: self.vu["contrat_engagement"])
    @rule(acte=st.sampled_from(sorted(SUR_UN_CONTRAT)), ecart=_ecarts)
    def acter(self, acte: str, ecart: int) -> None:
        contrat = self._un("contrat_engagement", 0)
        self._sur_le_contrat(acte, {SUR_UN_CONTRAT[acte]: self._jour(ecart)}, contrat)

    @precondition(lambda self: self.vu["contrat_engagement"])
    @rule(minutes=st.sampled_from([900, 1200]))
    def reviser(self, minutes: int) -> None:
        intensite = {"duree_hebdomadaire_minutes": minutes}
        plan = {**CONTENU["plan_action"], "intensite": intensite}
        demande = {**CONTENU, "plan_action": plan, "motif": "Actualisation"}
        self._sur_le_contrat("revisions", demande, self._un("contrat_engagement", 0))

    @precondition(lambda self: self.derniere)
    @rule()
    def repeter(self) -> None:
        """The last command again, and not the same request: stale, or once too often."""
        chemin, demande, lue = self.derniere
        self._poster(chemin, demande, lue)

    # What holds.

    @invariant()
    def tout_tient(self) -> None:
        """Read once, then checked: invariants would be called in the order of their names."""
        avant, self.vu = self.vu, self.monde.dossier(self.personnes)
        self._ce_qui_est_fini_le_reste(avant)
        self._un_parcours_un_contrat_un_referent()
        self._les_periodes_se_suivent()
        self._le_mois_court_de_la_notification_ou_s_arrete()
        self._les_episodes_et_les_diagnostics_se_suivent()

    def _ce_qui_est_fini_le_reste(self, avant: Mapping[str, list[dict[str, Any]]]) -> None:
        """Only a parcours opens again; a hand-over is of two sides, and only one brings another."""
        for table, muables in MUABLES.items():
            apres = {un["id"]: un for un in self.vu[table]}
            for un in avant[table]:
                change = {nom for nom, valeur in un.items() if apres[un["id"]][nom] != valeur}
                assert change <= muables, (table, change)
        for table, finis in FINIS.items():
            apres = {un["id"]: un for un in self.vu[table]}
            for un in avant[table]:
                if un["statut"] in finis:
                    assert apres[un["id"]]["statut"] == un["statut"]
        accords = {
            passation_id: {un["cote"] for un in siennes if un["sens"] == "accord"}
            for (passation_id,), siennes in _par(
                self.vu["reponse_passation"], "passation_id"
            ).items()
        }
        for un in self.vu["passation"]:
            assert (un["statut"] == "acceptee") == (len(accords.get(un["id"], ())) == 2)
        venus = {un["passation_id"]: un["id"] for un in self.vu["referent"]}
        for un in self.vu["passation"]:
            assert venus.get(un["id"]) == un["referent_suivant_id"]

    def _un_parcours_un_contrat_un_referent(self) -> None:
        for siens in _par(self.vu["parcours"], "personne_id").values():
            assert sum(un["statut"] == "ouvert" for un in siens) <= 1
        for siens in _par(self.vu["contrat_engagement"], "personne_id").values():
            assert sum(un["statut"] != "cloture" for un in siens) <= 1
        de = {un["id"]: un["personne_id"] for un in self.vu["parcours"]}
        for un in self.vu["contrat_engagement"]:
            assert un["personne_id"] == de[un["parcours_id"]]
        for siens in _par(self.vu["referent"], "parcours_id").values():
            assert sum(un["date_fin"] is None for un in siens) <= 1
            _sans_chevauchement(siens)

    def _les_periodes_se_suivent(self) -> None:
        for parcours in self.vu["parcours"]:
            periodes = [un for un in self.vu["periode"] if un["parcours_id"] == parcours["id"]]
            # Between an exit and a return there is nobody to follow.
            sorties = {
                un["date_sortie"]
                for un in self.vu["reouverture"]
                if un["parcours_id"] == parcours["id"]
            }
            for une, suivante in itertools.pairwise(periodes):
                assert une["date_fin"] <= suivante["date_debut"]
                assert une["date_fin"] == suivante["date_debut"] or une["date_fin"] in sorties
            assert (periodes[-1]["date_fin"] is None) == (parcours["statut"] == "ouvert")
            assert periodes[-1]["orientation_id"] == parcours["orientation_id"]

    def _le_mois_court_de_la_notification_ou_s_arrete(self) -> None:
        """D5411-14-1, D5411-8-2: one request, never answered, before any signature, stops it."""
        signees = {un["orientation_id"] for un in self._actes("signature")}
        demandes = _par(self.demandes, "orientation_id")
        for periode in self.vu["periode"]:
            notifiee, depart = periode["date_notification"], periode["date_depart_contrat"]
            siennes = demandes.get((periode["orientation_id"],), [])
            reprises = [acte["date_acte"] for un in siennes for acte in un["actes"]]
            assert depart in (None, notifiee, *reprises)
            if notifiee is None or not siennes:
                assert depart == notifiee
            elif periode["orientation_id"] not in signees and len(siennes) == 1:
                mois = date.fromisoformat(notifiee) + timedelta(days=27)
                if siennes[0]["date_demande"] <= str(mois):
                    avant = max(reprises, default="9999") <= notifiee
                    repart = notifiee if avant else next(iter(reprises), None)
                    assert depart == repart

    def _les_episodes_et_les_diagnostics_se_suivent(self) -> None:
        for episodes in _par(self.vu["frein"], "parcours_id", "code").values():
            assert sum(un["statut"] in OUVERTS for un in episodes) <= 1
            _sans_chevauchement(episodes)
        for presences in _par(self.vu["intervenant"], "parcours_id", "role", "agent").values():
            assert sum(un["date_fin"] is None for un in presences) <= 1
        for faits in _par(self.vu["diagnostic"], "parcours_id").values():
            assert [un["rang"] for un in faits] == list(range(1, len(faits) + 1))
            suite = [None, *(un["id"] for un in faits)]
            assert [un["remplace_id"] for un in faits] == suite[:-1]

    def teardown(self) -> None:
        """All that was told still is, and what was known on each evening is what was known."""
        self._relire_histoire()
        for url, su in self.soirs.items():
            assert self._lire(url) == su, url

    # How.

    @property
    def ouvert(self) -> dict[str, Any] | None:
        """The parcours that is open, the last one where each has hers."""
        return next((un for un in reversed(self.vu["parcours"]) if un["statut"] == "ouvert"), None)

    @property
    def _parcours(self) -> dict[str, Any]:
        return self.ouvert or self.vu["parcours"][-1]

    @property
    def _ici(self) -> str:
        return f"/v1/parcours/{self._parcours['id']}"

    def _siens(self, table: str) -> list[dict[str, Any]]:
        return [un for un in self.vu[table] if un["parcours_id"] == self._parcours["id"]]

    def _courants(self, table: str) -> bool:
        return bool(self.ouvert) and any(un["date_fin"] is None for un in self._siens(table))

    def _libre(self, table: str) -> bool:
        return bool(self.ouvert) and not self._courants(table)

    def _un(self, table: str, rang: int) -> dict[str, Any]:
        """One of them, the last first."""
        found = self.vu[table]
        return found[-1 - rang % len(found)]

    def _jour(self, ecart: int) -> str:
        return str(self.monde.heure.jour + timedelta(days=ecart))

    def _actes(self, type_: str) -> list[dict[str, Any]]:
        return [un for un in self.vu["acte_contrat"] if un["type"] == type_]

    def _passer(self, decisions: Sequence[dict[str, Any]], vers: int, fait: str) -> None:
        """Each parcours goes with its last decision, unless she has her own, or a contract."""
        personne, avant = str(self.personnes[vers]), self.vu
        for decision in decisions:
            decision["personne_id"] = personne
            nom = f"orientation.orientation.{fait}"
            self.monde.attendre(self.monde.orientation.redire(decision, nom))
        self.monde.suivre_le_fil()
        apres = {un["id"]: un for un in self.monde.dossier(self.personnes)["parcours"]}
        tenus = [un for un in avant["contrat_engagement"] if un["statut"] != "cloture"]
        passees = {un["id"] for un in decisions}
        for un in avant["parcours"]:
            if un["orientation_id"] not in passees or un["personne_id"] == personne:
                assert apres[un["id"]]["personne_id"] == un["personne_id"]
                continue
            a_le_sien = un["statut"] == "ouvert" and any(
                autre["statut"] == "ouvert" and autre["personne_id"] == personne
                for autre in avant["parcours"]
            )
            a_son_contrat = any(sien["parcours_id"] == un["id"] for sien in tenus) and any(
                autre["personne_id"] == personne for autre in tenus
            )
            reste = a_le_sien or a_son_contrat
            assert (apres[un["id"]]["personne_id"] == un["personne_id"]) is reste

    def _decider(self, type_parcours: str, ecart: int, organisme: int, qui: int) -> None:
        decidee = self.monde.attendre(
            self.monde.orientation.decider(
                self.personnes[qui if self.gardee is None else self.gardee],
                type_parcours=type_parcours,
                date_effet=self._jour(ecart),
                organisme_referent_id=self.organismes[organisme],
            )
        )
        self.decisions.append(decidee)
        self.monde.suivre_le_fil()

    def _sur_le_contrat(
        self, acte: str, demande: dict[str, Any], contrat: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        return self._poster(f"/v1/contrats-engagement/{contrat['id']}/{acte}", demande, contrat)

    def _poster(
        self, chemin: str, demande: dict[str, Any], lue: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """Command; refused, it has written nothing."""
        self.derniere = (chemin, demande, lue)
        avant = self.monde.empreinte()
        version = None if lue is None else lue["version"]
        answer: httpx.Response = self.monde.attendre(
            self.client.post(chemin, demande, version=version, headers=PATIENTE)
        )
        if answer.status_code == 201:
            found: dict[str, Any] = answer.json()
            return found
        assert answer.status_code in REFUS, answer.text
        assert self.monde.empreinte() == avant, answer.text
        return None

    def _lire(self, url: str) -> Any:
        answer: httpx.Response = self.monde.attendre(self.client.get(url, headers=PATIENTE))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _relire_histoire(self) -> None:
        """Each history holds all that it held, as it held it."""
        for chemin in self._historiques():
            page = self._lire(f"{chemin}?limite=200")
            assert page["pagination"]["suivant"] is None
            dits = {un["id"]: un for un in page["elements"]}
            for fait_id, fait in self.histoire.get(chemin, {}).items():
                if dits.get(fait_id) != fait:
                    # An end that had come stays; one that was to come may be moved.
                    assert fait_id in dits, fait
                    assert fait.get("type") in MOBILES, (fait, dits[fait_id])
                    assert fait["date_evenement"] > self._jour(0), (fait, dits[fait_id])
            self.histoire[chemin] = dits

    def _historiques(self) -> Iterator[str]:
        for un in self.vu["parcours"]:
            yield f"/v1/parcours/{un['id']}/chronologie"
        for un in self.vu["contrat_engagement"]:
            yield f"/v1/contrats-engagement/{un['id']}/revisions"
            yield f"/v1/contrats-engagement/{un['id']}/actes"
        for un in self.vu["frein"]:
            yield f"/v1/freins/{un['id']}/niveaux"

    def _soir(self, jour: date) -> dict[str, Any]:
        """What every read that knows a day answers this evening."""
        ids = {
            "parcours_id": [un["id"] for un in self.vu["parcours"]],
            "frein_id": [un["id"] for un in self.vu["frein"]],
        }
        urls = [
            f"{url}?connu_au={jour}{au}"
            for lecture in lectures()
            if "connu_au" in lecture.parametres
            for url in lecture.urls(ids)
            # A list holds all that it would hold as of a day before.
            for au in ([""] if "tri" in lecture.parametres else ["", f"&au={self._jour(-3)}"])
        ]
        return {url: self._lire(url) for url in urls}


def _par(elements: Iterable[dict[str, Any]], *cles: str) -> Mapping[Any, list[dict[str, Any]]]:
    found: dict[Any, list[dict[str, Any]]] = {}
    for un in elements:
        found.setdefault(tuple(un[cle] for cle in cles), []).append(un)
    return found


def _sans_chevauchement(elements: Sequence[dict[str, Any]]) -> None:
    """One ends before the next begins, or on the same day; what never began holds no day."""
    tenus = [
        (un["date_debut"], un["date_fin"] or "9999-12-31")
        for un in elements
        if un["date_fin"] != un["date_debut"]
    ]
    for (_, fin), (debut, _) in itertools.pairwise(sorted(tenus)):
        assert fin <= debut, elements


@pytest_asyncio.fixture
async def boucle() -> asyncio.AbstractEventLoop:
    """The loop on which the services stand: it waits while a test that is not async runs."""
    return asyncio.get_running_loop()


@pytest.fixture
def monde(
    boucle: asyncio.AbstractEventLoop,
    bases: Mapping[str, provision.Adresses],
    connecter: Connecter,
    services: Mapping[str, Service],
    orientation: Orientation,
    suivre: Suivre,
    horloge: Horloge,
    ouverte: str,
) -> Iterator[Monde]:
    """A collectivité, and its time."""
    rangs = itertools.count()
    with base_a_l_heure(bases["parcours"].proprietaire, ouverte, horloge) as heure:
        yield Monde(
            boucle,
            # Each life has its own client: quotas are counted by client, and tokens end.
            lambda: connecter("parcours", client_id=f"si-{next(rangs)}"),
            orientation,
            suivre,
            lambda: un_tour(services["parcours"], SOURD, ouverte, attente_s=0),
            heure,
            tables_du_service(heure.base),
        )


def test_any_life_holds_and_forgets_nothing(monde: Monde, complet: bool) -> None:
    """One open parcours, one contract, one référent; the past, asked again, says the same.

    Planted, one by one, each red: the day of knowledge not compared in the timeline; a decision
    that opens a second parcours, the unique index gone; a hand-over settled by one side; the old
    référent's agent written over by a hand-over; a refusal that had written, and one noted in the
    journal of accesses; a merge not followed, or without its contract; a request for a
    réorientation that does not stop the month of the contract; a return that leaves no trace of
    the exit.
    """
    Accompagnement.monde = monde
    run_state_machine_as_test(
        Accompagnement,
        settings=settings(
            max_examples=150 if complet else 6,
            stateful_step_count=40 if complet else 25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
