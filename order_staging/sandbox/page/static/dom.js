// @ts-check
// Elements and words. Data becomes text or the value of an attribute, never markup.

/** @typedef {string | number | boolean | null | undefined | ((event: any) => void)} Property */

/**
 * Make an element: functions listen to the event of their name, booleans switch an attribute, the rest are its values.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, Property>} [properties]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else if (value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/**
 * The element with that id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`there is no #${id}`);
  return element;
}

/**
 * Let an element's children be these, in this order, and leave alone those that stand where they should.
 * @param {Element} parent
 * @param {Iterable<Element>} children
 */
export function arrange(parent, children) {
  let place = parent.firstElementChild;
  for (const child of children) {
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
  while (place !== null) {
    const next = place.nextElementSibling;
    place.remove();
    place = next;
  }
}

/**
 * A whole number with its thousands apart.
 * @param {number} value
 */
export function number(value) {
  return value.toLocaleString("en-US");
}

/**
 * A number and what it counts.
 * @param {number} count
 * @param {string} word
 */
export function counted(count, word) {
  return `${number(count)} ${word}${count === 1 ? "" : "s"}`;
}
