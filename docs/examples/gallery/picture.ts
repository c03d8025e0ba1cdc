/** What the gallery's programs draw with: pictures of at most 256 colours as PNG, plots as SVG. */
import * as Plot from "@observablehq/plot";
import { encode } from "fast-png";
import { parseHTML } from "linkedom";

/** A PNG file as bytes, or an SVG file as text. */
export type Picture = Uint8Array | string;

export type Colour = readonly [red: number, green: number, blue: number];

/** @param pixels row by row, a place in `palette` each */
export function png(pixels: ArrayLike<number>, width: number, palette: readonly Colour[]): Uint8Array {
  const data = Uint8Array.from(pixels);
  const height = data.length / width;
  const colours = palette.map((colour): [number, number, number] => [...colour]);
  return encode({ width, height, data, channels: 1, palette: colours }, { zlib: { level: 9 } });
}

/** 256 colours that go from each of `stops` to the next in equal steps. */
export function ramp(...stops: readonly Colour[]): Colour[] {
  return Array.from({ length: 256 }, (_, i) => {
    const at = (i / 255) * (stops.length - 1);
    const from = Math.min(Math.floor(at), stops.length - 2);
    const mixed = (channel: 0 | 1 | 2): number => {
      const [low, high] = [stops[from]![channel], stops[from + 1]![channel]];
      return Math.round(low + (high - low) * (at - from));
    };
    return [mixed(0), mixed(1), mixed(2)];
  });
}

export const INFERNO = ramp([0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]);

/** Says in a corner of a plot what its colours are: a line of text in each. */
export function legend(
  corner: "top-left" | "bottom-right",
  entries: Readonly<Record<string, string>>,
): Plot.Markish[] {
  const lines = Object.entries(entries);
  const isTop = corner === "top-left";
  return lines.map(([text, fill], i) =>
    Plot.text([text], {
      frameAnchor: corner,
      dx: isTop ? 6 : -6,
      dy: isTop ? 6 + 14 * i : -6 - 14 * (lines.length - 1 - i),
      fill,
      fontSize: 11,
    }),
  );
}

export function plot(options: Plot.PlotOptions): string {
  const { document } = parseHTML("<html><body></body></html>");
  const svg = Plot.plot({ width: 480, height: 320, ...options, style: { background: "white" }, document });
  // Plot leaves the namespace to the page around.
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${svg.outerHTML}\n`;
}
