// SPDX-License-Identifier: Apache-2.0
// How values are said.

const NUMBERS = new Intl.NumberFormat("en");

export function number(n) {
  return NUMBERS.format(n);
}

/** A rate: exact while it is small. */
export function rate(n) {
  return n === 0 ? "0" : n < 10 ? n.toFixed(1) : NUMBERS.format(Math.round(n));
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function bytes(n) {
  let at = 0;
  let value = n;
  while (value >= 1000 && at < UNITS.length - 1) {
    value /= 1024;
    at++;
  }
  return (at === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)) + " " + UNITS[at];
}

/** How long ago, in its largest unit. */
export function age(from, now) {
  const seconds = Math.max(0, Math.round((now - Date.parse(from)) / 1000));
  if (seconds < 60) return seconds + " s";
  if (seconds < 3600) return Math.floor(seconds / 60) + " min";
  if (seconds < 48 * 3600) return Math.floor(seconds / 3600) + " h";
  return Math.floor(seconds / 86400) + " days";
}

/** A time in the browser's zone: 2026-11-28 10:02:03. */
export function time(text) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  const two = (n) => String(n).padStart(2, "0");
  return (
    `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ` +
    `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  );
}

/** The zone that times are shown in. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** "1 message", "2 messages". */
export function many(n, what) {
  return number(n) + " " + what + (n === 1 ? "" : "s");
}

/** JSON with a part a line. Its values stay as they are written: a number keeps every digit. */
export function indented(json) {
  let out = "";
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.length; at++) {
    const c = json[at];
    if (inText) {
      out += c;
      if (c === "\\") {
        out += json[++at] ?? "";
      } else if (c === '"') {
        inText = false;
      }
    } else if (c === '"') {
      inText = true;
      out += c;
    } else if (c === "{" || c === "[") {
      let next = at + 1;
      while (/\s/.test(json[next] ?? "")) next++;
      if (json[next] === "}" || json[next] === "]") {
        out += c + json[next];
        at = next;
      } else {
        depth = Math.min(depth + 1, 50);
        out += c + "\n" + "  ".repeat(depth);
      }
    } else if (c === "}" || c === "]") {
      depth = Math.max(0, depth - 1);
      out += "\n" + "  ".repeat(depth) + c;
    } else if (c === ",") {
      out += ",\n" + "  ".repeat(depth);
    } else if (c === ":") {
      out += ": ";
    } else if (!/\s/.test(c)) {
      out += c;
    }
  }
  return out;
}
