import { ConsentError } from "./catalog/consent.js";
import { floatShape } from "./catalog/float-shape.js";
import type { PythonFunction } from "./catalog/python-stubs.js";
import { type ToolContext, ToolInputError, ToolOutputError } from "./catalog/tool.js";
import type { Untimed } from "./sandbox/deadline.js";
import { PythonError } from "./sandbox/monty/calls.js";
import type { HostFunction } from "./sandbox/program.js";

/** What the tools of a connection's programs are given besides a call's own signal. */
export type CallContext = Omit<ToolContext, "signal">;

/** A tool as programs call it. */
export interface BoundTool extends HostFunction {
  /**
   * Checks the arguments of a call that is not made.
   *
   * @throws PythonError as the call would.
   */
  check(args: Record<string, unknown>): Promise<void>;
}

/** Makes a tool callable from programs: arguments by the names its stub has, failures as Python exceptions. */
export function bindTool({ tool, name, parameters }: PythonFunction, context: CallContext = {}): BoundTool {
  const { confirm } = context;
  const properties = new Map(parameters.map((parameter) => [parameter.name, parameter.property]));
  const toProperties = (args: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(args).map(([parameter, value]) => [properties.get(parameter) ?? parameter, value]),
    );
  const raising = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw new PythonError(exceptionType(error), `${name}: ${messageOf(error)}`, { cause: error });
    }
  };
  return {
    name,
    parameters: [...properties.keys()],
    floats: floatShape(tool.outputSchema),
    call: (args, signal, untimed) =>
      raising(async () =>
        tool.call(toProperties(args), { ...context, confirm: confirm && asks(confirm, untimed), signal }),
      ),
    check: (args) => raising(async () => tool.check?.(toProperties(args))),
  };
}

type Confirm = NonNullable<CallContext["confirm"]>;

/** While the user is asked, the program's time stands still. */
function asks(confirm: Confirm, untimed: Untimed): Confirm {
  return (request, signal) => untimed(() => confirm(request, signal));
}

/** What was thrown, as text for whoever made the call: never a stack trace. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

function exceptionType(error: unknown) {
  if (error instanceof PythonError) return error.type;
  if (error instanceof ToolInputError || error instanceof RangeError) return "ValueError";
  if (error instanceof ConsentError) return "PermissionError";
  if (error instanceof ToolOutputError) return "RuntimeError";
  if (error instanceof TypeError) return "TypeError";
  if (error instanceof Error && error.name === "TimeoutError") return "TimeoutError";
  return "RuntimeError";
}
