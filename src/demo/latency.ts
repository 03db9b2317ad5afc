/** How long each tool of the demo's server takes, milliseconds. */
export const MIN_LATENCY_MS = 150;
export const MAX_LATENCY_MS = 300;
