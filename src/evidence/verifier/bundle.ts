import { canonicalJson } from '../../domain/canonical-json.ts'
import type { JsonObject, JsonValue } from '../../domain/json.ts'
import { type Hash, hexOf, parseBase64, parseHash, Refused, sha256 } from './hash.ts'
import type { Envelope } from './leaf.ts'
import { anyObjectAt, countAt, listAt, objectAt, sortedTextsAt, textAt } from './shape.ts'

export const bundleFormat = 'ledgerline-evidence'

/** That these are the events of one subject: all events of the streams that it consists of. */
export interface SubjectClaim {
  form: 'subject'
  kind: 'run' | 'pipeline' | 'approval'
  id: string
  /** In ascending order; one of them is the subject's own, `<kind>-<tenant>.<id>`. */
  streams: string[]
}

/** That these are all leaves between two checkpoints, with the events of the given types; of all types, if null. */
export interface PeriodClaim {
  form: 'period'
  /** In ascending order. */
  types: string[] | null
}

interface BundleEvent {
  data: JsonValue | Uint8Array
  metadata: JsonObject
  /** 32 bytes, of the metadata. */
  salt: Uint8Array
}

export interface BundleLeaf {
  envelope: Envelope
  /** Null in a period whose types leave it out: what type it is, its envelope shows. */
  event: BundleEvent | null
  /** Inclusion proof in the checkpoint's tree; null in a period, where the leaves themselves lead to the root. */
  proof: Hash[] | null
}

export interface Bundle {
  claim: SubjectClaim | PeriodClaim
  leaves: BundleLeaf[]
  /** Signed note. */
  checkpoint: string
  /** Of a period: where it begins; null is the beginning of the log. */
  since: { checkpoint: string; consistency: Hash[] } | null
  manifest: { count: number; digest: string; indexes: number[] }
  /** Signed note over the manifest. */
  signature: string
  /** SHA-256, in hex, of the content: what the manifest must say. */
  digest: string
}

const contentFields = ['format', 'version', 'claim', 'checkpoint', 'leaves', 'since']
const sealFields = ['manifest', 'signature']

/** The text that the service signs: it binds the manifest, and is no checkpoint of any log. */
export const manifestText = (origin: string, manifest: Bundle['manifest']): string =>
  `ledgerline-evidence/v1\nmanifest ${hexOf(sha256(canonicalJson({ ...manifest })))}\n${origin}\n`

/** Reads a bundle. Throws Refused unless it is the one RFC 8785 form of a bundle with known fields only. */
export const parseBundle = (bytes: Uint8Array): Bundle => {
  const { fields, digest } = parseCanonical(bytes)
  if (fields.format !== bundleFormat || fields.version !== 1) throw new Refused('not version 1 of the format')
  const claim = parseClaim(fields.claim)
  const manifest = objectAt(fields.manifest, 'manifest', ['count', 'digest', 'indexes'])
  return {
    claim,
    leaves: listAt(fields.leaves, 'leaves').map((leaf, at) => parseLeaf(leaf, `leaves[${at}]`, claim)),
    checkpoint: textAt(fields.checkpoint, 'checkpoint'),
    since: parseSince(fields.since, claim),
    manifest: {
      count: countAt(manifest.count, 'manifest.count'),
      digest: hexOf(hashAt(manifest.digest, 'manifest.digest')),
      indexes: listAt(manifest.indexes, 'manifest.indexes').map((index) => countAt(index, 'manifest.indexes')),
    },
    signature: textAt(fields.signature, 'signature'),
    digest,
  }
}

const parseCanonical = (bytes: Uint8Array): { fields: JsonObject; digest: string } => {
  let value: JsonValue
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    value = JSON.parse(text)
  } catch {
    throw new Refused('not JSON in UTF-8')
  }
  const fields = objectAt(value, 'the bundle', [...contentFields, ...sealFields])
  return { fields, digest: hexOf(sha256(contentOf(text, fields))) }
}

/** The RFC 8785 JSON of the content, once the text is seen to be that of all fields: piece by piece, for it may be long. */
const contentOf = (text: string, fields: JsonObject): string => {
  let [content, at] = ['', 0]
  const goOn = (piece: string): void => {
    if (!text.startsWith(piece, at)) throw notCanonical()
    at += piece.length
  }
  for (const [nth, key] of Object.keys(fields).sort().entries()) {
    const from = at
    goOn(`${nth === 0 ? '{' : ','}"${key}":`)
    for (const piece of canonicalPieces(fields[key] ?? null)) goOn(piece)
    if (!sealFields.includes(key)) content += text.slice(from, at)
  }
  goOn('}')
  if (at < text.length) throw notCanonical()
  return `${content}}`
}

function* canonicalPieces(value: JsonValue): Generator<string> {
  try {
    if (!Array.isArray(value)) yield canonicalJson(value)
    else for (const [nth, item] of value.entries()) yield `${nth === 0 ? '[' : ','}${canonicalJson(item)}`
    if (Array.isArray(value)) yield value.length === 0 ? '[]' : ']'
  } catch (error) {
    throw error instanceof RangeError ? notCanonical() : error
  }
}

const notCanonical = () => new Refused('not the canonical form of its JSON (RFC 8785)')

const parseClaim = (value: JsonValue | undefined): SubjectClaim | PeriodClaim => {
  const { form } = anyObjectAt(value, 'claim')
  if (form === 'period') {
    const { types } = objectAt(value, 'claim', ['form', 'types'])
    return { form, types: types === null ? null : sortedTextsAt(types, 'claim.types') }
  }
  if (form !== 'subject') throw new Refused('claim.form is neither subject nor period')
  const { kind, id, streams } = objectAt(value, 'claim', ['form', 'kind', 'id', 'streams'])
  if (kind !== 'run' && kind !== 'pipeline' && kind !== 'approval') throw new Refused('claim.kind is not known')
  return { form, kind, id: textAt(id, 'claim.id'), streams: sortedTextsAt(streams, 'claim.streams') }
}

const hashAt = (value: JsonValue | undefined, where: string): Hash => parseHash(textAt(value, where), where)

const parseHashes = (value: JsonValue | undefined, where: string): Hash[] =>
  listAt(value, where).map((hash, at) => hashAt(hash, `${where}[${at}]`))

const parseSince = (value: JsonValue | undefined, { form }: Bundle['claim']): Bundle['since'] => {
  if (value === null) return null
  if (form === 'subject') throw new Refused('since belongs to a period only')
  const since = objectAt(value, 'since', ['checkpoint', 'consistency'])
  return {
    checkpoint: textAt(since.checkpoint, 'since.checkpoint'),
    consistency: parseHashes(since.consistency, 'since.consistency'),
  }
}

const parseLeaf = (value: JsonValue, where: string, { form }: Bundle['claim']): BundleLeaf => {
  const isOfSubject = form === 'subject'
  const leaf = objectAt(value, where, isOfSubject ? ['envelope', 'event', 'proof'] : ['envelope'], ['event'])
  return {
    envelope: parseEnvelope(leaf.envelope, `${where}.envelope`),
    event: leaf.event === undefined ? null : parseEvent(leaf.event, `${where}.event`),
    proof: isOfSubject ? parseHashes(leaf.proof, `${where}.proof`) : null,
  }
}

const envelopeFields = ['v', 'index', 'id', 'stream', 'revision', 'type', 'recordedAt', 'actor', 'dataHash', 'metaHash']

const parseEnvelope = (value: JsonValue | undefined, where: string): Envelope => {
  const fields = objectAt(value, where, envelopeFields)
  if (fields.v !== 1) throw new Refused(`${where}.v is not 1`)
  return {
    v: 1,
    index: countAt(fields.index, `${where}.index`),
    id: textAt(fields.id, `${where}.id`),
    stream: textAt(fields.stream, `${where}.stream`),
    revision: parseInteger(fields.revision, `${where}.revision`),
    type: textAt(fields.type, `${where}.type`),
    recordedAt: textAt(fields.recordedAt, `${where}.recordedAt`, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    actor: textAt(fields.actor, `${where}.actor`),
    dataHash: hexOf(hashAt(fields.dataHash, `${where}.dataHash`)),
    metaHash: hexOf(hashAt(fields.metaHash, `${where}.metaHash`)),
  }
}

/** A number below 2^53, a text of decimal digits from there on. */
const parseInteger = (value: JsonValue | undefined, where: string): number | string => {
  if (typeof value !== 'string') return countAt(value, where)
  const isBig = /^[1-9][0-9]{15,18}$/.test(value) && BigInt(value) > BigInt(Number.MAX_SAFE_INTEGER)
  if (!isBig) throw new Refused(`${where} is a text, but no integer of 2^53 or more`)
  return value
}

const parseEvent = (value: JsonValue, where: string): BundleEvent => {
  const isJson = Object.hasOwn(anyObjectAt(value, where), 'data')
  const event = objectAt(value, where, [isJson ? 'data' : 'dataBase64', 'metadata'])
  const metadata = anyObjectAt(event.metadata, `${where}.metadata`)
  const salt = parseBase64(textAt(metadata.salt, `${where}.metadata.salt`), `${where}.metadata.salt`)
  if (salt.length !== 32) throw new Refused(`${where}.metadata.salt has ${salt.length} bytes instead of 32`)
  const bytes = () => parseBase64(textAt(event.dataBase64, `${where}.dataBase64`, /^/), `${where}.dataBase64`)
  return { data: isJson ? (event.data ?? null) : bytes(), metadata, salt }
}
