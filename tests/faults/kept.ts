/** Second handles of memory that calls gave: whatever is computed later, they go on showing what they showed. */
import { isDeepStrictEqual } from "node:util";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";

interface Clone {
  readonly what: string;
  readonly take: () => unknown;
  readonly expected: unknown;
}

export class Kept {
  readonly #clones: Clone[] = [];

  /**
   * The clone is held by a list, or by a message that nobody has received yet: then no thread's collector sees it.
   * @param expected what the memory shows, in memory of its own
   */
  keep(what: string, arrays: unknown, expected: unknown, isPosted: boolean): void {
    this.#clones.push({ what, take: isPosted ? posted(arrays) : held(arrays), expected });
  }

  /** Those that show something else. */
  changed(): string[] {
    const wrong = this.#clones.filter(({ take, expected }) => !isDeepStrictEqual(take(), expected));
    return wrong.map(({ what }) => what);
  }
}

function held(arrays: unknown): () => unknown {
  const clone: unknown = structuredClone(arrays);
  return () => clone;
}

function posted(arrays: unknown): () => unknown {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(arrays);
  return () => {
    const { message } = receiveMessageOnPort(port2) as { message: unknown };
    port2.close();
    return message;
  };
}
