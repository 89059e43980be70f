import { describe, expect, test } from 'vitest'
import { cosigner, noteSigner, type VerifierKey } from '../../src/evidence/note.ts'
import { parsePolicy } from '../../src/evidence/verifier/policy.ts'

const log = noteSigner('example.com/log', Buffer.alloc(32, 1)).vkey
const witnesses = Array.from({ length: 6 }, (_, n) => cosigner(`w${n}.example`, Buffer.alloc(32, 10 + n), () => 0).vkey)
const [w0 = '', w1 = ''] = witnesses
const policy = (...lines: string[]) => parsePolicy(Buffer.from(`${lines.join('\n')}\n`))

describe('a policy of the form of the standard', () => {
  const names = ['X1', 'X2', 'X3', 'Y1', 'Y2', 'Y3']
  const read = policy(
    '# whom we trust',
    `log ${log} https://log.example/`,
    '',
    ...witnesses.map((vkey, n) => ` witness\t${names[n]}  ${vkey}`),
    'group X-witnesses 2 X1 X2 X3',
    'group Y-witnesses any Y1 Y2 Y3',
    'group X-and-Y all X-witnesses Y-witnesses',
    'quorum X-and-Y',
  )
  const isMetBy = (...who: string[]) =>
    read.isMet(new Set<VerifierKey>(read.witnesses.filter((_, n) => who.includes(names[n] ?? ''))))

  test('names its logs, witnesses and quorum', () => {
    expect(read.logs.map(({ name }) => name)).toEqual(['example.com/log'])
    expect([read.witnesses.length, read.quorum]).toEqual([6, 'X-and-Y'])
  })

  test('is met by two of the one group and one of the other', () => {
    expect([isMetBy('X1', 'X3', 'Y2'), isMetBy('X1', 'X2', 'X3', 'Y1', 'Y2', 'Y3')]).toEqual([true, true])
    expect([isMetBy(), isMetBy('X1', 'X2'), isMetBy('X1', 'Y1', 'Y2'), isMetBy('Y1')]).toEqual([
      false,
      false,
      false,
      false,
    ])
  })

  test('asks for none with quorum none, and for one witness by its name', () => {
    expect(policy('quorum none').isMet(new Set())).toBe(true)
    const one = policy(`witness W ${w0}`, 'quorum W')
    expect([one.isMet(new Set()), one.isMet(new Set(one.witnesses))]).toEqual([false, true])
  })
})

describe('a policy is refused', () => {
  const w = `witness W ${w0}`
  test.each([
    ['without a quorum', [w], 'no quorum line'],
    ['with two quorums', ['quorum none', 'quorum none'], 'line 2 of the policy: a second quorum'],
    ['with a quorum not defined yet', ['quorum W', w], 'line 1 of the policy: W is not defined'],
    ['with an unknown line', ['trust me'], 'trust is not log, witness, group or quorum'],
    ['with a line of a name that every object has', ['constructor x'], 'constructor is not'],
    ['with a log of a witness key', [`log ${w0}`], 'wrong type'],
    ['with a witness of a log key', [`witness W ${log}`], 'wrong type'],
    ['with a log twice', [`log ${log}`, `log ${log}`], 'there twice'],
    ['with a witness twice', [w, `witness V ${w0}`], 'there twice'],
    ['with a name twice', [w, `witness W ${w1}`], 'the name W is taken'],
    ['with a witness called none', [`witness none ${w0}`], 'the name none is taken'],
    ['with none in a group', ['group G any none'], 'none is not defined'],
    ['with a member of two groups', [w, 'group G any W', 'group H any W'], 'member of a group already'],
    ['with a group without members', ['group G any'], 'the form is: group'],
    ['with a threshold of 0', [w, 'group G 0 W'], '0 of 1 members'],
    ['with a threshold over the members', [w, 'group G 2 W'], '2 of 1 members'],
    ['with a threshold in words', [w, 'group G one W'], 'one of 1 members'],
    ['with a group of itself', ['group G any G'], 'G is not defined'],
    ['with a carriage return', ['quorum none\r'], 'a control character'],
    ['with a key that is none', ['log nonsense'], 'not a verifier key'],
    ['with an item too many', [`log ${log} a b`], 'the form is: log'],
  ])('%s', (_, lines, reason) => {
    expect(() => policy(...lines)).toThrow(reason)
  })
})
