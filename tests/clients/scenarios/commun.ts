// What the scenarios of the TypeScript client share: what they are given, and what they expect.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

import createClient from "openapi-fetch";

export const DONNE = JSON.parse(readFileSync(0, "utf-8"));

/** A client of one service, whose `paths` come from its document. */
export const ouvrir = <Paths extends {}>() =>
  createClient<Paths>({ baseUrl: DONNE.url, headers: { Authorization: `Bearer ${DONNE.jeton}` } });

/** A fresh idempotency key. */
export const cle = (): string => randomUUID();

/** The cursor of the next page, if there is one. */
export const curseur = (suivant: string | null): string | undefined =>
  suivant === null ? undefined : (new URL(suivant).searchParams.get("curseur") ?? undefined);

/** What was read, which must be there. */
export function rendu<T>(reponse: { data?: T; error?: unknown }): T {
  assert.ok(reponse.data !== undefined, JSON.stringify(reponse.error));
  return reponse.data;
}

/** A refusal: problem+json, with its status and its code. */
export function refus<E extends { code: string; status: number }>(
  reponse: { error?: E; response: Response },
  status: number,
  code: string,
): E {
  assert.equal(reponse.response.status, status);
  assert.equal(reponse.response.headers.get("Content-Type"), "application/problem+json");
  assert.ok(reponse.error);
  assert.deepEqual([reponse.error.status, reponse.error.code], [status, code]);
  return reponse.error;
}
