/**
 * What may be here already, as the end of a call of tiny tasks is when workers have been looked at. A promise for each of
 * its steps would take as long as the rest of it.
 */
export type MaybePromise<T> = T | Promise<T>;
