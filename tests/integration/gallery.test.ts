/** The gallery of `docs/examples`: each program at a small size, against a published figure or a closed form. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decode } from "fast-png";
import { type Executor, ParallelExecutor } from "sharray";
import { afterAll, describe, expect, test } from "vitest";
import { bootstrap, correlation, deviation, SCHOOLS } from "../../docs/examples/gallery/bootstrap.js";
import { cars, closes, irises } from "../../docs/examples/gallery/data.js";
import { median5x5, saltAndPepper } from "../../docs/examples/gallery/image-filter.js";
import { kMeans } from "../../docs/examples/gallery/k-means.js";
import { boardOf, life, population, R_PENTOMINO } from "../../docs/examples/gallery/life.js";
import { areaOf, mandelbrot } from "../../docs/examples/gallery/mandelbrot.js";
import { energy, type Physics, type Stars, simulate } from "../../docs/examples/gallery/n-body.js";
import { nearest, randomVectors } from "../../docs/examples/gallery/nearest-neighbours.js";
import * as option from "../../docs/examples/gallery/option-price.js";
import * as importance from "../../docs/examples/gallery/permutation-importance.js";
import { rolling } from "../../docs/examples/gallery/rolling-statistics.js";
import { fft, spectrogram, synthesise, tables } from "../../docs/examples/gallery/spectrogram.js";
import { installed } from "./installed.js";
import { runNode } from "./run.js";

const sequential = new ParallelExecutor({ strategy: "sequential" });
const threads = new ParallelExecutor({ strategy: "threads", maxWorkers: 3 });
afterAll(() => Promise.all([sequential.shutdown(), threads.shutdown()]));

/** On threads, once it is known to be the same to the last bit as on the calling thread. */
async function onBoth<T>(run: (executor: Executor) => Promise<T>): Promise<T> {
  const [parallel, alone] = [await run(threads), await run(sequential)];
  expect(parallel).toStrictEqual(alone);
  return parallel;
}

describe("the programs", () => {
  test("bootstrap: the correlation and its standard error are those of Efron and Tibshirani", async () => {
    expect(correlation(SCHOOLS.test, SCHOOLS.grade)).toBeCloseTo(0.776, 3);
    // Table 6.1: 0.132 of 3,200 samples. Of as many it is random by 0.0025 or so.
    const correlations = await onBoth((executor) => bootstrap(executor, SCHOOLS, 20_000));
    expect(Math.abs(deviation(correlations) - 0.132)).toBeLessThan(0.005);
  });

  test("permutation importance: each feature's mean is that of the closed form", async () => {
    const { mpg, features } = cars();
    // James, Witten, Hastie and Tibshirani, "An Introduction to Statistical Learning", section 3.6.2.
    expect(mpg).toHaveLength(392);
    const [intercept, slope] = importance.leastSquares([features["horsepower"]!], mpg);
    expect(intercept).toBeCloseTo(39.935861, 6);
    expect(slope).toBeCloseTo(-0.157845, 6);

    const columns = Object.values(features);
    const growth = await onBoth((executor) => importance.permutationImportance(executor, columns, mpg, 300));
    const exact = importance.closedForm(columns, mpg);
    expect(exact).toHaveLength(6);
    for (const [f, expected] of exact.entries()) {
      const mean = growth[f]!.reduce((sum, value) => sum + value, 0) / 300;
      expect(Math.abs(mean - expected)).toBeLessThan((4 * deviation(growth[f]!)) / Math.sqrt(300));
    }
  });

  test("option price: within its error of the closed form, which is Hull's figure", async () => {
    expect(option.closedForm(option.HULL)).toBeCloseTo(4.76, 2);
    const chunks = await onBoth((executor) => option.simulate(executor, option.HULL, 100_000));
    const { paths, price, error } = option.estimates(chunks).at(-1)!;
    expect(paths).toBe(100_000);
    expect(error).toBeLessThan(0.02);
    expect(Math.abs(price - option.closedForm(option.HULL))).toBeLessThan(4 * error);
    // The error is not merely large: the figure of other parameters is outside.
    expect(Math.abs(price - option.closedForm({ ...option.HULL, volatility: 0.25 }))).toBeGreaterThan(
      4 * error,
    );
  });

  test("k-means: clusters and inertia of the irises are those that R and scikit-learn print", async () => {
    const { columns, kinds } = irises();
    const { sizes, inertia, cluster, centres } = await onBoth((executor) => kMeans(executor, columns, 3));
    expect(inertia).toBeCloseTo(78.851441426146, 9);
    expect(sizes.toSorted((a, b) => a - b)).toEqual([38, 50, 62]);
    // R's kmeans(iris[, 1:4], 3): the setosas are a cluster of their own.
    const setosa = cluster[kinds.indexOf(0)]!;
    expect(cluster.map((k) => (k === setosa ? 0 : 1)).join("")).toBe(
      kinds.map((kind) => (kind === 0 ? 0 : 1)).join(""),
    );
    for (const [j, mean] of [5.006, 3.428, 1.462, 0.246].entries())
      expect(centres[setosa]![j]).toBeCloseTo(mean, 9);
  });

  test("nearest neighbours: a query that is a vector with noise finds that vector first", async () => {
    const [count, size, k] = [2000, 64, 5];
    const run = async (executor: Executor) => {
      const vectors = await randomVectors(executor, count, size, 1);
      const queries = Float32Array.from(
        { length: 8 * size },
        (_, i) => vectors[100 * size + i]! + (i % 2 ? 0.25 : -0.25),
      );
      return nearest(executor, vectors, queries, size, k);
    };
    const { place, distance } = await onBoth(run);
    for (let query = 0; query < 8; query++) {
      expect(place[query * k]).toBe(100 + query);
      // 64 numbers are off by a quarter each.
      expect(distance[query * k]).toBeCloseTo(2, 5);
      const row = distance.slice(query * k, (query + 1) * k);
      expect(row).toEqual(row.toSorted());
    }
  });

  test("image filter: a median takes all of a weak noise out of flat parts, and keeps an edge", async () => {
    const [width, height] = [60, 40];
    // A part of 16 and one of 240. Of 25 pixels fewer than 13 are noise.
    const clean = Uint8Array.from({ length: width * height }, (_, i) => (i % width < 30 ? 16 : 240));
    const noisy = await onBoth((executor) => saltAndPepper(executor, clean, 0.1));
    const changed = noisy.filter((value, i) => value !== clean[i]).length;
    expect(changed / clean.length).toBeCloseTo(0.1, 1);
    const filtered = await onBoth((executor) => median5x5(executor, noisy, width));
    const wrong = Array.from(filtered.keys()).filter((i) => filtered[i] !== clean[i]);
    expect(wrong.every((i) => [29, 30].includes(i % width))).toBe(true);
    expect(await onBoth((executor) => median5x5(executor, clean, width))).toEqual(clean);
  });

  test("rolling statistics: of Michelson's light speeds they are the certified ones of NIST", async () => {
    // NIST StRD "Michelso": kilometres per second, less 299,000.
    const speeds = Float64Array.of(
      ...[
        850, 740, 900, 1070, 930, 850, 950, 980, 980, 880, 1000, 980, 930, 650, 760, 810, 1000, 1000, 960,
        960,
      ],
      ...[960, 940, 960, 940, 880, 800, 850, 880, 900, 840, 830, 790, 810, 880, 880, 830, 800, 790, 760, 800],
      ...[880, 880, 880, 860, 720, 720, 620, 860, 970, 950, 880, 910, 850, 870, 840, 840, 850, 840, 840, 840],
      ...[890, 810, 810, 820, 800, 770, 760, 740, 750, 760, 910, 920, 890, 860, 880, 720, 840, 850, 850, 780],
      ...[890, 840, 780, 810, 760, 810, 790, 810, 820, 850, 870, 870, 810, 740, 810, 940, 950, 800, 810, 870],
    );
    const { mean, deviation } = await onBoth((executor) =>
      rolling(
        executor,
        speeds.map((v) => 299 + v / 1000),
        100,
      ),
    );
    expect([mean[98], deviation[98]]).toEqual([Number.NaN, Number.NaN]);
    expect(mean[99]).toBeCloseTo(299.8524, 12);
    expect(deviation[99]).toBeCloseTo(0.0790105478190518, 12);

    // NIST StRD "NumAcc4": nothing is lost although the deviation is a hundred-millionth of the mean.
    const hard = Float64Array.from({ length: 1001 }, (_, i) =>
      i === 0 ? 10_000_000.2 : i % 2 ? 10_000_000.1 : 10_000_000.3,
    );
    const certified = await onBoth((executor) => rolling(executor, hard, 1001));
    expect(certified.mean[1000]).toBe(10_000_000.2);
    expect(certified.deviation[1000]).toBeCloseTo(0.1, 8);
  });

  test("rolling statistics: the S&P 500 has its days, and the last mean is theirs", async () => {
    const { dates, close } = closes();
    expect(close).toHaveLength(dates.length);
    const { mean } = await onBoth((executor) => rolling(executor, close, 20));
    expect(mean.at(-1)).toBeCloseTo(close.slice(-20).reduce((sum, value) => sum + value, 0) / 20, 9);
  });

  test("spectrogram: a rising sound is a line, and its transform is the definition's", async () => {
    const size = 64;
    const signal = Float64Array.from({ length: size }, (_, k) => Math.sin(k * k) + (k % 5));
    const [re, im] = [signal.slice(), new Float64Array(size)];
    fft(re, im, tables(size));
    for (let f = 0; f < size; f++) {
      const angles = signal.map((_, k) => (2 * Math.PI * f * k) / size);
      expect(re[f]).toBeCloseTo(
        signal.reduce((sum, value, k) => sum + value * Math.cos(angles[k]!), 0),
        9,
      );
      expect(im[f]).toBeCloseTo(
        signal.reduce((sum, value, k) => sum - value * Math.sin(angles[k]!), 0),
        9,
      );
    }

    // From 500 Hz by 1,500 Hz a second, of 8,000 samples a second.
    const sound = synthesise(8000, 1.6, [[(t) => 500 + 1500 * t, () => 0.5]]);
    const rows = await onBoth((executor) => spectrogram(executor, sound, 256, 128));
    expect(rows).toHaveLength(100 * 128);
    for (let row = 0; row < 98; row++) {
      const spectrum = rows.subarray(row * 128, (row + 1) * 128);
      const peak = spectrum.indexOf(Math.max(...spectrum));
      const middle = 500 + (1500 * (row * 128 + 128)) / 8000;
      expect(Math.abs(peak * (8000 / 256) - middle)).toBeLessThan(32);
    }
    // A tone in the middle of a bin has its amplitude there.
    const tone = await onBoth((executor) =>
      spectrogram(executor, synthesise(8000, 0.16, [[() => 1000, () => 0.5]]), 256, 128),
    );
    expect(tone[128 + 32]).toBeCloseTo(0.5, 3);
  });

  test("Mandelbrot: the area is the published one, and known points have their passes", async () => {
    const [width, limit] = [320, 300];
    const passes = await onBoth((executor) => mandelbrot(executor, width, limit));
    expect(passes).toHaveLength(320 * 240);
    expect(Math.abs(areaOf(passes, width, limit) - 1.5066)).toBeLessThan(0.03);
    // The picture of a set that is its own mirror image.
    const rows = Array.from({ length: 240 }, (_, y) => passes.subarray(y * width, (y + 1) * width).join());
    expect(rows.toReversed()).toEqual(rows);
  });

  test("N-body: the figure of eight comes back to its beginning after the published period", async () => {
    // Chenciner and Montgomery, "A remarkable periodic solution of the three-body problem" (2000); figures of Simó.
    const [x1, y1, vx3, vy3] = [0.97000436, -0.24308753, -0.93240737, -0.86473146];
    const period = 6.32591398;
    const steps = 1000;
    const physics: Physics = { mass: Float64Array.of(1, 1, 1), softening: 0, step: period / steps };
    const begin = {
      x: Float64Array.of(x1, -x1, 0),
      y: Float64Array.of(y1, -y1, 0),
      z: new Float64Array(3),
      vx: Float64Array.of(-vx3 / 2, -vx3 / 2, vx3),
      vy: Float64Array.of(-vy3 / 2, -vy3 / 2, vy3),
      vz: new Float64Array(3),
    };
    const half = await onBoth((executor) => simulate(executor, executor.share(begin), physics, steps / 2));
    expect(half.x[0]).not.toBeCloseTo(x1, 1);
    const end = await onBoth((executor) => simulate(executor, half, physics, steps / 2));
    for (const name of Object.keys(begin) as (keyof Stars)[]) {
      for (let i = 0; i < 3; i++) expect(end[name][i]).toBeCloseTo(begin[name][i]!, 3);
    }
    const [before, after] = [
      await energy(threads, threads.share(begin), physics),
      await energy(threads, end, physics),
    ];
    // Of three stars in a line, one apart.
    expect(before).toBeCloseTo(0.75 * (vx3 ** 2 + vy3 ** 2) - 2.5, 6);
    expect(after).toBeCloseTo(before, 6);
  });

  test("Life: a glider moves by one cell in four generations, and round the torus to where it was", async () => {
    const glider = [".#.", "..#", "###"];
    const size = 12;
    const board = (executor: Executor) => boardOf(executor, size, size, glider);
    const alive = (cells: Uint8Array): number[] => Array.from(cells.keys()).filter((i) => cells[i] === 2);
    const begin = alive(board(sequential));
    expect(begin).toHaveLength(5);
    const four = alive(await onBoth((executor) => life(executor, board(executor), size, 4)));
    expect(four).toEqual(begin.map((i) => i + size + 1));
    expect(alive(await onBoth((executor) => life(executor, board(executor), size, 4 * size)))).toEqual(begin);
  });

  test("Life: a row of ten cells becomes the pentadecathlon, whose period is fifteen", async () => {
    const after = (generations: number) =>
      onBoth((executor) => life(executor, boardOf(executor, 24, 24, ["#".repeat(10)]), 24, generations));
    const alive = async (generations: number) => (await after(generations)).map((cell) => cell >> 1).join("");
    const begin = await alive(20);
    for (let generation = 21; generation < 35; generation++) expect(await alive(generation)).not.toBe(begin);
    expect(await alive(35)).toBe(begin);
  });

  test("Life: the R-pentomino comes to rest with 116 cells after 1103 generations", async () => {
    const size = 600;
    const board = await life(threads, boardOf(threads, size, size, R_PENTOMINO), size, 1103);
    expect(population(board)).toBe(116);
  });
});

describe("the pictures", () => {
  const examples = join(installed.repository, "docs/examples");
  const index = readFileSync(join(examples, "README.md"), "utf8");
  const named = (directory: string): string[] => readdirSync(join(examples, "gallery", directory)).sort();
  const programs = named(".").filter(
    (file) => file.endsWith(".ts") && !["data.ts", "picture.ts"].includes(file),
  );
  const pictures = named("pictures");

  test("every program has one, of less than 60 kB, and the index shows it", () => {
    expect(programs.length).toBeGreaterThan(10);
    expect(pictures.map((file) => file.replace(/\.(png|svg)$/, ".ts"))).toEqual(programs);
    for (const file of pictures) {
      expect(statSync(join(examples, "gallery/pictures", file)).size).toBeLessThan(60_000);
      expect(index).toContain(`gallery/pictures/${file}`);
    }
  });

  test.each(programs)("the index says why %s is fast, as the program does", (file) => {
    const text = readFileSync(join(examples, "gallery", file), "utf8");
    const why = /\n \* Fast because ([\s\S]*?)\n \*\//.exec(text)![1]!.replaceAll(/\n \* /g, " ");
    expect(index).toContain(`(gallery/${file})`);
    expect(index.replaceAll(/\s+/g, " ")).toContain(why);
  });

  test("programs draw them", async () => {
    const drawn = ["mandelbrot.png", "k-means.svg"];
    const { code, stdout, stderr } = await runNode(
      [
        fileURLToPath(new URL("cli.mjs", import.meta.resolve("tsx"))),
        join(examples, "gallery.ts"),
        "mandelbrot",
        "k-means",
      ],
      { cwd: installed.repository },
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("inertia 78.8514");
    for (const file of drawn) {
      expect(stdout).toContain(file);
      // What is committed is what they draw.
      const again = readFileSync(join(examples, "gallery/pictures", file));
      expect(again.equals(readFileSync(join(installed.root, "docs/examples/gallery/pictures", file)))).toBe(
        true,
      );
    }
    const { width, height } = decode(readFileSync(join(examples, "gallery/pictures", drawn[0]!)));
    expect([width, height]).toEqual([640, 480]);
  });
});
