import { describe, expect, test } from 'vitest'
import { type Source, sourcesIn } from './sources.ts'

const sources = sourcesIn('src', 'projections')

const found =
  (pattern: RegExp, ...roomsLeftOut: string[]) =>
  (files: readonly Source[]) =>
    files
      .filter(({ path }) => !roomsLeftOut.some((room) => path.startsWith(room)))
      .flatMap(({ path, text }) =>
        text
          .split('\n')
          .flatMap((line, index) => (pattern.test(line) && !isComment(line) ? [`${path}:${index + 1}`] : [])),
      )
const isComment = (line: string): boolean => /^\s*(\/\/|\/?\*)/.test(line)

const rules = [
  {
    what: 'only config, and the embedded node in its own process, read the environment',
    check: found(/process\.env/, 'src/config.ts', 'src/embedded/'),
    broken: { path: 'src/app/x.ts', text: 'const port = process.env.PORT' },
  },
  {
    what: 'only app/handle appends to the ledger',
    check: found(/\bledger\.append\(/, 'src/app/handle.ts', 'src/ledger/', 'src/embedded/'),
    broken: { path: 'src/workers/x.ts', text: '  await this.ledger.append(stream, -1n, [])' },
  },
  {
    what: 'the domain knows no clock, no chance and no process: time and ids come in as values',
    check: (files: readonly Source[]) =>
      found(/\bDate\.now\(|\bnew Date\(\)|Math\.random|\bcrypto\.|\bprocess\.|\bperformance\.|\bsetTimeout|\bfetch\(/)(
        files.filter(({ path }) => path.startsWith('src/domain/')),
      ),
    broken: { path: 'src/domain/x.ts', text: 'const at = Date.now()' },
  },
  {
    what: 'views know no clock and no chance: the same events give the same rows',
    check: (files: readonly Source[]) =>
      found(/\bDate\.now\(|\bnew Date\(|Math\.random|current_timestamp|\bdatetime\('now'|\brandom\(\)/i)(
        files.filter(({ path }) => path.startsWith('projections/')),
      ),
    broken: { path: 'projections/x.ts', text: 'put(table, { at: new Date().toISOString() })' },
  },
]

describe.each(rules)('$what', ({ check, broken }) => {
  test('holds', () => {
    expect(check(sources)).toEqual([])
  })

  test('would be seen to be broken', () => {
    expect(check([broken])).toHaveLength(1)
  })
})
