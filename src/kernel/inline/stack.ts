/** Leads the stack frames of compiled kernels to the files in which their functions are. */
import { type FilePlace, framePlace, placeOfFunction } from "../../platform/function-place.js";
import type { PlacedFunction } from "../captured.js";
import { placeInSource } from "./compile.js";
import { readText } from "./source.js";

/** `    at async name (sharray-kernel-x.js:3:14)`, with or without a name. */
const FRAME = /^(\s+at )(async )?(?:(.+) \()?sharray-kernel-[^\s:()]*\.js:(\d+):(\d+)\)?$/;

/** Whether a line of a stack is a frame of a compiled kernel. */
export function isKernelFrame(line: string): boolean {
  return FRAME.test(line);
}

/**
 * The frame with the place of the function in the user's file.
 * @param functions the functions that the kernel is made of
 * @returns the same frame if the place is unknown
 */
export function ledToFile(frame: string, functions: readonly PlacedFunction[]): string {
  const [, at, async = "", name, line, column] = FRAME.exec(frame) ?? [];
  const inSource = placeInSource(Number(line), Number(column));
  const placed = functions.findLast((each) => each.line <= inSource.line);
  if (placed === undefined) return frame;
  const place = placeInFile(placed, inSource);
  if (place === undefined) return frame;
  // The kernel itself is called as what `new Function` returned.
  const shown = name === "eval" ? String((placed.fn as { readonly name: unknown }).name) : (name ?? "");
  const where = framePlace(place);
  return `${at}${async}${shown === "" ? where : `${shown} (${where})`}`;
}

function placeInFile(
  { fn, line }: PlacedFunction,
  inSource: { readonly line: number; readonly column: number },
): FilePlace | undefined {
  const start = placeOfFunction(fn);
  if (start === undefined) return undefined;
  const { text, source } = readText(fn);
  const { body, before, anchor } = bodyOf(text, source);
  // Behind the body are helpers that tools put in.
  const bodyLines = text.slice(body).split("\n").length;
  const lineInBody = inSource.line - line;
  if (lineInBody >= bodyLines) return undefined;
  const columnInBody = inSource.column - (lineInBody === 0 ? before : 0);
  // From the known position in the file to the position of the text that the frame names.
  const known = positionAt(text, anchor);
  const started = positionAt(text, body);
  const lineInText = started.line + lineInBody;
  const columnInText = columnInBody + (lineInBody === 0 ? started.column : 0);
  return {
    ...start,
    line: start.line - known.line + lineInText,
    column: lineInText === known.line ? start.column - known.column + columnInText : columnInText,
  };
}

/** How a function's text relates to its source. */
interface Body {
  /** Where in the text the part begins that the source has. A method's name is not in it. */
  readonly body: number;
  /** Characters that the source has before it. */
  readonly before: number;
  /** Where in the text V8 says that the function is. */
  readonly anchor: number;
}

function bodyOf(text: string, source: string): Body {
  const before = source.indexOf(text);
  if (before !== -1) {
    const isArrow = !/^(?:async\s+)?function\b/.test(text);
    return { body: 0, before, anchor: isArrow ? 0 : text.indexOf("(") };
  }
  let body = text.indexOf("(");
  while (body !== -1 && !source.includes(text.slice(body))) body = text.indexOf("(", body + 1);
  return {
    body: Math.max(0, body),
    before: Math.max(0, source.indexOf(text.slice(body))),
    anchor: Math.max(0, body),
  };
}

function positionAt(text: string, offset: number): { readonly line: number; readonly column: number } {
  const lines = text.slice(0, offset).split("\n");
  return { line: lines.length - 1, column: (lines.at(-1) as string).length };
}
