// What every page has: the switch between light and dark, and what a browser words better: moments
// in the visitor's own zone, and names of languages.

import { showLanguages } from "./languages.js";
import "./theme.js";
import { showTimes } from "./times.js";

showTimes(document);
showLanguages(document);
