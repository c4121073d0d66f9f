// SPDX-License-Identifier: Apache-2.0
// Messages that were set aside: found, looked at, requeued, discarded.

import { act, ask } from "./ask.js";
import { cell, copyButton, dialog, el, outside, problem, say, setText, table, visible } from "./dom.js";
import { known } from "./live.js";
import { indented, many, number, time, ZONE } from "./words.js";

const LABELS = ["Message", "Destination", "Written", "Change", "Key", "Tries", "Error", "Look"];
const FIELDS = ["destination", "table", "key", "since", "until", "error"];
const ALL_CHARACTERS = 16 * 1024 * 1024;

export async function show(view, person, query) {
  const operator = person.role === "operator";
  const chosen = new Set();
  const inputs = {
    destination: el("input", { id: "f-destination", list: "f-destinations", autocomplete: "off" }),
    table: el("input", { id: "f-table", autocomplete: "off", placeholder: "public.orders" }),
    key: el("input", { id: "f-key", autocomplete: "off" }),
    since: el("input", { id: "f-since", type: "datetime-local", step: "1" }),
    until: el("input", { id: "f-until", type: "datetime-local", step: "1" }),
    error: el("input", { id: "f-error", autocomplete: "off" }),
  };
  const words = {
    destination: "Destination",
    table: "Table",
    key: "Key, all of it",
    since: "Written from",
    until: "Written before",
    error: "Words of the error",
  };
  for (const name of ["destination", "table", "key", "error"]) {
    inputs[name].value = query.get(name) ?? "";
  }
  const names = el(
    "datalist",
    { id: "f-destinations" },
    ...[...known.destinations.keys()].sort().map((name) => el("option", { value: name })),
  );
  const body = el("tbody", { role: "rowgroup" });
  const count = el("p", { class: "summary", role: "status" });
  const failure = el("div");
  const more = el("button", { type: "button", hidden: true, onclick: () => load(false) }, "Show more");
  const buttons = el("p", { class: "buttons", hidden: !operator });
  const everything = el("input", { type: "checkbox", id: "f-all", onchange: chooseShown });
  let selection = {};
  let matching = null;
  let after = {};
  let search = 0;

  view.replaceChildren(
    el("h2", {}, "Failed messages"),
    el(
      "form",
      { class: "filters", onsubmit: begin, "aria-label": "Which messages" },
      ...FIELDS.map((name) =>
        el("p", {}, el("label", { for: "f-" + name }, words[name]), inputs[name]),
      ),
      names,
      el("p", {}, el("button", { type: "submit", class: "strong" }, "Search")),
      el("p", { class: "hint" }, "Times are those of your browser: " + ZONE + "."),
    ),
    failure,
    count,
    buttons,
    table(
      "Messages that were set aside, of each destination the oldest first",
      operator ? ["Choose", ...LABELS] : LABELS,
      body,
    ),
    el("p", {}, more),
  );
  if (operator) {
    buttons.append(
      el("span", {}, everything, el("label", { for: "f-all" }, " choose all that are shown")),
      button("Requeue chosen", () => some("requeue")),
      button("Discard chosen", () => some("discard"), "danger"),
      button("Requeue all that match", () => all("requeue")),
      button("Discard all that match", () => all("discard"), "danger"),
    );
  }

  function button(text, onclick, kind = "") {
    return el("button", { type: "button", class: kind, onclick }, text);
  }

  function begin(event) {
    event?.preventDefault();
    selection = {};
    for (const name of FIELDS) {
      const value = inputs[name].value;
      if (value) {
        selection[name] =
          name === "since" || name === "until" ? new Date(value).toISOString() : value;
      }
    }
    return load(true);
  }

  async function load(anew) {
    const mine = ++search;
    if (anew) {
      after = {};
      matching = null;
      setText(count, "Searching…");
    }
    try {
      const told = await ask("/api/failed", { ...selection, ...after });
      if (mine !== search) return;
      failure.replaceChildren();
      if (anew) {
        body.replaceChildren();
        chosen.clear();
        everything.checked = false;
      }
      body.append(...told.messages.map(row));
      more.hidden = told.after_number === null;
      after = { after_destination: told.after_destination, after_number: told.after_number };
      if (anew) {
        tally(mine, told);
      }
    } catch (e) {
      if (mine !== search) return;
      setText(count, "");
      failure.replaceChildren(problem(e));
    }
  }

  async function tally(mine, told) {
    if (told.after_number === null) {
      matching = told.messages.length;
    } else {
      setText(count, "Counting…");
      try {
        matching = (await ask("/api/count", selection)).matching;
      } catch (e) {
        if (mine === search) setText(count, "More than are shown; not counted: " + e.message);
        return;
      }
    }
    if (mine === search) {
      setText(count, matching === 0 ? "No message matches." : many(matching, "message") + (matching === 1 ? " matches." : " match."));
    }
  }

  function row(m) {
    const box = el("input", {
      type: "checkbox",
      "aria-label": "Choose " + m.id,
      onchange: (event) => (event.target.checked ? chosen.add(m.id) : chosen.delete(m.id)),
    });
    const source = m.source_table ? m.source_schema + "." + m.source_table : (m.type ?? "");
    return el(
      "tr",
      { role: "row" },
      operator ? cell("Choose", box) : null,
      el("th", { role: "rowheader", scope: "row" }, outside(m.id)),
      cell("Destination", outside(m.destination)),
      cell("Written", el("time", { datetime: m.created_at }, time(m.created_at))),
      cell("Change", m.op + " ", outside(source)),
      cell("Key", outside(m.key ?? "–")),
      cell("Tries", number(m.attempts)),
      cell("Error", shortened(m.last_error ?? "–")),
      cell(
        "Look",
        el("button", { type: "button", "aria-label": "Payload of " + m.id, onclick: () => payload(m.id) }, "Payload"),
        " ",
        el("a", { href: "#explain?id=" + encodeURIComponent(m.id), "aria-label": "Explain " + m.id }, "Explain"),
      ),
    );
  }

  function chooseShown() {
    for (const box of body.querySelectorAll("input[type=checkbox]")) {
      if (box.checked !== everything.checked) box.click();
    }
  }

  async function payload(id, characters = null) {
    try {
      const told = await ask("/api/payload", characters === null ? { id } : { id, characters });
      const cut = told.messages.some((m) =>
        ["old", "new", "headers"].some((part) => isCut(m, part)),
      );
      const buttons = [["", "Close"]];
      if (cut && characters === null) buttons.push(["all", "Show all of it"]);
      const answer = await dialog("Message " + id, el("div", {}, ...told.messages.map(parts)), buttons);
      if (answer === "all") await payload(id, ALL_CHARACTERS);
    } catch (e) {
      failure.replaceChildren(problem(e));
    }
  }

  async function some(action) {
    const ids = [...chosen];
    if (ids.length === 0) {
      failure.replaceChildren(problem({ message: "no message is chosen", remedy: "mark some first" }));
      return;
    }
    if (!(await sure(action, many(ids.length, "chosen message")))) return;
    try {
      const done = [];
      for (let at = 0; at < ids.length; at += 1000) {
        done.push(...(await act("/api/" + action, { ids: ids.slice(at, at + 1000) })).done);
      }
      say(`${number(done.length)} of ${number(ids.length)} ${past(action)}`);
      await load(true);
    } catch (e) {
      failure.replaceChildren(problem(e));
    }
  }

  async function all(action) {
    const what = matching === null ? "all messages that match" : matching === 1
        ? "the message that matches"
        : "all " + many(matching, "message") + " that match";
    if (!(await sure(action, what))) return;
    try {
      await act("/api/" + action, { all: true, ...selection });
      failure.replaceChildren();
    } catch (e) {
      failure.replaceChildren(problem(e));
    }
  }

  async function sure(action, what) {
    const lines = FIELDS.filter((name) => selection[name]).map((name) =>
      el("li", {}, words[name] + ": ", outside(selection[name])),
    );
    const answer = await dialog(
      (action === "requeue" ? "Requeue " : "Discard ") + what + "?",
      el(
        "div",
        {},
        el(
          "p",
          {},
          action === "requeue"
            ? "They are owed again, and sent as soon as their destination takes them."
            : "They are given up for good: no receiver gets them, and nothing brings them back.",
        ),
        what.includes("match") ? el("ul", {}, ...(lines.length ? lines : [el("li", {}, "of all destinations")])) : "",
      ),
      [
        ["", "Cancel"],
        ["yes", action === "requeue" ? "Requeue" : "Discard", action === "requeue" ? "strong" : "danger"],
      ],
    );
    return answer === "yes";
  }

  await begin(null);
  return () => search++;
}

function past(action) {
  return action === "requeue" ? "requeued" : "discarded";
}

/** The beginning; the rest on request. */
function shortened(text) {
  if (text.length <= 200) return outside(text);
  return el(
    "details",
    {},
    el("summary", {}, outside(text.slice(0, 200) + "…")),
    outside(text),
  );
}

/** The database counts characters; a script counts some of them twice. */
function isCut(message, part) {
  const text = message[part + "_text"] ?? "";
  const twice = text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0;
  return message[part + "_characters"] > text.length - twice;
}

function parts(message) {
  const all = el("div", {}, el("p", {}, "To ", outside(message.destination), ". Last error: ", outside(message.last_error ?? "–")));
  for (const [part, title] of [["new", "New row, or what was published"], ["old", "Old row"], ["headers", "Headers"]]) {
    const text = message[part + "_text"];
    if (text === null) continue;
    const whole = message[part + "_characters"];
    const cut = isCut(message, part);
    const shown = cut || text.length > 300_000 ? text : indented(text);
    all.append(
      el("h3", {}, title),
      el("p", { class: "hint" }, cut ? `The first ${number(text.length)} of ${many(whole, "character")}. ` : many(whole, "character") + ". ", copyButton(text, title)),
      el("pre", {}, el("code", {}, visible(shown))),
    );
  }
  return all;
}
