/** A lane per thread and way, all on one scale of time: what it computed, and what it copied. */

import type { Round, Slice, WayName } from "../messages.js";
import { drawn, html, svg, table } from "./elements.js";
import { ms } from "./format.js";
import { TITLES, WAY_NAMES } from "./ways.js";

const LANE = 13;
const GAP = 4;
const TITLE = 24;
const AXIS = 22;
/** Pixels for the names of lanes, on wide and on narrow pages. */
const NAMES = { wide: 92, narrow: 30 };
const NARROW = 480;

/** Milliseconds. Drawing takes time from a core that workers compute on. */
const REDRAW_EVERY = 100;

interface Course {
  lanes: number;
  rounds: Round[];
  /** When its present round began, as `performance.now()` of the page counts; undefined: it is not running. */
  since: number | undefined;
}

export class Timeline {
  readonly #figure = html("figure");
  readonly #data = html("details", {}, html("summary", {}, "The timeline as a table"));
  readonly #courses = new Map<WayName, Course>();
  readonly #draw: () => void;
  #timer: number | undefined;

  constructor(place: HTMLElement) {
    place.append(this.#figure, legend(), this.#data);
    this.#draw = drawn(this.#figure, (width) => this.#drawAt(width));
  }

  clear(): void {
    this.#courses.clear();
    this.#data.hidden = true;
    this.#schedule();
  }

  began(way: WayName, lanes: number): void {
    this.#courses.set(way, { lanes, rounds: [], since: performance.now() });
    this.#schedule();
  }

  round(way: WayName, round: Round): void {
    const course = this.#courses.get(way)!;
    course.rounds.push(round);
    course.since = performance.now();
    this.#schedule();
  }

  /** No way is running any more. */
  ended(way: WayName): void {
    this.#courses.get(way)!.since = undefined;
    this.#data.hidden = false;
    this.#data.replaceChildren(this.#data.firstElementChild!, summaryTable(this.#courses));
    this.#schedule();
  }

  stop(): void {
    for (const course of this.#courses.values()) course.since = undefined;
  }

  /** Soon, and again and again while a round is running. */
  #schedule(): void {
    this.#timer ??= window.setTimeout(() => {
      this.#timer = undefined;
      this.#draw();
      if ([...this.#courses.values()].some(({ since }) => since !== undefined)) this.#schedule();
    }, REDRAW_EVERY);
  }

  #drawAt(width: number): void {
    const names = width < NARROW ? NAMES.narrow : NAMES.wide;
    const now = performance.now();
    const longest = Math.max(1, ...[...this.#courses.values()].map((course) => lengthOf(course, now)));
    const x = (time: number): number => names + (time / longest) * (width - names - 1);
    const parts: SVGElement[] = [];
    let y = 0;
    for (const way of WAY_NAMES) {
      const course = this.#courses.get(way) ?? { lanes: 1, rounds: [], since: undefined };
      parts.push(svg("text", { x: 0, y: y + 15, class: "way" }, TITLES[way]));
      y += TITLE;
      parts.push(group(way, course, { y, names, width, x, now }));
      y += course.lanes * (LANE + GAP) + 8;
    }
    parts.unshift(axis(longest, y, width, x));
    const label = `Timeline: ${[...this.#courses].map(([way, { rounds }]) => `${TITLES[way]} ${ms(rounds.at(-1)?.end ?? 0)}`).join(", ")}`;
    this.#figure.replaceChildren(
      svg("svg", { width, height: y + AXIS, role: "img", "aria-label": label }, ...parts),
    );
  }
}

interface Frame {
  readonly y: number;
  readonly names: number;
  readonly width: number;
  readonly x: (time: number) => number;
  readonly now: number;
}

/** The lanes of one way. */
function group(way: WayName, course: Course, { y, names, width, x, now }: Frame): SVGElement {
  const { lanes, rounds, since } = course;
  const drawing = svg("g", { class: `lanes ${way}` });
  const slices = rounds.flatMap((round) => round.slices);
  const end = rounds.at(-1)?.end ?? 0;
  for (let lane = 0; lane < lanes; lane += 1) {
    const top = y + lane * (LANE + GAP);
    const isNarrow = names === NAMES.narrow;
    const name = lane === 0 ? (isNarrow ? "co" : "coordinator") : isNarrow ? `w${lane}` : `worker ${lane}`;
    drawing.append(
      svg("text", { x: 0, y: top + LANE - 3, class: "lane" }, name),
      svg("rect", { x: names, y: top, width: width - names, height: LANE, class: "track" }),
    );
    for (const kind of ["compute", "copy"] as const) {
      const own = slices.filter((slice) => slice.lane === lane && slice.kind === kind);
      if (own.length > 0)
        drawing.append(svg("path", { d: own.map((slice) => box(slice, top, x)).join(""), class: kind }));
    }
  }
  const bottom = y + lanes * (LANE + GAP) - GAP;
  for (const round of rounds.slice(0, -1)) {
    drawing.append(svg("path", { d: `M${x(round.end)} ${y - 3}V${bottom + 3}`, class: "round" }));
  }
  if (since !== undefined) {
    const length = x(end + now - since) - x(end);
    drawing.append(svg("rect", { x: x(end), y, width: length, height: bottom - y, class: "running" }));
  }
  return drawing;
}

function box({ start, end }: Slice, top: number, x: (time: number) => number): string {
  // Whatever happened is seen.
  const length = Math.max(0.6, x(end) - x(start));
  return `M${x(start).toFixed(1)} ${top}h${length.toFixed(1)}v${LANE}h-${length.toFixed(1)}z`;
}

function axis(longest: number, y: number, width: number, x: (time: number) => number): SVGElement {
  const drawing = svg("g", { class: "axis" });
  const most = width < NARROW ? 3 : 6;
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000].find(
    (candidate) => longest / candidate <= most,
  );
  for (let time = 0; time <= longest; time += step ?? longest) {
    const anchor = x(time) > width - 30 ? "end" : "start";
    drawing.append(svg("path", { d: `M${x(time)} 0V${y}` }));
    drawing.append(
      svg("text", { x: x(time) + (anchor === "end" ? -3 : 3), y: y + 14, "text-anchor": anchor }, tick(time)),
    );
  }
  return drawing;
}

/** Times of ticks are round. */
function tick(time: number): string {
  return time < 1000 ? `${time} ms` : `${time / 1000} s`;
}

function lengthOf({ rounds, since }: Course, now: number): number {
  return (rounds.at(-1)?.end ?? 0) + (since === undefined ? 0 : now - since);
}

function legend(): HTMLElement {
  return html(
    "p",
    { class: "legend" },
    html("span", { class: "key compute" }, "computing"),
    html("span", { class: "key copy" }, "copying arrays"),
    html("span", { class: "key idle" }, "waiting"),
    html("span", { class: "key round" }, "end of a round"),
  );
}

function summaryTable(courses: ReadonlyMap<WayName, Course>): HTMLTableElement {
  const rows = [...courses].flatMap(([way, { lanes, rounds }]) => {
    const end = rounds.at(-1)?.end ?? 0;
    return Array.from({ length: lanes }, (_, lane) => {
      const time = (kind: Slice["kind"]): number =>
        rounds
          .flatMap(({ slices }) => slices)
          .filter((slice) => slice.lane === lane && slice.kind === kind)
          .reduce((sum, slice) => sum + slice.end - slice.start, 0);
      const [computing, copying] = [time("compute"), time("copy")];
      const name = `${TITLES[way]}, ${lane === 0 ? "coordinator" : `worker ${lane}`}`;
      return [name, ms(computing), ms(copying), ms(Math.max(0, end - computing - copying))];
    });
  });
  return table("What each thread did in all rounds", [
    ["thread", "computing", "copying", "waiting"],
    ...rows,
  ]);
}
