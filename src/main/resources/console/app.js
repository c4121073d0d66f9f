// SPDX-License-Identifier: Apache-2.0
// Begins: who is there, which view is open, whether the relay is there.

import { act, ask, whenLoggedOut } from "./ask.js";
import * as captures from "./captures.js";
import * as deeds from "./deeds.js";
import * as destinations from "./destinations.js";
import * as doctor from "./doctor.js";
import { outside, problem, setText } from "./dom.js";
import * as explain from "./explain.js";
import * as failed from "./failed.js";
import * as live from "./live.js";
import * as replays from "./replays.js";
import * as work from "./work.js";

const VIEWS = { destinations, failed, explain, captures, replays, doctor, deeds };
const part = (id) => document.getElementById(id);

let person = null;
let leave = null;
let opened = 0;

async function openView() {
  if (!person) return;
  const mine = ++opened;
  const [name, query] = location.hash.slice(1).split("?");
  if (name === "main") return;
  const which = Object.hasOwn(VIEWS, name) ? name : "destinations";
  leave?.();
  leave = null;
  for (const link of part("views").querySelectorAll("a")) {
    const here = link.getAttribute("href") === "#" + which;
    here ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  }
  document.title = part("views").querySelector("[aria-current]").textContent + " – Outbox Relay";
  const left = await VIEWS[which].show(part("view"), person, new URLSearchParams(query ?? ""));
  // Somebody may have gone on to another view meanwhile.
  if (mine === opened) {
    leave = left ?? null;
  } else {
    left?.();
  }
}

function connection(state) {
  const words = { live: "live", lost: "connection lost, trying again" };
  part("connection").dataset.state = state;
  setText(part("connection"), words[state] ?? "");
}

function trouble() {
  const box = part("trouble");
  const { trouble: what } = live.known;
  box.hidden = !what;
  const words = what ? what.error + what.remedy : "";
  if (box.dataset.words !== words) {
    box.dataset.words = words;
    box.replaceChildren(...(what ? [problem({ message: what.error, remedy: what.remedy })] : []));
  }
}

function enter(me) {
  person = me;
  part("login").hidden = true;
  part("token").value = "";
  part("views").hidden = false;
  part("person").hidden = false;
  part("who").replaceChildren(outside(me.name), " (" + me.role + ")");
  part("about").replaceChildren(outside(me.relay), " on ", outside(me.database));
  live.open(connection);
  openView();
}

/**
 * Shows the form.
 *
 * @param why it is shown again, null where that is known
 */
function askForToken(why = null) {
  person = null;
  live.close();
  leave?.();
  leave = null;
  part("views").hidden = true;
  part("person").hidden = true;
  part("work").hidden = true;
  part("trouble").hidden = true;
  part("view").replaceChildren();
  part("about").replaceChildren();
  connection("");
  document.title = "Log in – Outbox Relay";
  part("login").hidden = false;
  part("login").querySelector(".problem")?.remove();
  if (why) part("login").append(problem(why));
  part("token").focus();
}

part("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  part("login").querySelector(".problem")?.remove();
  try {
    enter(await act("/api/login", { token: part("token").value }));
    // The form is gone, and a keyboard would go on from where it was: behind the views.
    part("views").querySelector("[aria-current]")?.focus();
  } catch (e) {
    part("login").append(problem(e));
    part("token").select();
  }
});

part("logout").addEventListener("click", async () => {
  try {
    await act("/api/logout", {});
  } finally {
    askForToken();
  }
});

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  part("main").focus();
});

live.listen(() => {
  if (!person) return;
  trouble();
  work.update(person);
});
whenLoggedOut(() =>
  askForToken(
    person && {
      message: "Your login has ended",
      remedy: "log in again: it ends after 12 hours, with your token, and when the relay is restarted",
    },
  ),
);
addEventListener("hashchange", openView);

async function begin() {
  try {
    enter(await ask("/api/me"));
  } catch (e) {
    if (e.status !== 401) {
      part("view").replaceChildren(problem(e));
      setTimeout(begin, 3000);
    }
  }
}

begin();
