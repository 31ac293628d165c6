// @ts-check
// The values of an item, and its labels in colour.

import { el } from "./dom.js";

/** @typedef {import("./api.js").Cell} Cell */

/** Hues of the first labels of a status column, so that the usual ones are told apart; null is grey. */
const STATUS_HUES = [32, 150, 355, 205, 275, null, 165, 220, 300, 48];
const GOLDEN_ANGLE = 137.508;

/**
 * The hue of a label by its id, null for grey.
 * @param {string} type
 * @param {number} id
 */
function hueOf(type, id) {
  const known = type === "status" ? STATUS_HUES[id] : undefined;
  return known === undefined ? Math.round((id * GOLDEN_ANGLE) % 360) : known;
}

/**
 * One label of a status or dropdown column.
 * @param {string} type
 * @param {number} id
 * @param {string} name
 */
function chip(type, id, name) {
  const hue = hueOf(type, id);
  const shown = el("span", { class: hue === null ? "chip grey" : "chip", title: name }, name);
  if (hue !== null) shown.style.setProperty("--hue", String(hue));
  return shown;
}

/**
 * A cell of a table: text, or labels.
 * @param {import("./api.js").Column} column
 * @param {Cell | undefined} value
 */
export function cell(column, value) {
  const shown = el("td", { class: `t-${column.type}` });
  if (typeof value === "string") {
    shown.textContent = value;
    shown.title = value;
  } else if (value !== undefined) {
    shown.append(...value.map(([id, name]) => chip(column.type, id, name)));
  }
  return shown;
}

/**
 * The head of a table, and what gives its columns their width.
 * @param {string} first
 * @param {import("./api.js").Column[]} columns
 */
export function head(first, columns) {
  const widths = el("colgroup", {}, el("col", { class: "w-name" }));
  widths.append(...columns.map((column) => el("col", { class: `w-${column.type}` })));
  const titles = el("tr", {}, el("th", { scope: "col", class: "frozen" }, first));
  titles.append(
    ...columns.map((column) =>
      el("th", { scope: "col", class: `t-${column.type}`, title: column.title }, column.title),
    ),
  );
  return [widths, el("thead", {}, titles)];
}
