/**
 * What tasks and the caller's side tell each other, whether or not they share memory: empty folders, of which the name says
 * all. The system makes each once, whoever asks for it.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { threadId } from "node:worker_threads";

/** In the environment of the sequence's process, and so of its workers: where its boards are. */
const FOLDER = "SHARRAY_FAULTS_FOLDER";

/** Names a thread among those of all processes. */
export type ThreadName = string;
const ownName = (): ThreadName => `${process.pid}:${threadId}`;

/** @returns what removes the folder */
export function openFolder(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "sharray-faults-"));
  process.env[FOLDER] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

/** Whether the environment is that of a sequence. */
export const isInSequence = (): boolean => process.env[FOLDER] !== undefined;

const pathOf = (board: string): string => join(process.env[FOLDER] as string, board);

/** @returns false: it is there already, or the sequence has ended */
function make(board: string, name: string): boolean {
  try {
    mkdirSync(join(pathOf(board), name));
    return true;
  } catch {
    return false;
  }
}

/** The tasks' side. Kernels have it as a global variable, because inline ones import nothing. */
export const tasksSide = {
  /** Takes the next number below `most` of a list; `undefined` if all are taken. */
  next(board: string, list: string | number, most: number): number | undefined {
    for (let number = 0; number < most; number += 1) if (make(board, `${list} ${number}`)) return number;
    return undefined;
  },
  /** Asks the caller's side for what the fault needs, of this thread. */
  ask(board: string, fault: number): void {
    make(board, `asked ${fault} ${ownName()}`);
  },
  /** Whether the call has settled, and its result was looked at. */
  isOver: (board: string): boolean => existsSync(join(pathOf(board), "over")),
};

/** The caller's side of one job, or of the sequence. */
export class Board {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
    mkdirSync(pathOf(name));
  }

  /** How many numbers of a list were taken. */
  taken(list: string | number): number {
    return this.#names(`${list} `).length;
  }

  /** Which faults were asked for since the last time, and by whom. */
  takeAsked(): (readonly [fault: number, thread: ThreadName])[] {
    return this.#names("asked ").map((name) => {
      rmdirSync(join(pathOf(this.name), name));
      const [, fault, thread] = name.split(" ") as [string, string, ThreadName];
      return [Number(fault), thread] as const;
    });
  }

  end(): void {
    make(this.name, "over");
  }

  #names(start: string): string[] {
    return readdirSync(pathOf(this.name)).filter((name) => name.startsWith(start));
  }
}
