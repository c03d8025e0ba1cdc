/** Progress on standard error: a bar on a terminal, plain lines in a log file or a pipe. */

import { SingleBar } from "cli-progress";

export interface Progress {
  update(done: number): void;
  stop(): void;
}

/** A log needs a sign of life, not a film: one line per quarter of the work. */
const LINES = 4;

export function startProgress(label: string, total: number, unit: string): Progress {
  return process.stderr.isTTY ? bar(label, total, unit) : lines(label, total, unit);
}

function bar(label: string, total: number, unit: string): Progress {
  const single = new SingleBar({
    format: `${label.padEnd(16)} {bar} {percentage}%  {value} of {total} ${unit}  {duration_formatted}`,
    formatValue: (value) => value.toLocaleString("en-US"),
    barsize: 28,
    barCompleteChar: "\u2588",
    barIncompleteChar: "\u2591",
    // Ctrl-C ends the process at once. So nothing may be changed on the terminal that would have to be
    // restored: the cursor stays visible, line wrapping stays on, and no signal handler is installed.
    hideCursor: false,
    linewrap: true,
    gracefulExit: false,
  });
  single.start(total, 0);
  return { update: (done) => single.update(done), stop: () => single.stop() };
}

function lines(label: string, total: number, unit: string): Progress {
  const started = performance.now();
  let printed = 0;
  return {
    update(done) {
      const reached = Math.floor((LINES * done) / total);
      if (reached <= printed) return;
      printed = reached;
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const of = `${done.toLocaleString("en-US")} of ${total.toLocaleString("en-US")} ${unit}`;
      console.error(`${label}: ${of}, ${seconds} s`);
    },
    stop() {},
  };
}
