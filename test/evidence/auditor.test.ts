import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { subjectBundle } from '../../src/evidence/bundle.ts'
import { checkpointText } from '../../src/evidence/checkpoint.ts'
import { audit, type Difference } from '../../src/evidence/log/auditor.ts'
import { type LedgerLeaf, LogBuilder } from '../../src/evidence/log/builder.ts'
import { LogReader } from '../../src/evidence/log/reader.ts'
import { inclusionProof } from '../../src/evidence/merkle.ts'
import { signNote } from '../../src/evidence/note.ts'
import { main } from '../../src/evidence/verifier/main.ts'
import { eventOf, signer } from './world.ts'

const at = (position: number, stream = `run-acme.r${position % 2}`): LedgerLeaf => ({
  ...eventOf(position),
  stream,
  position: BigInt(position) * 10n,
})

const temporary = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'ledgerline-audit-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** A ledger of events, the trees that were grown from it, and an audit of what it holds by then. */
const ledgerOf = (events: LedgerLeaf[]) => {
  const path = join(temporary(), 'evidence.db')
  const builder = new LogBuilder(path)
  builder.append(events)
  builder.close()
  const reader = new LogReader(path)
  onTestFinished(() => reader.close())
  let rests = 0
  const past = async function* (until: bigint) {
    for (const event of events) if (event.position <= until) yield event
  }
  const run = async () => {
    const found: Difference[] = []
    const compared = await audit({
      reader,
      past,
      found: (difference) => void found.push(difference),
      rest: async () => {
        rests += 1
      },
    })
    return { found, compared }
  }
  return { reader, events, run, rests: () => rests }
}

const edited = (event: LedgerLeaf): LedgerLeaf => ({ ...event, data: { ...Object(event.data), rows: -1 } })

test('a ledger that is as it was sealed shows no difference, and is read with rests', async () => {
  const streams = ['run-acme.r', 'access-acme.d', 'run-other.r', 'lease-acme.l']
  const { run, rests } = ledgerOf(Array.from({ length: 9_000 }, (_, n) => at(n, streams[n % 4])))
  expect(await run()).toEqual({ found: [], compared: 6_750 })
  expect(rests()).toBeGreaterThan(2)
})

test.each([0, 1, 255, 256, 257, 511, 512, 699])('the event of leaf %i that was edited is named', async (index) => {
  const { events, run } = ledgerOf(Array.from({ length: 700 }, (_, n) => at(n)))
  const event = at(index)
  events[index] = edited(event)
  expect((await run()).found).toEqual([
    {
      ...{ logId: 1, tenant: 'acme', log: 'commands', index, event: event.id, stream: event.stream },
      detail: 'the event is not as it was sealed',
    },
  ])
})

test.each([
  ['type', (event: LedgerLeaf) => ({ ...event, type: 'RunFailed' })],
  ['time', (event: LedgerLeaf) => ({ ...event, recordedAt: '2020-01-01T00:00:00.000Z' })],
  ['revision', (event: LedgerLeaf) => ({ ...event, revision: event.revision + 1n })],
  ['metadata', (event: LedgerLeaf) => ({ ...event, metadata: { ...event.metadata, command: 'Other' } })],
  ['data', (event: LedgerLeaf) => ({ ...event, data: 'x'.repeat(10) })],
])('an edited %s is found', async (_, edit) => {
  const { events, run } = ledgerOf(Array.from({ length: 20 }, (__, n) => at(n)))
  events[7] = edit(at(7))
  expect((await run()).found).toMatchObject([{ index: 7 }])
})

test('an event that is missing, and one that lost its salt, is where the histories part', async () => {
  const gone = ledgerOf(Array.from({ length: 20 }, (_, n) => at(n)))
  gone.events.splice(7, 1)
  expect((await gone.run()).found).toMatchObject([{ index: 7, event: at(7).id, stream: null }])

  const bare = ledgerOf(Array.from({ length: 20 }, (_, n) => at(n)))
  bare.events[19] = { ...at(19), metadata: {} }
  expect((await bare.run()).found).toMatchObject([{ index: 19, detail: 'the event is missing' }])
})

test('an event that was put in between is found', async () => {
  const { events, run } = ledgerOf(Array.from({ length: 20 }, (_, n) => at(n)))
  events.splice(7, 0, { ...at(300), position: 65n })
  const [found] = (await run()).found
  expect(found).toMatchObject({
    index: 7,
    event: at(7).id,
    detail: `the event ${at(300).id} of run-acme.r0 stands in its place`,
  })
})

test('each log has its own first difference; what came after the trees is no matter of theirs', async () => {
  const streams = ['run-acme.r', 'access-acme.d']
  const { events, run } = ledgerOf(Array.from({ length: 40 }, (_, n) => at(n, streams[n % 2])))
  for (const n of [8, 12, 13]) events[n] = edited(at(n, streams[n % 2]))
  events.push(at(41, 'run-acme.r'))
  expect((await run()).found.map(({ log, index }) => [log, index])).toEqual([
    ['commands', 4],
    ['access', 6],
  ])
})

test('a bundle of an edited event fails in the verifier, which names the leaf', () => {
  const { events, reader } = ledgerOf(Array.from({ length: 300 }, (_, n) => at(n)))
  const size = 300
  const checkpoint = signNote(checkpointText({ origin: signer.name, size, root: reader.rootAt(1, size) }), signer)
  const outcome = () => {
    const bundle = subjectBundle({
      subject: { kind: 'run', id: 'r1' },
      events: events.flatMap((event, index) => (event.stream === 'run-acme.r1' ? [{ index, event }] : [])),
      ...{ checkpoint, signer },
      proofOf: (index) => inclusionProof(index, size, reader.subtrees(1, size)),
    })
    const file = join(temporary(), 'bundle.json')
    writeFileSync(file, bundle)
    return main([file, '--key', signer.vkey])
  }
  expect(outcome()).toMatchObject({ exitCode: 0 })
  events[123] = edited(at(123))
  const { exitCode, output } = outcome()
  expect(exitCode).toBe(1)
  expect(output).toMatch(/FAIL +inclusion +the inclusion proof of leaf 123 does not lead to the root/)
})
