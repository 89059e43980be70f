import { describe, expect, test } from 'vitest'
import { type LogLines, logLinesMax, runLogDecider } from '../../src/domain/run-log/decide.ts'
import type { LogLine } from '../../src/domain/run-log/events.ts'
import { lineOf } from '../../src/domain/run-log/line.ts'
import { runOf } from '../support/ids.ts'
import { atTime } from '../support/run-events.ts'

const saying = (message: string, fields: Parameters<typeof lineOf>[0]['fields'] = {}): LogLine =>
  lineOf({ at: atTime(1), level: 'info', stage: null, code: null, message, fields })
const linesOf = (count: number) => Array.from({ length: count }, (_, index) => saying(`line ${index}`))

const decide = (before: number, lines: readonly LogLine[], end: LogLines['end'] = null) => {
  const command = { type: 'LogLines' as const, runId: runOf('r1'), attempt: 2, lines, end }
  return runLogDecider.decide(command, { lines: before }).map(({ data }) => data)
}

describe('a run keeps', () => {
  test('the lines of its attempts, and knows how many there are', () => {
    const [logged] = decide(7, linesOf(2))
    expect(logged).toEqual({ runId: 'r1', attempt: 2, before: 7, lines: linesOf(2), isEnd: false })
    if (!logged) throw new Error('nothing was logged')
    expect(runLogDecider.evolve({ lines: 7 }, { type: 'RunLogged', data: logged })).toEqual({ lines: 9 })
  })

  test('so many lines and no more', () => {
    expect(decide(logLinesMax - 1, linesOf(3))[0]?.lines).toEqual(linesOf(1))
    expect(decide(logLinesMax, linesOf(3))).toEqual([])
  })

  test('of each attempt one line beyond, which says what is missing', () => {
    const [logged] = decide(logLinesMax - 1, linesOf(3), { at: atTime(9), dropped: 40 })
    expect(logged).toMatchObject({ before: logLinesMax - 1, isEnd: true })
    expect(logged?.lines.map(({ message }) => message)).toEqual([
      'line 0',
      '42 lines were dropped here: a run keeps 10000',
    ])
    expect(logged?.lines[1]).toMatchObject({ at: atTime(9), level: 'warn', fields: { dropped: 42 } })
  })

  test('the end of an attempt that has nothing left to say', () => {
    expect(decide(3, [], { at: atTime(9), dropped: 0 })).toMatchObject([{ before: 3, lines: [], isEnd: true }])
    expect(decide(3, [])).toEqual([])
  })
})

describe('a line', () => {
  test('is one line, and is cut where it is too long, never within a character', () => {
    expect(saying('a\r\n  b\n\nc').message).toBe('a b c')
    expect(saying('x'.repeat(1_000)).message).toBe('x'.repeat(1_000))
    expect(saying('x'.repeat(1_001)).message).toBe(`${'x'.repeat(999)}…`)
    expect(saying(`${'x'.repeat(998)}😀😀`).message).toBe(`${'x'.repeat(998)}…`)
  })

  test('has few and short fields, and numbers that JSON knows', () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`field-${index}`, index]))
    expect(Object.keys(saying('many', many).fields ?? {})).toHaveLength(16)
    const fields = { path: 'p'.repeat(300), ratio: Number.NaN, rows: 3, all: true, none: null }
    expect(saying('some', fields).fields).toEqual({ ...fields, path: `${'p'.repeat(199)}…`, ratio: null })
    expect('fields' in saying('none')).toBe(false)
  })
})
