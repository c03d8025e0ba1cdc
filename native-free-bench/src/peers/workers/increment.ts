/** Worker of piscina for calls that do next to nothing. */
export default (item: number): number => item + 1;
