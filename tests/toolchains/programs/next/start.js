import { spawn } from "node:child_process";

// Node itself, as npx would leave its child behind.
const next = spawn(process.execPath, ["node_modules/next/dist/bin/next", "start", "-p", "3955"], {
  stdio: ["ignore", "pipe", "inherit"],
});
next.stdout.pipe(process.stdout);
try {
  await new Promise((resolve) => next.stdout.on("data", (text) => /Ready/.test(text) && resolve()));
  const answer = await fetch("http://localhost:3955/run");
  console.log(await answer.text());
} finally {
  next.kill();
}
