/**
 * Builds the caller's side for Node: `core.js`, which has nearly all of a call, and modules around it that take what they need
 * of it. Finding and loading 200 modules one by one takes 150 ms, compiling everything 20 ms. So the core is one file. Code
 * that only some calls need is a part, which is a string in the core. V8 reads strings ten times as fast as code. A part is
 * compiled when something in it is called for the first time. Sources import it like anything else; in dist a stand-in compiles
 * it. A part is no file of its own, as a process may have used up its descriptors by then (docs/decisions/0014).
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { build } from "esbuild";
import { assertCallable, separate, shorten } from "./separate.js";

/** Other ways in, and what is imported at need. */
const MODULES = {
  "bridge/index.js": "bridge/index.ts",
  "cluster/index.js": "cluster/index.ts",
  "telemetry/otel.js": "telemetry/otel.ts",
  "telemetry/trace.js": "telemetry/trace.ts",
  "thread-control.js": "strategies/threads/thread-control.ts",
  "script-texts.js": "platform/script-texts.ts",
};
/** With what the core imports of each: modules that export nothing but functions and classes. */
const PARTS = {
  kernels: ["kernel/inline/analyse.ts", "kernel/module/may-export.ts"],
  captures: ["kernel/inline/closure-reader.ts"],
  // Apart, so that workers are starting while this thread compiles what a round takes.
  workers: ["strategies/threads/slot.ts", "strategies/threads/threads-run.ts"],
  rounds: [
    "strategies/threads/round-runner.ts",
    "strategies/threads/loss-policy.ts",
    "protocol/round.ts",
    "protocol/msgpack.ts",
  ],
  processes: [
    "strategies/processes/process-slot.ts",
    "strategies/processes/job-sources.ts",
    "strategies/processes/memory-source.ts",
    "strategies/processes/transfer.ts",
  ],
  arrays: ["memory/share.ts", "memory/snapshot.ts"],
  streams: ["call/result-stream.ts"],
  moves: ["call/hand-over.ts"],
  plans: ["plan/advice.ts", "plan/print.ts", "call/report.ts"],
  failures: [
    "memory/make-room.ts",
    "call/failed-task.ts",
    "call/lead-to-line.ts",
    "call/partial-results.ts",
    "protocol/thrown.ts",
    "call/room-queue.ts",
    "call/input-names.ts",
    "tasks/returned.ts",
  ],
};
const DOORS = Object.values(PARTS).flat();

const root = resolve("src");
/** Modules by their names below `src`. */
const nameOf = (file) => relative(root, file).replaceAll("\\", "/");
/** The module of ours that an import names. */
const imported = ({ path, resolveDir }) => nameOf(resolve(resolveDir, path)).replace(/\.js$/, ".ts");

/**
 * @param options esbuild's, for ES modules
 * @returns the files in `outdir`, and the metafiles of all builds
 */
export async function buildCaller(options, outdir) {
  const files = [];
  const write = (file, text) => {
    files.push(file);
    mkdirSync(dirname(join(outdir, file)), { recursive: true });
    writeFileSync(join(outdir, file), text);
  };
  const inside = await coreOf(options);
  const metafiles = [];
  const bundle = async (contents, plugin, minifyIdentifiers = false) => {
    const { outputFiles, metafile } = await build({
      ...options,
      minifyIdentifiers,
      stdin: { contents, resolveDir: root },
      plugins: [...options.plugins, plugin],
      write: false,
      metafile: true,
    });
    metafiles.push(metafile);
    return { text: outputFiles[0].text, exports: Object.values(metafile.outputs)[0].exports };
  };
  /** A bundle of what is reached from `entries` and is not in the core. */
  const around = async (entries, isPart) => {
    const outside = new Set([...inside, ...DOORS.filter((door) => !entries.includes(door))]);
    const contents = entries.map((entry) => `export * from "./${entry}";`).join("");
    return separate((await bundle(contents, leaveOut(outside), isPart)).text, outside);
  };

  /** What others take of the core. */
  const taken = new Map();
  for (const [file, entry] of Object.entries(MODULES)) {
    const { code, takes, gives } = await around([entry], false);
    const names = takes.map(({ module, exported, local }) => {
      const key = `${exported} from ${module}`;
      if (!taken.has(key)) taken.set(key, { module, exported, name: `v${taken.size}` });
      return `${taken.get(key).name} as ${local}`;
    });
    const home = relative(dirname(file), "core.js").replaceAll("\\", "/");
    const from = home.startsWith(".") ? home : `./${home}`;
    write(
      file,
      `import{${names.join()}}from"${from}";${code}export{${gives.map(({ name, local }) => `${local} as ${name}`)}};\n`,
    );
  }
  const standIns = new Map();
  const texts = new Map();
  for (const [name, doors] of Object.entries(PARTS)) {
    const part = await around(doors, true);
    standIns.set(name, standInFor(name, part));
    texts.set(name, textOf(part));
  }

  const own = [...taken.values()].map(({ module, exported, name }) => {
    return `export { ${exported} as ${name} } from "./${module}";`;
  });
  const { text, exports } = await bundle(`export * from "./index.ts";${own.join("")}`, putInPlace(standIns));
  const core = await shorten(text, options);
  // As strings: esbuild would make templates of them, which V8 takes twice as long to read.
  write(
    "core.js",
    core.replaceAll(PLACE, (_, name) => `\n${JSON.stringify(texts.get(name))}\n`),
  );
  const names = exports.filter((name) => !own.some((line) => line.includes(` as ${name} `)));
  write("index.js", `export{${names.join()}}from"./core.js";\n`);
  return { files, metafiles };
}

/** What is in the core: all that `index.ts` reaches without parts, and what two of the others reach, so that nothing is in dist twice. */
async function coreOf(options) {
  const { metafile } = await build({
    ...options,
    entryPoints: ["index.ts", ...Object.values(MODULES)].map((entry) => join(root, entry)),
    outdir: "dist",
    write: false,
    metafile: true,
  });
  const imports = new Map(
    Object.entries(metafile.inputs).map(([file, { imports }]) => {
      const loaded = imports.filter(({ external, kind }) => !external && kind !== "dynamic-import");
      return [nameOf(file), loaded.map(({ path }) => nameOf(path))];
    }),
  );
  const reached = (starts, outside) => {
    const found = new Set(starts);
    for (const file of found) {
      for (const each of imports.get(file) ?? []) if (!outside.has(each)) found.add(each);
    }
    return found;
  };
  const core = reached(["index.ts"], new Set(DOORS));
  const others = [...Object.values(MODULES).map((entry) => [entry]), ...Object.values(PARTS)];
  const once = new Set();
  for (const entries of others) {
    const outside = new Set([...core, ...DOORS]);
    for (const file of reached(entries, outside)) (once.has(file) ? core : once).add(file);
  }
  // Our own modules are small.
  const [large] = [...core].filter((file) => file.includes("node_modules/"));
  if (large !== undefined)
    throw new Error(`${large} would be compiled by every program: make a part of what imports it`);
  return core;
}

function leaveOut(outside) {
  return {
    name: "outside",
    setup({ onResolve }) {
      onResolve({ filter: /^\./ }, (path) => {
        return outside.has(imported(path)) ? { path: imported(path), external: true } : undefined;
      });
    },
  };
}

const OWN_URL = "ownUrl";
/** Where the text of a part comes. */
const PLACE = /\bsharray_text_(\w+)/g;
const COMPILER = "compile part";
/** In a context of node:vm, such as Jest's, a part is to have the globals of its core. */
const COMPILING = `
  import { builtInModule } from "./platform/built-in-module.ts";
  import { MAIN_REALM } from "./platform/main-realm.ts";
  // A bundle need not have one.
  const URL_OF_CORE = import.meta.url;
  export function compilePart(name, code) {
    const parameters = ["${OWN_URL}", "taken"];
    const { compileFunction } = builtInModule("node:vm");
    const compiled = globalThis === MAIN_REALM
      ? compileFunction(code, parameters, { filename: (URL_OF_CORE ?? "sharray") + "?" + name })
      : Function(...parameters, code);
    return (taken) => {
      // Packages keep errors that they make as they load. By its stack each would keep the call that the part is compiled for.
      const { stackTraceLimit } = Error;
      Reflect.set(Error, "stackTraceLimit", 0);
      try {
        // Sources name files from a folder, in which they are.
        return compiled(URL_OF_CORE && new URL("part/", URL_OF_CORE).href, taken);
      } finally {
        Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
      }
    };
  }`;

function textOf({ code, takes, gives }) {
  const locals = (list) => list.map(([name, local]) => `${name}:${local}`).join();
  const taken = locals(takes.map(({ local }, i) => [`v${i}`, local]));
  const given = locals(gives.map(({ name, local }) => [name, local]));
  return `"use strict";const{${taken}}=taken;${code.replace(/\bimport\.meta\.\s*url\b/g, OWN_URL)}\nreturn{${given}}`;
}

/** The code in the place of a part, in the core. The part is compiled when it is called, and is there from then on. */
function standInFor(part, { code, takes, gives }) {
  assertCallable({ code, gives });
  const imports = takes.map(
    ({ module, exported }, i) => `import { ${exported} as v${i} } from "./${module}";`,
  );
  const names = gives.map(({ name }) => name);
  const standIns = names.map((name) => {
    return `export let ${name} = function (...given) {
      load();
      return new.target === undefined ? ${name}(...given) : new ${name}(...given);
    };`;
  });
  return `
    import { compilePart } from "${COMPILER}";
    ${imports.join("\n")}
    let part;
    function load() {
      part ??= compilePart("${part}", sharray_text_${part})({ ${takes.map((_, i) => `v${i}`).join()} });
      ({ ${names.join()} } = part);
    }
    ${standIns.join("\n")}`;
}

/** @param standIns contents by the part's name */
function putInPlace(standIns) {
  const partOf = (module) => Object.entries(PARTS).find(([, doors]) => doors.includes(module))?.[0];
  return {
    name: "parts",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\./ }, (path) => {
        const part = partOf(imported(path));
        if (part !== undefined) return { path: part, namespace: "part" };
        const [module] = Object.entries(MODULES).find(([, entry]) => entry === imported(path)) ?? [];
        return module === undefined ? undefined : { path: `./${module}`, external: true };
      });
      onResolve({ filter: new RegExp(`^${COMPILER}$`) }, () => ({ path: COMPILER, namespace: "part" }));
      onLoad({ filter: /.*/, namespace: "part" }, ({ path }) => {
        return { contents: path === COMPILER ? COMPILING : standIns.get(path), resolveDir: root };
      });
    },
  };
}
