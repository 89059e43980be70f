import { describe, expect, test } from 'vitest'
import { StageError } from '../../src/app/ports/engine.ts'
import { failing, gate } from '../support/fake-engine.ts'
import { jobFor } from '../support/jobs.ts'
import * as c from '../support/run-commands.ts'
import { atTime } from '../support/run-events.ts'
import { sleep, until } from '../support/waiting.ts'
import { openWorld } from '../support/world.ts'

describe('a worker', () => {
  test('runs a run to its end, stage by stage, and publishes after the commit', async () => {
    const world = await openWorld()
    let committedBefore = false
    world.engine.will('publish', () => {
      committedBefore = world.typesOf('r').includes('OutputsCommitted')
    })
    world.startWorker()
    await world.request('r')
    await world.has('r', 'RunSucceeded')
    expect(world.typesOf('r')).toEqual([
      'RunRequested',
      'RunQueued',
      'RunStarted',
      'StageStarted',
      'StageCompleted',
      'StageStarted',
      'StageCompleted',
      'OutputsCommitted',
      'RunCostRecorded',
      'RunSucceeded',
    ])
    expect(world.engine.calls).toEqual(['open r.1', 'extract r.1', 'load r.1', 'close r.1', 'publish r'])
    expect(committedBefore).toBe(true)
  })

  test('publishes what the stages have staged, and says what that cost', async () => {
    const world = await openWorld()
    world.startWorker()
    await world.request('r')
    await world.has('r', 'RunSucceeded')
    expect(world.engine.published.map(({ staged }) => staged)).toEqual([
      '.staging/r/1/extract.parquet',
      '.staging/r/1/load.parquet',
    ])
    expect(world.eventsOf('r').find(({ type }) => type === 'RunCostRecorded')?.event?.data).toMatchObject({
      cost: { computeSeconds: 1, computeUsd: 1, bytesStored: 20, bytesMoved: 220, totalUsd: 1 },
    })
  })

  test('tells the engine all it must know, and that clock only that was asked for', async () => {
    const world = await openWorld()
    world.startWorker()
    await world.request('r', { parameters: { days: 3 } })
    await world.has('r', 'RunSucceeded')
    expect(world.engine.jobs).toEqual([
      {
        tenant: 'acme',
        runId: 'r',
        attempt: 1,
        manifest: expect.objectContaining({ name: 'flights' }),
        partition: '2001-01-01',
        parameters: { days: 3 },
        requestedAt: atTime(0),
        completedStages: [],
      },
    ])
  })

  test('says who it is, and what led to what', async () => {
    const world = await openWorld()
    world.startWorker({ worker: 'box.7' })
    await world.request('r')
    await world.has('r', 'RunSucceeded')
    const [, queued, ...said] = world.eventsOf('r')
    for (const { metadata } of said) {
      expect(metadata).toMatchObject({
        actor: { pseudonym: 'system' },
        origin: 'worker:box.7',
        correlationId: 'request-1',
        causationId: queued?.id,
      })
    }
    expect(said[0]?.event).toMatchObject({ data: { worker: 'box.7' } })
  })

  test('has as many runs in work as it may, and gets to all of them', async () => {
    const world = await openWorld({ max_active_runs: null })
    const gates = [gate(), gate(), gate()]
    world.engine.will('extract', ...gates.map(({ wait }) => wait))
    world.startWorker({ concurrency: 2 })
    for (const run of ['a', 'b', 'c']) await world.request(run)
    await Promise.all(gates.slice(0, 2).map(({ isReached }) => isReached))
    await sleep(20)
    expect(world.engine.jobs).toHaveLength(2)
    for (const { open } of gates) open()
    for (const run of ['a', 'b', 'c']) await world.has(run, 'RunSucceeded')
  })

  test('leaves a job alone that makes no sense', async () => {
    const world = await openWorld()
    world.startWorker()
    await world.bus.publish(jobFor('unheard-of'))
    await world.request('r')
    await world.has('r', 'RunSucceeded')
    expect(world.eventsOf('unheard-of')).toEqual([])
    expect(world.engine.jobs.map(({ runId }) => runId)).toEqual(['r'])
  })
})

describe('a stage that fails', () => {
  test('is tried again when that may help, and then fails the run', async () => {
    const world = await openWorld({ retries: 1, retry_delay_seconds: 0 })
    world.engine.will('load', failing(true), failing(true))
    world.startWorker()
    await world.request('r')
    await world.has('r', 'RunRetryScheduled')
    await world.say('r', c.queueRetry(new Date().toISOString()))
    await world.has('r', 'RunFailed')
    expect(world.engine.calls).toEqual([
      ...['open r.1', 'extract r.1', 'load r.1', 'close r.1'],
      ...['open r.2', 'load r.2', 'close r.2', 'discard r'],
    ])
    expect(world.eventsOf('r').at(-1)?.event).toMatchObject({
      data: { stage: 'load', error: { code: 'STAGE_FAILED', message: 'it broke' } },
    })
  })

  test('fails the run at once when nothing will help', async () => {
    const world = await openWorld({ retries: 5 })
    world.engine.will('extract', failing(false, 'QUALITY_CHECK_FAILED'))
    world.startWorker()
    await world.request('r')
    await world.has('r', 'RunFailed')
    expect(world.typesOf('r').slice(-2)).toEqual(['StageFailed', 'RunFailed'])
    expect(world.engine.published).toEqual([])
  })

  test('in a way that nobody foresaw tells the operator why, and the user nothing of it', async () => {
    const world = await openWorld()
    world.engine.will('extract', () => {
      throw new Error('secret path /srv/keys')
    })
    world.startWorker()
    await world.request('r')
    await world.has('r', 'RunFailed')
    expect(JSON.stringify(world.eventsOf('r').map(({ event }) => event))).not.toContain('secret')
    expect(world.log.lines).toContain('error: an engine failed unexpectedly')
  })

  test('before it begins is a failure of no stage', async () => {
    const world = await openWorld()
    world.engine.will('open', () => {
      throw new StageError('STAGE_FAILED', 'no such folder', false)
    })
    world.startWorker()
    await world.request('r')
    await world.has('r', 'RunFailed')
    expect(world.eventsOf('r').at(-1)?.event).toMatchObject({
      data: { stage: null, error: { message: 'no such folder' } },
    })
  })
})

describe('a run that takes too long', () => {
  test('is interrupted, and has failed by its timeout', async () => {
    const world = await openWorld({ timeout_seconds: 0.03 })
    const interrupted: boolean[] = []
    world.engine.will('extract', (signal) =>
      until(() => signal.aborted).then(() => {
        interrupted.push(signal.aborted)
        throw new StageError('CANCELED', 'interrupted', false)
      }),
    )
    world.startWorker()
    await world.request('r')
    await world.has('r', 'RunFailed')
    expect(interrupted).toEqual([true])
    expect(world.eventsOf('r').at(-1)?.event).toMatchObject({ data: { stage: 'extract', error: { code: 'TIMEOUT' } } })
  })

  test('may be tried again', async () => {
    const world = await openWorld({ timeout_seconds: 0.03, retries: 1 })
    world.engine.will('extract', (signal) =>
      until(() => signal.aborted).then(() => {
        throw new StageError('CANCELED', 'interrupted', false)
      }),
    )
    world.startWorker()
    await world.request('r')
    await world.has('r', 'RunRetryScheduled')
  })

  test('counts from the start of the attempt, whatever came before', async () => {
    const world = await openWorld({ timeout_seconds: 0.2 })
    await world.request('r')
    await sleep(250)
    world.startWorker()
    await world.has('r', 'RunSucceeded')
  })
})
