/** Waits for work, but no longer than that; what is not done by then goes on unheard. Rejects when the work does. */
export const noLongerThan = async (ms: number, work: Promise<unknown>): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const isEnough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  try {
    await Promise.race([work, isEnough])
  } finally {
    clearTimeout(timer)
  }
}

/** Whether work is done by then; what is not goes on unheard. Rejects when the work does. */
export const isDoneIn = async (ms: number, work: Promise<unknown>): Promise<boolean> => {
  let isDone = false
  const done = work.then(() => {
    isDone = true
  })
  await noLongerThan(ms, done)
  return isDone
}
