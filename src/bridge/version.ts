/** The release of this package, compared when two threads connect. A test holds it equal to package.json. */
export const VERSION = "0.1.0";
