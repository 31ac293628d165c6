// @ts-check
// A group of the board: its bar, which unfolds, and one page of its items.

import { ask, GoneError, oneAtATime } from "./api.js";
import { head } from "./cells.js";
import { arrange, counted, el, number } from "./dom.js";
import { ItemRow } from "./rows.js";

/**
 * @typedef {import("./api.js").Group} Group
 * @typedef {import("./api.js").GroupPage} GroupPage
 * @typedef {import("./api.js").Column} Column
 */

const COLOR = /^#[0-9a-f]{6}$/i;

export class GroupSection {
  /**
   * @param {Group} group
   * @param {{ columns: Column[], subcolumns: Column[] }} shown
   * @param {(error: unknown) => void} failed
   */
  constructor(group, shown, failed) {
    this.group = group;
    this.shown = shown;
    this.failed = failed;
    this.open = false;
    this.touched = false; // by a person, who then decides whether it is open
    this.offset = 0;
    this.follow = true; // the last page is shown, where new items appear
    this.baseline = 0; // what is newer lights up
    this.known = "";
    this.columns = "";
    /** @type {Map<string, ItemRow>} */
    this.rows = new Map();
    this.body = el("tbody");
    this.table = el("table", { class: "items" });
    this.pager = el("p", { class: "pager" });
    this.content = el("div", { class: "content", hidden: true, id: `group-${group.id}` });
    const scroll = { class: "scroll", tabindex: "0", role: "region", "aria-label": `Items of ${group.title}` };
    this.scroll = el("div", scroll, this.table);
    this.content.append(this.scroll, this.pager);
    for (const event of ["pointerdown", "keydown", "wheel"]) {
      this.content.addEventListener(event, () => (this.touched = true), { passive: true });
    }
    this.title = el("span", { class: "title" });
    this.counts = el("span", { class: "counts" });
    this.button = el("button", {
      type: "button",
      "aria-expanded": "false",
      "aria-controls": this.content.id,
      click: () => this.toggled(),
    });
    this.button.append(this.title, this.counts);
    this.element = el("section", { class: "group" }, el("h2", {}, this.button), this.content);
    this.load = oneAtATime(() => this.loadPage(), failed);
  }

  /**
   * Show what is told of the group; its page is loaded again only if it is open and has changed.
   * @param {Group} group
   */
  update(group) {
    this.group = group;
    this.title.textContent = group.title;
    this.counts.textContent = `${counted(group.items, "item")} · ${counted(group.subitems, "subitem")}`;
    if (COLOR.test(group.color)) this.element.style.setProperty("--group", group.color);
    if (this.open && this.known !== this.version) this.load();
  }

  /** What would be different if the shown page were. */
  get version() {
    const ids = this.shown.columns.map((column) => column.id).join();
    return `${this.group.revision} ${this.group.items} ${this.group.subitems} ${ids}`;
  }

  toggled() {
    this.touched = true;
    this.setOpen(!this.open, Infinity);
  }

  /**
   * Unfold or fold the group; what is newer than the baseline lights up.
   * @param {boolean} open
   * @param {number} baseline
   */
  setOpen(open, baseline) {
    this.open = open;
    this.content.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    this.baseline = baseline;
    if (open) this.load();
  }

  async loadPage() {
    const version = this.version;
    const columns = this.shown.columns;
    const offset = this.follow ? Number.MAX_SAFE_INTEGER : this.offset;
    const ids = columns.map((column) => encodeURIComponent(column.id)).join();
    /** @type {GroupPage} */
    let page;
    try {
      page = await ask(`groups/${encodeURIComponent(this.group.id)}?offset=${offset}&columns=${ids}`);
    } catch (error) {
      if (error instanceof GoneError) return; // the next outline comes without it
      throw error;
    }
    this.known = version;
    this.show(page, columns);
  }

  /**
   * @param {GroupPage} page
   * @param {Column[]} columns
   */
  show(page, columns) {
    const ids = columns.map((column) => column.id).join();
    if (ids !== this.columns) {
      this.columns = ids;
      this.table.replaceChildren(...head("Item", columns), this.body);
    }
    /** @type {Map<string, ItemRow>} */
    const rows = new Map();
    for (const row of page.rows) {
      const shown = this.rows.get(row.id) ?? new ItemRow(row, this.failed);
      shown.update(row, columns, this.shown.subcolumns, row.revision > this.baseline);
      rows.set(row.id, shown);
    }
    this.rows = rows;
    this.offset = page.offset;
    this.baseline = page.revision;
    arrange(this.body, [...rows.values()].flatMap((row) => row.elements));
    this.showPager(page);
  }

  /** @param {GroupPage} page */
  showPager(page) {
    const last = Math.floor(Math.max(0, page.total - 1) / page.page) * page.page;
    this.pager.hidden = last === 0;
    const until = Math.min(page.total, page.offset + page.page);
    const place = `${number(page.offset + 1)}–${number(until)} of ${number(page.total)}`;
    if (this.pager.dataset.place === place) return;
    this.pager.dataset.place = place;
    /** @type {(words: string, label: string, offset: number) => HTMLElement} */
    const step = (words, label, offset) =>
      el(
        "button",
        {
          type: "button",
          "aria-label": label,
          disabled: offset < 0 || offset > last || offset === page.offset,
          click: () => this.turnTo(offset, last),
        },
        words,
      );
    this.pager.replaceChildren(
      step("«", "First page", 0),
      step("‹", "Previous page", page.offset - page.page),
      el("span", {}, place),
      step("›", "Next page", page.offset + page.page),
      step("»", "Last page, which follows what is new", last),
    );
  }

  /**
   * @param {number} offset
   * @param {number} last
   */
  turnTo(offset, last) {
    this.offset = offset;
    this.follow = offset === last;
    this.baseline = Infinity;
    this.load();
    this.scroll.scrollTop = 0;
  }
}
