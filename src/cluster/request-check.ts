/** A node checks a request before it believes it: who made it, when, for which job of the queue, and that it has not run. */
import { RecentMap } from "../platform/recent-map.js";
import type { JobSpec } from "../protocol/job-spec.js";
import { type Manifest, type ShardRequest, unpack } from "./messages.js";
import { BadManifest, checkManifest } from "./shard-request.js";
import { digestOf, type Signer } from "./signing.js";
import type { Store } from "./store.js";

/** Requests hold ids and numbers alone. */
const MOST_REQUEST = 4096;
/** `args` and small arrays are in there. */
const MOST_MANIFEST = 64 * 1024 * 1024;
const KEPT_MANIFESTS = 8;

export class RequestCheck {
  readonly #signer: Signer;
  readonly #store: Store;
  readonly #limit: number;
  /** Until when each that has run is valid. */
  readonly #ran = new Map<string, number>();
  readonly #manifests = new RecentMap<string, Manifest>(KEPT_MANIFESTS);
  dropped = 0;

  constructor(signer: Signer, store: Store, limit: number) {
    this.#signer = signer;
    this.#store = store;
    this.#limit = limit;
  }

  /** @param id of the queue's job @returns why it is dropped, as words, if it is */
  request(id: string | undefined, data: unknown): ShardRequest | string {
    const request = this.#read(id, data);
    if (typeof request === "string") this.dropped += 1;
    return request;
  }

  #read(id: string | undefined, data: unknown): ShardRequest | string {
    const { body, signature } = (data ?? {}) as { readonly body?: unknown; readonly signature?: unknown };
    if (id === undefined || typeof body !== "string" || typeof signature !== "string") return "not signed";
    if (body.length > MOST_REQUEST) return "too long";
    const isSigned = this.#signer.isSigned("request", id, Buffer.from(body), Buffer.from(signature, "hex"));
    // The id is part of what is signed, so the same request under another one is altered.
    if (!isSigned) return "altered, or signed with another secret";
    const request = JSON.parse(body) as ShardRequest;
    if (request.id !== id) return "altered";
    return Date.now() > request.expires ? "expired" : request;
  }

  /** A shard has run here. It does not run again, whatever becomes of its result in the store. */
  hasRun({ id, expires }: ShardRequest): void {
    const now = Date.now();
    for (const [each, until] of this.#ran) {
      if (until > now) break;
      this.#ran.delete(each);
    }
    this.#ran.set(id, expires);
  }

  knows({ id }: ShardRequest): boolean {
    return this.#ran.has(id);
  }

  /** @returns `undefined` if the store does not have it @throws BadManifest */
  async manifest(
    request: ShardRequest,
  ): Promise<{ readonly manifest: Manifest; readonly spec: JobSpec } | undefined> {
    const manifest = this.#manifests.get(request.manifest) ?? (await this.#readManifest(request));
    return manifest && { manifest, spec: checkManifest(manifest, request, this.#limit) };
  }

  async #readManifest({ manifest: digest, bytes }: ShardRequest): Promise<Manifest | undefined> {
    if (bytes > MOST_MANIFEST)
      throw new BadManifest(`a manifest of ${bytes} bytes, more than ${MOST_MANIFEST}`);
    const size = await this.#store.sizeOf("manifest", digest);
    if (size === 0) return undefined;
    if (size !== bytes) return this.#altered(digest);
    const read = await this.#store.get("manifest", digest);
    if (read === undefined || digestOf(read) !== digest) return this.#altered(digest);
    const manifest = unpack(read) as Manifest;
    this.#manifests.set(digest, manifest);
    return manifest;
  }

  /** Somebody else has written there. The client can only put there what is not there. */
  async #altered(digest: string): Promise<undefined> {
    await this.#store.remove("manifest", [digest]);
    return undefined;
  }
}
