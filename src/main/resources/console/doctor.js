// SPDX-License-Identifier: Apache-2.0
// What the doctor finds, with the statements that mend it.

import { ask } from "./ask.js";
import { copyButton, el, outside, problem, visible } from "./dom.js";

const KINDS = { error: "bad", warning: "mind" };

export async function show(view) {
  const content = el("div");
  const again = el("button", { type: "button", onclick: look }, "Look again");
  view.replaceChildren(el("h2", {}, "Doctor"), el("p", {}, again), content);

  async function look() {
    again.disabled = true;
    content.replaceChildren(el("p", { role: "status" }, "Looking…"));
    try {
      const { findings } = await ask("/api/doctor");
      content.replaceChildren(
        findings.length === 0
          ? el("p", { class: "nothing", role: "status" }, "Nothing was found.")
          : el("ul", { class: "findings" }, ...findings.map(finding)),
      );
    } catch (e) {
      content.replaceChildren(problem(e));
    } finally {
      again.disabled = false;
    }
  }

  await look();
}

function finding(f) {
  return el(
    "li",
    {},
    el(
      "h3",
      {},
      el("span", { class: "state", "data-kind": KINDS[f.severity] ?? "well" }, f.severity),
      " ",
      outside(f.check),
      f.object ? ": " : "",
      f.object ? outside(f.object) : "",
    ),
    el("p", {}, outside(f.finding)),
    f.remedy
      ? el(
          "div",
          { class: "remedy" },
          el("pre", {}, el("code", {}, visible(f.remedy))),
          copyButton(f.remedy, "the remedy for " + f.check),
        )
      : "",
  );
}
