// @ts-check
// The log of requests: newest first, with what was asked on demand.

import { ask, GoneError, oneAtATime } from "./api.js";
import { arrange, byId, counted, el, number } from "./dom.js";

/** @typedef {import("./api.js").Entry} Entry */

const KEPT = 1000;
const DRAWN = 200;

export class Log {
  /** @param {(error: unknown) => void} failed */
  constructor(failed) {
    this.failed = failed;
    this.ended = 0;
    /** @type {Entry[]} */
    this.entries = [];
    /** @type {Map<number, HTMLElement>} */
    this.drawn = new Map();
    this.onlyErrors = /** @type {HTMLInputElement} */ (byId("only-errors"));
    this.onlyMutations = /** @type {HTMLInputElement} */ (byId("only-mutations"));
    for (const box of [this.onlyErrors, this.onlyMutations]) box.addEventListener("change", () => this.draw());
    this.load = oneAtATime(() => this.loadNew(), failed);
  }

  /** @param {number} ended */
  told(ended) {
    byId("requests-count").textContent = number(ended);
    if (ended === this.ended) {
      if (ended === 0) this.draw();
      return;
    }
    if (ended < this.ended) this.forget(); // the sandbox was started again
    this.load();
  }

  forget() {
    this.ended = 0;
    this.entries = [];
    this.drawn.clear();
  }

  async loadNew() {
    const { ended, entries } = await ask(`requests?after=${this.ended}`);
    this.ended = ended;
    this.entries = [...entries, ...this.entries].slice(0, KEPT);
    this.draw();
  }

  /** @param {Entry} entry */
  wanted(entry) {
    const failed = entry.errors.length > 0 || entry.faults.length > 0 || entry.status !== 200;
    return (failed || !this.onlyErrors.checked) && (entry.kind === "mutation" || !this.onlyMutations.checked);
  }

  draw() {
    const wanted = this.entries.filter((entry) => this.wanted(entry));
    const shown = wanted.slice(0, DRAWN);
    /** @type {Map<number, HTMLElement>} */
    const drawn = new Map();
    for (const entry of shown) drawn.set(entry.number, this.drawn.get(entry.number) ?? line(entry, this.failed));
    this.drawn = drawn;
    arrange(byId("log"), drawn.values());
    byId("log-note").textContent = note(this.entries.length, wanted.length, shown.length);
  }
}

/**
 * @param {number} all
 * @param {number} wanted
 * @param {number} shown
 */
function note(all, wanted, shown) {
  if (all === 0) return "No request has come yet.";
  if (wanted === 0) return "None of them is of that kind.";
  return shown < wanted ? `The newest ${number(shown)} of ${number(wanted)} are shown.` : "";
}

/**
 * One request.
 * @param {Entry} entry
 * @param {(error: unknown) => void} failed
 */
function line(entry, failed) {
  const more = el("div", { class: "more", hidden: true, id: `request-${entry.number}` });
  const unfold = async () => {
    more.hidden = !more.hidden;
    button.setAttribute("aria-expanded", String(!more.hidden));
    if (!more.hidden && more.childElementCount === 0) more.append(...(await details(entry.number)));
  };
  const button = el(
    "button",
    {
      type: "button",
      "aria-expanded": "false",
      "aria-controls": more.id,
      click: () => void unfold().catch(failed),
    },
    el("span", { class: `kind k-${entry.kind}` }, entry.kind),
    el("span", { class: "fields" }, fieldsOf(entry)),
    status(entry),
  );
  const facts = el("p", { class: "facts" }, ...factsOf(entry));
  const faults = entry.faults.map((name) => el("span", { class: "fault" }, `fault: ${name}`));
  const replay = entry.replayed ? [el("span", { class: "replay" }, "replayed")] : [];
  const item = el("li", {}, button, facts);
  if (faults.length + replay.length > 0) item.append(el("p", { class: "marks" }, ...faults, ...replay));
  item.append(...entry.errors.slice(0, 3).map(errorLine));
  const further = entry.errors.length - 3;
  if (further > 0) item.append(el("p", { class: "errors" }, `and ${counted(further, "more error")}`));
  item.append(more);
  return item;
}

/** @param {{ message: string, code: string | null }} error */
function errorLine(error) {
  return el("p", { class: "errors" }, error.code === null ? error.message : `${error.code}: ${error.message}`);
}

/** @param {Entry} entry */
function fieldsOf(entry) {
  const asked = entry.fields.filter(([name]) => name !== "complexity" || entry.fields.length === 1);
  const words = asked.map(([name, count]) => (count > 1 ? `${name} ×${number(count)}` : name));
  return words.join(", ") || "not readable";
}

/** @param {Entry} entry */
function status(entry) {
  const fine = entry.status === 200 && entry.errors.length === 0;
  const words = entry.status === null ? "closed" : String(entry.status);
  const title = entry.status === null ? "The connection was closed without an answer" : `HTTP ${words}`;
  return el("span", { class: fine ? "status" : "status bad", title }, words);
}

/** @param {Entry} entry */
function factsOf(entry) {
  const time = new Date(entry.time).toLocaleTimeString("en-GB");
  const exact = entry.milliseconds < 10;
  const words = [`#${entry.number}`, `${number(exact ? entry.milliseconds : Math.round(entry.milliseconds))} ms`];
  if (entry.points > 0) words.push(`${number(entry.points)} points`);
  if (entry.name !== null) words.push(entry.name);
  return [el("time", { datetime: entry.time }, time), ` · ${words.join(" · ")}`];
}

/** @param {number} id */
async function details(id) {
  try {
    const found = await ask(`requests/${id}`);
    const headers = Object.entries(found.headers).map(([name, value]) => `${name}: ${value}`);
    const parts = { Headers: headers.join("\n"), Document: found.query, Variables: found.variables };
    const shown = Object.entries(parts)
      .filter(([, text]) => text)
      .flatMap(([title, text]) => [el("h4", {}, title), el("pre", { tabindex: "0" }, text)]);
    return shown.length > 0 ? shown : [el("p", { class: "note" }, "Nothing of it is kept.")];
  } catch (error) {
    if (error instanceof GoneError) return [el("p", { class: "note" }, "It is not kept any more.")];
    throw error;
  }
}
