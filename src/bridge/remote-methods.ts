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
    // Read once, because each reading makes a proxy, and the garbage collector must tell Comlink of its end.
    const read = this.#remote as Record<keyof S, unknown>;
    this.#methods = Object.fromEntries(names.map((name) => [name, read[name]])) as Methods<S>;
  }

  /** The methods; `undefined` once the connection has ended, because nobody would answer. */
  get methods(): Methods<S> | undefined {
    return this.#methods;
  }

  /**
   * Says goodbye, because not every runtime tells of a port's closing, and lets the proxies go. Comlink holds the port and its
   * listeners until the proxies are collected. So the listeners must not hold the proxies.
   */
  release(): void {
    if (this.#methods === undefined) return;
    this.#methods = undefined;
    (this.#remote as { [releaseProxy](): void })[releaseProxy]();
  }
}
