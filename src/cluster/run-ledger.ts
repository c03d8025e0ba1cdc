/** What clients have sent of a run, in the store: one that crashed and asks again gets the shards that have finished. */
import { isRecord } from "../memory/inputs.js";
import { type Manifest, RELEASE } from "./messages.js";
import { digestOf, type Signer } from "./signing.js";
import type { Store } from "./store.js";

/** Tasks `first` to before `end`, under the id that they were sent by. */
interface Noted {
  readonly id: string;
  readonly first: number;
  readonly end: number;
}

/**
 * Names a run by what it computes: the manifest has the digests of the kernel's module, of the payload and of the items, and it has
 * `args` and the chunks. JSON writes a number in one way; V8's format has several.
 */
export function runOf(manifest: Manifest): string {
  const text = JSON.stringify([RELEASE, manifest], (_, value: unknown) => {
    return value instanceof Uint8Array ? digestOf(value) : value;
  });
  return digestOf(Buffer.from(text));
}

export class RunLedger {
  readonly #store: Store;
  readonly #signer: Signer;
  readonly #run: string;
  readonly #noted = new Map<number, Noted>();

  private constructor(store: Store, signer: Signer, run: string) {
    this.#store = store;
    this.#signer = signer;
    this.#run = run;
  }

  /** Reads what is there. Anybody who reaches the store may write there, so each note is signed. */
  static async open(store: Store, signer: Signer, run: string): Promise<RunLedger> {
    const ledger = new RunLedger(store, signer, run);
    for (const text of await store.notes(run)) {
      const noted = ledger.#read(text);
      if (noted !== undefined) ledger.#noted.set(noted.first, noted);
    }
    return ledger;
  }

  /** The shard that an earlier client has sent, and that begins with this task. It is given once. */
  take(first: number): Noted | undefined {
    const noted = this.#noted.get(first);
    this.#noted.delete(first);
    return noted;
  }

  /** A shard is being sent. */
  async note({ id, first, end }: Noted): Promise<void> {
    const body = JSON.stringify({ id, first, end } satisfies Noted);
    const signature = this.#signer.sign("note", this.#run, Buffer.from(body)).toString("hex");
    await this.#store.note(this.#run, String(first), `${signature}${body}`);
  }

  /** A shard has failed: it runs anew if the call is made again. */
  async forget(first: number): Promise<void> {
    await this.#store.forget(this.#run, String(first));
  }

  #read(text: string): Noted | undefined {
    const at = text.indexOf("{");
    const body = text.slice(at);
    const signature = Buffer.from(text.slice(0, Math.max(0, at)), "hex");
    if (!this.#signer.isSigned("note", this.#run, Buffer.from(body), signature)) return undefined;
    const noted: unknown = JSON.parse(body);
    return isRecord(noted) ? (noted as unknown as Noted) : undefined;
  }
}
