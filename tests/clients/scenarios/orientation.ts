// A person comes, is oriented and decided for, through the generated client.
import assert from "node:assert/strict";

import { cle, curseur, DONNE, ouvrir, refus, rendu } from "./commun.js";
import type { components, paths } from "./orientation-api.js";

const client = ouvrir<paths>();

// A command repeated under its key has one effect; another one under it is refused.
const demande: components["schemas"]["PersonneCreation"] = {
  nom: "Essai-Typescript",
  prenoms: "Maëlle",
  date_naissance: "1991-01-31",
  code_commune: "35236",
  beneficiaire_rsa: true,
  droits_devoirs: true,
};
const premiere = cle();
const creer = (body: typeof demande, key: string) =>
  client.POST("/v1/personnes", { params: { header: { "Idempotency-Key": key } }, body });
const faite = await creer(demande, premiere);
const refaite = await creer(demande, premiere);
const personne = rendu(faite);
assert.equal(faite.response.status, 201);
assert.equal(refaite.response.headers.get("Idempotency-Replayed"), "true");
assert.equal(rendu(refaite).id, personne.id);
refus(await creer({ ...demande, prenoms: "Gwenn" }, premiere), 422, "idempotence-cle-reutilisee");

// A refusal is problem+json, with what is wrong and where, and never what was sent.
const refusee = await creer({ ...demande, code_commune: "99999" }, cle());
assert.equal(refus(refusee, 422, "validation").erreurs?.[0]?.pointeur, "/code_commune");

// A version that was read guards what is written: the second of two is told that it is stale.
const ouverte = rendu(
  await client.POST("/v1/orientations", {
    params: { header: { "Idempotency-Key": cle() } },
    body: { personne_id: personne.id },
  }),
);
const path = { orientation_id: ouverte.id };
const deposer = () =>
  client.POST("/v1/orientations/{orientation_id}/criteres", {
    params: { path, header: { "Idempotency-Key": cle(), "If-Match": `"${ouverte.version}"` } },
    body: DONNE.criteres,
  });
assert.ok(rendu(await deposer()).explication.texte);
refus(await deposer(), 412, "version-depassee");
const relue = await client.GET("/v1/orientations/{orientation_id}", { params: { path } });
const etag = relue.response.headers.get("ETag");
assert.ok(etag);
rendu(
  await client.POST("/v1/orientations/{orientation_id}/decisions", {
    params: { path, header: { "Idempotency-Key": cle(), "If-Match": etag } },
    body: { etat_decision: "acceptee" },
  }),
);
const decidee = await client.GET("/v1/orientations/{orientation_id}", { params: { path } });
assert.equal(rendu(decidee).statut, "ouverte");

// A collection is walked page by page, until there is no next one.
const noms: string[] = [];
let suivant: string | undefined;
do {
  const page = rendu(
    await client.GET("/v1/organismes-referents", {
      params: { query: { limite: 1, curseur: suivant } },
    }),
  );
  assert.ok("pagination" in page);
  noms.push(...page.elements.map((one) => String(one.reference)));
  suivant = curseur(page.pagination.suivant);
} while (suivant);
assert.deepEqual(noms.sort(), DONNE.organismes);

console.log(personne.id);
