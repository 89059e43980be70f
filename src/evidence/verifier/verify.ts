import {
  type Bundle,
  type BundleLeaf,
  manifestText,
  type PeriodClaim,
  parseBundle,
  type SubjectClaim,
} from './bundle.ts'
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'
import { areEqual, leafHash, Refused } from './hash.ts'
import { eventText, hashesOf, leafBytes } from './leaf.ts'
import { openNote, parseNote } from './note.ts'
import type { Policy } from './policy.ts'
import { append, emptyFrontier, type Frontier, rootOf, verifyConsistency, verifyInclusion } from './proof.ts'

/** In the order in which they are made; the first that does not hold ends it. */
type CheckName =
  | 'format'
  | 'order'
  | 'claim'
  | 'events'
  | 'inclusion'
  | 'consistency'
  | 'completeness'
  | 'manifest'
  | 'checkpoint signature'
  | 'manifest signature'
  | 'quorum'

interface Check {
  name: CheckName
  ok: boolean
  detail: string
}

export interface Report {
  /** UNVERIFIED: all that needs no key holds, and no key was given. */
  verdict: 'VERIFIED' | 'UNVERIFIED' | 'FAILED'
  checks: Check[]
}

/** Checks a bundle offline. Never throws. Without a policy, or with one that names no log, nothing is verified. */
export const verify = (bytes: Uint8Array, policy: Policy | null): Report => {
  const checks: Check[] = []
  const failed = (name: CheckName, error: unknown): Report => {
    const detail = error instanceof Error ? error.message : String(error)
    return { verdict: 'FAILED', checks: [...checks, { name, ok: false, detail }] }
  }
  let name: CheckName = 'format'
  try {
    const bundle = parseBundle(bytes)
    const log = parseCheckpoint(parseNote(bundle.checkpoint).text)
    checks.push({ name, ok: true, detail: `canonical bytes; log ${quote(log.origin)}, ${log.size} leaves` })
    for (const [next, check] of [...contentChecks(bundle, log), ...signatureChecks(bundle, log, policy)]) {
      name = next
      checks.push({ name, ok: true, detail: check() })
    }
  } catch (error) {
    return error instanceof NoKey
      ? { verdict: 'UNVERIFIED', checks: [...checks, { name, ok: false, detail: error.message }] }
      : failed(name, error)
  }
  return { verdict: 'VERIFIED', checks }
}

type Step = [name: CheckName, check: () => string]

class NoKey extends Error {}

const quote = (text: string): string => JSON.stringify(text)

const contentChecks = (bundle: Bundle, log: Checkpoint): Step[] => {
  const { claim, leaves } = bundle
  const first: Step[] = [
    ['order', () => inOrder(leaves, log)],
    ['claim', () => (claim.form === 'subject' ? ofSubject(claim, leaves) : ofPeriod(claim, leaves))],
    ['events', () => asInEnvelopes(leaves)],
  ]
  const manifest: Step = ['manifest', () => asInManifest(bundle)]
  if (claim.form === 'subject') return [...first, ['inclusion', () => included(leaves, log)], manifest]
  let start = emptyFrontier
  return [
    ...first,
    [
      'consistency',
      () => {
        start = startOf(bundle, log)
        return start.size === 0 ? 'from the beginning of the log' : `extends the checkpoint of ${start.size} leaves`
      },
    ],
    ['completeness', () => complete(start, leaves, log)],
    manifest,
  ]
}

const inOrder = (leaves: readonly BundleLeaf[], { size }: Checkpoint): string => {
  let last = -1
  for (const { envelope } of leaves) {
    if (envelope.index <= last) throw new Refused(`leaf ${envelope.index} comes after leaf ${last}`)
    if (envelope.index >= size) throw new Refused(`leaf ${envelope.index} lies outside a tree of ${size}`)
    last = envelope.index
  }
  return `${leaves.length} leaves, ascending`
}

/** Streams are whole from their first event on, so only their ends rest on the service's word. */
const ofSubject = ({ kind, id, streams }: SubjectClaim, leaves: readonly BundleLeaf[]): string => {
  const next = new Map(streams.map((stream) => [stream, 0n]))
  for (const { envelope } of leaves) {
    const expected = next.get(envelope.stream)
    if (expected === undefined) throw new Refused(`leaf ${envelope.index} is of a stream that is not claimed`)
    if (BigInt(envelope.revision) !== expected) {
      throw new Refused(`${quote(envelope.stream)} goes on with revision ${envelope.revision} instead of ${expected}`)
    }
    next.set(envelope.stream, expected + 1n)
  }
  const empty = streams.find((stream) => next.get(stream) === 0n)
  if (empty !== undefined) throw new Refused(`no event of ${quote(empty)}`)
  const isOwn = (stream: string) => stream.startsWith(`${kind}-`) && stream.slice(stream.indexOf('.') + 1) === id
  if (!streams.some(isOwn)) throw new Refused(`no stream is that of ${kind} ${quote(id)}`)
  return `${kind} ${quote(id)}: ${streams.length} streams, without a gap; that none goes on, the service asserts`
}

const ofPeriod = ({ types }: PeriodClaim, leaves: readonly BundleLeaf[]): string => {
  for (const { envelope, event } of leaves) {
    const isClaimed = types === null || types.includes(envelope.type)
    if (isClaimed && !event)
      throw new Refused(`the event of leaf ${envelope.index} (${quote(envelope.type)}) is left out`)
    if (!isClaimed && event)
      throw new Refused(`leaf ${envelope.index} is of the type ${quote(envelope.type)}, not claimed`)
  }
  const events = leaves.filter(({ event }) => event).length
  return `a period, ${types ? `types ${types.map(quote).join(', ')}` : 'all types'}: ${events} events`
}

const asInEnvelopes = (leaves: readonly BundleLeaf[]): string => {
  for (const { envelope, event } of leaves) {
    if (!event) continue
    const { dataHash, metaHash } = hashesOf(event.salt, eventText(event))
    if (dataHash !== envelope.dataHash) throw new Refused(`leaf ${envelope.index}: other data`)
    if (metaHash !== envelope.metaHash) throw new Refused(`leaf ${envelope.index}: other metadata`)
    const actor = event.metadata.actor
    if (typeof actor !== 'object' || !actor || Array.isArray(actor) || actor.pseudonym !== envelope.actor) {
      throw new Refused(`leaf ${envelope.index}: the envelope names another actor than the metadata`)
    }
  }
  return 'data, metadata and actors are those of the envelopes'
}

const included = (leaves: readonly BundleLeaf[], log: Checkpoint): string => {
  for (const { envelope, proof } of leaves) {
    verifyInclusion(leafHash(leafBytes(envelope)), envelope.index, log, proof ?? [])
  }
  return `${leaves.length} inclusion proofs lead to the root`
}

const startOf = ({ since }: Bundle, log: Checkpoint): Frontier => {
  if (!since) return emptyFrontier
  const first = parseCheckpoint(parseNote(since.checkpoint).text)
  if (first.origin !== log.origin) throw new Refused(`since is a checkpoint of another log: ${quote(first.origin)}`)
  if (first.size > 0) return verifyConsistency(first, log, since.consistency)
  const isEmpty = areEqual(first.root, rootOf(emptyFrontier)) && since.consistency.length === 0
  if (!isEmpty) throw new Refused('since is of an empty tree, but has another root, or a proof')
  return emptyFrontier
}

/** The first tree and the leaves of the bundle make the second tree: so nothing is between them but these leaves. */
const complete = (start: Frontier, leaves: readonly BundleLeaf[], log: Checkpoint): string => {
  if (leaves.length !== log.size - start.size) {
    throw new Refused(`${leaves.length} leaves instead of ${log.size - start.size}`)
  }
  let end = start
  for (const { envelope } of leaves) {
    if (envelope.index !== end.size) throw new Refused(`leaf ${envelope.index} stands where ${end.size} belongs`)
    end = append(end, leafHash(leafBytes(envelope)))
  }
  if (!areEqual(rootOf(end), log.root)) throw new Refused('the leaves do not lead to the root')
  return `every leaf from ${start.size} to ${log.size}, none left out`
}

const asInManifest = ({ leaves, manifest, digest }: Bundle): string => {
  const indexes = leaves.map(({ envelope }) => envelope.index)
  if (manifest.count !== leaves.length) throw new Refused(`it counts ${manifest.count} leaves`)
  if (manifest.indexes.join() !== indexes.join()) throw new Refused('it lists other leaves')
  if (manifest.digest !== digest) throw new Refused('its digest is not that of the content')
  return `${manifest.count} leaves, digest ${digest}`
}

const signatureChecks = (bundle: Bundle, log: Checkpoint, policy: Policy | null): Step[] => {
  const keysOfLog = () => {
    if (!policy || policy.logs.length === 0) throw new NoKey('no key was given: whose log this is, nobody can tell')
    const keys = policy.logs.filter(({ name }) => name === log.origin)
    if (keys.length === 0) throw new Refused(`no key was given for the log ${quote(log.origin)}`)
    return keys
  }
  const notes = [bundle.checkpoint, ...(bundle.since ? [bundle.since.checkpoint] : [])]
  return [
    ['checkpoint signature', () => signersOf(notes.flatMap((note) => openNote(parseNote(note), keysOfLog())))],
    ['manifest signature', () => manifestSigner(bundle, log, keysOfLog())],
    ['quorum', () => (policy ? quorum(bundle, policy, keysOfLog()) : '')],
  ]
}

const signersOf = (keys: readonly { name: string; id: string }[]): string =>
  `by ${[...new Set(keys.map(({ name, id }) => `${name} (${id})`))].join(', ')}`

const manifestSigner = ({ manifest, signature }: Bundle, log: Checkpoint, keys: Policy['logs']): string => {
  const note = parseNote(signature)
  if (note.signatures.length !== 1) throw new Refused(`${note.signatures.length} signatures instead of one`)
  if (note.text !== manifestText(log.origin, manifest)) throw new Refused('what is signed is not this manifest')
  return signersOf(openNote(note, keys))
}

const quorum = ({ checkpoint }: Bundle, policy: Policy, keys: Policy['logs']): string => {
  const signers = new Set(openNote(parseNote(checkpoint), [...keys, ...policy.witnesses]))
  if (!policy.isMet(signers)) throw new Refused(`the cosignatures do not meet the quorum ${policy.quorum}`)
  const cosigners = policy.witnesses.filter((witness) => signers.has(witness))
  return policy.quorum === 'none' ? 'none is asked for' : `${policy.quorum}: ${signersOf(cosigners)}`
}
