/** docs/toolchains.md, made of what came of the chains. */
import type { Chain, Row } from "./chain.js";

const GROUPS = ["Node", "Runners and package managers", "Tests", "Bundled for Node", "Browsers"];

const HEAD = `# Tool chains

\`npm run test:toolchains\` makes this page. It packs the package, and installs the file into a small project for each tool chain
([tests/toolchains](../tests/toolchains)). It builds the project as its users do, and runs it. Every kernel runs on two worker threads. The
pages run in Chromium. \`npm run test:toolchains -- --quick\` takes the quick half, which \`.ci/run\` runs, too. \`npm run test:toolchains -- bun
rollup-node\` takes some.

sharray needs no configuration in any of them. Module kernels need two rules.

- **A module kernel is in a file that only defines kernels.** Every worker imports that file. A kernel in the program's main script
  would run the whole program again in every worker, so it is refused.
- **If a bundler packs the program, that file is a second entry.** Then it stays a file that workers can import. sharray finds the
  kernel by the name in \`defineKernel\`, whatever the bundler calls the export.

| bundler, for Node | a second entry |
|---|---|
| esbuild | \`esbuild main.js kernels.js --bundle --splitting --platform=node --format=esm --outdir=dist\` |
| Rollup | \`input: ["main.js", "kernels.js"]\`, with \`nodeResolve({ exportConditions: ["node"] })\` |
| Rolldown | \`rolldown main.js kernels.js --dir dist --platform node\` |
| Vite | \`build: { ssr: true, rollupOptions: { input: ["main.js", "kernels.js"] } }\` |
| Bun | \`bun build main.js kernels.js --splitting --target=node --outdir=dist\` |
| esbuild, webpack, to CommonJS | leave the file out of the bundle, and pack it by itself: \`esbuild kernels.js --bundle --platform=node --outfile=dist/kernels.js\`, then \`esbuild main.js --bundle --platform=node --external:./kernels.js --outfile=dist/main.js\` |
| webpack, Rspack, Next | workers import the source file, because \`import.meta.url\` is its address there: ship it, or use inline kernels |

A package that packs itself (tsup, tsdown, unbuild) needs no second entry if it exports its kernels. A program that packs such a package
leaves it out: \`--external:that-package\`, or \`--packages=external\`.

For pages, [browsers](browser.md) has the same for \`createWorker\`. Rollup needs \`inlineDynamicImports: true\` to make one file of a page,
such as an \`iife\`.

A tool that packs or traces a program may leave the files behind from which workers start. Then they start from texts that it brings along.

Workers load TypeScript as the program does: under Node with type stripping, tsx, Bun and Deno. Jest, Vitest and ts-node compile it in a
way that workers know nothing of. On Node 20, and for imports without extensions or with aliases, install tsx beside them: workers use it.
`;

/** Names what came of a chain under a version of Node; "" is the present one. */
export function rowName(chain: string, node: string): string {
  return node === "" ? chain : `${chain} on Node ${node}`;
}

export function pageOf(chains: readonly Chain[], rows: Readonly<Record<string, Row>>): string {
  const parts = GROUPS.map((group) => {
    const lines = chains
      .filter((chain) => chain.group === group)
      .flatMap((chain) =>
        (chain.nodes ?? [""]).map((node) => lineOf(chain, rows[rowName(chain.name, node)])),
      );
    return [
      `\n## ${group}\n`,
      "| tool chain | version | inline kernels | module kernels | |",
      "|---|---|---|---|---|",
      ...lines,
      "",
    ].join("\n");
  });
  return HEAD + parts.join("");
}

function lineOf(chain: Chain, row: Row | undefined): string {
  const { title, kernels, remark = "" } = chain;
  const told = row === undefined ? "not run" : row.passed ? "yes" : "**no**";
  const cell = (kind: Chain["kernels"][number]): string => (kernels.includes(kind) ? told : "–");
  return `| ${title} | ${row?.version ?? ""} | ${cell("inline")} | ${cell("module")} | ${remark} |`;
}
