import { readFileSync } from 'node:fs'
import { verifyFile } from './chain.ts'
import { parseVerifierKey, type VerifierKey } from './note.ts'
import { parsePolicy, policyOf } from './policy.ts'

const usage = `usage: verify FILE [--key VKEY]... [--policy FILE]

  FILE           a bundle of evidence, or a chain of them
  --key VKEY     a verifier key of the log, name+id+base64; or all of them, one per line
  --policy FILE  whom to trust, as a C2SP tlog-policy; each --key is one log more

Exit code: 0 verified, 1 something does not hold, 2 no key was given, 3 nothing was checked.`

const exitCodes = { VERIFIED: 0, FAILED: 1, UNVERIFIED: 2 }

/** The command of the offline verifier: what it prints, and its exit code. Reads the files that it is given. */
export const main = (args: readonly string[]): { exitCode: number; output: string } => {
  try {
    const { file, keys, policyFile } = parseArguments(args)
    const policy = policyFile === undefined ? policyOf([]) : parsePolicy(readFileSync(policyFile))
    const logs = [...policy.logs, ...keys.flatMap((text) => text.trimEnd().split('\n').map(parseLogKey))]
    return printed(verifyFile(file, { ...policy, logs }))
  } catch (error) {
    return { exitCode: 3, output: error instanceof Error ? error.message : String(error) }
  }
}

const parseLogKey = (vkey: string): VerifierKey => {
  const key = parseVerifierKey(vkey)
  if (key.type !== 'ed25519') throw new Error(`the key of ${key.name} is that of a witness`)
  return key
}

const parseArguments = (args: readonly string[]) => {
  const files: string[] = []
  const keys: string[] = []
  const policies: string[] = []
  for (let at = 0; at < args.length; at++) {
    const [arg = '', value] = args.slice(at, at + 2)
    const list = arg === '--key' ? keys : arg === '--policy' ? policies : arg.startsWith('-') ? undefined : files
    if (!list || (list !== files && value === undefined)) throw new Error(usage)
    list.push(list === files ? arg : (value ?? ''))
    if (list !== files) at++
  }
  const [file] = files
  if (file === undefined || files.length > 1 || policies.length > 1) throw new Error(usage)
  return { file, keys, policyFile: policies[0] }
}

const printed = ({ verdict, checks }: ReturnType<typeof verifyFile>): { exitCode: number; output: string } => {
  const mark = { VERIFIED: 'ok', UNVERIFIED: 'none', FAILED: 'FAIL' }
  const lines = checks.map(
    ({ name, ok, detail }) => `${mark[ok ? 'VERIFIED' : verdict].padEnd(5)} ${name.padEnd(21)} ${detail}`,
  )
  const failed = verdict === 'FAILED' ? `: ${checks.at(-1)?.name}` : ''
  return { exitCode: exitCodes[verdict], output: [...lines, '', `${verdict}${failed}`].join('\n') }
}
