// @ts-check
// One item in the table of its group, and its subitems, which unfold.

import { ask, GoneError, oneAtATime } from "./api.js";
import { cell, head } from "./cells.js";
import { counted, el } from "./dom.js";

/**
 * @typedef {import("./api.js").Row} Row
 * @typedef {import("./api.js").Column} Column
 */

/** Let a row light up for a moment, because it is new or has changed.
 * @param {HTMLElement} row
 */
function lightUp(row) {
  row.classList.remove("fresh");
  void row.offsetWidth; // the animation begins anew only if the browser has seen the row without it
  row.classList.add("fresh");
}

export class ItemRow {
  /**
   * @param {Row} row
   * @param {(error: unknown) => void} failed
   */
  constructor(row, failed) {
    this.id = row.id;
    this.element = el("tr", { class: "item" });
    this.below = el("tr", { class: "below", hidden: true, id: `subitems-${row.id}` });
    this.button = el("button", {
      type: "button",
      class: "unfold",
      "aria-expanded": "false",
      "aria-controls": this.below.id,
      click: () => this.unfold(this.below.hidden),
    });
    this.known = "";
    this.unfolded = 0;
    /** @type {Column[]} */
    this.subcolumns = [];
    this.load = oneAtATime(() => this.loadSubitems(), failed);
  }

  /** The table rows of this item. */
  get elements() {
    return [this.element, this.below];
  }

  /**
   * Show what an item is now.
   * @param {Row} row
   * @param {Column[]} columns
   * @param {Column[]} subcolumns
   * @param {boolean} fresh
   */
  update(row, columns, subcolumns, fresh) {
    this.subcolumns = subcolumns;
    const known = JSON.stringify([row, columns.map((column) => column.id)]);
    if (known === this.known) return;
    this.known = known;
    this.button.textContent = String(row.subitems);
    this.button.hidden = row.subitems === 0;
    this.button.setAttribute("aria-label", `${counted(row.subitems, "subitem")} of ${row.name}`);
    const name = el("span", { class: "name", title: row.name }, row.name);
    const first = el("th", { scope: "row", class: "frozen" }, el("div", { class: "named" }, this.button, name));
    const focused = document.activeElement === this.button;
    this.element.replaceChildren(first, ...columns.map((column) => cell(column, row.values[column.id])));
    if (focused) this.button.focus();
    if (fresh) lightUp(this.element);
    if (row.subitems === 0) this.unfold(false);
    else if (!this.below.hidden) this.load();
    const span = columns.length + 1;
    if (this.below.firstElementChild instanceof HTMLTableCellElement) this.below.firstElementChild.colSpan = span;
  }

  /** @param {boolean} open */
  unfold(open) {
    this.below.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) this.load();
  }

  async loadSubitems() {
    let found;
    try {
      found = await ask(`items/${encodeURIComponent(this.id)}`);
    } catch (error) {
      if (error instanceof GoneError) return; // the next page of the group comes without it
      throw error;
    }
    /** @type {Row[]} */
    const rows = found.rows;
    const before = this.unfolded;
    this.unfolded = found.revision;
    const body = el("tbody");
    for (const row of rows) {
      const line = el("tr", {}, el("th", { scope: "row", class: "frozen" }, row.name));
      line.append(...this.subcolumns.map((column) => cell(column, row.values[column.id])));
      body.append(line);
      if (before > 0 && row.revision > before) line.classList.add("fresh");
    }
    const table = el("table", { class: "subitems" }, ...head("Subitem", this.subcolumns), body);
    const whole = el("td", { colspan: this.element.childElementCount }, el("div", { class: "held" }, table));
    this.below.replaceChildren(whole);
  }
}
