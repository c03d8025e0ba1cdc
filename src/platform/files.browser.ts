/** @throws Error always: a browser has no paths to write to */
export async function writeFile(path: string | URL, _pieces: Iterable<string>): Promise<void> {
  throw new Error(
    `Cannot write ${path} as browsers have no files by path: make a Blob of JSON.stringify(trace), and offer it as a download`,
  );
}
