import type { CheckpointWitness, SignedTree } from '../app/ports/evidence.ts'
import { type Hash, Refused } from '../evidence/verifier/hash.ts'
import { openNote, parseNote, type VerifierKey } from '../evidence/verifier/note.ts'
import { addCheckpointBody, addPath, sizeType } from './protocol.ts'

/** A witness that is asked: its key, and the prefix of its routes. */
export interface WitnessAddress {
  key: VerifierKey
  url: string
}

/** The consistency proof of two trees of one log, of which the first is not empty. */
export type ProofOf = (logId: number, from: number, to: number) => readonly Hash[]

const timeoutMs = 5_000
const answerCharsMax = 10_000

/** Brings checkpoints to a witness, and knows how much of each log it has seen. */
export class WitnessClient implements CheckpointWitness {
  readonly name: string
  private readonly address: WitnessAddress
  private readonly proofOf: ProofOf
  private readonly seen = new Map<number, number>()

  constructor(address: WitnessAddress, proofOf: ProofOf) {
    this.name = address.key.name
    this.address = address
    this.proofOf = proofOf
  }

  async cosign(tree: SignedTree): Promise<string> {
    const first = await this.add(tree)
    if (typeof first === 'string') return first
    // What it has seen was not known: a start anew, or another replica.
    const second = await this.add(tree)
    if (typeof second === 'string') return second
    throw new Error(`it has cosigned another tree of ${second.seen} leaves`)
  }

  private async add({ id, size, note }: SignedTree): Promise<string | { seen: number }> {
    const oldSize = this.seen.get(id) ?? 0
    if (oldSize > size) throw new Error(`it has cosigned a tree of ${oldSize} leaves already`)
    const proof = oldSize === 0 || oldSize === size ? [] : this.proofOf(id, oldSize, size)
    const response = await fetch(`${this.address.url.replace(/\/$/, '')}${addPath}`, {
      method: 'POST',
      body: addCheckpointBody({ oldSize, proof, checkpoint: note }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    const body = (await response.text()).slice(0, answerCharsMax)
    if (response.status === 409 && response.headers.get('content-type')?.startsWith(sizeType)) {
      const seen = Number(body.trim())
      if (!Number.isSafeInteger(seen) || seen < 0) throw new Error(`its size is no number: ${JSON.stringify(body)}`)
      this.seen.set(id, seen)
      return { seen }
    }
    if (response.status !== 200) throw new Error(`it answers ${response.status}: ${body.trim().slice(0, 200)}`)
    const line = this.lineOf(note, body)
    this.seen.set(id, size)
    return line
  }

  /** The line of the witness's own key, verified. */
  private lineOf(note: string, lines: string): string {
    const { text } = parseNote(note)
    for (const line of lines.trimEnd().split('\n')) {
      try {
        openNote(parseNote(`${text}\n${line}\n`), [this.address.key])
        return line
      } catch (error) {
        if (!(error instanceof Refused)) throw error
      }
    }
    throw new Error('its answer has no signature of its key')
  }
}
