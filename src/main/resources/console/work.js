// SPDX-License-Identifier: Apache-2.0
// What is done to all messages that match: how far it has come.

import { act } from "./ask.js";
import { el, outside, problem, say } from "./dom.js";
import { known } from "./live.js";
import { number, many } from "./words.js";

let shown = "";
let ended = null;

/** Shows it above whatever view is open. */
export function update(person) {
  const box = document.getElementById("work");
  const work = known.work;
  const now = JSON.stringify(work);
  if (now === shown) return;
  shown = now;
  if (!work) {
    box.hidden = true;
    return;
  }
  box.hidden = false;
  const doing = work.action === "requeue" ? "Requeue" : "Discard";
  const done = work.action === "requeue" ? "requeued" : "discarded";
  const words =
    work.state === "running"
      ? work.matching === null
        ? `${doing}: looking for what matches…`
        : `${doing}: ${number(work.done)} of ${many(work.matching, "message")}`
      : `${number(work.done)} of ${many(work.matching ?? 0, "message")} ${done}` +
        ({ done: "", stopped: ", then stopped", failed: ", then it failed" }[work.state] ?? "");
  const focused = box.contains(document.activeElement);
  const bar = el("progress", { max: Math.max(1, work.matching ?? 1), "aria-label": doing });
  if (work.matching !== null) bar.value = work.looked;
  const button =
    work.state !== "running"
      ? el("button", { type: "button", onclick: () => (box.hidden = true) }, "Hide")
      : person.role === "operator"
        ? el("button", { type: "button", onclick: () => stop(box) }, "Stop")
        : null;
  box.replaceChildren(
    el("p", {}, el("strong", {}, words), " — of ", outside(work.which), ", by ", outside(work.by)),
    work.state === "running" ? bar : "",
    button ? el("p", {}, button) : "",
    work.error ? problem({ message: work.error, remedy: work.remedy }) : "",
  );
  if (focused) button?.focus();
  if (work.state !== "running" && ended !== work.work) {
    ended = work.work;
    say(words);
  }
}

async function stop(box) {
  try {
    await act("/api/stop", {});
  } catch (e) {
    box.append(problem(e));
  }
}
