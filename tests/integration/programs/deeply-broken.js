/** Throws what a thread with a small stack cannot read. */
let field = null;
for (let depth = 0; depth < 800; depth += 1) field = { field };
throw Object.assign(new Error("deeply broken"), { field });
export const broken = (x) => x;
