/**
 * Builds the caller's side for Node: `core.js`, which has nearly all of a call, and files around it that take what they need
 * of it. Finding and loading 200 modules one by one takes 150 ms, compiling everything 20 ms. So the core is one file, and what
 * only some calls need is loaded at first need: sources import it like anything else, and in dist a stand-in loads it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { build } from "esbuild";
import { assertCallable, separate, shorten } from "./separate.js";

/** Other ways in, and what is imported at need. */
const MODULES = {
  "bridge/index.js": "bridge/index.ts",
  "telemetry/otel.js": "telemetry/otel.ts",
  "telemetry/trace.js": "telemetry/trace.ts",
  "thread-control.js": "strategies/threads/thread-control.ts",
};
/**
 * Loaded at first need: CommonJS, since only that loads at once in an ES module. With what the core imports of each: modules
 * that export nothing but functions and classes.
 */
const PARTS = {
  "lazy/kernels.cjs": ["kernel/inline/analyse.ts"],
  "lazy/threads.cjs": [
    "strategies/threads/threads-run.ts",
    "strategies/threads/slot.ts",
    "protocol/msgpack.ts",
  ],
  "lazy/processes.cjs": [
    "strategies/processes/process-slot.ts",
    "strategies/processes/job-sources.ts",
    "strategies/processes/transfer.ts",
  ],
  "lazy/arrays.cjs": ["memory/share.ts", "memory/snapshot.ts"],
  "lazy/streams.cjs": ["call/result-stream.ts"],
  "lazy/plans.cjs": ["plan/advice.ts", "plan/print.ts", "call/report.ts"],
  "lazy/failures.cjs": [
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
/** They have no state that counts, so there may be several of each. */
const COPIED = [
  "platform/ports.ts",
  "platform/worker-arguments.ts",
  "protocol/descriptor.ts",
  "strategies/threads/known-memory.ts",
  "strategies/threads/worker-knowledge.ts",
  "telemetry/error-text.ts",
];
/** In the core though only others use it: it has state. */
const ALSO_CORE = ["strategies/threads/poller.ts"];

/**
 * Characters of a text that V8 keeps apart from young objects. One of nearly as many fills their space, and a process that makes
 * one call collects garbage before it ends, which takes 4 to 6 ms (Node 20).
 */
const LARGE = 2 ** 17 + 1;

const root = resolve("src");
/** Modules by their names below `src`. */
const nameOf = (file) => relative(root, file).replaceAll("\\", "/");
/** The module of ours that an import names. */
const imported = ({ path, resolveDir }) => nameOf(resolve(resolveDir, path)).replace(/\.js$/, ".ts");

/**
 * @param options esbuild's, for ES modules
 * @returns the metafiles of all builds
 */
export async function buildCaller(options, outdir) {
  const write = (file, text) => {
    mkdirSync(dirname(join(outdir, file)), { recursive: true });
    writeFileSync(join(outdir, file), text);
  };
  const { reached, core } = await layout(options);
  const placed = new Map();
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
  const around = async (file, entries) => {
    const outside = new Set([...core, ...DOORS.filter((door) => !entries.includes(door))]);
    for (const each of reached(entries, outside)) {
      if (placed.has(each) && !COPIED.includes(each)) {
        throw new Error(`${each} would be in dist twice: in ${placed.get(each)} and ${file}`);
      }
      placed.set(each, file);
    }
    const contents = entries.map((entry) => `export * from "./${entry}";`).join("");
    const isPart = file in PARTS;
    return separate((await bundle(contents, leaveOut(outside), isPart)).text, outside);
  };

  /** What others take of the core. */
  const taken = new Map();
  for (const [file, entry] of Object.entries(MODULES)) {
    const { code, takes, gives } = await around(file, [entry]);
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
  for (const [file, doors] of Object.entries(PARTS)) {
    const parts = await around(file, doors);
    write(file, partOf(parts));
    for (const door of doors) standIns.set(door, file);
    standIns.set(file, standInFor(file, parts));
  }

  const own = [...taken.values()].map(({ module, exported, name }) => {
    return `export { ${exported} as ${name} } from "./${module}";`;
  });
  const { text, exports } = await bundle(`export * from "./index.ts";${own.join("")}`, putInPlace(standIns));
  write("core.js", (await shorten(text, options)).padEnd(LARGE, " "));
  const names = exports.filter((name) => !own.some((line) => line.includes(` as ${name} `)));
  write("index.js", `export{${names.join()}}from"./core.js";\n`);
  return metafiles;
}

/** What is in the core, and what is reached from modules. */
async function layout(options) {
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
  return { reached, core: reached(["index.ts", ...ALSO_CORE], new Set(DOORS)) };
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

/** A part is a function, which is given what the part takes of the core. */
function partOf({ code, takes, gives }) {
  const locals = (list) => list.map(([name, local]) => `${name}:${local}`).join();
  const ownUrl = 'require("node:url").pathToFileURL(__filename).href';
  return (
    `"use strict";module.exports=({${locals(takes.map(({ local }, i) => [`v${i}`, local]))}})=>{` +
    `${code.replaceAll("import.meta.url", ownUrl)}\nreturn{${locals(gives.map(({ name, local }) => [name, local]))}}};\n`
  );
}

const LOADER = "load part";
const LOADING = `
  import { createRequire } from "node:module";
  export const loadPart = (file) => createRequire(import.meta.url)(file);`;

/** In the core, in the place of a part. What it stands in for is loaded when it is called, and is there from then on. */
function standInFor(file, { code, takes, gives }) {
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
    import { loadPart } from "${LOADER}";
    ${imports.join("\n")}
    let part;
    function load() {
      part ??= loadPart("./${file}")({ ${takes.map((_, i) => `v${i}`).join()} });
      ({ ${names.join()} } = part);
    }
    ${standIns.join("\n")}`;
}

/** @param standIns by the part's file; and the file by the modules that are imported of it */
function putInPlace(standIns) {
  return {
    name: "parts",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\./ }, (path) => {
        const file = standIns.get(imported(path));
        if (file !== undefined) return { path: file, namespace: "part" };
        const [module] = Object.entries(MODULES).find(([, entry]) => entry === imported(path)) ?? [];
        return module === undefined ? undefined : { path: `./${module}`, external: true };
      });
      onResolve({ filter: new RegExp(`^${LOADER}$`) }, () => ({ path: LOADER, namespace: "part" }));
      onLoad({ filter: /.*/, namespace: "part" }, ({ path }) => {
        return { contents: path === LOADER ? LOADING : standIns.get(path), resolveDir: root };
      });
    },
  };
}
