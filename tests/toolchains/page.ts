/** docs/toolchains.md, made of what came of the chains. */
import type { Chain, Row } from "./chain.js";

const GROUPS = ["Node", "Runners and package managers", "Tests", "Bundled for Node", "Browsers"];

const HEAD = `# Tool chains

\`npm run test:toolchains\` makes this table. It packs the package, installs the file into a small project for each tool chain
([tests/toolchains](../tests/toolchains)), builds the project as its users do, and runs it. Every kernel runs on two worker threads.
The pages run in Chromium.
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
