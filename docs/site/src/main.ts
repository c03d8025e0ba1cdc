/** The page: sends what the form says to the coordinator, and shows what comes back. It computes nothing itself. */

import type { Command, Report, Round, WayName } from "./messages.js";
import { showAnswer } from "./views/answer.js";
import { Controls } from "./views/controls.js";
import { acceptPictures } from "./views/drop.js";
import { byId } from "./views/elements.js";
import { FrameMeter } from "./views/frames.js";
import { showPlan } from "./views/plan.js";
import { Timeline } from "./views/timeline.js";
import { WayCards } from "./views/ways.js";

const coordinator = new Worker(new URL("./coordinator.ts", import.meta.url), { type: "module" });
const send = (command: Command): void => coordinator.postMessage(command);

const status = byId("status");
const progress = byId<HTMLProgressElement>("progress");
const frames = new FrameMeter(byId("frames"));
const cards = new WayCards(byId("ways"));
const timeline = new Timeline(byId("timeline"));
const began = new Map<WayName, Extract<Report, { type: "began" }>>();
const rounds = new Map<WayName, Round[]>();
let allRounds = 1;

const controls = new Controls(
  byId<HTMLFormElement>("controls"),
  (settings) => {
    allRounds = settings.rounds * 3;
    rounds.clear();
    timeline.clear();
    controls.isRunning = true;
    status.textContent = "Starting";
    progress.value = 0;
    frames.start();
    // On a narrow page the results are below.
    byId("results").scrollIntoView({ block: "nearest" });
    send({ type: "run", settings });
  },
  () => send({ type: "stop" }),
);
acceptPictures((file) => send({ type: "picture", file }));

coordinator.onmessage = ({ data }: MessageEvent<Report>) => show(data);
coordinator.onerror = ({ message }) => end(`The coordinator failed: ${message}`);

function show(report: Report): void {
  switch (report.type) {
    case "ready":
      controls.ready(report.cores);
      showIsolation(report.isIsolated, report.cores);
      status.textContent = "Ready. Choose a workload and run it.";
      break;
    case "loading":
      status.textContent = report.text;
      break;
    case "workload":
      cards.begin(report);
      break;
    case "began":
      began.set(report.way, report);
      rounds.set(report.way, []);
      timeline.began(report.way, report.lanes);
      status.textContent = `Running: ${report.way}`;
      break;
    case "progress":
      progress.value = (countRounds() + report.share) / allRounds;
      break;
    case "round":
      rounds.get(report.way)!.push(report.round);
      timeline.round(report.way, report.round);
      cards.progress(report.way, rounds.get(report.way)!, began.get(report.way)!, undefined);
      progress.value = countRounds() / allRounds;
      break;
    case "ended":
      timeline.ended(report.way);
      cards.progress(report.way, rounds.get(report.way)!, began.get(report.way)!, report);
      break;
    case "plan":
      showPlan(byId("plan"), report.plan);
      break;
    case "answer":
      showAnswer(byId("answer"), report.answer);
      break;
    case "done":
      end("Done. All three results were compared byte by byte.");
      break;
    case "stopped":
      end("Stopped.");
      break;
    case "failed":
      end(`Failed: ${report.message}`);
  }
}

function end(text: string): void {
  status.textContent = text;
  controls.isRunning = false;
  frames.stop();
  timeline.stop();
}

function countRounds(): number {
  return [...rounds.values()].reduce((sum, { length }) => sum + length, 0);
}

function showIsolation(isIsolated: boolean, cores: number): void {
  const place = byId("isolation");
  place.classList.add(isIsolated ? "good" : "bad");
  place.textContent = isIsolated
    ? `Cross-origin isolated: shared memory on ${cores} ${cores === 1 ? "core" : "cores"}`
    : "Not cross-origin isolated, so threads can't share memory and sharray runs sequentially. This page must be served with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.";
}
