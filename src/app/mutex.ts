/** Runs the tasks of one key one after the other, in the order of asking. */
export class KeyedMutex {
  private readonly tails = new Map<string, Promise<unknown>>()

  async run<Result>(key: string, task: () => Promise<Result>): Promise<Result> {
    const before = this.tails.get(key)
    const mine = before ? before.then(task, task) : task()
    this.tails.set(key, mine)
    try {
      return await mine
    } finally {
      if (this.tails.get(key) === mine) this.tails.delete(key)
    }
  }
}
