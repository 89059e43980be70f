/**
 * A map that forgets what was not set for long, in two generations: the older is dropped as a whole once the younger is
 * half of what may be kept. (To delete the oldest of one Map, again and again, is slow: it steps over all that it has
 * deleted before.)
 */
export class Bounded<Value> {
  readonly #generationMax: number
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()

  constructor(entriesMax: number) {
    this.#generationMax = Math.ceil(entriesMax / 2)
  }

  get(key: string): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key)
  }

  set(key: string, value: Value): void {
    if (this.#young.size >= this.#generationMax && !this.#young.has(key)) this.turn()
    this.#young.set(key, value)
  }

  delete(key: string): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }

  deleteWhere(matches: (key: string, value: Value) => boolean): void {
    for (const generation of [this.#young, this.#old]) {
      for (const [key, value] of generation) if (matches(key, value)) generation.delete(key)
    }
  }

  /** Forgets all that was not set since the last turn. */
  turn(): void {
    this.#old = this.#young
    this.#young = new Map()
  }
}
