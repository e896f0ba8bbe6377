"""What changed between two OpenAPI documents, and what of it breaks a partner's software.

The rules are those of the contract guide (3.2, 3.3), seen from the one who calls: what it may
send may only grow, what it is answered may only gain. A name that generated clients take as their
own (operation, tag, component) is a promise too.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

Json = Mapping[str, Any]
_COMPOSANT = "#/components/schemas/"
_CODE = re.compile(r"`([a-z]+(?:-[a-z]+)*)`")
# A bound, and whether a greater one admits more.
_BORNES = {
    **dict.fromkeys(("maximum", "maxLength", "maxItems", "maxProperties"), True),
    **dict.fromkeys(("minimum", "minLength", "minItems", "minProperties"), False),
}


class Sens(Enum):
    """Who writes the value."""

    ENTREE = "reçu"
    SORTIE = "rendu"


@dataclass(frozen=True, order=True)
class Changement:
    """One change.

    Attributes:
        lieu: the component or the operation, as a changelog names it.
        pointeur: where in it; empty when it is the whole of it.
        code: what happened to it.
        rompt: whether software that was right before may fail.
        detail: before and after, when that says more.
    """

    lieu: str
    pointeur: str
    code: str
    rompt: bool
    detail: str = ""

    def __str__(self) -> str:
        where = f"`{self.lieu}`" + (f" `{self.pointeur}`" if self.pointeur else "")
        return f"{where} : {self.code}" + (f" ({self.detail})" if self.detail else "")


def comparer(avant: Json, apres: Json) -> list[Changement]:
    """All that changed from a document to another, in order; words and examples left out."""
    return sorted(set(_Comparaison(avant, apres).tout()))


class _Comparaison:
    """A walk through two documents at once; each pair of components is compared once a direction.

    What only new operations use is new with them, and is not told again.
    """

    def __init__(self, avant: Json, apres: Json) -> None:
        self._avant, self._apres = avant, apres
        self._vus: set[tuple[str, str, Sens]] = set()

    def tout(self) -> Iterator[Changement]:
        yield from self._operations("paths", "", Sens.ENTREE, Sens.SORTIE)
        # What we call at a partner's is ours to write.
        yield from self._operations("webhooks", "webhook ", Sens.SORTIE, Sens.ENTREE)

    def _operations(
        self, section: str, prefixe: str, demande: Sens, reponse: Sens
    ) -> Iterator[Changement]:
        avant, apres = (
            {
                f"{prefixe}{method.upper()} {path}": operation
                for path, methods in document.get(section, {}).items()
                for method, operation in methods.items()
            }
            for document in (self._avant, self._apres)
        )
        for lieu in avant.keys() - apres.keys():
            yield Changement(lieu, "", "operation-retiree", True)
        for lieu in apres.keys() - avant.keys():
            yield Changement(lieu, "", "operation-ajoutee", False)
        for lieu in avant.keys() & apres.keys():
            yield from self._operation(lieu, avant[lieu], apres[lieu], demande, reponse)

    def _operation(
        self, lieu: str, a: Json, b: Json, demande: Sens, reponse: Sens
    ) -> Iterator[Changement]:
        for name, code in (("operationId", "nom-change"), ("tags", "etiquette-changee")):
            if a.get(name) != b.get(name):
                yield Changement(lieu, name, code, True, _fleche(a.get(name), b.get(name)))
        yield from _depreciation(lieu, "", a, b)
        yield from _securite(lieu, a.get("security", []), b.get("security", []))
        yield from self._parametres(lieu, a.get("parameters", []), b.get("parameters", []), demande)
        yield from self._corps(lieu, a.get("requestBody"), b.get("requestBody"), demande)
        avant, apres = a["responses"], b["responses"]
        for status in avant.keys() - apres.keys():
            yield Changement(lieu, status, "statut-retire", True)
        for status in apres.keys() - avant.keys():
            # 206 is answered to who asks by `Range`, and was not answered before.
            rompt = status.startswith("2") and status != "206"
            yield Changement(lieu, status, "statut-ajoute", rompt)
        for status in avant.keys() & apres.keys():
            yield from self._reponse(lieu, status, avant[status], apres[status], reponse)

    def _parametres(
        self, lieu: str, a: Iterable[Json], b: Iterable[Json], sens: Sens
    ) -> Iterator[Changement]:
        avant, apres = (
            {
                (one["in"], one["name"]): one
                for one in (self._resolu(document, raw) for raw in found)
            }
            for document, found in ((self._avant, a), (self._apres, b))
        )
        for place, name in avant.keys() - apres.keys():
            # A query parameter that is not known is refused; a header is not looked at.
            yield Changement(lieu, name, "parametre-retire", place != "header")
        for key in apres.keys() - avant.keys():
            requis = bool(apres[key].get("required"))
            code = "parametre-requis-ajoute" if requis else "parametre-ajoute"
            yield Changement(lieu, key[1], code, requis)
        for key in avant.keys() & apres.keys():
            one, other, name = avant[key], apres[key], key[1]
            if bool(one.get("required")) != bool(other.get("required")):
                requis = bool(other.get("required"))
                code = "parametre-devenu-requis" if requis else "parametre-devenu-facultatif"
                yield Changement(lieu, name, code, requis)
            for word in ("style", "explode"):
                if one.get(word) != other.get(word):
                    yield Changement(lieu, name, "ecriture-changee", True, word)
            yield from _depreciation(lieu, name, one, other)
            yield from self._schema(lieu, name, one["schema"], other["schema"], sens)

    def _corps(self, lieu: str, a: Json | None, b: Json | None, sens: Sens) -> Iterator[Changement]:
        if a is None or b is None:
            if b is not None:
                requis = bool(b.get("required"))
                yield Changement(lieu, "corps", "corps-ajoute", requis)
            elif a is not None:
                yield Changement(lieu, "corps", "corps-retire", True)
            return
        if bool(a.get("required")) != bool(b.get("required")):
            requis = bool(b.get("required"))
            code = "corps-devenu-requis" if requis else "corps-devenu-facultatif"
            yield Changement(lieu, "corps", code, requis)
        yield from self._contenus(lieu, "corps", a, b, sens)

    def _reponse(
        self, lieu: str, status: str, a: Json, b: Json, sens: Sens
    ) -> Iterator[Changement]:
        if status >= "400":
            avant, apres = (set(_CODE.findall(one.get("description", ""))) for one in (a, b))
            for code in avant - apres:
                yield Changement(lieu, status, "code-retire", True, code)
            for code in apres - avant:
                yield Changement(lieu, status, "code-ajoute", False, code)
        avant_h, apres_h = a.get("headers", {}), b.get("headers", {})
        for name in avant_h.keys() - apres_h.keys():
            yield Changement(lieu, f"{status} {name}", "entete-retire", True)
        for name in apres_h.keys() - avant_h.keys():
            yield Changement(lieu, f"{status} {name}", "entete-ajoute", False)
        for name in avant_h.keys() & apres_h.keys():
            yield from self._schema(
                lieu, f"{status} {name}", avant_h[name]["schema"], apres_h[name]["schema"], sens
            )
        yield from self._contenus(lieu, status, a, b, sens)

    def _contenus(
        self, lieu: str, pointeur: str, a: Json, b: Json, sens: Sens
    ) -> Iterator[Changement]:
        avant, apres = a.get("content", {}), b.get("content", {})
        for media in avant.keys() - apres.keys():
            yield Changement(lieu, pointeur, "format-retire", True, media)
        for media in apres.keys() - avant.keys():
            yield Changement(lieu, pointeur, "format-ajoute", False, media)
        for media in avant.keys() & apres.keys():
            yield from self._schema(
                lieu, pointeur, avant[media]["schema"], apres[media]["schema"], sens
            )

    def _schema(
        self, lieu: str, pointeur: str, a: Json, b: Json, sens: Sens
    ) -> Iterator[Changement]:
        own, other = a.get("$ref"), b.get("$ref")
        if own and other:
            if (own, other, sens) in self._vus:
                return
            self._vus.add((own, other, sens))
            if own != other:
                noms = [one.removeprefix(_COMPOSANT) for one in (own, other)]
                yield Changement(noms[0], "", "composant-renomme", True, _fleche(*noms))
            # A name that a partner knows: the old one.
            lieu, pointeur = own.removeprefix(_COMPOSANT), ""
        brut_a, brut_b = a, b
        a, b = self._resolu(self._avant, a), self._resolu(self._apres, b)
        yield from _depreciation(lieu, pointeur, a, b)
        if "anyOf" in a or "anyOf" in b:
            yield from self._options(
                lieu, pointeur, a.get("anyOf", [brut_a]), b.get("anyOf", [brut_b]), sens
            )
            yield from _defaut(lieu, pointeur, a, b, sens)
            return
        yield from _valeurs(lieu, pointeur, a, b, sens)
        if "items" in a and "items" in b:
            yield from self._schema(lieu, f"{pointeur}/*", a["items"], b["items"], sens)
        yield from self._proprietes(lieu, pointeur, a, b, sens)

    def _resolu(self, document: Json, schema: Json) -> Json:
        reference = schema.get("$ref")
        if reference is None:
            return schema
        genre, nom = reference.split("/")[-2:]
        found: Json = document["components"][genre][nom]
        return {**found, **{name: value for name, value in schema.items() if name != "$ref"}}

    def _options(
        self, lieu: str, pointeur: str, a: list[Json], b: list[Json], sens: Sens
    ) -> Iterator[Changement]:
        avant, apres = ({_nom(one): one for one in options} for options in (a, b))
        seules, neuves = sorted(avant.keys() - apres.keys()), sorted(apres.keys() - avant.keys())
        if len(seules) == len(neuves) == 1:  # the same choice, under another name
            paires = [(avant[seules[0]], apres[neuves[0]])]
            seules, neuves = [], []
        else:
            paires = []
        for nom in seules:
            yield Changement(lieu, pointeur, "choix-retire", sens is Sens.ENTREE, nom)
        for nom in neuves:
            yield Changement(lieu, pointeur, "choix-ajoute", sens is Sens.SORTIE, nom)
        paires += [(avant[nom], apres[nom]) for nom in avant.keys() & apres.keys()]
        for one, other in paires:
            yield from self._schema(lieu, pointeur, one, other, sens)

    def _proprietes(
        self, lieu: str, pointeur: str, a: Json, b: Json, sens: Sens
    ) -> Iterator[Changement]:
        avant, apres = a.get("properties", {}), b.get("properties", {})
        requis_a, requis_b = set(a.get("required", ())), set(b.get("required", ()))
        for name in avant.keys() - apres.keys():
            yield Changement(lieu, f"{pointeur}/{name}", "champ-retire", True, sens.value)
        for name in apres.keys() - avant.keys():
            rompt = sens is Sens.ENTREE and name in requis_b
            code = "champ-requis-ajoute" if rompt else "champ-ajoute"
            yield Changement(lieu, f"{pointeur}/{name}", code, rompt, sens.value)
        for name in avant.keys() & apres.keys():
            place = f"{pointeur}/{name}"
            if name in requis_b - requis_a:
                rompt = sens is Sens.ENTREE
                yield Changement(lieu, place, "champ-devenu-requis", rompt, sens.value)
            if name in requis_a - requis_b:
                rompt = sens is Sens.SORTIE
                yield Changement(lieu, place, "champ-devenu-facultatif", rompt, sens.value)
            yield from self._schema(lieu, place, avant[name], apres[name], sens)
        yield from self._autres(lieu, pointeur, a, b, sens)

    def _autres(
        self, lieu: str, pointeur: str, a: Json, b: Json, sens: Sens
    ) -> Iterator[Changement]:
        """The fields that a schema does not name: refused, free, or of one form."""
        one, other = (schema.get("additionalProperties", True) for schema in (a, b))
        if isinstance(one, dict) and isinstance(other, dict) and one and other:
            yield from self._schema(lieu, f"{pointeur}/*", one, other, sens)
            return
        largeurs = [
            0 if found is False else 1 if found not in (True, {}) else 2 for found in (one, other)
        ]
        if largeurs[1] < largeurs[0]:
            yield Changement(lieu, pointeur, "champs-libres-refuses", sens is Sens.ENTREE)
        if largeurs[1] > largeurs[0]:
            yield Changement(lieu, pointeur, "champs-libres-admis", False)


def _valeurs(lieu: str, pointeur: str, a: Json, b: Json, sens: Sens) -> Iterator[Changement]:
    """What a schema says of one value: type, format, bounds, pattern, enumeration, default."""

    def juge(code: str, *, plus_etroit: bool, detail: str = "") -> Changement:
        # Narrower, what is sent may be refused; wider, what is answered may surprise.
        suffixe = "restreint" if plus_etroit else "elargi"
        rompt = plus_etroit is (sens is Sens.ENTREE)
        return Changement(lieu, pointeur, f"{code}-{suffixe}", rompt, detail)

    avant, apres = _types(a), _types(b)
    if avant - apres:
        yield juge("type", plus_etroit=True, detail=_fleche(sorted(avant), sorted(apres)))
    if apres - avant:
        yield juge("type", plus_etroit=False, detail=_fleche(sorted(avant), sorted(apres)))
    for word in ("format", "uniqueItems"):
        yield from _mot(word, a.get(word) or None, b.get(word) or None, juge)
    yield from _motif(a.get("pattern"), b.get("pattern"), juge)
    for word, croissante in _BORNES.items():
        sans = float("inf") if croissante else float("-inf")
        borne_a, borne_b = a.get(word, sans), b.get(word, sans)
        if borne_a != borne_b:
            detail = f"{word} {_fleche(a.get(word), b.get(word))}"
            yield juge("borne", plus_etroit=(borne_b < borne_a) is croissante, detail=detail)
    pas_a, pas_b = a.get("multipleOf", 1), b.get("multipleOf", 1)
    if pas_a != pas_b:
        if pas_a % pas_b:
            yield juge("pas", plus_etroit=True, detail=_fleche(pas_a, pas_b))
        if pas_b % pas_a:
            yield juge("pas", plus_etroit=False, detail=_fleche(pas_a, pas_b))
    if sens is Sens.ENTREE and b.get("readOnly") and not a.get("readOnly"):
        yield Changement(lieu, pointeur, "devenu-lecture-seule", True)
    if sens is Sens.SORTIE and b.get("writeOnly") and not a.get("writeOnly"):
        yield Changement(lieu, pointeur, "devenu-ecriture-seule", True)
    yield from _enumeration(lieu, pointeur, a, b, sens, juge)
    yield from _defaut(lieu, pointeur, a, b, sens)


def _mot(
    word: str, avant: Any, apres: Any, juge: Callable[..., Changement]
) -> Iterator[Changement]:
    """A constraint that is there or not: another one is neither narrower nor wider, but both."""
    if avant == apres:
        return
    detail = f"{word} {_fleche(avant, apres)}"
    if apres is not None:
        yield juge(word, plus_etroit=True, detail=detail)
    if avant is not None:
        yield juge(word, plus_etroit=False, detail=detail)


# A closed list of words, alone or separated by commas, a minus before it or not: `champs`, `tri`.
_LISTE = re.compile(r"\^(-\?)?\(([\w.|-]+)\)(\(,\(\2\)\)\*)?\$")


def _motif(
    avant: str | None, apres: str | None, juge: Callable[..., Changement]
) -> Iterator[Changement]:
    """Two patterns: of those that list words, the words tell which is the narrower."""
    listes = [_LISTE.fullmatch(motif or "") for motif in (avant, apres)]
    if listes[0] is None or listes[1] is None or listes[0][1] != listes[1][1]:
        yield from _mot("pattern", avant, apres, juge)
        return
    mots_a, mots_b = (set(liste[2].split("|")) for liste in listes if liste)
    if bool(listes[0][3]) and not listes[1][3]:
        yield juge("pattern", plus_etroit=True, detail="un seul mot")
    if bool(listes[1][3]) and not listes[0][3]:
        yield juge("pattern", plus_etroit=False, detail="plusieurs mots")
    if mots_a - mots_b:
        yield juge("pattern", plus_etroit=True, detail=f"sans {', '.join(sorted(mots_a - mots_b))}")
    if mots_b - mots_a:
        yield juge(
            "pattern", plus_etroit=False, detail=f"avec {', '.join(sorted(mots_b - mots_a))}"
        )


def _enumeration(
    lieu: str,
    pointeur: str,
    a: Json,
    b: Json,
    sens: Sens,
    juge: Callable[..., Changement],
) -> Iterator[Changement]:
    if "enum" not in a and "enum" not in b:
        return
    if "enum" not in a or "enum" not in b:
        yield juge("enumeration", plus_etroit="enum" in b)
        return
    ouverte_a, ouverte_b = bool(a.get("x-enum-ouverte")), bool(b.get("x-enum-ouverte"))
    if ouverte_b and not ouverte_a:
        yield Changement(lieu, pointeur, "enumeration-ouverte", sens is Sens.SORTIE)
    if ouverte_a and not ouverte_b:
        yield Changement(lieu, pointeur, "enumeration-fermee", False)
    for value in set(a["enum"]) - set(b["enum"]):
        yield Changement(lieu, pointeur, "valeur-retiree", True, str(value))
    for value in set(b["enum"]) - set(a["enum"]):
        # What a closed enumeration promised is that there is no other.
        yield Changement(lieu, pointeur, "valeur-ajoutee", not ouverte_a, str(value))


def _defaut(lieu: str, pointeur: str, a: Json, b: Json, sens: Sens) -> Iterator[Changement]:
    if sens is Sens.SORTIE or a.get("default") == b.get("default"):
        return
    detail = _fleche(a.get("default"), b.get("default"))
    yield Changement(lieu, pointeur, "defaut-change", "default" in a, detail)


def _depreciation(lieu: str, pointeur: str, a: Json, b: Json) -> Iterator[Changement]:
    if b.get("deprecated") and not a.get("deprecated"):
        yield Changement(lieu, pointeur, "deprecie", False, str(b.get("x-extinction", "")))
    fin_a, fin_b = a.get("x-extinction"), b.get("x-extinction")
    if fin_a and fin_b and fin_a != fin_b:
        yield Changement(
            lieu, pointeur, "extinction-deplacee", fin_b < fin_a, _fleche(fin_a, fin_b)
        )


def _securite(lieu: str, a: list[Json], b: list[Json]) -> Iterator[Changement]:
    """A token that was enough must still be: one of the new needs is within each of the old."""
    avant, apres = (
        [{f"{name} {scope}" for name, scopes in one.items() for scope in scopes} for one in found]
        for found in (a or [{}], b or [{}])
    )
    noms = [
        sorted({scope.split()[1] for need in found for scope in need}) for found in (avant, apres)
    ]
    if not all(any(need <= had for need in apres) for had in avant):
        yield Changement(lieu, "portees", "portee-ajoutee", True, _fleche(*noms))
    elif not all(any(had <= need for had in avant) for need in apres):
        yield Changement(lieu, "portees", "portee-retiree", False, _fleche(*noms))


def _types(schema: Json) -> set[str]:
    found = schema.get("type", [])
    return {found} if isinstance(found, str) else set(found)


def _nom(schema: Json) -> str:
    """What an option is called among others: its component, or its type."""
    reference = schema.get("$ref")
    if reference:
        return str(reference).removeprefix(_COMPOSANT)
    return ", ".join(sorted(_types(schema))) or json.dumps(schema, sort_keys=True)


def _fleche(avant: Any, apres: Any) -> str:
    return " → ".join(_dit(one) for one in (avant, apres))


def _dit(value: Any) -> str:
    if value is None:
        return "rien"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
