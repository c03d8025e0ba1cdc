import fc from "fast-check";
import { expect, it } from "vitest";
import { digestOf, SIGNATURE_BYTES, Signer } from "../../../src/cluster/signing.js";

const SECRET = "a secret of the test";

it("digests are SHA-256", () => {
  // FIPS 180-4, "abc".
  expect(digestOf(Buffer.from("abc"))).toBe(
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

it("a signature holds for its bytes, purpose, id, queue and secret alone", () => {
  const signer = new Signer(SECRET, "queue");
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), fc.string(), fc.nat(), (bytes, id, at) => {
      const signature = signer.sign("request", id, bytes);
      expect(signature).toHaveLength(SIGNATURE_BYTES);
      expect(signer.isSigned("request", id, bytes, signature)).toBe(true);
      expect(signer.isSigned("result", id, bytes, signature)).toBe(false);
      expect(signer.isSigned("request", `${id}.`, bytes, signature)).toBe(false);
      expect(new Signer(SECRET, "other").isSigned("request", id, bytes, signature)).toBe(false);
      expect(new Signer(`${SECRET}.`, "queue").isSigned("request", id, bytes, signature)).toBe(false);
      const altered = bytes.slice();
      altered[at % bytes.length] = (altered[at % bytes.length] as number) ^ 1;
      expect(signer.isSigned("request", id, altered, signature)).toBe(false);
      for (const short of [signature.subarray(1), Buffer.alloc(0), Buffer.alloc(SIGNATURE_BYTES)]) {
        expect(signer.isSigned("request", id, bytes, short)).toBe(false);
      }
    }),
  );
});
