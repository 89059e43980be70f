export interface Rounds<Due> {
  /** What the views know to be due; bounded, and without what has been done once they have seen that. */
  due(): readonly Due[]
  /** Tells one from another. */
  keyOf(due: Due): string
  /** Answers the position at which the views know that it is done. */
  act(due: Due): Promise<bigint>
  /** Waits until the views have reached a position; answers whether they have. */
  viewsReach(position: bigint, timeoutMs: number): Promise<boolean>
}

export const viewsTimeoutMs = 30_000

/** Does all that is due, however much it is: round by round, until one brings nothing new. */
export const doAllDue = async <Due>({ due, keyOf, act, viewsReach }: Rounds<Due>): Promise<void> => {
  const done = new Set<string>()
  for (;;) {
    const fresh = due().filter((each) => !done.has(keyOf(each)))
    if (fresh.length === 0) return
    let reached = -1n
    for (const each of fresh) {
      const position = await act(each)
      if (position > reached) reached = position
      done.add(keyOf(each))
    }
    // Views that are late bring what is done once more, which is then nothing new.
    await viewsReach(reached, viewsTimeoutMs)
  }
}
