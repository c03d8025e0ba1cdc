/**
 * Replace the globals of their names in the bundle for browsers, into which scripts/build-browser.js puts them. @msgpack/msgpack makes
 * one of each when it loads, and some versions of jsdom have none.
 */

class Encoder {
  encodeInto(text: string, target: Uint8Array): void {
    const bytes = encodeURIComponent(text).replace(/%(..)/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    for (let i = 0; i < bytes.length; i += 1) target[i] = bytes.charCodeAt(i);
  }
}

class Decoder {
  decode(bytes: Uint8Array): string {
    const escaped = Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`);
    return decodeURIComponent(escaped.join(""));
  }
}

export const TextEncoder = globalThis.TextEncoder ?? Encoder;
export const TextDecoder = globalThis.TextDecoder ?? Decoder;
