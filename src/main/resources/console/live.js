// SPDX-License-Identifier: Apache-2.0
// What the relay tells by itself: one stream, which the browser opens again when it ends.

import { ask } from "./ask.js";

const AGAIN_MILLIS = 3000;

let source = null;
let again = null;
const listeners = new Set();

/** Everything that is known, by the destination's name. */
export const known = { destinations: new Map(), at: null, trouble: null, work: null };

/** Hears of changes: a set of names, or null for all. */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/**
 * Begins to listen.
 *
 * @param state told "live" or "lost"
 */
export function open(state) {
  close();
  source = new EventSource("/api/events");
  source.addEventListener("open", () => state("live"));
  source.addEventListener("state", (event) => take(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    state("lost");
    if (source?.readyState === EventSource.CLOSED) {
      // The browser gives up after an answer that is no stream. Asking says whether we are known.
      again = setTimeout(async () => {
        try {
          await ask("/api/me");
        } catch (e) {
          if (e.status === 401) return;
        }
        open(state);
      }, AGAIN_MILLIS);
    }
  });
}

export function close() {
  clearTimeout(again);
  source?.close();
  source = null;
}

function take(told) {
  let changed = null;
  if (told.full) {
    known.destinations = new Map(told.destinations.map((row) => [row.destination, row]));
  } else {
    changed = new Set(told.gone);
    for (const row of told.destinations) {
      known.destinations.set(row.destination, row);
      changed.add(row.destination);
    }
    told.gone.forEach((name) => known.destinations.delete(name));
  }
  known.at = told.at;
  known.trouble = told.trouble;
  known.work = told.work;
  listeners.forEach((listener) => listener(changed));
}
