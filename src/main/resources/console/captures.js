// SPDX-License-Identifier: Apache-2.0
// Which tables are captured, and for which destinations.

import { ask } from "./ask.js";
import { cell, el, outside, problem, table } from "./dom.js";

const LABELS = ["Table", "Destination", "Operations", "Key", "Columns", "Condition", "Fires"];

export async function show(view) {
  const content = el("div", {}, el("p", {}, "Looking…"));
  view.replaceChildren(el("h2", {}, "Captures"), content);
  try {
    const { captures } = await ask("/api/captures");
    if (captures.length === 0) {
      content.replaceChildren(
        el("p", { class: "nothing" }, "No table is captured. outbox.capture(table, destination) captures one."),
      );
      return;
    }
    content.replaceChildren(
      table(
        "Captured tables",
        LABELS,
        el("tbody", { role: "rowgroup" }, ...captures.map(row)),
      ),
    );
  } catch (e) {
    content.replaceChildren(problem(e));
  }
}

function row(c) {
  const columns = c.columns
    ? list(c.columns)
    : c.except_columns
      ? "all but " + list(c.except_columns)
      : "all";
  return el(
    "tr",
    { role: "row" },
    el("th", { role: "rowheader", scope: "row" }, outside(c.source)),
    cell("Destination", outside(c.destination)),
    cell("Operations", outside(list(c.operations))),
    cell("Key", outside(list(c.key))),
    cell("Columns", outside(columns)),
    cell("Condition", outside(c.condition ?? "–")),
    cell("Fires", outside(c.fires ?? "–")),
  );
}

function list(values) {
  return Array.isArray(values) ? values.join(", ") || "–" : (values ?? "–");
}
