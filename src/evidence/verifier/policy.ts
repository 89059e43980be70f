import { areEqual, Refused } from './hash.ts'
import { type KeyType, parseVerifierKey, type VerifierKey } from './note.ts'

/** Whom a verifier trusts. */
export interface Policy {
  /** A checkpoint counts when one of these signed it and its origin is that key's name. */
  logs: VerifierKey[]
  witnesses: VerifierKey[]
  /** Name of the quorum line. */
  quorum: string
  /** Whether these witnesses are enough. */
  isMet(cosigners: ReadonlySet<VerifierKey>): boolean
}

/** Trust in logs alone. */
export const policyOf = (logs: readonly VerifierKey[]): Policy => ({
  logs: [...logs],
  witnesses: [],
  quorum: 'none',
  isMet: () => true,
})

type Test = Policy['isMet']

/** Reads a policy file (https://c2sp.org/tlog-policy). Throws Refused with the line. */
export const parsePolicy = (bytes: Uint8Array): Policy => {
  const policy = policyOf([])
  const names = new Map<string, Test>()
  const reader = policyLines(policy, names)
  // Names are octets to the standard, so each octet is read as a character.
  for (const [index, line] of Buffer.from(bytes).toString('latin1').split('\n').entries()) {
    try {
      if (/[^\t\x20-\x7e\x80-\xff]/.test(line)) throw new Refused('a control character')
      const [keyword = '', ...items] = line.split(/[ \t]+/).filter((item) => item !== '')
      if (keyword === '' || keyword.startsWith('#')) continue
      const read = Object.hasOwn(reader.lines, keyword) ? reader.lines[keyword] : undefined
      if (!read) throw new Refused(`${keyword} is not log, witness, group or quorum`)
      read(items)
    } catch (error) {
      throw error instanceof Refused ? new Refused(`line ${index + 1} of the policy: ${error.message}`) : error
    }
  }
  if (!reader.hasQuorum()) throw new Refused('the policy has no quorum line')
  return policy
}

const policyLines = (policy: Policy, names: Map<string, Test>) => {
  const members = new Set<string>()
  let quorums = 0

  const define = (name: string, test: Test) => {
    if (name === 'none' || names.has(name)) throw new Refused(`the name ${name} is taken`)
    names.set(name, test)
  }

  const member = (name: string): Test => {
    const test = names.get(name)
    if (!test) throw new Refused(`${name} is not defined before this line`)
    if (members.has(name)) throw new Refused(`${name} is a member of a group already`)
    members.add(name)
    return test
  }

  const lines: Record<string, (items: readonly string[]) => void> = {
    log: (items) => {
      const [vkey = ''] = counted(items, 1, 2, 'log VKEY [URL]')
      policy.logs.push(newKey(vkey, 'ed25519', policy.logs))
    },
    witness: (items) => {
      const [name = '', vkey = ''] = counted(items, 2, 3, 'witness NAME VKEY [URL]')
      const key = newKey(vkey, 'cosignature', policy.witnesses)
      define(name, (cosigners) => cosigners.has(key))
      policy.witnesses.push(key)
    },
    group: (items) => {
      const [name = '', rule = '', ...rest] = counted(items, 3, 1000, 'group NAME all|any|K MEMBER...')
      const tests = rest.map(member)
      const needed =
        rule === 'all' ? tests.length : rule === 'any' ? 1 : /^[1-9][0-9]{0,2}$/.test(rule) ? Number(rule) : 0
      if (needed < 1 || needed > tests.length) throw new Refused(`${rule} of ${tests.length} members`)
      define(name, (cosigners) => tests.filter((test) => test(cosigners)).length >= needed)
    },
    quorum: (items) => {
      const [name = ''] = counted(items, 1, 1, 'quorum NAME')
      if (++quorums > 1) throw new Refused('a second quorum line')
      const test = name === 'none' ? () => true : names.get(name)
      if (!test) throw new Refused(`${name} is not defined before this line`)
      policy.quorum = name
      policy.isMet = test
    },
  }
  return { lines, hasQuorum: () => quorums === 1 }
}

const counted = (items: readonly string[], min: number, max: number, form: string): readonly string[] => {
  if (items.length < min || items.length > max) throw new Refused(`the form is: ${form}`)
  return items
}

const newKey = (octets: string, type: KeyType, known: readonly VerifierKey[]): VerifierKey => {
  const key = parseVerifierKey(Buffer.from(octets, 'latin1').toString())
  if (key.type !== type) throw new Refused(`the key of ${key.name} is of the wrong type for this line`)
  if (known.some(({ raw }) => areEqual(raw, key.raw))) throw new Refused(`the key of ${key.name} is there twice`)
  return key
}
