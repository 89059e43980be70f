import { describe, expect, onTestFinished, test } from 'vitest'
import { runs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import { findWorkers } from '../../src/bus/nats/services.ts'
import { streamName } from '../../src/domain/ids.ts'
import { EventStoreLedger } from '../../src/ledger/eventstore.ts'
import { contextOf } from '../support/contexts.ts'
import { runOf, tenantOf } from '../support/ids.ts'
import { SilentLog } from '../support/log.ts'
import { named, noNatsServer } from '../support/nats-server.ts'
import { until } from '../support/waiting.ts'
import { openStack } from './worker-stack.ts'

const tenant = tenantOf('default')
const withinMs = 1_000
/** How long the workers' answers are gathered. */
const lookMs = 1_000
let drawn = 0

/** A run at its first stage, which takes 1.5 s like the second, in a worker process; commands go to the ledger. */
const opened = async () => {
  const { client, nats, node, startWorker } = await openStack()
  await startWorker('one')
  const ledger = new EventStoreLedger(node.url)
  onTestFinished(() => ledger.close())
  const commands = new CommandHandler(ledger)
  const runId = runOf((await client.triggered('drill-control', `c-${drawn++}`)).replace(/^run_/, ''))
  const events = () => ledger.read(streamName('run', tenant, runId), 0n)
  const countOf = async (type: string) => (await events()).filter((event) => event.type === type).length
  const timeOf = async (type: string, nth = 0) => {
    const found = (await events()).filter((event) => event.type === type)[nth]
    return Date.parse(found?.recordedAt ?? '')
  }
  await until(async () => (await countOf('StageStarted')) === 1, 60_000)
  return {
    countOf,
    timeOf,
    typesOf: async () => (await events()).map(({ type }) => type),
    say: (type: 'PauseRun' | 'ResumeRun' | 'CancelRun') =>
      commands.handle(runs, runId, { type, runId }, contextOf({ tenant, at: new Date().toISOString() })),
    /** Resolves when there are so many events of the type. */
    has: (type: string, count = 1) => until(async () => (await countOf(type)) >= count, 60_000),
    worker: async () => (await findWorkers(nats.url, new SilentLog()))[0],
  }
}

const told = (what: string, ms: number): void => console.log(`${what}: ${ms} ms`)

describe.skipIf(noNatsServer)(named('a control'), () => {
  test('cancel breaks off the stage that a worker is at within a second', async () => {
    const { say, has, timeOf, typesOf } = await opened()
    await say('CancelRun')
    await has('RunCanceled')
    const ms = (await timeOf('RunCanceled')) - (await timeOf('RunCancelRequested'))
    told('cancel, until the run is canceled', ms)
    expect(ms).toBeLessThan(withinMs)
    expect(await typesOf()).not.toContain('StageCompleted')
  }, 120_000)

  test('pause is recorded at once, the worker hears it, and lets go when the stage is over', async () => {
    const { say, has, countOf, timeOf, worker } = await opened()
    const begun = performance.now()
    await say('PauseRun')
    const recordedMs = Math.round(performance.now() - begun)
    told('pause, until it is recorded', recordedMs)
    expect(recordedMs).toBeLessThan(withinMs)
    expect(await countOf('StageCompleted')).toBe(0)
    // What the workers say is gathered for a second: the stage is still going on when this one says it.
    expect(await worker()).toMatchObject({ active: 1, paused: 1 })
    await has('StageCompleted')
    await until(async () => (await worker())?.active === 0, 60_000)
    // It said so when it was asked, a whole look ago.
    const ms = Date.now() - (await timeOf('StageCompleted')) - lookMs
    told('pause, from the end of the stage until the worker said that it had let go', ms)
    expect(ms).toBeLessThan(withinMs)
    expect(await worker()).toMatchObject({ paused: 0, finished: 0, failed: 0 })
    expect(await countOf('StageStarted')).toBe(1)

    await say('ResumeRun')
    await has('RunStarted', 2)
    const resumeMs = (await timeOf('RunStarted', 1)) - (await timeOf('RunResumed'))
    told('resume of a run that was let go, until a worker has begun the next attempt', resumeMs)
    expect(resumeMs).toBeLessThan(withinMs)
    await has('RunSucceeded')
    expect(await countOf('StageStarted')).toBe(2)
  }, 120_000)

  test('resume before the stage is over lets the worker go on as if nothing had been', async () => {
    const { say, has, countOf, timeOf } = await opened()
    await say('PauseRun')
    await say('ResumeRun')
    await has('StageStarted', 2)
    const ms = (await timeOf('StageStarted', 1)) - (await timeOf('StageCompleted'))
    told('resume before the end of the stage, from there until the next one', ms)
    expect(ms).toBeLessThan(withinMs)
    await has('RunSucceeded')
    expect(await countOf('RunStarted')).toBe(1)
  }, 120_000)
})
