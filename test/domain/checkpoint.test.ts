import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkpoints } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import { alertDecider, type RaiseAlert } from '../../src/domain/alert/decide.ts'
import { type CosignatureEvent, cosignatureDecider } from '../../src/domain/checkpoint/cosign.ts'
import { type CheckpointEvent, checkpointDecider, type SignCheckpoint } from '../../src/domain/checkpoint/decide.ts'
import { ledgerNameDecider, ledgerNamePattern } from '../../src/domain/ledger/decide.ts'
import { logKeysDecider } from '../../src/domain/ledger/keys.ts'
import { contextOf } from '../support/contexts.ts'
import { sentences } from '../support/decider.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'

const rootOf = (size: number, past = 'a') => past.repeat(60) + String(size).padStart(4, '0')
const treeOf = (size: number, past?: string) => ({ size, root: rootOf(size, past) })
const signed = (size: number): CheckpointEvent => ({
  type: 'CheckpointSigned',
  data: { log: 'commands', ...treeOf(size), note: `${size}` },
})
const sign = (size: number, before: { size: number; root: string } | null): SignCheckpoint => ({
  ...{ type: 'SignCheckpoint', log: 'commands', ...treeOf(size), note: `${size}` },
  extends: before,
})
const log = sentences(checkpointDecider)

test('the first checkpoint extends none, each later one the last', () => {
  log.given().when(sign(3, null)).thenHappens(signed(3))
  log
    .given(signed(3), signed(5))
    .when(sign(9, treeOf(5)))
    .thenHappens(signed(9))
})

test('a checkpoint that extends another than the last is refused', () => {
  log.given(signed(3)).when(sign(5, null)).thenRejects('CHECKPOINT_MOVED')
  log
    .given(signed(3), signed(5))
    .when(sign(9, treeOf(3)))
    .thenRejects('CHECKPOINT_MOVED')
  log
    .given(signed(5))
    .when(sign(9, treeOf(5, 'b')))
    .thenRejects('CHECKPOINT_MOVED')
  log
    .given()
    .when(sign(5, treeOf(3)))
    .thenRejects('CHECKPOINT_MOVED')
})

test('a log never shrinks, and the same tree is signed once', () => {
  log
    .given(signed(5))
    .when(sign(4, treeOf(5)))
    .thenRejects('CHECKPOINT_MOVED')
  log
    .given(signed(5))
    .when({ ...sign(5, treeOf(5)), root: rootOf(5, 'b') })
    .thenRejects('CHECKPOINT_MOVED')
  log.given(signed(5)).when(sign(5, null)).thenNothing()
  log.given().when(sign(0, null)).thenRejects('CHECKPOINT_MOVED')
})

test('whatever sealers do at the same time, there is one chain and each checkpoint extends the one before', async () => {
  let refused = 0
  const step = fc.record({ who: fc.nat(2), by: fc.nat(3) })
  const property = fc.asyncProperty(
    fc.scheduler(),
    fc.array(step, { minLength: 5, maxLength: 30 }),
    async (s, steps) => {
      const ledger = new InMemoryLedger()
      const slow = async <Result>(ask: () => Promise<Result>): Promise<Result> => {
        await s.schedule(Promise.resolve())
        const result = await ask()
        await s.schedule(Promise.resolve())
        return result
      }
      const sealers = [0, 1, 2].map(() => {
        const commands = new CommandHandler({
          append: (...given) => slow(() => ledger.append(...given)),
          read: (...given) => slow(() => ledger.read(...given)),
          readLast: (stream) => slow(() => ledger.readLast(stream)),
          keepLast: (...given) => ledger.keepLast(...given),
          keepFor: (...given) => ledger.keepFor(...given),
        })
        return { commands, size: 0 }
      })
      const context = contextOf()
      const extended = new Map<number, number>()
      const sealing = steps.map(async ({ who, by }) => {
        const sealer = sealers[who]
        if (!sealer) return
        sealer.size += by
        const { size, commands } = sealer
        const { state } = await commands.load(checkpoints, context.tenant, 'commands')
        const command = sign(size, state && treeOf(state.size))
        try {
          const { appended } = await commands.handle(checkpoints, 'commands', command, contextOf())
          if (appended) extended.set(size, state?.size ?? 0)
        } catch (error) {
          refused += 1
          expect(error).toMatchObject({ code: expect.stringMatching(/^(CHECKPOINT_MOVED|CONFLICT)$/) })
        }
      })
      await s.waitFor(Promise.all(sealing))
      const chain = ledger.all.flatMap(({ event }) => (event?.type === 'CheckpointSigned' ? [event.data.size] : []))
      expect(chain).toEqual([...new Set(chain)].sort((a, b) => a - b))
      // What each was checked to extend is what stands before it.
      expect(chain.map((size) => extended.get(size))).toEqual([0, ...chain].slice(0, -1))
    },
  )
  await fc.assert(property, { numRuns: 200 })
  expect(refused).toBeGreaterThan(50)
})

const cosigned = (size: number, lines: string[], witnessed: boolean): CosignatureEvent => ({
  type: 'CheckpointCosigned',
  data: { log: 'commands', ...treeOf(size), cosignatures: lines, witnessed },
})
const record = (size: number, ...lines: string[]) => ({
  ...{ type: 'RecordCosignatures' as const, log: 'commands' as const, ...treeOf(size) },
  ...{ cosignatures: lines, quorum: 2 },
})

test('a checkpoint is witnessed once as many witnesses as asked for have cosigned it', () => {
  const of = sentences(cosignatureDecider)
  of.given()
    .when(record(3, '— a AAAA'))
    .thenHappens(cosigned(3, ['— a AAAA'], false))
  const one = of.given(cosigned(3, ['— a AAAA'], false))
  one.when(record(3, '— b BBBB')).thenHappens(cosigned(3, ['— a AAAA', '— b BBBB'], true))
  one.when(record(3, '— a CCCC')).thenNothing()
  one.when(record(2, '— b BBBB')).thenNothing()
  one.when(record(4, '— b BBBB')).thenHappens(cosigned(4, ['— b BBBB'], false))
})

test('a ledger keeps its first name', () => {
  const of = sentences(ledgerNameDecider)
  const named = { type: 'LedgerNamed' as const, data: { name: 'box' } }
  of.given().when({ type: 'NameLedger', name: 'box' }).thenHappens(named)
  of.given(named).when({ type: 'NameLedger', name: 'other' }).thenNothing()
  expect(of.given(named).state()).toBe('box')
})

test.each(['', '/a', 'a b', 'a+b', 'ä', 'x'.repeat(201), 'a\n'])('%j is no name for a ledger', (name) => {
  expect(ledgerNamePattern.test(name)).toBe(false)
})

test('keys of the logs are added; the first of a ledger only where there is none', () => {
  const of = sentences(logKeysDecider)
  const key = (n: number) => ({ id: `${n}`.repeat(16), publicKey: `key ${n}` })
  const added = (n: number) => ({ type: 'LogKeyAdded' as const, data: key(n) })
  of.given()
    .when({ type: 'AddLogKey', ...key(1), first: true })
    .thenHappens(added(1))
  of.given(added(1))
    .when({ type: 'AddLogKey', ...key(2), first: true })
    .thenNothing()
  of.given(added(1))
    .when({ type: 'AddLogKey', ...key(2), first: false })
    .thenHappens(added(2))
  of.given(added(1), added(2))
    .when({ type: 'AddLogKey', ...key(1), first: false })
    .thenNothing()
  of.given(added(1))
    .when({ type: 'AddLogKey', id: key(1).id, publicKey: 'else', first: false })
    .thenRejects('CONFLICT')
})

test('an alert is raised once for each finding', () => {
  const of = sentences(alertDecider)
  const finding = { log: 'commands' as const, from: 3, to: 7, event: null, stream: null, detail: 'it differs' }
  const raise = (over = {}): RaiseAlert => ({ type: 'RaiseAlert', ...finding, ...over })
  const raised = { type: 'IntegrityAlertRaised' as const, data: finding }
  of.given().when(raise()).thenHappens(raised)
  of.given(raised)
    .when(raise({ detail: 'in other words' }))
    .thenNothing()
  of.given(raised)
    .when(raise({ to: 3 }))
    .thenHappens({ ...raised, data: { ...finding, to: 3 } })
})
