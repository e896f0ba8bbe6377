"""The YAML files of the collectivités say what the public pages print, and nothing else.

Bugs planted once on a copy, each seen red: a cent more on the État line of the CDIE; another
qualifier on the announced 720 000 €; an eleventh party to the PTI; an action moved to another
axe; "plus de 2000" made exact; the delay of the Loire in days; a budget of 189 M €; facts cited
one line below; an invented figure; 12 000 places; and in the loader: duplicate keys let through, a
verb `supprimer`, funding keys under 1 and exact announced amounts accepted.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from deploy.local.collectivites import (
    FICHIER_DEMONSTRATION,
    Annonce,
    Collectivite,
    CollectiviteInvalide,
    Convention,
    Demonstration,
    Illustratif,
    Ligne,
    Montant,
    Qualificatif,
    Source,
    UsageDemo,
    charger,
    charger_demonstration,
    sources,
)

RACINE = Path(__file__).parents[2]
DOSSIER = RACINE / "deploy" / "collectivites"
REFERENCE = RACINE / os.environ.get("JALONS_REFERENCE", "../shared/data")

NOMBRES = (
    "nombre_axes",
    "nombre_actions",
    "nombre_orientations",
    "nombre_actions_territoriales",
    "nombre_signataires_invites",
    "duree_annees",
)


@pytest.fixture(scope="module")
def collectivites() -> Mapping[str, Collectivite]:
    return charger(DOSSIER)


@pytest.fixture(scope="module")
def demonstration(collectivites: Mapping[str, Collectivite]) -> Demonstration:
    return charger_demonstration(DOSSIER, collectivites)


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    """The départements of the reference file, by code."""
    fichier = REFERENCE / "departements.json"
    if not fichier.is_file():
        pytest.skip("departements.json absent : JALONS_REFERENCE ne mène pas à la référence")
    contenu = json.loads(fichier.read_text(encoding="utf-8"))
    return {departement["code"]: departement for departement in contenu["departements"]}


@pytest.fixture(scope="module")
def textes(reference: dict[str, Any]) -> dict[tuple[str, str | None], list[str]]:
    """The lines of each public page, by département and date of publication."""
    dossier = REFERENCE.parent / "seeds"
    if not dossier.is_dir():
        pytest.skip("textes des pages publiques absents à côté de la référence")
    return {
        (code, document["date_publication"]): (dossier / document["fichier"])
        .read_text(encoding="utf-8")
        .split("\n")
        for code, departement in reference.items()
        for document in departement["documents"]
    }


def models(value: object) -> Iterator[BaseModel]:
    """Every model inside a value, itself included."""
    if isinstance(value, BaseModel):
        yield value
        for nom in type(value).model_fields:
            yield from models(getattr(value, nom))
    elif isinstance(value, Mapping):
        for element in value.values():
            yield from models(element)
    elif isinstance(value, tuple):
        for element in value:
            yield from models(element)


class Lieu:
    """Places of the reference (file, line) and of the YAML (page, line), made comparable."""

    def __init__(self, departement: dict[str, Any], collectivite: Collectivite) -> None:
        self._dates = {d["fichier"]: d["date_publication"] for d in departement["documents"]}
        self._pages = collectivite.pages

    def of(self, source: Any) -> tuple[str | None, int] | None:
        if source is None:
            return None
        if isinstance(source, Source):
            date = self._pages[source.page].date_publication
            return date.isoformat() if date else None, source.ligne
        return self._dates[source["fichier"]], source["ligne"]


Paire = tuple[dict[str, Any], Collectivite, Lieu]


@pytest.fixture(params=["01", "35", "42", "44"])
def paire(
    request: pytest.FixtureRequest,
    reference: dict[str, Any],
    collectivites: Mapping[str, Collectivite],
) -> Paire:
    collectivite = collectivites[f"{request.param}D"]
    departement = reference[request.param]
    return departement, collectivite, Lieu(departement, collectivite)


def en_centimes(montant: str) -> int:
    centimes = Fraction(montant) * 100
    assert centimes.denominator == 1
    return int(centimes)


def printed_amounts(value: Any, lieu: Lieu) -> Iterator[tuple[Any, ...]]:
    """Every amount of the reference that is printed, wherever it stands."""
    if isinstance(value, dict):
        if isinstance(value.get("montant"), str) and "qualificatif" in value:
            yield (
                en_centimes(value["montant"]),
                value["qualificatif"],
                value["texte_source"],
                lieu.of(value["source"]),
            )
        for element in value.values():
            yield from printed_amounts(element, lieu)
    elif isinstance(value, list):
        for element in value:
            yield from printed_amounts(element, lieu)


def facts(elements: Any, lieu: Lieu, *champs: str) -> Counter[tuple[Any, ...]]:
    """The chosen fields of each element, dict or model, with its source; order left aside."""

    def read(element: Any, champ: str) -> Any:
        valeur = element.get(champ) if isinstance(element, dict) else getattr(element, champ)
        return str(valeur) if champ == "date" else valeur

    def source(element: Any) -> Any:
        return element["source"] if isinstance(element, dict) else element.source

    return Counter(
        (*(read(element, champ) for champ in champs), lieu.of(source(element)))
        for element in elements or ()
    )


def conventions(paire: Paire) -> Iterator[tuple[dict[str, Any], Convention]]:
    departement, collectivite, _ = paire
    for attendue in departement["conventions"]:
        yield attendue, collectivite.convention(attendue["cle"])


# Against the reference: same facts on both sides, so nothing lost and nothing invented.


def test_covers_the_four_departements(
    reference: dict[str, Any], collectivites: Mapping[str, Collectivite]
) -> None:
    assert [f"{code}D" for code in sorted(reference)] == list(collectivites)
    assert {c.code_departement: c.libelle for c in collectivites.values()} == {
        code: departement["nom"] for code, departement in reference.items()
    }


def test_pages_are_those_read(paire: Paire) -> None:
    departement, collectivite, _ = paire
    lues = {
        (
            p.date_publication and str(p.date_publication),
            p.date_mise_a_jour and str(p.date_mise_a_jour),
        )
        for p in collectivite.pages.values()
    }
    assert lues == {
        (d["date_publication"], d["date_mise_a_jour"]) for d in departement["documents"]
    }


def test_conventions_are_the_same(paire: Paire) -> None:
    departement, collectivite, lieu = paire
    champs = ("cle", "type", "intitule", "annee_debut", "annee_fin", "statut_selon_source")
    assert facts(collectivite.conventions, lieu, *champs) == facts(
        departement["conventions"], lieu, *champs
    )


def test_amounts_are_the_same(paire: Paire) -> None:
    departement, collectivite, lieu = paire
    ici: Counter[tuple[Any, ...]] = Counter()
    for modele in models(collectivite):
        if isinstance(modele, Montant) or (isinstance(modele, Ligne) and modele.texte_source):
            ici[
                modele.montant_centimes,
                str(modele.qualificatif),
                modele.texte_source,
                lieu.of(modele.source),
            ] += 1
    assert ici == Counter(printed_amounts(departement, lieu))


def test_derived_lines_are_those_of_the_reference(paire: Paire) -> None:
    departement, collectivite, _ = paire
    parts = [
        en_centimes(derive["montant"])
        for derive in departement["derives"]
        if derive["cle"].startswith("part_")
    ]
    assert [
        o.ligne.montant_centimes for o in collectivite.lignes_ouvrables() if o.ligne.derive_du_total
    ] == parts


def test_envelopes_are_the_same(paire: Paire) -> None:
    financeurs = {f.code: f.type for f in paire[1].financeurs}
    noms = {"etat": "État", "departement": "Département"}
    for attendue, ici in conventions(paire):
        attendues = [
            (
                enveloppe["annee"],
                enveloppe.get("periodicite"),
                [(part["financeur"], part.get("perimetre")) for part in enveloppe["parts"] or ()],
            )
            for enveloppe in attendue["enveloppes"]
        ]
        assert [
            (
                enveloppe.exercice,
                enveloppe.periodicite,
                [(noms[financeurs[li.financeur]], li.perimetre) for li in enveloppe.lignes],
            )
            for enveloppe in ici.enveloppes
        ] == attendues


def test_budgets_without_convention_are_the_same(paire: Paire) -> None:
    departement, collectivite, lieu = paire
    assert facts(collectivite.budgets, lieu, "cle", "libelle") == facts(
        departement.get("budgets"), lieu, "cle", "libelle"
    )


def test_figures_are_the_same(paire: Paire) -> None:
    departement, collectivite, lieu = paire
    champs = (
        "cle",
        "libelle",
        "valeur",
        "unite",
        "qualificatif",
        "annee",
        "periodicite",
        "texte_source",
    )
    assert facts(collectivite.chiffres, lieu, *champs) == facts(
        departement["chiffres"], lieu, *champs
    )


def test_delays_are_the_same(paire: Paire) -> None:
    departement, collectivite, lieu = paire
    champs = ("cle", "valeur", "unite", "sens")
    assert facts(collectivite.delais, lieu, *champs) == facts(departement["delais"], lieu, *champs)


def test_actors_and_dates_are_the_same(paire: Paire) -> None:
    departement, collectivite, lieu = paire
    assert facts(collectivite.acteurs, lieu, "nom", "role") == facts(
        departement["acteurs"], lieu, "nom", "role"
    )
    assert facts(collectivite.dates, lieu, "cle", "date") == facts(
        departement.get("dates"), lieu, "cle", "date"
    )
    for champ in ("regles_citees", "anomalies"):
        # Written in English there, in French here: their places are compared.
        assert facts(getattr(collectivite, champ), lieu) == facts(departement.get(champ), lieu)


def test_parties_axes_and_actions_are_the_same(paire: Paire) -> None:
    departement, collectivite, lieu = paire
    assert facts(collectivite.actions, lieu, "libelle") == facts(
        departement.get("actions"), lieu, "libelle"
    )
    for attendue, ici in conventions(paire):
        assert facts(ici.parties, lieu, "nom", "role") == facts(
            attendue["parties"], lieu, "nom", "role"
        )
        for champ in ("axes", "volets"):
            assert facts(getattr(ici, champ), lieu, "ordre", "libelle") == facts(
                attendue.get(champ), lieu, "ordre", "libelle"
            )
        assert facts(ici.actions, lieu, "libelle", "axe", "volet") == facts(
            attendue["actions"], lieu, "libelle", "axe", "volet"
        )
        assert ici.actions_exhaustives == attendue["actions_exhaustives"]


def test_counts_are_the_same(paire: Paire) -> None:
    lieu = paire[2]
    for attendue, ici in conventions(paire):
        for nom in NOMBRES:
            compte, prevu = getattr(ici, nom), attendue.get(nom)
            assert facts([compte] if compte else (), lieu, "valeur", "perimetre") == facts(
                [prevu] if prevu else (), lieu, "valeur", "perimetre"
            )


def test_life_of_conventions_is_the_same(paire: Paire) -> None:
    lieu = paire[2]
    for attendue, ici in conventions(paire):
        assert facts(ici.avenants, lieu, "cle", "annee", "objet") == facts(
            attendue["avenants"], lieu, "cle", "annee", "objet"
        )
        for champ, la, ces in (
            ("candidature", "candidature", ("mois",)),
            ("elaboration", "travaux_elaboration", ("debut_texte", "fin_texte")),
            ("debut_texte", "date_debut_texte", ("texte", "annee_presumee")),
            ("decision", "decision", ("date_texte",)),
            ("points_etape", "points_etape", ("periodicite", "objet")),
            ("cofinancement", "cofinancement_fse", ("perimetre",)),
        ):
            fait, prevu = getattr(ici, champ), attendue.get(la)
            assert facts([fait] if fait else (), lieu, *ces) == facts(
                [prevu] if prevu else (), lieu, *ces
            )
        prevue = attendue.get("mois_signature_prevu")
        assert (ici.signature_prevue and ici.signature_prevue.mois) == (prevue and prevue["valeur"])
        assert [m.libelle for m in ici.modes_origine] == attendue.get("modes_origine_action", [])
        assert [o.texte for o in ici.objectifs_nationaux] == [
            o["libelle"] for o in attendue.get("objectifs_nationaux", [])
        ]


def test_every_quote_stands_on_its_line(
    collectivites: Mapping[str, Collectivite], textes: dict[tuple[str, str | None], list[str]]
) -> None:
    """What we quote is on the line that we cite, and no cited line is empty."""

    def plain(texte: str) -> str:
        return re.sub(r"\s+", " ", texte.replace("’", "'"))

    for collectivite in collectivites.values():

        def line(source: Source, collectivite: Collectivite = collectivite) -> str:
            date = collectivite.pages[source.page].date_publication
            page = textes[collectivite.code_departement, date.isoformat() if date else None]
            return plain(page[source.ligne - 1])

        assert all(line(source).strip() for source in sources(collectivite))
        for modele in models(collectivite):
            citation = getattr(modele, "texte_source", None)
            if citation:
                source = getattr(modele, "source", None)
                assert isinstance(source, Source)
                assert plain(citation) in line(source), collectivite.citer(source)


def test_demonstration_uses_codes_of_the_partners(
    reference: dict[str, Any], demonstration: Demonstration
) -> None:
    """Synthetic criteria take values that the API of France Travail has."""
    fichier = REFERENCE.parent / "domain/referentiels/criteres-orientation-api-france-travail.csv"
    if not fichier.is_file():
        pytest.skip("référentiel des critères absent à côté de la référence")
    connus: dict[str, set[str]] = {}
    for ligne in fichier.read_text(encoding="utf-8").splitlines()[1:]:
        champ, code, *_ = ligne.split(",")
        connus.setdefault(champ, set()).add(code)
    for tirage in demonstration.population.tirages:
        if tirage.critere not in {"commune", "tranche_age"}:
            assert set(tirage.poids) <= connus[tirage.critere], tirage.critere


# Without any reference.


def test_exactly_three_printed_amounts_can_be_posted(
    collectivites: Mapping[str, Collectivite],
) -> None:
    imprimes = [
        modele.montant_centimes
        for collectivite in collectivites.values()
        for modele in models(collectivite)
        if isinstance(modele, Montant | Ligne)
        and modele.texte_source
        and modele.qualificatif is Qualificatif.EXACT
    ]
    assert sorted(imprimes, key=str) == [1_241_700_00, 624_670_00, 730_670_00]


def test_lines_of_35_for_2024(collectivites: Mapping[str, Collectivite]) -> None:
    lignes = collectivites["35D"].lignes_ouvrables()

    assert [(o.convention.cle, o.ligne.financeur, o.ligne.montant_centimes) for o in lignes] == [
        ("35-CLS-2024-2027", "etat", 620_850_00),
        ("35-CLS-2024-2027", "departement", 620_850_00),
        ("35-CDIE-2024", "etat", 730_670_00),
        ("35-CDIE-2024", "departement", 624_670_00),
    ]
    assert {o.enveloppe.exercice for o in lignes} == {2024}
    assert sum(o.ligne.montant_centimes or 0 for o in lignes) == 2_597_040_00


@pytest.mark.parametrize("code", ["01D", "42D", "44D"])
def test_nothing_can_be_posted_elsewhere(
    collectivites: Mapping[str, Collectivite], code: str
) -> None:
    assert not collectivites[code].lignes_ouvrables()


def test_announced_amounts_are_never_exact(collectivites: Mapping[str, Collectivite]) -> None:
    annonces = [m for c in collectivites.values() for m in models(c) if isinstance(m, Annonce)]
    assert len(annonces) == 5
    assert all(annonce.qualificatif is not Qualificatif.EXACT for annonce in annonces)


def test_ten_parties_are_invited_to_the_pti(collectivites: Mapping[str, Collectivite]) -> None:
    pti = collectivites["01D"].convention("01-PTI-2018-2021")
    assert [partie.statut for partie in pti.parties] == ["invite"] * 10
    assert pti.enveloppes == ()


def test_delays_are_local_objectives(collectivites: Mapping[str, Collectivite]) -> None:
    assert {
        (c.code, d.cle, d.valeur, d.unite.value, d.statut)
        for c in collectivites.values()
        for d in c.delais
    } == {
        ("35D", "entree_parcours", 15, "jours", "objectif_local"),
        ("42D", "accueil_information_rsa", 1, "mois", "objectif_local"),
    }


def test_units_that_are_only_counted(collectivites: Mapping[str, Collectivite]) -> None:
    for code, unites in (("44D", 9), ("01D", 8)):
        collectivite = collectivites[code]
        cle = collectivite.organismes[0].unites_comptees
        assert [c.valeur for c in collectivite.chiffres if c.cle == cle] == [unites]
        assert collectivite.organismes[0].unites == ()


def test_source_reads_as_a_citation(collectivites: Mapping[str, Collectivite]) -> None:
    ille = collectivites["35D"]
    total = ille.convention("35-CLS-2024-2027").enveloppe(2024).total
    assert total is not None
    assert ille.citer(total.source) == "page publique d'Ille-et-Vilaine du 18 avril 2024, ligne 23"


def test_collectivite_opens_in_a_service(collectivites: Mapping[str, Collectivite]) -> None:
    creation = collectivites["42D"].creation()
    assert (creation.code, creation.ideparte, creation.fuseau) == ("42D", "042", "Europe/Paris")
    assert creation.delais[0].source == "page publique de la Loire, non datée, ligne 35"


def test_clients_of_each_collectivite(collectivites: Mapping[str, Collectivite]) -> None:
    for collectivite in collectivites.values():
        numero = collectivite.code_departement
        par_id = {client.client_id: client for client in collectivite.clients}
        operateurs = {o.code for o in collectivite.organismes if o.type == "france_travail"}
        assert set(par_id) == {
            f"si-departement-{numero}",
            f"comptable-{numero}",
            *operateurs,
        }
        # Another than who certifies and orders (I-50): this one may record their payments.
        comptable = par_id[f"comptable-{numero}"]
        assert set(comptable.portees) == {"financement:lire", "financement.comptable:ecrire"}
        departement = par_id[f"si-departement-{numero}"]
        assert departement.organisme == f"departement-{numero}"
        assert {
            "orientation:lire",
            "orientation:ecrire",
            "orientation:decider",
            "orientation:importer",
            "orientation:administrer",
            "parcours:lire",
            "parcours:ecrire",
            "parcours.sante:lire",
            "parcours.sante:ecrire",
            "financement:lire",
            "financement:ecrire",
            "financement:administrer",
        } <= set(departement.portees)


def test_only_who_needs_it_reads_health(
    collectivites: Mapping[str, Collectivite], demonstration: Demonstration
) -> None:
    clients = [*(c for x in collectivites.values() for c in x.clients), *demonstration.clients]
    lecteurs = {c.client_id for c in clients if any(".sante:" in p for p in c.portees)}
    assert lecteurs == {
        *(f"si-departement-{x}" for x in ("01", "35", "42", "44")),
        "cap-chene-creux",
    }


# The demonstration.


def test_every_invented_item_says_so(demonstration: Demonstration) -> None:
    items = [
        *demonstration.conventions,
        *demonstration.organismes,
        *demonstration.actions,
        *demonstration.clients,
        *demonstration.population.tirages,
        demonstration.population,
        demonstration,
    ]
    assert all(isinstance(item, Illustratif) and item.illustratif is True for item in items)
    assert all("illustratif" in item.model_fields_set for item in items)


def test_invented_names_are_plainly_fictive(demonstration: Demonstration) -> None:
    libelles = [o.libelle for o in demonstration.organismes]
    libelles += [c.libelle for c in demonstration.clients]
    assert all(re.search(r"\bficti(f|ve)\b", libelle) for libelle in libelles)
    for action in demonstration.actions:
        assert action.libelle is None or "ajoutée pour la démonstration" in action.libelle


def test_demonstration_opens_no_money(demonstration: Demonstration) -> None:
    assert not any(isinstance(modele, Montant | Ligne) for modele in models(demonstration))
    argent = {
        champ
        for modele in models(demonstration)
        for champ in type(modele).model_fields
        if "centimes" in champ or "montant" in champ
    }
    assert argent == {"prix_unitaire_centimes"}


def test_places_run_out_before_the_money(
    collectivites: Mapping[str, Collectivite], demonstration: Demonstration
) -> None:
    """Were every place taken, each line would still hold: only `fin_de_ligne` may exhaust one."""
    lignes = {
        (o.convention.cle, o.ligne.financeur): o.ligne.montant_centimes or 0
        for o in collectivites["35D"].lignes_ouvrables()
    }
    besoins: Counter[tuple[str, str]] = Counter()
    for action in demonstration.actions:
        for part in action.cle_financement:
            if action.usage is not UsageDemo.FIN_DE_LIGNE:
                # A cent a place more than the exact share, which no rounding can pass.
                cout = int(action.prix_unitaire_centimes * part.fraction) + 1
                besoins[action.convention, part.financeur] += cout * action.places
    assert besoins
    assert all(besoins[cle] < lignes[cle] for cle in besoins)


def test_one_action_has_few_places_and_one_ends_a_line(
    collectivites: Mapping[str, Collectivite], demonstration: Demonstration
) -> None:
    rare = [a for a in demonstration.actions if a.usage is UsageDemo.PLACES_RARES]
    fin = [a for a in demonstration.actions if a.usage is UsageDemo.FIN_DE_LIGNE]
    assert [action.places for action in rare] == [3]
    assert len(fin) == 1
    total = sum(
        o.ligne.montant_centimes or 0
        for o in collectivites["35D"].lignes_ouvrables()
        if o.convention.cle == fin[0].convention
    )
    assert divmod(total, fin[0].prix_unitaire_centimes) == (1200, 0)
    assert fin[0].places > 1200
    assert [a.code for a in demonstration.actions if a.convention == fin[0].convention] == [
        fin[0].code
    ]


def test_the_three_printed_actions_of_the_cdie_have_a_price(demonstration: Demonstration) -> None:
    reprises = {a.action for a in demonstration.actions if a.convention == "35-CDIE-2024"}
    assert {"35-CDIE-01", "35-CDIE-02", "35-CDIE-03"} <= reprises


def test_organismes_serve_where_people_live(demonstration: Demonstration) -> None:
    communes = set(demonstration.population.poids("commune"))
    for organisme in demonstration.organismes:
        assert set(organisme.communes) <= communes
    for action in demonstration.actions:
        assert set(action.communes) <= communes


# A wrong file is refused, in a sentence that says where.

Dossier = Callable[[str, str, str], Path]


@pytest.fixture
def dossier(tmp_path: Path) -> Dossier:
    """A copy of the files, in one of which a text was replaced by another."""

    def copy(nom: str, avant: str, apres: str) -> Path:
        for fichier in DOSSIER.glob("*.yaml"):
            contenu = fichier.read_text(encoding="utf-8")
            if fichier.name == nom:
                assert avant in contenu
                contenu = contenu.replace(avant, apres, 1)
            (tmp_path / fichier.name).write_text(contenu, encoding="utf-8")
        return tmp_path

    return copy


@pytest.mark.parametrize(
    ("nom", "avant", "apres", "phrase"),
    [
        pytest.param(
            "35D.yaml",
            "montant_centimes: 73067000",
            "montant_centimes: '73067000'",
            r"35D\.yaml, ligne \d+, champ conventions\.1\.enveloppes\.0\.lignes\.0"
            r"\.montant_centimes : un entier est attendu",
            id="montant en texte",
        ),
        pytest.param(
            "35D.yaml",
            "montant_centimes: 73067000",
            "montant_centimes: 73067000.0",
            "montant_centimes : un entier est attendu",
            id="montant decimal",
        ),
        pytest.param(
            "35D.yaml",
            "derive_du_total: true",
            "derive_du_total: false",
            "un montant a un texte_source ou derive_du_total",
            id="montant sans origine",
        ),
        pytest.param(
            "35D.yaml",
            "montant_centimes: 62085000",
            "montant_centimes: 62085001",
            "ne font pas le total imprimé à parts égales",
            id="un centime de trop",
        ),
        pytest.param(
            "35D.yaml",
            "qualificatif: presque",
            "qualificatif: exact",
            "une annonce n'est jamais exacte",
            id="annonce exacte",
        ),
        pytest.param(
            "44D.yaml",
            "libelle: Loire-Atlantique",
            "libelle: Loire-Atlantique\nlibelle: Loire",
            r"44D\.yaml, ligne 6, champ libelle : la clé est écrite deux fois",
            id="cle double",
        ),
        pytest.param(
            "44D.yaml",
            "fuseau: Europe/Paris",
            "fuseau: Europe/Pornic",
            "champ fuseau : ce fuseau horaire n'existe pas",
            id="fuseau inconnu",
        ),
        pytest.param(
            "44D.yaml",
            "fuseau: Europe/Paris",
            "fuseau: Europe/Paris\ncapitale: Nantes",
            r"ligne 9, champ capitale : ce champ n'existe pas",
            id="champ inconnu",
        ),
        pytest.param(
            "44D.yaml",
            "fuseau: Europe/Paris\n",
            "",
            "fuseau : ce champ est obligatoire",
            id="champ absent",
        ),
        pytest.param(
            "01D.yaml",
            "code_departement: '01'",
            "code_departement: 01",
            "champ code_departement : un texte est attendu",
            id="01 sans guillemets",
        ),
        pytest.param(
            "01D.yaml",
            "ideparte: '001'",
            "ideparte: '010'",
            "pas le même département",
            id="ideparte d'un autre",
        ),
        pytest.param(
            "42D.yaml", "code: 42D", "code: 43D", "pas le même département", id="code d'un autre"
        ),
        pytest.param(
            "42D.yaml",
            "- financement:lire",
            "- financement:supprimer",
            r"champ clients\.0\.portees\.17 : la forme n'est pas celle attendue",
            id="portee inconnue",
        ),
        pytest.param(
            "42D.yaml",
            "client_id: france-travail-42",
            "client_id: france-travail-35",
            r"france-travail-35 appartient déjà à 35D\.yaml",
            id="client d'un autre",
        ),
        pytest.param(
            "42D.yaml",
            "axe: 4",
            "axe: 5",
            "axe : 5 n'est déclaré nulle part",
            id="axe inconnu",
        ),
        pytest.param(
            "42D.yaml",
            "page: actualite, ligne: 16",
            "page: autre, ligne: 16",
            "page : autre n'est déclaré nulle part",
            id="page inconnue",
        ),
        pytest.param(
            "42D.yaml",
            "type: france_travail",
            "type: pole_emploi",
            "valeur inconnue, attendu 'france_travail'",
            id="type inconnu",
        ),
        pytest.param(
            "42D.yaml",
            "libelle: Loire\n",
            "libelle: &nom {a: 1}\nautre: *nom\n",
            "les ancres YAML ne sont pas admises",
            id="ancre",
        ),
        pytest.param(
            "42D.yaml",
            "libelle: Loire\n",
            "libelle: [Loire\n",
            "ce n'est pas du YAML valide",
            id="pas du YAML",
        ),
        pytest.param(
            "42D.yaml",
            "libelle: Loire\n",
            "libelle: !!python/name:os.system Loire\n",
            "ce n'est pas du YAML valide",
            id="objet Python",
        ),
    ],
)
def test_refuses_a_wrong_file(
    dossier: Dossier, nom: str, avant: str, apres: str, phrase: str
) -> None:
    with pytest.raises(CollectiviteInvalide, match=phrase) as refus:
        charger(dossier(nom, avant, apres))
    # The first words name the file.
    assert str(refus.value).startswith(nom)


@pytest.mark.parametrize(
    ("avant", "apres", "phrase"),
    [
        pytest.param(
            "{financeur: etat, num: 2, den: 3}",
            "{financeur: etat, num: 1, den: 3}",
            "les parts de la clé de financement ne font pas 1",
            id="clé inférieure à un",
        ),
        pytest.param(
            "{financeur: departement, num: 1, den: 1}",
            "{financeur: region, num: 1, den: 1}",
            "cle_financement : region n'est déclaré nulle part",
            id="financeur sans ligne",
        ),
        pytest.param(
            "prix_unitaire_centimes: 40001",
            "prix_unitaire_centimes: 40001\n    montant_centimes: 100",
            "montant_centimes : ce champ n'existe pas",
            id="argent ouvert",
        ),
        pytest.param(
            "  - illustratif: true\n    code: ml-trois-menhirs",
            "  - code: ml-trois-menhirs",
            r"champ organismes\.0\.illustratif : ce champ est obligatoire",
            id="marque absente",
        ),
        pytest.param(
            "illustratif: true\n    code: ml-trois-menhirs",
            "illustratif: false\n    code: ml-trois-menhirs",
            r"champ organismes\.0\.illustratif : valeur inconnue",
            id="marque fausse",
        ),
        pytest.param(
            "action: 35-CDIE-01",
            "action: 35-CLS-01",
            "action : 35-CLS-01 n'est déclaré nulle part",
            id="action d'une autre convention",
        ),
        pytest.param(
            "exercice: 2024\n    action: 35-CDIE-01",
            "exercice: 2025\n    action: 35-CDIE-01",
            "n'est déclaré nulle part",
            id="exercice sans ligne",
        ),
        pytest.param(
            "freins: [sante]",
            "freins: [timidite]",
            "freins.0 : valeur inconnue",
            id="frein inconnu",
        ),
        pytest.param(
            "type: mission_locale",
            "type: delegataire_departemental",
            "un délégataire, et lui seul, porte une delegation",
            id="délégataire sans convention",
        ),
        pytest.param(
            "client_id: ml-trois-menhirs",
            "client_id: si-departement-35",
            "clients : si-departement-35 figure deux fois",
            id="client déjà pris",
        ),
        pytest.param(
            "collectivite: 35D", "collectivite: 99D", "99D n'est déclaré nulle part", id="ailleurs"
        ),
    ],
)
def test_refuses_a_wrong_demonstration(
    dossier: Dossier, avant: str, apres: str, phrase: str
) -> None:
    with pytest.raises(CollectiviteInvalide, match=phrase) as refus:
        charger_demonstration(dossier(FICHIER_DEMONSTRATION, avant, apres))
    assert str(refus.value).startswith(FICHIER_DEMONSTRATION)


def test_refuses_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(CollectiviteInvalide, match="aucun fichier de collectivité"):
        charger(tmp_path)
    with pytest.raises(CollectiviteInvalide, match="fichier absent ou illisible"):
        charger_demonstration(tmp_path)


def test_file_bears_its_code(dossier: Dossier) -> None:
    copie = dossier("44D.yaml", "code: 44D", "code: 44D")
    (copie / "44D.yaml").rename(copie / "nantes.yaml")
    with pytest.raises(CollectiviteInvalide, match=r"nantes\.yaml, champ code"):
        charger(copie)
