import type { TraceEvent } from "../src/telemetry/trace.js";

/**
 * Reads trace events as a viewer does, and throws if it would draw them wrongly. Slices of a lane must not overlap. Begin and
 * end of a track must nest in the order of the file. Every lane must have its names first.
 */
export function checkTrace(events: readonly TraceEvent[]): void {
  const named = new Map<number, number>();
  const processes = new Set<number>();
  const lanes = new Map<number, TraceEvent[]>();
  const tracks = new Map<string, TraceEvent[]>();
  for (const event of events) {
    const { name, ph, ts, dur, pid, tid, id } = event;
    const what = `${ph} "${name}" of ${pid}/${tid} at ${ts}`;
    if (ph === "M") {
      if (name === "process_name") processes.add(pid);
      else if (named.has(tid)) throw new Error(`${what}: the lane has a name already`);
      else named.set(tid, pid);
      continue;
    }
    if (named.get(tid) !== pid || !processes.has(pid) || processes.has(tid))
      throw new Error(`${what}: the lane has no name of its own`);
    // Viewers cut off what is finer than a nanosecond.
    for (const time of [ts, dur ?? 0])
      if (!Number.isInteger(time * 1000) || time < 0) throw new Error(`${what}: ${time} is not exact`);
    if (ph === "X") {
      if (dur === undefined) throw new Error(`${what}: it has no end`);
      const lane = lanes.get(tid) ?? [];
      lane.push(event);
      lanes.set(tid, lane);
    } else if (ph === "b" || ph === "e") {
      if (id === undefined) throw new Error(`${what}: it has no track`);
      const track = tracks.get(id) ?? [];
      track.push(event);
      tracks.set(id, track);
    }
  }
  for (const lane of lanes.values()) {
    let end = 0;
    for (const { name, ts, dur = 0 } of lane) {
      if (ts < end) throw new Error(`${name} at ${ts} overlaps the slice before it, which ends at ${end}`);
      end = ts + dur;
    }
  }
  for (const [id, track] of tracks) {
    const open: string[] = [];
    let last = 0;
    for (const { name, ph, ts } of track) {
      if (ts < last) throw new Error(`track ${id}: ${name} at ${ts} stands after ${last}`);
      last = ts;
      if (ph === "b") open.push(name);
      else {
        const innermost = open.pop();
        if (innermost !== name) throw new Error(`track ${id}: ${name} ends while ${innermost} is open`);
      }
    }
    if (open.length > 0) throw new Error(`track ${id}: ${open.join(", ")} never ends`);
  }
}
