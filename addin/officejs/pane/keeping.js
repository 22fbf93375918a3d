// @ts-check
/**
 * The drawer for the token and for presses that wait: the browser's store of this page's own origin. Excel on the web gives
 * each of its own sites a part of it (`partitionKey`), so names begin with that key.
 */

/** @typedef {import("../client/presses.js").Drawer} Drawer */

/**
 * @param {string} partition
 * @returns {Drawer}
 */
export function openDrawer(partition) {
  const prefix = `${partition}stockbook.`;
  /** @type {Map<string, string>} what this visit knows, where the browser keeps nothing */
  const here = new Map();
  return {
    get(name) {
      try {
        return localStorage.getItem(prefix + name) ?? here.get(name) ?? null;
      } catch {
        return here.get(name) ?? null;
      }
    },
    set(name, text) {
      here.delete(name);
      try {
        if (text === null) localStorage.removeItem(prefix + name);
        else localStorage.setItem(prefix + name, text);
        return true;
      } catch {
        if (text !== null) here.set(name, text);
        return false;
      }
    },
    names() {
      try {
        const all = Array.from({ length: localStorage.length }, (_each, place) => localStorage.key(place) ?? "");
        return all.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
      } catch {
        return [...here.keys()];
      }
    },
  };
}
