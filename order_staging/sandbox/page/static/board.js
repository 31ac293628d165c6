// @ts-check
// The board: its groups in their order; those that are open show a page of their items.

import { ask, oneAtATime } from "./api.js";
import { Columns } from "./columns.js";
import { arrange, byId, counted } from "./dom.js";
import { GroupSection } from "./group.js";

/**
 * @typedef {import("./api.js").Outline} Outline
 * @typedef {import("./api.js").Column} Column
 */

/** So many groups are open by themselves. */
const OPEN = 4;

export class Board {
  /** @param {(error: unknown) => void} failed */
  constructor(failed) {
    this.failed = failed;
    /** @type {Map<string, GroupSection>} */
    this.sections = new Map();
    /** @type {{ columns: Column[], subcolumns: Column[] }} */
    this.shown = { columns: [], subcolumns: [] };
    this.started = -1; // the revision that was there when the page was opened
    this.columns = new Columns(() => this.chooseColumns());
    this.load = oneAtATime(async () => this.update(await ask("board")), failed);
  }

  /** @param {Outline} outline */
  update(outline) {
    if (this.started < 0 || outline.revision < this.started) this.started = outline.revision;
    byId("board-name").textContent = outline.name;
    byId("counts").textContent = `${counted(outline.items, "item")} · ${counted(outline.subitems, "subitem")}`;
    this.columns.update(outline.columns);
    Object.assign(this.shown, { columns: this.columns.shown, subcolumns: outline.subitem_columns });
    /** @type {Map<string, GroupSection>} */
    const sections = new Map();
    for (const group of outline.groups) {
      const section = this.sections.get(group.id) ?? new GroupSection(group, this.shown, this.failed);
      sections.set(group.id, section);
      section.update(group);
    }
    this.sections = sections;
    this.openSome();
    arrange(byId("groups"), [...sections.values()].map((section) => section.element));
  }

  /** Open the groups that were written last, and fold the others: a run is seen without a click. */
  openSome() {
    const free = [...this.sections.values()].filter((section) => !section.touched);
    const filled = free.filter((section) => section.group.items > 0);
    const newest = new Set(filled.sort((a, b) => b.group.revision - a.group.revision).slice(0, OPEN));
    for (const section of free) {
      if (section.open !== newest.has(section)) section.setOpen(newest.has(section), this.started);
    }
  }

  chooseColumns() {
    this.shown.columns = this.columns.shown;
    for (const section of this.sections.values()) section.update(section.group);
  }
}
