import { type ControlBlock, denies } from "../protocol/control-block.js";
import { AT } from "../protocol/meter.js";

/** Tells a kernel whether anybody still wants the result of its task. */
export class AbortCheck {
  /** `context.aborted()`: true once the job was stopped, a task before this one has failed, or this one's time is up. */
  readonly aborted: () => boolean;
  /** Whether the kernel was told that nobody wants the result. A plain field, because every task looks at it. */
  wasDenied = false;

  /**
   * @param meter notes the task that the thread is at
   * @param isSingle whether each task is a job of its own. Then the failure of one does not stop the others
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

  /** The task has ended. @returns whether its kernel was told. Then what it returned or threw is no result */
  takeDenial(): boolean {
    const was = this.wasDenied;
    this.wasDenied = false;
    return was;
  }
}
