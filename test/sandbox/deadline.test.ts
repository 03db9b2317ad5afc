import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Deadline } from "../../src/sandbox/deadline.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function started(timeoutMs: number, maxPauseMs?: number) {
  const onEnd = vi.fn();
  const deadline = new Deadline(timeoutMs, onEnd, maxPauseMs);
  deadline.start();
  return { deadline, onEnd };
}

/** Untimed work that ends when it is told to. */
function pause(deadline: Deadline) {
  let end = () => {};
  const work = deadline.untimed(
    () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  );
  return async () => {
    end();
    await work;
  };
}

it("ends a program when its time is over, and not before", () => {
  const { onEnd } = started(100);
  vi.advanceTimersByTime(99);
  expect(onEnd).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onEnd).toHaveBeenCalledOnce();
});

it("stands still during untimed work, also where several overlap", async () => {
  const { deadline, onEnd } = started(100);
  vi.advanceTimersByTime(60);
  const [one, two] = [pause(deadline), pause(deadline)];
  vi.advanceTimersByTime(1000);
  await one();
  vi.advanceTimersByTime(1000);
  await two();
  vi.advanceTimersByTime(39);
  expect(onEnd).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onEnd).toHaveBeenCalledOnce();
});

it("does not stand still for longer than the pauses may take together", async () => {
  const { deadline, onEnd } = started(100, 500);
  const one = pause(deadline);
  vi.advanceTimersByTime(300);
  await one();
  pause(deadline);
  vi.advanceTimersByTime(199);
  expect(onEnd).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onEnd).toHaveBeenCalledOnce();
});

it("gives what the work gives, and throws what it throws", async () => {
  const { deadline } = started(100);
  expect(await deadline.untimed(async () => 7)).toBe(7);
  await expect(deadline.untimed(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
});

it("counts no more after its end, when untimed work is over", async () => {
  const { deadline, onEnd } = started(100);
  const one = pause(deadline);
  deadline.end();
  await one();
  vi.advanceTimersByTime(10_000);
  expect(onEnd).not.toHaveBeenCalled();
});
