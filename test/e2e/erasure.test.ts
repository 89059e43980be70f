import { cp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesWith, openErasing } from './erasure-stack.ts'
import { pause } from './service.ts'

const seenWithinMs = 2_000

describe('an erasure', { timeout: 120_000 }, () => {
  test('through one replica shows on the other, and leaves no byte of the key', async () => {
    const { replica, keysDir, callOf, veraCalls, erase, keyOf } = await openErasing()
    const [one, two] = [await replica('one'), await replica('two')]
    const vera = await veraCalls(one)
    const seen = { person: { subject: 'vera' }, origin: '127.0.0.1', erased: false }
    expect(await callOf(two, vera)).toMatchObject(seen)
    const key = String(await keyOf(vera))
    const sought = [key, Buffer.from(key, 'base64')]
    expect(await filesWith(keysDir, sought)).toHaveLength(1)

    const { status, text } = await erase(one, vera)
    const fromMs = performance.now()
    expect([status, JSON.parse(text)]).toMatchObject([200, { pseudonym: vera, reason: 'asked for', ticket: null }])
    expect(await filesWith(keysDir, sought)).toEqual([])
    while (!(await callOf(two, vera)).erased && performance.now() - fromMs < seenWithinMs) await pause(10)
    const tookMs = performance.now() - fromMs
    expect(await callOf(two, vera)).toMatchObject({ person: null, origin: null, erased: true })
    expect(tookMs).toBeLessThan(seenWithinMs)
    console.log(`the other replica showed it after ${Math.round(tookMs)} ms`)

    expect((await erase(two, vera)).text).toBe(text)
    const again = await veraCalls(two)
    expect(again).not.toBe(vera)
    expect(await callOf(one, again)).toMatchObject(seen)
  })

  test('is applied again at the start when an old backup of the keys was restored', async () => {
    const { replica, dir, keysDir, callOf, veraCalls, erase, keyOf } = await openErasing()
    const one = await replica('one')
    const vera = await veraCalls(one)
    const key = String(await keyOf(vera))
    await cp(keysDir, join(dir, 'backup'), { recursive: true })
    expect((await erase(one, vera)).status).toBe(200)
    expect(await one.stop()).toBe(0)
    await rm(keysDir, { recursive: true })
    await rename(join(dir, 'backup'), keysDir)
    expect(await keyOf(vera)).toBe(key)
    const next = await replica('one')
    expect(await filesWith(keysDir, [key, Buffer.from(key, 'base64')])).toEqual([])
    expect(await callOf(next, vera)).toMatchObject({ person: null, origin: null, erased: true })
    expect(await veraCalls(next)).not.toBe(vera)
  })

  test('is done by the next start when the process is killed between the event and the deed', async () => {
    const { replica, keysDir, callOf, veraCalls, erase, keyOf, tokenOf, ask } = await openErasing()
    const one = await replica('one')
    const vera = await veraCalls(one)
    await ask(one, await tokenOf('adam', 'tenant-admin'), '/api/pipeline/runs')
    // Nothing can be written into the key store while something else is where its temporary files are.
    const temporary = join(keysDir, 'subjects/tmp')
    await rename(temporary, `${temporary}-aside`)
    await writeFile(temporary, '')
    expect(JSON.parse((await erase(one, vera)).text)).toMatchObject({ status: 503, title: 'UNAVAILABLE' })
    await one.killGroup()
    await rm(temporary)
    await rename(`${temporary}-aside`, temporary)
    const key = await keyOf(vera)
    expect(key).not.toBeNull()
    const next = await replica('one')
    expect(await filesWith(keysDir, [String(key), Buffer.from(String(key), 'base64')])).toEqual([])
    expect(await callOf(next, vera)).toMatchObject({ person: null, erased: true })
  })

  test('is asked for on the command line, which prints the certificate or says what is wrong', async () => {
    const { replica, veraCalls, ledgerline, keyOf, tokenOf } = await openErasing()
    const one = await replica('one')
    const vera = await veraCalls(one)
    const failed = async (...args: string[]): Promise<string> =>
      ledgerline('erase', ...args).then(
        ({ stdout }) => `it went well: ${stdout}`,
        ({ stderr }: { stderr: string }) => stderr.trim(),
      )
    const asked = ['--subject', vera, '--reason', 'on request']
    expect(await failed('--subject', 'vera', '--reason', 'x')).toMatch(/^who is to be erased is a pseudonym/)
    expect(await failed('--subject', vera)).toMatch(/^an erasure needs a reason/)
    expect(await failed(...asked, '--url', 'http://127.0.0.1:1')).toMatch(
      /^no service answers at http:\/\/127\.0\.0\.1:1/,
    )
    const token = await tokenOf('vera', 'viewer')
    expect(await failed(...asked, '--url', one.url, '--token', token)).toMatch(
      /^not erased \(403\): no policy lets you/,
    )
    expect(await failed(...asked, '--url', one.url, '--ticket', 'a b')).toMatch(/^not erased \(400\): ticket: must/)
    expect(await failed(...asked, '--url', one.url, '--tenant', 'other')).toMatch(/^not erased \(404\): subject/)
    expect(await keyOf(vera)).not.toBeNull()
    const { stdout } = await ledgerline('erase', ...asked, '--ticket', 'GDPR-7', '--url', one.url)
    expect(JSON.parse(stdout)).toMatchObject({ pseudonym: vera, reason: 'on request', ticket: 'GDPR-7' })
    expect(await keyOf(vera)).toBeNull()
  })
})
