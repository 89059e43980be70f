import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runLogs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import { type LogFilter, type LogPlace, readRunLog } from '../../src/app/run-log-pages.ts'
import { type LogLine, logLevels } from '../../src/domain/run-log/events.ts'
import { contextOf } from '../support/contexts.ts'
import { runOf, tenant } from '../support/ids.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import { streamsOf } from '../support/ledger-streams.ts'
import { atTime } from '../support/run-events.ts'

const runId = runOf('r')

const written = async (batches: readonly (readonly LogLine[])[]) => {
  const ledger = new InMemoryLedger()
  const commands = new CommandHandler(ledger)
  for (const [index, lines] of batches.entries()) {
    const command = { type: 'LogLines' as const, runId, attempt: index + 1, lines, end: { at: atTime(1), dropped: 0 } }
    await commands.handle(runLogs, runId, command, contextOf())
  }
  return streamsOf(ledger)
}

interface Asked {
  filter?: LogFilter
  isBackwards?: boolean
  linesMax?: number
  eventsMax?: number
}

/** All pages of a question, one after the other. */
const pagesOf = async (source: Awaited<ReturnType<typeof written>>, asked: Asked) => {
  const pages: LogLine[][] = []
  for (let from: LogPlace | null = null; ; ) {
    const query = { filter: {}, isBackwards: false, linesMax: 1_000, eventsMax: 1_000, ...asked, from }
    const page = await readRunLog(source, { tenant, runId }, query)
    pages.push(page.lines.map(({ attempt: _, place: __, ...line }) => line))
    from = page.next
    if (from === null) return pages
    if (pages.length > 500) throw new Error('the pages never end')
  }
}

const line = fc.record({
  at: fc.integer({ min: 0, max: 59 }).map((second) => atTime(second)),
  level: fc.constantFrom(...logLevels),
  stage: fc.constantFrom(null, 'in', 'out'),
  code: fc.constantFrom(null, 'TIMEOUT', 'STAGE_FAILED'),
  message: fc.constantFrom('begun', 'Begun again', 'done'),
})
const batches = fc.array(fc.array(line, { maxLength: 5 }), { maxLength: 30 })

test('pages of any length, either way, are together all that was said', async () => {
  const property = fc.asyncProperty(
    batches,
    fc.integer({ min: 1, max: 7 }),
    fc.integer({ min: 1, max: 4 }),
    fc.boolean(),
    async (said, linesMax, eventsMax, isBackwards) => {
      const pages = await pagesOf(await written(said), { linesMax, eventsMax, isBackwards })
      const all = said.flat()
      expect(pages.flat()).toEqual(isBackwards ? all.reverse() : all)
      for (const page of pages) expect(page.length).toBeLessThanOrEqual(linesMax)
    },
  )
  await fc.assert(property, { numRuns: 150 })
}, 30_000)

test('a full page has a next one only where there is more', async () => {
  const source = await written([[{ at: atTime(1), level: 'info', stage: null, code: null, message: 'a' }]])
  expect(await pagesOf(source, { linesMax: 1 })).toHaveLength(1)
  expect(await pagesOf(source, { linesMax: 1, isBackwards: true })).toHaveLength(1)
  expect(await pagesOf(source, { filter: { level: 'error' } })).toEqual([[]])
})

describe('a filter', () => {
  const lines: LogLine[] = [
    { at: atTime(1), level: 'debug', stage: null, code: null, message: 'begun' },
    { at: atTime(2), level: 'info', stage: 'in', code: null, message: 'Read 3 Rows' },
    { at: atTime(3), level: 'warn', stage: 'in', code: 'TIMEOUT', message: 'slow' },
    { at: atTime(4), level: 'error', stage: 'out', code: 'STAGE_FAILED', message: 'it broke' },
  ]

  test.each<[string, LogFilter, number[]]>([
    ['all', {}, [1, 2, 3, 4]],
    ['a stage', { stage: 'in' }, [2, 3]],
    ['a level and the worse ones', { level: 'warn' }, [3, 4]],
    ['the least level', { level: 'debug' }, [1, 2, 3, 4]],
    ['a type of errors', { code: 'TIMEOUT' }, [3]],
    ['words in any case', { text: '3 rows' }, [2]],
    ['from a time on', { from: atTime(3) }, [3, 4]],
    ['before a time', { to: atTime(3) }, [1, 2]],
    ['all of it', { stage: 'in', level: 'warn', code: 'TIMEOUT', text: 'LOW' }, [3]],
    ['another attempt', { attempt: 2 }, []],
  ])('by %s', async (_, filter, seconds) => {
    const [found = []] = await pagesOf(await written([lines]), { filter })
    expect(found.map(({ at }) => at)).toEqual(seconds.map((second) => atTime(second)))
  })
})
