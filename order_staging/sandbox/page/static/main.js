// @ts-check
// The page: it is told the state of the sandbox as that changes, and asks only for what it has not seen.

import { ask } from "./api.js";
import { Board } from "./board.js";
import { byId } from "./dom.js";
import { Faults } from "./faults.js";
import { Choices, Meters } from "./limits.js";
import { Log } from "./log.js";

/** @typedef {import("./api.js").State} State */

/** @param {unknown} error */
function failed(error) {
  byId("board-error").textContent = String(error instanceof Error ? error.message : error);
}

/**
 * @param {boolean} live
 * @param {string} words
 */
function showLive(live, words) {
  const shown = byId("live");
  shown.dataset.live = String(live);
  shown.textContent = words;
}

function chooseViews() {
  const buttons = [...document.querySelectorAll("nav.views button")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      if (!(button instanceof HTMLButtonElement)) return;
      document.body.dataset.view = button.dataset.view;
      for (const other of buttons) other.toggleAttribute("aria-current", false);
      button.setAttribute("aria-current", "true");
    });
  }
  if (matchMedia("(min-width: 1000px)").matches) {
    const requests = buttons.find((button) => button instanceof HTMLElement && button.dataset.view === "requests");
    if (requests instanceof HTMLButtonElement) requests.click();
  }
}

async function start() {
  chooseViews();
  const vocabulary = await ask("vocabulary");
  const board = new Board(failed);
  const log = new Log(failed);
  const faults = new Faults(vocabulary);
  const choices = new Choices(vocabulary);
  const meters = new Meters();
  let revision = -1;
  const events = new EventSource("/page/events");
  events.addEventListener("open", () => {
    revision = -1; // it may be another sandbox by now
    log.forget();
    failed("");
    showLive(true, "live");
  });
  events.addEventListener("error", () => showLive(false, "connection lost, trying again"));
  events.addEventListener("message", (event) => {
    /** @type {State} */
    const state = JSON.parse(event.data);
    if (state.revision !== revision) {
      revision = state.revision;
      board.load();
    }
    log.told(state.requests);
    faults.update(state.faults);
    choices.update(state.choices);
    meters.update(state.limits);
  });
}

start().catch(failed);
