/** Vite and Vitest rewrite uses of an import to members of such an object. */
export const VITE_IMPORT = /^__(?:vite_ssr|vi)_import_\d+__$/;
