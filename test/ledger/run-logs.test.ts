import { EventStoreDBClient } from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runLogs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import type { LedgerEvent } from '../../src/app/ports/ledger.ts'
import { logStream } from '../../src/app/run-log-pages.ts'
import { EventStoreLedger } from '../../src/ledger/eventstore.ts'
import { newDirectory, type RunningNode, startNode } from '../embedded/support.ts'
import { contextOf } from '../support/contexts.ts'
import { runOf, tenant } from '../support/ids.ts'
import { lineAt, logLines } from '../support/logging.ts'
import { sleep } from '../support/waiting.ts'

let node: RunningNode
let ledger: EventStoreLedger
let commands: CommandHandler

beforeAll(async () => {
  node = await startNode({ directory: newDirectory() })
  ledger = new EventStoreLedger(node.url)
  commands = new CommandHandler(ledger)
})

afterAll(async () => {
  await ledger.close()
  await node.stop()
})

const say = async (run: string, ...messages: string[]) => {
  for (const message of messages) await logLines(commands, run, [lineAt(1, message)])
}
const messagesOf = (events: readonly LedgerEvent[]) =>
  events.flatMap(({ event }) => (event?.type === 'RunLogged' ? event.data.lines.map(({ message }) => message) : []))

describe('a log in the ledger', () => {
  test.each([
    [{ from: null, isBackwards: false, countMax: 2 }, ['a', 'b']],
    [{ from: 1n, isBackwards: false, countMax: 9 }, ['b', 'c']],
    [{ from: 3n, isBackwards: false, countMax: 9 }, []],
    [{ from: null, isBackwards: true, countMax: 2 }, ['c', 'b']],
    [{ from: 1n, isBackwards: true, countMax: 9 }, ['b', 'a']],
  ])('is read by ranges: %o', async (range, expected) => {
    const run = `range-${Math.random().toString(36).slice(2)}`
    await say(run, 'a', 'b', 'c')
    expect(messagesOf(await ledger.readRange(logStream(tenant, runOf(run)), range))).toEqual(expected)
  })

  test('that is not there is empty', async () => {
    const range = { from: null, isBackwards: false, countMax: 9 }
    expect(await ledger.readRange(logStream(tenant, runOf('nobody')), range)).toEqual([])
  })

  test('is followed before it is there, from any event on, and until it is enough', async () => {
    const controller = new AbortController()
    const told: string[] = []
    const following = (async () => {
      for await (const event of ledger.followStream(logStream(tenant, runOf('live')), -1n, controller.signal))
        told.push(...messagesOf([event]))
    })()
    await sleep(50)
    await say('live', 'a', 'b', 'c')
    await expect.poll(() => told).toEqual(['a', 'b', 'c'])
    controller.abort()
    await following
    const later: string[] = []
    const again = new AbortController()
    for await (const event of ledger.followStream(logStream(tenant, runOf('live')), 0n, again.signal)) {
      later.push(...messagesOf([event]))
      if (later.length === 2) again.abort()
    }
    expect(later).toEqual(['b', 'c'])
  })

  test('is kept for a while, which its stream says, and no view follows it', async () => {
    const before = await ledger.head()
    await say('kept', 'a')
    const client = EventStoreDBClient.connectionString(node.url)
    const { metadata } = await client.getStreamMetadata(logStream(tenant, runOf('kept')))
    await client.dispose()
    expect(metadata).toEqual({ maxAge: 30 * 86_400 })
    const followed: string[] = []
    for await (const { streamId } of ledger.past(before, await ledger.head())) followed.push(streamId)
    expect(followed).toEqual([])
  })

  test('whose lines have all expired goes on where it was, also by a process that has never seen it', async () => {
    const stream = logStream(tenant, runOf('old'))
    const log = (by: CommandHandler, message: string) => {
      const command = {
        type: 'LogLines' as const,
        runId: runOf('old'),
        attempt: 1,
        lines: [lineAt(1, message)],
        end: null,
      }
      return by.handle({ ...runLogs, keepSeconds: 1 }, 'old', command, contextOf())
    }
    await log(commands, 'first')
    await log(commands, 'second')
    await sleep(1_300)
    const range = { from: null, isBackwards: false, countMax: 9 }
    expect(await ledger.readRange(stream, range)).toEqual([])
    const { events } = await log(new CommandHandler(ledger), 'third')
    expect(events.map(({ revision }) => revision)).toEqual([2n])
    expect(messagesOf(await ledger.readRange(stream, range))).toEqual(['third'])
  })
})
