// SPDX-License-Identifier: Apache-2.0
// Why a message waits, or what became of it.

import { ask } from "./ask.js";
import { copyButton, el, outside, problem, visible } from "./dom.js";
import { time } from "./words.js";

export async function show(view, person, query) {
  const id = el("input", { id: "e-id", required: true, autocomplete: "off", placeholder: "1042-hoe22fla2o" });
  id.value = query.get("id") ?? "";
  const content = el("div", { role: "status" });
  view.replaceChildren(
    el("h2", {}, "Explain"),
    el(
      "form",
      { class: "filters", onsubmit: explain, "aria-label": "Which message" },
      el("p", {}, el("label", { for: "e-id" }, "Message, by its number or as receivers say it"), id),
      el("p", {}, el("button", { type: "submit", class: "strong" }, "Explain")),
    ),
    content,
  );

  async function explain(event) {
    event?.preventDefault();
    try {
      const { reasons } = await ask("/api/explain", { id: id.value });
      content.replaceChildren(...reasons.map(reason));
    } catch (e) {
      content.replaceChildren(problem(e));
    }
  }

  if (id.value) await explain(null);
}

function reason(r) {
  return el(
    "section",
    { class: "reason" },
    el("h3", {}, outside(r.reason)),
    el("p", {}, outside(r.explanation)),
    r.behind
      ? el("p", {}, "Behind ", el("a", { href: "#explain?id=" + encodeURIComponent(r.behind) }, outside(r.behind)), ".")
      : "",
    r.since ? el("p", {}, "Since " + time(r.since) + ".") : "",
    r.until ? el("p", {}, "Until " + time(r.until) + ".") : "",
    r.remedy
      ? el(
          "div",
          { class: "remedy" },
          el("pre", {}, el("code", {}, visible(r.remedy))),
          copyButton(r.remedy, "the remedy"),
        )
      : "",
  );
}
