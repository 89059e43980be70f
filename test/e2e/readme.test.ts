import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { BatchClient } from './batch-client.ts'
import { startService, temporaryDir } from './service.ts'

const shell = promisify(execFile)
const block = /```(sh|json|text)\n([\s\S]*?)```/g

/** The README's blocks of commands and answers, in their order. */
const readme = async (): Promise<{ kind: string; text: string }[]> => {
  const text = await readFile('README.md', 'utf8')
  return [...text.matchAll(block)].map(([, kind = '', body = '']) => ({ kind, text: body.trim() }))
}

/** What a value is made of, without what differs from run to run. */
const shapeOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value.at(-1))]
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
}

/** What each line of the verifier's table is about, and how it ended. */
const namesOf = (table: string): string[] =>
  table
    .trim()
    .split('\n')
    .map((line) => line.split(/ {2,}/).slice(0, 2).join(' '))

test('the two commands are those of package.json', async () => {
  const commands = (await readme()).filter(({ kind }) => kind === 'sh').map(({ text }) => text)
  expect(commands.slice(0, 2)).toEqual(['npm ci && npm start', 'npm ci && npm test'])
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> }
  for (const script of ['start', 'test', 'demo', 'bench', 'check']) expect(scripts).toHaveProperty(script)
})

test('every curl of the tour answers in the shape that the README shows', async () => {
  const service = await startService({ DATA_DIR: await temporaryDir('readme') })
  const client = new BatchClient(service.url)
  const blocks = await readme()
  const bundle = join(await temporaryDir('readme-bundle'), 'tour-1.json')
  let tried = 0
  for (const [index, { kind, text }] of blocks.entries()) {
    const answer = blocks[index + 1]
    if (kind !== 'sh' || !text.startsWith('curl') || !answer || answer.kind === 'sh') continue
    const command = text.replaceAll('http://localhost:8000', service.url).replaceAll(/\btour-1\.json/g, bundle)
    const { stdout } = await shell('bash', ['-c', command])
    const told = answer.kind === 'json' ? (said: string) => shapeOf(JSON.parse(said)) : namesOf
    expect(told(stdout), text).toEqual(told(answer.text))
    const started = /"run_id": "(tour-\d)"/.exec(text)?.[1]
    if (started) await client.finished(started)
    tried += 1
  }
  expect(tried).toBe(7)
  await service.stop()
})
