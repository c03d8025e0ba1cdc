import { spawn } from "node:child_process";

// Node itself, as npx would leave its child behind.
const next = spawn(process.execPath, ["node_modules/next/dist/bin/next", "start", "-p", "3955"], {
  stdio: ["ignore", "pipe", "inherit"],
});
for await (const text of next.stdout) if (/Ready/.test(text)) break;
try {
  console.log(await (await fetch("http://localhost:3955/run")).text());
} finally {
  next.kill();
}
