import { type ControlBlock, denies } from "../protocol/control-block.js";
import { AT } from "../protocol/meter.js";

/** Whether anybody still wants the result of the task that a thread is at. Its kernel may ask. */
export class AbortCheck {
  /** `context.aborted()`: true once the job was stopped, a task before this one has failed, or this one's time is up. */
  readonly aborted: () => boolean;
  /** Whether the kernel was told that nobody wants it. A plain field, because every task looks at it. */
  wasDenied = false;

  /**
   * @param meter notes the task that the thread is at
   * @param isSingle each task is a job of its own, which counts nothing for the others
   */
  constructor(control: Pick<ControlBlock, "limit">, meter: Float64Array, isSingle = false) {
    this.aborted = () => {
      const { limit } = control;
      const at = meter[AT] as number;
      if (isSingle ? !denies(limit, at - 1) : at <= limit) return false;
      this.wasDenied = true;
      return true;
    };
  }

  /** The task has ended. @returns whether its kernel was told: then what it returned or threw is no result */
  takeDenial(): boolean {
    const was = this.wasDenied;
    this.wasDenied = false;
    return was;
  }
}
