import type { NoteSigner } from '../evidence/note.ts'
import { type Checkpoint, parseCheckpoint } from '../evidence/verifier/checkpoint.ts'
import { areEqual, Refused } from '../evidence/verifier/hash.ts'
import { type Note, openNote, parseNote, type VerifierKey } from '../evidence/verifier/note.ts'
import { verifyConsistency } from '../evidence/verifier/proof.ts'
import { type AddCheckpoint, parseAddCheckpoint, sizeType } from './protocol.ts'
import type { CheckpointStore } from './store.ts'

export interface Answer {
  status: number
  type: string
  body: string
}

interface WitnessDeps {
  /** The keys of the logs that it knows; several may have one name. */
  logs: readonly VerifierKey[]
  signer: NoteSigner
  store: CheckpointStore
}

const text = (status: number, body: string): Answer => ({ status, type: 'text/plain; charset=utf-8', body })

/** The answer to a request that is not what it should be. */
const attempt = <Result>(status: number, act: () => Result): Result => {
  try {
    return act()
  } catch (error) {
    throw error instanceof Refused ? new Stopped(text(status, `${error.message}\n`)) : error
  }
}

class Stopped extends Error {
  readonly answer: Answer
  constructor(answer: Answer) {
    super(answer.body)
    this.answer = answer
  }
}

/**
 * Cosigns what extends what it cosigned before, and so never two histories of one log. It keeps the last checkpoint before
 * it says its signature. Source of requests and answers: https://c2sp.org/tlog-witness
 */
export class Witness {
  private readonly deps: WitnessDeps

  constructor(deps: WitnessDeps) {
    this.deps = deps
  }

  /** `add-checkpoint`. Rejects only when the store fails. */
  async add(body: string): Promise<Answer> {
    try {
      const request = attempt(400, () => parseAddCheckpoint(body))
      const note = attempt(400, () => parseNote(request.checkpoint))
      const checkpoint = attempt(400, () => parseCheckpoint(note.text))
      const keys = this.deps.logs.filter(({ name }) => name === checkpoint.origin)
      if (keys.length === 0) return text(404, 'this witness does not know the log\n')
      attempt(403, () => openNote(note, keys))
      if (request.oldSize > checkpoint.size) return text(400, 'the old size is larger than the checkpoint\n')
      return await this.deps.store.update(checkpoint.origin, (last) => this.decide(request, note, checkpoint, last))
    } catch (error) {
      if (error instanceof Stopped) return error.answer
      throw error
    }
  }

  /** The last checkpoint of a log, cosigned, by the hash of its origin. */
  async last(hash: string): Promise<Answer> {
    const note = await this.deps.store.readHashed(hash)
    return note === null ? text(404, 'this witness has not seen the log\n') : text(200, note)
  }

  private decide(request: AddCheckpoint, note: Note, checkpoint: Checkpoint, lastNote: string | null) {
    const refused = (result: Answer) => ({ next: null, result })
    const last = lastNote === null ? null : parseCheckpoint(parseNote(lastNote).text)
    const seen = last?.size ?? 0
    const conflict = { status: 409, type: sizeType, body: `${seen}\n` }
    if (request.oldSize !== seen) return refused(conflict)
    if (last && last.size === checkpoint.size && !areEqual(last.root, checkpoint.root)) return refused(conflict)
    try {
      extend(last, checkpoint, request.proof)
    } catch (error) {
      if (error instanceof Refused) return refused(text(422, `${error.message}\n`))
      throw error
    }
    const line = this.deps.signer.sign(note.text)
    return { next: `${request.checkpoint}${line}`, result: text(200, line) }
  }
}

/** A tree extends the empty one without a proof. */
const extend = (last: Checkpoint | null, next: Checkpoint, proof: AddCheckpoint['proof']): void => {
  if (last && last.size > 0) return void verifyConsistency(last, next, proof)
  if (proof.length > 0) throw new Refused('nothing is proved of the empty tree')
}
