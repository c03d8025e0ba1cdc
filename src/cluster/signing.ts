/** Proves who made a message: clients and nodes have the same secret, and the store between them does not have it. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** Bytes of a signature. */
export const SIGNATURE_BYTES = 32;

/** SHA-256, in hexadecimal: the address of some bytes. */
export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What a message is for. */
type Purpose = "request" | "result" | "note";

export class Signer {
  readonly #secret: string | Uint8Array;
  readonly #queue: string;

  constructor(secret: string | Uint8Array, queue: string) {
    this.#secret = secret;
    this.#queue = queue;
  }

  /**
   * HMAC-SHA-256 (RFC 2104) over the bytes, their purpose, their id and the queue. So no message passes for one of another sort.
   * @returns 32 bytes
   */
  sign(purpose: Purpose, id: string, bytes: Uint8Array): Buffer {
    const head = JSON.stringify([purpose, this.#queue, id]);
    return createHmac("sha256", this.#secret).update(`${head}\n`).update(bytes).digest();
  }

  /** Takes the same time for any wrong signature. */
  isSigned(purpose: Purpose, id: string, bytes: Uint8Array, signature: Uint8Array): boolean {
    if (signature.length !== SIGNATURE_BYTES) return false;
    return timingSafeEqual(this.sign(purpose, id, bytes), signature);
  }
}
