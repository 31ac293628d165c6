// @ts-check
// Which columns are shown: a chosen set, or what people choose, which the browser remembers.

import { byId, el } from "./dom.js";

/** @typedef {import("./api.js").Column} Column */

const KEPT = "sandbox.columns";

export class Columns {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {Column[]} */
    this.all = [];
    this.ids = "";
    /** @type {Set<string> | null} */
    this.chosen = kept();
    const sheet = byId("columns").closest("details");
    sheet?.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      sheet.open = false;
      sheet.querySelector("summary")?.focus();
    });
  }

  /** The columns to show, in the order of the board. */
  get shown() {
    const chosen = this.chosen;
    return this.all.filter((column) => (chosen === null ? column.chosen : chosen.has(column.id)));
  }

  /** @param {Column[]} columns */
  update(columns) {
    const ids = columns.map((column) => column.id).join();
    if (ids === this.ids) return;
    this.ids = ids;
    this.all = columns;
    this.draw();
  }

  draw() {
    const shown = new Set(this.shown.map((column) => column.id));
    const boxes = this.all.map((column) => {
      /** @type {HTMLInputElement} */
      const box = el("input", {
        type: "checkbox",
        checked: shown.has(column.id),
        change: () => this.choose(shown, column.id, box.checked),
      });
      return el("label", {}, box, el("span", {}, column.title));
    });
    const sets = el(
      "p",
      { class: "sets" },
      el("button", { type: "button", click: () => this.set(null) }, "Chosen set"),
      el("button", { type: "button", click: () => this.set(new Set(this.all.map(({ id }) => id))) }, "All"),
    );
    byId("columns").replaceChildren(sets, el("div", { class: "boxes" }, ...boxes));
    this.count();
  }

  count() {
    byId("columns-count").textContent = `${this.shown.length} of ${this.all.length}`;
  }

  /**
   * @param {Set<string>} shown
   * @param {string} id
   * @param {boolean} wanted
   */
  choose(shown, id, wanted) {
    if (wanted) shown.add(id);
    else shown.delete(id);
    this.keep(shown);
    this.count();
    this.changed();
  }

  /** @param {Set<string> | null} chosen */
  set(chosen) {
    this.keep(chosen);
    this.draw();
    this.changed();
  }

  /** @param {Set<string> | null} chosen */
  keep(chosen) {
    this.chosen = chosen;
    if (chosen === null) localStorage.removeItem(KEPT);
    else localStorage.setItem(KEPT, JSON.stringify([...chosen]));
  }
}

/** @returns {Set<string> | null} */
function kept() {
  try {
    const ids = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    return Array.isArray(ids) ? new Set(ids) : null;
  } catch {
    return null;
  }
}
