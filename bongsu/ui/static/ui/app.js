// Starts the parts of the face. Every part works on what is there and on what htmx brings later.
import "./clocks.js";
import "./dialogs.js";
import "./files.js";
import "./live.js";
import "./manners.js";
import "./palette.js";
