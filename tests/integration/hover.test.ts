/** What editors show on hovering over an option, as TypeScript's own service finds it in the published declarations. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { API, SymbolFlags } from "typescript/unstable/sync";
import { expect, test } from "vitest";
import { installed } from "./installed.js";

const PROGRAM = `
  import type { CallOptions, CollectOptions, Halo, HostProfile, KernelContext, MapOptions, ParallelOptions } from "sharray";
  import type { Progress, ReduceOptions, ResourceLimits, RowsOf, ShutdownOptions, StreamOptions } from "sharray";
  import type { defineKernel } from "sharray";
  import type { connectExecutor, serveExecutor } from "sharray/bridge";
  import type { instrument } from "sharray/otel";
  type Last<F extends (...parameters: never[]) => unknown> = Required<Parameters<F>> extends [...unknown[], infer L] ? L : never;
  export declare const parallel: ParallelOptions;
  export declare const call: CallOptions<unknown, unknown, unknown>;
  export declare const map: MapOptions<unknown, unknown>;
  export declare const reduce: ReduceOptions<unknown, unknown>;
  export declare const collect: CollectOptions;
  export declare const stream: StreamOptions;
  export declare const halo: Halo;
  export declare const rows: RowsOf;
  export declare const limits: ResourceLimits;
  export declare const host: HostProfile;
  export declare const shutdown: ShutdownOptions;
  export declare const context: KernelContext<unknown>;
  export declare const progress: Progress;
  export declare const kernel: Last<typeof defineKernel>;
  export declare const connect: Last<typeof connectExecutor>;
  export declare const serve: Last<typeof serveExecutor>;
  export declare const otel: Last<typeof instrument>;
`;

interface Option {
  /** The variable's name and its own. */
  readonly name: string;
  readonly isOptional: boolean;
  readonly text: string;
}

function everyOption(): Option[] {
  const folder = mkdtempSync(join(installed.project, "hover-"));
  const file = join(folder, "options.ts");
  const configuration = join(folder, "tsconfig.json");
  writeFileSync(file, PROGRAM);
  const compilerOptions = { strict: true, module: "nodenext", target: "es2022", types: [], noEmit: true };
  writeFileSync(configuration, JSON.stringify({ compilerOptions, files: ["options.ts"] }));
  const api = new API({ cwd: folder });
  try {
    const project = api.updateSnapshot({ openProjects: [configuration] }).getProject(configuration);
    if (project === undefined) throw new Error("TypeScript does not open the project");
    const { checker, program } = project;
    expect(program.getSemanticDiagnostics(file)).toEqual([]);
    return [...PROGRAM.matchAll(/declare const (\w+)/g)].flatMap(({ 0: words, 1: variable, index }) => {
      const type = checker.getTypeAtPosition(file, index + words.length - 1);
      if (type === undefined) throw new Error(`TypeScript knows no type of ${variable}`);
      return checker.getPropertiesOfType(type).map((property) => ({
        name: `${variable}.${property.name}`,
        isOptional: (property.flags & SymbolFlags.Optional) !== 0,
        text: property.getDocumentationComment(checker),
      }));
    });
  } finally {
    api.close();
  }
}

test("every option tells what it means, and what holds without it", () => {
  const options = everyOption();
  expect(options.length).toBeGreaterThan(100);
  const untold = options.filter(({ text, isOptional }) => {
    return text.length < 20 || (isOptional && !/\bdefault\b/i.test(text));
  });
  expect(untold).toEqual([]);
});
