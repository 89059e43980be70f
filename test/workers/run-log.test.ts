import { describe, expect, test } from 'vitest'
import { failing, gate, untilInterrupted } from '../support/fake-engine.ts'
import { tenant } from '../support/ids.ts'
import { jobFor } from '../support/jobs.ts'
import * as c from '../support/run-commands.ts'
import { sleep, until } from '../support/waiting.ts'
import { openWorld } from '../support/world.ts'

type World = Awaited<ReturnType<typeof openWorld>>

const eventsIn = ({ ledger }: World, run = 'r') =>
  ledger.stream(`runlog-${tenant}.${run}`).flatMap(({ event }) => (event?.type === 'RunLogged' ? [event.data] : []))

/** `attempt level stage code message` of each line, once so many attempts have said their last. */
const toldBy = async (world: World, attempts = 1): Promise<string[]> => {
  await until(() => eventsIn(world).filter(({ isEnd }) => isEnd).length >= attempts)
  return eventsIn(world).flatMap(({ attempt, lines }) =>
    lines.map(({ level, stage, code, message }) =>
      [attempt, level, stage ?? '-', ...(code === null ? [] : [code]), message].join(' '),
    ),
  )
}

describe('the log of a run says', () => {
  test('what became of it, from the worker that took it up to its end', async () => {
    const world = await openWorld()
    world.startWorker({ worker: 'box.7' })
    await world.request('r')
    expect(await toldBy(world)).toEqual([
      '1 info - Attempt 1 was taken up by worker box.7',
      '1 info extract Stage extract has begun',
      '1 info extract Stage extract has completed after 500 ms',
      '1 info load Stage load has begun',
      '1 info load Stage load has completed after 500 ms',
      '1 info - Committed 2 files, 20 bytes',
      '1 info - Published 2 files: extract.parquet, load.parquet',
      '1 info - The run has succeeded; it took 1 s of computing and cost 1 US dollars',
    ])
    expect(world.ledger.keptSeconds.get(`runlog-${tenant}.r`)).toBe(3_600)
  })

  test('what the engine says, with its stage', async () => {
    const world = await openWorld()
    world.engine.will('load', () => world.engine.say('warn', 'half of it is missing', { rows: 3 }, 'TIMEOUT'))
    world.startWorker()
    await world.request('r')
    expect(await toldBy(world)).toContain('1 warn load TIMEOUT half of it is missing')
  })

  test('why a stage failed, when it is tried again, and where the next attempt goes on', async () => {
    const world = await openWorld({ retries: 1, retry_delay_seconds: 0 })
    world.engine.will('load', failing(true), failing(false, 'QUALITY_CHECK_FAILED'))
    world.startWorker()
    await world.request('r')
    await world.has('r', 'RunRetryScheduled')
    await world.say('r', c.queueRetry(new Date().toISOString()))
    const told = await toldBy(world, 2)
    expect(told.filter((line) => !/has begun|has completed/.test(line))).toEqual([
      '1 info - Attempt 1 was taken up by worker box.1',
      '1 error load STAGE_FAILED Stage load has failed: it broke',
      expect.stringMatching(/^1 warn - The next attempt is due at 20/),
      '2 info - Attempt 2 was taken up by worker box.1',
      '2 info - It goes on at stage load; completed before: extract',
      '2 error load QUALITY_CHECK_FAILED Stage load has failed: it broke',
      '2 error - QUALITY_CHECK_FAILED The run has failed: it is not tried again',
    ])
  })

  test('that it was canceled, and what that removed', async () => {
    const world = await openWorld()
    world.engine.will('load', untilInterrupted)
    world.startWorker()
    await world.request('r')
    await until(() => world.engine.calls.includes('load r.1'))
    await world.say('r', c.cancelRun)
    expect((await toldBy(world)).slice(-2)).toEqual([
      '1 warn load A cancel was asked for: the stage in progress is interrupted',
      '1 warn - The run was canceled; 1 staged file removed',
    ])
  })

  test('that it was paused, why the attempt ended, and that another went on', async () => {
    const world = await openWorld()
    const { wait, open, isReached } = gate()
    world.engine.will('extract', wait)
    world.startWorker()
    await world.request('r')
    await isReached
    await world.say('r', c.pauseRun)
    await world.has('r', 'RunPaused')
    open()
    await toldBy(world)
    await world.say('r', c.resumeRun)
    const told = await toldBy(world, 2)
    expect(told).toContain("1 warn - RUN_PAUSED The attempt was left: run 'r' is paused")
    expect(told).toContain('2 info - It goes on at stage load; completed before: extract')
  })

  test('nothing of a job that makes no sense: it leaves no stream behind', async () => {
    const world = await openWorld()
    world.startWorker()
    await world.bus.publish(jobFor('unheard-of'))
    await world.request('r')
    await toldBy(world)
    expect(eventsIn(world, 'unheard-of')).toEqual([])
  })
})

describe('logging never', () => {
  test('holds a run up: it ends while the ledger takes no line of it', async () => {
    const world = await openWorld()
    const { append } = world.ledger
    let refused = 0
    world.ledger.append = async (stream, ...rest) => {
      if (!stream.startsWith('runlog-')) return append.call(world.ledger, stream, ...rest)
      refused += 1
      return new Promise(() => undefined)
    }
    const worker = world.startWorker()
    await world.request('r')
    await world.has('r', 'RunSucceeded')
    await world.request('s', { partition: null })
    await world.has('s', 'RunSucceeded')
    await until(() => refused > 0)
    const startedMs = performance.now()
    await worker.stop()
    expect(performance.now() - startedMs).toBeLessThan(6_000)
  }, 20_000)

  test('loses the last lines of a worker that is stopped', async () => {
    const world = await openWorld()
    const { append } = world.ledger
    world.ledger.append = async (stream, ...rest) => {
      if (stream.startsWith('runlog-')) await sleep(100)
      return append.call(world.ledger, stream, ...rest)
    }
    world.engine.will('extract', untilInterrupted)
    const worker = world.startWorker()
    await world.request('r')
    await until(() => world.engine.calls.includes('extract r.1'))
    await worker.stop()
    expect(eventsIn(world).at(-1)).toMatchObject({ isEnd: true })
    expect((await toldBy(world)).at(-1)).toBe('1 warn extract The worker stops: the next attempt goes on at this stage')
  })
})
