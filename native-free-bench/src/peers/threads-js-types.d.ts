/** What is used of threads.js 1.7: its published `exports` carry no types (TS7016). */
declare module "threads" {
  export class Worker {
    constructor(path: string);
  }
  export function spawn<M>(worker: Worker): Promise<M>;
  export function Pool<M>(
    spawnWorker: () => Promise<M>,
    size: number,
  ): {
    queue<R>(task: (thread: M) => R): PromiseLike<Awaited<R>>;
  };
}
declare module "threads/worker" {
  export function expose(exposed: (...parameters: never[]) => unknown): void;
}
