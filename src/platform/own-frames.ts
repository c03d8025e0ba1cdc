/** Which stack frames are this package's own. In a program's bundle, which has both, that is unknown. */

const [, home] =
  /^(.*\/(?:src|dist)\/)(?:platform\/own-frames\.[jt]s|core\.c?js|part\/)$/.exec(import.meta.url ?? "") ?? [];
// Frames of CommonJS have paths.
const places = home === undefined ? [] : [home, decodeURI(new URL(home).pathname)];

export function isOwnFrame(line: string): boolean {
  return places.some((place) => line.includes(place));
}
