import { expect, test } from 'vitest'
import { KeyedMutex } from '../../src/app/mutex.ts'
import { sleep } from '../support/waiting.ts'

test('tasks of one key run one after the other, in the order of asking', async () => {
  const mutex = new KeyedMutex()
  const log: string[] = []
  const task = (name: string, ms: number) =>
    mutex.run('key', async () => {
      log.push(`${name} begins`)
      await sleep(ms)
      log.push(`${name} ends`)
      return name
    })
  expect(await Promise.all([task('a', 10), task('b', 1), task('c', 5)])).toEqual(['a', 'b', 'c'])
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('a task that fails tells its caller, and the next one runs', async () => {
  const mutex = new KeyedMutex()
  const failing = mutex.run('key', async () => {
    await sleep(1)
    throw new Error('it broke')
  })
  const next = mutex.run('key', async () => 'next')
  await expect(failing).rejects.toThrow('it broke')
  expect(await next).toBe('next')
})

test('other keys do not wait', async () => {
  const mutex = new KeyedMutex()
  let isFree = false
  const held = mutex.run('held', async () => {
    while (!isFree) await sleep(1)
  })
  expect(await mutex.run('other', async () => 'done')).toBe('done')
  isFree = true
  await held
})
