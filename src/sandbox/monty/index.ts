/** The driver of the Monty runtime; its surface is that of Pydantic's own wrapper where both have the same. */
export { type HostFunction, type HostFunctions, PythonError } from "./calls.js";
export { type Diagnostic, TypeChecker } from "./checker.js";
export * from "./errors.js";
export { findExecutable, MONTY_VERSION, RuntimeMissingError } from "./executable.js";
export { type Checkout, Pool } from "./pool.js";
export { type FeedOptions, MontySession, type RuntimeLimits } from "./session.js";
