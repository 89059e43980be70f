import type { Subject, SubjectKeys } from '../app/ports/subject-keys.ts'
import { Bounded } from './bounded.ts'
import { KeyDirectory } from './key-directory.ts'

const entriesMax = 10_000
/** An erasure by another process is seen this much later at the latest: for so long a key is taken to be unchanged. */
export const erasureSeenWithinMs = 1_000
/** Each further attempt means that another process has drawn or erased the same subject in between. */
const attemptsMax = 20

/** What is known of a pseudonym's key; null is final. */
interface Held {
  key: Buffer | null
  subject: string | null
  stamp: string
  /** On the monotonic clock, before the file was looked at. */
  lookedAtMs: number
}

/**
 * The key store in a directory, which several processes may share. Answers only what is durable. Throws DamagedKeyFile.
 * After `erase` this process knows the key no more; others for `erasureSeenWithinMs` at most.
 */
export const openFileKeys = async (dir: string): Promise<SubjectKeys> => new FileKeys(await KeyDirectory.open(dir))

class FileKeys implements SubjectKeys {
  readonly #directory: KeyDirectory
  readonly #pseudonyms = new Bounded<string>(entriesMax)
  readonly #held = new Bounded<Held>(entriesMax)
  readonly #resolving = new Map<string, Promise<string>>()
  readonly #looking = new Map<string, Promise<Held | undefined>>()

  constructor(directory: KeyDirectory) {
    this.#directory = directory
  }

  pseudonymOf(subject: Subject): Promise<string> {
    const name = `${subject.issuer.length}:${subject.issuer}${subject.subject}`
    const pseudonym = this.#pseudonyms.get(name)
    if (pseudonym !== undefined && this.#fresh(pseudonym)?.key) return Promise.resolve(pseudonym)
    return once(this.#resolving, name, async () => {
      const stillKnown = pseudonym !== undefined && (await this.#look(pseudonym))?.key
      const resolved = stillKnown ? pseudonym : await this.#resolve(this.#directory.hmacOf(subject))
      this.#pseudonyms.set(name, resolved)
      return resolved
    })
  }

  async keyOf(pseudonym: string): Promise<Buffer | null> {
    const held = this.#fresh(pseudonym) ?? (await this.#look(pseudonym))
    return held?.key ?? null
  }

  async erase(pseudonym: string): Promise<void> {
    // Whose it was is personal as well.
    this.#pseudonyms.deleteWhere((_, known) => known === pseudonym)
    const file = await this.#directory.keyFile(pseudonym)
    if (file === undefined) return
    this.#held.set(pseudonym, { ...file, key: null, lookedAtMs: performance.now() })
    if (file.subject !== null) await this.#directory.erase(pseudonym, file.subject)
  }

  async #resolve(hmac: string): Promise<string> {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const pseudonym = await this.#directory.boundTo(hmac)
      if (pseudonym === undefined) {
        await this.#directory.draw(hmac)
        continue
      }
      const held = await this.#look(pseudonym)
      if (held === undefined) throw this.#directory.damagedKey(pseudonym, 'a subject is bound to it and it is missing')
      if (held.key === null) await this.#directory.unbind(hmac, pseudonym)
      else if (held.subject === hmac) return pseudonym
      else throw this.#directory.damagedKey(pseudonym, 'it is the key of another subject than is bound to it')
    }
    throw new Error(`a subject was drawn and erased ${attemptsMax} times while its pseudonym was asked for`)
  }

  #fresh(pseudonym: string): Held | undefined {
    const held = this.#held.get(pseudonym)
    if (held === undefined) return undefined
    return held.key === null || performance.now() - held.lookedAtMs < erasureSeenWithinMs ? held : undefined
  }

  #look(pseudonym: string): Promise<Held | undefined> {
    return once(this.#looking, pseudonym, async () => {
      const lookedAtMs = performance.now()
      const before = this.#held.get(pseudonym)
      const same = before !== undefined && (await this.#directory.keyStamp(pseudonym)) === before.stamp
      const now = same ? before : await this.#directory.keyFile(pseudonym)
      const meanwhile = this.#held.get(pseudonym)
      // It was erased while the file was read.
      if (meanwhile?.key === null) return meanwhile
      if (now === undefined) this.#held.delete(pseudonym)
      else this.#held.set(pseudonym, { ...now, lookedAtMs })
      return this.#held.get(pseudonym)
    })
  }
}

/** Those who ask the same at the same time share one answer. */
const once = <T>(running: Map<string, Promise<T>>, name: string, run: () => Promise<T>): Promise<T> => {
  const found = running.get(name)
  if (found) return found
  const started = run().finally(() => running.delete(name))
  running.set(name, started)
  return started
}
