// @ts-check
// One item in the table of its group, and its subitems, which unfold.

import { ask, GoneError, oneAtATime } from "./api.js";
import { cell, head } from "./cells.js";
import { counted, el } from "./dom.js";

/**
 * @typedef {import("./api.js").Row} Row
 * @typedef {import("./api.js").Column} Column
 */

const FRESH_MILLISECONDS = 3000;

/**
 * Let a cell light up for a moment, because it is new or has changed.
 * @param {Element} cell
 */
function lightUp(cell) {
  cell.classList.add("fresh");
  // Hidden and shown again later, it would light up once more.
  setTimeout(() => cell.classList.remove("fresh"), FRESH_MILLISECONDS);
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
    /** @type {Row | null} */
    this.shown = null;
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
    const cells = columns.map((column) => cell(column, row.values[column.id]));
    this.element.replaceChildren(first, ...cells);
    if (focused) this.button.focus();
    if (fresh) [first, ...this.changed(row, columns, cells)].forEach(lightUp);
    this.shown = row;
    if (row.subitems === 0) this.unfold(false);
    else if (!this.below.hidden) this.load();
    const span = columns.length + 1;
    if (this.below.firstElementChild instanceof HTMLTableCellElement) this.below.firstElementChild.colSpan = span;
  }

  /**
   * The cells whose values are others than before; none of an item that was not there before.
   * @param {Row} row
   * @param {Column[]} columns
   * @param {Element[]} cells
   */
  changed(row, columns, cells) {
    const before = this.shown?.values;
    if (before === undefined) return [];
    const told = (/** @type {Row["values"]} */ values, /** @type {string} */ id) => JSON.stringify(values[id]);
    return cells.filter((_, at) => told(before, columns[at].id) !== told(row.values, columns[at].id));
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
      const first = el("th", { scope: "row", class: "frozen" }, row.name);
      const line = el("tr", {}, first);
      line.append(...this.subcolumns.map((column) => cell(column, row.values[column.id])));
      body.append(line);
      if (before > 0 && row.revision > before) lightUp(first);
    }
    const table = el("table", { class: "subitems" }, ...head("Subitem", this.subcolumns), body);
    const whole = el("td", { colspan: this.element.childElementCount }, el("div", { class: "held" }, table));
    this.below.replaceChildren(whole);
  }
}
