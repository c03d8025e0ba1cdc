/** Starts a program that is another file, as a launcher does. */
import "./bundle.mjs";
