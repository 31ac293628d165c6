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

const OPEN_BY_ITSELF = 6;

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

  /** Open what nobody has folded, as long as few are open: a run's groups are seen without a click. */
  openSome() {
    const sections = [...this.sections.values()];
    let open = sections.filter((section) => section.open).length;
    const waiting = sections.filter((section) => !section.open && !section.touched && section.group.items > 0);
    for (const section of waiting.sort((a, b) => b.group.revision - a.group.revision)) {
      if (open >= OPEN_BY_ITSELF) return;
      section.setOpen(true, this.started);
      open += 1;
    }
  }

  chooseColumns() {
    this.shown.columns = this.columns.shown;
    for (const section of this.sections.values()) section.update(section.group);
  }
}
