// @ts-check
/** Elements out of words. Texts go in as texts, never as markup, whatever a workbook or a server says. */

/**
 * An element with its properties, handlers (`onclick`) and attributes (`aria-…`, `role`), and what is in it.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [properties]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) /** @type {any} */ (made)[name] = value;
    else made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

/**
 * A button that says what it does.
 * @param {string} label
 * @param {() => void} onclick
 * @param {string} className
 */
export function button(label, onclick, className = "") {
  return element("button", { type: "button", className, onclick }, label);
}

/**
 * A text of several lines as paragraphs.
 * @param {string} text
 */
export function paragraphs(text) {
  return text.split("\n").filter(Boolean).map((line) => element("p", {}, line));
}
