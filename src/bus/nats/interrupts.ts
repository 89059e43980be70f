/** Lets everybody who waits for an answer be told at once that it will not come. */
export class Interrupts {
  private readonly waiting = new Set<(reason: Error) => void>()

  /** Settles like the work, or rejects when interrupted before; the work itself goes on unheard. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.add(reject)
      work.then(resolve, reject).finally(() => this.waiting.delete(reject))
    })
  }

  interrupt(reason: Error): void {
    for (const reject of this.waiting) reject(reason)
    this.waiting.clear()
  }
}

/** Does not keep the process. */
export const sleep = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs).unref())
