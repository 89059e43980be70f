import { describe, expect, test } from 'vitest'
import { noteSigner } from '../../src/evidence/note.ts'
import { chainOf, log, parts, told } from './chains.ts'
import { changed, eventOf, forged, logOf, periodBundle } from './world.ts'

const [a, b, c, d] = parts

const other = noteSigner('ledger.example/other', Buffer.alloc(32, 7))
const foreign = (from: number, to: number) =>
  periodBundle(null, log.events.slice(from, to), {
    since: { checkpoint: log.checkpoint(from, other), consistency: log.sinceOf(from, to).consistency },
    checkpoint: log.checkpoint(to, other),
    signer: other,
  })
const forked = logOf(23, (n) => (n === 5 ? { ...eventOf(n), data: { rows: 'other' } } : eventOf(n)))

describe('refused by name is', () => {
  test.each([
    [
      'a part that is left out',
      chainOf(a, c),
      'contiguity: leaves 8 to 8 are missing: part 2 does not begin where part 1 ends',
    ],
    ['a part that is there twice', chainOf(a, b, b), 'contiguity: part 3 begins again at leaf 8, and part 2 ends at 9'],
    ['parts that are swapped', chainOf(a, c, b, d), 'contiguity: leaves 8 to 8 are missing'],
    ['parts in reverse', chainOf(b, a), 'contiguity: part 2 begins again at leaf 3, and part 1 ends at 9'],
    [
      'a part from the beginning of the log',
      chainOf(a, log.period(null, 9)),
      'contiguity: part 2 begins again at leaf 0',
    ],
    ['a part that overlaps', chainOf(a, log.period(7, 9)), 'contiguity: part 2 begins again at leaf 7'],
    ['a part of another log', chainOf(a, foreign(8, 9)), 'log: part 2 is of the log "ledger.example/other"'],
    [
      'a part of other types',
      chainOf(a, log.period(8, 9, ['RunRequested'])),
      'types: part 2 has the types "RunRequested", the ones before it all types',
    ],
    [
      'a part of another past of the log',
      chainOf(a, forked.period(8, 9)),
      'contiguity: part 2 begins at another tree of 8 leaves than that where part 1 ends',
    ],
    [
      'a last line that is cut',
      chainOf(...parts).subarray(0, -9),
      'line: line 4 is cut off: it does not end in a newline',
    ],
    ['a last line without its newline', chainOf(...parts).subarray(0, -1), 'line: line 4 is cut off'],
    ['a blank line', chainOf(a, '', b), 'part 2: format: not JSON'],
    [
      'a line that ends otherwise',
      Buffer.from(chainOf(a, b).toString().replaceAll('\n', '\r\n')),
      'part 1: format: not the canonical form',
    ],
    [
      'the bundle of a run',
      chainOf(a, log.run('r1')),
      'part 2: a part of a chain is the bundle of a period, and this is none',
    ],
    [
      'a part that was changed',
      chainOf(
        a,
        changed(b, ({ leaves }) => leaves.pop()),
      ),
      'part 2: completeness: 0 leaves instead of 1',
    ],
    [
      'a part with its seams mended',
      chainOf(
        a,
        forged(c, (json) => {
          if (json.since) json.since.checkpoint = log.checkpoint(8)
        }),
      ),
      'part 2: consistency: ',
    ],
  ])('%s', (_, content, said) => {
    expect(told(content)).toContain(said)
  })
})
