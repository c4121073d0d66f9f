// SPDX-License-Identifier: Apache-2.0
// Replays: which messages are sent again, and how far each has come.

import { act, ask } from "./ask.js";
import { cell, dialog, el, outside, problem, say, setText, table } from "./dom.js";
import { many, time } from "./words.js";

const LABELS = ["Replay", "Which", "Progress", "Begun", "State"];
const AGAIN_MILLIS = 5000;

export async function show(view, person) {
  const operator = person.role === "operator";
  const body = el("tbody", { role: "rowgroup" });
  const failure = el("div");
  const nothing = el("p", { class: "nothing" });
  const all = table("Replays, those that have not ended first", operator ? [...LABELS, "Action"] : LABELS, body);
  const rows = new Map();
  let lost = false;
  view.replaceChildren(
    el("h2", {}, "Replays"),
    el("p", { class: "hint" }, "The command replay and outbox.replay send kept messages again."),
    failure,
    all,
    nothing,
  );

  function line(id) {
    const which = el("span");
    const way = el("span");
    const bar = el("progress", { max: 100, "aria-label": "Replay " + id });
    const messages = el("small");
    const begun = el("time");
    const by = el("small");
    const state = el("span", { class: "state" });
    const since = el("small");
    const button = el(
      "button",
      { type: "button", "aria-label": "Cancel replay " + id, onclick: cancel },
      "Cancel",
    );
    const element = el(
      "tr",
      { role: "row" },
      el("th", { role: "rowheader", scope: "row" }, id + " ", way),
      cell("Which", which),
      cell("Progress", bar, " ", messages),
      cell("Begun", begun, " ", by),
      cell("State", state, since),
      operator ? cell("Action", button) : null,
    );

    function fill(r) {
      const same = r.to_destination === r.destination;
      setText(way, outside(r.destination + (same ? "" : " to " + r.to_destination)).textContent);
      setText(which, outside(choice(r)).textContent);
      bar.value = r.percent;
      setText(messages, r.percent + " %, " + many(r.messages, "message") + " written again");
      begun.setAttribute("datetime", r.started_at);
      setText(begun, time(r.started_at));
      setText(by, outside("by " + r.started_by).textContent);
      const [kind, words, detail] = stateOf(r);
      state.dataset.kind = kind;
      setText(state, words);
      setText(since, detail ? outside(detail).textContent : "");
      if (r.ended_at && document.activeElement === button) {
        document.getElementById("main").focus();
      }
      button.hidden = r.ended_at !== null;
    }

    async function cancel() {
      const answer = await dialog(
        "Cancel replay " + id + "?",
        el("p", {}, "What it has written again stays and is sent. It cannot be gone on with."),
        [
          ["", "Go on with it"],
          ["yes", "Cancel it", "strong"],
        ],
      );
      if (answer !== "yes") return;
      button.disabled = true;
      try {
        const { changed } = await act("/api/cancel-replay", { id });
        say("replay " + id + (changed ? " is cancelled" : " had ended already"));
        failure.replaceChildren();
        await look();
      } catch (e) {
        failure.replaceChildren(problem(e));
      } finally {
        button.disabled = false;
      }
    }

    return { element, fill };
  }

  async function look() {
    let replays;
    try {
      ({ replays } = await ask("/api/replays"));
    } catch (e) {
      lost = true;
      failure.replaceChildren(problem(e));
      return;
    }
    if (lost) failure.replaceChildren();
    lost = false;
    const there = new Set(replays.map((r) => r.id));
    for (const [id, row] of rows) {
      if (!there.has(id)) {
        row.element.remove();
        rows.delete(id);
      }
    }
    replays.forEach((r, n) => {
      if (!rows.has(r.id)) rows.set(r.id, line(r.id));
      const { element, fill } = rows.get(r.id);
      fill(r);
      // Moved only where it stands elsewhere: what has the focus keeps it.
      if (body.children[n] !== element) body.insertBefore(element, body.children[n] ?? null);
    });
    all.hidden = replays.length === 0;
    setText(nothing, replays.length === 0 ? "Nothing was replayed yet." : "");
  }

  all.hidden = true;
  await look();
  const timer = setInterval(look, AGAIN_MILLIS);
  return () => clearInterval(timer);
}

function choice(r) {
  const parts = [];
  if (r.tables) parts.push("table " + r.tables.join(", "));
  if (r.keys) parts.push("key " + r.keys.join(", "));
  if (r.since) parts.push("delivered from " + time(r.since));
  if (r.until) parts.push("delivered before " + time(r.until));
  if (r.condition) parts.push("where " + r.condition);
  return parts.length === 0 ? "all that is kept" : parts.join("; ");
}

/** A kind, a word, a detail. */
function stateOf(r) {
  if (r.cancelled_by) return ["mind", "cancelled", time(r.ended_at) + " by " + r.cancelled_by];
  if (r.ended_at) return ["well", "done", time(r.ended_at)];
  if (r.moves) return ["well", "under way", ""];
  return ["mind", "cut short", "last step " + time(r.step_at) + "; the same call goes on with it"];
}
