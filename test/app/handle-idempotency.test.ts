import { describe, expect, test } from 'vitest'
import { runs } from '../../src/app/aggregates.ts'
import type { CommandContext } from '../../src/app/context.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import { contextOf, keyed } from '../support/contexts.ts'
import { codeOf } from '../support/failure.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import * as c from '../support/run-commands.ts'
import { atTime, runId } from '../support/run-events.ts'

const stream = `run-acme.${runId}`

const setUp = () => {
  const ledger = new InMemoryLedger()
  const saying = (commands: CommandHandler) => (command: RunCommand, context: CommandContext) =>
    commands.handle(runs, runId, command, context)
  return { ledger, say: saying(new CommandHandler(ledger)), otherSays: saying(new CommandHandler(ledger)) }
}

describe('a command that has happened', () => {
  test('is answered with what the ledger holds of it, by any process', async () => {
    const { ledger, say, otherSays } = setUp()
    const first = await say(c.requestRun(), keyed(1))
    for (const again of [await say(c.requestRun(), keyed(1)), await otherSays(c.requestRun(), keyed(1))]) {
      expect(again.events).toEqual(ledger.stream(stream))
      expect(again.events.map(({ id }) => id)).toEqual(first.events.map(({ id }) => id))
      expect(again.position).toBe(first.position)
    }
    expect(ledger.appends).toHaveLength(1)
  })

  test('is answered although it would be refused now', async () => {
    const { ledger, say } = setUp()
    await say(c.requestRun(), contextOf())
    await say(c.pauseRun, keyed(1))
    await say(c.resumeRun, keyed(2))
    await say(c.cancelRun, contextOf())
    const again = await say(c.resumeRun, keyed(2))
    expect(again.events.map(({ type }) => type)).toEqual(['RunResumed', 'RunQueued'])
    expect(again.state.status).toBe('canceled')
    expect(ledger.stream(stream)).toHaveLength(7)
  })

  test('is answered with its own events only', async () => {
    const { say } = setUp()
    await say(c.requestRun(), contextOf())
    await say(c.pauseRun, keyed(1))
    await say(c.resumeRun, contextOf())
    expect((await say(c.pauseRun, keyed(1))).events.map(({ type, revision }) => [type, revision])).toEqual([
      ['RunPaused', 2n],
    ])
  })

  test('refuses its key to another body', async () => {
    const { ledger, say, otherSays } = setUp()
    await say(c.requestRun(), keyed(1, 'body-1'))
    expect(await codeOf(say(c.requestRun(), keyed(1, 'body-2')))).toBe('IDEMPOTENCY_KEY_REUSED')
    expect(await codeOf(otherSays(c.requestRun(), keyed(1, 'body-2')))).toBe('IDEMPOTENCY_KEY_REUSED')
    expect(ledger.stream(stream)).toHaveLength(2)
  })
})

describe('a command that was refused', () => {
  test('has not happened: with the same key it is decided again', async () => {
    const { say } = setUp()
    await say(c.requestRun(), contextOf())
    expect(await codeOf(say(c.resumeRun, keyed(1)))).toBe('RUN_NOT_PAUSED')
    await say(c.pauseRun, contextOf())
    expect((await say(c.resumeRun, keyed(1))).state.status).toBe('queued')
  })

  test('leaves its key free for another body', async () => {
    const { say } = setUp()
    expect(await codeOf(say(c.cancelRun, keyed(1, 'body-1')))).toBe('RUN_NOT_FOUND')
    await say(c.requestRun(), contextOf())
    expect((await say(c.cancelRun, keyed(1, 'body-2'))).state.status).toBe('canceled')
  })

  test('or was nothing to do has not happened either', async () => {
    const { ledger, say } = setUp()
    await say(c.requestRun(), contextOf())
    await say(c.startRun(1), contextOf())
    await say(c.cancelRun, contextOf())
    expect((await say(c.cancelRun, keyed(1))).events).toEqual([])
    expect(ledger.stream(stream)).toHaveLength(4)
  })
})

describe('one key in two processes at the same time', () => {
  /** The other process says the same just before this one appends. */
  const race = async (bodyHash: string) => {
    const { ledger, say, otherSays } = setUp()
    const other = { ...keyed(1), at: atTime(1) }
    ledger.faults = [{ meanwhile: () => otherSays(c.requestRun(), other) }]
    const mine = { ...keyed(1, bodyHash), at: atTime(2) }
    const answer = say(c.requestRun({ batchId: bodyHash }), mine)
    return { ledger, say, answer }
  }

  test('is one command, and both answers are what the ledger holds', async () => {
    const { ledger, answer } = await race('body-1')
    expect((await answer).events.map(({ metadata }) => metadata)).toEqual(
      ledger.stream(stream).map(({ metadata }) => metadata),
    )
  })

  test('is refused to the second body', async () => {
    const { answer } = await race('body-2')
    expect(await codeOf(answer)).toBe('IDEMPOTENCY_KEY_REUSED')
  })

  test('leaves nothing in the cache that is not in the ledger', async () => {
    const { ledger, say, answer } = await race('body-2')
    await codeOf(answer)
    const { state } = await say(c.cancelRun, contextOf())
    expect(state.requested).toEqual(ledger.stream(stream)[0]?.event?.data)
  })
})
