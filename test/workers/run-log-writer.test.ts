import { describe, expect, test } from 'vitest'
import { runLogs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import { Rejection } from '../../src/domain/codes.ts'
import { lineOf } from '../../src/domain/run-log/line.ts'
import { type RunLogDeps, RunLogWriter } from '../../src/workers/run-log-writer.ts'
import { tenant } from '../support/ids.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import { jobFor } from '../support/jobs.ts'
import { SilentLog } from '../support/log.ts'
import { atTime } from '../support/run-events.ts'
import { sleep, until } from '../support/waiting.ts'

const stream = `runlog-${tenant}.r`

const open = (
  bounds: ConstructorParameters<typeof RunLogWriter>[2] = {},
  wrap: (real: CommandHandler) => RunLogDeps['commands'] = (real) => real,
) => {
  const ledger = new InMemoryLedger()
  const log = new SilentLog()
  const commands = wrap(new CommandHandler(ledger))
  const deps = { commands, runLogs: { ...runLogs, keepSeconds: 60 }, worker: 'box.1', log, nowMs: Date.now }
  const writer = new RunLogWriter(deps, jobFor('r'), { delayMs: 10, retryDelayMs: 5, ...bounds })
  const say = (...messages: string[]) => {
    for (const message of messages)
      writer.add(lineOf({ at: atTime(1), level: 'info', stage: null, code: null, message, fields: {} }))
  }
  const events = () => ledger.stream(stream).flatMap(({ event }) => (event?.type === 'RunLogged' ? [event.data] : []))
  const told = () => events().map(({ lines }) => lines.map(({ message }) => message))
  return { ledger, log, deps, writer, say, events, told }
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index}`)

describe('lines of an attempt', () => {
  test('are written together after a moment, in their order, as the worker said them', async () => {
    const { say, told, ledger } = open()
    say('a', 'b')
    expect(told()).toEqual([])
    say('c')
    await until(() => told().length > 0)
    expect(told()).toEqual([['a', 'b', 'c']])
    expect(ledger.all[0]?.metadata).toMatchObject({ tenant, origin: 'worker:box.1', correlationId: 'request-1' })
    expect([...ledger.keptSeconds]).toEqual([[stream, 60]])
  })

  test('are written at once when there are many, and so many to an event', async () => {
    const { say, told, writer } = open({ delayMs: 60_000, linesPerEventMax: 3 })
    say(...numbers(7))
    await until(() => told().flat().length === 6)
    await writer.close()
    expect(told()).toEqual([['0', '1', '2'], ['3', '4', '5'], ['6']])
  })

  test('are parted where one event would be too long for the ledger', async () => {
    const { say, told, writer } = open({ charsPerEventMax: 1_000 })
    const long = 'x'.repeat(600)
    say(long, long, 'short')
    await writer.close()
    expect(told()).toEqual([[long], [long, 'short']])
  })

  test('are all there when it is closed, and the last event says so', async () => {
    const { say, events, writer } = open({ delayMs: 60_000 })
    say('a')
    await writer.close()
    say('too late')
    await writer.close()
    expect(events().map(({ lines, isEnd }) => [lines.length, isEnd])).toEqual([[1, true]])
  })

  test('that were written before it is closed are followed by an event without lines', async () => {
    const { say, events, writer } = open()
    say('a')
    await until(() => events().length === 1)
    await writer.close()
    expect(events().map(({ lines, isEnd }) => [lines.length, isEnd])).toEqual([
      [1, false],
      [0, true],
    ])
  })

  test('that are none leave no stream behind', async () => {
    const { ledger, writer } = open()
    await writer.close()
    expect([ledger.all, [...ledger.keptSeconds]]).toEqual([[], []])
  })
})

describe('a ledger that does not answer', () => {
  test('costs no line when it comes back, and none is there twice', async () => {
    const { ledger, say, told, writer } = open()
    ledger.faults = ['after', 'before']
    say('a', 'b')
    await writer.close()
    expect(told()).toEqual([['a', 'b']])
  })

  test('takes nothing of the time of who says a line', async () => {
    const { ledger, say, told } = open({ linesPerEventMax: 10 })
    ledger.faults = [{ delayMs: 300 }]
    const startedMs = performance.now()
    say(...numbers(200))
    expect(performance.now() - startedMs).toBeLessThan(100)
    await until(() => told().flat().length === 200)
  })

  test('has no more lines wait for it than the bound, and is told afterwards how many are missing', async () => {
    let isDown = true
    const unavailable = new Rejection('LEDGER_UNAVAILABLE', 'gone')
    const { say, told, writer, log } = open({ waitingMax: 3 }, (real) => ({
      handle: (...given) => (isDown ? Promise.reject(unavailable) : real.handle(...given)),
    }))
    say(...numbers(10))
    await until(() => log.lines.includes('warn: lines of a run were not written'))
    isDown = false
    await until(() => told().flat().length === 3)
    say('again')
    await writer.close()
    expect(told().flat()).toEqual([
      ...['0', '1', '2'],
      '7 lines were dropped here: the ledger did not take them in time',
      'again',
    ])
  })

  test('holds up the end of an attempt for a bounded time only', async () => {
    const { ledger, say, writer, log } = open({ closeMs: 50 })
    ledger.isDown = true
    say('a')
    const startedMs = performance.now()
    await writer.close()
    expect(performance.now() - startedMs).toBeLessThan(1_000)
    await until(() => log.lines.length > 0)
    expect(ledger.all).toEqual([])
  })
})

test('lines that the ledger never takes are passed over, and the next ones say so', async () => {
  const { say, told, writer } = open({}, (real) => {
    let refused = false
    return {
      handle: (...given) => {
        if (refused) return real.handle(...given)
        refused = true
        return Promise.reject(new Error('does not fit'))
      },
    }
  })
  say('bad')
  await sleep(40)
  say('good')
  await writer.close()
  expect(told().flat()).toEqual(['1 line was dropped here: the ledger did not take them in time', 'good'])
})

test('a run that has as many lines as it may gets one more of each attempt', async () => {
  const { deps, say, told, writer } = open({ linesPerEventMax: 30, waitingMax: 20_000 })
  say(...numbers(10_050))
  await until(() => told().flat().length === 10_000)
  say('more')
  await writer.close()
  const second = new RunLogWriter(deps, jobFor('r', { attempt: 2 }))
  second.add(lineOf({ at: atTime(1), level: 'info', stage: null, code: null, message: 'second', fields: {} }))
  await second.close()
  expect(told().flat()).toHaveLength(10_002)
  expect(told().flat().slice(9_999)).toEqual([
    '9999',
    '51 lines were dropped here: a run keeps 10000',
    '1 line was dropped here: a run keeps 10000',
  ])
})
