// SPDX-License-Identifier: Apache-2.0
// Questions to the relay that served this page, and to nobody else.

/** Why something was not answered, with what to do. */
export class Refused extends Error {
  constructor(status, message, remedy) {
    super(message);
    this.status = status;
    this.remedy = remedy;
  }
}

let loggedOut = () => {};

/** What to do when the relay does not know us any more. */
export function whenLoggedOut(action) {
  loggedOut = action;
}

/** Asks. */
export function ask(path, fields = {}) {
  const given = Object.entries(fields).filter(([, value]) => value !== null && value !== "");
  const query = new URLSearchParams(given).toString();
  return fetched(path + (query ? "?" + query : ""), {});
}

/** Has something done. */
export function act(path, fields) {
  return fetched(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fields),
  });
}

async function fetched(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, credentials: "same-origin", redirect: "error" });
  } catch {
    throw new Refused(0, "the relay cannot be reached", "it may be restarting: try again");
  }
  let answer;
  try {
    answer = await response.json();
  } catch {
    throw new Refused(response.status, "the relay gave no answer that this page knows", "try again");
  }
  if (response.ok) {
    return answer;
  }
  const refused = new Refused(response.status, answer.error, answer.remedy);
  if (response.status === 401) {
    loggedOut(refused);
  }
  throw refused;
}
