/** The workload that the visitor has chosen, with its data. */

import type { ParallelExecutor } from "sharray";
import type { Settings } from "../messages.js";
import { bootstrap } from "./bootstrap.js";
import { type Flights, ROWS, readFlights, repeatFlights } from "./flights.js";
import { grid } from "./grid.js";
import { hours } from "./hours.js";
import { image } from "./image.js";
import { makePicture } from "./picture.js";
import type { Workload } from "./workload.js";

/** What is read once. */
export class Sources {
  /** The visitor's own; null: none. */
  picture: Blob | null = null;
  #flights: Promise<Flights> | undefined;

  flights(onRows: (rows: number) => void): Promise<Flights> {
    this.#flights ??= readFlights(onRows).catch((error) => {
      this.#flights = undefined;
      throw error;
    });
    return this.#flights;
  }
}

export async function makeWorkload(
  settings: Settings,
  executor: ParallelExecutor,
  sources: Sources,
  onLoading: (text: string) => void,
): Promise<Workload> {
  const { workload, repeat, resamples, megapixels, filter } = settings;
  if (workload === "image") {
    onLoading("Preparing the picture");
    return image(await makePicture(executor, sources.picture, megapixels), filter);
  }
  onLoading("Reading flights");
  const flights = await sources.flights((rows) => {
    onLoading(`Reading flights: ${Math.round((100 * rows) / ROWS)}%`);
  });
  const data = repeatFlights(executor, flights, repeat);
  if (workload === "hours") return hours(data);
  return workload === "grid" ? grid(data) : bootstrap(data, resamples);
}
