import { type Remote, releaseProxy, wrap } from "comlink";

/** What the other side of a port does, as functions of this side. */
export type Methods<S> = {
  readonly [M in keyof S]: S[M] extends (...parameters: infer P) => infer R
    ? (...parameters: P) => Promise<Awaited<R>>
    : never;
};

/** The other side of a connection, through Comlink. */
export class RemoteMethods<S> {
  readonly #remote: Remote<S>;
  #methods: Methods<S> | undefined;

  /** @param names of all methods of `S` */
  constructor(port: MessagePort, names: readonly (keyof S)[]) {
    this.#remote = wrap<S>(port);
    // Once: each reading of a property makes a proxy, of whose end the garbage collector has to tell Comlink.
    const read = this.#remote as Record<keyof S, unknown>;
    this.#methods = Object.fromEntries(names.map((name) => [name, read[name]])) as Methods<S>;
  }

  /** What it does. Once the connection has ended, undefined: nobody would answer. */
  get methods(): Methods<S> | undefined {
    return this.#methods;
  }

  /**
   * Says goodbye, as not every runtime tells of a port's closing, and lets go: until its proxies are collected, Comlink
   * holds the port, and with it whatever listens there. Were that to hold the proxies, none of it would ever go.
   */
  release(): void {
    if (this.#methods === undefined) return;
    this.#methods = undefined;
    (this.#remote as { [releaseProxy](): void })[releaseProxy]();
  }
}
