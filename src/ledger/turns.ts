/** Lets so many work at a time; the others wait in line. */
export class Turns {
  private readonly atOnceMax: number
  private working = 0
  private readonly waiting: (() => void)[] = []

  constructor(atOnceMax: number) {
    this.atOnceMax = atOnceMax
  }

  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.working >= this.atOnceMax) await new Promise<void>((resolve) => this.waiting.push(resolve))
    else this.working += 1
    try {
      return await work()
    } finally {
      // The turn goes to whoever waits longest, without being given back in between.
      const next = this.waiting.shift()
      if (next) next()
      else this.working -= 1
    }
  }
}
