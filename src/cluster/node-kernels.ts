/** The kernels that a node runs: exports of the modules that its operator listed, pinned by their content. */
import { pathToFileURL } from "node:url";
import { ConfigurationError } from "../errors.js";
import { defineKernel, moduleExport } from "../kernel/module/define.js";
import { type Kernel, resolveKernel } from "../kernel/resolve.js";
import type { AnyKernel } from "../kernel/types.js";
import { importModule } from "../platform/import-module.js";
import type { Manifest, ShardResult } from "./messages.js";
import { moduleDigest } from "./module-digest.js";

interface Module {
  readonly url: string;
  readonly digest: string;
  readonly kernels: ReadonlyMap<string, Kernel>;
}

type Refusal = ShardResult & { readonly type: "refused" };

export class NodeKernels {
  readonly #modules: readonly Module[];

  private constructor(modules: readonly Module[]) {
    this.#modules = modules;
  }

  /** Imports the modules. @throws ConfigurationError if one exports no kernel, and what its import throws */
  static async load(places: readonly (string | URL)[]): Promise<NodeKernels> {
    const modules: Module[] = [];
    for (const place of places) modules.push(await load(place));
    return new NodeKernels(modules);
  }

  get names(): readonly string[] {
    return this.#modules.flatMap(({ kernels }) => [...kernels.keys()]);
  }

  /** @returns a refusal if this node does not run it */
  find({ module, name }: Manifest["kernel"]): Kernel | Refusal {
    const pinned = this.#modules.find(({ digest }) => digest === module);
    // Workers import the module from its file, which may be another one by now.
    if (pinned !== undefined && !isUnchanged(pinned)) {
      return refusal("version", `the node must be started again: module ${pinned.url} has changed since`);
    }
    const kernel = pinned?.kernels.get(name);
    if (kernel !== undefined) return kernel;
    const has = this.#modules.some(({ kernels }) => kernels.has(name));
    if (pinned === undefined && has) {
      return refusal(
        "version",
        `the node must have the same version of the module of kernel "${name}": its content differs`,
      );
    }
    return refusal(
      "refused",
      `a node must list the module of kernel "${name}": it runs ${this.names.join(", ")}`,
    );
  }
}

async function load(place: string | URL): Promise<Module> {
  const isUrl = place instanceof URL || place.startsWith("file:");
  const url = isUrl ? String(place) : pathToFileURL(place as string).href;
  const digest = moduleDigest(url);
  const exported = await importModule(url);
  const whole = exported["default"] as Record<string, unknown> | null | undefined;
  const kernels = new Map<string, Kernel>();
  for (const value of [...Object.values(exported), ...Object.values(whole ?? {})]) {
    if (typeof value !== "function") continue;
    const fn = value as AnyKernel;
    const defined = moduleExport(fn);
    // A kernel that it exports of another module has the content of that one.
    if (defined === undefined || placeOf(defined.url) !== url) continue;
    const { name, threadSafe } = defined;
    // A loader of TypeScript may have named the module in its own way. Workers have theirs.
    kernels.set(name, resolveKernel(defineKernel(url, name, fn, { threadSafe })));
  }
  if (kernels.size > 0) return { url, digest, kernels };
  throw new ConfigurationError("kernels", url, "modules that export functions made with defineKernel()");
}

/** The file of a module, without what loaders add. */
function placeOf(url: string): string {
  return url.replace(/[?#].*$/, "");
}

function isUnchanged({ url, digest }: Module): boolean {
  try {
    return moduleDigest(url) === digest;
  } catch {
    return false;
  }
}

export function refusal(reason: "refused" | "version", why: string): Refusal {
  return { type: "refused", reason, message: `Cannot run the call as ${why}` };
}
