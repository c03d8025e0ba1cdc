/** Addresses of modules. Pure. */

const PATH = /^(\/|\\\\|[A-Za-z]:[\\/])/;

/** The URL of a module, which is given by that or by the absolute path of its file; `undefined` for anything else. */
export function urlOf(place: unknown): string | undefined {
  const text = isUrl(place) ? place.href : place;
  if (typeof text !== "string") return undefined;
  if (PATH.test(text)) return fileUrl(text);
  return URL.canParse(text) ? text : undefined;
}

/** Programs may have several classes `URL`, one for each realm. */
function isUrl(place: unknown): place is URL {
  return typeof place === "object" && place !== null && "href" in place && "searchParams" in place;
}

function fileUrl(path: string): string {
  const isWindows = !path.startsWith("/");
  const slashed = isWindows ? path.replaceAll("\\", "/") : path;
  const encoded = encodeURI(slashed).replace(/[?#]/g, encodeURIComponent);
  if (encoded.startsWith("//")) return `file:${encoded}`;
  return `file://${encoded.startsWith("/") ? "" : "/"}${encoded}`;
}
