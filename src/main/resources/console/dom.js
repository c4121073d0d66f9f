// SPDX-License-Identifier: Apache-2.0
// Elements made by hand. Whatever comes from outside gets into the page as text alone.

/** Characters that steer a text, or turn its direction: shown as escapes. */
const STEERING =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** A text of any origin in which all that is there can be seen. */
export function visible(text) {
  return String(text).replace(
    STEERING,
    (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

/**
 * An element.
 *
 * @param name of the element
 * @param given attributes; `on…` are listeners, true and false set or leave out an attribute
 * @param children elements, or texts
 */
export function el(name, given = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (key.startsWith("on")) {
      element.addEventListener(key.slice(2), value);
    } else if (value === true) {
      element.setAttribute(key, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(key, value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A text from outside, whose direction changes nothing beside it. */
export function outside(text) {
  return el("bdi", {}, visible(text));
}

/** Changes an element's content only if it is another: what is read or marked stays. */
export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

/** A table's cell that knows its column's name, for narrow screens. */
export function cell(label, ...children) {
  return el("td", { role: "cell", "data-label": label }, ...children);
}

/** A table with its roles said: on a narrow screen its rows are boxes, and it is a table still. */
export function table(caption, labels, body) {
  return el(
    "table",
    { role: "table" },
    el("caption", {}, caption),
    el(
      "thead",
      { role: "rowgroup" },
      el(
        "tr",
        { role: "row" },
        ...labels.map((label) => el("th", { role: "columnheader", scope: "col" }, label)),
      ),
    ),
    body,
  );
}

/** Says something to those who do not see the page. */
export function say(words) {
  document.getElementById("said").textContent = visible(words);
}

/** Shows what went wrong, and what to do. */
export function problem(error) {
  return el(
    "p",
    { class: "problem", role: "alert" },
    el("strong", {}, outside(error.message)),
    error.remedy ? " — " : "",
    error.remedy ? outside(error.remedy) : "",
  );
}

let dialogs = 0;

/**
 * A window over the page; what it returns is the pressed button's value. Each is an element of its
 * own: one that is just being closed must not take the next with it.
 */
export function dialog(title, content, buttons) {
  const id = "dialog-" + ++dialogs;
  const before = document.activeElement;
  const box = el(
    "dialog",
    { "aria-labelledby": id },
    el(
      "form",
      { method: "dialog" },
      el("h2", { id }, title),
      el("div", { class: "content", tabindex: "0", role: "group", "aria-label": title }, content),
      el(
        "p",
        { class: "buttons" },
        ...buttons.map(([value, words, kind]) => el("button", { value, class: kind ?? "" }, words)),
      ),
    ),
  );
  document.body.append(box);
  box.showModal();
  return new Promise((resolve) => {
    box.addEventListener("close", () => {
      box.remove();
      if (!document.querySelector("dialog[open]")) before?.focus?.();
      resolve(box.returnValue);
    });
  });
}

/** A button that copies a text. */
export function copyButton(text, what) {
  const button = el("button", { type: "button", "aria-label": "Copy " + what }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      say("copied");
      button.textContent = "Copied";
    } catch {
      // Browsers give the clipboard to secure pages alone.
      const code = button.parentElement.querySelector("code");
      getSelection().selectAllChildren(code);
      say("marked: copy it with your keyboard");
      button.textContent = "Marked";
    }
  });
  return button;
}
