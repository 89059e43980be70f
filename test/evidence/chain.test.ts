import { describe, expect, test } from 'vitest'
import { cosigner, parseNote } from '../../src/evidence/note.ts'
import { verifyFile } from '../../src/evidence/verifier/chain.ts'
import { linesOf } from '../../src/evidence/verifier/lines.ts'
import { main } from '../../src/evidence/verifier/main.ts'
import { parsePolicy, policyOf } from '../../src/evidence/verifier/policy.ts'
import { chainOf, fileOf, log, parts, told } from './chains.ts'
import { changed, origin, outcome, periodBundle, signer, trusted } from './world.ts'

const [a, b, c] = parts

describe('a chain', () => {
  test('is verified part by part, and says what it has', () => {
    const { verdict, checks } = verifyFile(fileOf(chainOf(...parts)), trusted)
    expect(verdict).toBe('VERIFIED')
    expect(checks).toEqual([
      { name: 'part 1', ok: true, detail: 'every leaf from 3 to 8, none left out' },
      { name: 'part 2', ok: true, detail: 'every leaf from 8 to 9, none left out' },
      { name: 'part 3', ok: true, detail: 'every leaf from 9 to 20, none left out' },
      { name: 'part 4', ok: true, detail: 'every leaf from 20 to 23, none left out' },
      { name: 'log', ok: true, detail: `one log, "${origin}"` },
      { name: 'types', ok: true, detail: 'of every part all types' },
      {
        name: 'contiguity',
        ok: true,
        detail: '4 parts without a gap: every leaf from the checkpoint of 3 leaves to the checkpoint of 23',
      },
      { name: 'quorum', ok: true, detail: 'none is asked for' },
    ])
  })

  test('may be one part, of no leaves, from the beginning of the log, or of some types', () => {
    expect(told(chainOf(log.period(null, 23)))).toBe('VERIFIED')
    expect(told(chainOf(log.period(7, 7), log.period(7, 7), log.period(7, 9)))).toBe('VERIFIED')
    const types = ['RunRequested', 'StageCompleted']
    expect(told(chainOf(log.period(null, 4, types), log.period(4, 9, types)))).toBe('VERIFIED')
  })

  test('is unverified without a key, and still checked', () => {
    const { verdict, checks } = verifyFile(fileOf(chainOf(a, b)), policyOf([]))
    expect(verdict).toBe('UNVERIFIED')
    expect(checks[0]).toMatchObject({ name: 'part 1', ok: false, detail: expect.stringContaining('no key was given') })
    expect(told(chainOf(a, c), policyOf([]))).toMatch(/^contiguity: /)
  })

  test('shorter at an end says so by its bounds', () => {
    const detail = verifyFile(fileOf(chainOf(b, c)), trusted).checks.find(({ name }) => name === 'contiguity')?.detail
    expect(detail).toBe('2 parts without a gap: every leaf from the checkpoint of 8 leaves to the checkpoint of 20')
  })

  test('a file without a newline is the bundle that it was before', () => {
    for (const bytes of [log.run('r1'), a, changed(a, ({ leaves }) => leaves.pop())]) {
      expect(told(bytes)).toBe(outcome(bytes))
    }
    expect(told(Buffer.alloc(0))).toMatch(/^format: not JSON/)
  })
})

describe('with a policy', () => {
  const witness = cosigner('w.example', Buffer.alloc(32, 9), () => 1_700_000_000)
  const asks = parsePolicy(Buffer.from([`log ${signer.vkey}`, `witness W ${witness.vkey}`, 'quorum W'].join('\n')))
  const cosigned = (from: number, to: number) => {
    const checkpoint = `${log.checkpoint(to)}${witness.sign(parseNote(log.checkpoint(to)).text)}`
    return periodBundle(null, log.events.slice(from, to), {
      since: log.sinceOf(from, to),
      checkpoint,
      signer,
    })
  }

  test('the quorum is asked of the last checkpoint, which extends all others', () => {
    expect(told(chainOf(a, b, cosigned(9, 20)), asks)).toBe('VERIFIED')
    expect(told(chainOf(cosigned(3, 8), b, c), asks)).toBe('part 3: quorum: the cosignatures do not meet the quorum W')
  })
})

test('a file is read line by line, however long the lines are', () => {
  const long = Buffer.alloc(3_000_000, 'x')
  for (const [content, wanted] of [
    ['', []],
    ['\n', [[0, true, true]]],
    ['a', [[1, false, true]]],
    [
      'a\n\nbc',
      [
        [1, true, false],
        [0, true, false],
        [2, false, true],
      ],
    ],
    [
      chainOf(long, 'a', long),
      [
        [3_000_000, true, false],
        [1, true, false],
        [3_000_000, true, true],
      ],
    ],
    [Buffer.concat([long, long]), [[6_000_000, false, true]]],
    [chainOf(Buffer.alloc(1_048_575, 'x')), [[1_048_575, true, true]]],
    [
      chainOf(Buffer.alloc(1_048_576, 'x'), 'a'),
      [
        [1_048_576, true, false],
        [1, true, true],
      ],
    ],
  ] as const) {
    const lines = [...linesOf(fileOf(content))].map(({ bytes, isWhole, isLast }) => [bytes.length, isWhole, isLast])
    expect(lines).toEqual(wanted)
  }
})

test('the command prints the table, and ends with 1 where a part is missing', () => {
  const key = ['--key', signer.vkey]
  const { exitCode, output } = main([fileOf(chainOf(...parts)), ...key])
  expect(exitCode).toBe(0)
  expect(output).toMatch(/^ok {4}part 4 +every leaf from 20 to 23, none left out$/m)
  expect(output).toMatch(/^ok {4}contiguity +4 parts without a gap.*\n.*\n\nVERIFIED$/m)
  const gap = main([fileOf(chainOf(a, c)), ...key])
  expect(gap).toEqual({
    exitCode: 1,
    output: expect.stringMatching(/^FAIL {2}contiguity .*\n\nFAILED: contiguity$/m),
  })
  expect(main([fileOf(chainOf(a, b))]).exitCode).toBe(2)
})
