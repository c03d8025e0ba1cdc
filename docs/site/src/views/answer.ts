/** The result of a workload: a chart, or a picture. */

import type { Answer } from "../messages.js";
import { drawn, html, svg } from "./elements.js";

type Chart = Exclude<Answer, { kind: "image" }>;

const HEIGHT = 250;
const MARGIN = { left: 44, right: 4, top: 10, bottom: 38 };

export function showAnswer(place: HTMLElement, answer: Answer): void {
  const figure = html("figure");
  place.replaceChildren(figure);
  if (answer.kind === "image") {
    const { bitmap, caption } = answer;
    const canvas = html("canvas", {
      width: bitmap.width,
      height: bitmap.height,
      role: "img",
      "aria-label": caption,
    });
    canvas.getContext("bitmaprenderer")!.transferFromImageBitmap(bitmap);
    figure.append(canvas, html("figcaption", {}, caption));
    return;
  }
  const drawing = html("div");
  figure.append(drawing, html("figcaption", {}, answer.caption));
  drawn(drawing, (width) => drawing.replaceChildren(chart(answer, width)));
}

function chart({ kind, caption, x, y, labels, values }: Chart, width: number): SVGElement {
  // Bars begin at zero, for their length is what is seen. Dots do not.
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = (most - least) * 0.12 || 1;
  const [from, to] = kind === "bars" ? [Math.min(0, least), most] : [least - room, most + room];
  const inner = { width: width - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const step = inner.width / values.length;
  const atX = (i: number): number => MARGIN.left + (i + 0.5) * step;
  const atY = (value: number): number => MARGIN.top + (1 - (value - from) / (to - from || 1)) * inner.height;
  const label = `${caption}. ${labels.map((name, i) => `${name}: ${round(values[i]!)}`).join("; ")}`;
  const drawing = svg("svg", { width, height: HEIGHT, role: "img", "aria-label": label, class: "chart" });
  for (const tick of ticks(from, to)) {
    drawing.append(
      svg("path", { d: `M${MARGIN.left} ${atY(tick)}H${width}`, class: tick === 0 ? "zero" : "grid" }),
      svg("text", { x: MARGIN.left - 6, y: atY(tick) + 4, "text-anchor": "end" }, round(tick)),
    );
  }
  for (const [i, value] of values.entries()) {
    const [top, bottom] = [atY(Math.max(0, value)), atY(Math.min(0, value))];
    drawing.append(
      kind === "bars"
        ? svg("rect", {
            x: atX(i) - step * 0.4,
            y: top,
            width: step * 0.8,
            height: bottom - top,
            class: "bar",
          })
        : svg("circle", { cx: atX(i), cy: atY(value), r: 5, class: value === least ? "dot best" : "dot" }),
    );
  }
  // As many names as there is room for.
  const every = Math.ceil((Math.max(...labels.map(({ length }) => length)) * 7 + 8) / step);
  for (let i = 0; i < labels.length; i += every) {
    drawing.append(svg("text", { x: atX(i), y: HEIGHT - 22, "text-anchor": "middle" }, labels[i]!));
  }
  drawing.append(
    svg("text", { x: width - MARGIN.right, y: HEIGHT - 5, "text-anchor": "end", class: "title" }, x),
    svg("text", { x: 0, y: HEIGHT - 5, class: "title" }, `↑ ${y}`),
  );
  return drawing;
}

function ticks(from: number, to: number): number[] {
  const rough = (to - from) / 4 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, i) => (first + i) * step);
}

function round(value: number): string {
  return `${Number(value.toPrecision(5))}`;
}
