import { describe, expect, test } from 'vitest'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import { failing, gate, untilInterrupted } from '../support/fake-engine.ts'
import { jobFor } from '../support/jobs.ts'
import { manifestOf } from '../support/manifests.ts'
import { register } from '../support/requests.ts'
import * as c from '../support/run-commands.ts'
import { fileOf } from '../support/run-events.ts'
import { sleep } from '../support/waiting.ts'
import { openWorld } from '../support/world.ts'

type World = Awaited<ReturnType<typeof openWorld>>

/** What a worker that is gone has done before. */
const gone = async (world: World, ...commands: RunCommand[]) => {
  await world.request('r')
  for (const command of [c.startRun(1, 'gone.1'), ...commands]) await world.say('r', command)
}
const nextAttempt = (world: World) => world.bus.publish(jobFor('r', { id: 'r.2', attempt: 2 }))
const countOf = (world: World, type: string) => world.typesOf('r').filter((other) => other === type).length

describe('the next attempt at a run', () => {
  test('begins at the first stage that has not completed', async () => {
    const world = await openWorld()
    await gone(world, c.startStage('extract'), c.completeStage('extract'), c.startStage('load'))
    world.startWorker()
    await nextAttempt(world)
    await world.has('r', 'RunSucceeded')
    expect(world.engine.calls).toEqual(['open r.2', 'load r.2', 'close r.2', 'publish r'])
    expect(world.engine.jobs[0]?.completedStages).toEqual(['extract'])
  })

  test('rolls a commit forward that was never published, without running anything', async () => {
    const world = await openWorld()
    await gone(
      world,
      ...['extract', 'load'].flatMap((stage) => [c.startStage(stage), c.completeStage(stage)]),
      c.commitOutputs(),
    )
    world.startWorker()
    await nextAttempt(world)
    await world.has('r', 'RunSucceeded')
    expect(world.engine.calls).toEqual(['publish r'])
    expect(world.engine.published.map(({ target }) => target)).toEqual(['extract.parquet', 'load.parquet'])
    expect(countOf(world, 'OutputsCommitted')).toBe(1)
  })

  test('publishes what could not be published before; until then the run has not failed', async () => {
    const world = await openWorld({ retries: 0 })
    world.engine.will('publish', failing(true))
    world.startWorker()
    await world.request('r')
    await world.has('r', 'OutputsCommitted')
    await sleep(30)
    expect(world.typesOf('r').at(-1)).toBe('OutputsCommitted')
    await nextAttempt(world)
    await world.has('r', 'RunSucceeded')
    expect(world.engine.published).toHaveLength(2)
  })

  test('fails the run when what was committed is lost', async () => {
    const world = await openWorld()
    world.engine.will('publish', failing(false, 'OUTPUT_LOST'))
    world.startWorker()
    await world.request('r')
    await world.has('r', 'RunFailed')
    expect(world.eventsOf('r').at(-1)?.event).toMatchObject({ data: { error: { code: 'OUTPUT_LOST' } } })
  })

  test('runs under the manifest that the run was requested with', async () => {
    const world = await openWorld()
    await world.request('r')
    await register(world.commands, manifestOf({ version: '2' }), 'h2')
    world.startWorker()
    await world.has('r', 'RunSucceeded')
    expect(world.engine.jobs[0]?.manifest.version).toBe('1.0.0')
  })
})

describe('a job that is delivered twice', () => {
  test('is done once, though two workers have it', async () => {
    const world = await openWorld()
    const held = gate()
    world.engine.will('extract', held.wait)
    await world.request('r')
    world.startWorker({ worker: 'box.1' })
    await held.isReached
    world.startWorker({ worker: 'box.2' })
    await world.bus.publish(jobFor('r', { id: 'again' }))
    await sleep(20)
    held.open()
    await world.has('r', 'RunSucceeded')
    expect(countOf(world, 'RunStarted')).toBe(1)
    expect(world.engine.jobs).toHaveLength(1)
  })

  test('is nothing once its run has ended', async () => {
    const world = await openWorld()
    world.startWorker()
    await world.request('r')
    await world.has('r', 'RunSucceeded')
    const before = world.typesOf('r')
    for (const attempt of [1, 2]) await world.bus.publish(jobFor('r', { id: `again ${attempt}`, attempt }))
    await sleep(30)
    expect(world.typesOf('r')).toEqual(before)
    expect(world.engine.calls.filter((call) => call.startsWith('publish'))).toHaveLength(1)
  })
})

describe('a worker that was overtaken', () => {
  /** Attempt 1 hangs in its first stage; attempt 2, of another worker, ends the run. */
  const overtaken = async () => {
    const world = await openWorld()
    const held = gate()
    world.engine.will('extract', held.wait)
    world.startWorker({ worker: 'slow.1' })
    await world.request('r')
    await held.isReached
    world.startWorker({ worker: 'quick.1' })
    await nextAttempt(world)
    await world.has('r', 'RunSucceeded')
    return { world, held }
  }

  test('changes nothing any more', async () => {
    const { world, held } = await overtaken()
    const before = world.eventsOf('r').map(({ id }) => id)
    held.open()
    await sleep(30)
    expect(world.eventsOf('r').map(({ id }) => id)).toEqual(before)
    expect(world.engine.published.map(({ staged }) => staged)).toEqual([
      '.staging/r/2/extract.parquet',
      '.staging/r/2/load.parquet',
    ])
    expect(world.engine.calls.filter((call) => call === 'close r.1')).toHaveLength(1)
  })

  test('in the middle cannot commit or fail for the one that is at it', async () => {
    const world = await openWorld()
    const [slow, quick] = [gate(), gate()]
    world.engine.will('load', slow.wait, quick.wait)
    world.startWorker({ worker: 'slow.1' })
    await world.request('r')
    await slow.isReached
    world.startWorker({ worker: 'quick.1' })
    await nextAttempt(world)
    await quick.isReached
    slow.open()
    await sleep(20)
    expect(world.typesOf('r').at(-1)).toBe('StageStarted')
    quick.open()
    await world.has('r', 'RunSucceeded')
    expect(world.eventsOf('r').find(({ type }) => type === 'OutputsCommitted')?.event?.data).toEqual({
      runId: 'r',
      attempt: 2,
      files: [
        { ...fileOf('extract.parquet'), staged: '.staging/r/1/extract.parquet' },
        { ...fileOf('load.parquet'), staged: '.staging/r/2/load.parquet' },
      ],
    })
  })
})

describe('a worker that is stopped', () => {
  test('lets its run finish within the grace', async () => {
    const world = await openWorld()
    const held = gate()
    world.engine.will('extract', held.wait)
    const worker = world.startWorker({ stopGraceMs: 5_000 })
    await world.request('r')
    await held.isReached
    const stopping = worker.stop()
    held.open()
    await stopping
    expect(world.typesOf('r').at(-1)).toBe('RunSucceeded')
  })

  test('breaks it off after the grace, and says nothing: the next life goes on', async () => {
    const world = await openWorld({ retries: 0 })
    world.engine.will('load', untilInterrupted)
    const worker = world.startWorker({ worker: 'box.1', stopGraceMs: 20 })
    await world.request('r')
    await world.has('r', 'StageCompleted')
    await worker.stop()
    expect(world.typesOf('r').at(-1)).toBe('StageStarted')
    world.startWorker({ worker: 'box.2' })
    await nextAttempt(world)
    await world.has('r', 'RunSucceeded')
    expect(world.engine.calls).not.toContain('extract r.2')
  })

  test('takes no more jobs', async () => {
    const world = await openWorld()
    await world.startWorker().stop()
    await world.request('r')
    await sleep(20)
    expect(world.typesOf('r').at(-1)).toBe('RunQueued')
  })
})
