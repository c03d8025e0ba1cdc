import { check } from "../../check.js";

export const dynamic = "force-dynamic";

export async function GET() {
  await check();
  return new Response("done\n");
}
