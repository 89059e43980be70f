import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cosigner } from '../../src/evidence/note.ts'
import { main } from '../../src/evidence/verifier/main.ts'
import { changed, logOf, signer } from './world.ts'

const folder = mkdtempSync(join(tmpdir(), 'ledgerline-verifier-'))
const inFolder = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

/** As the build does it: compiled by tsc, put into one file, and taken away from everything else. */
beforeAll(() => {
  const compilerOptions = {
    noEmit: false,
    rootDir: resolve('.'),
    outDir: folder,
    typeRoots: [resolve('node_modules/@types')],
  }
  const files = [resolve('src/evidence/verifier/main.ts')]
  const config = { extends: resolve('tsconfig.json'), compilerOptions, files, include: [] }
  const project = inFolder('tsconfig.json', JSON.stringify(config))
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project])
  execFileSync(process.execPath, ['scripts/bundle-verifier.mjs', folder])
  rmSync(join(folder, 'src'), { recursive: true })
})

afterAll(() => rmSync(folder, { recursive: true }))

const run = (...args: string[]) => {
  const { status, stdout } = spawnSync(process.execPath, [join(folder, 'verify.mjs'), ...args], { encoding: 'utf8' })
  expect(main(args)).toEqual({ exitCode: status, output: stdout.slice(0, -1) })
  return { exitCode: status, output: stdout }
}

const log = logOf(9)
const bundle = inFolder('run.json', log.run('r1'))
const period = inFolder('period.json', log.period(4, 9, ['RunRequested']))
const key = ['--key', signer.vkey]

describe('the offline verifier, one file', () => {
  test('imports nothing but node:crypto and node:fs', () => {
    const text = readFileSync(join(folder, 'verify.mjs'), 'utf8')
    expect([...text.matchAll(/\bfrom '([^']+)'|\bimport\(|\brequire\(/g)].map(([, name]) => name)).toEqual([
      'node:crypto',
      'node:fs',
    ])
    expect(text).not.toMatch(/\bprocess\.(?!argv|exitCode)|\bfetch\b/)
  })

  test('begins with what it does and with its parts, each of which follows under its name', () => {
    const text = readFileSync(join(folder, 'verify.mjs'), 'utf8')
    const [overview = '', ...parts] = text.split(/^\/\/ ---- /m)
    const listed = [...overview.matchAll(/^\/\/ {3}(\S+) +(\S.*)$/gm)].map(([, name, what]) => `${name}: ${what}`)
    const titles = parts.map((part) => part.split('\n')[0]?.replace(/^.*\/([a-z-]+)\.ts: /, '$1: '))
    const count = readdirSync('src/evidence/verifier').length + 1
    expect(titles.slice(0, -1)).toEqual(listed.slice(-count))
    expect(new Set(titles).size).toBe(count + 1)
    expect(titles[0]).toMatch(/^verify: /)
    expect(overview.split('\n').length).toBeLessThan(50)
    // Without its comments, it is to be read in a sitting.
    const code = text.split('\n').filter((line) => !/^\s*($|\/?\*|\/\/)/.test(line))
    expect(code.length).toBeLessThan(800)
  })

  test.each([
    ['a run', bundle, 'inclusion'],
    ['a period', period, 'completeness'],
  ])('verifies %s with a key, and tells what was checked', (_, file, check) => {
    const { exitCode, output } = run(file, ...key)
    expect(exitCode).toBe(0)
    expect(output).toMatch(new RegExp(`^ok +${check} `, 'm'))
    expect(output).toMatch(/\nVERIFIED\n$/)
  })

  test('ends with 2 without a key', () => {
    const { exitCode, output } = run(bundle)
    expect(exitCode).toBe(2)
    expect(output).toMatch(/^none +checkpoint signature +no key was given/m)
    expect(output).toMatch(/\nUNVERIFIED\n$/)
  })

  test('ends with 1 at the first thing that does not hold, and names it', () => {
    const file = inFolder(
      'dropped.json',
      changed(log.run('r1'), ({ leaves }) => leaves.splice(1, 1)),
    )
    const { exitCode, output } = run(file, ...key)
    expect(exitCode).toBe(1)
    expect(output).toMatch(/^FAIL +claim +"run-acme.r1" goes on with revision 2 instead of 1$/m)
    expect(output).toMatch(/\nFAILED: claim\n$/)
    expect(run(inFolder('empty.json', '')).exitCode).toBe(1)
  })

  test('takes a policy, with the key of the log in it or beside it', () => {
    const witness = `witness W ${cosigner('w.example', Buffer.alloc(32, 9), () => 0).vkey}`
    const trusts = inFolder('trusts.policy', `log ${signer.vkey}\nquorum none\n`)
    const asks = inFolder('asks.policy', `${witness}\nquorum W\n`)
    expect(run(bundle, '--policy', trusts).exitCode).toBe(0)
    expect(run(bundle, '--policy', asks).exitCode).toBe(2)
    expect(run(bundle, '--policy', asks, ...key).output).toMatch(/\nFAILED: quorum\n$/)
  })

  test.each([
    ['no arguments', []],
    ['two files', [bundle, bundle]],
    ['an unknown option', [bundle, '--keys', 'x']],
    ['a key without its value', [bundle, '--key']],
    ['a file that is not there', [join(folder, 'nothing')]],
    ['a key that is none', [bundle, '--key', 'x']],
    ['the key of a witness', [bundle, '--key', cosigner('w', Buffer.alloc(32, 9), () => 0).vkey]],
    ['a policy that is none', [bundle, '--policy', bundle]],
    ['two policies', [bundle, '--policy', bundle, '--policy', bundle]],
  ])('ends with 3, having checked nothing, for %s', (_, args) => {
    const { exitCode, output } = run(...args)
    expect(exitCode).toBe(3)
    expect(output).not.toMatch(/VERIFIED|FAILED/)
  })
})
