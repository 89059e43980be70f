import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { BatchClient } from './batch-client.ts'
import { startService, temporaryDir } from './service.ts'

const shell = promisify(execFile)
const block = /```(sh|json|text)\n([\s\S]*?)```/g

interface Block {
  kind: string
  text: string
}

/** The blocks of commands and answers of the README, or of one of its sections, in their order. */
const readme = async (heading = ''): Promise<Block[]> => {
  const text = await readFile('README.md', 'utf8')
  const section = heading === '' ? text : (text.split(heading)[1]?.split('\n## ')[0] ?? '')
  return [...section.matchAll(block)].map(([, kind = '', body = '']) => ({ kind, text: body.trim() }))
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

/** A command, with the answer that stands below it. */
function calls(blocks: Block[]): { text: string; answer: Block }[]
function calls(blocks: Block[], which: 'all'): { text: string; answer?: Block }[]
function calls(blocks: Block[], which?: 'all') {
  return blocks.flatMap(({ kind, text }, index) => {
    const next = blocks[index + 1]
    const answer = next && next.kind !== 'sh' ? { answer: next } : {}
    return kind === 'sh' && (which === 'all' || 'answer' in answer) ? [{ text, ...answer }] : []
  })
}

const told = ({ kind }: Block, said: string): unknown => (kind === 'json' ? shapeOf(JSON.parse(said)) : namesOf(said))

test('the two commands are those of package.json', async () => {
  const commands = (await readme()).filter(({ kind }) => kind === 'sh').map(({ text }) => text)
  expect(commands.slice(0, 2)).toEqual(['npm ci && npm start', 'npm ci && npm test'])
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> }
  for (const script of ['start', 'test', 'demo', 'bench', 'check']) expect(scripts).toHaveProperty(script)
})

test('every curl of the tour answers in the shape that the README shows', async () => {
  const service = await startService({ DATA_DIR: await temporaryDir('readme') })
  const client = new BatchClient(service.url)
  const blocks = await readme('## A tour of five minutes')
  const bundle = join(await temporaryDir('readme-bundle'), 'tour-1.json')
  let tried = 0
  for (const { text, answer } of calls(blocks)) {
    const command = text.replaceAll('http://localhost:8000', service.url).replaceAll(/\btour-1\.json/g, bundle)
    const { stdout } = await shell('bash', ['-c', command])
    expect(told(answer, stdout), text).toEqual(told(answer, answer.text))
    const started = /"run_id": "(tour-\d)"/.exec(text)?.[1]
    if (started) await client.finished(started)
    tried += 1
  }
  expect(tried).toBe(7)
  await service.stop()
})

/** A start as the README has it: variables, then the command. */
const environmentOf = (start: string): Record<string, string> =>
  Object.fromEntries([...start.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]))

test('every command of the tour with four eyes answers in the shape that the README shows, soon', async () => {
  const dir = await temporaryDir('readme-four-eyes')
  const blocks = await readme('## With four eyes')
  let url = ''
  let env: NodeJS.ProcessEnv = process.env
  const run = async (text: string): Promise<string> => {
    const here = text
      .replaceAll('http://localhost:8000', url)
      .replaceAll(/\bdata-kpi\b/g, join(dir, 'data-kpi'))
      .replaceAll('rev_kpi.json', join(dir, 'rev_kpi.json'))
    // What a command exports is there for those after it.
    const { stdout } = await shell('bash', ['-c', `${here}\nenv -0 > ${join(dir, 'env')}`], { env })
    const entries = (await readFile(join(dir, 'env'), 'utf8')).split('\0').filter(Boolean)
    env = Object.fromEntries(entries.map((entry) => [entry.split('=', 1)[0] ?? '', entry.replace(/^[^=]*=/, '')]))
    return stdout
  }
  let tried = 0
  for (const { text, answer } of calls(blocks, 'all')) {
    if (text.endsWith('npm start')) {
      const service = await startService({ ...environmentOf(text), DATA_DIR: join(dir, 'data-kpi') })
      onTestFinished(() => service.killGroup())
      url = service.url
    } else if (!answer) await run(text)
    else {
      // Runs end and approvals are opened when they are: a reader would ask again.
      await expect
        .poll(async () => told(answer, await run(text)), { timeout: 20_000, message: text })
        .toEqual(told(answer, answer.text))
      tried += 1
    }
  }
  expect(tried).toBe(9)
}, 90_000)
