import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { until } from '../support/waiting.ts'
import { BatchClient } from './batch-client.ts'
import { type Service, startService, temporaryDir } from './service.ts'

let dataDir: string
let service: Service

beforeAll(async () => {
  dataDir = await temporaryDir('events')
  service = await startService({ DATA_DIR: dataDir })
})

afterAll(async () => {
  await service.stop()
})

const guide = () => readFile('docs/event-streams.md', 'utf8')
const blockOf = async (kind: string, begins: string): Promise<string> => {
  const blocks = [...(await guide()).matchAll(/```(\w+)\n([\s\S]*?)```/g)]
  const found = blocks.find(([, each, text = '']) => each === kind && text.startsWith(begins))
  if (!found?.[2]) throw new Error(`no block of ${kind} that begins with ${begins}`)
  return found[2].trim()
}

/** A process whose output is kept; it is ended with the test. */
const running = (command: string, args: readonly string[]) => {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill())
  const output = { text: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    output.text += chunk.toString()
  })
  return output
}

const trigger = async (run: string, day: string) => {
  const client = new BatchClient(service.url)
  const body = JSON.stringify({ batch_id: day, run_id: run })
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${service.url}/api/pipeline/trigger/flights-daily`, { method: 'POST', headers, body })
  expect(answer.status).toBe(200)
  await client.finished(run)
}

/** What messages are made of: their fields, and the keys of what they carry. */
const shapeOf = (text: string): unknown[] =>
  text
    .trim()
    .split('\n\n')
    .map((message) =>
      message.split('\n').map((line) => {
        const [field, value = ''] = line.split(/: (.*)/, 2)
        if (field !== 'data') return field === 'id' ? [field, value.length] : [field, value]
        const { data, ...envelope } = JSON.parse(value) as { data: object }
        return [field, Object.keys(envelope), Object.keys(data)]
      }),
    )

test("the guide's curl shows what the guide shows", async () => {
  const [command, shown] = [await blockOf('sh', 'curl'), await blockOf('text', 'retry')]
  const output = running('bash', ['-c', `exec ${command.replace('http://localhost:8000', service.url)}`])
  await until(() => output.text.includes('id: '), 60_000)
  await trigger('tour-1', '2001-01-01')
  await until(() => output.text.includes('RunSucceeded') && output.text.endsWith('\n\n'), 60_000)
  expect(shapeOf(output.text)).toEqual(shapeOf(shown))
})

test("the guide's consumer gets every event once, in order, though the service stops and comes again", async () => {
  const file = join(dataDir, 'follow.mjs')
  await writeFile(file, await blockOf('js', '// node follow.mjs'))
  const output = running(process.execPath, [file, service.url])
  const told = () => output.text.split('\n').slice(0, -1)
  // What is printed says that the stream is open.
  for (let tries = 0; told().length === 0; tries += 1) await trigger(`warm-up-${tries}`, `2001-01-${10 + tries}`)
  await trigger('first', '2001-01-02')
  await until(() => told().includes('RunSucceeded first'), 60_000)
  const port = new URL(service.url).port
  const startedMs = performance.now()
  expect(await service.stop()).toBe(0)
  expect(performance.now() - startedMs).toBeLessThan(8_000)
  service = await startService({ DATA_DIR: dataDir, PORT: port })
  await trigger('second', '2001-01-03')
  await until(() => told().includes('RunSucceeded second'), 60_000)
  for (const run of ['first', 'second']) {
    const history = (await (await fetch(`${service.url}/history/runs/${run}`)).json()) as { events: { type: string }[] }
    const expected = history.events.map(({ type }) => `${type} ${run}`)
    const of = () => told().filter((line) => line.endsWith(` ${run}`))
    await until(() => of().length >= expected.length)
    expect(of()).toEqual(expected)
  }
}, 60_000)
