import { type Remote, releaseProxy, wrap } from "comlink";

/** What the other side of a port does, as functions of this side. */
export type Far<S> = {
  readonly [M in keyof S]: S[M] extends (...parameters: infer P) => infer R
    ? (...parameters: P) => Promise<Awaited<R>>
    : never;
};

/** @returns the other side's methods, and what says goodbye to it */
export function farSide<S>(
  port: MessagePort,
  methods: readonly (keyof S)[],
): [far: Far<S>, goodbye: () => void] {
  const remote = wrap<S>(port);
  // Once: each reading of a property makes a proxy, and has the garbage collector tell of its end.
  const far = Object.fromEntries(methods.map((name) => [name, (remote as Record<keyof S, unknown>)[name]]));
  return [far as Far<S>, () => (remote as Remote<S>)[releaseProxy]()];
}
