import { describe, expect, test } from 'vitest'
import { pipelines, runs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import type { LedgerEvent } from '../../src/app/ports/ledger.ts'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import { contextOf } from '../support/contexts.ts'
import { codeOf } from '../support/failure.ts'
import { pipelineOf, slugOf, tenant } from '../support/ids.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import { manifestOf } from '../support/manifests.ts'
import * as c from '../support/run-commands.ts'
import { runId } from '../support/run-events.ts'

/** Two processes on one ledger: each sees of the other only what it reads. */
const setUp = () => {
  const ledger = new InMemoryLedger()
  const [mine, other] = [new CommandHandler(ledger), new CommandHandler(ledger)]
  const saying =
    (commands: CommandHandler) =>
    (command: RunCommand, context = contextOf(), fresh = false) =>
      commands.handle(runs, runId, command, context, { fresh })
  const readsOf = async (work: () => Promise<unknown>) => {
    ledger.reads.length = 0
    await work()
    return ledger.reads.length
  }
  return { ledger, mine, say: saying(mine), otherSays: saying(other), other, readsOf }
}

describe('what another process has written behind the cache', () => {
  test('is read before a command is rejected', async () => {
    const { say, otherSays } = setUp()
    await say(c.requestRun())
    await otherSays(c.startRun(1))
    expect((await say(c.startStage('extract', 1))).events.map(({ type }) => type)).toEqual(['StageStarted'])
  })

  test('is read before there is nothing to do', async () => {
    const { mine, other } = setUp()
    const register = (commands: CommandHandler, manifestHash: string) =>
      commands.handle(
        pipelines,
        pipelineOf(1),
        {
          type: 'RegisterManifest',
          pipelineId: pipelineOf(1),
          slug: slugOf('p'),
          manifest: manifestOf(),
          manifestHash,
        },
        contextOf(),
      )
    await register(mine, 'h1')
    await register(other, 'h2')
    const { state } = await register(mine, 'h1')
    expect(state.versions.map(({ manifestHash }) => manifestHash)).toEqual(['h1', 'h2', 'h1'])
  })

  test('is read before a run is said not to exist', async () => {
    const { mine, say, otherSays } = setUp()
    expect(await codeOf(say(c.cancelRun))).toBe('RUN_NOT_FOUND')
    expect((await mine.load(runs, tenant, runId)).revision).toBe(-1n)
    await otherSays(c.requestRun())
    expect((await say(c.cancelRun)).state.status).toBe('canceled')
  })

  test('is found at the append otherwise, and the command is decided again on it', async () => {
    const { ledger, say, otherSays } = setUp()
    await say(c.requestRun())
    await otherSays(c.startRun(1))
    const { state } = await say(c.cancelRun)
    expect(state.status).toBe('canceling')
    expect(ledger.stream(`run-acme.${runId}`).at(-1)?.event).toMatchObject({ data: { held: true } })
  })

  test('may turn a command into a rejection', async () => {
    const { say, otherSays } = setUp()
    await say(c.requestRun())
    await otherSays(c.cancelRun)
    expect(await codeOf(say(c.startRun(1)))).toBe('RUN_NOT_ACTIVE')
  })

  test('is seen by load; loadCached is content with what it has', async () => {
    const { mine, say, otherSays } = setUp()
    await say(c.requestRun())
    await otherSays(c.pauseRun)
    expect((await mine.loadCached(runs, tenant, runId)).state.status).toBe('queued')
    expect((await mine.load(runs, tenant, runId)).state.status).toBe('paused')
    expect((await mine.loadCached(runs, tenant, runId)).state.status).toBe('paused')
  })
})

describe('the ledger is read', () => {
  test('once for a stream that is not known, and not again for one that is', async () => {
    const { say, otherSays, readsOf } = setUp()
    await otherSays(c.requestRun())
    expect(await readsOf(() => say(c.pauseRun))).toBe(1)
    expect(await readsOf(() => say(c.resumeRun))).toBe(0)
  })

  test('once more before a rejection on what is known, and once only on what is not', async () => {
    const { say, readsOf } = setUp()
    expect(await readsOf(() => codeOf(say(c.cancelRun)))).toBe(1)
    await say(c.requestRun())
    expect(await readsOf(() => codeOf(say(c.resumeRun)))).toBe(1)
  })

  test('not at all for an id that was drawn just now', async () => {
    const { say, readsOf } = setUp()
    expect(await readsOf(() => say(c.requestRun(), contextOf(), true))).toBe(0)
  })

  test('when an id that was drawn just now exists after all', async () => {
    const { say, otherSays } = setUp()
    await otherSays(c.requestRun())
    expect(await codeOf(say(c.requestRun(), contextOf(), true))).toBe('RUN_EXISTS')
  })
})

describe('what is only believed of a stream that was said to be new', () => {
  test('is looked at before a command is rejected', async () => {
    const { say, otherSays } = setUp()
    await otherSays(c.requestRun())
    expect((await say(c.cancelRun, contextOf(), true)).state.status).toBe('canceled')
  })

  test('and before there is nothing to do', async () => {
    const { say, otherSays, readsOf } = setUp()
    await otherSays(c.abandonRun)
    expect(await readsOf(() => say(c.abandonRun, contextOf(), true))).toBe(1)
  })
})

describe('a stream that is read with a gap', () => {
  class Gappy extends InMemoryLedger {
    override async read(...asked: Parameters<InMemoryLedger['read']>): Promise<LedgerEvent[]> {
      return (await super.read(...asked)).filter(({ revision }) => revision !== 1n)
    }
  }

  test('is a defect, which is told with the stream and the revision', async () => {
    const ledger = new Gappy()
    const writer = new CommandHandler(ledger)
    await writer.handle(runs, runId, c.requestRun(), contextOf())
    await writer.handle(runs, runId, c.pauseRun, contextOf())
    const reading = new CommandHandler(ledger).load(runs, tenant, runId)
    await expect(reading).rejects.toThrow(`stream run-acme.${runId} has revision 2 after 0`)
  })
})
