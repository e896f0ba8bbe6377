"""What breaks a partner's software, told of changes that are planted one by one."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from deploy.local import versions
from deploy.local.compatibilite import Changement, comparer
from deploy.local.services import SERVICES

Document = dict[str, Any]
Plant = Callable[[Document], None]


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def json_de(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": ref(name)}}


BASE: Document = {
    "paths": {
        "/v1/plans": {
            "get": {
                "operationId": "lister_plans",
                "tags": ["plans"],
                "security": [{"oauth2": ["essai:lire"]}],
                "parameters": [
                    {
                        "name": "tri",
                        "in": "query",
                        "required": False,
                        "schema": {"type": "string", "maxLength": 20, "default": "-cree_le"},
                    },
                    {
                        "name": "Delai-Max",
                        "in": "header",
                        "required": False,
                        "schema": {"type": "integer"},
                    },
                ],
                "responses": {
                    "200": {
                        "description": "Page",
                        "content": json_de("Plan"),
                        "headers": {"Link": {"schema": {"type": "string"}}},
                    },
                    "409": {
                        "description": "Refus : `plan-clos`, `plan-absent`",
                        "content": json_de("Probleme"),
                    },
                },
            },
            "post": {
                "operationId": "creer_plan",
                "tags": ["plans"],
                "security": [{"oauth2": ["essai:ecrire"]}],
                "requestBody": {"required": True, "content": json_de("PlanCreation")},
                "responses": {"201": {"description": "Fait", "content": json_de("Plan")}},
            },
        },
    },
    "webhooks": {
        "essai.plan.cree": {
            "post": {
                "operationId": "recevoir_plan",
                "parameters": [{"$ref": "#/components/parameters/webhook-id"}],
                "requestBody": {"required": True, "content": json_de("Avis")},
                "responses": {"200": {"description": "Reçu"}},
            }
        }
    },
    "components": {
        "parameters": {
            "webhook-id": {"name": "webhook-id", "in": "header", "schema": {"type": "string"}},
        },
        "schemas": {
            "Plan": {
                "type": "object",
                "required": ["id", "jours", "etat"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "jours": {"type": "integer", "minimum": 0, "maximum": 90},
                    "etat": ref("Etat"),
                    "genre": ref("Genre"),
                    "note": {"type": ["string", "null"], "maxLength": 100, "pattern": "^[a-z]*$"},
                    "lieu": {"anyOf": [ref("Lieu"), {"type": "null"}]},
                    "mots": {"type": "array", "maxItems": 5, "items": {"type": "string"}},
                },
            },
            "PlanCreation": {
                "type": "object",
                "additionalProperties": False,
                "required": ["jours"],
                "properties": {
                    "jours": {"type": "integer", "minimum": 0, "maximum": 90, "multipleOf": 5},
                    "etat": ref("Etat"),
                    "genre": ref("Genre"),
                    "note": {"type": ["string", "null"], "maxLength": 100, "pattern": "^[a-z]*$"},
                    "essai": {"type": "boolean", "default": False},
                    "tri": {"type": "string", "pattern": "^-?(cree_le|nom)$"},
                    "champs": {"type": "string", "pattern": "^(id|nom)(,(id|nom))*$"},
                    "lieu": {"anyOf": [ref("Lieu"), {"type": "null"}]},
                    "libre": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
            "Etat": {"type": "string", "enum": ["ouvert", "clos"], "x-enum-ouverte": False},
            "Genre": {"type": "string", "enum": ["a", "b"], "x-enum-ouverte": True},
            "Lieu": {"type": "object", "properties": {"commune": {"type": "string"}}},
            "Avis": {"type": "object", "properties": {"id": {"type": "string"}}},
            "Probleme": {"type": "object", "properties": {"code": {"type": "string"}}},
        },
    },
}
_LISTER, _CREER = ("paths", "/v1/plans", "get"), ("paths", "/v1/plans", "post")
_RENDU = ("components", "schemas", "Plan")
_RECU = ("components", "schemas", "PlanCreation")
_SCHEMAS = ("components", "schemas")


def mis(*chemin: Any) -> Plant:
    """Put the last value under the keys before it."""
    *cles, derniere, valeur = chemin

    def plant(document: Document) -> None:
        noeud: Any = document
        for cle in cles:
            noeud = noeud[cle]
        noeud[derniere] = valeur

    return plant


def ote(*chemin: Any) -> Plant:
    """Take away what is under these keys."""
    *cles, derniere = chemin

    def plant(document: Document) -> None:
        noeud: Any = document
        for cle in cles:
            noeud = noeud[cle]
        del noeud[derniere]

    return plant


def plus(*chemin: Any) -> Plant:
    """Add the last value to the list that is under the keys before it."""
    *cles, valeur = chemin

    def plant(document: Document) -> None:
        noeud: Any = document
        for cle in cles:
            noeud = noeud[cle]
        noeud.append(valeur)

    return plant


def renomme(document: Document) -> None:
    """Give a component another name, everywhere."""
    text = json.dumps(document).replace('schemas/Lieu"', 'schemas/Endroit"')
    document.clear()
    document.update(json.loads(text.replace('"Lieu": {', '"Endroit": {')))


def rien(_: Document) -> None:
    """Change nothing."""


def deprecie(jusqu_a: str) -> Plant:
    def plant(document: Document) -> None:
        document["paths"]["/v1/plans"]["get"] |= {"deprecated": True, "x-extinction": jusqu_a}

    return plant


def p(*champ: str) -> tuple[str, ...]:
    """A property of what is answered."""
    return (*_RENDU, "properties", *champ)


def q(*champ: str) -> tuple[str, ...]:
    """A property of what is asked."""
    return (*_RECU, "properties", *champ)


NOUVELLE = {"operationId": "lister_buts", "responses": {"200": {"description": "Page"}}}
TEXTE, ENTIER = {"type": "string"}, {"type": "integer"}
FILTRE = {"name": "etat", "in": "query", "required": False, "schema": TEXTE}

# Each plant, what it must be called, and whether it breaks.
PLANTS = [
    # --- operations
    ("chemin retiré", ote("paths", "/v1/plans"), {"operation-retiree": True}),
    ("opération retirée", ote(*_CREER), {"operation-retiree": True}),
    ("opération ajoutée", mis("paths", "/v1/buts", {"get": NOUVELLE}),
     {"operation-ajoutee": False}),
    ("operationId changé", mis(*_LISTER, "operationId", "lire_plans"), {"nom-change": True}),
    ("étiquette changée", mis(*_LISTER, "tags", ["projets"]), {"etiquette-changee": True}),
    (
        "portée de plus",
        mis(*_LISTER, "security", [{"oauth2": ["essai:lire", "essai:sante"]}]),
        {"portee-ajoutee": True},
    ),
    (
        "autre portée",
        mis(*_LISTER, "security", [{"oauth2": ["essai:voir"]}]),
        {"portee-ajoutee": True},
    ),
    ("portée de moins", mis(*_LISTER, "security", [{"oauth2": []}]), {"portee-retiree": False}),
    (
        "portée au choix",
        mis(*_LISTER, "security", [{"oauth2": ["essai:lire"]}, {"oauth2": ["essai:voir"]}]),
        {"portee-retiree": False},
    ),
    ("dépréciée", deprecie("2028-01-05"), {"deprecie": False}),
    # --- parameters and bodies
    ("filtre retiré", ote(*_LISTER, "parameters", 0), {"parametre-retire": True}),
    ("en-tête retiré", ote(*_LISTER, "parameters", 1), {"parametre-retire": False}),
    ("filtre ajouté", plus(*_LISTER, "parameters", FILTRE), {"parametre-ajoute": False}),
    (
        "filtre requis ajouté",
        plus(*_LISTER, "parameters", FILTRE | {"required": True}),
        {"parametre-requis-ajoute": True},
    ),
    (
        "filtre devenu requis",
        mis(*_LISTER, "parameters", 0, "required", True),
        {"parametre-devenu-requis": True},
    ),
    (
        "écriture du filtre",
        mis(*_LISTER, "parameters", 0, "explode", False),
        {"ecriture-changee": True},
    ),
    (
        "ordre par défaut",
        mis(*_LISTER, "parameters", 0, "schema", "default", "cree_le"),
        {"defaut-change": True},
    ),
    ("corps retiré", ote(*_CREER, "requestBody"), {"corps-retire": True}),
    (
        "corps ajouté",
        mis(*_LISTER, "requestBody", {"content": json_de("Lieu")}),
        {"corps-ajoute": False},
    ),
    (
        "corps devenu facultatif",
        mis(*_CREER, "requestBody", "required", False),
        {"corps-devenu-facultatif": False},
    ),
    (
        "format du corps changé",
        mis(*_CREER, "requestBody", "content", {"application/xml": {"schema": TEXTE}}),
        {"format-retire": True, "format-ajoute": False},
    ),
    # --- answers
    ("statut retiré", ote(*_LISTER, "responses", "409"), {"statut-retire": True}),
    (
        "refus ajouté",
        mis(*_LISTER, "responses", "410", {"description": "Expiré"}),
        {"statut-ajoute": False},
    ),
    (
        "autre succès",
        mis(*_CREER, "responses", "202", {"description": "Reçu"}),
        {"statut-ajoute": True},
    ),
    (
        "réponse à un intervalle",
        mis(*_LISTER, "responses", "206", {"description": "Intervalle"}),
        {"statut-ajoute": False},
    ),
    (
        "code de refus changé",
        mis(*_LISTER, "responses", "409", "description", "Refus : `plan-clos`, `plan-perdu`"),
        {"code-retire": True, "code-ajoute": False},
    ),
    ("en-tête rendu retiré", ote(*_LISTER, "responses", "200", "headers"), {"entete-retire": True}),
    (
        "en-tête rendu ajouté",
        mis(*_CREER, "responses", "201", "headers", {"ETag": {"schema": TEXTE}}),
        {"entete-ajoute": False},
    ),
    (
        "format rendu de plus",
        mis(*_CREER, "responses", "201", "content", "text/csv", {"schema": TEXTE}),
        {"format-ajoute": False},
    ),
    # --- fields
    ("champ rendu retiré", ote(*p("jours")), {"champ-retire": True}),
    ("champ rendu ajouté", mis(*p("but"), TEXTE), {"champ-ajoute": False}),
    ("champ reçu retiré", ote(*q("note")), {"champ-retire": True}),
    ("champ reçu ajouté", mis(*q("but"), TEXTE), {"champ-ajoute": False}),
    (
        "champ reçu devenu requis",
        mis(*_RECU, "required", ["jours", "etat"]),
        {"champ-devenu-requis": True},
    ),
    (
        "champ reçu devenu facultatif",
        mis(*_RECU, "required", []),
        {"champ-devenu-facultatif": False},
    ),
    (
        "champ rendu devenu facultatif",
        mis(*_RENDU, "required", ["id", "etat"]),
        {"champ-devenu-facultatif": True},
    ),
    (
        "champ rendu devenu requis",
        mis(*_RENDU, "required", ["id", "jours", "etat", "note"]),
        {"champ-devenu-requis": False},
    ),
    (
        "champ reçu en lecture seule",
        mis(*q("note", "readOnly"), True),
        {"devenu-lecture-seule": True},
    ),
    (
        "champ rendu en écriture seule",
        mis(*p("note", "writeOnly"), True),
        {"devenu-ecriture-seule": True},
    ),
    ("entrée fermée", mis(*_SCHEMAS, "Lieu", "additionalProperties", False),
     {"champs-libres-refuses": True}),
    ("entrée ouverte", ote(*_RECU, "additionalProperties"), {"champs-libres-admis": False}),
    ("dictionnaire", mis(*q("libre", "additionalProperties"), ENTIER),
     {"type-restreint": True, "type-elargi": False}),
    ("composant renommé", renomme, {"composant-renomme": True}),
    # --- types, formats, bounds
    ("null n'est plus reçu", mis(*q("note", "type"), "string"), {"type-restreint": True}),
    ("null est reçu", mis(*q("jours", "type"), ["integer", "null"]), {"type-elargi": False}),
    ("null est rendu", mis(*p("jours", "type"), ["integer", "null"]), {"type-elargi": True}),
    ("null n'est plus rendu", mis(*p("note", "type"), "string"), {"type-restreint": False}),
    ("autre type rendu", mis(*p("id"), ENTIER),
     {"type-restreint": False, "type-elargi": True, "format-elargi": True}),
    ("format rendu perdu", ote(*p("id", "format")), {"format-elargi": True}),
    ("format reçu exigé", mis(*q("note", "format"), "date"), {"format-restreint": True}),
    ("borne reçue abaissée", mis(*q("jours", "maximum"), 60), {"borne-restreint": True}),
    ("borne reçue relevée", mis(*q("jours", "maximum"), 120), {"borne-elargi": False}),
    ("minimum reçu relevé", mis(*q("jours", "minimum"), 1), {"borne-restreint": True}),
    ("minimum rendu abaissé", mis(*p("jours", "minimum"), -1), {"borne-elargi": True}),
    ("borne rendue retirée", ote(*p("jours", "maximum")), {"borne-elargi": True}),
    ("borne rendue abaissée", mis(*p("jours", "maximum"), 60), {"borne-restreint": False}),
    ("longueur reçue bornée", mis(*q("note", "minLength"), 1), {"borne-restreint": True}),
    ("liste rendue plus longue", mis(*p("mots", "maxItems"), 9), {"borne-elargi": True}),
    ("élément rendu changé", mis(*p("mots", "items"), ENTIER),
     {"type-restreint": False, "type-elargi": True}),
    ("pas reçu doublé", mis(*q("jours", "multipleOf"), 10), {"pas-restreint": True}),
    ("pas reçu retiré", ote(*q("jours", "multipleOf")), {"pas-elargi": False}),
    ("motif reçu changé", mis(*q("note", "pattern"), "^[a-c]*$"),
     {"pattern-restreint": True, "pattern-elargi": False}),
    ("motif reçu retiré", ote(*q("note", "pattern")), {"pattern-elargi": False}),
    ("motif rendu retiré", ote(*p("note", "pattern")), {"pattern-elargi": True}),
    ("mot admis en plus", mis(*q("tri", "pattern"), "^-?(cree_le|nom|lieu)$"),
     {"pattern-elargi": False}),
    ("mot admis en moins", mis(*q("tri", "pattern"), "^-?(cree_le)$"),
     {"pattern-restreint": True}),
    ("sens du tri retiré", mis(*q("tri", "pattern"), "^(cree_le|nom)$"),
     {"pattern-restreint": True, "pattern-elargi": False}),
    ("champ admis en plus", mis(*q("champs", "pattern"), "^(id|nom|etat)(,(id|nom|etat))*$"),
     {"pattern-elargi": False}),
    ("un seul champ à la fois", mis(*q("champs", "pattern"), "^(id|nom)$"),
     {"pattern-restreint": True}),
    ("défaut reçu changé", mis(*q("essai", "default"), True), {"defaut-change": True}),
    ("défaut reçu ajouté", mis(*q("note", "default"), "a"), {"defaut-change": False}),
    # --- enumerations and choices
    ("valeur fermée ajoutée", mis(*_SCHEMAS, "Etat", "enum", ["ouvert", "clos", "gele"]),
     {"valeur-ajoutee": True}),
    ("valeur fermée retirée", mis(*_SCHEMAS, "Etat", "enum", ["ouvert"]),
     {"valeur-retiree": True}),
    ("valeur ouverte ajoutée", mis(*_SCHEMAS, "Genre", "enum", ["a", "b", "c"]),
     {"valeur-ajoutee": False}),
    ("valeur ouverte retirée", mis(*_SCHEMAS, "Genre", "enum", ["a"]), {"valeur-retiree": True}),
    ("liste ouverte", mis(*_SCHEMAS, "Etat", "x-enum-ouverte", True),
     {"enumeration-ouverte": True}),
    ("liste fermée", mis(*_SCHEMAS, "Genre", "x-enum-ouverte", False),
     {"enumeration-fermee": False}),
    ("texte rendu énuméré", mis(*p("note", "enum"), ["a"]), {"enumeration-restreint": False}),
    ("texte reçu énuméré", mis(*q("note", "enum"), ["a"]), {"enumeration-restreint": True}),
    ("choix reçu retiré", mis(*q("lieu"), ref("Lieu")), {"choix-retire": True}),
    ("choix rendu ajouté", mis(*p("lieu", "anyOf"), [ref("Lieu"), {"type": "null"}, TEXTE]),
     {"choix-ajoute": True}),
    ("champ sous un choix", ote(*_SCHEMAS, "Lieu", "properties", "commune"),
     {"champ-retire": True}),
    # --- what we send
    ("fait allégé", ote(*_SCHEMAS, "Avis", "properties", "id"), {"champ-retire": True}),
    ("fait enrichi", mis(*_SCHEMAS, "Avis", "properties", "le", TEXTE), {"champ-ajoute": False}),
    ("en-tête du fait", mis("components", "parameters", "webhook-id", "schema", ENTIER),
     {"type-restreint": False, "type-elargi": True}),
    # --- words
    ("mots seuls", mis(*p("jours", "description"), "Des jours"), {}),
    ("exemples seuls", mis(*p("jours", "examples"), [3]), {}),
    ("rien", rien, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("plant", "attendu"), [pytest.param(*rest, id=nom) for nom, *rest in PLANTS]
)
def test_a_planted_change_is_named_and_judged(plant: Plant, attendu: dict[str, bool]) -> None:
    """Planted in the tool: bounds judged the same both ways, and a closed enumeration taken for an
    open one, red each time in their own lines only.
    """
    apres = deepcopy(BASE)
    plant(apres)

    found = comparer(BASE, apres)

    assert {(one.code, one.rompt) for one in found} >= set(attendu.items())
    assert {one.code for one in found} == set(attendu)


def test_a_change_says_where_and_from_what_to_what() -> None:
    apres = deepcopy(BASE)
    mis(*q("jours", "maximum"), 60)(apres)
    mis(*_LISTER, "security", [{"oauth2": ["essai:voir"]}])(apres)

    assert [str(one) for one in comparer(BASE, apres)] == [
        "`GET /v1/plans` `portees` : portee-ajoutee (essai:lire → essai:voir)",
        "`PlanCreation` `/jours` : borne-restreint (maximum 90 → 60)",
    ]


def test_an_end_that_comes_sooner_breaks() -> None:
    avant, apres, tot = deepcopy(BASE), deepcopy(BASE), deepcopy(BASE)
    deprecie("2028-01-05")(avant)
    deprecie("2028-06-01")(apres)
    deprecie("2027-06-01")(tot)

    assert [one.rompt for one in comparer(avant, apres)] == [False]
    assert [one.rompt for one in comparer(avant, tot)] == [True]


def test_a_component_of_both_ways_is_judged_each_way() -> None:
    """Optional, a field may be left out by the caller, and by us."""
    apres = deepcopy(BASE)
    apres["components"]["schemas"]["Lieu"]["required"] = ["commune"]

    assert {(one.detail, one.rompt) for one in comparer(BASE, apres)} == {
        ("reçu", True),
        ("rendu", False),
    }


RUPTURE = Changement("Plan", "/jours", "champ-retire", True)
JOURNAL = (
    "# Journal\n\n## [0.2.0]\n\n### Ruptures\n\n- {}\n\n### Ajouté\n\n- `Plan`\n\n## [0.1.0]\n"
)


@pytest.mark.parametrize(
    ("version", "journal", "passe"),
    [
        pytest.param("0.2.0", JOURNAL.format("`Plan` n'a plus ses jours."), True, id="nommée"),
        pytest.param("0.2.0", JOURNAL.format("`Planning` a changé."), False, id="autre nommée"),
        pytest.param("0.2.0", JOURNAL.format("rien"), False, id="nommée ailleurs"),
        pytest.param("0.2.0", "# Journal\n", False, id="journal vide"),
        pytest.param("1.1.0", JOURNAL.format("`Plan`"), False, id="après 1.0"),
    ],
)
def test_a_break_must_be_named_before_1_0_and_waits_after(
    version: str, journal: str, passe: bool
) -> None:
    ajout = Changement("Plan", "/but", "champ-ajoute", False)

    assert (not versions.verifier(version, {"essai": [RUPTURE, ajout]}, journal)) is passe
    assert versions.verifier(version, {"essai": [ajout]}, "") == ""


def test_a_version_is_kept_once_and_compared_with(tmp_path: Path) -> None:
    gardees, documents = tmp_path / "versions", tmp_path / "documents"
    documents.mkdir()
    for service in SERVICES:
        (documents / f"{service}.json").write_text(json.dumps(BASE))
    versions.publier("0.9.0", gardees, documents)
    versions.publier("0.10.0-alpha.2", gardees, documents)
    apres = deepcopy(BASE)
    ote(*p("jours"))(apres)
    (documents / "parcours.json").write_text(json.dumps(apres))

    found = versions.changements(gardees, documents)

    assert versions.derniere(gardees) == "0.10.0-alpha.2"
    assert {service: len(one) for service, one in found.items()} == {
        "orientation": 0,
        "parcours": 1,
        "financement": 0,
    }
    assert "- `Plan` `/jours` : champ-retire (rendu)" in versions.page("0.10.0", found)
    with pytest.raises(versions.DejaPubliee):
        versions.publier("0.9.0", gardees, documents)
    versions.publier("0.10.0", gardees, documents)
    assert versions.derniere(gardees) == "0.10.0"
