// @ts-check
// What is left of the limits, and the choices of how the sandbox behaves.

import { ask } from "./api.js";
import { byId, el, number } from "./dom.js";
import { labelled } from "./faults.js";

/**
 * @typedef {import("./api.js").Limits} Limits
 * @typedef {import("./api.js").Vocabulary} Vocabulary
 */

/** @type {[string, string, string][]} */
const NUMBERS = [
  ["mutation_cost", "Points of a mutation", "1"],
  ["latency", "Latency, times monday.com's own", "any"],
  ["search_lag", "Search lag in seconds", "any"],
];

export class Meters {
  constructor() {
    this.known = "";
  }

  /** @param {Limits} limits */
  update(limits) {
    const known = JSON.stringify(limits);
    if (known === this.known) return;
    this.known = known;
    const { complexity, requests, in_flight: flight, calls } = limits;
    /** @type {[string, number, number, string][]} */
    const rows = [
      ["Points this minute", complexity.limit - complexity.left, complexity.limit, back(complexity.resets_in)],
      ["Requests this minute", requests.limit - requests.left, requests.limit, back(requests.resets_in)],
      ["Requests in flight", flight.limit - flight.left, flight.limit, ""],
      ["Calls today", calls.used, calls.limit, ""],
    ];
    const total = el("p", { class: "facts" }, `${number(limits.points)} points in all`);
    byId("meters").replaceChildren(...rows.map((row) => meter(...row, limits.refuses)), total);
  }
}

/** @param {number | null} seconds */
function back(seconds) {
  return seconds === null ? "" : `back in ${seconds} s`;
}

/**
 * @param {string} title
 * @param {number} used
 * @param {number} limit
 * @param {string} note
 * @param {boolean} refuses
 */
function meter(title, used, limit, note, refuses) {
  const share = Math.min(1, used / limit);
  const words = refuses ? `${number(used)} of ${number(limit)}` : `${number(used)}, not limited`;
  const facts = el("p", { class: "words" }, el("span", {}, title), el("span", { class: "used" }, words));
  const shown = el("div", { class: share >= 0.9 ? "meter high" : "meter" }, facts);
  if (refuses) {
    const bar = el("div", { class: "bar" }, el("div", { class: "fill" }));
    bar.style.setProperty("--share", `${share * 100}%`);
    shown.append(bar);
  }
  shown.append(el("p", { class: "facts" }, note));
  return shown;
}

export class Choices {
  /** @param {Vocabulary} vocabulary */
  constructor(vocabulary) {
    /** @type {Map<string, HTMLInputElement | HTMLSelectElement>} */
    this.inputs = new Map();
    this.error = el("p", { class: "error", role: "alert" });
    const form = byId("choices-form");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.append(
      this.selected("plan", "Plan", vocabulary.plan),
      ...NUMBERS.map(([name, words, step]) => this.numbered(name, words, step)),
      this.selected("window", "Points come back", vocabulary.window),
      this.selected("refusals", "Limits are told", vocabulary.refusals),
      this.selected("idempotency", "Idempotency keys", vocabulary.idempotency),
      this.switched("bulk", "Serve bulk imports"),
      this.error,
    );
  }

  /**
   * @param {string} name
   * @param {string} words
   * @param {string[]} options
   */
  selected(name, words, options) {
    /** @type {HTMLSelectElement} */
    const input = el("select", { id: `choice-${name}`, change: () => this.send(name, input.value) });
    input.append(...options.map((option) => el("option", { value: option }, option)));
    this.inputs.set(name, input);
    return labelled(words, input);
  }

  /**
   * @param {string} name
   * @param {string} words
   * @param {string} step
   */
  numbered(name, words, step) {
    const change = () => this.send(name, input.value === "" ? null : Number(input.value));
    /** @type {HTMLInputElement} */
    const input = el("input", { type: "number", id: `choice-${name}`, min: "0", step, change });
    this.inputs.set(name, input);
    return labelled(words, input);
  }

  /**
   * @param {string} name
   * @param {string} words
   */
  switched(name, words) {
    const change = () => this.send(name, input.checked);
    /** @type {HTMLInputElement} */
    const input = el("input", { type: "checkbox", id: `choice-${name}`, change });
    this.inputs.set(name, input);
    return el("p", { class: "field switch" }, input, el("label", { for: input.id }, words));
  }

  /**
   * @param {string} name
   * @param {string | number | boolean | null} value
   */
  async send(name, value) {
    try {
      const { choices } = await ask("choices", "PATCH", { [name]: value });
      this.error.textContent = "";
      this.update(choices);
    } catch (error) {
      this.error.textContent = String(error instanceof Error ? error.message : error);
    }
  }

  /** @param {Record<string, string | number | boolean>} choices */
  update(choices) {
    for (const [name, input] of this.inputs) {
      const value = choices[name];
      if (input instanceof HTMLInputElement && input.type === "checkbox") {
        input.checked = value === true;
      } else if (document.activeElement !== input || input instanceof HTMLSelectElement) {
        offer(input, String(value));
        input.value = String(value);
      }
    }
  }
}

/**
 * Let a choice be shown that has no name of its own in the list, because a program made it.
 * @param {HTMLInputElement | HTMLSelectElement} input
 * @param {string} value
 */
function offer(input, value) {
  if (!(input instanceof HTMLSelectElement)) return;
  if ([...input.options].some((option) => option.value === value)) return;
  input.append(el("option", { value, disabled: true }, value));
}
