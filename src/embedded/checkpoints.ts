/**
 * When a filtered subscription tells its caller how far it has come. Everything looked at counts, matching or not;
 * a checkpoint follows the event it is taken at, so resuming from one neither loses nor repeats a match.
 */
export class Checkpoints {
  readonly #interval: number
  #looked = 0
  #last: number

  constructor(interval: number, from: number) {
    this.#interval = interval
    this.#last = from
  }

  /** Whether a checkpoint is due at the position just looked at. */
  due(position: number): boolean {
    this.#looked++
    if (this.#looked < this.#interval) return false
    this.#looked = 0
    return this.advance(position)
  }

  /** Whether a checkpoint at this position says anything new. */
  advance(position: number): boolean {
    if (position <= this.#last) return false
    this.#last = position
    return true
  }
}
