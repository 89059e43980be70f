import { canonicalJson, canonicalObject } from '../domain/canonical-json.ts'
import type { JsonObject, JsonValue } from '../domain/json.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { envelopeOf, type StoredEvent } from './leaf.ts'
import { type NoteSigner, parseNote, signNote } from './note.ts'
import { bundleFormat, manifestText, type PeriodClaim, type SubjectClaim } from './verifier/bundle.ts'
import { type Hash, hexOf, sha256 } from './verifier/hash.ts'
import { type EventText, eventText, leafBytes } from './verifier/leaf.ts'

/** More leaves than this are told to be too many, rather than put together in memory. */
export const bundleLeavesMax = 100_000

/** An event and the index of its leaf. */
export interface IndexedEvent {
  index: number
  event: StoredEvent
}

interface Seal {
  /** Signed note: the tree that everything is proved in. */
  checkpoint: string
  /** The log's own key. */
  signer: NoteSigner
}

export interface SubjectInput extends Seal {
  subject: Omit<SubjectClaim, 'form' | 'streams'>
  /** In ascending order of their indexes. */
  events: readonly IndexedEvent[]
  /** The inclusion proof of a leaf in the checkpoint's tree. */
  proofOf(index: number): readonly Hash[]
}

export interface PeriodSeal extends Seal {
  /** Where the period begins and that its tree extends to the checkpoint's; null is the beginning of the log. */
  since: { checkpoint: string; consistency: readonly Hash[] } | null
}

/** The bytes of a bundle with all events of a subject: every event, up to the checkpoint, of each of its streams. */
export const subjectBundle = ({ subject, events, proofOf, ...seal }: SubjectInput): Uint8Array => {
  const streams = sorted(events.map(({ event }) => event.stream))
  const leaves = new Leaves()
  for (const event of events) leaves.add(event, 'with its event', proofOf(event.index))
  return sealed(seal, { form: 'subject', kind: subject.kind, id: subject.id, streams }, leaves, null)
}

/**
 * A bundle of a period in the making. To be added are the events of every leaf between the checkpoints: of the types
 * asked for, the bundle carries the event; of all others the envelope alone, which shows their type and keeps the tree
 * whole.
 */
export class PeriodBundle {
  private readonly types: PeriodClaim['types']
  private readonly leaves = new Leaves()

  constructor(types: readonly string[] | null) {
    this.types = types && sorted(types)
  }

  /** The next one. */
  add(event: IndexedEvent): void {
    const isAsked = this.types?.includes(event.event.type) ?? true
    this.leaves.add(event, isAsked ? 'with its event' : 'envelope only')
  }

  /** The bytes of the bundle. */
  seal({ since, ...seal }: PeriodSeal): Uint8Array {
    const start = since && { checkpoint: since.checkpoint, consistency: since.consistency.map(hexOf) }
    return sealed(seal, { form: 'period', types: this.types }, this.leaves, start)
  }
}

/** By UTF-16 code units, each once. */
const sorted = (texts: readonly string[]): string[] => [...new Set(texts)].sort((a, b) => (a < b ? -1 : 1))

/** Each written as it is added, since its event is hashed as the text that it has in the bundle. */
class Leaves {
  readonly indexes: number[] = []
  private readonly parts: Buffer[] = []

  add({ index, event }: IndexedEvent, form: 'with its event' | 'envelope only', proof?: readonly Hash[]): void {
    if (this.indexes.length === bundleLeavesMax) throw new RangeError(`a bundle of more than ${bundleLeavesMax} leaves`)
    const text = eventText(event)
    const members = [`"envelope":${leafBytes(envelopeOf(event, index, text))}`]
    if (form === 'with its event') members.push(`"event":${eventJson(text)}`)
    if (proof) members.push(`"proof":${canonicalJson(proof.map(hexOf))}`)
    this.parts.push(Buffer.from(`${this.parts.length > 0 ? ',' : ''}{${members.join()}}`))
    this.indexes.push(index)
  }

  /** A list's items. */
  bytes(): Uint8Array {
    return Buffer.concat(this.parts)
  }
}

const eventJson = ({ data, metadata }: EventText): string => {
  const content = typeof data === 'string' ? `"data":${data}` : `"dataBase64":"${Buffer.from(data).toString('base64')}"`
  return `{${content},"metadata":${canonicalObject(metadata)}}`
}

const sealed = ({ checkpoint, signer }: Seal, claim: JsonObject, leaves: Leaves, since: JsonValue): Uint8Array => {
  const { origin } = parseCheckpoint(parseNote(checkpoint).text)
  if (origin !== signer.name) throw new RangeError(`the key of ${signer.name} cannot sign for the log ${origin}`)
  // The members are in the order of their keys; the digest is over all but the manifest and the signature.
  const head = `{"checkpoint":${canonicalJson(checkpoint)},"claim":${canonicalJson(claim)},"format":"${bundleFormat}","leaves":[`
  const tail = `"since":${canonicalJson(since)},"version":1}`
  const { indexes } = leaves
  const bytes = leaves.bytes()
  const manifest = { count: indexes.length, digest: hexOf(sha256(head, bytes, `],${tail}`)), indexes }
  const signature = signNote(manifestText(origin, manifest), signer)
  const seal = `],"manifest":${canonicalJson({ ...manifest })},"signature":${canonicalJson(signature)},${tail}`
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from(seal)])
}
