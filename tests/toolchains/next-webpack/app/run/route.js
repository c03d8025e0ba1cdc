import { check } from "../../check.js";

export const dynamic = "force-dynamic";

export async function GET() {
  const lines = [];
  const { log } = console;
  console.log = (line) => lines.push(line);
  await check();
  console.log = log;
  return new Response(`${lines.join("\n")}\n`);
}
