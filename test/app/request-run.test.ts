import { describe, expect, test } from 'vitest'
import { CommandHandler } from '../../src/app/handle.ts'
import { contextOf, keyed } from '../support/contexts.ts'
import { codeOf } from '../support/failure.ts'
import { fastForward } from '../support/fast-forward.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import { manifestOf } from '../support/manifests.ts'
import { partitionStream, register, request } from '../support/requests.ts'
import { atTime } from '../support/run-events.ts'

const days = { days: { type: 'integer' as const, default: 180, minimum: null, maximum: null } }

const setUp = async (...manifest: Parameters<typeof manifestOf>) => {
  const ledger = new InMemoryLedger()
  const commands = new CommandHandler(ledger)
  await register(commands, manifestOf(...manifest))
  return { ledger, commands, other: new CommandHandler(ledger) }
}

describe('a run that is asked for', () => {
  test('is of the current manifest, with its parameters, retries and stages', async () => {
    const { commands } = await setUp({ parameters: days }, { retries: 3, retry_delay_seconds: 7 })
    await register(commands, manifestOf({ version: '2', parameters: days }, { retries: 4 }), 'h2')
    const { state } = await request(commands, 'r', { parameters: {} }, contextOf({ at: atTime(9) }))
    expect(state.requested).toMatchObject({
      runId: 'r',
      pipeline: 'flights',
      manifestVersion: '2',
      manifestHash: 'h2',
      engine: 'fake',
      stages: ['extract', 'load'],
      partition: '2001-01-01',
      batchId: 'B1',
      requestedAt: atTime(9),
      parameters: { days: 180 },
      retries: 4,
      retryDelaySeconds: 5,
    })
  })

  test('of an unknown pipeline is refused, and nothing is written', async () => {
    const ledger = new InMemoryLedger()
    expect(await codeOf(request(new CommandHandler(ledger), 'r'))).toBe('PIPELINE_NOT_FOUND')
    expect(ledger.all).toEqual([])
  })

  test('with wrong parameters or partition is refused, and nothing is claimed', async () => {
    const { ledger, commands } = await setUp({ parameters: days }, { partition: { type: 'daily', column: null } })
    expect(await codeOf(request(commands, 'r', { parameters: { days: 'many' } }))).toBe('VALIDATION_FAILED')
    expect(await codeOf(request(commands, 'r', { partition: null }))).toBe('VALIDATION_FAILED')
    expect(ledger.appends).toHaveLength(1)
  })

  test('is found by the process that has not heard of the pipeline yet', async () => {
    const { commands, other } = await setUp()
    expect((await request(other, 'r')).state.status).toBe('queued')
    expect((await request(commands, 's', { partition: null })).state.status).toBe('queued')
  })

  test('is not refused for a manifest that another process has replaced', async () => {
    const { commands, other } = await setUp({ parameters: days })
    await request(commands, 'r')
    await register(other, manifestOf({ parameters: { ...days, hours: days.days } }), 'h2')
    const asking = request(commands, 's', { partition: null, parameters: { hours: 1 } })
    expect(await codeOf(asking)).toBe('none')
  })
})

describe('a chosen run id', () => {
  test('that is taken is refused, and claims nothing', async () => {
    const { ledger, commands } = await setUp()
    await request(commands, 'r')
    const again = request(commands, 'r', { runIdChosen: true, partition: null })
    expect(await codeOf(again)).toBe('RUN_EXISTS')
    const elsewhere = request(commands, 'r', { runIdChosen: true })
    expect(await codeOf(elsewhere)).toBe('RUN_EXISTS')
    expect(ledger.stream(partitionStream())).toHaveLength(1)
  })

  test('that is free is used', async () => {
    const { commands } = await setUp()
    expect((await request(commands, 'mine', { runIdChosen: true })).state.requested?.runId).toBe('mine')
  })
})

describe('a repeated request', () => {
  const chosen = { runIdChosen: true }

  test('is answered as the first time, and claims nothing again', async () => {
    const { ledger, commands, other } = await setUp()
    const first = await request(commands, 'r', chosen, keyed(1))
    for (const process of [commands, other]) {
      const again = await request(process, 'r', chosen, keyed(1))
      expect(again.events.map(({ id }) => id)).toEqual(first.events.map(({ id }) => id))
    }
    expect(ledger.stream(partitionStream())).toHaveLength(1)
  })

  test('is answered by what has become of the first one that was cut off after its claim', async () => {
    const { ledger, commands, other } = await setUp()
    ledger.faults = [undefined, 'before', 'before', 'before', 'before']
    const cutOff = await fastForward(() => codeOf(request(commands, 'r', chosen, keyed(1))))
    expect(cutOff).toBe('LEDGER_UNAVAILABLE')
    expect(ledger.stream(partitionStream())).toHaveLength(1)
    expect((await request(other, 'r', chosen, keyed(1))).state.status).toBe('queued')
    expect(ledger.stream(partitionStream())).toHaveLength(1)
  })

  test('with another body is refused', async () => {
    const { ledger, commands } = await setUp()
    await request(commands, 'r', chosen, keyed(1, 'body-1'))
    const appends = ledger.appends.length
    const again = request(commands, 'r', { ...chosen, parameters: { x: 1 } }, keyed(1, 'body-2'))
    expect(await codeOf(again)).toBe('IDEMPOTENCY_KEY_REUSED')
    expect(ledger.appends).toHaveLength(appends)
  })

  test('is answered although the manifest would refuse its parameters by now', async () => {
    const { commands } = await setUp()
    const asked = { ...chosen, parameters: { free: 1 } }
    await request(commands, 'r', asked, keyed(1))
    await register(commands, manifestOf({ parameters: days }), 'h2')
    expect(await codeOf(request(commands, 'r', asked, keyed(1)))).toBe('none')
  })

  test('is decided again when it was refused the first time', async () => {
    const { commands } = await setUp()
    await request(commands, 'holder')
    expect(await codeOf(request(commands, 'r', chosen, keyed(1)))).toBe('RUN_ACTIVE')
    expect((await request(commands, 'r', { ...chosen, partition: null }, keyed(1))).state.status).toBe('queued')
  })
})
