const utf8 = new TextEncoder()

/** The next of a sequence, for which one may wait several times. */
export class Upcoming<Item> {
  private outcome: { result: IteratorResult<Item> } | { error: unknown } | undefined
  private wake: () => void = () => undefined

  constructor(next: Promise<IteratorResult<Item>>) {
    const settle = (outcome: typeof this.outcome) => {
      this.outcome = outcome
      this.wake()
    }
    next.then(
      (result) => settle({ result }),
      (error: unknown) => settle({ error }),
    )
  }

  /** Undefined when it has not come in time. Throws what the sequence throws. */
  async within(timeoutMs: number): Promise<IteratorResult<Item> | undefined> {
    if (!this.outcome) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs)
        this.wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    if (this.outcome && 'error' in this.outcome) throw this.outcome.error
    return this.outcome?.result
  }
}

const comment = ':\n\n'

/** The messages as they come, empty ones left out; a comment where nothing was said for so long. */
export async function* withHeartbeat(
  messages: AsyncGenerator<string>,
  heartbeatMs: number,
): AsyncGenerator<string, void> {
  let spokenMs = performance.now()
  const leftMs = () => Math.max(0, spokenMs + heartbeatMs - performance.now())
  for (let upcoming = new Upcoming(messages.next()); ; ) {
    const result = await upcoming.within(leftMs())
    if (result?.done) return
    if (result) upcoming = new Upcoming(messages.next())
    const said = result?.value || (leftMs() === 0 ? comment : '')
    if (said === '') continue
    yield said
    spokenMs = performance.now()
  }
}

/**
 * A body that asks for the next message when the last one was taken. `end` is called when it is over: at the last
 * message, when nobody reads any longer, or when a message was not taken within `stallMs`.
 */
export const bodyOf = (
  messages: AsyncGenerator<string, void>,
  { end, stallMs }: { end(): void; stallMs: number },
): ReadableStream<Uint8Array> => {
  let stall: NodeJS.Timeout | undefined
  return new ReadableStream({
    async pull(controller) {
      clearTimeout(stall)
      const { done, value } = await messages.next()
      if (done) {
        end()
        return controller.close()
      }
      controller.enqueue(utf8.encode(value))
      stall = setTimeout(end, stallMs)
    },
    cancel() {
      clearTimeout(stall)
      end()
    },
  })
}
