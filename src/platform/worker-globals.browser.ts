/** Tells which globals a fresh worker has: those of the browser that the page has, without those that only pages have. */
import { COMMON_GLOBALS, looksBuiltIn } from "./common-globals.js";

const OF_PAGES = new Set(
  (
    "Audio CustomElementRegistry DOMParser Document Element History Image IntersectionObserver MutationObserver Node " +
    "NodeList Option ResizeObserver Screen Selection ShadowRoot Text Window XMLSerializer alert confirm customElements " +
    "document external frameElement frames getComputedStyle getSelection history length localStorage matchMedia opener " +
    "parent print prompt requestIdleCallback screen scroll scrollBy scrollTo sessionStorage top window"
  ).split(" "),
);

export function isInWorkers(name: string): boolean {
  if (COMMON_GLOBALS.has(name)) return true;
  if ("document" in globalThis && (OF_PAGES.has(name) || /^(?:HTML|SVG)[A-Z]/.test(name))) return false;
  return looksBuiltIn(name);
}
