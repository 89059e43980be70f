import { describe, expect, test } from 'vitest'
import { linesOf, type Source, sourcesIn } from './sources.ts'

const linesMax = 220
const medianMax = 80

const lengthsOf = (sources: readonly Source[]) => sources.map(linesOf).sort((a, b) => a - b)
const quantile = (lengths: readonly number[], share: number): number =>
  lengths[Math.ceil(lengths.length * share) - 1] ?? 0
const tooLong = (sources: readonly Source[]) =>
  sources.filter((source) => linesOf(source) > linesMax).map((source) => `${source.path}: ${linesOf(source)} lines`)

describe('files are short', () => {
  const sources = sourcesIn('src', 'projections')

  test('every one, the tests too', () => {
    expect(tooLong([...sources, ...sourcesIn('test')])).toEqual([])
  })

  test('half of them much shorter, and nine in ten within the limit', () => {
    const lengths = lengthsOf(sources)
    expect(quantile(lengths, 0.5)).toBeLessThanOrEqual(medianMax)
    expect(quantile(lengths, 0.9)).toBeLessThanOrEqual(linesMax)
  })
})

describe('the count', () => {
  const file = (lines: number) => ({ path: `${lines}.ts`, text: 'x\n'.repeat(lines) })

  test('is of lines, and a long file is named', () => {
    expect([linesOf(file(220)), linesOf({ path: 'a.ts', text: 'a\nb' })]).toEqual([220, 2])
    expect(tooLong([file(220), file(221)])).toEqual(['221.ts: 221 lines'])
  })

  test('takes the middle and the ninth tenth', () => {
    const lengths = lengthsOf([30, 10, 20, 50, 40, 60, 70, 80, 100, 90].map(file))
    expect([quantile(lengths, 0.5), quantile(lengths, 0.9)]).toEqual([50, 90])
  })
})
