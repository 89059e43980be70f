import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pause, type Service, startService, temporaryDir } from './service.ts'

const run = promisify(execFile)
const cli = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url))
let service: Service
let dataDir: string

beforeAll(async () => {
  dataDir = await temporaryDir('access')
  service = await startService({
    DATA_DIR: dataDir,
    AUTH: 'required',
    DATAPIPELINES_API_KEY: 'the-key',
    TRUSTED_PROXIES: '127.0.0.1',
  })
})

afterAll(async () => {
  await service.stop()
})

const tokenFor = async (sub: string, roles: string, tenant = 'default'): Promise<string> => {
  const args = [cli, 'token', '--sub', sub, '--tenant', tenant, '--roles', roles, '--name', `${sub} Example`]
  return (await run(process.execPath, args, { env: { ...process.env, DATA_DIR: dataDir } })).stdout.trim()
}

interface Call {
  operation: string
  outcome: string
  status: number | null
  origin: string | null
  person: { subject: string; name: string } | null
}

const ask = async (token: string, path: string, init: RequestInit = {}) => {
  const response = await fetch(service.url + path, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const trigger = (token: string) =>
  ask(token, '/api/pipeline/trigger/weather-monthly', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ batch_id: '2012-03' }),
  })

/** Resolves with the calls that are listed, as soon as there are so many. */
const callsOf = async (token: string, query: string, count: number): Promise<Call[]> => {
  for (let tries = 0; tries < 100; tries += 1) {
    const { body } = await ask(token, `/history/access?${query}`)
    const calls = body.calls as Call[]
    if (calls.length >= count) return calls
    await pause(50)
  }
  throw new Error(`${query} never came to ${count} calls`)
}

describe('an auditor', () => {
  test('finds the denials, who was denied and from where, and the asking itself', async () => {
    const from = new Date().toISOString()
    const [vera, olga, audrey] = await Promise.all([
      tokenFor('vera', 'viewer'),
      tokenFor('olga', 'operator'),
      tokenFor('audrey', 'auditor'),
    ])
    expect((await trigger(vera)).status).toBe(403)
    expect((await trigger(olga)).status).toBe(200)
    expect((await ask(olga, '/history/access')).status).toBe(403)
    const denied = await callsOf(audrey, `outcome=denied&from=${from}`, 2)
    const told = denied.map(({ operation, person, origin }) => [operation, person?.subject, person?.name, origin])
    expect(told).toEqual([
      ['/history/access', 'olga', 'olga Example', '127.0.0.1'],
      ['/api/pipeline/trigger/{pipeline}', 'vera', 'vera Example', '127.0.0.1'],
    ])
    const to = new Date().toISOString()
    expect(await callsOf(audrey, `outcome=denied&actor=vera&from=${from}&to=${to}`, 1)).toHaveLength(1)
    const own = await callsOf(audrey, `actor=audrey&from=${from}`, 2)
    expect(own.every(({ operation, outcome }) => operation === '/history/access' && outcome === 'ok')).toBe(true)
    expect(await callsOf(audrey, `actor=olga&outcome=ok&from=${from}`, 1)).toMatchObject([{ operation: 'RequestRun' }])
  })

  test('finds behind a trusted proxy whom the proxy names, and not whom the client does', async () => {
    const [paul, audrey] = await Promise.all([tokenFor('paul', 'viewer'), tokenFor('audrey', 'auditor')])
    const headers = { 'x-forwarded-for': '192.0.2.66, 203.0.113.9' }
    expect((await ask(paul, '/history/access', { headers })).status).toBe(403)
    expect(await callsOf(audrey, 'outcome=denied&actor=paul', 1)).toMatchObject([{ origin: '203.0.113.9' }])
  })

  test('finds the call that was answered just before', async () => {
    const [olga, audrey] = await Promise.all([tokenFor('olga', 'operator'), tokenFor('audrey', 'auditor')])
    for (let turn = 0; turn < 5; turn += 1) {
      const headers = { 'x-request-id': `turn-${turn}` }
      expect((await ask(olga, '/api/pipeline/runs', { headers })).status).toBe(200)
      const { body } = await ask(audrey, '/history/access?limit=1&actor=olga')
      expect(body.calls).toMatchObject([{ request_id: `turn-${turn}`, operation: '/api/pipeline/runs' }])
    }
  })

  test('of another tenant finds nothing of this one', async () => {
    const stranger = await tokenFor('sam', 'auditor', 'elsewhere')
    const { body } = await ask(stranger, '/history/access?outcome=denied')
    expect(body).toEqual({ calls: [], total: 0, page: 1, per_page: 100 })
  })

  test('reads, under the tenant system, how many came without a token', async () => {
    const nobody = await Promise.all(Array.from({ length: 7 }, () => fetch(`${service.url}/api/pipeline/runs`)))
    expect(nobody.map(({ status }) => status)).toEqual(Array.from({ length: 7 }, () => 401))
    const system = await tokenFor('audrey', 'auditor', 'system')
    const counted = await callsOf(system, 'outcome=denied', 1)
    expect(counted).toMatchObject([{ operation: '/api/pipeline/runs', status: 401, origin: '127.0.0.1', person: null }])
  })

  test('who may not open personal values sees pseudonyms only', async () => {
    const greta = await tokenFor('greta', 'governance')
    const [call] = await callsOf(greta, 'outcome=denied', 1)
    expect(call).toMatchObject({ origin: null, person: null, actor: expect.stringMatching(/^p-/) })
  })
})

describe('on the wire', () => {
  const said = (lines: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(service.url).port), '127.0.0.1', () => socket.write(lines))
      let answer = ''
      socket.on('data', (chunk) => {
        answer += chunk.toString()
      })
      socket.on('close', () => resolve(answer))
      socket.on('error', reject)
    })

  test('431 for headers of more than 16 KiB', async () => {
    const answer = await said(`GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: ${'x'.repeat(17_000)}\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
  })

  test('413 for a chunked body that goes on and on', async () => {
    const token = await tokenFor('olga', 'operator')
    const head = [
      'POST /api/pipeline/trigger/weather-monthly HTTP/1.1',
      'Host: localhost',
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
      'Connection: close',
    ]
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    expect(await said(`${head.join('\r\n')}\r\n\r\n${chunk.repeat(20)}`)).toMatch(/^HTTP\/1\.1 413 /)
  })
})

test('nothing of who called is readable in the ledger or the views, and all of it is written when the service stops', async () => {
  const token = await tokenFor('quentin', 'viewer')
  expect((await ask(token, '/api/pipeline/runs')).status).toBe(200)
  expect(await service.stop()).toBe(0)
  for (const file of ['ledger/ledger.db', 'views.db']) {
    const { stdout } = await run('bash', [
      '-c',
      `grep -c -a -E 'quentin|olga|127\\.0\\.0\\.1' ${join(dataDir, file)} || true`,
    ])
    expect([file, stdout.trim()]).toEqual([file, '0'])
  }
  service = await startService({ DATA_DIR: dataDir, AUTH: 'required' })
  const audrey = await tokenFor('audrey', 'auditor')
  expect(await callsOf(audrey, 'actor=quentin', 1)).toMatchObject([{ operation: '/api/pipeline/runs', outcome: 'ok' }])
})
