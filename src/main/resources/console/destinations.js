// SPDX-License-Identifier: Apache-2.0
// The destinations: what is owed, what is delivered, what is wrong.

import { act, ask } from "./ask.js";
import { cell, dialog, el, outside, problem, say, setText, table } from "./dom.js";
import { known, listen } from "./live.js";
import { plot } from "./plot.js";
import { age, bytes, many, number, rate, time } from "./words.js";

const LABELS = ["Destination", "State", "Owed", "Oldest", "Delivered", "Last hour", "Failed"];
const AGES_EACH_MILLIS = 10_000;

let history = new Map();
let pointSeconds = 30;
let historyAt = 0;

export async function show(view, person) {
  const operator = person.role === "operator";
  const labels = operator ? [...LABELS, "Action"] : LABELS;
  const body = el("tbody", { role: "rowgroup" });
  const summary = el("p", { class: "summary" });
  const filter = el("input", { id: "only", type: "search", autocomplete: "off", oninput: sift });
  const wrong = el("input", { id: "wrong", type: "checkbox", onchange: sift });
  const nothing = el("p", { class: "nothing" });
  const failure = el("div");
  const rows = new Map();
  view.replaceChildren(
    el("h2", {}, "Destinations"),
    summary,
    el(
      "p",
      { class: "filters" },
      el("label", { for: "only" }, "Name holds "),
      filter,
      " ",
      wrong,
      el("label", { for: "wrong" }, " only where something is wrong"),
    ),
    failure,
    table("What is owed to each destination, and what is wrong", labels, body),
    nothing,
  );

  function sift() {
    let shown = 0;
    for (const [name, row] of rows) {
      const hide =
        !name.toLowerCase().includes(filter.value.toLowerCase()) ||
        (wrong.checked && isWell(known.destinations.get(name)));
      row.element.hidden = hide;
      shown += hide ? 0 : 1;
    }
    setText(
      nothing,
      known.at === null
        ? "Waiting for the first look at the database…"
        : rows.size === 0
          ? "There is no destination yet. Make one: outbox-relay destinations add NAME URI"
          : shown === 0
            ? "No destination matches."
            : "",
    );
  }

  function update(changed) {
    const names = changed ?? new Set([...known.destinations.keys(), ...rows.keys()]);
    let added = false;
    for (const name of names) {
      const of = known.destinations.get(name);
      if (!of) {
        rows.get(name)?.element.remove();
        rows.delete(name);
        continue;
      }
      if (!rows.has(name)) {
        rows.set(name, line(name));
        added = true;
      }
      rows.get(name).fill(of);
    }
    if (added) {
      const sorted = [...rows.keys()].sort();
      body.append(...sorted.map((name) => rows.get(name).element));
    }
    summarise();
    sift();
  }

  function summarise() {
    const all = [...known.destinations.values()];
    const down = all.filter((d) => d.down_since).length;
    const sum = (what) => all.reduce((total, d) => total + what(d), 0);
    setText(
      summary,
      `${many(all.length, "destination")}, ${down} down; ` +
        `${many(sum(owed), "message")} owed, ${number(sum((d) => d.failed))} set aside; ` +
        `${rate(sum((d) => d.messages_per_second))} delivered a second by this relay`,
    );
  }

  function line(name) {
    const uri = el("small");
    const state = el("span", { class: "state" });
    const why = el("small", { class: "why" });
    const brakes = el("small");
    const owedText = el("span");
    const owedDetail = el("small");
    const oldest = el("time");
    const delivered = el("span");
    const deliveredBytes = el("small");
    const drawn = el("span");
    const failed = el("span");
    const button = el("button", { type: "button", onclick: turn });
    const element = el(
      "tr",
      { role: "row" },
      el("th", { role: "rowheader", scope: "row" }, outside(name), uri),
      cell("State", state, why, brakes),
      cell("Owed", owedText, owedDetail),
      cell("Oldest", oldest),
      cell("Delivered", delivered, deliveredBytes),
      cell("Last hour", drawn),
      cell("Failed", failed),
      operator ? cell("Action", button) : null,
    );
    let paused = false;
    let points = null;
    let failedNow = null;

    function fill(d) {
      paused = d.paused;
      setText(uri, outside(d.uri).textContent);
      const [kind, words, reason] = stateOf(d);
      state.dataset.kind = kind;
      setText(state, words);
      setText(why, reason ? outside(reason).textContent : "");
      setText(brakes, brakesOf(d));
      setText(owedText, number(owed(d)));
      const parts = [];
      if (d.owed_bytes) parts.push("about " + bytes(d.owed_bytes));
      if (d.retry) parts.push(number(d.retry) + " to be retried");
      if (d.held) parts.push(number(d.held) + " held");
      setText(owedDetail, parts.join(", "));
      ages(d);
      setText(delivered, rate(d.messages_per_second) + "/s");
      setText(deliveredBytes, d.bytes_per_second ? bytes(d.bytes_per_second) + "/s" : "");
      const mine = history.get(name) ?? [];
      if (mine !== points) {
        points = mine;
        drawn.replaceChildren(plot(mine));
      }
      if (d.failed !== failedNow) {
        failedNow = d.failed;
        failed.replaceChildren(
          d.failed === 0
            ? "0"
            : el(
                "a",
                { href: "#failed?destination=" + encodeURIComponent(name) },
                number(d.failed),
                el("span", { class: "heard" }, " failed messages of " + name),
              ),
        );
      }
      setText(button, paused ? "Resume" : "Pause");
      button.setAttribute("aria-label", (paused ? "Resume " : "Pause ") + name);
    }

    function ages(d) {
      setText(oldest, d.oldest_at ? age(d.oldest_at, Date.now()) : "–");
      if (d.oldest_at) {
        oldest.setAttribute("datetime", d.oldest_at);
        oldest.title = time(d.oldest_at);
      }
    }

    async function turn() {
      const resume = paused;
      if (!resume) {
        const answer = await dialog(
          "Pause " + name + "?",
          el("p", {}, "Nothing is sent to it until it is resumed. Its messages stay owed."),
          [
            ["", "Cancel"],
            ["yes", "Pause", "strong"],
          ],
        );
        if (answer !== "yes") return;
      }
      button.disabled = true;
      try {
        await act(resume ? "/api/resume" : "/api/pause", { destination: name });
        say(name + (resume ? " is sent to again" : " is paused"));
        failure.replaceChildren();
      } catch (e) {
        failure.replaceChildren(problem(e));
      } finally {
        button.disabled = false;
        button.focus();
      }
    }

    return { element, fill, ages };
  }

  async function remember() {
    try {
      const told = await ask("/api/history");
      pointSeconds = told.point_seconds;
      history = new Map(told.destinations.map((d) => [d.destination, d.points]));
      historyAt = Date.now();
      update(null);
    } catch {
      // The table says what is known without it.
    }
  }

  const stop = listen((changed) => {
    if (Date.now() - historyAt > pointSeconds * 1000) {
      historyAt = Date.now();
      remember();
    }
    update(changed);
  });
  const timer = setInterval(() => {
    for (const [name, row] of rows) {
      row.ages(known.destinations.get(name));
    }
  }, AGES_EACH_MILLIS);
  update(null);
  remember();
  return () => {
    stop();
    clearInterval(timer);
  };
}

function owed(d) {
  return d.pending + d.retry + d.held;
}

function isWell(d) {
  return stateOf(d)[0] === "well" && d.failed === 0;
}

/** What a person has set to slow it down, or to stop it. */
function brakesOf(d) {
  const parts = [];
  if (d.held_keys) parts.push(many(d.held_keys, "key") + " held");
  if (d.max_rate) parts.push("at most " + number(d.max_rate) + "/s");
  if (d.failure_budget_percent !== null && d.failure_budget_percent !== undefined) {
    parts.push(
      `pauses when more than ${number(d.failure_budget_percent)} % ` +
        `of ${number(d.failure_budget_answers)} answers are refusals`,
    );
  }
  return parts.join("; ");
}

/** The worst that is known: a kind, a word, the reason. */
function stateOf(d) {
  if (d.down_since) return ["bad", "down since " + time(d.down_since), d.last_error];
  if (d.stalled_since) return ["bad", "stalled since " + time(d.stalled_since), d.last_error];
  // What a relay has paused says why.
  if (d.paused) return ["mind", "paused", d.last_error?.startsWith("paused, ") ? d.last_error : null];
  if (!d.owner) return ["bad", "no relay", d.last_error];
  if (d.last_error) return ["mind", "delivers", d.last_error];
  return ["well", "delivers", null];
}
