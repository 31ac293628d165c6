// @ts-check
// The sandbox's own JSON, which answers to this page alone.

/**
 * @typedef {{ id: string, title: string, type: string, chosen: boolean }} Column
 * @typedef {{ id: string, title: string, color: string, items: number, subitems: number, revision: number }} Group
 * @typedef {{ revision: number, name: string, items: number, items_limit: number, subitems: number,
 *   columns: Column[], subitem_columns: Column[], groups: Group[] }} Outline
 * @typedef {string | [number, string][]} Cell
 * @typedef {{ id: string, name: string, revision: number, subitems: number, values: Record<string, Cell> }} Row
 * @typedef {{ revision: number, group_revision: number, total: number, offset: number, page: number,
 *   rows: Row[] }} GroupPage
 * @typedef {{ limit: number, left: number, resets_in: number | null }} Quota
 * @typedef {{ refuses: boolean, complexity: Quota, requests: Quota, in_flight: Quota,
 *   calls: { used: number, limit: number }, points: number }} Limits
 * @typedef {{ number: number, name: string, operation: string | null, skip: number, times: number | null,
 *   probability: number, happened: number }} Order
 * @typedef {{ revision: number, requests: number, limits: Limits, choices: Record<string, any>,
 *   faults: Order[] }} State
 * @typedef {{ name: string, says: string, seconds: number | null, waits_for: string | null }} Preset
 * @typedef {{ faults: Preset[], operations: string[], plan: string[], window: string[], refusals: string[],
 *   idempotency: string[] }} Vocabulary
 * @typedef {{ number: number, time: string, milliseconds: number, kind: string, name: string | null,
 *   fields: [string, number][], status: number | null, errors: { message: string, code: string | null }[],
 *   points: number, faults: string[], replayed: boolean }} Entry
 */

/** The server has no such thing any more. */
export class GoneError extends Error {}

/**
 * Ask for JSON, or send some.
 * @param {string} path
 * @param {string} [method]
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
export async function ask(path, method = "GET", body = undefined) {
  /** @type {Record<string, string>} */
  const headers = { "X-Sandbox-Page": "1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(`/page/${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const document = await answer.json();
  if (answer.ok) return document;
  const words = typeof document.error === "string" ? document.error : `HTTP ${answer.status}`;
  throw answer.status === 404 ? new GoneError(words) : new Error(words);
}

/**
 * Run something, and again afterwards if it was asked for meanwhile: never twice at a time.
 * @param {() => Promise<void>} work
 * @param {(error: unknown) => void} failed
 * @returns {() => void}
 */
export function oneAtATime(work, failed) {
  let running = false;
  let again = false;
  const run = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      do {
        again = false;
        await work();
      } while (again);
    } catch (error) {
      failed(error);
    } finally {
      running = false;
    }
  };
  return () => void run();
}
