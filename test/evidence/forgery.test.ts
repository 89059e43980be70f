import { describe, expect, test } from 'vitest'
import { noteSigner, parseNote, parseVerifierKey, signNote } from '../../src/evidence/note.ts'
import { policyOf } from '../../src/evidence/verifier/policy.ts'
import { changed, eventOf, forged, type Json, jsonOf, logOf, origin, outcome, signer } from './world.ts'

const log = logOf(12)
const run = log.run('r1')
const period = log.period(4, 12)
const filtered = log.period(4, 12, ['RunRequested'])
const stranger = noteSigner(origin, Buffer.alloc(32, 66))

/** What a forger does to the content, and what a log that signs anything is then told. */
const contents: [what: string, bundle: Uint8Array, change: (json: Json) => void, reason: string][] = [
  ['a dropped event', run, drop(2), 'claim: "run-acme.r1" goes on with revision 3 instead of 2'],
  ['a dropped leaf of a period', period, drop(2), 'completeness: 7 leaves instead of 8'],
  ['the last leaf dropped from a period', period, drop(7), 'completeness: 7 leaves instead of 8'],
  ['the first leaf dropped from a period', period, drop(0), 'completeness: 7 leaves instead of 8'],
  [
    'an event twice',
    run,
    ({ leaves }) => leaves.splice(1, 0, ...leaves.slice(1, 2)),
    'order: leaf 3 comes after leaf 3',
  ],
  ['a leaf of a period twice', period, ({ leaves }) => leaves.splice(1, 0, ...leaves.slice(1, 2)), 'order: leaf 5'],
  ['events in another order', run, ({ leaves }) => leaves.reverse(), 'order: leaf 9 comes after leaf 11'],
  ['two events swapped', run, swap('event'), 'events: leaf 1: other data'],
  ['two envelopes swapped', run, swap('envelope'), 'order: leaf 1 comes after leaf 3'],
  ['two proofs swapped', run, swap('proof'), 'inclusion: the inclusion proof of leaf 1 does not lead to the root'],
  ['other data', run, onLeaf(({ event }) => Object.assign(event ?? {}, { data: {} })), 'events: leaf 1: other data'],
  ['data as bytes', run, onLeaf(asBytes), 'events: leaf 1: other data'],
  ['other metadata', run, onMetadata({ command: 'X' }), 'events: leaf 1: other metadata'],
  ['another salt', run, onMetadata({ salt: Buffer.alloc(32).toString('base64') }), 'events: leaf 1: other data'],
  ['another type', run, onEnvelope({ type: 'RunFailed' }), 'inclusion: the inclusion proof of leaf 1 does not'],
  ['another time', period, onEnvelope({ recordedAt: '2020-01-01T00:00:00.000Z' }), 'completeness: the leaves do not'],
  ['another actor', run, onEnvelope({ actor: 'p-9' }), 'events: leaf 1: the envelope names another actor'],
  ['another index', run, onEnvelope({ index: 0 }), 'inclusion: the inclusion proof of leaf 0'],
  ['an index beyond the tree', run, onLeaf(({ envelope }) => (envelope.index = 99), 5), 'order: leaf 99 lies outside'],
  ['leaves moved by one', period, ({ leaves }) => leaves.map(moved), 'completeness: leaf 3 stands where 4 belongs'],
  ['another run', run, ({ claim }) => (claim.id = 'r2'), 'claim: no stream is that of run "r2"'],
  ['another kind', run, ({ claim }) => (claim.kind = 'pipeline'), 'claim: no stream is that of pipeline "r1"'],
  [
    'a stream that is not claimed',
    run,
    ({ claim }) => (claim.streams = ['run-acme.r2']),
    'claim: leaf 1 is of a stream',
  ],
  [
    'a stream without events',
    run,
    ({ claim }) => (claim.streams = ['run-acme.r1', 'run-acme.r2']),
    'claim: no event of',
  ],
  ['no events at all', run, ({ leaves }) => leaves.splice(0), 'claim: no event of "run-acme.r1"'],
  ['an event left out of a period', period, onLeaf((leaf) => delete leaf.event), 'claim: the event of leaf 4'],
  ['an event of another type in a period', filtered, ({ claim }) => (claim.types = []), 'claim: leaf 5 is of the type'],
  ['a claim of more types', filtered, ({ claim }) => (claim.types = null), 'claim: the event of leaf 4'],
  ['an earlier checkpoint', period, (json) => (json.checkpoint = log.checkpoint(8)), 'order: leaf 8 lies outside'],
  ['a truncated period', period, truncate, 'consistency: the consistency proof'],
  ['a later beginning', period, (json) => (json.since = since(6, 12)), 'completeness: 8 leaves instead of 6'],
  ['an earlier beginning', period, (json) => (json.since = since(2, 12)), 'completeness: 8 leaves instead of 10'],
  ['no beginning', period, (json) => (json.since = null), 'completeness: 8 leaves instead of 12'],
  ['the proof of another beginning', period, otherProof, 'consistency: the consistency'],
  ['a beginning after the end', period, (json) => (json.since = since(13, 13, logOf(13))), 'consistency: 13 leaves'],
  ['a beginning in an empty tree with a proof', period, emptyWithProof, 'consistency: since is of an empty tree'],
  ['a checkpoint of the same size from another history', period, otherHistory, 'consistency: the consistency proof'],
  ['a beginning in another log', period, otherLog, 'consistency: since is a checkpoint of another log: "other"'],
]

function drop(at: number) {
  return ({ leaves }: Json) => leaves.splice(at, 1)
}
function swap(field: 'event' | 'envelope' | 'proof') {
  return ({ leaves: [a, b] }: Json) => {
    const [first, second] = [a?.[field], b?.[field]]
    Object.assign(a ?? {}, { [field]: second })
    Object.assign(b ?? {}, { [field]: first })
  }
}
function onLeaf(change: (leaf: Json['leaves'][number]) => unknown, at = 0) {
  return ({ leaves }: Json) => leaves.slice(at, at + 1).map(change)
}
function onEnvelope(over: object) {
  return onLeaf(({ envelope }) => Object.assign(envelope, over))
}
function onMetadata(over: object) {
  return onLeaf(({ event }) => Object.assign(event?.metadata ?? {}, over))
}
function asBytes({ event }: Json['leaves'][number]) {
  delete event?.data
  Object.assign(event ?? {}, { dataBase64: 'AAAA' })
}
function moved({ envelope }: Json['leaves'][number]) {
  envelope.index = Number(envelope.index) - 1
}
function truncate(json: Json) {
  json.checkpoint = log.checkpoint(8)
  json.leaves.splice(4)
}
function since(from: number, to: number, of = log): NonNullable<Json['since']> {
  const { checkpoint, consistency } = of.sinceOf(from, to)
  return { checkpoint, consistency: consistency.map((hash) => Buffer.from(hash).toString('hex')) }
}
function otherProof(json: Json) {
  if (json.since) json.since.consistency = since(5, 12).consistency
}
function emptyWithProof(json: Json) {
  const consistency = json.since?.consistency ?? []
  json.since = { checkpoint: log.checkpoint(0), consistency }
}
function otherHistory(json: Json) {
  const history = logOf(12, (n) => ({ ...eventOf(n), type: 'Other' }))
  json.checkpoint = history.checkpoint()
}
function otherLog(json: Json) {
  if (json.since) json.since.checkpoint = log.checkpoint(4, noteSigner('other', Buffer.alloc(32, 7)))
}

describe('even a log that signs anything cannot pass off', () => {
  test.each(contents)('%s', (_, bundle, change, reason) => {
    expect(outcome(forged(bundle, change))).toContain(reason)
  })
})

describe('nobody without the key passes off', () => {
  test.each(contents)('%s', (_, bundle, change) => {
    expect(outcome(changed(bundle, change))).toMatch(/^(?!manifest signature)[a-z ]+: /)
    expect(outcome(forged(bundle, change, null))).toMatch(/^[a-z ]+: /)
  })

  test('a shorter run: its manifest counts more leaves, and another one is not signed', () => {
    expect(outcome(changed(run, drop(5)))).toBe('manifest: it counts 6 leaves')
    expect(outcome(forged(run, drop(5), null))).toBe('manifest signature: what is signed is not this manifest')
    expect(outcome(forged(run, drop(5), stranger))).toBe(
      'manifest signature: there is no signature of a known key, only of ledger.example/acme (375b0ebf)',
    )
  })

  test('a manifest that says something else', () => {
    const tell = (over: object) => outcome(changed(run, ({ manifest }) => Object.assign(manifest, over)))
    expect(tell({ count: 5 })).toBe('manifest: it counts 5 leaves')
    expect(tell({ indexes: [1, 3, 5, 7, 9, 10] })).toBe('manifest: it lists other leaves')
    expect(tell({ digest: '00'.repeat(32) })).toBe('manifest: its digest is not that of the content')
  })

  test('a checkpoint of its own', () => {
    const bundle = log.run('r1', stranger)
    expect(outcome(bundle)).toBe(
      'checkpoint signature: there is no signature of a known key, only of ledger.example/acme (375b0ebf)',
    )
    expect(outcome(bundle, policyOf([parseVerifierKey(stranger.vkey)]))).toBe('VERIFIED')
    expect(outcome(run, policyOf([parseVerifierKey(stranger.vkey)]))).toContain('checkpoint signature: there is no')
  })

  test('a checkpoint of another log', () => {
    const other = noteSigner('ledger.example/other', Buffer.alloc(32, 7))
    expect(outcome(log.run('r1', other))).toBe(
      'checkpoint signature: no key was given for the log "ledger.example/other"',
    )
    const swapped = forged(run, (json) => (json.checkpoint = log.checkpoint(12, other)), null)
    expect(outcome(swapped)).toContain('checkpoint signature: no key was given for the log')
  })

  test('a checkpoint as the signature of a manifest', () => {
    expect(outcome(changed(run, (json) => (json.signature = json.checkpoint)))).toContain('what is signed is not this')
  })

  test('a bundle with an added signature line, in any of its notes', () => {
    const line = (note: string) => stranger.sign(parseNote(note).text)
    const added = (bundle: Uint8Array, change: (json: Json) => void) => outcome(changed(bundle, change))
    expect(added(run, (json) => (json.checkpoint += line(json.checkpoint)))).toBe(
      'manifest: its digest is not that of the content',
    )
    expect(
      added(period, ({ since }) =>
        Object.assign(since ?? {}, { checkpoint: since && since.checkpoint + line(since.checkpoint) }),
      ),
    ).toBe('manifest: its digest is not that of the content')
    expect(added(run, (json) => (json.signature += line(json.signature)))).toBe(
      'manifest signature: 2 signatures instead of one',
    )
    const doubled = signNote(parseNote(jsonOf(run).signature).text, signer, signer)
    expect(added(run, (json) => (json.signature = doubled))).toContain('2 signatures instead of one')
  })
})
