// SPDX-License-Identifier: Apache-2.0
// Who did what in the console of this relay since it was started.

import { ask } from "./ask.js";
import { cell, el, outside, problem, table } from "./dom.js";
import { time } from "./words.js";

export async function show(view) {
  const content = el("div", {}, el("p", {}, "Looking…"));
  view.replaceChildren(
    el("h2", {}, "Actions"),
    el("p", { class: "hint" }, "The last hundred of this relay's console. Its log has them all."),
    content,
  );
  try {
    const { deeds } = await ask("/api/deeds");
    content.replaceChildren(
      deeds.length === 0
        ? el("p", { class: "nothing" }, "Nothing was done yet.")
        : table("Actions, the latest first", ["When", "Who", "What"], el("tbody", { role: "rowgroup" }, ...deeds.map(row))),
    );
  } catch (e) {
    content.replaceChildren(problem(e));
  }
}

function row(deed) {
  return el(
    "tr",
    { role: "row" },
    cell("When", el("time", { datetime: deed.at }, time(deed.at))),
    cell("Who", outside(deed.by), " ", el("small", {}, outside(deed.from))),
    cell("What", outside(deed.what)),
  );
}
