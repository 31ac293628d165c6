// @ts-check
// Faults on order: every preset with its parameters, and what still waits to happen.

import { ask } from "./api.js";
import { arrange, byId, counted, el } from "./dom.js";

/**
 * @typedef {import("./api.js").Order} Order
 * @typedef {import("./api.js").Vocabulary} Vocabulary
 */

export class Faults {
  /** @param {Vocabulary} vocabulary */
  constructor(vocabulary) {
    this.presets = new Map(vocabulary.faults.map((preset) => [preset.name, preset]));
    this.name = el("select", { id: "fault-name", change: () => this.choose() });
    this.name.append(...vocabulary.faults.map(({ name }) => el("option", { value: name }, name)));
    this.says = el("p", { class: "says", id: "fault-says" });
    this.operation = el("select", { id: "fault-operation" }, el("option", { value: "" }, "any request"));
    this.operation.append(...vocabulary.operations.map((name) => el("option", { value: name }, name)));
    this.times = numberInput("fault-times", "1", "once");
    this.skip = numberInput("fault-skip", "1", "none");
    this.chance = numberInput("fault-chance", "0.01", "always");
    this.seconds = numberInput("fault-seconds", "any", "");
    this.spec = el("code", { id: "fault-spec" });
    this.error = el("p", { class: "error", role: "alert" });
    /** @type {Map<number, { element: HTMLElement, known: string }>} */
    this.lines = new Map();
    this.name.setAttribute("aria-describedby", "fault-says");
    const form = byId("fault-form");
    form.append(
      labelled("What goes wrong", this.name),
      this.says,
      labelled("With requests that contain", this.operation),
      el(
        "div",
        { class: "fields" },
        labelled("Times", this.times),
        labelled("Chance (0–1)", this.chance),
        labelled("Spare the first", this.skip),
        labelled("Seconds", this.seconds),
      ),
      el("p", { class: "spec" }, "--fault ", this.spec),
      el("button", { type: "submit", class: "main" }, "Put on order"),
      this.error,
    );
    form.addEventListener("input", () => this.write());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.order();
    });
    this.name.value = "execute-then-500";
    this.choose();
  }

  choose() {
    const preset = this.presets.get(this.name.value);
    const seconds = preset?.seconds ?? null;
    this.says.textContent = preset?.says ?? "";
    this.operation.value = preset?.waits_for ?? "";
    this.seconds.disabled = seconds === null;
    this.seconds.value = "";
    this.seconds.placeholder = seconds === null ? "takes none" : String(seconds);
    this.write();
  }

  /** The fault as the command line would be told it. */
  get text() {
    const parts = [this.name.value, this.operation.value];
    /** @type {[string, HTMLInputElement][]} */
    const options = [
      ["p", this.chance],
      ["times", this.times],
      ["skip", this.skip],
      ["seconds", this.seconds],
    ];
    parts.push(...options.map(([key, input]) => (input.value === "" ? "" : `${key}=${input.value}`)));
    return parts.filter((part) => part !== "").join(":");
  }

  write() {
    this.times.placeholder = this.chance.value === "" ? "once" : "for ever";
    this.spec.textContent = this.text;
    this.error.textContent = "";
  }

  async order() {
    try {
      await ask("faults", "POST", { spec: this.text });
      this.error.textContent = "";
    } catch (error) {
      this.error.textContent = String(error instanceof Error ? error.message : error);
    }
  }

  /** @param {Order[]} orders */
  update(orders) {
    byId("faults-count").textContent = String(orders.length);
    byId("orders-note").textContent = orders.length === 0 ? "None: everything works as it should." : "";
    const before = this.lines;
    this.lines = new Map();
    for (const order of orders) {
      const known = JSON.stringify(order);
      const line = before.get(order.number);
      this.lines.set(order.number, line?.known === known ? line : { element: orderLine(order), known });
    }
    arrange(byId("orders"), [...this.lines.values()].map(({ element }) => element));
  }
}

/** @param {Order} order */
function orderLine(order) {
  const words = [order.times === null ? "for ever" : counted(order.times, "more time")];
  if (order.probability < 1) words.push(`by a chance of ${order.probability}`);
  if (order.skip > 0) words.push(`after ${counted(order.skip, "request")}`);
  if (order.happened > 0) words.push(`happened ${counted(order.happened, "time")}`);
  const label = `Take back ${order.name}, order ${order.number}`;
  const remove = () => void ask(`faults/${order.number}`, "DELETE").catch(() => undefined); // it has just happened
  return el(
    "li",
    {},
    el("div", {}, el("strong", {}, order.name), order.operation === null ? "" : ` on ${order.operation}`),
    el("p", { class: "facts" }, words.join(" · ")),
    el("button", { type: "button", "aria-label": label, click: remove }, "Take back"),
  );
}

/**
 * @param {string} id
 * @param {string} step
 * @param {string} placeholder
 */
function numberInput(id, step, placeholder) {
  return el("input", { type: "number", id, min: "0", step, placeholder, inputmode: "decimal" });
}

/**
 * A field with its label.
 * @param {string} words
 * @param {HTMLElement} input
 */
export function labelled(words, input) {
  return el("p", { class: "field" }, el("label", { for: input.id }, words), input);
}
