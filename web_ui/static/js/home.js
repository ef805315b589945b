// The home page: each behaviour has a file of its own.

import "./fold.js";
import "./choose.js";
import "./recorder.js";
import "./kept_take.js";
import "./search.js";
import "./live.js";
import "./acts.js";
import "./shortcuts.js";
