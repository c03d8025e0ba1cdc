/**
 * Functions that read the variables around another function at any time: 0.2 µs where reading its scopes takes 100 (Node 20). Only V8's
 * debugger can make one, because it evaluates text in the scope of a call that it has paused. So the function is called, paused before
 * its first statement, and ended there: none of its code runs. The first time that takes 30 ms, later 5.
 */
import type { Runtime } from "node:inspector";
import type { Scope } from "./closure.js";
import { inspect, mayHaveDebugger, type Post, type Session } from "./inspector.js";
import { HANDED_OVER, handOver } from "./main-realm.js";

/** The present values of variables, by their names. Throws if one is not initialised. */
export type VariableReader = () => Scope;

type AnyFunction = (...given: unknown[]) => unknown;

/** What crosses to and from the inspector's scripts. */
interface Parcel {
  fn: AnyFunction;
  readonly call: (parcel: Parcel) => void;
  made: VariableReader | undefined;
}

interface Evaluated {
  readonly result: Runtime.RemoteObject;
  readonly exceptionDetails?: Runtime.ExceptionDetails;
}

let trialsRun = 0;
const trial = (): void => {
  trialsRun += 1;
};

/** Stands for any value: has every member, as a list too, so that no default value of a parameter is computed. */
const anything: object = new Proxy(
  {},
  { get: (_, key) => (key === Symbol.iterator ? () => new Array(32).fill(anything).values() : anything) },
);

/**
 * @param names of variables that the function uses and does not declare
 * @returns undefined if there is none to be had, as if a debugger would show the pause
 */
export function variableReader(fn: object, names: readonly string[]): VariableReader | undefined {
  if (mayHaveDebugger()) return undefined;
  // By computed keys, because `__proto__: x` is no member.
  const members = names.map((name) => `[${JSON.stringify(name)}]:${name}`);
  const reader = `()=>({${members.join()}})`;
  const parcel: Parcel = { fn: trial, call, made: undefined };
  try {
    return handOver(parcel, () => inspect((session) => madeIn(fn as AnyFunction, reader, parcel, session)));
  } catch {
    // Another inspector than V8's.
    return undefined;
  }
}

/** One statement, so that the pause after its own is in the function. */
function call({ fn }: Parcel): void {
  fn(anything, anything, anything, anything, anything, anything, anything, anything);
}

function madeIn(
  fn: AnyFunction,
  reader: string,
  parcel: Parcel,
  session: Session,
): VariableReader | undefined {
  const { post, send, on } = session;
  /** How many calls are on the stack when the function is called. */
  let depth = 0;
  on("Debugger.paused", ({ callFrames }) => {
    if (depth === 0) {
      depth = callFrames.length;
      post("Debugger.stepInto", {});
      return;
    }
    // Not always the innermost, which may be a trap of the proxy.
    const frame = callFrames.at(-depth - 1);
    if (frame !== undefined) takeReader(reader, frame.callFrameId, post);
    // Ends the call. Must be the last: any other call on this thread would be ended instead.
    send("Runtime.terminateExecution");
  });
  const endedCall = (): void => {
    depth = 0;
    try {
      post("Runtime.evaluate", { expression: `${HANDED_OVER}.call(${HANDED_OVER})` });
    } catch {
      // It was ended.
    }
  };
  post("Debugger.enable", {});
  try {
    const { result } = post<Evaluated>("Runtime.evaluate", { expression: `${HANDED_OVER}.call` });
    post("Debugger.setBreakpointOnFunctionCall", { objectId: result.objectId });
    // A hook of the program may run where the call is to be ended, and be ended instead of it.
    const before = trialsRun;
    endedCall();
    if (trialsRun !== before) return undefined;
    parcel.fn = fn;
    parcel.made = undefined;
    endedCall();
    return parcel.made;
  } finally {
    post("Debugger.disable", {});
  }
}

/** Makes the reader in the scope of a call, and hands it over. */
function takeReader(reader: string, callFrameId: string, post: Post): void {
  try {
    const { result, exceptionDetails } = post<Evaluated>("Debugger.evaluateOnCallFrame", {
      callFrameId,
      expression: reader,
      silent: true,
    });
    if (exceptionDetails !== undefined) return;
    post("Runtime.callFunctionOn", {
      objectId: result.objectId,
      functionDeclaration: `function () { ${HANDED_OVER}.made = this; }`,
    });
  } catch {
    // The text means nothing there.
  }
}
