import { createHash } from 'node:crypto'
import { type Hash, hexOf, parseBase64, Refused } from '../evidence/verifier/hash.ts'

// The requests of a witness: https://c2sp.org/tlog-witness

export const addPath = '/add-checkpoint'
export const sizeType = 'text/x.tlog.size'
/** More is longer than any proof between trees of 2^63 leaves. */
const proofHashesMax = 63

export interface AddCheckpoint {
  /** Leaves that the witness is thought to have cosigned last; 0 when it has not seen the log. */
  oldSize: number
  proof: readonly Hash[]
  /** Signed note. */
  checkpoint: string
}

export const addCheckpointBody = ({ oldSize, proof, checkpoint }: AddCheckpoint): string =>
  `old ${oldSize}\n${proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('')}\n${checkpoint}`

/** Throws Refused. */
export const parseAddCheckpoint = (body: string): AddCheckpoint => {
  const end = body.indexOf('\n\n')
  if (end < 0) throw new Refused('a request has a blank line between its proof and its checkpoint')
  const [old = '', ...lines] = body.slice(0, end).split('\n')
  const [, digits] = /^old (0|[1-9][0-9]{0,15})$/.exec(old) ?? []
  if (digits === undefined || !Number.isSafeInteger(Number(digits))) {
    throw new Refused('a request begins with "old" and a decimal number below 2^53')
  }
  if (lines.length > proofHashesMax) throw new Refused(`a proof of more than ${proofHashesMax} hashes`)
  const proof = lines.map((line, index) => {
    const hash = parseBase64(line, `line ${index + 1} of the proof`)
    if (hash.length !== 32) throw new Refused(`line ${index + 1} of the proof has ${hash.length} bytes instead of 32`)
    return hash
  })
  return { oldSize: Number(digits), proof, checkpoint: body.slice(end + 2) }
}

/** How a log is named in paths and files: SHA-256 of its origin in hex. */
export const originHash = (origin: string): string => hexOf(createHash('sha256').update(origin).digest())
