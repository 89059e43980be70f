const pollEveryMs = 2

/** Resolves as soon as something is so; rejects when it is not in time. */
export const until = async (isSo: () => boolean | Promise<boolean>, timeoutMs = 5_000): Promise<void> => {
  const deadline = Date.now() + timeoutMs
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not so within ${timeoutMs} ms: ${isSo}`)
    await new Promise((resolve) => setTimeout(resolve, pollEveryMs))
  }
}

export const sleep = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs))
