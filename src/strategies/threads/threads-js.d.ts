/** What is used of threads.js 1.7: its published `exports` carry no types (TS7016). */
declare module "threads" {
  /** What `spawn` needs of a worker. */
  export interface SpawnableWorker {
    addEventListener(event: string, listener: (event: { data: unknown }) => void): void;
    removeEventListener(event: string, listener: (event: { data: unknown }) => void): void;
    postMessage(message: unknown, transfer?: readonly unknown[]): void;
    terminate(): Promise<unknown>;
  }
  export type ModuleThread<M> = {
    readonly [K in keyof M]: M[K] extends (...parameters: infer P) => infer R
      ? (...parameters: P) => Promise<Awaited<R>>
      : never;
  };
  export function spawn<M>(worker: SpawnableWorker, options?: { timeout?: number }): Promise<ModuleThread<M>>;
  export const Thread: { terminate(thread: object): Promise<void> };
}

declare module "threads/worker" {
  export function expose(module: object): void;
}
