import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changed, type Json, logOf, outcome } from './world.ts'

const log = logOf(5)
const run = log.run('r1')
const period = log.period(2, 5, ['RunRequested'])
const text = Buffer.from(run).toString()
const told = (broken: string | Uint8Array) => outcome(Buffer.from(broken))

describe('bytes that are not a bundle', () => {
  test.each([
    ['nothing', ''],
    ['no JSON', text.slice(0, -1)],
    ['more than JSON', `${text}x`],
    ['a byte order mark', `\ufeff${text}`],
    ['broken UTF-8', Buffer.concat([Buffer.from(text), Buffer.of(0xff)])],
  ])('%s: are refused', (_, broken) => {
    expect(told(broken)).toBe('format: not JSON in UTF-8')
  })

  test.each([
    ['a newline at the end', `${text}\n`],
    ['a space', text.replace('{"', '{ "')],
    ['a key twice', text.replace('"version":1', '"version":1,"version":1')],
    ['keys in another order', text.replace('{"checkpoint"', '{"version":1,"checkpoint"').replace(',"version":1}', '}')],
    ['a number in another form', text.replace('"version":1', '"version":1.0')],
    ['an escape that need not be', text.replace('grüße', 'gr\\u00fc\\u00dfe')],
    ['half of a surrogate pair', text.replace('grüße', '\\ud800')],
    ['a number beyond what JSON can tell', text.replace('"rows":1', '"rows":12345678901234567890')],
    ['nesting without end', text.replace('"rows":1', `"rows":${'['.repeat(50_000)}${']'.repeat(50_000)}`)],
  ])('%s: are not canonical', (_, broken) => {
    expect(broken).not.toBe(text)
    expect(told(broken)).toBe('format: not the canonical form of its JSON (RFC 8785)')
  })
})

const leaf = ({ leaves: [first] }: Json) => first ?? expect.fail('no leaf')
const envelope = (over: object) => (json: Json) => Object.assign(leaf(json).envelope, over)
const metadata = (over: object) => (json: Json) => Object.assign(leaf(json).event?.metadata ?? {}, over)

const broken: [what: string, change: (json: Json) => unknown, reason: string, bundle?: Uint8Array][] = [
  ['another version', (json) => (json.version = 2), 'not version 1 of the format'],
  ['another format', (json) => (json.format = 'x'), 'not version 1 of the format'],
  ['an unknown field', (json) => (json.x = 1), 'the bundle has the unknown field "x"'],
  ['a missing field', (json) => Reflect.deleteProperty(json, 'since'), 'the bundle lacks the field since'],
  ['an unknown field of the claim', ({ claim }) => (claim.x = 1), 'claim has the unknown field "x"'],
  ['an unknown form', ({ claim }) => (claim.form = 'x'), 'claim.form is neither subject nor period'],
  ['an unknown kind', ({ claim }) => (claim.kind = 'x'), 'claim.kind is not known'],
  ['a stream twice', ({ claim }) => (claim.streams = ['a', 'a']), 'claim.streams is not in order, or has one twice'],
  ['types out of order', ({ claim }) => (claim.types = ['b', 'a']), 'claim.types is not in order', period],
  ['a type that is no text', ({ claim }) => (claim.types = [1]), 'claim.types[0] is not a text', period],
  ['leaves that are no list', (json) => Object.assign(json, { leaves: {} }), 'leaves is not a list'],
  ['a leaf that is no object', ({ leaves }) => leaves.splice(0, 1, null as never), 'leaves[0] is not an object'],
  ['an unknown field of a leaf', (json) => Object.assign(leaf(json), { x: 1 }), 'leaves[0] has the unknown field "x"'],
  ['a leaf without its event', (json) => delete leaf(json).event, 'leaves[0] lacks the field event'],
  ['a leaf without its proof', (json) => delete leaf(json).proof, 'leaves[0] lacks the field proof'],
  ['a proof in a period', (json) => (leaf(json).proof = []), 'leaves[0] has the unknown field "proof"', period],
  [
    'since in a subject',
    (json) => (json.since = { checkpoint: '', consistency: [] }),
    'since belongs to a period only',
  ],
  [
    'a hash in upper case',
    (json) => (leaf(json).proof = ['AB'.repeat(32)]),
    'proof[0] is not 64 lower-case hex digits',
  ],
  ['a hash that is too short', (json) => (leaf(json).proof = ['ab']), 'proof[0] is not 64 lower-case hex digits'],
  ['a leaf of another version', envelope({ v: 2 }), 'envelope.v is not 1'],
  ['an unknown field of an envelope', envelope({ x: 2 }), 'envelope has the unknown field "x"'],
  ['a negative index', envelope({ index: -1 }), 'envelope.index is not a whole number'],
  ['a broken index', envelope({ index: 0.5 }), 'envelope.index is not a whole number'],
  [
    'a small revision in text',
    envelope({ revision: '1' }),
    'envelope.revision is a text, but no integer of 2^53 or more',
  ],
  [
    'a time without milliseconds',
    envelope({ recordedAt: '2026-01-01T00:00:00Z' }),
    'recordedAt does not have its form',
  ],
  ['a data hash in upper case', envelope({ dataHash: 'AB'.repeat(32) }), 'dataHash is not 64 lower-case hex digits'],
  ['an empty stream', envelope({ stream: '' }), 'envelope.stream does not have its form'],
  ['no salt', metadata({ salt: null }), 'metadata.salt is not a text'],
  ['a salt in loose base64', metadata({ salt: 'AA' }), 'metadata.salt is not strict base64'],
  ['a short salt', metadata({ salt: 'AAAA' }), 'metadata.salt has 3 bytes instead of 32'],
  ['data twice', (json) => Object.assign(leaf(json).event ?? {}, { dataBase64: '' }), 'unknown field "dataBase64"'],
  ['no data', (json) => delete leaf(json).event?.data, 'event lacks the field dataBase64'],
  ['a digest in upper case', ({ manifest }) => (manifest.digest = 'AB'.repeat(32)), 'manifest.digest is not 64'],
  [
    'a count in text',
    ({ manifest }) => Object.assign(manifest, { count: '2' }),
    'manifest.count is not a whole number',
  ],
  ['a checkpoint that is no note', (json) => (json.checkpoint = 'x'), 'a note ends in a newline'],
]

describe('a bundle with', () => {
  test.each(broken)('%s is refused, and told why', (_, change, reason, bundle = run) => {
    const verdict = outcome(changed(bundle, change))
    expect(verdict).toMatch(/^format: /)
    expect(verdict).toContain(reason)
  })
})

describe('with the key of its log', () => {
  test.each([
    ['a run', run],
    ['a period', period],
  ])('the bundle of %s is refused with any of its bits flipped', (_, bundle) => {
    const bytes = Buffer.from(bundle)
    const passed: number[] = []
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      if (!/^[a-z ]+: ./.test(outcome(bytes))) passed.push(bit)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    }
    expect(passed).toEqual([])
    expect(outcome(bytes)).toBe('VERIFIED')
  })

  test('it is refused with any bytes taken out or put in', () => {
    fc.assert(
      fc.property(fc.nat({ max: run.length }), fc.nat({ max: 5 }), fc.uint8Array({ maxLength: 5 }), (at, out, put) => {
        const bytes = Buffer.concat([run.subarray(0, at), put, run.subarray(at + out)])
        fc.pre(Buffer.compare(bytes, run) !== 0)
        expect(outcome(bytes)).toMatch(/^[a-z ]+: ./)
      }),
      { numRuns: 2000 },
    )
  })
})
