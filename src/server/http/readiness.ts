/** A probe that takes longer is a no. */
const TIMEOUT_MS = 2000;

/** How long an answer serves those who ask again. */
const FRESH_MS = 1000;

/** The answer of a probe, bounded: one probe at a time, a no after 2 s, asked again after a second. */
export function readiness(probe: () => Promise<boolean>): () => Promise<boolean> {
  let answer: Promise<boolean> | undefined;
  let probing = false;
  let answered = 0;
  return () => {
    if (answer !== undefined && (probing || performance.now() - answered < FRESH_MS)) return answer;
    probing = true;
    const probed = probe()
      .catch(() => false)
      .finally(() => {
        probing = false;
        answered = performance.now();
      });
    answer = within(TIMEOUT_MS, probed);
    return answer;
  };
}

async function within(ms: number, answer: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
