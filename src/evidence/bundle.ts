import type { JsonObject, JsonValue } from '../domain/json.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { envelopeOf, type StoredEvent } from './leaf.ts'
import { type NoteSigner, parseNote, signNote } from './note.ts'
import {
  bundleFormat,
  canonicalMembers,
  contentDigest,
  manifestText,
  type PeriodClaim,
  type SubjectClaim,
  textOf,
} from './verifier/bundle.ts'
import { type Hash, hexOf } from './verifier/hash.ts'

/** More leaves than this are told to be too many, rather than put together in memory. */
export const bundleLeavesMax = 100_000

/** An event and the index of its leaf. */
export interface IndexedEvent {
  index: number
  event: StoredEvent
}

interface BundleInput {
  /** In ascending order of their indexes. */
  events: readonly IndexedEvent[]
  /** Signed note: the tree that everything is proved in. */
  checkpoint: string
  /** The log's own key. */
  signer: NoteSigner
}

export interface SubjectInput extends BundleInput {
  subject: Omit<SubjectClaim, 'form' | 'streams'>
  /** The inclusion proof of a leaf in the checkpoint's tree. */
  proofOf(index: number): readonly Hash[]
}

export interface PeriodInput extends BundleInput {
  types: PeriodClaim['types']
  /** Where the period begins and that its tree extends to the checkpoint's; null is the beginning of the log. */
  since: { checkpoint: string; consistency: readonly Hash[] } | null
}

/** The bytes of a bundle with all events of a subject: every event, up to the checkpoint, of each of its streams. */
export const subjectBundle = ({ subject, proofOf, ...input }: SubjectInput): Uint8Array => {
  const streams = sorted(input.events.map(({ event }) => event.stream))
  const leaves = input.events.map(({ index, event }) => ({
    envelope: { ...envelopeOf(event, index) },
    event: eventJson(event),
    proof: proofOf(index).map(hexOf),
  }))
  return sealed(input, { form: 'subject', kind: subject.kind, id: subject.id, streams }, leaves, null)
}

/**
 * The bytes of a bundle of a period. `events` are those of every leaf between the checkpoints: of the types asked for,
 * the bundle carries the event; of all others the envelope alone, which shows their type and keeps the tree whole.
 */
export const periodBundle = ({ types, since, ...input }: PeriodInput): Uint8Array => {
  const asked = types && new Set(types)
  const leaves = input.events.map(({ index, event }) => ({
    envelope: { ...envelopeOf(event, index) },
    ...(!asked || asked.has(event.type) ? { event: eventJson(event) } : {}),
  }))
  const start = since && { checkpoint: since.checkpoint, consistency: since.consistency.map(hexOf) }
  return sealed(input, { form: 'period', types: asked && sorted([...asked]) }, leaves, start)
}

/** By UTF-16 code units, each once. */
const sorted = (texts: readonly string[]): string[] => [...new Set(texts)].sort((a, b) => (a < b ? -1 : 1))

const eventJson = ({ data, metadata }: StoredEvent): JsonObject => ({
  ...(data instanceof Uint8Array ? { dataBase64: Buffer.from(data).toString('base64') } : { data }),
  metadata,
})

const sealed = (input: BundleInput, claim: JsonObject, leaves: JsonObject[], since: JsonValue): Uint8Array => {
  const { events, checkpoint, signer } = input
  if (events.length > bundleLeavesMax) {
    throw new RangeError(`a bundle of ${events.length} leaves, at most ${bundleLeavesMax}`)
  }
  const { origin } = parseCheckpoint(parseNote(checkpoint).text)
  if (origin !== signer.name) throw new RangeError(`the key of ${signer.name} cannot sign for the log ${origin}`)
  const content = canonicalMembers({ format: bundleFormat, version: 1, claim, checkpoint, leaves, since })
  const indexes = events.map(({ index }) => index)
  const manifest = { count: leaves.length, digest: contentDigest(content), indexes }
  const signature = signNote(manifestText(origin, manifest), signer)
  const seal = canonicalMembers({ manifest: { ...manifest }, signature })
  return Buffer.from(textOf([...content, ...seal].sort(([a], [b]) => (a < b ? -1 : 1))))
}
